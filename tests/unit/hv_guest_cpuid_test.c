/* Guest CPUID over a processor that has everything: bits are named as the SDM (volume 2, CPUID) names them. */
#include "hv/guest/cpuid.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { CPUS = 3, ID = 2 };

static struct cpuid_view view;
static u32 basic_max, extended_max;

/* Every bit set, but for the leaves whose numbers mean something. */
static struct cpuid_result everything(u32 leaf, u32 subleaf)
{
	if (leaf == 0)
		return (struct cpuid_result){ basic_max, 0x756E6547, 0x6C65746E, 0x49656E69 };
	if (leaf == 0x80000000)
		return (struct cpuid_result){ extended_max, 0, 0, 0 };
	if (leaf != 0xD)
		return (struct cpuid_result){ ~0u, ~0u, ~0u, ~0u };
	/* An AVX-512 server's areas. */
	static const struct cpuid_result area[10] = { [0] = { 0x2FF, 2696, 2696, 0 },
		[1] = { 0x1F, 2568, 0x100, 0 },
		[2] = { 256, 576, 0, 0 },
		[3] = { 64, 960, 0, 0 },
		[4] = { 64, 1024, 0, 0 },
		[5] = { 64, 1088, 2, 0 },
		[6] = { 512, 1152, 2, 0 },
		[7] = { 1024, 1664, 2, 0 },
		[8] = { 128, 0, 1, 0 },
		[9] = { 8, 2688, 0, 0 } };
	return subleaf < 10 ? area[subleaf] : (struct cpuid_result){ 0 };
}

static int set_up(void **state)
{
	(void)state;
	basic_max = 0x20;
	extended_max = 0x80000008;
	view = (struct cpuid_view){ .host = everything,
		.tsc_hz = 2899998000,
		.xcr0 = 7,
		.apic_id = ID,
		.vcpus = CPUS,
		.osxsave = true,
		.rdtscp = true };
	return 0;
}

static void assert_bits(u32 value, const u8 *set, size_t sets, const u8 *clear, size_t clears)
{
	for (size_t i = 0; i < sets; i++)
		assert_int_equal(value >> set[i] & 1, 1);
	for (size_t i = 0; i < clears; i++)
		assert_int_equal(value >> clear[i] & 1, 0);
}
#define ASSERT_BITS(value, set, clear) assert_bits(value, set, sizeof(set), clear, sizeof(clear))

static void leaf_1_has_what_we_model_and_pass(void **state)
{
	/* SSE3, SSSE3, CX16, PCID, x2APIC, TSC deadline, AES, XSAVE, OSXSAVE, AVX, hypervisor */
	static const u8 ecx[] = { 0, 9, 13, 17, 21, 24, 25, 26, 27, 28, 31 };
	/* DTES64, MONITOR, DS-CPL, VMX, SMX, EIST, TM2, CNXT-ID, SDBG, xTPR, PDCM, DCA */
	static const u8 no_ecx[] = { 2, 3, 4, 5, 6, 7, 8, 10, 11, 14, 15, 18 };
	/* FPU, PSE, TSC, MSR, PAE, CX8, APIC, SEP, PGE, CMOV, PAT, FXSR, SSE, SSE2, HTT */
	static const u8 edx[] = { 0, 3, 4, 5, 6, 8, 9, 11, 13, 15, 16, 24, 25, 26, 28 };
	/* VME, MCE, MTRR, MCA, PSN, DS, ACPI, TM, PBE */
	static const u8 no_edx[] = { 1, 7, 12, 14, 18, 21, 22, 29, 31 };
	(void)state;
	struct cpuid_result r = guest_cpuid(&view, 1, 0);
	ASSERT_BITS(r.ecx, ecx, no_ecx);
	ASSERT_BITS(r.edx, edx, no_edx);
	assert_int_equal(r.ebx >> 24, ID);
	assert_int_equal(r.ebx >> 16 & 0xFF, CPUS);
	assert_int_equal(r.ebx & 0xFF, 0);
	view.osxsave = false;
	view.vcpus = 1;
	r = guest_cpuid(&view, 1, 0);
	assert_int_equal(r.ecx >> 27 & 1, 0);
	assert_int_equal(r.edx >> 28 & 1, 0);
}

static void leaf_7_hides_what_needs_msrs_or_leaks(void **state)
{
	static const u8 ebx[] = { 0, 1, 3, 5, 7, 8, 10, 16, 18, 20, 29 };
	/* SGX, HLE, RTM, RDT-M, MPX, RDT-A, PT */
	static const u8 no_ebx[] = { 2, 4, 11, 12, 14, 15, 25 };
	/* PKU, OSPKE, WAITPKG, CET_SS, TME, LA57, RDPID, KL, BUS_LOCK, ENQCMD, SGX_LC, PKS */
	static const u8 ecx[] = { 2 }, no_ecx[] = { 3, 4, 5, 7, 13, 16, 22, 23, 24, 29, 30, 31 };
	static const u8 edx[] = { 4, 10 };
	/* UINTR, SRBDS_CTRL, PCONFIG, LBR, CET_IBT, AMX (BF16, TILE, INT8), IBRS, STIBP, L1D_FLUSH, ARCH_CAPABILITIES,
	 * CORE_CAPABILITIES, SSBD */
	static const u8 no_edx[] = { 5, 9, 18, 19, 20, 22, 24, 25, 26, 27, 28, 29, 30, 31 };
	(void)state;
	struct cpuid_result r = guest_cpuid(&view, 7, 0);
	assert_int_equal(r.eax, 0);
	ASSERT_BITS(r.ebx, ebx, no_ebx);
	ASSERT_BITS(r.ecx, ecx, no_ecx);
	ASSERT_BITS(r.edx, edx, no_edx);
	r = guest_cpuid(&view, 7, 1);
	assert_int_equal(r.eax | r.ebx | r.ecx | r.edx, 0);
}

static void extended_leaves(void **state)
{
	(void)state;
	struct cpuid_result r = guest_cpuid(&view, 0x80000001, 0);
	assert_int_equal(r.edx, 1 << 11 | 1 << 20 | 1 << 26 | 1 << 27 | 1 << 29);
	assert_int_equal(r.ecx, 1 | 1 << 5 | 1 << 8);
	view.rdtscp = false;
	assert_int_equal(guest_cpuid(&view, 0x80000001, 0).edx >> 27 & 1, 0);
	assert_int_equal(guest_cpuid(&view, 0x80000000, 0).eax, 0x80000008);
	assert_int_equal(guest_cpuid(&view, 0x80000007, 0).edx, 1 << 8);
	r = guest_cpuid(&view, 0x80000008, 0);
	assert_int_equal(r.eax, 0xFFFF);
	assert_int_equal(r.ebx | r.ecx | r.edx, 0);
}

/* The signatures as a kernel compares them: EBX, ECX, EDX are twelve characters. */
static void assert_signature(u32 leaf, const char *text, u32 last)
{
	struct cpuid_result r = guest_cpuid(&view, leaf, 0);
	u32 word[3] = { r.ebx, r.ecx, r.edx };
	assert_memory_equal(word, text, 12);
	assert_int_equal(r.eax, last);
}

static void hypervisor_leaves_name_us_and_offer_nothing(void **state)
{
	(void)state;
	assert_signature(0x40000000, "SignetSignet", 0x40000000);
	assert_signature(0x40000100, "KVMKVMKVM\0\0\0", 0x40000101);
	for (u32 leaf = 0x40000001; leaf < 0x40000400; leaf++) {
		if (leaf == 0x40000100)
			continue;
		struct cpuid_result r = guest_cpuid(&view, leaf, 0);
		assert_int_equal(r.eax | r.ebx | r.ecx | r.edx, 0);
	}
}

/* Linux, native_calibrate_tsc(): kHz of the crystal times EBX over EAX, in 32 bits. */
static void linux_computes_the_measured_tsc(void **state)
{
	static const u64 hz[] = { 1000000, 2899998000, 4200000000 };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hz); i++) {
		view.tsc_hz = hz[i];
		struct cpuid_result r = guest_cpuid(&view, 0x15, 0);
		u32 crystal_khz = r.ecx / 1000;
		assert_int_equal(crystal_khz * r.ebx / r.eax, hz[i] / 1000);
		assert_int_equal(guest_cpuid(&view, 0x16, 0).eax, hz[i] / 1000000);
	}
}

static void topology_is_one_package_of_cores(void **state)
{
	(void)state;
	struct cpuid_result r = guest_cpuid(&view, 0xB, 0);
	assert_int_equal(r.eax, 0);
	assert_int_equal(r.ebx, 1);
	assert_int_equal(r.ecx, 0x100);
	assert_int_equal(r.edx, ID);
	r = guest_cpuid(&view, 0xB, 1);
	assert_int_equal(r.eax, 2);
	assert_int_equal(r.ebx, CPUS);
	assert_int_equal(r.ecx, 0x201);
	r = guest_cpuid(&view, 0xB, 2);
	assert_int_equal(r.ebx, 0);
	assert_int_equal(r.ecx, 2);
	/* No cache is shared. */
	assert_int_equal(guest_cpuid(&view, 4, 0).eax >> 14, 0);
}

static void xsave_areas_have_room_for_what_is_allowed(void **state)
{
	(void)state;
	struct cpuid_result r = guest_cpuid(&view, 0xD, 0);
	assert_int_equal(r.eax, 0xE7);
	assert_int_equal(r.edx, 0);
	assert_int_equal(r.ebx, 832);
	assert_int_equal(r.ecx, 2688);
	view.xcr0 = 3;
	assert_int_equal(guest_cpuid(&view, 0xD, 0).ebx, 576);
	view.xcr0 = 0xE7;
	assert_int_equal(guest_cpuid(&view, 0xD, 0).ebx, 2688);
	r = guest_cpuid(&view, 0xD, 1);
	/* XSAVEC, without XSAVES; 576 + 256 + 64 + 512 + 1024. */
	assert_int_equal(r.eax, 7);
	assert_int_equal(r.ebx, 2432);
	assert_int_equal(r.ecx, 0);
	assert_int_equal(guest_cpuid(&view, 0xD, 2).eax, 256);
	assert_int_equal(guest_cpuid(&view, 0xD, 7).ebx, 1664);
	static const u32 hidden[] = { 3, 4, 8, 9, 31, 63, UINT32_MAX };
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		assert_int_equal(guest_cpuid(&view, 0xD, hidden[i]).eax, 0);
}

static void unknown_leaves_are_empty(void **state)
{
	/* MONITOR, performance, SGX, PT, RDT, key locker, hybrid, AMX; what is beyond; and SVM's. */
	static const u32 leaves[] = { 3, 5, 8, 9, 0xA, 0xC, 0xE, 0xF, 0x10, 0x11, 0x12, 0x14, 0x17, 0x18, 0x19, 0x1A,
		0x1D, 0x1E, 0x20, 0x24, 0x3FFFFFFF, 0x40010000, 0x80000005, 0x8000000A, 0x8000001F, 0xC0000000,
		UINT32_MAX };
	(void)state;
	assert_int_equal(guest_cpuid(&view, 0, 0).eax, 0x16);
	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
		struct cpuid_result r = guest_cpuid(&view, leaves[i], 0);
		assert_int_equal(r.eax | r.ebx | r.ecx | r.edx, 0);
	}
}

/* Beyond its highest leaf an old processor repeats another one; the guest must not see that. */
static void an_old_processor_shows_only_its_own_leaves(void **state)
{
	(void)state;
	basic_max = 4;
	extended_max = 0x80000004;
	struct cpuid_result r = guest_cpuid(&view, 7, 0);
	assert_int_equal(r.eax | r.ecx | r.edx, 0);
	assert_int_equal(r.ebx, 2); /* TSC_ADJUST is ours */
	assert_int_equal(guest_cpuid(&view, 0xD, 0).eax, 0);
	assert_int_equal(guest_cpuid(&view, 0x80000008, 0).eax, 0);
	assert_int_not_equal(guest_cpuid(&view, 0x80000004, 0).eax, 0);
	assert_int_equal(guest_cpuid(&view, 0x80000007, 0).edx, 1 << 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(leaf_1_has_what_we_model_and_pass, set_up),
		cmocka_unit_test_setup(leaf_7_hides_what_needs_msrs_or_leaks, set_up),
		cmocka_unit_test_setup(extended_leaves, set_up),
		cmocka_unit_test_setup(hypervisor_leaves_name_us_and_offer_nothing, set_up),
		cmocka_unit_test_setup(linux_computes_the_measured_tsc, set_up),
		cmocka_unit_test_setup(topology_is_one_package_of_cores, set_up),
		cmocka_unit_test_setup(xsave_areas_have_room_for_what_is_allowed, set_up),
		cmocka_unit_test_setup(unknown_leaves_are_empty, set_up),
		cmocka_unit_test_setup(an_old_processor_shows_only_its_own_leaves, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
