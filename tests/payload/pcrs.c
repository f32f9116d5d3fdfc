/*
 * PCR values as the TPM itself gives them, for comparison with the log and with what was foretold.
 * Trust: test code only.
 */
#include "tests/payload/device.h"
#include "tests/payload/report.h"
#include "tests/payload/tree.h"

#include "lib/print.h"
#include "lib/tpm/bank.h"

static const u8 pcrs[] = { 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14 };

static const struct {
	u16 alg;
	const char *name;
} banks[] = { { TPM_ALG_SHA256, "sha256" }, { TPM_ALG_SHA384, "sha384" } };

static void report_bank(struct tpm *tpm, u16 alg, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(pcrs); i++) {
		struct tpm_bank_digest d;
		char hex[2 * TPM_DIGEST_MAX + 1];
		enum err e = tpm_pcr_read(tpm, alg, pcrs[i], &d);
		if (e) {
			/* An inactive bank is no fault, and ends its list. */
			say("payload: pcr %s %u %s", name, pcrs[i], err_text(e));
			return;
		}
		hex_encode(hex, d.digest, d.size);
		say("payload: pcr %s %u %s", name, pcrs[i], hex);
	}
}

void report_pcrs(void)
{
	static struct tpm tpm;
	enum err e = tpm_open(&tpm);
	if (e) {
		fault("TPM:", err_text(e));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(banks); i++)
		report_bank(&tpm, banks[i].alg, banks[i].name);
}
