/*
 * Whether firmware's log tells of every bank: the stage asks, before it measures.
 * Trust: in the TCB; what firmware left is outside bytes. Pure.
 */
#include "attest/log_write.h"

#include "lib/tpm/bank.h"

enum err log_covers(const u8 *log, size_t n, const struct tpm_banks *active)
{
	struct log_reader r;
	enum err e = log_open(&r, log, n);
	for (u32 i = 0; !e && i < active->count; i++)
		if (tpm_bank_is_reliable(active->alg[i]) && !log_has_bank(&r.format, active->alg[i]))
			e = ERR_TPM_BANK;
	return e;
}
