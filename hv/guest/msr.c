/* Guest MSRs (SDM volume 4, table 2-2). Trust: in the TCB; pure. */
#include "hv/guest/msr.h"

enum {
	FEATURE_CONTROL_LOCKED = BIT(0), /* and neither VMX nor SGX in it */
	MISC_FAST_STRINGS = BIT(0),
	MISC_NO_BTS = BIT(11),
	MISC_NO_PEBS = BIT(12),
};
/* Newer than any: no guest tries to load microcode, and none looks for errata by it. */
#define MICROCODE_REVISION (0xFFFFFFFFull << 32)

static const struct {
	u32 msr;
	bool write; /* accepted without effect */
	u64 value;
} rows[] = {
	{ 0x017, false, 0 }, /* IA32_PLATFORM_ID */
	{ 0x03A, false, FEATURE_CONTROL_LOCKED }, { 0x03B, true, 0 }, /* IA32_TSC_ADJUST: the TSC is never wrong */
	{ 0x08B, true, MICROCODE_REVISION }, /* IA32_BIOS_SIGN_ID: cleared before CPUID fills it in */
	{ 0x0CE, false, 0 }, /* MSR_PLATFORM_INFO: no CPUID faulting */
	{ 0x179, false, 0 }, /* IA32_MCG_CAP: no banks */
	{ 0x1A0, true, MISC_FAST_STRINGS | MISC_NO_BTS | MISC_NO_PEBS }, /* IA32_MISC_ENABLE */
};

static size_t find(u32 msr)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(rows) && rows[i].msr != msr)
		i++;
	return i;
}

bool guest_msr_read(u32 msr, u64 *value)
{
	size_t i = find(msr);

	if (i == ARRAY_SIZE(rows))
		return false;
	*value = rows[i].value;
	return true;
}

bool guest_msr_may_write(u32 msr)
{
	size_t i = find(msr);

	return i < ARRAY_SIZE(rows) && rows[i].write;
}
