/* Evidence: what parses has one encoding, and what the TPM is said to attest reads within its bounds. */
#include "attest/quote.h"
#include "tests/fuzz/fuzz.h"

static u8 again[EVIDENCE_SIZE_MAX];

static void read_signed(const struct signed_view *s)
{
	static const u16 types[] = { TPM_ST_ATTEST_QUOTE, TPM_ST_ATTEST_NV };
	struct attested a;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		(void)!attested_read(&s->attest, types[i], &a);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	struct evidence e;
	size_t used;

	const struct signed_view whole = { .attest = { bytes, n } };
	read_signed(&whole);
	if (evidence_parse(bytes, n, &e) != OK)
		return 0;
	must(evidence_build(&e, again, sizeof(again), &used) == OK);
	must(used == n && memcmp(again, bytes, n) == 0);
	read_signed(&e.quote);
	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++)
		if (e.nv[i].attest.n)
			read_signed(&e.nv[i]);
	return 0;
}
