/* The real VMCS and registers, for hv/vmx/vmcs.h. Trust: in the TCB; hardware access. */
#include "hv/vmx/vmcs.h"

#include "hv/boot/panic.h"
#include "hv/vmx/instructions.h"
#include "hv/x86/cpu.h"

#include "lib/fatal.h"

/* Not inlined, and never back: what reads fields stays short. */
__attribute__((cold, noinline)) _Noreturn void vmcs_broken(void)
{
	fatal("a VMCS field cannot be read or written");
}

u64 live_cr2(void)
{
	return read_cr2();
}

void live_set_cr2(u64 value)
{
	write_cr2(value);
}

/* The number is part of the instruction. */
static const struct {
	u64 (*read)(void);
	void (*write)(u64 value);
} debug_register[] = {
	[0] = { read_dr0, write_dr0 },
	[1] = { read_dr1, write_dr1 },
	[2] = { read_dr2, write_dr2 },
	[3] = { read_dr3, write_dr3 },
	[6] = { read_dr6, write_dr6 },
};

u64 live_dr(u32 number)
{
	return debug_register[number].read();
}

void live_set_dr(u32 number, u64 value)
{
	debug_register[number].write(value);
}

u64 live_xcr0(void)
{
	return xgetbv();
}

void live_set_xcr0(u64 value)
{
	xsetbv(value);
}

void live_xsave(u64 area)
{
	xsave(area);
}

void live_xrstor(u64 area)
{
	xrstor(area);
}

u64 live_msr(u32 msr)
{
	return read_msr(msr);
}

void live_set_msr(u32 msr, u64 value)
{
	write_msr(msr, value);
}

u64 live_tsc(void)
{
	return rdtsc();
}

void live_write_back_caches(void)
{
	wbinvd();
}

/* The report shows the banks. */
_Noreturn void live_machine_check(void)
{
	panic("a machine check in a guest");
}
