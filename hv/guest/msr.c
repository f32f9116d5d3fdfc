/* Guests' and the service VM's MSRs (SDM volume 4, table 2-2). Trust: in the TCB; pure. */
#include "hv/guest/msr.h"

enum {
	FEATURE_CONTROL_LOCKED = BIT(0), /* and neither VMX nor SGX in it */
	MISC_FAST_STRINGS = BIT(0),
	MISC_NO_BTS = BIT(11),
	MISC_NO_PEBS = BIT(12),
};
/* Newer than any: no guest tries to load microcode, and none looks for errata by it. */
#define MICROCODE_REVISION (0xFFFFFFFFull << 32)

static const struct row {
	u32 first, last;
	bool write; /* accepted without effect */
	bool service; /* the service VM's alone; CPUID tells of none of them */
	u64 value;
} rows[] = {
	{ 0x1A0, 0x1A0, .write = true, .value = MISC_FAST_STRINGS | MISC_NO_BTS | MISC_NO_PEBS }, /* IA32_MISC_ENABLE */
	{ 0x017, 0x017, .value = 0 }, /* IA32_PLATFORM_ID */
	{ 0x03A, 0x03A, .value = FEATURE_CONTROL_LOCKED },
	{ 0x03B, 0x03B, .write = true }, /* IA32_TSC_ADJUST: the TSC is never wrong */
	/* IA32_BIOS_SIGN_ID: cleared before CPUID fills it in */
	{ 0x08B, 0x08B, .write = true, .value = MICROCODE_REVISION },
	{ 0x0CE, 0x0CE, .value = 0 }, /* MSR_PLATFORM_INFO: no CPUID faulting */
	{ 0x179, 0x179, .value = 0 }, /* IA32_MCG_CAP: no banks */
	{ 0x079, 0x079, .write = true, .service = true }, /* IA32_BIOS_UPDT_TRIG: the image's microcode or none */
	{ 0x150, 0x150, .write = true, .service = true }, /* overclocking mailbox: voltage is a fault injector */
	{ 0x198, 0x19C, .write = true, .service = true }, /* clock and thermal control */
	{ 0x1B0, 0x1B2, .write = true, .service = true },
	{ 0x200, 0x21F, .write = true, .service = true }, /* MTRRs: memory types are EPT's */
	{ 0x250, 0x26F, .write = true, .service = true },
	{ 0x2FF, 0x2FF, .write = true, .service = true },
};
static const struct row none;

static const struct row *find(u32 msr, bool service)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (msr - rows[i].first <= rows[i].last - rows[i].first && rows[i].service <= service)
			return &rows[i];
	return &none;
}

static bool read(const struct row *row, u64 *value)
{
	*value = row->value;
	return row->last;
}

bool guest_msr_read(u32 msr, u64 *value)
{
	return read(find(msr, false), value);
}

bool guest_msr_may_write(u32 msr)
{
	return find(msr, false)->write;
}

bool service_msr_read(u32 msr, u64 *value)
{
	return read(find(msr, true), value);
}

bool service_msr_may_write(u32 msr)
{
	return find(msr, true)->write;
}
