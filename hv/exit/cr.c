/*
 * Control registers: CR0 and CR4 where a guest changes a bit that is not its own to change, and CR8. Every rule a
 * processor checks is checked again, for a value it does not take fails VM entry (SDM 27.3.1). Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"

enum { CS_LONG = BIT(13), CR8_MAX = 15, PDPTE_RESERVED = 0x1E6, LMSW_BITS = CR0_PE | CR0_MP | CR0_EM | CR0_TS };

static enum exit_result refuse(struct vcpu *v)
{
	return vcpu_raise(v, VECTOR_GP, 0);
}

/* With 32-bit PAE paging the processor keeps four entries in registers; entry checks and loads them (SDM 4.4.1). */
static bool load_pdptes(struct vcpu *v)
{
	u64 pdpte[4];

	if (!vm_read(v->vm, vcpu_get(v, VCPU_CR3) & 0xFFFFFFE0, pdpte, sizeof(pdpte)))
		return false;
	for (u32 i = 0; i < 4; i++)
		if (pdpte[i] & 1 && (pdpte[i] & PDPTE_RESERVED || pdpte[i] >= v->vm->ept.host_end))
			return false;
	vcpu_set_pdptes(v, pdpte);
	return true;
}

static bool pae_paging(u64 cr0, u64 cr4, u64 efer)
{
	return cr0 & CR0_PG && cr4 & CR4_PAE && !(efer & EFER_LMA);
}

/* Long mode begins and ends with paging, outside 64-bit code alone (SDM 10.8.5). */
static bool paging_switch_valid(const struct vcpu *v, bool on, u64 cr4, u64 efer)
{
	if (vcpu_get(v, VCPU_CS_ACCESS) & CS_LONG && efer & EFER_LME)
		return false;
	if (on)
		return !(efer & EFER_LME) || cr4 & CR4_PAE;
	return !(cr4 & CR4_PCIDE);
}

static enum exit_result write_cr0(struct vcpu *v, u64 value)
{
	u64 old = vcpu_get(v, VCPU_CR0), cr4 = vcpu_get(v, VCPU_CR4), efer = vcpu_get(v, VCPU_EFER), changed;
	bool paging = value & CR0_PG;

	value |= CR0_ET;
	changed = value ^ old;
	if (!vcpu_cr0_allowed(v, value) || (value & CR0_NW && !(value & CR0_CD)))
		return refuse(v);
	if (changed & CR0_PG && !paging_switch_valid(v, paging, cr4, efer))
		return refuse(v);
	if (changed & CR0_PG)
		efer = paging && efer & EFER_LME ? efer | EFER_LMA : efer & ~(u64)EFER_LMA;
	if (changed & (CR0_PG | CR0_CD | CR0_NW) && pae_paging(value, cr4, efer) && !load_pdptes(v))
		return refuse(v);
	vcpu_set(v, VCPU_CR0, value);
	if (changed & CR0_PG)
		vcpu_set(v, VCPU_EFER, efer);
	if (changed & (CR0_PG | CR0_WP))
		vcpu_flush(v);
	return EXIT_SKIP;
}

static bool cr4_valid(const struct vcpu *v, u64 value, u64 changed, u64 efer)
{
	bool long_mode = efer & EFER_LMA, pcid_on = changed & value & CR4_PCIDE;

	if (!vcpu_cr4_allowed(v, value) || (long_mode && !(value & CR4_PAE)))
		return false;
	return !pcid_on || (long_mode && (vcpu_get(v, VCPU_CR3) & 0xFFF) == 0);
}

static enum exit_result write_cr4(struct vcpu *v, u64 value)
{
	static const u64 reload = CR4_PAE | CR4_PSE | CR4_PGE | CR4_SMEP;
	u64 efer = vcpu_get(v, VCPU_EFER), changed = value ^ vcpu_get(v, VCPU_CR4);

	if (!cr4_valid(v, value, changed, efer))
		return refuse(v);
	if (changed & reload && pae_paging(vcpu_get(v, VCPU_CR0), value, efer) && !load_pdptes(v))
		return refuse(v);
	vcpu_set(v, VCPU_CR4, value);
	if (changed & (reload | CR4_PCIDE | CR4_SMAP))
		vcpu_flush(v);
	return EXIT_SKIP;
}

static enum exit_result task_priority(struct vcpu *v, const struct exit_cr *cr)
{
	if (cr->access == CR_READ) {
		vcpu_set_gpr(v, cr->gpr, lapic_get_cr8(&v->lapic), 8);
		return EXIT_SKIP;
	}
	u64 value = vcpu_gpr(v, cr->gpr);
	if (value > CR8_MAX)
		return refuse(v);
	lapic_set_cr8(&v->lapic, (u8)value);
	vcpu_set_attention(v); /* what had to wait may come now */
	return EXIT_SKIP;
}

enum exit_result handle_cr(struct vcpu *v, const struct exit *x)
{
	const struct exit_cr *cr = &x->cr;
	u64 cr0 = vcpu_get(v, VCPU_CR0), pe = cr0 & CR0_PE;
	u64 value = vcpu_gpr(v, cr->gpr);

	if (cr->access == CR_CLTS)
		return write_cr0(v, cr0 & ~(u64)CR0_TS);
	if (cr->access == CR_LMSW) /* it cannot clear PE */
		return write_cr0(v, (cr0 & ~(u64)LMSW_BITS) | (cr->lmsw & LMSW_BITS) | pe);
	if (cr->number == 8)
		return task_priority(v, cr);
	/* Outside 64-bit code registers have 32 bits, whatever is above them here. */
	if (!vcpu_code_64(v))
		value = (u32)value;
	if (cr->number == 0 && cr->access == CR_WRITE)
		return write_cr0(v, value);
	if (cr->number == 4 && cr->access == CR_WRITE)
		return write_cr4(v, value);
	return vcpu_stop(v, x, "a control register access nobody asked for");
}
