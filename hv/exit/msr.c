/*
 * RDMSR and WRMSR: MSRs that are part of a vCPU's state by one table, all others by the VM's policy, none by default.
 * Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"
#include "hv/x86/lock.h"

enum { DEBUGCTL_BTF = BIT(1) };

static bool is_canonical(const struct vcpu *v, u64 value)
{
	u64 top = value >> 47;

	(void)v;
	return top == 0 || top == (1u << 17) - 1;
}

static bool is_32_bit(const struct vcpu *v, u64 value)
{
	(void)v;
	return value <= UINT32_MAX;
}

/* Each byte a memory type (SDM table 12-10); entry refuses others. */
static bool is_pat(const struct vcpu *v, u64 value)
{
	static const u8 types = BIT(0) | BIT(1) | BIT(4) | BIT(5) | BIT(6) | BIT(7);
	bool valid = true;

	(void)v;
	for (u32 i = 0; i < 8; i++, value >>= 8)
		valid = valid && (value & 0xFF) < 8 && types >> (value & 7) & 1;
	return valid;
}

/* Last branch records and the rest are not switched between vCPUs, hence not offered. */
static bool is_debugctl(const struct vcpu *v, u64 value)
{
	(void)v;
	return (value & ~(u64)DEBUGCTL_BTF) == 0;
}

/* Long mode is not switched while paging is on (SDM volume 3A, 2.2.1). */
static bool is_efer(const struct vcpu *v, u64 value)
{
	bool changes_lme = (value ^ vcpu_get(v, VCPU_EFER)) & EFER_LME;

	return (value & ~vcpu_efer_allowed(v)) == 0 && !(changes_lme && vcpu_get(v, VCPU_CR0) & CR0_PG);
}

/* Each has a slot of its own by this, the compiler refuses two in one; MSR 0, as which an empty slot would pass, has
 * another's. */
#define SLOT(msr) (((u32)(msr) + ((u32)(msr) >> 4)) & 15)

static const struct {
	u32 msr;
	u8 reg; /* enum vcpu_register */
	bool (*valid)(const struct vcpu *v, u64 value);
} registers[16] = {
	[SLOT(MSR_EFER)] = { MSR_EFER, VCPU_EFER, is_efer },
	[SLOT(MSR_PAT)] = { MSR_PAT, VCPU_PAT, is_pat },
	[SLOT(MSR_FS_BASE)] = { MSR_FS_BASE, VCPU_FS_BASE, is_canonical },
	[SLOT(MSR_GS_BASE)] = { MSR_GS_BASE, VCPU_GS_BASE, is_canonical },
	[SLOT(MSR_SYSENTER_CS)] = { MSR_SYSENTER_CS, VCPU_SYSENTER_CS, is_32_bit },
	[SLOT(MSR_SYSENTER_ESP)] = { MSR_SYSENTER_ESP, VCPU_SYSENTER_ESP, is_canonical },
	[SLOT(MSR_SYSENTER_EIP)] = { MSR_SYSENTER_EIP, VCPU_SYSENTER_EIP, is_canonical },
	[SLOT(MSR_DEBUGCTL)] = { MSR_DEBUGCTL, VCPU_DEBUGCTL, is_debugctl },
};

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
	u32 i = SLOT(msr);

	(void)x;
	return registers[i].msr == msr ? give(v, vcpu_get(v, registers[i].reg)) : give_other(v, msr);
}

static void write_register(struct vcpu *v, enum vcpu_register reg, u64 value)
{
	u64 old = vcpu_get(v, reg);

	if (reg == VCPU_EFER) {
		value = (value & ~(u64)EFER_LMA) | (old & EFER_LMA);
		if ((value ^ old) & EFER_NXE)
			vcpu_flush(v);
	}
	vcpu_set(v, reg, value);
}

enum exit_result handle_wrmsr(struct vcpu *v, const struct exit *x)
{
	u64 value = v->gpr[RDX] << 32 | (u32)v->gpr[RAX];
	u32 msr = (u32)v->gpr[RCX];
	u32 i = SLOT(msr);
	bool good;

	(void)x;
	if (registers[i].msr == msr) {
		good = registers[i].valid(v, value);
		if (good)
			write_register(v, registers[i].reg, value);
	} else {
		good = write_other(v, msr, value);
	}
	return good ? EXIT_SKIP : vcpu_raise(v, VECTOR_GP, 0);
}
