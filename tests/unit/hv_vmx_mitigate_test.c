/* Side channels: what is done on which processor, by what it enumerates. */
#include "hv/vmx/mitigate.h"
#include "tests/unit/fake_vmcs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define RTM (1u << 11)
#define MD_CLEAR (1u << 10)
#define SPEC_CTRL (1u << 26)
#define FLUSH_CMD (1u << 28)
#define RDCL_NO 1ull
#define IBRS_ALL 2ull
#define SKIP_L1DFL 8ull
#define MDS_NO 0x20ull
#define PSCHANGE_MC_NO 0x40ull
#define TAA_NO 0x100ull
#define FB_CLEAR 0x20000ull

enum { ALL_OLD = MITIGATE_L1D | MITIGATE_IBPB | MITIGATE_VERW };

/* Whatever may be missing has words, each its own. */
static void what_is_missing_is_told(void **state)
{
	(void)state;
	assert_null(mitigation_lack(0, 0));
	for (u32 i = 0; i < 3; i++) {
		u8 bit = (u8)(MITIGATE_L1D << i);
		const char *text = mitigation_lack(bit, 0);
		assert_non_null(text);
		assert_null(mitigation_lack(bit, 1));
		assert_null(mitigation_lack((u8)~ALL_OLD, 0));
		assert_ptr_equal(text, mitigation_lack(ALL_OLD, i));
	}
	assert_null(mitigation_lack(ALL_OLD, 3));
}

static void each_is_decided_by_what_is_enumerated(void **state)
{
	static const struct {
		struct enumeration enumerated;
		u8 on, missing;
	} cases[] = {
		/* Before the microcode of 2018: vulnerable to all, and no means. */
		{ { 0, 0, 0 }, 0, ALL_OLD },
		{ { RTM, 0, 0 }, 0, ALL_OLD },
		/* The same with microcode. */
		{ { RTM, MD_CLEAR | SPEC_CTRL | FLUSH_CMD, 0 }, ALL_OLD, 0 },
		{ { 0, MD_CLEAR | SPEC_CTRL, 0 }, MITIGATE_IBPB | MITIGATE_VERW, MITIGATE_L1D },
		/* Under a hypervisor that flushes. */
		{ { 0, MD_CLEAR | SPEC_CTRL, SKIP_L1DFL }, MITIGATE_IBPB | MITIGATE_VERW, 0 },
		/* MDS_NO and TSX: TAA alone needs VERW; without TSX, or with TAA_NO, nothing does. */
		{ { RTM, MD_CLEAR | SPEC_CTRL, RDCL_NO | IBRS_ALL | MDS_NO },
		        MITIGATE_IBPB | MITIGATE_VERW | MITIGATE_IBRS, 0 },
		{ { 0, MD_CLEAR | SPEC_CTRL, RDCL_NO | IBRS_ALL | MDS_NO }, MITIGATE_IBPB | MITIGATE_IBRS, 0 },
		{ { RTM, MD_CLEAR | SPEC_CTRL, RDCL_NO | IBRS_ALL | MDS_NO | TAA_NO }, MITIGATE_IBPB | MITIGATE_IBRS,
		        0 },
		/* MMIO stale data: three immunities, all of them or not; then register files. */
		{ { 0, SPEC_CTRL, RDCL_NO | MDS_NO | FB_CLEAR }, MITIGATE_IBPB | MITIGATE_VERW, 0 },
		{ { 0, SPEC_CTRL, RDCL_NO | MDS_NO | FB_CLEAR | 6ull << 13 }, MITIGATE_IBPB | MITIGATE_VERW, 0 },
		{ { 0, SPEC_CTRL, RDCL_NO | MDS_NO | FB_CLEAR | 7ull << 13 }, MITIGATE_IBPB, 0 },
		{ { 0, SPEC_CTRL, RDCL_NO | MDS_NO | 1ull << 28 }, MITIGATE_IBPB | MITIGATE_VERW, 0 },
		{ { 0, SPEC_CTRL, RDCL_NO | MDS_NO | 3ull << 27 }, MITIGATE_IBPB, 0 },
		/* Only who says that it cannot happen gets code in large pages. */
		{ { 0, SPEC_CTRL, RDCL_NO | MDS_NO | PSCHANGE_MC_NO }, MITIGATE_IBPB, 0 },
		{ { 0, SPEC_CTRL, RDCL_NO | MDS_NO }, MITIGATE_IBPB | MITIGATE_CODE_PAGES, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mitigations m = mitigations_choose(&cases[i].enumerated);
		u8 pages = cases[i].enumerated.capabilities & PSCHANGE_MC_NO ? 0 : MITIGATE_CODE_PAGES;
		if (m.on != (cases[i].on | pages) || m.missing != cases[i].missing)
			fail_msg("case %zu: on %#x, missing %#x", i, (unsigned)m.on, (unsigned)m.missing);
	}
}

enum { PRED_CMD = 0x49, FLUSH_CMD_MSR = 0x10B };

/* The MSRs that were written, in their order, with 1 each. */
static void assert_done(u8 on, bool same_vm, u32 first, u32 second)
{
	memset(&fake_vmcs, 0, sizeof(fake_vmcs));
	mitigate_load(on, same_vm);
	assert_int_equal(fake_vmcs.msr[0].number, first);
	assert_int_equal(fake_vmcs.msr[0].value, first != 0);
	assert_int_equal(fake_vmcs.msr[1].number, second);
	assert_int_equal(fake_vmcs.msr[1].value, second != 0);
	assert_int_equal(fake_vmcs.msr[2].number, 0);
}

static void a_change_of_vm_costs_more_than_one_of_vcpu(void **state)
{
	(void)state;
	assert_done(ALL_OLD, true, FLUSH_CMD_MSR, 0);
	assert_done(ALL_OLD, false, PRED_CMD, FLUSH_CMD_MSR);
	assert_done(MITIGATE_IBPB, false, PRED_CMD, 0);
	assert_done(MITIGATE_IBPB, true, 0, 0);
	assert_done(MITIGATE_VERW | MITIGATE_IBRS, false, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_told),
		cmocka_unit_test(each_is_decided_by_what_is_enumerated),
		cmocka_unit_test(a_change_of_vm_costs_more_than_one_of_vcpu),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
