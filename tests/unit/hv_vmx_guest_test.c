/* How vCPUs start, what stays theirs when another runs, and which MSRs and ports they reach without an exit. */
#include "tests/unit/fake_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define V (&fake.vcpu)
#define F fake_vmcs.field

static int set_up(void **state)
{
	(void)state;
	fake_guest_reset();
	memset(&fake_vmcs, 0, sizeof(fake_vmcs));
	fake.hardware.vpid = 3;
	fake.machine.controls = (struct vmx_controls){ { 0x7F, 0xB5186DFA, 0x1000AA, 0x3FFFFF, 0xD1FB } };
	fake.vm.ept.tables.root = 0x5000;
	return 0;
}

static void start(struct vmx_entry entry)
{
	fake.hardware.made = false;
	vmx_vcpu_begin(V, &entry);
	vmx_guest_begin(V);
}

/* Fields the processor reads at entry, all of which have to be written (SDM 27.2-27.3): by range of encodings. */
static const struct {
	u32 first, last;
} needed[] = {
	{ VMCS_VPID, VMCS_VPID },
	{ VMCS_GUEST_ES_SELECTOR, VMCS_GUEST_TR_SELECTOR },
	{ VMCS_IO_BITMAP_A, VMCS_MSR_BITMAP },
	{ VMCS_LINK_POINTER, VMCS_GUEST_EFER },
	{ VMCS_PIN_CONTROLS, VMCS_ENTRY_INTERRUPTION_INFO },
	{ VMCS_GUEST_ES_LIMIT, VMCS_GUEST_ACTIVITY },
	{ VMCS_GUEST_SYSENTER_CS, VMCS_GUEST_SYSENTER_CS },
	{ VMCS_CR0_MASK, VMCS_CR4_SHADOW },
	{ VMCS_GUEST_CR0, VMCS_GUEST_SYSENTER_EIP },
	{ VMCS_EPT_POINTER, VMCS_EPT_POINTER },
	{ VMCS_TSC_OFFSET, VMCS_TSC_OFFSET },
	{ VMCS_SECONDARY_CONTROLS, VMCS_SECONDARY_CONTROLS },
};

static void every_field_that_entry_reads_is_written(void **state)
{
	(void)state;
	for (u32 mode = VMX_START_SIPI; mode <= VMX_START_LONG; mode++) {
		set_up(NULL);
		start((struct vmx_entry){ .mode = (enum vmx_start)mode });
		for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
			for (u32 f = needed[i].first; f <= needed[i].last; f += 2)
				if (!fake_vmcs.written[f])
					fail_msg("mode %u leaves field %#x", (unsigned)mode, (unsigned)f);
		assert_int_equal(F[VMCS_LINK_POINTER], UINT64_MAX);
		assert_int_equal(F[VMCS_EPT_POINTER], 0x501E);
		assert_int_equal(F[VMCS_EXCEPTION_BITMAP], 1u << 1 | 1u << 17 | 1u << 18);
		assert_int_equal(F[VMCS_XSS_EXITING_BITMAP], UINT64_MAX);
		assert_int_equal(F[VMCS_GUEST_RFLAGS], 2);
		assert_int_equal(F[VMCS_GUEST_TR_ACCESS] & 0x1008F, 0x8B);
		assert_true(vmx_cr0_valid(&fake.machine.caps, F[VMCS_GUEST_CR0]));
		assert_true(fake_takes_cr4(F[VMCS_GUEST_CR4]));
		assert_true(V->flush && V->due.type == EVENT_NONE);
	}
}

static void sgx_leaves_exit_where_the_processor_has_them(void **state)
{
	(void)state;
	start((struct vmx_entry){ .mode = VMX_START_SIPI });
	assert_false(fake_vmcs.written[VMCS_ENCLS_EXITING_BITMAP]);
	fake.machine.controls.set[VMX_SECONDARY] |= PROC2_ENCLS_EXITING;
	start((struct vmx_entry){ .mode = VMX_START_SIPI });
	assert_int_equal(F[VMCS_ENCLS_EXITING_BITMAP], UINT64_MAX);
}

static void sipi_is_real_mode(void **state)
{
	(void)state;
	start((struct vmx_entry){ .mode = VMX_START_SIPI, .vector = 0x9A });
	assert_true(F[VMCS_GUEST_CS_BASE] == 0x9A000 && F[VMCS_GUEST_CS_SELECTOR] == 0x9A00);
	assert_true(F[VMCS_GUEST_RIP] == 0 && F[VMCS_GUEST_CS_LIMIT] == 0xFFFF && F[VMCS_GUEST_DS_ACCESS] == 0x93);
	assert_int_equal(F[VMCS_GUEST_TR_BASE], 0);
	assert_int_equal(vcpu_get(V, VCPU_CR0), CR0_CD | CR0_NW | CR0_ET);
	assert_int_equal(F[VMCS_ENTRY_CONTROLS] & VMENTRY_IA32E_GUEST, 0);
}

static void the_64_bit_boot_protocol_is_long_mode(void **state)
{
	(void)state;
	V->gpr[RSI] = 7;
	start((struct vmx_entry){ .mode = VMX_START_LONG,
	        .rip = 0x1000200,
	        .rsp = 0x8000,
	        .cr3 = 0x9000,
	        .gdt = 0x7000,
	        .gdt_limit = 31 });
	assert_int_equal(V->gpr[RSI], 0);
	assert_true(F[VMCS_GUEST_RIP] == 0x1000200 && F[VMCS_GUEST_RSP] == 0x8000 && F[VMCS_GUEST_CR3] == 0x9000);
	assert_true(F[VMCS_GUEST_GDTR_BASE] == 0x7000 && F[VMCS_GUEST_GDTR_LIMIT] == 31);
	assert_true(F[VMCS_GUEST_CS_SELECTOR] == 0x10 && F[VMCS_GUEST_SS_SELECTOR] == 0x18);
	assert_int_equal(F[VMCS_GUEST_EFER], EFER_LME | EFER_LMA);
	assert_int_equal(F[VMCS_ENTRY_CONTROLS], 0xD1FB | VMENTRY_IA32E_GUEST);
	assert_true(vcpu_code_64(V));
}

static void nothing_of_one_vcpu_is_left_for_another(void **state)
{
	static u64 area[2][64] __attribute__((aligned(64)));
	static const u32 numbers[] = { MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK, MSR_KERNEL_GS_BASE,
		MSR_TSC_AUX };
	struct vcpu_hardware a = { .machine = &fake.machine, .xsave = (u64)area[0], .xcr0 = 3 }, b = a;

	(void)state;
	b.xsave = (u64)area[1];
	fake.machine.xcr0 = 0xE7;
	fake.machine.controls.set[VMX_SECONDARY] |= PROC2_RDTSCP;
	memset(area, 0, sizeof(area));
	vmx_restore(&a);
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++)
		write_msr(numbers[i], 100 + i);
	for (u32 i = 0; i < 4; i++)
		fake_vmcs.dr[i] = 200 + i;
	write_dr6(206);
	write_cr2(300);
	/* Filled, and then switched off. */
	xsetbv(0xE7);
	fake_vmcs.components[7] = 400;
	xsetbv(1);
	vmx_save(&a);
	vmx_restore(&b);
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_int_equal(read_msr(numbers[i]), 0);
	assert_true(fake_vmcs.dr[0] == 0 && fake_vmcs.dr[3] == 0 && read_dr6() == 0 && read_cr2() == 0);
	assert_int_equal(fake_vmcs.components[7], 0);
	assert_int_equal(xgetbv(), 3);
	vmx_save(&b);
	vmx_restore(&a);
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_int_equal(read_msr(numbers[i]), 100 + i);
	assert_true(fake_vmcs.dr[0] == 200 && fake_vmcs.dr[3] == 203 && read_dr6() == 206 && read_cr2() == 300);
	assert_int_equal(fake_vmcs.components[7], 400);
	assert_int_equal(xgetbv(), 1);
}

/* SDM 25.6.9: reads of low and high MSRs, then writes. */
static bool exits(const u8 *bitmap, u32 msr, bool write)
{
	u32 bit = (msr & 0x1FFF) + (msr >> 31) * 8192 + write * 16384u;

	return bitmap[bit / 8] >> bit % 8 & 1;
}

static void msrs_exit_but_for_an_allow_list(void **state)
{
	static const u32 passed[] = { 0x174, 0x175, 0x176, 0xC0000081, 0xC0000082, 0xC0000083, 0xC0000084, 0xC0000100,
		0xC0000101, 0xC0000102, 0xC0000103 };
	static u8 bitmap[VMX_BITMAP_SIZE];
	u32 without_exit = 0;

	(void)state;
	vmx_msr_bitmap(bitmap, true);
	for (u32 i = 0; i < VMX_BITMAP_SIZE * 8u; i++)
		without_exit += !(bitmap[i / 8] >> i % 8 & 1);
	assert_int_equal(without_exit, 2 * ARRAY_SIZE(passed) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		assert_false(exits(bitmap, passed[i], false) || exits(bitmap, passed[i], true));
	assert_false(exits(bitmap, 0x10, false));
	assert_true(exits(bitmap, 0x10, true));
	vmx_msr_bitmap(bitmap, false);
	assert_true(exits(bitmap, 0xC0000103, false) && exits(bitmap, 0xC0000103, true));
}

static void ports_exit_but_for_those_passed(void **state)
{
	static u8 bitmaps[VMX_IO_BITMAPS_SIZE];
	const u8 *low = bitmaps, *high = bitmaps + 0x1000;

	(void)state;
	memset(bitmaps, 0xFF, sizeof(bitmaps));
	vmx_io_pass(bitmaps, 0x7FFF, 2);
	vmx_io_pass(bitmaps, 0xFFFF, 100);
	vmx_io_pass(bitmaps, 0x3F8, 8);
	assert_true(low[0x7F] == 0 && low[0x7E] == 0xFF && low[0x80] == 0xFF);
	assert_true(low[0xFFF] == 0x7F && high[0] == 0xFE && high[0xFFF] == 0x7F && high[1] == 0xFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_field_that_entry_reads_is_written, set_up),
		cmocka_unit_test_setup(sgx_leaves_exit_where_the_processor_has_them, set_up),
		cmocka_unit_test_setup(sipi_is_real_mode, set_up),
		cmocka_unit_test_setup(the_64_bit_boot_protocol_is_long_mode, set_up),
		cmocka_unit_test_setup(nothing_of_one_vcpu_is_left_for_another, set_up),
		cmocka_unit_test_setup(msrs_exit_but_for_an_allow_list, set_up),
		cmocka_unit_test_setup(ports_exit_but_for_those_passed, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
