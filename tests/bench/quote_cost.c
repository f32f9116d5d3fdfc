/*
 * What the agent asks of the TPM at an attestation, by the agent's own code: a quote; and all of it, which is PCR
 * values, a quote and the certificates of four NV indices. TCTI as for TPM2-TSS. Prints nanoseconds of wall time, one
 * line a round. Test code for a host.
 */
#include "agent/tpm/tss.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 100 };

static struct tss tss;

static void must(enum err e)
{
	if (!e)
		return;
	(void)fprintf(stderr, "quote_cost: %s: %s\n", err_text(e), tss.why);
	exit(1);
}

static u64 now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static void quote(void)
{
	static const u8 qualifying[SHA256_SIZE] = { 1 };
	struct tss_statement s;

	must(tss_quote(&tss, qualifying, &s));
}

static void evidence(void)
{
	static const u8 qualifying[SHA256_SIZE] = { 2 };
	u8 pcrs[EVIDENCE_PCR_COUNT * SHA256_SIZE];
	struct tss_statement s;

	must(tss_pcrs(&tss, pcrs));
	quote();
	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++)
		must(tss_certify(&tss, i, qualifying, &s));
}

static void measure(const char *name, void (*work)(void))
{
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 start = now();
		work();
		printf("%s %llu\n", name, (unsigned long long)(now() - start));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: quote_cost TCTI\n", stderr);
		return 2;
	}
	must(tss_open(&tss, argv[1]));
	measure("quote", quote);
	measure("evidence", evidence);
	tss_close(&tss);
	return 0;
}
