/*
 * RDMSR and WRMSR: MSRs of a vCPU's state that exit (hv/vmx/bitmaps.c passes the others) by one table, all others by
 * the VM's policy, none by default. Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"
#include "hv/x86/lock.h"

enum { DEBUGCTL_BTF = BIT(1), EFER_OFFERED = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE };

/* Each byte a memory type (SDM table 12-10); entry refuses others. */
static bool is_pat(u64 value)
{
	static const u8 types = BIT(0) | BIT(1) | BIT(4) | BIT(5) | BIT(6) | BIT(7);
	bool valid = true;

	for (u32 i = 0; i < 8; i++, value >>= 8)
		valid = valid && (value & 0xFF) < 8 && types >> (value & 7) & 1;
	return valid;
}

/* Last branch records and the rest are not switched between vCPUs, hence not offered. */
static bool is_debugctl(u64 value)
{
	return (value & ~(u64)DEBUGCTL_BTF) == 0;
}

static bool is_efer(u64 value)
{
	return (value & ~(u64)EFER_OFFERED) == 0;
}

static const struct register_msr {
	u32 msr;
	u8 reg; /* enum vcpu_register */
	bool (*valid)(u64 value);
} registers[] = {
	{ MSR_EFER, VCPU_EFER, is_efer },
	{ MSR_PAT, VCPU_PAT, is_pat },
	{ MSR_DEBUGCTL, VCPU_DEBUGCTL, is_debugctl },
};

static const struct register_msr *find(u32 msr)
{
	for (u32 i = 0; i < ARRAY_SIZE(registers); i++)
		if (registers[i].msr == msr)
			return &registers[i];
	return NULL;
}

static bool is_apic(u32 msr)
{
	return msr == MSR_APIC_BASE || msr == MSR_TSC_DEADLINE || (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST);
}

static bool read_other(struct vcpu *v, u32 msr, u64 *value)
{
	bool good;

	hv_lock();
	good = is_apic(msr) ? lapic_rdmsr(&v->lapic, msr, vcpu_tsc(v), value) : v->vm->policy->read_msr(msr, value);
	hv_unlock();
	return good;
}

/* What a local APIC was told may make something pending, or end what stood in its way. */
static bool write_other(struct vcpu *v, u32 msr, u64 value)
{
	bool apic = is_apic(msr), good;

	hv_lock();
	good = apic ? lapic_wrmsr(&v->lapic, msr, vcpu_tsc(v), value) : v->vm->policy->may_write_msr(msr);
	if (apic)
		vcpu_set_attention(v);
	hv_unlock();
	return good;
}

static enum exit_result give(struct vcpu *v, u64 value)
{
	v->gpr[RAX] = (u32)value;
	v->gpr[RDX] = value >> 32;
	return EXIT_SKIP;
}

__attribute__((noinline)) static enum exit_result give_other(struct vcpu *v, u32 msr)
{
	u64 value = 0;

	return read_other(v, msr, &value) ? give(v, value) : vcpu_raise(v, VECTOR_GP, 0);
}

__attribute__((flatten)) enum exit_result handle_rdmsr(struct vcpu *v, const struct exit *x)
{
	u32 msr = (u32)v->gpr[RCX];
	const struct register_msr *r = find(msr);

	(void)x;
	return r ? give(v, vcpu_get(v, r->reg)) : give_other(v, msr);
}

static bool write_register(struct vcpu *v, enum vcpu_register reg, u64 value)
{
	u64 old = vcpu_get(v, reg);

	if (reg == VCPU_EFER) {
		/* Long mode is not switched while paging is on (SDM volume 3A, 2.2.1). */
		if ((value ^ old) & EFER_LME && vcpu_get(v, VCPU_CR0) & CR0_PG)
			return false;
		value = (value & ~(u64)EFER_LMA) | (old & EFER_LMA);
		if ((value ^ old) & EFER_NXE)
			vcpu_flush(v);
	}
	vcpu_set(v, reg, value);
	return true;
}

enum exit_result handle_wrmsr(struct vcpu *v, const struct exit *x)
{
	u64 value = v->gpr[RDX] << 32 | (u32)v->gpr[RAX];
	u32 msr = (u32)v->gpr[RCX];
	const struct register_msr *r = find(msr);
	bool good;

	(void)x;
	if (r)
		good = r->valid(value) && write_register(v, r->reg, value);
	else
		good = write_other(v, msr, value);
	return good ? EXIT_SKIP : vcpu_raise(v, VECTOR_GP, 0);
}
