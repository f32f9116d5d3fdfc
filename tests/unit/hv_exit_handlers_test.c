/* Exit handlers over a real vCPU on a fake VMCS: what a guest gets, and that what it may not do changes nothing. */
#include "hv/exit/handlers.h"
#include "lib/fatal.h"
#include "tests/unit/fake_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define V (&fake.vcpu)

static jmp_buf ended;

static void end(void)
{
	longjmp(ended, 1);
}

static int set_up(void **state)
{
	(void)state;
	fake_guest_reset();
	vcpu_set(V, VCPU_RIP, 0x1000);
	return 0;
}

static enum exit_result handle(struct exit x)
{
	return exit_handle(V, &x);
}

static enum exit_result instruction(enum exit_kind kind)
{
	fake_vmcs.field[VMCS_EXIT_INSTRUCTION_LENGTH] = 2;
	return handle((struct exit){ .kind = (u8)kind });
}

static void assert_moved(u64 by)
{
	assert_int_equal(vcpu_get(V, VCPU_RIP), 0x1000 + by);
	assert_int_equal(V->due.type, EVENT_NONE);
}

/* A fault, with the instruction not done; the next case starts afresh. */
static void assert_fault(enum exit_result r, u8 vector)
{
	assert_int_equal(r, EXIT_RETRY);
	assert_true(V->due.type == EVENT_EXCEPTION && V->due.vector == vector && V->due.error == 0);
	assert_int_equal(vcpu_get(V, VCPU_RIP), 0x1000);
	V->due = NO_EVENT;
}

static void assert_stops(struct exit x, const char *why)
{
	assert_int_equal(handle(x), EXIT_STOP);
	assert_string_equal(V->report, why);
	assert_int_equal(V->state, VCPU_STOPPED);
	assert_int_equal(V->last.kind, x.kind);
	assert_int_equal(vcpu_get(V, VCPU_RIP), 0x1000);
	V->state = VCPU_RUNNABLE;
}

static void every_kind_has_a_handler_and_is_counted(void **state)
{
	(void)state;
	for (u32 kind = 0; kind < EXIT_KINDS; kind++) {
		if (kind == EXIT_MACHINE_CHECK)
			continue;
		set_up(NULL);
		struct exit x = { .kind = (u8)kind };
		enum exit_result r = exit_handle(V, &x);
		assert_in_range(r, EXIT_RETRY, EXIT_STOP);
		assert_int_equal(V->exits[kind], 1);
		assert_int_equal(r == EXIT_STOP, V->state == VCPU_STOPPED);
		assert_int_equal(r == EXIT_STOP, V->report != NULL);
	}
}

static void what_no_guest_has_use_for_stops_it(void **state)
{
	(void)state;
	assert_stops((struct exit){ .kind = EXIT_TRIPLE_FAULT }, "triple fault");
	assert_stops((struct exit){ .kind = EXIT_TASK_SWITCH }, "a task switch, which no guest here has use for");
	assert_stops((struct exit){ .kind = EXIT_ENTRY_FAILED }, "the processor refused its state");
	assert_stops((struct exit){ .kind = EXIT_UNKNOWN }, "an exit nobody asked for");
	assert_stops((struct exit){ .kind = EXIT_EXCEPTION, .exception.vector = VECTOR_PF },
	        "an exception nobody asked for");
}

static void the_machines_own_are_none_of_the_guests_doing(void **state)
{
	static const u8 kinds[] = { EXIT_NMI, EXIT_INTERRUPT, EXIT_INIT, EXIT_TIMER };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_int_equal(instruction(kinds[i]), EXIT_LEAVE);
		assert_true(V->state == VCPU_RUNNABLE && V->exits[kinds[i]] == 1);
		assert_moved(0);
	}
	fatal_set(end);
	if (setjmp(ended) == 0) {
		(void)instruction(EXIT_MACHINE_CHECK);
		fail_msg("a machine check was survived");
	}
	assert_string_equal(fatal_reason(), "a machine check in a guest");
}

static void what_is_not_offered_faults(void **state)
{
	(void)state;
	assert_fault(instruction(EXIT_VIRTUALIZATION), VECTOR_UD);
	assert_fault(instruction(EXIT_MONITOR), VECTOR_UD);
	assert_fault(instruction(EXIT_MWAIT), VECTOR_UD);
	assert_fault(instruction(EXIT_RDPMC), VECTOR_GP);
}

static void cpuid_fills_four_registers(void **state)
{
	(void)state;
	memset(V->gpr, 0xFF, sizeof(V->gpr));
	V->gpr[RAX] = 0xFFFFFFFF40000000;
	V->gpr[RCX] = 0xFFFFFFFF00000003;
	assert_int_equal(instruction(EXIT_CPUID), EXIT_SKIP);
	assert_int_equal(V->gpr[RAX], 0x40000000);
	assert_int_equal(V->gpr[RBX], 0xBFFFFFFF);
	assert_int_equal(V->gpr[RCX], 3);
	assert_int_equal(V->gpr[RDX], 7);
	assert_moved(2);
}

static void hlt_blocks_behind_itself(void **state)
{
	(void)state;
	fake_vmcs.field[VMCS_GUEST_INTERRUPTIBILITY] = BLOCKED_BY_STI;
	assert_int_equal(instruction(EXIT_HLT), EXIT_BLOCK);
	assert_int_equal(V->state, VCPU_HALTED);
	assert_int_equal(fake_vmcs.field[VMCS_GUEST_INTERRUPTIBILITY], 0);
	assert_moved(2);
}

static void cache_flushes_are_dropped_or_written_back(void **state)
{
	(void)state;
	assert_int_equal(instruction(EXIT_WBINVD), EXIT_SKIP);
	assert_int_equal(instruction(EXIT_INVD), EXIT_SKIP);
	assert_int_equal(fake_vmcs.write_backs, 0);
	fake.policy.passes_wbinvd = true;
	assert_int_equal(instruction(EXIT_INVD), EXIT_SKIP);
	assert_int_equal(fake_vmcs.write_backs, 1);
}

static void skipping_wraps_steps_and_ends_shadows(void **state)
{
	(void)state;
	vcpu_set(V, VCPU_RFLAGS, RFLAGS_FIXED | RFLAGS_TF | RFLAGS_RF);
	assert_int_equal(instruction(EXIT_INVD), EXIT_SKIP);
	assert_int_equal(vcpu_get(V, VCPU_RFLAGS), RFLAGS_FIXED | RFLAGS_TF);
	assert_int_equal(fake_vmcs.field[VMCS_GUEST_PENDING_DEBUG], 0x5000);
	vcpu_set(V, VCPU_RIP, 0xFFFFFFFF);
	vcpu_skip(V, 2);
	assert_int_equal(vcpu_get(V, VCPU_RIP), 0x100000001);
	vcpu_set(V, VCPU_RIP, 0xFFFFFFFF);
	vcpu_set(V, VCPU_CS_ACCESS, 0xC09B);
	vcpu_skip(V, 2);
	assert_int_equal(vcpu_get(V, VCPU_RIP), 1);
}

static enum exit_result wrmsr(u32 msr, u64 value)
{
	V->gpr[RCX] = 0xABCD00000000 | msr;
	V->gpr[RAX] = 0x5500000000 | (u32)value;
	V->gpr[RDX] = 0x5500000000 | value >> 32;
	return instruction(EXIT_WRMSR);
}

static const struct {
	u32 msr;
	u64 good, bad;
} msrs[] = {
	{ MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE, EFER_LME | BIT(12) },
	{ MSR_PAT, 0x0007040600070406, 0x0007040600070402 },
	{ MSR_PAT, 0x0007010500070406, 0x1000000000000000 },
	{ MSR_DEBUGCTL, 2, 1 },
	{ 0x1234, 5, 0 },
};

static void msrs_of_the_vcpu_are_checked_and_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++) {
		set_up(NULL);
		if (msrs[i].bad)
			assert_fault(wrmsr(msrs[i].msr, msrs[i].bad), VECTOR_GP);
		assert_int_equal(wrmsr(msrs[i].msr, msrs[i].good), EXIT_SKIP);
		assert_moved(2);
		if (msrs[i].msr == 0x1234)
			continue;
		assert_int_equal(instruction(EXIT_RDMSR), EXIT_SKIP);
		assert_int_equal(V->gpr[RAX], (u32)msrs[i].good);
		assert_int_equal(V->gpr[RDX], msrs[i].good >> 32);
	}
	assert_true(V->exits[EXIT_WRMSR] == 1);
}

static void other_msrs_are_the_policys(void **state)
{
	(void)state;
	V->gpr[RCX] = 0x1234;
	assert_int_equal(instruction(EXIT_RDMSR), EXIT_SKIP);
	assert_true(V->gpr[RAX] == 0x55667788 && V->gpr[RDX] == 0x11223344);
	vcpu_set(V, VCPU_RIP, 0x1000);
	V->gpr[RCX] = 0x79;
	V->gpr[RAX] = 1;
	assert_fault(instruction(EXIT_RDMSR), VECTOR_GP);
	assert_int_equal(V->gpr[RAX], 1);
	assert_fault(wrmsr(0x79, 0), VECTOR_GP);
	V->gpr[RCX] = 0;
	assert_fault(instruction(EXIT_RDMSR), VECTOR_GP);
	assert_fault(wrmsr(0, 0), VECTOR_GP);
	/* It does not exit. */
	assert_fault(wrmsr(MSR_GS_BASE, 0), VECTOR_GP);
}

static void long_mode_does_not_change_under_paging(void **state)
{
	(void)state;
	vcpu_set(V, VCPU_CR0, CR0_PE | CR0_ET | CR0_NE | CR0_PG);
	assert_fault(wrmsr(MSR_EFER, 0), VECTOR_GP);
	assert_int_equal(wrmsr(MSR_EFER, EFER_LME | EFER_NXE), EXIT_SKIP);
	assert_int_equal(vcpu_get(V, VCPU_EFER), EFER_LME | EFER_LMA | EFER_NXE);
	assert_true(V->flush);
}

static const struct {
	u64 value;
	bool good;
} xcr0[] = { { 1, true }, { 3, true }, { 7, true }, { 0xE7, true }, { 0, false }, { 2, false }, { 6, false },
	{ 5, false }, { 0x27, false }, { 0xE3, false }, { 0x1F, false }, { 0x207, false }, { 1ull << 63 | 1, false } };

static void xcr0_is_what_the_processor_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(xcr0); i++) {
		set_up(NULL);
		V->gpr[RAX] = (u32)xcr0[i].value;
		V->gpr[RDX] = xcr0[i].value >> 32;
		if (!xcr0[i].good) {
			assert_fault(instruction(EXIT_XSETBV), VECTOR_GP);
			assert_int_equal(fake_vmcs.xcr0, 0);
			continue;
		}
		assert_int_equal(instruction(EXIT_XSETBV), EXIT_SKIP);
		assert_int_equal(fake_vmcs.xcr0, xcr0[i].value);
	}
	/* A machine without AVX-512, whatever the policy lets through. */
	set_up(NULL);
	fake.machine.xcr0 = 7;
	V->gpr[RAX] = 7;
	assert_int_equal(instruction(EXIT_XSETBV), EXIT_SKIP);
	vcpu_set(V, VCPU_RIP, 0x1000);
	V->gpr[RAX] = 0xE7;
	assert_fault(instruction(EXIT_XSETBV), VECTOR_GP);
	assert_int_equal(fake_vmcs.xcr0, 7);
	set_up(NULL);
	V->gpr[RAX] = 7;
	V->gpr[RCX] = 1;
	assert_fault(instruction(EXIT_XSETBV), VECTOR_GP);
}

static void ports_reach_the_bus(void **state)
{
	(void)state;
	fake.answer = 0x1122334455667788;
	V->gpr[RAX] = 0xFFFFFFFFFFFFFFFF;
	handle((struct exit){ .kind = EXIT_IO, .io = { .port = DEVICE_PORT + 4, .size = 1, .in = true } });
	assert_int_equal(V->gpr[RAX], 0xFFFFFFFFFFFFFF88);
	handle((struct exit){ .kind = EXIT_IO, .io = { .port = DEVICE_PORT + 4, .size = 2, .in = true } });
	assert_int_equal(V->gpr[RAX], 0xFFFFFFFFFFFF7788);
	handle((struct exit){ .kind = EXIT_IO, .io = { .port = DEVICE_PORT + 4, .size = 4, .in = true } });
	assert_int_equal(V->gpr[RAX], 0x55667788);
	handle((struct exit){ .kind = EXIT_IO, .io = { .port = DEVICE_PORT + 8, .size = 2 } });
	assert_true(fake.accesses == 4 && fake.access[3].write && fake.access[3].offset == 8);
	assert_int_equal(fake.access[3].value, 0x7788);
	handle((struct exit){ .kind = EXIT_IO, .io = { .port = 0x70, .size = 1, .in = true } });
	assert_int_equal(V->gpr[RAX], 0x556677FF);
	assert_stops((struct exit){ .kind = EXIT_IO, .io = { .port = 0x70, .size = 0 } },
	        "a port access of a size that does not exist");
}

static void debug_exceptions_and_alignment_checks_are_handed_on(void **state)
{
	(void)state;
	fake_vmcs.dr[6] = 0xFFFF0FF2;
	vcpu_set(V, VCPU_DR7, 0x2400);
	assert_fault(
	        handle((struct exit){ .kind = EXIT_EXCEPTION, .exception.vector = VECTOR_DB, .qualification = 0x4001 }),
	        VECTOR_DB);
	assert_int_equal(fake_vmcs.dr[6], 0xFFFF4FF1);
	assert_int_equal(vcpu_get(V, VCPU_DR7), 0x400);
	/* INT1 is done by then. */
	V->due = NO_EVENT;
	fake_vmcs.field[VMCS_EXIT_INSTRUCTION_LENGTH] = 1;
	assert_int_equal(
	        handle((struct exit){ .kind = EXIT_EXCEPTION, .exception = { VECTOR_DB, true, 0 } }), EXIT_RETRY);
	assert_int_equal(vcpu_get(V, VCPU_RIP), 0x1001);
	V->due = NO_EVENT;
	/* One that comes of the delivery of another takes its place: the guest loops, root mode does not. */
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(handle((struct exit){ .kind = EXIT_EXCEPTION, .exception = { VECTOR_AC, false, 0 } }),
		        EXIT_RETRY);
	assert_true(V->due.vector == VECTOR_AC && V->due.has_error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_kind_has_a_handler_and_is_counted, set_up),
		cmocka_unit_test_setup(what_no_guest_has_use_for_stops_it, set_up),
		cmocka_unit_test_setup(the_machines_own_are_none_of_the_guests_doing, set_up),
		cmocka_unit_test_setup(what_is_not_offered_faults, set_up),
		cmocka_unit_test_setup(cpuid_fills_four_registers, set_up),
		cmocka_unit_test_setup(hlt_blocks_behind_itself, set_up),
		cmocka_unit_test_setup(cache_flushes_are_dropped_or_written_back, set_up),
		cmocka_unit_test_setup(skipping_wraps_steps_and_ends_shadows, set_up),
		cmocka_unit_test_setup(msrs_of_the_vcpu_are_checked_and_kept, set_up),
		cmocka_unit_test_setup(other_msrs_are_the_policys, set_up),
		cmocka_unit_test_setup(long_mode_does_not_change_under_paging, set_up),
		cmocka_unit_test_setup(xcr0_is_what_the_processor_takes, set_up),
		cmocka_unit_test_setup(ports_reach_the_bus, set_up),
		cmocka_unit_test_setup(debug_exceptions_and_alignment_checks_are_handed_on, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
