/* VM exits as the processor tells them, decoded: every reason, and the qualifications of those that have one. */
#include "hv/exit/handlers.h"
#include "tests/unit/fake_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct exit x;

static int set_up(void **state)
{
	(void)state;
	fake_guest_reset();
	return 0;
}

static void decode(u32 reason, u64 qualification)
{
	fake_vmcs.field[VMCS_EXIT_REASON] = reason;
	fake_vmcs.field[VMCS_EXIT_QUALIFICATION] = qualification;
	vmx_decode(&x);
}

static void every_reason_has_a_kind_or_is_unknown(void **state)
{
	static const u8 unasked[] = { 4, 5, 6, 14, 16, 17, 29, 33, 34, 35, 37, 38, 40, 42, 43, 44, 45, 46, 47, 51, 56,
		57, 58, 61, 62, 63, 64 };

	(void)state;
	for (u32 reason = 0; reason < 0x10000; reason++) {
		bool unknown = reason >= REASONS;
		for (size_t i = 0; i < ARRAY_SIZE(unasked); i++)
			unknown = unknown || unasked[i] == reason;
		decode(reason, 0);
		if ((x.kind == EXIT_UNKNOWN) != unknown)
			fail_msg("reason %u became %u", (unsigned)reason, (unsigned)x.kind);
		assert_int_equal(x.reason, reason);
	}
}

/* Only these can (SDM 28.2.4). What is due again has to be known before a handler runs: see vmx_exited(). */
enum {
	CUTS_DELIVERY = BIT(EXIT_EXCEPTION) | BIT(EXIT_TASK_SWITCH) | BIT(EXIT_MEMORY) | BIT(EXIT_MISCONFIGURATION) |
	        BIT(EXIT_UNKNOWN)
};
static_assert(EXIT_KINDS <= 32, "one bit each");

static void no_kind_that_is_handled_alone_cuts_a_delivery(void **state)
{
	(void)state;
	for (u32 kind = 0; kind < EXIT_KINDS; kind++)
		assert_false(exit_table[kind].alone && CUTS_DELIVERY >> kind & 1);
}

static void a_failed_entry_is_no_exit(void **state)
{
	(void)state;
	decode(REASON_ENTRY_FAILED | REASON_ENTRY_GUEST_STATE, 4);
	assert_int_equal(x.kind, EXIT_ENTRY_FAILED);
	assert_int_equal(x.qualification, 4);
	decode(REASON_ENTRY_FAILED | REASON_CPUID, 0);
	assert_int_equal(x.kind, EXIT_ENTRY_FAILED);
}

static void exceptions_and_nmis(void **state)
{
	(void)state;
	fake_vmcs.field[VMCS_EXIT_INTERRUPTION_INFO] = 0x80000B11;
	fake_vmcs.field[VMCS_EXIT_ERROR_CODE] = 9;
	decode(REASON_EXCEPTION_NMI, 0);
	assert_true(x.kind == EXIT_EXCEPTION && x.exception.vector == VECTOR_AC && x.exception.error == 9);
	fake_vmcs.field[VMCS_EXIT_INTERRUPTION_INFO] = 0x80000301;
	decode(REASON_EXCEPTION_NMI, 0x4001);
	assert_true(x.exception.vector == VECTOR_DB && x.exception.error == 0);
	fake_vmcs.field[VMCS_EXIT_INTERRUPTION_INFO] = 0x80000202;
	decode(REASON_EXCEPTION_NMI, 0);
	assert_int_equal(x.kind, EXIT_NMI);
	fake_vmcs.field[VMCS_EXIT_INTERRUPTION_INFO] = 0x800000EC;
	decode(REASON_EXTERNAL_INTERRUPT, 0);
	assert_true(x.kind == EXIT_INTERRUPT && x.vector == 0xEC);
	fake_vmcs.field[VMCS_EXIT_INTERRUPTION_INFO] = 0x80000501;
	decode(REASON_EXCEPTION_NMI, 0);
	assert_true(x.kind == EXIT_EXCEPTION && x.exception.vector == VECTOR_DB && x.exception.int1);
	fake_vmcs.field[VMCS_EXIT_INTERRUPTION_INFO] = 0x80000312;
	decode(REASON_EXCEPTION_NMI, 0);
	assert_int_equal(x.kind, EXIT_MACHINE_CHECK);
	decode(REASON_ENTRY_FAILED | REASON_ENTRY_MACHINE_CHECK, 0);
	assert_int_equal(x.kind, EXIT_MACHINE_CHECK);
}

static void control_registers(void **state)
{
	(void)state;
	decode(REASON_CR_ACCESS, 0x000);
	assert_true(x.cr.number == 0 && x.cr.access == CR_WRITE && x.cr.gpr == RAX);
	decode(REASON_CR_ACCESS, 0xF18);
	assert_true(x.cr.number == 8 && x.cr.access == CR_READ && x.cr.gpr == R15);
	decode(REASON_CR_ACCESS, 0x20);
	assert_int_equal(x.cr.access, CR_CLTS);
	decode(REASON_CR_ACCESS, 0xABCD0030);
	assert_int_equal(x.cr.access, CR_LMSW);
}

static void ports(void **state)
{
	static const struct {
		u64 qualification;
		struct exit_io io;
	} cases[] = {
		{ 0x00600000, { .port = 0x60, .size = 1 } },
		{ 0x0CFC000B, { .port = 0xCFC, .size = 4, .in = true } },
		{ 0x00600002, { .port = 0x60 } },
		{ 0x00600007, { .port = 0x60 } },
		{ 0x03F80009, { .port = 0x3F8, .size = 2, .in = true } },
		{ 0xFFFF0043, { .port = 0xFFFF, .size = 4 } },
		{ 0x01F00039, { .port = 0x1F0, .size = 2, .in = true, .string = true } },
		{ 0x01F00010, { .port = 0x1F0, .size = 1, .string = true } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct exit_io *io = &cases[i].io;
		decode(REASON_IO, cases[i].qualification);
		assert_int_equal(x.kind, EXIT_IO);
		assert_true(x.io.port == io->port && x.io.size == io->size && x.io.in == io->in);
		assert_int_equal(x.io.string, io->string);
	}
}

static void memory(void **state)
{
	(void)state;
	fake_vmcs.field[VMCS_GUEST_PHYSICAL_ADDRESS] = 0xFEE00020;
	decode(REASON_EPT_VIOLATION, 0x181);
	assert_true(x.kind == EXIT_MEMORY && x.memory.guest == 0xFEE00020);
	assert_true(x.memory.has_linear && !x.memory.write && !x.memory.fetch && !x.memory.walking);
	decode(REASON_EPT_VIOLATION, 0x182 | 1 << 3);
	assert_true(x.memory.write && !x.memory.fetch);
	decode(REASON_EPT_VIOLATION, 0x084);
	assert_true(x.memory.fetch && x.memory.walking && x.memory.has_linear);
	decode(REASON_EPT_VIOLATION, 0x001);
	assert_true(!x.memory.has_linear && !x.memory.walking);
	decode(REASON_EPT_MISCONFIGURATION, 0);
	assert_int_equal(x.kind, EXIT_MISCONFIGURATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_reason_has_a_kind_or_is_unknown, set_up),
		cmocka_unit_test(no_kind_that_is_handled_alone_cuts_a_delivery),
		cmocka_unit_test_setup(a_failed_entry_is_no_exit, set_up),
		cmocka_unit_test_setup(exceptions_and_nmis, set_up),
		cmocka_unit_test_setup(control_registers, set_up),
		cmocka_unit_test_setup(ports, set_up),
		cmocka_unit_test_setup(memory, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
