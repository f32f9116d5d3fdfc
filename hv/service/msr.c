/* The service VM's MSRs (SDM volume 4, table 2-2). Trust: in the TCB; pure. */
#include "hv/service/msr.h"

#include "hv/guest/msr.h"

enum { MTRR_CAP = 0xFE, MTRR_VARIABLE = 0x200, MTRR_COUNT = 0xFF };

enum read { READ_NOT, READ_ZERO, READ_MACHINE };

static const struct {
	u32 first, last;
	u8 read;
} rows[] = {
	{ 0x079, 0x079, READ_NOT }, /* IA32_BIOS_UPDT_TRIG: microcode comes with the image or not at all */
	{ MTRR_CAP, MTRR_CAP, READ_MACHINE },
	{ 0x150, 0x150, READ_ZERO }, /* overclocking mailbox: voltage is a fault injector */
	{ 0x198, 0x199, READ_ZERO }, /* IA32_PERF_STATUS, PERF_CTL */
	{ 0x19A, 0x19C, READ_ZERO }, /* clock modulation, thermal interrupt and status */
	{ 0x1B0, 0x1B2, READ_ZERO }, /* energy bias, package thermal status and interrupt */
	{ 0x250, 0x250, READ_MACHINE }, /* fixed MTRRs: memory types are EPT's */
	{ 0x258, 0x259, READ_MACHINE },
	{ 0x268, 0x26F, READ_MACHINE },
	{ 0x2FF, 0x2FF, READ_MACHINE },
};

static u8 rule(u32 msr)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (msr >= rows[i].first && msr <= rows[i].last)
			return rows[i].read;
	}
	return READ_NOT;
}

/* As many pairs as the processor has: another one would be a fault in root mode. */
static bool is_variable_mtrr(u32 msr, u64 (*machine)(u32 msr))
{
	return msr >= MTRR_VARIABLE && msr - MTRR_VARIABLE < 2 * (machine(MTRR_CAP) & MTRR_COUNT);
}

bool service_msr_read(u32 msr, u64 (*machine)(u32 msr), u64 *value)
{
	u8 how = is_variable_mtrr(msr, machine) ? READ_MACHINE : rule(msr);

	if (how == READ_NOT)
		return guest_msr_read(msr, value);
	*value = how == READ_MACHINE ? machine(msr) : 0;
	return true;
}

bool service_msr_may_write(u32 msr)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (msr >= rows[i].first && msr <= rows[i].last)
			return msr != MTRR_CAP;
	}
	return (msr >= MTRR_VARIABLE && msr < 0x220) || guest_msr_may_write(msr);
}
