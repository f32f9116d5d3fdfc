/*
 * What an appraisal costs beside the bare signature verifications in it: a good boot's evidence (tests/adversarial/
 * scene.h) judged whole, and its signatures alone, each with group and key loaded once, by the library itself. Rounds
 * of both take turns; prints nanoseconds of processor time, the best round's. Leaves the quote for tpm2_checkquote in
 * FOLDER. Test code for a host.
 */
#include "lib/bytes.h"
#include "tests/adversarial/scene.h"

#include <mbedtls/ecdsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 10, TIMES = 10, POINT = 1 + P256_KEY_SIZE, NUMBER = TPM_SIGNATURE_SIZE / 2 };
enum { SIGNATURES = 1 + EVIDENCE_NV_COUNT, PATH_ROOM = 512 };

struct bare {
	mbedtls_ecp_group group;
	mbedtls_ecp_point key;
	struct {
		mbedtls_mpi r, s;
		u8 digest[SHA256_SIZE];
	} of[SIGNATURES];
	u32 count;
};

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "appraise_cost: %s\n", what);
	exit(1);
}

static void must(bool good, const char *what)
{
	if (!good)
		fail(what);
}

static u64 now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static void bare_add(struct bare *b, const struct signed_view *v)
{
	if (!v->signature)
		return;
	mbedtls_mpi_init(&b->of[b->count].r);
	mbedtls_mpi_init(&b->of[b->count].s);
	must(mbedtls_mpi_read_binary(&b->of[b->count].r, v->signature, NUMBER) == 0 &&
	                mbedtls_mpi_read_binary(&b->of[b->count].s, v->signature + NUMBER, NUMBER) == 0,
	        "memory");
	sha256_of(v->attest.bytes, v->attest.n, b->of[b->count++].digest);
}

static void bare_make(struct bare *b, const struct evidence *parts)
{
	u8 point[POINT] = { 4 };

	memcpy(point + 1, soft_key(SOFT_AK), P256_KEY_SIZE);
	mbedtls_ecp_group_init(&b->group);
	mbedtls_ecp_point_init(&b->key);
	must(mbedtls_ecp_group_load(&b->group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
	                mbedtls_ecp_point_read_binary(&b->group, &b->key, point, sizeof(point)) == 0,
	        "the key");
	bare_add(b, &parts->quote);
	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++)
		bare_add(b, &parts->nv[i]);
}

static u64 time_bare(struct bare *b)
{
	u64 start = now();

	for (u32 i = 0; i < TIMES; i++)
		for (u32 k = 0; k < b->count; k++)
			must(mbedtls_ecdsa_verify(
			             &b->group, b->of[k].digest, SHA256_SIZE, &b->key, &b->of[k].r, &b->of[k].s) == 0,
			        "a good signature is refused");
	return (now() - start) / TIMES;
}

/* A figure is worth something only if the verdict was the expected one. */
static u64 time_appraisal(struct scene *s)
{
	u64 start = now();

	for (u32 i = 0; i < TIMES; i++)
		must(scene_judge(s) == VERDICT_GOOD, "a good boot is refused");
	return (now() - start) / TIMES;
}

static void save(const char *folder, const char *name, const u8 *bytes, size_t n)
{
	char path[PATH_ROOM];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	if (!f)
		fail(path);
	bool whole = fwrite(bytes, 1, n, f) == n;
	must(fclose(f) == 0 && whole, path);
}

/* As tpm2-tools keep them: TPM2B_PUBLIC, TPMS_ATTEST, TPMT_SIGNATURE, bare PCR values. */
static void save_quote(const char *folder, const struct evidence *parts)
{
	static const u8 head[] = { 0, 0x18, 0, 0x0B, 0, NUMBER }, between[] = { 0, NUMBER };
	u8 public[2 + EVIDENCE_AK_MAX];
	u8 signature[sizeof(head) + sizeof(between) + TPM_SIGNATURE_SIZE];
	struct writer w = writer_on(public, sizeof(public));

	write_be16(&w, (u16)parts->ak.n);
	write_bytes(&w, parts->ak.bytes, parts->ak.n);
	save(folder, "public", public, w.used);
	w = writer_on(signature, sizeof(signature));
	write_bytes(&w, head, sizeof(head));
	write_bytes(&w, parts->quote.signature, NUMBER);
	write_bytes(&w, between, sizeof(between));
	write_bytes(&w, parts->quote.signature + NUMBER, NUMBER);
	save(folder, "signature", signature, w.used);
	save(folder, "message", parts->quote.attest.bytes, parts->quote.attest.n);
	save(folder, "values", parts->pcrs.bytes, parts->pcrs.n);
}

int main(int argc, char **argv)
{
	static struct scene s;
	static struct bare b;
	u64 appraisal = UINT64_MAX, bare = UINT64_MAX;

	must(argc == 2, "usage: appraise_cost FOLDER");
	scene_init(&s);
	bare_make(&b, &s.parts);
	save_quote(argv[1], &s.parts);
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 one = time_appraisal(&s), other = time_bare(&b);

		appraisal = one < appraisal ? one : appraisal;
		bare = other < bare ? other : bare;
	}
	printf("appraisal %llu\nbare %llu\nsignatures %u\npcrs %u\n", (unsigned long long)appraisal,
	        (unsigned long long)bare, b.count, EVIDENCE_PCRS);
	printf("qualifying ");
	for (u32 i = 0; i < SHA256_SIZE; i++)
		printf("%02x", s.qualifying[i]);
	printf("\n");
	return 0;
}
