/*
 * The signers of forged images.
 * Test code: secret keys follow from a constant.
 */
#include "tests/adversarial/forge.h"

#include "lib/bytes.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <stdlib.h>
#include <string.h>

struct person {
	mbedtls_ecp_group group;
	mbedtls_mpi secret;
	u8 public[P384_KEY_SIZE];
	u8 id[KEY_ID_SIZE];
};

static struct person people[PEOPLE];

static void must(int rc)
{
	if (rc != 0)
		abort();
}

/* SHA-256 of a counter: the same numbers in every run. */
static int numbers(void *context, unsigned char *out, size_t n)
{
	u64 *counter = context;
	u8 block[SHA256_SIZE];

	for (size_t at = 0; at < n; at += SHA256_SIZE) {
		u8 seed[8];
		store_le64(seed, (*counter)++);
		sha256_of(seed, sizeof(seed), block);
		memcpy(out + at, block, n - at < SHA256_SIZE ? n - at : SHA256_SIZE);
	}
	return 0;
}

static void person_make(struct person *p, mbedtls_ecp_group_id curve, u64 seed)
{
	mbedtls_ecp_point point;
	u8 encoded[1 + P384_KEY_SIZE];
	size_t n;

	mbedtls_ecp_group_init(&p->group);
	mbedtls_mpi_init(&p->secret);
	mbedtls_ecp_point_init(&point);
	must(mbedtls_ecp_group_load(&p->group, curve));
	must(mbedtls_ecp_gen_keypair(&p->group, &p->secret, &point, numbers, &seed));
	must(mbedtls_ecp_point_write_binary(
	        &p->group, &point, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, encoded, sizeof(encoded)));
	memcpy(p->public, encoded + 1, n - 1);
	sha256_of(p->public, n - 1, p->id);
	mbedtls_ecp_point_free(&point);
}

static struct person *person(enum forge_person who)
{
	struct person *p = &people[who];

	if (p->group.id == MBEDTLS_ECP_DP_NONE)
		person_make(
		        p, who == POLICY ? MBEDTLS_ECP_DP_SECP256R1 : MBEDTLS_ECP_DP_SECP384R1, (u64)(who + 1) << 32);
	return p;
}

static __attribute__((destructor)) void people_free(void)
{
	for (u32 i = 0; i < PEOPLE; i++) {
		mbedtls_ecp_group_free(&people[i].group);
		mbedtls_mpi_free(&people[i].secret);
	}
}

const u8 *forge_public(enum forge_person who)
{
	return person(who)->public;
}

const u8 *forge_id(enum forge_person who)
{
	return person(who)->id;
}

void forge_signature(enum forge_person who, const u8 digest[SHA384_SIZE], u8 signature[P384_SIGNATURE_SIZE])
{
	struct person *p = person(who);
	u64 seed = load_le64(digest);
	mbedtls_mpi r;
	mbedtls_mpi s;

	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	must(mbedtls_ecdsa_sign(&p->group, &r, &s, &p->secret, digest, SHA384_SIZE, numbers, &seed));
	must(mbedtls_mpi_write_binary(&r, signature, P384_SIGNATURE_SIZE / 2));
	must(mbedtls_mpi_write_binary(&s, signature + P384_SIGNATURE_SIZE / 2, P384_SIGNATURE_SIZE / 2));
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
}
