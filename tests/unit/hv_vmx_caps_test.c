/* Capabilities of processors as they report them, and of broken ones: each missing feature is refused by its name. */
#include "hv/vmx/caps.h"
#include "hv/vmx/vmcs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { FIRST_MSR = 0x480, MSRS = 0x11 };

/* IA32_VMX_BASIC to IA32_VMX_TRUE_ENTRY_CTLS in their order; 491h is not asked for. */
struct processor {
	const char *name;
	u64 msr[MSRS];
	bool usable;
};

static const struct processor processors[] = {
	{ "Skylake-SP",
	        { 0x00DA040000000004, 0x0000007F00000016, 0xFFF9FFFE0401E172, 0x01FFFFFF00036DFF, 0x0003FFFF000011FF,
	                0x7004C1E7, 0x80000021, 0xFFFFFFFF, 0x2000, 0x3767FF, 0x2A, 0x00553CFE00000000,
	                0x00000F0106734141, 0x0000007F00000016, 0xFFF9FFFE04006172, 0x01FFFFFF00036DFB,
	                0x0003FFFF000011FB },
	        true },
	{ "Haswell",
	        { 0x00DA040000000012, 0x0000007F00000016, 0xFFF9FFFE0401E172, 0x007FFFFF00036DFF, 0x0000FFFF000011FF,
	                0x300481E5, 0x80000021, 0xFFFFFFFF, 0x2000, 0x1727FF, 0x2A, 0x00007CFF00000000,
	                0x00000F0106334141, 0x0000007F00000016, 0xFFF9FFFE04006172, 0x007FFFFF00036DFB,
	                0x0000FFFF000011FB },
	        true },
	{ "Nehalem, which has no unrestricted guests",
	        { 0x00DA04000000000E, 0x0000007F00000016, 0xF7F9FFFE0401E172, 0x003FFFFF00036DFF, 0x0000FFFF000011FF,
	                0x000401E0, 0x80000021, 0xFFFFFFFF, 0x2000, 0x000027FF, 0x2C, 0x0000007F00000000,
	                0x00000F0106114141, 0x0000007F00000016, 0xF7F9FFFE04006172, 0x003FFFFF00036DFB,
	                0x0000FFFF000011FB },
	        false },
	{ "Merom, which has no EPT and no true MSRs",
	        { 0x001A040000000007, 0x0000001F00000016, 0x77B9FFFE0401E172, 0x0003EFFF00036DFF, 0x00001FFF000011FF,
	                0x000403C0, 0x80000021, 0xFFFFFFFF, 0x2000, 0x000027FF, 0x2C },
	        false },
};

/* Controls that are not wanted. */
enum {
	PROC_RDTSC_EXITING = BIT(12),
	PROC_CR3_LOAD_EXITING = BIT(15),
	PROC_CR3_STORE_EXITING = BIT(16),
	PROC2_APIC_ACCESSES = BIT(0),
	PROC2_VMFUNC = BIT(13)
};

static struct processor now;

u64 read_msr(u32 msr)
{
	const struct processor *p = &now;
	bool has_true = p->msr[0] >> 55 & 1, has_secondary = p->msr[2] >> 63;

	assert_in_range(msr, FIRST_MSR, FIRST_MSR + MSRS - 1);
	if (msr == 0x48B)
		assert_true(has_secondary);
	if (msr == 0x48C)
		assert_true(has_secondary && p->msr[0xB] >> 32 & 0x22);
	if (msr >= 0x48D)
		assert_true(has_true);
	return p->msr[msr - FIRST_MSR];
}

static void read_caps(struct vmx_caps *caps)
{
	vmx_caps_read(caps);
}

static enum err check(const char **missing)
{
	struct vmx_controls controls;
	struct vmx_caps caps;

	*missing = NULL;
	read_caps(&caps);
	enum err e = vmx_caps_check(&caps, missing);
	return e ? e : vmx_controls_choose(&caps, &controls, missing);
}

static void assert_refused(const char *why)
{
	const char *missing;

	assert_int_equal(check(&missing), ERR_VMX_CAPABILITY);
	assert_string_equal(missing, why);
	now = processors[0];
	assert_int_equal(check(&missing), OK);
}

static void known_processors_are_judged(void **state)
{
	const char *missing;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(processors); i++) {
		now = processors[i];
		assert_int_equal(check(&missing), now.usable ? OK : ERR_VMX_CAPABILITY);
		if (!now.usable)
			assert_non_null(missing);
	}
	now = processors[2];
	assert_refused("unrestricted guests");
	now = processors[3];
	assert_refused("true control MSRs");
}

/* msr: its index; bit: what a broken processor does not allow. */
static const struct {
	u8 msr;
	u8 bit;
	const char *name;
} lacking[] = {
	{ 0x0D, 0, "external-interrupt exiting" },
	{ 0x0D, 3, "NMI exiting" },
	{ 0x0D, 5, "virtual NMIs" },
	{ 0x0D, 6, "the VMX preemption timer" },
	{ 0x0E, 31, "4-level EPT" }, /* whose MSR is not there without secondary controls */
	{ 0x0E, 3, "TSC offsetting" },
	{ 0x0E, 7, "HLT exiting" },
	{ 0x0E, 10, "MWAIT exiting" },
	{ 0x0E, 29, "MONITOR exiting" },
	{ 0x0E, 11, "RDPMC exiting" },
	{ 0x0E, 19, "CR8 exiting" },
	{ 0x0E, 20, "CR8 exiting" },
	{ 0x0E, 25, "I/O bitmaps" },
	{ 0x0E, 28, "MSR bitmaps" },
	{ 0x0E, 2, "interrupt and NMI windows" },
	{ 0x0B, 1, "EPT" },
	{ 0x0B, 5, "VPID" },
	{ 0x0B, 7, "unrestricted guests" },
	{ 0x0B, 6, "WBINVD exiting" },
	{ 0x0F, 9, "a 64-bit host" },
	{ 0x0F, 15, "acknowledge interrupt on exit" },
	{ 0x0F, 19, "switching IA32_PAT" },
	{ 0x0F, 20, "switching IA32_EFER" },
	{ 0x10, 14, "loading IA32_PAT" },
	{ 0x10, 15, "loading IA32_EFER" },
	{ 0x10, 9, "64-bit guests" },
};

static void a_missing_control_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lacking); i++) {
		now = processors[0];
		now.msr[lacking[i].msr] &= ~(1ull << 32 << lacking[i].bit);
		assert_refused(lacking[i].name);
	}
}

static const struct {
	u8 msr;
	u64 flip;
	const char *name;
} other[] = {
	{ 0, 1ull << 48, "VMX structures above 4 GiB" },
	{ 0, 2ull << 50, "write-back VMX structures" },
	{ 0, 0x400ull << 32, "a VMCS of at most 4 KiB" },
	{ 0, 0x1800ull << 32, "a VMCS of at most 4 KiB" },
	{ 5, 1ull << 5, "saving EFER.LMA on VM exit" },
	{ 12, 1ull << 6, "4-level EPT" },
	{ 12, 1ull << 14, "write-back EPT tables" },
	{ 12, 1ull << 16, "2 MiB EPT pages" },
	{ 12, 1ull << 20, "INVEPT" },
	{ 12, 1ull << 25, "INVEPT of one and of all contexts" },
	{ 12, 1ull << 32, "INVVPID" },
	{ 12, 1ull << 42, "INVVPID of one and of all contexts" },
	/* Forced on although nobody here knows what it does. */
	{ 0x0D, 1ull << 7, "a pin-based control" },
	{ 0x0E, 1ull << 23, "a processor-based control" },
	{ 0x0B, 1ull << 2, "a secondary control" },
	{ 0x0F, 1ull << 12, "a VM-exit control" },
	{ 0x10, 1ull << 11, "a VM-entry control" },
	/* Without the true MSRs CR3 accesses would exit. */
	{ 0, 1ull << 55, "true control MSRs" },
};

static void anything_else_missing_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		now = processors[0];
		now.msr[other[i].msr] ^= other[i].flip;
		assert_refused(other[i].name);
	}
}

static void chosen_controls_are_allowed_and_complete(void **state)
{
	struct vmx_controls controls;
	const char *missing;
	struct vmx_caps caps;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		now = processors[i];
		read_caps(&caps);
		assert_int_equal(vmx_controls_choose(&caps, &controls, &missing), OK);
		for (u32 s = 0; s < VMX_CONTROL_SETS; s++) {
			assert_int_equal(controls.set[s] & ~caps.set[s].allowed, 0);
			assert_int_equal(caps.set[s].forced & ~controls.set[s], 0);
		}
		assert_true(controls.set[VMX_SECONDARY] & PROC2_INVPCID);
		assert_int_equal(controls.set[VMX_SECONDARY] & (PROC2_VMFUNC | PROC2_APIC_ACCESSES), 0);
		assert_int_equal(!!(controls.set[VMX_SECONDARY] & PROC2_XSAVES), i == 0);
		assert_int_equal(controls.set[VMX_PROCESSOR] &
		                (PROC_CR3_LOAD_EXITING | PROC_CR3_STORE_EXITING | PROC_INTERRUPT_WINDOW |
		                        PROC_NMI_WINDOW | PROC_RDTSC_EXITING),
		        0);
		assert_int_equal(controls.set[VMX_ENTRY] & VMENTRY_IA32E_GUEST, 0);
	}
	assert_int_equal(controls.set[VMX_SECONDARY] & PROC2_ENCLS_EXITING, 0);
	now.msr[0xB] |= (u64)PROC2_ENCLS_EXITING << 32;
	read_caps(&caps);
	assert_int_equal(vmx_controls_choose(&caps, &controls, &missing), OK);
	assert_true(controls.set[VMX_SECONDARY] & PROC2_ENCLS_EXITING);
	assert_int_equal(caps.misc & VMX_PREEMPTION_SHIFT, 5);
	assert_true(vmx_ept_has_1g(&caps));
}

static void control_registers_keep_to_the_fixed_bits(void **state)
{
	struct vmx_caps caps;

	(void)state;
	now = processors[0];
	read_caps(&caps);
	assert_true(vmx_cr0_valid(&caps, 0x80000031));
	assert_true(vmx_cr0_valid(&caps, 0x20));
	assert_true(vmx_cr0_valid(&caps, 0x21));
	assert_false(vmx_cr0_valid(&caps, 0x80000020));
	assert_false(vmx_cr0_valid(&caps, 0x80000011));
	assert_false(vmx_cr0_valid(&caps, 0x180000031));
}

/* In each word of what is read; but for the revision of SMM's monitor, which nobody here asks for. */
static void processors_differ_by_any_capability(void **state)
{
	struct vmx_caps first, second;

	(void)state;
	now = processors[0];
	read_caps(&first);
	for (u32 at = 0; at < sizeof(second); at += sizeof(u64)) {
		second = first;
		assert_true(vmx_caps_same(&first, &second));
		((u8 *)&second)[at + 2] ^= 1;
		assert_false(vmx_caps_same(&first, &second));
	}
	second = first;
	second.misc ^= 5ull << 32;
	assert_true(vmx_caps_same(&first, &second));
}

static void feature_control_is_completed_locked_or_refused(void **state)
{
	static const struct {
		u64 value, wanted;
		enum err e;
	} cases[] = { { 5, 5, OK }, { 0, 5, OK }, { 4, 5, OK }, { 2, 7, OK }, { 1, 1, ERR_VMX_LOCKED },
		{ 3, 3, ERR_VMX_LOCKED }, { 0x100001, 0x100001, ERR_VMX_LOCKED }, { 0xFF07, 0xFF07, OK } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 wanted;
		assert_int_equal(vmx_feature_control(cases[i].value, &wanted), cases[i].e);
		assert_int_equal(wanted, cases[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_processors_are_judged),
		cmocka_unit_test(a_missing_control_is_named),
		cmocka_unit_test(anything_else_missing_is_named),
		cmocka_unit_test(chosen_controls_are_allowed_and_complete),
		cmocka_unit_test(control_registers_keep_to_the_fixed_bits),
		cmocka_unit_test(feature_control_is_completed_locked_or_refused),
		cmocka_unit_test(processors_differ_by_any_capability),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
