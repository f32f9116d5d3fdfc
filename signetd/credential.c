/*
 * MakeCredential.
 * Trust: what an enrolment rests on. Seeds and keys are wiped.
 */
#include "signetd/credential.h"

#include <mbedtls/aes.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <string.h>

/* Labels are hashed with their terminator (Part 1, section 11.4.10). */
static const char label_identity[] = "IDENTITY";
static const char label_storage[] = "STORAGE";
static const char label_integrity[] = "INTEGRITY";

enum { AES_IV_SIZE = 16, KDF_MESSAGE_MAX = 256, ENCRYPTED_SIZE = 2 + CREDENTIAL_SECRET_SIZE, RSA_EXPONENT = 65537 };

static const mbedtls_md_info_t *hash_of(const struct ek_public *ek)
{
	return mbedtls_md_info_from_type(
	        ek->template->name_alg == TPM_ALG_SHA384 ? MBEDTLS_MD_SHA384 : MBEDTLS_MD_SHA256);
}

static size_t digest_size(const struct ek_public *ek)
{
	return tpm_hash_size(ek->template->name_alg);
}

/* One round of KDFa: no key that is needed here is longer than a digest. */
static enum err kdfa(const struct ek_public *ek, const u8 *seed, const char *label, size_t label_size,
        const struct tpm_name *context, u32 bits, u8 *out)
{
	u8 message[KDF_MESSAGE_MAX];
	struct writer w = writer_on(message, sizeof(message));

	write_be32(&w, 1);
	write_bytes(&w, (const u8 *)label, label_size);
	if (context)
		write_bytes(&w, context->bytes, context->size);
	write_be32(&w, bits);
	if (w.failed || bits / 8 > digest_size(ek))
		return ERR_INTERNAL;
	return mbedtls_md_hmac(hash_of(ek), seed, digest_size(ek), message, w.used, out) ? ERR_NO_MEMORY : OK;
}

static enum err encrypt_rsa(
        const struct ek_public *ek, const struct credential_random *random, u8 *seed, struct credential *out)
{
	size_t size = ek->template->bits / 8;
	mbedtls_md_type_t hash = mbedtls_md_get_type(hash_of(ek));
	mbedtls_rsa_context rsa;
	u8 exponent[4];

	if (random->source(random->context, seed, digest_size(ek)) != 0)
		return ERR_IO;
	store_be32(exponent, RSA_EXPONENT);
	mbedtls_rsa_init(&rsa);
	bool done = mbedtls_rsa_import_raw(
	                    &rsa, ek->modulus, size, NULL, 0, NULL, 0, NULL, 0, exponent, sizeof(exponent)) == 0 &&
	        mbedtls_rsa_complete(&rsa) == 0 && mbedtls_rsa_check_pubkey(&rsa) == 0 &&
	        mbedtls_rsa_set_padding(&rsa, MBEDTLS_RSA_PKCS_V21, hash) == 0 &&
	        mbedtls_rsa_rsaes_oaep_encrypt(&rsa, random->source, random->context, (const u8 *)label_identity,
	                sizeof(label_identity), digest_size(ek), seed, out->seed) == 0;
	mbedtls_rsa_free(&rsa);
	out->seed_size = size;
	return done ? OK : ERR_TPM_RESPONSE;
}

struct ecdh {
	mbedtls_ecp_group group;
	mbedtls_ecp_point theirs, ours, shared;
	mbedtls_mpi secret;
};

static void ecdh_init(struct ecdh *e)
{
	mbedtls_ecp_group_init(&e->group);
	mbedtls_ecp_point_init(&e->theirs);
	mbedtls_ecp_point_init(&e->ours);
	mbedtls_ecp_point_init(&e->shared);
	mbedtls_mpi_init(&e->secret);
}

static void ecdh_free(struct ecdh *e)
{
	mbedtls_ecp_group_free(&e->group);
	mbedtls_ecp_point_free(&e->theirs);
	mbedtls_ecp_point_free(&e->ours);
	mbedtls_ecp_point_free(&e->shared);
	mbedtls_mpi_free(&e->secret);
}

static bool load_point(struct ecdh *e, const struct ek_public *ek)
{
	size_t size = ek->template->bits / 8;
	u8 point[1 + 2 * EK_COORDINATE_MAX] = { 4 };
	mbedtls_ecp_group_id id = ek->template->bits == 384 ? MBEDTLS_ECP_DP_SECP384R1 : MBEDTLS_ECP_DP_SECP256R1;

	memcpy(point + 1, ek->x, size);
	memcpy(point + 1 + size, ek->y, size);
	return mbedtls_ecp_group_load(&e->group, id) == 0 &&
	        mbedtls_ecp_point_read_binary(&e->group, &e->theirs, point, 1 + 2 * size) == 0 &&
	        mbedtls_ecp_check_pubkey(&e->group, &e->theirs) == 0;
}

static bool agree(struct ecdh *e, const struct credential_random *random)
{
	return mbedtls_ecp_gen_keypair(&e->group, &e->secret, &e->ours, random->source, random->context) == 0 &&
	        mbedtls_ecp_mul(&e->group, &e->shared, &e->secret, &e->theirs, random->source, random->context) == 0;
}

/* x alone, or x and y, of size bytes each. */
static bool point_bytes(const struct ecdh *e, const mbedtls_ecp_point *p, size_t size, u8 *x, u8 *y)
{
	u8 bytes[1 + 2 * EK_COORDINATE_MAX];
	size_t n;
	bool done = mbedtls_ecp_point_write_binary(
	                    &e->group, p, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, bytes, sizeof(bytes)) == 0 &&
	        n == 1 + 2 * size;

	if (done)
		memcpy(x, bytes + 1, size);
	if (done && y)
		memcpy(y, bytes + 1 + size, size);
	mbedtls_platform_zeroize(bytes, sizeof(bytes));
	return done;
}

/* KDFe (Part 1, section 11.4.10.3), one round: the seed is as long as a digest. */
static bool kdfe(const struct ek_public *ek, const u8 *z, const u8 *party_u, const u8 *party_v, u8 *seed)
{
	size_t size = ek->template->bits / 8;
	u8 message[KDF_MESSAGE_MAX];
	struct writer w = writer_on(message, sizeof(message));

	write_be32(&w, 1);
	write_bytes(&w, z, size);
	write_bytes(&w, (const u8 *)label_identity, sizeof(label_identity));
	write_bytes(&w, party_u, size);
	write_bytes(&w, party_v, size);
	bool done = !w.failed && mbedtls_md(hash_of(ek), message, w.used, seed) == 0;
	mbedtls_platform_zeroize(message, sizeof(message));
	return done;
}

static enum err encrypt_ecc(
        const struct ek_public *ek, const struct credential_random *random, u8 *seed, struct credential *out)
{
	size_t size = ek->template->bits / 8;
	u8 x[EK_COORDINATE_MAX];
	u8 y[EK_COORDINATE_MAX];
	u8 z[EK_COORDINATE_MAX];
	struct writer w = writer_on(out->seed, sizeof(out->seed));
	struct ecdh e;

	ecdh_init(&e);
	bool done = load_point(&e, ek) && agree(&e, random) && point_bytes(&e, &e.ours, size, x, y) &&
	        point_bytes(&e, &e.shared, size, z, NULL) && kdfe(ek, z, x, ek->x, seed);
	ecdh_free(&e);
	mbedtls_platform_zeroize(z, sizeof(z));
	if (!done)
		return ERR_TPM_RESPONSE;
	write_tpm2b(&w, x, size);
	write_tpm2b(&w, y, size);
	out->seed_size = w.used;
	return w.failed ? ERR_INTERNAL : OK;
}

static enum err encrypt_secret(const struct ek_public *ek, const u8 *seed, const struct tpm_name *object,
        const u8 *secret, u8 out[ENCRYPTED_SIZE])
{
	u8 key[SHA384_SIZE];
	u8 iv[AES_IV_SIZE] = { 0 };
	u8 plain[ENCRYPTED_SIZE];
	size_t offset = 0;
	mbedtls_aes_context aes;
	enum err e = kdfa(ek, seed, label_storage, sizeof(label_storage), object, ek->template->aes_bits, key);

	store_be16(plain, CREDENTIAL_SECRET_SIZE);
	memcpy(plain + 2, secret, CREDENTIAL_SECRET_SIZE);
	mbedtls_aes_init(&aes);
	if (!e &&
	        (mbedtls_aes_setkey_enc(&aes, key, ek->template->aes_bits) != 0 ||
	                mbedtls_aes_crypt_cfb128(&aes, MBEDTLS_AES_ENCRYPT, sizeof(plain), &offset, iv, plain, out) !=
	                        0))
		e = ERR_INTERNAL;
	mbedtls_aes_free(&aes);
	mbedtls_platform_zeroize(key, sizeof(key));
	mbedtls_platform_zeroize(plain, sizeof(plain));
	return e;
}

static enum err outer_hmac(const struct ek_public *ek, const u8 *seed, const struct tpm_name *object,
        const u8 encrypted[ENCRYPTED_SIZE], u8 *out)
{
	u8 key[SHA384_SIZE];
	u8 message[ENCRYPTED_SIZE + TPM_NAME_MAX];
	size_t size = digest_size(ek);
	enum err e = kdfa(ek, seed, label_integrity, sizeof(label_integrity), NULL, (u32)size * 8, key);

	memcpy(message, encrypted, ENCRYPTED_SIZE);
	memcpy(message + ENCRYPTED_SIZE, object->bytes, object->size);
	if (!e && mbedtls_md_hmac(hash_of(ek), key, size, message, ENCRYPTED_SIZE + object->size, out) != 0)
		e = ERR_NO_MEMORY;
	mbedtls_platform_zeroize(key, sizeof(key));
	return e;
}

static enum err seal(const struct ek_public *ek, const u8 *seed, const struct tpm_name *object, const u8 *secret,
        struct credential *out)
{
	u8 encrypted[ENCRYPTED_SIZE];
	u8 integrity[SHA384_SIZE];
	struct writer w = writer_on(out->blob, sizeof(out->blob));
	enum err e = encrypt_secret(ek, seed, object, secret, encrypted);

	if (!e)
		e = outer_hmac(ek, seed, object, encrypted, integrity);
	if (e)
		return e;
	write_tpm2b(&w, integrity, digest_size(ek));
	write_bytes(&w, encrypted, sizeof(encrypted));
	out->blob_size = w.used;
	return w.failed ? ERR_INTERNAL : OK;
}

enum err credential_make(const struct ek_public *ek, const struct tpm_name *object,
        const u8 secret[CREDENTIAL_SECRET_SIZE], const struct credential_random *random, struct credential *out)
{
	u8 seed[SHA384_SIZE];

	memset(out, 0, sizeof(*out));
	enum err e =
	        ek->template->kind == EK_RSA ? encrypt_rsa(ek, random, seed, out) : encrypt_ecc(ek, random, seed, out);
	if (!e)
		e = seal(ek, seed, object, secret, out);
	mbedtls_platform_zeroize(seed, sizeof(seed));
	return e;
}
