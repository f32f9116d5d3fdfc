/*
 * Two sources, hashed: neither a TPM nor a processor with a poor one makes the number foreseeable.
 * Trust: in the TCB; hardware access.
 */
#include "hv/node/random.h"

#include "hv/node/tpm.h"
#include "hv/x86/cpu.h"

#include "lib/tpm/admin.h"

#include <string.h>

enum { RANDOM_WORDS = 4 };

enum err node_random(u8 out[ATTEST_ID_SIZE])
{
	struct {
		u8 tpm[ATTEST_ID_SIZE];
		u64 processor[RANDOM_WORDS], time;
	} random = { .time = read_time_stamp() };
	enum err e = tpm_get_random(node_tpm(), random.tpm, sizeof(random.tpm));

	if (e)
		return e;
	for (u32 i = 0; i < RANDOM_WORDS; i++)
		(void)read_random(&random.processor[i]);
	sha256_of((const u8 *)&random, sizeof(random), out);
	memset(&random, 0, sizeof(random));
	return OK;
}
