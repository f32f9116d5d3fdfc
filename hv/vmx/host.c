/* Root mode's side: a processor into VMX operation, and the state every exit returns to. Trust: in the TCB; hardware.
 */
#include "hv/vm/vcpu.h"
#include "hv/vmx/instructions.h"
#include "hv/vmx/machine.h"
#include "hv/vmx/vmcs.h"
#include "hv/x86/cpu_local.h"

enum {
	FEATURE_C_VMX = BIT(5),
	FEATURE_C_XSAVE = BIT(26),
	CPUID_XSAVE = 0xD,
	CPUID_EXTENDED_FEATURES = 7,
	FEATURE_D_CAPABILITIES = BIT(29),
	XSAVE_ROOM = 4096,
};
enum { MSR_SPEC_CTRL = 0x48, SPEC_CTRL_IBRS = BIT(0), MSR_CAPABILITIES = 0x10A };
/* Of XCR0: x87, SSE, AVX, AVX-512. The rest is not offered to guests. */
#define XCR0_KNOWN 0xE7ull

struct vmx_machine vmx_machine;

void vmx_exit(void); /* enter.S */

static enum err unlock(void)
{
	u64 value = read_msr(MSR_FEATURE_CONTROL), wanted;
	enum err e = vmx_feature_control(value, &wanted);

	if (!e && wanted != value)
		write_msr(MSR_FEATURE_CONTROL, wanted);
	return e;
}

/* CR4.OSXSAVE has to be set for what guests may do with XSETBV, and for switching it. */
static enum err take_xsave(u64 *xcr0, const char **missing)
{
	struct cpuid_leaf components;

	*missing = "XSAVE";
	if (!(cpuid(CPUID_FEATURES, 0).c & FEATURE_C_XSAVE))
		return ERR_VMX_CAPABILITY;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	components = cpuid(CPUID_XSAVE, 0);
	*xcr0 = components.a & XCR0_KNOWN;
	xsetbv(*xcr0);
	*missing = "a state of XSAVE within a page";
	return cpuid(CPUID_XSAVE, 0).b > XSAVE_ROOM ? ERR_VMX_CAPABILITY : OK;
}

static struct mitigations find_mitigations(void)
{
	struct enumeration found = { 0 };

	if (cpuid(0, 0).a >= CPUID_EXTENDED_FEATURES) {
		struct cpuid_leaf features = cpuid(CPUID_EXTENDED_FEATURES, 0);

		found.features_b = features.b;
		found.features_d = features.d;
		if (features.d & FEATURE_D_CAPABILITIES)
			found.capabilities = read_msr(MSR_CAPABILITIES);
	}
	return mitigations_choose(&found);
}

static enum err examine(struct vmx_machine *m, const char **missing)
{
	enum err e;

	*m = (struct vmx_machine){ 0 };
	if (!(cpuid(CPUID_FEATURES, 0).c & FEATURE_C_VMX))
		return ERR_VMX_ABSENT;
	e = unlock();
	if (!e)
		e = take_xsave(&m->xcr0, missing);
	if (e)
		return e;
	m->mitigations = find_mitigations();
	vmx_caps_read(&m->caps);
	e = vmx_caps_check(&m->caps, missing);
	return e ? e : vmx_controls_choose(&m->caps, &m->controls, missing);
}

/* A vCPU may run anywhere: what was chosen on the first processor has to hold on all. */
static enum err same(const struct vmx_machine *a, const char **missing)
{
	*missing = "the same features on all processors";
	return a->mitigations.on == vmx_machine.mitigations.on && a->xcr0 == vmx_machine.xcr0 &&
	                vmx_caps_same(&a->caps, &vmx_machine.caps)
	        ? OK
	        : ERR_VMX_CAPABILITY;
}

enum err vmx_cpu_start(struct cpu *cpu, const char **missing)
{
	struct vmx_machine found;
	enum err e = examine(&found, missing);

	if (!e && cpu->number)
		e = same(&found, missing);
	if (e)
		return e;
	if (!cpu->number)
		vmx_machine = found;
	if (found.mitigations.on & MITIGATE_IBRS)
		write_msr(MSR_SPEC_CTRL, SPEC_CTRL_IBRS);
	*(u32 *)cpu->vmxon_region = (u32)found.caps.basic;
	write_cr0(read_cr0() | (found.caps.cr0_fixed0 & found.caps.cr0_fixed1));
	write_cr4(read_cr4() | CR4_VMXE);
	e = vmxon(cpu->vmxon_region);
	/* What firmware or an earlier hypervisor left behind under the same tags. */
	if (!e)
		e = invept(INVALIDATE_ALL, 0);
	return e ? e : invvpid(INVALIDATE_ALL, 0);
}

void vmx_host_state(const struct cpu *cpu)
{
	static const u16 data[] = { VMCS_HOST_ES_SELECTOR, VMCS_HOST_SS_SELECTOR, VMCS_HOST_DS_SELECTOR };
	static const u16 zero[] = { VMCS_HOST_FS_SELECTOR, VMCS_HOST_GS_SELECTOR, VMCS_HOST_GS_BASE,
		VMCS_HOST_SYSENTER_CS, VMCS_HOST_SYSENTER_ESP, VMCS_HOST_SYSENTER_EIP };

	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		vmcs_write((enum vmcs_field)data[i], SELECTOR_DATA);
	for (size_t i = 0; i < ARRAY_SIZE(zero); i++)
		vmcs_write((enum vmcs_field)zero[i], 0);
	vmcs_write(VMCS_HOST_CS_SELECTOR, SELECTOR_CODE);
	vmcs_write(VMCS_HOST_TR_SELECTOR, SELECTOR_TASK);
	vmcs_write(VMCS_HOST_CR0, read_cr0());
	vmcs_write(VMCS_HOST_CR3, read_cr3());
	vmcs_write(VMCS_HOST_CR4, read_cr4());
	vmcs_write(VMCS_HOST_EFER, read_msr(MSR_EFER));
	vmcs_write(VMCS_HOST_PAT, read_msr(MSR_PAT));
	vmcs_write(VMCS_HOST_FS_BASE, read_msr(MSR_FS_BASE));
	vmcs_write(VMCS_HOST_TR_BASE, (u64)&cpu->descriptors.task);
	vmcs_write(VMCS_HOST_GDTR_BASE, (u64)cpu->descriptors.gdt);
	vmcs_write(VMCS_HOST_IDTR_BASE, (u64)interrupt_gates);
	vmcs_write(VMCS_HOST_RIP, (u64)vmx_exit);
}
