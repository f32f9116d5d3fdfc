/*
 * ActivateCredential in software, written from the specification's side of the TPM (Part 3, section 12.5).
 * Test code.
 */
#include "tests/fleet/sim_tpm.h"

#include "lib/bytes.h"

#include <mbedtls/aes.h>
#include <mbedtls/md.h>
#include <string.h>

enum { ALG_AES = 6, ALG_CFB = 0x43, CURVE_P256 = 3, EK_ATTRIBUTES = 0x000300B2, COORDINATE = 32, KEY_SIZE = 16 };

static const u8 policy_a[SHA256_SIZE] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46,
	0xA5, 0xD7, 0x24, 0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69,
	0xAA };

size_t sim_ek(u8 out[TPM_PUBLIC_MAX])
{
	struct writer w = writer_on(out, TPM_PUBLIC_MAX);

	write_be16(&w, TPM_ALG_ECC);
	write_be16(&w, TPM_ALG_SHA256);
	write_be32(&w, EK_ATTRIBUTES);
	write_tpm2b(&w, policy_a, sizeof(policy_a));
	write_be16(&w, ALG_AES);
	write_be16(&w, KEY_SIZE * 8);
	write_be16(&w, ALG_CFB);
	write_be16(&w, TPM_ALG_NULL);
	write_be16(&w, CURVE_P256);
	write_be16(&w, TPM_ALG_NULL);
	write_tpm2b(&w, soft_key(SOFT_EK), COORDINATE);
	write_tpm2b(&w, soft_key(SOFT_EK) + COORDINATE, COORDINATE);
	return w.used;
}

static bool hmac(const u8 *key, const u8 *bytes, size_t n, u8 out[SHA256_SIZE])
{
	return mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key, SHA256_SIZE, bytes, n, out) == 0;
}

static bool kdfa(const u8 *seed, const char *label, const struct tpm_name *context, u32 bits, u8 out[SHA256_SIZE])
{
	u8 message[256];
	struct writer w = writer_on(message, sizeof(message));

	write_be32(&w, 1);
	write_bytes(&w, (const u8 *)label, strlen(label) + 1);
	if (context)
		write_bytes(&w, context->bytes, context->size);
	write_be32(&w, bits);
	return hmac(seed, message, w.used, out);
}

static bool open_seed(const u8 *bytes, size_t n, u8 seed[SHA256_SIZE])
{
	struct reader r = reader_on(bytes, n);
	u8 point[P256_KEY_SIZE];
	u8 z[COORDINATE];
	u8 message[256];
	struct writer w = writer_on(message, sizeof(message));

	for (size_t i = 0; i < 2; i++) {
		size_t size;
		const u8 *half = read_tpm2b(&r, COORDINATE, &size);
		if (!half || size != COORDINATE)
			return false;
		memcpy(point + i * COORDINATE, half, COORDINATE);
	}
	if (!reader_done(&r) || !soft_agree(SOFT_EK, point, z))
		return false;
	write_be32(&w, 1);
	write_bytes(&w, z, sizeof(z));
	write_bytes(&w, (const u8 *)"IDENTITY", 9);
	write_bytes(&w, point, COORDINATE);
	write_bytes(&w, soft_key(SOFT_EK), COORDINATE);
	sha256_of(message, w.used, seed);
	return !w.failed;
}

static bool decrypt(const u8 *seed, const struct tpm_name *ak, const u8 *encrypted, size_t n, u8 *plain)
{
	u8 key[SHA256_SIZE];
	u8 iv[16] = { 0 };
	size_t offset = 0;
	mbedtls_aes_context aes;

	mbedtls_aes_init(&aes);
	bool done = kdfa(seed, "STORAGE", ak, KEY_SIZE * 8, key) &&
	        mbedtls_aes_setkey_enc(&aes, key, KEY_SIZE * 8) == 0 &&
	        mbedtls_aes_crypt_cfb128(&aes, MBEDTLS_AES_DECRYPT, n, &offset, iv, encrypted, plain) == 0;
	mbedtls_aes_free(&aes);
	return done;
}

static bool integrity_holds(const u8 *seed, const struct tpm_name *ak, const u8 *encrypted, size_t n, const u8 *found)
{
	u8 key[SHA256_SIZE];
	u8 message[256];
	u8 expected[SHA256_SIZE];
	struct writer w = writer_on(message, sizeof(message));

	write_bytes(&w, encrypted, n);
	write_bytes(&w, ak->bytes, ak->size);
	return !w.failed && kdfa(seed, "INTEGRITY", NULL, SHA256_SIZE * 8, key) &&
	        hmac(key, message, w.used, expected) && memcmp(expected, found, SHA256_SIZE) == 0;
}

bool sim_activate(
        const u8 *blob, size_t blob_size, const u8 *seed, size_t seed_size, u32 ak, u8 secret[CREDENTIAL_SECRET_SIZE])
{
	struct reader r = reader_on(blob, blob_size);
	u8 opened_seed[SHA256_SIZE];
	u8 public[EVIDENCE_AK_MAX];
	u8 plain[2 + CREDENTIAL_SECRET_SIZE];
	struct tpm_name name;
	size_t size;
	const u8 *found = read_tpm2b(&r, SHA256_SIZE, &size);
	const u8 *encrypted = read_bytes(&r, sizeof(plain));

	size_t public_size = soft_public(ak, public);
	tpm_name_of(public, public_size, &name);
	if (!reader_done(&r) || size != SHA256_SIZE || !open_seed(seed, seed_size, opened_seed) ||
	        !integrity_holds(opened_seed, &name, encrypted, sizeof(plain), found) ||
	        !decrypt(opened_seed, &name, encrypted, sizeof(plain), plain) ||
	        load_be16(plain) != CREDENTIAL_SECRET_SIZE)
		return false;
	memcpy(secret, plain + 2, CREDENTIAL_SECRET_SIZE);
	return true;
}
