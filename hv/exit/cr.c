/*
 * Control registers: CR0 and CR4 where a guest changes a bit that is not its own to change, and CR8. Every rule a
 * processor checks is checked again, for a value it does not take fails VM entry (SDM 27.3.1). Paging is long mode's:
 * kernels come to it from none. Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"

#include "hv/x86/lock.h"

enum { CS_LONG = BIT(13), CR8_MAX = 15 };

static enum exit_result refuse(struct vcpu *v)
{
	return vcpu_raise(v, VECTOR_GP, 0);
}

/* Long mode begins and ends with paging, outside 64-bit code alone (SDM 10.8.5). */
static bool paging_switch_valid(const struct vcpu *v, bool on, u64 cr4, u64 efer)
{
	if (vcpu_get(v, VCPU_CS_ACCESS) & CS_LONG || !(efer & EFER_LME))
		return false;
	return on ? cr4 & CR4_PAE : !(cr4 & CR4_PCIDE);
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
	vcpu_set(v, VCPU_CR0, value);
	if (changed & CR0_PG)
		vcpu_set(v, VCPU_EFER, paging ? efer | EFER_LMA : efer & ~(u64)EFER_LMA);
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
	static const u64 translate = CR4_PAE | CR4_PSE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP;
	u64 efer = vcpu_get(v, VCPU_EFER), changed = value ^ vcpu_get(v, VCPU_CR4);

	if (!cr4_valid(v, value, changed, efer))
		return refuse(v);
	vcpu_set(v, VCPU_CR4, value);
	if (changed & translate)
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
	/* Who sends it an interrupt looks at its priority. */
	hv_lock();
	lapic_set_cr8(&v->lapic, (u8)value);
	hv_unlock();
	vcpu_set_attention(v); /* what had to wait may come now */
	return EXIT_SKIP;
}

enum exit_result handle_cr(struct vcpu *v, const struct exit *x)
{
	const struct exit_cr *cr = &x->cr;
	u64 value = vcpu_gpr(v, cr->gpr);

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
