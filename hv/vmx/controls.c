/* Choosing VMX controls: what every vCPU runs with, from one table. Trust: in the TCB; pure. */
#include "hv/vmx/caps.h"
#include "hv/vmx/fields.h"

enum need { REQUIRED, OPTIONAL, TOLERATED };

static const char *const set_names[VMX_CONTROL_SETS] = {
	[VMX_PIN] = "a pin-based control",
	[VMX_PROCESSOR] = "a processor-based control",
	[VMX_SECONDARY] = "a secondary control",
	[VMX_EXIT] = "a VM-exit control",
	[VMX_ENTRY] = "a VM-entry control",
};

/*
 * REQUIRED is set or the processor refused; OPTIONAL is set where it is there; TOLERATED is what our code copes with
 * when it is set later (windows) or forced. Any other bit that a processor forces is a refusal: nobody has thought
 * about it.
 */
static const struct {
	u8 set; /* enum vmx_control_set */
	u8 need;
	u32 bits;
	const char *name;
} controls_table[] = {
	{ VMX_PIN, REQUIRED, PIN_INTERRUPT_EXITING, "external-interrupt exiting" },
	{ VMX_PIN, REQUIRED, PIN_NMI_EXITING, "NMI exiting" },
	{ VMX_PIN, REQUIRED, PIN_VIRTUAL_NMIS, "virtual NMIs" },
	{ VMX_PIN, REQUIRED, PIN_PREEMPTION_TIMER, "the VMX preemption timer" },
	{ VMX_PROCESSOR, REQUIRED, PROC_SECONDARY, "secondary controls" },
	{ VMX_PROCESSOR, REQUIRED, PROC_TSC_OFFSETTING, "TSC offsetting" },
	{ VMX_PROCESSOR, REQUIRED, PROC_HLT_EXITING, "HLT exiting" },
	{ VMX_PROCESSOR, REQUIRED, PROC_MWAIT_EXITING, "MWAIT exiting" },
	{ VMX_PROCESSOR, REQUIRED, PROC_MONITOR_EXITING, "MONITOR exiting" },
	{ VMX_PROCESSOR, REQUIRED, PROC_RDPMC_EXITING, "RDPMC exiting" },
	{ VMX_PROCESSOR, REQUIRED, PROC_CR8_LOAD_EXITING | PROC_CR8_STORE_EXITING, "CR8 exiting" },
	{ VMX_PROCESSOR, REQUIRED, PROC_IO_BITMAPS, "I/O bitmaps" },
	{ VMX_PROCESSOR, REQUIRED, PROC_MSR_BITMAPS, "MSR bitmaps" },
	{ VMX_PROCESSOR, TOLERATED, PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW, "interrupt and NMI windows" },
	{ VMX_SECONDARY, REQUIRED, PROC2_EPT, "EPT" },
	{ VMX_SECONDARY, REQUIRED, PROC2_VPID, "VPID" },
	{ VMX_SECONDARY, REQUIRED, PROC2_UNRESTRICTED_GUEST, "unrestricted guests" },
	{ VMX_SECONDARY, REQUIRED, PROC2_WBINVD_EXITING, "WBINVD exiting" },
	{ VMX_SECONDARY, OPTIONAL, PROC2_RDTSCP, "RDTSCP" },
	{ VMX_SECONDARY, OPTIONAL, PROC2_INVPCID, "INVPCID" },
	/* Where SGX is, its supervisor's leaves run by CPL and CR0 alone, whatever CPUID says. */
	{ VMX_SECONDARY, OPTIONAL, PROC2_ENCLS_EXITING, "ENCLS exiting" },
	{ VMX_SECONDARY, OPTIONAL, PROC2_XSAVES, "XSAVES" },
	{ VMX_EXIT, REQUIRED, VMEXIT_HOST_64, "a 64-bit host" },
	{ VMX_EXIT, REQUIRED, VMEXIT_ACKNOWLEDGE_INTERRUPT, "acknowledge interrupt on exit" },
	{ VMX_EXIT, REQUIRED, VMEXIT_SAVE_DEBUG, "saving debug controls" },
	{ VMX_EXIT, REQUIRED, VMEXIT_SAVE_PAT | VMEXIT_LOAD_PAT, "switching IA32_PAT" },
	{ VMX_EXIT, REQUIRED, VMEXIT_SAVE_EFER | VMEXIT_LOAD_EFER, "switching IA32_EFER" },
	{ VMX_ENTRY, REQUIRED, VMENTRY_LOAD_DEBUG, "loading debug controls" },
	{ VMX_ENTRY, REQUIRED, VMENTRY_LOAD_PAT, "loading IA32_PAT" },
	{ VMX_ENTRY, REQUIRED, VMENTRY_LOAD_EFER, "loading IA32_EFER" },
	{ VMX_ENTRY, TOLERATED, VMENTRY_IA32E_GUEST, "64-bit guests" },
};

/* Bits without meaning that every processor forces even in its 'true' MSRs (SDM A.3.1, A.3.2, A.4, A.5). */
static const u32 reserved_ones[VMX_CONTROL_SETS] = {
	[VMX_PIN] = 0x00000016,
	[VMX_PROCESSOR] = 0x04006172,
	[VMX_SECONDARY] = 0,
	[VMX_EXIT] = 0x00036DFB,
	[VMX_ENTRY] = 0x000011FB,
};

static enum err refuse(const char *what, const char **missing)
{
	*missing = what;
	return ERR_VMX_CAPABILITY;
}

enum err vmx_controls_choose(const struct vmx_caps *caps, struct vmx_controls *controls, const char **missing)
{
	u32 known[VMX_CONTROL_SETS] = { 0 };

	for (u32 s = 0; s < VMX_CONTROL_SETS; s++) {
		controls->set[s] = caps->set[s].forced;
		known[s] = reserved_ones[s];
	}
	for (size_t i = 0; i < ARRAY_SIZE(controls_table); i++) {
		u32 s = controls_table[i].set, bits = controls_table[i].bits;
		bool there = (caps->set[s].allowed & bits) == bits;

		if (!there && controls_table[i].need != OPTIONAL)
			return refuse(controls_table[i].name, missing);
		if (there && controls_table[i].need != TOLERATED)
			controls->set[s] |= bits;
		known[s] |= bits;
	}
	for (u32 s = 0; s < VMX_CONTROL_SETS; s++)
		if (caps->set[s].forced & ~(known[s] & caps->set[s].allowed))
			return refuse(set_names[s], missing);
	return OK;
}
