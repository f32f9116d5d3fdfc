/* The accessors of hv/vm/vcpu.h over a VMCS. Trust: in the TCB; pure over vmcs_read and vmcs_write. */
#include "hv/vmx/vmcs.h"
#include "hv/vmx/vmx.h"

/* CR0.CD and NW would stay set in root mode (SDM 28.5.1); NE has to be set under VMX; PG is for long mode alone. */
#define CR0_OWNED ((u64)CR0_NE | CR0_NW | CR0_CD | CR0_PG)
/* What a guest may change by itself; everything else in CR4 exits. */
enum {
	CR4_FREE = CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCE | CR4_OSFXSR |
	        CR4_OSXMMEXCPT | CR4_UMIP | CR4_FSGSBASE | CR4_PCIDE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP,
	/* A machine check with MCE clear would shut the whole machine down, so the real bit is always set. */
	CR4_ALWAYS = CR4_MCE | CR4_VMXE,
};

static const u16 fields[VCPU_REGISTERS] = {
	[VCPU_RIP] = VMCS_GUEST_RIP,
	[VCPU_RSP] = VMCS_GUEST_RSP,
	[VCPU_RFLAGS] = VMCS_GUEST_RFLAGS,
	[VCPU_CR3] = VMCS_GUEST_CR3,
	[VCPU_EFER] = VMCS_GUEST_EFER,
	[VCPU_PAT] = VMCS_GUEST_PAT,
	[VCPU_DEBUGCTL] = VMCS_GUEST_DEBUGCTL,
	[VCPU_CS_ACCESS] = VMCS_GUEST_CS_ACCESS,
	[VCPU_DR7] = VMCS_GUEST_DR7,
};

static u64 shadowed(enum vmcs_field real, enum vmcs_field mask, enum vmcs_field shadow)
{
	u64 owned = vmcs_read(mask);

	return (vmcs_read(real) & ~owned) | (vmcs_read(shadow) & owned);
}

u64 vcpu_get(const struct vcpu *v, enum vcpu_register r)
{
	(void)v;
	if (fields[r])
		return vmcs_read((enum vmcs_field)fields[r]);
	if (r == VCPU_CR0)
		return shadowed(VMCS_GUEST_CR0, VMCS_CR0_MASK, VMCS_CR0_SHADOW);
	if (r == VCPU_CR4)
		return shadowed(VMCS_GUEST_CR4, VMCS_CR4_MASK, VMCS_CR4_SHADOW);
	if (r == VCPU_DR6)
		return read_dr6();
	return xgetbv();
}

static void set_cr0(const struct vcpu *v, u64 value)
{
	u64 forced = v->hardware->machine->caps.cr0_fixed0 & ~(u64)(CR0_PE | CR0_PG);

	vmcs_write(VMCS_CR0_MASK, CR0_OWNED | forced | ~(u64)UINT32_MAX);
	vmcs_write(VMCS_CR0_SHADOW, value);
	vmcs_write(VMCS_GUEST_CR0, (value & ~(u64)(CR0_CD | CR0_NW)) | CR0_NE | forced);
}

static u64 cr4_free(const struct vcpu *v)
{
	return CR4_FREE & v->hardware->machine->caps.cr4_fixed1;
}

static void set_cr4(const struct vcpu *v, u64 value)
{
	vmcs_write(VMCS_CR4_MASK, ~cr4_free(v));
	vmcs_write(VMCS_CR4_SHADOW, value);
	vmcs_write(VMCS_GUEST_CR4, (value & cr4_free(v)) | CR4_ALWAYS | v->hardware->machine->caps.cr4_fixed0);
}

/* Entry refuses a 64-bit guest whose EFER.LMA says otherwise (SDM 27.3.1.1). */
static void set_long_mode(u64 efer)
{
	u64 controls = vmcs_read(VMCS_ENTRY_CONTROLS) & ~(u64)VMENTRY_IA32E_GUEST;

	vmcs_write(VMCS_ENTRY_CONTROLS, controls | (efer & EFER_LMA ? VMENTRY_IA32E_GUEST : 0));
}

void vcpu_set(struct vcpu *v, enum vcpu_register r, u64 value)
{
	if (r == VCPU_EFER)
		set_long_mode(value);
	if (fields[r])
		vmcs_write((enum vmcs_field)fields[r], value);
	else if (r == VCPU_CR0)
		set_cr0(v, value);
	else if (r == VCPU_CR4)
		set_cr4(v, value);
	else if (r == VCPU_DR6)
		write_dr6(value);
	else
		xsetbv(value);
}

/*
 * Rare, all of it: the shadow of the instruction before, a resumed breakpoint, a single step, or an instruction pointer
 * that wraps at 4 GiB, as it does outside 64-bit code, and entry refuses more.
 */
__attribute__((noinline)) static void end_instruction(const struct vcpu *v, u64 rip, u64 flags, u64 blocked)
{
	vmcs_write(VMCS_GUEST_RIP, vcpu_code_64(v) ? rip : (u32)rip);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocked & ~(u64)(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
	vmcs_write(VMCS_GUEST_RFLAGS, flags & ~(u64)RFLAGS_RF);
	if (flags & RFLAGS_TF)
		vmcs_write(VMCS_GUEST_PENDING_DEBUG,
		        vmcs_read(VMCS_GUEST_PENDING_DEBUG) | PENDING_DEBUG_ENABLED | PENDING_DEBUG_SINGLE_STEP);
}

void vcpu_skip(struct vcpu *v, u64 length)
{
	u64 at = vmcs_read(VMCS_GUEST_RIP), rip = at + length, flags = vmcs_read(VMCS_GUEST_RFLAGS);
	u64 blocked = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);
	u64 rare =
	        (flags & (RFLAGS_RF | RFLAGS_TF)) | (blocked & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS)) | (at ^ rip) >> 32;

	if (__builtin_expect(rare != 0, false))
		end_instruction(v, rip, flags, blocked);
	else
		vmcs_write(VMCS_GUEST_RIP, rip);
}

void vcpu_complete(struct vcpu *v)
{
	vcpu_skip(v, vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH));
}

bool vcpu_cr0_allowed(const struct vcpu *v, u64 value)
{
	/* NE is ours, and reads as the guest wrote it. */
	return vmx_cr0_valid(&v->hardware->machine->caps, value | CR0_NE);
}

bool vcpu_cr4_allowed(const struct vcpu *v, u64 value)
{
	return (value & ~(cr4_free(v) | CR4_MCE)) == 0;
}

u64 vcpu_xcr0_allowed(const struct vcpu *v)
{
	return v->hardware->machine->xcr0 & v->vm->policy->xcr0;
}

u64 vcpu_tsc(const struct vcpu *v)
{
	return rdtsc() + v->vm->tsc_offset;
}

void vcpu_begin(struct vcpu *v, u8 sipi_vector)
{
	vmx_vcpu_begin(v, &(struct vmx_entry){ .mode = VMX_START_SIPI, .vector = sipi_vector });
}

void vcpu_write_back_caches(struct vcpu *v)
{
	(void)v;
	wbinvd();
}
