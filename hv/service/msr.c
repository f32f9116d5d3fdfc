/* The service VM's MSRs (SDM volume 4, table 2-2). Trust: in the TCB; pure. */
#include "hv/service/service.h"

#include "hv/guest/msr.h"

/* Read as zero; what is written is dropped. CPUID tells of none of them. */
static const struct {
	u32 first, last;
} rows[] = {
	{ 0x079, 0x079 }, /* IA32_BIOS_UPDT_TRIG: microcode comes with the image or not at all */
	{ 0x150, 0x150 }, /* overclocking mailbox: voltage is a fault injector */
	{ 0x198, 0x19C }, /* clock and thermal control */
	{ 0x1B0, 0x1B2 },
	{ 0x200, 0x21F }, /* MTRRs: memory types are EPT's */
	{ 0x250, 0x26F },
	{ 0x2FF, 0x2FF },
};

static bool is_ignored(u32 msr)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (msr >= rows[i].first && msr <= rows[i].last)
			return true;
	}
	return false;
}

bool service_msr_read(u32 msr, u64 *value)
{
	*value = 0;
	return is_ignored(msr) || guest_msr_read(msr, value);
}

bool service_msr_may_write(u32 msr)
{
	return is_ignored(msr) || guest_msr_may_write(msr);
}
