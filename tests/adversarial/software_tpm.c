/*
 * An attestation key without a TPM.
 * Test code.
 */
#include "tests/adversarial/software_tpm.h"
#include "attest/quote.h"
#include "lib/tpm/types_beyond.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <stdlib.h>
#include <string.h>

enum { TPM_GENERATED = 0xFF544347 };

struct key {
	mbedtls_ecp_group group;
	mbedtls_mpi secret;
	u8 public[P256_KEY_SIZE];
};

static struct key keys[SOFT_KEYS];
static u64 tpm_seed;

static void must(bool good)
{
	if (!good)
		abort();
}

static int numbers(void *context, unsigned char *out, size_t n)
{
	u64 *counter = context;
	u8 seed[8];
	u8 block[SHA256_SIZE];

	for (size_t at = 0; at < n; at += SHA256_SIZE) {
		store_le64(seed, (*counter)++);
		sha256_of(seed, sizeof(seed), block);
		memcpy(out + at, block, n - at < SHA256_SIZE ? n - at : SHA256_SIZE);
	}
	return 0;
}

static void make(struct key *k, u64 seed)
{
	mbedtls_ecp_point point;
	u8 encoded[1 + P256_KEY_SIZE];
	size_t n;

	mbedtls_ecp_group_init(&k->group);
	mbedtls_mpi_init(&k->secret);
	mbedtls_ecp_point_init(&point);
	must(mbedtls_ecp_group_load(&k->group, MBEDTLS_ECP_DP_SECP256R1) == 0);
	must(mbedtls_ecp_gen_keypair(&k->group, &k->secret, &point, numbers, &seed) == 0);
	must(mbedtls_ecp_point_write_binary(
	             &k->group, &point, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, encoded, sizeof(encoded)) == 0);
	memcpy(k->public, encoded + 1, sizeof(k->public));
	mbedtls_ecp_point_free(&point);
}

static struct key *key_of(u32 who)
{
	struct key *k = &keys[who];

	if (k->group.id == MBEDTLS_ECP_DP_NONE)
		make(k, ((u64)(who + 77) << 48) ^ (tpm_seed << 16));
	return k;
}

static __attribute__((destructor)) void keys_free(void)
{
	for (u32 i = 0; i < SOFT_KEYS; i++) {
		mbedtls_ecp_group_free(&keys[i].group);
		mbedtls_mpi_free(&keys[i].secret);
	}
}

void soft_seed(u64 seed)
{
	tpm_seed = seed;
}

bool soft_agree(u32 key, const u8 point[P256_KEY_SIZE], u8 z[P256_KEY_SIZE / 2])
{
	struct key *k = key_of(key);
	u64 seed = 1;
	u8 encoded[1 + P256_KEY_SIZE] = { 4 };
	mbedtls_ecp_point theirs;
	mbedtls_ecp_point shared;

	memcpy(encoded + 1, point, P256_KEY_SIZE);
	mbedtls_ecp_point_init(&theirs);
	mbedtls_ecp_point_init(&shared);
	bool done = mbedtls_ecp_point_read_binary(&k->group, &theirs, encoded, sizeof(encoded)) == 0 &&
	        mbedtls_ecp_mul(&k->group, &shared, &k->secret, &theirs, numbers, &seed) == 0 &&
	        mbedtls_mpi_write_binary(&shared.MBEDTLS_PRIVATE(X), z, P256_KEY_SIZE / 2) == 0;
	mbedtls_ecp_point_free(&theirs);
	mbedtls_ecp_point_free(&shared);
	return done;
}

const u8 *soft_key(u32 key)
{
	return key_of(key)->public;
}

size_t soft_public(u32 key, u8 out[EVIDENCE_AK_MAX])
{
	struct writer w = writer_on(out, EVIDENCE_AK_MAX);
	u32 attributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
	        TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT;

	write_ecc_public(&w, attributes, soft_key(key));
	return w.used;
}

static struct soft_attest common(u16 type, const u8 *extra)
{
	return (struct soft_attest){
		.magic = TPM_GENERATED,
		.type = type,
		.extra = { extra, SHA256_SIZE },
		.clock = 600000,
		.resets = 40,
		.restarts = 2,
		.safe = 1,
	};
}

struct soft_attest soft_quote(const u8 *pcrs, size_t n, const u8 extra[SHA256_SIZE])
{
	struct soft_attest a = common(TPM_ST_ATTEST_QUOTE, extra);

	a.banks = 1;
	a.selection = (struct tpm_pcr_selection){ .alg = TPM_ALG_SHA256, .pcrs = EVIDENCE_PCRS };
	a.select_size = 3;
	sha256_of(pcrs, n, a.digest);
	return a;
}

struct soft_attest soft_certify(const struct bytes_view *name, const struct bytes_view *content, const u8 *extra)
{
	struct soft_attest a = common(TPM_ST_ATTEST_NV, extra);

	a.name = *name;
	a.content = *content;
	return a;
}

static void write_quote(struct writer *w, const struct soft_attest *a)
{
	write_be32(w, a->banks);
	for (u32 i = 0; i < a->banks; i++) {
		write_be16(w, a->selection.alg);
		write_u8(w, a->select_size);
		for (u32 k = 0; k < a->select_size; k++)
			write_u8(w, (u8)((u64)a->selection.pcrs >> (8 * k)));
	}
	write_tpm2b(w, a->digest, sizeof(a->digest));
}

void soft_sign(u32 key, const struct soft_attest *a, struct soft_signed *out)
{
	struct writer w = writer_on(out->bytes, sizeof(out->bytes));
	u8 signer[34] = { 0, TPM_ALG_SHA256 };

	write_be32(&w, a->magic);
	write_be16(&w, a->type);
	write_tpm2b(&w, signer, sizeof(signer));
	write_tpm2b(&w, a->extra.bytes, a->extra.n);
	write_be64(&w, a->clock);
	write_be32(&w, a->resets);
	write_be32(&w, a->restarts);
	write_u8(&w, a->safe);
	write_be64(&w, 0x2024010100000001);
	if (a->content.n) {
		write_tpm2b(&w, a->name.bytes, a->name.n);
		write_be16(&w, a->offset);
		write_tpm2b(&w, a->content.bytes, a->content.n);
	} else {
		write_quote(&w, a);
	}
	write_zero(&w, a->more);
	must(!w.failed);
	out->n = w.used;
	soft_sign_bytes(key, out);
}

void soft_sign_bytes(u32 key, struct soft_signed *out)
{
	struct key *k = key_of(key);
	u8 digest[SHA256_SIZE];
	u64 seed;
	mbedtls_mpi r;
	mbedtls_mpi s;

	sha256_of(out->bytes, out->n, digest);
	seed = load_le64(digest);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	must(mbedtls_ecdsa_sign(&k->group, &r, &s, &k->secret, digest, sizeof(digest), numbers, &seed) == 0);
	must(mbedtls_mpi_write_binary(&r, out->signature, TPM_SIGNATURE_SIZE / 2) == 0);
	must(mbedtls_mpi_write_binary(&s, out->signature + TPM_SIGNATURE_SIZE / 2, TPM_SIGNATURE_SIZE / 2) == 0);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
}

struct signed_view soft_view(const struct soft_signed *s)
{
	return (struct signed_view){ .attest = { s->bytes, s->n }, .signature = s->signature };
}
