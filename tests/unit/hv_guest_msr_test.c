/* The allow-list of guest MSRs: what is in it, and that nothing else is. */
#include "hv/guest/msr.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void what_linux_reads_is_there(void **state)
{
	static const struct {
		u32 msr;
		u64 value;
	} expected[] = { { 0x17, 0 }, { 0x3A, 1 }, { 0x3B, 0 }, { 0x8B, 0xFFFFFFFF00000000 }, { 0xCE, 0 }, { 0x179, 0 },
		{ 0x1A0, 0x1801 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		u64 value = 0x55;
		assert_true(guest_msr_read(expected[i].msr, &value));
		assert_int_equal(value, expected[i].value);
	}
}

static void everything_else_is_refused(void **state)
{
	u32 readable = 0, writable = 0;
	u64 value;
	(void)state;
	for (u32 msr = 0; msr < 0x20000; msr++) {
		u32 number = msr < 0x10000 ? msr : 0xC0000000 + msr - 0x10000;
		readable += guest_msr_read(number, &value);
		writable += guest_msr_may_write(number);
	}
	assert_int_equal(readable, 7);
	assert_int_equal(writable, 3);
}

static void a_few_take_writes(void **state)
{
	/* FEATURE_CONTROL, microcode update, MTRRs, voltage and power, VMX capabilities, SMM, machine check status */
	static const u32 refused[] = { 0x3A, 0x79, 0x9B, 0xFE, 0x150, 0x179, 0x17A, 0x200, 0x2FF, 0x480, 0x610, 0xCE };
	(void)state;
	assert_true(guest_msr_may_write(0x3B));
	assert_true(guest_msr_may_write(0x8B));
	assert_true(guest_msr_may_write(0x1A0));
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_false(guest_msr_may_write(refused[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_linux_reads_is_there),
		cmocka_unit_test(everything_else_is_refused),
		cmocka_unit_test(a_few_take_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
