/* How a vCPU starts: controls by what was chosen for the machine, registers by its mode. Trust: in the TCB; pure. */
#include "hv/vmx/vmcs.h"
#include "hv/vmx/vmx.h"

#include <string.h>

enum access_rights {
	ACCESS_CODE_16 = 0x9B,
	ACCESS_DATA_16 = 0x93,
	ACCESS_CODE_64 = 0xA09B,
	ACCESS_DATA_32 = 0xC093,
	ACCESS_LDT = 0x82,
	ACCESS_TSS = 0x8B, /* busy: entry takes no other */
};

enum { BOOT_CS = 0x10, BOOT_DS = 0x18, LIMIT_16 = 0xFFFF };
enum { RESET_DR7 = 0x400 };
#define RESET_DR6 0xFFFF0FF0ull
#define RESET_CR0 ((u64)CR0_CD | CR0_NW | CR0_ET)
#define FLAT_CR0 ((u64)CR0_PE | CR0_ET | CR0_NE | CR0_PG)
#define RESET_PAT 0x0007040600070406ull
#define NO_LINK UINT64_MAX

enum segment { ES, CS, SS, DS, FS, GS, LDTR, TR };

struct segment_state {
	u16 selector;
	u64 base;
	u32 limit, access;
};

static void put_segment(enum segment s, const struct segment_state *state)
{
	/* The fields of the eight lie side by side, in this order (SDM appendix B). */
	vmcs_write(VMCS_GUEST_ES_SELECTOR + 2 * s, state->selector);
	vmcs_write(VMCS_GUEST_ES_LIMIT + 2 * s, state->limit);
	vmcs_write(VMCS_GUEST_ES_ACCESS + 2 * s, state->access);
	vmcs_write(VMCS_GUEST_ES_BASE + 2 * s, state->base);
}
static_assert(
        VMCS_GUEST_TR_SELECTOR == VMCS_GUEST_ES_SELECTOR + 2 * TR && VMCS_GUEST_TR_BASE == VMCS_GUEST_ES_BASE + 2 * TR,
        "segments side by side");
static_assert(
        VMCS_GUEST_TR_LIMIT == VMCS_GUEST_ES_LIMIT + 2 * TR && VMCS_GUEST_TR_ACCESS == VMCS_GUEST_ES_ACCESS + 2 * TR,
        "segments side by side");

/* Real mode's as reset and SIPI leave them (SDM table 10-1), or flat ones. */
static void put_segments(const struct vmx_entry *entry)
{
	const struct segment_state flat_data = { BOOT_DS, 0, UINT32_MAX, ACCESS_DATA_32 };
	const struct segment_state flat_code = { BOOT_CS, 0, UINT32_MAX, ACCESS_CODE_64 };
	const struct segment_state real_data = { 0, 0, LIMIT_16, ACCESS_DATA_16 };
	const struct segment_state real_code = { (u16)(entry->vector << 8), (u64)entry->vector << 12, LIMIT_16,
		ACCESS_CODE_16 };
	bool flat = entry->mode == VMX_START_LONG;

	for (u32 s = ES; s < LDTR; s++)
		put_segment(s, flat ? &flat_data : &real_data);
	put_segment(CS, flat ? &flat_code : &real_code);
	put_segment(LDTR, &(struct segment_state){ 0, 0, LIMIT_16, ACCESS_LDT });
	put_segment(TR, &(struct segment_state){ 0, 0, LIMIT_16, ACCESS_TSS });
	vmcs_write(VMCS_GUEST_IDTR_BASE, 0);
	vmcs_write(VMCS_GUEST_IDTR_LIMIT, LIMIT_16);
	vmcs_write(VMCS_GUEST_GDTR_BASE, entry->gdt);
	vmcs_write(VMCS_GUEST_GDTR_LIMIT, flat ? entry->gdt_limit : LIMIT_16);
}

static void put_registers(struct vcpu *v, const struct vmx_entry *entry)
{
	static const u16 zero[] = { VMCS_GUEST_INTERRUPTIBILITY, VMCS_GUEST_ACTIVITY, VMCS_GUEST_PENDING_DEBUG,
		VMCS_GUEST_DEBUGCTL, VMCS_GUEST_SYSENTER_CS, VMCS_GUEST_SYSENTER_ESP, VMCS_GUEST_SYSENTER_EIP,
		VMCS_ENTRY_INTERRUPTION_INFO };
	bool flat = entry->mode == VMX_START_LONG;

	for (size_t i = 0; i < ARRAY_SIZE(zero); i++)
		vmcs_write((enum vmcs_field)zero[i], 0);
	memset(v->gpr, 0, sizeof(v->gpr));
	v->due = NO_EVENT;
	v->nmi = false;
	v->flush = true;
	put_segments(entry);
	vcpu_set(v, VCPU_EFER, flat ? EFER_LME | EFER_LMA : 0);
	vcpu_set(v, VCPU_CR0, flat ? FLAT_CR0 : RESET_CR0);
	vcpu_set(v, VCPU_CR3, entry->cr3);
	vcpu_set(v, VCPU_CR4, flat ? CR4_PAE : 0);
	vcpu_set(v, VCPU_RIP, entry->rip);
	vcpu_set(v, VCPU_RSP, entry->rsp);
	v->gpr[RSI] = entry->rsi;
	vcpu_set(v, VCPU_RFLAGS, RFLAGS_FIXED);
	vcpu_set(v, VCPU_PAT, RESET_PAT);
	vcpu_set(v, VCPU_DR7, RESET_DR7);
	vcpu_set(v, VCPU_DR6, RESET_DR6);
}

static void put_controls(const struct vcpu *v)
{
	const struct vmx_controls *c = &v->hardware->machine->controls;

	v->hardware->processor_controls = c->set[VMX_PROCESSOR];
	vmcs_write(VMCS_PIN_CONTROLS, c->set[VMX_PIN]);
	vmcs_write(VMCS_PROCESSOR_CONTROLS, c->set[VMX_PROCESSOR]);
	vmcs_write(VMCS_SECONDARY_CONTROLS, c->set[VMX_SECONDARY]);
	vmcs_write(VMCS_EXIT_CONTROLS, c->set[VMX_EXIT]);
	vmcs_write(VMCS_ENTRY_CONTROLS, c->set[VMX_ENTRY]);
	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VECTOR_DB) | BIT(VECTOR_AC) | BIT(VECTOR_MC));
	/* No supervisor state component is offered: XSAVES and XRSTORS have none to exit for. */
	if (c->set[VMX_SECONDARY] & PROC2_XSAVES)
		vmcs_write(VMCS_XSS_EXITING_BITMAP, UINT64_MAX);
	if (c->set[VMX_SECONDARY] & PROC2_ENCLS_EXITING)
		vmcs_write(VMCS_ENCLS_EXITING_BITMAP, UINT64_MAX);
}

void vmx_vcpu_begin(struct vcpu *v, const struct vmx_entry *entry)
{
	v->hardware->entry = *entry;
	v->hardware->begins = true;
}

/* All but what a SIPI sets anew. */
static void put_state(const struct vcpu *v)
{
	static const u16 zero[] = { VMCS_PAGE_FAULT_MASK, VMCS_PAGE_FAULT_MATCH, VMCS_CR3_TARGET_COUNT,
		VMCS_EXIT_MSR_STORE_COUNT, VMCS_EXIT_MSR_LOAD_COUNT, VMCS_ENTRY_MSR_LOAD_COUNT };

	for (size_t i = 0; i < ARRAY_SIZE(zero); i++)
		vmcs_write((enum vmcs_field)zero[i], 0);
	put_controls(v);
	vmcs_write(VMCS_VPID, v->hardware->vpid);
	vmcs_write(VMCS_IO_BITMAP_A, (u64)v->vm->io_bitmaps);
	vmcs_write(VMCS_IO_BITMAP_B, (u64)v->vm->io_bitmaps + VMX_IO_BITMAPS_SIZE / 2);
	vmcs_write(VMCS_MSR_BITMAP, (u64)v->vm->msr_bitmap);
	vmcs_write(VMCS_TSC_OFFSET, v->vm->tsc_offset);
	vmcs_write(VMCS_EPT_POINTER, ept_pointer(&v->vm->ept));
	vmcs_write(VMCS_LINK_POINTER, NO_LINK);
}

void vmx_guest_begin(struct vcpu *v)
{
	struct vcpu_hardware *h = v->hardware;

	if (!h->made)
		put_state(v);
	put_registers(v, &h->entry);
	h->made = true;
	h->begins = false;
}
