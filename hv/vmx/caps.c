/* Capability MSRs and their checks. Trust: in the TCB; pure. SDM volume 3D, appendix A. */
#include "hv/vmx/caps.h"

#include "hv/vmx/vmcs.h"

#include <string.h>

enum vmx_msr {
	MSR_VMX_BASIC = 0x480,
	MSR_VMX_MISC = 0x485,
	MSR_VMX_CR0_FIXED0,
	MSR_VMX_CR0_FIXED1,
	MSR_VMX_CR4_FIXED0,
	MSR_VMX_CR4_FIXED1,
	MSR_VMX_EPT_VPID = 0x48C,
};

enum { BASIC_TRUE_CONTROLS_BIT = 55, FEATURE_CONTROL_LOCK = BIT(0), FEATURE_CONTROL_VMX = BIT(2) };
#define BASIC_REGION_SIZE (0x1FFFull << 32)
#define CR0_PE_PG 0x80000001ull
/* The revision of SMM's monitor (SDM A.6), which is nothing to us. */
#define MISC_MSEG (0xFFFFFFFFull << 32)

/* The 'true' ones, which do not force what SDM A.2 calls the default1 class. */
static const u16 control_msr[VMX_CONTROL_SETS] = {
	[VMX_PIN] = 0x48D,
	[VMX_PROCESSOR] = 0x48E,
	[VMX_SECONDARY] = 0x48B,
	[VMX_EXIT] = 0x48F,
	[VMX_ENTRY] = 0x490,
};

/* SDM A.1, A.6 and A.10: all must read as wanted. */
static const struct {
	u64 mask;
	u64 wanted;
	u16 member; /* offset in struct vmx_caps */
	const char *name;
} required[] = {
	{ 1ull << 48, 0, offsetof(struct vmx_caps, basic), "VMX structures above 4 GiB" },
	{ 15ull << 50, 6ull << 50, offsetof(struct vmx_caps, basic), "write-back VMX structures" },
	{ 1ull << BASIC_TRUE_CONTROLS_BIT, 1ull << BASIC_TRUE_CONTROLS_BIT, offsetof(struct vmx_caps, basic),
	        "true control MSRs" },
	{ 1ull << 5, 1ull << 5, offsetof(struct vmx_caps, misc), "saving EFER.LMA on VM exit" },
	{ 1ull << 6, 1ull << 6, offsetof(struct vmx_caps, ept_vpid), "4-level EPT" },
	{ 1ull << 14, 1ull << 14, offsetof(struct vmx_caps, ept_vpid), "write-back EPT tables" },
	{ 1ull << 16, 1ull << 16, offsetof(struct vmx_caps, ept_vpid), "2 MiB EPT pages" },
	{ 1ull << 20, 1ull << 20, offsetof(struct vmx_caps, ept_vpid), "INVEPT" },
	{ 3ull << 25, 3ull << 25, offsetof(struct vmx_caps, ept_vpid), "INVEPT of one and of all contexts" },
	{ 1ull << 32, 1ull << 32, offsetof(struct vmx_caps, ept_vpid), "INVVPID" },
	{ 3ull << 41, 3ull << 41, offsetof(struct vmx_caps, ept_vpid), "INVVPID of one and of all contexts" },
};

enum err vmx_feature_control(u64 value, u64 *wanted)
{
	*wanted = value;
	if (value & FEATURE_CONTROL_LOCK)
		return value & FEATURE_CONTROL_VMX ? OK : ERR_VMX_LOCKED;
	*wanted = value | FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX;
	return OK;
}

/* The MSRs of secondary controls and of EPT exist only where the control before them does (SDM A.3.3, A.10). */
static void read_controls(struct vmx_caps *caps)
{
	for (u32 s = 0; s < VMX_CONTROL_SETS; s++) {
		bool exists = s != VMX_SECONDARY || caps->set[VMX_PROCESSOR].allowed & PROC_SECONDARY;
		u64 value = exists ? read_msr(control_msr[s]) : 0;

		caps->set[s] = (struct vmx_control_caps){ .forced = (u32)value, .allowed = (u32)(value >> 32) };
	}
	if (caps->set[VMX_SECONDARY].allowed & (PROC2_EPT | PROC2_VPID))
		caps->ept_vpid = read_msr(MSR_VMX_EPT_VPID);
}

void vmx_caps_read(struct vmx_caps *caps)
{
	*caps = (struct vmx_caps){ .basic = read_msr(MSR_VMX_BASIC) };
	/* Where these do not exist, vmx_caps_check() refuses. */
	if (caps->basic >> BASIC_TRUE_CONTROLS_BIT & 1)
		read_controls(caps);
	caps->misc = read_msr(MSR_VMX_MISC);
	caps->cr0_fixed0 = read_msr(MSR_VMX_CR0_FIXED0);
	caps->cr0_fixed1 = read_msr(MSR_VMX_CR0_FIXED1);
	caps->cr4_fixed0 = read_msr(MSR_VMX_CR4_FIXED0);
	caps->cr4_fixed1 = read_msr(MSR_VMX_CR4_FIXED1);
}

enum err vmx_caps_check(const struct vmx_caps *caps, const char **missing)
{
	u64 region = (caps->basic & BASIC_REGION_SIZE) >> 32;

	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		u64 value;

		memcpy(&value, (const u8 *)caps + required[i].member, sizeof(value));
		if ((value & required[i].mask) != required[i].wanted) {
			*missing = required[i].name;
			return ERR_VMX_CAPABILITY;
		}
	}
	if (region == 0 || region > KIB(4)) {
		*missing = "a VMCS of at most 4 KiB";
		return ERR_VMX_CAPABILITY;
	}
	return OK;
}

bool vmx_caps_same(const struct vmx_caps *a, const struct vmx_caps *b)
{
	struct vmx_caps other = *b;

	other.misc ^= (a->misc ^ b->misc) & MISC_MSEG;
	return memcmp(a, &other, sizeof(other)) == 0;
}

bool vmx_cr0_valid(const struct vmx_caps *caps, u64 value)
{
	u64 ones = caps->cr0_fixed0 & ~CR0_PE_PG;
	bool paging = value >> 31 & 1, protected_mode = value & 1;

	return (value & ones) == ones && (value & ~caps->cr0_fixed1) == 0 && (protected_mode || !paging);
}

bool vmx_ept_has_1g(const struct vmx_caps *caps)
{
	return caps->ept_vpid >> 17 & 1;
}
