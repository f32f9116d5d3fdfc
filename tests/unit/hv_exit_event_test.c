/* Events: every state of a vCPU against what the manual says about delivery, and every pair of exceptions. */
#include "tests/unit/fake_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum info { INFO_NMI = 0x80000202, INFO_INTERRUPT = 0x80000051 };

static int set_up(void **state)
{
	(void)state;
	fake_guest_reset();
	return 0;
}

static const struct {
	struct vcpu_event event;
	u32 info;
} dues[] = {
	{ { .type = EVENT_NONE }, 0 },
	{ { EVENT_EXCEPTION, VECTOR_GP, true, 0, 0x18 }, 0x80000B0D },
	{ { EVENT_EXCEPTION, VECTOR_UD, false, 0, 0 }, 0x80000306 },
	{ { EVENT_INTERRUPT, 0x40, false, 0, 0 }, 0x80000040 },
	{ { EVENT_NMI, VECTOR_NMI, false, 0, 0 }, INFO_NMI },
	{ { EVENT_SOFTWARE_INTERRUPT, 0x80, false, 2, 0 }, 0x80000480 },
	{ { EVENT_SOFTWARE_EXCEPTION, VECTOR_BP, false, 1, 0 }, 0x80000603 },
};

struct combination {
	u32 due;
	bool nmi, interrupt, enabled, sti, mov_ss, in_nmi;
};

static void enter(const struct combination *c)
{
	fake_guest_reset();
	fake.vcpu.due = dues[c->due].event;
	fake.vcpu.nmi = c->nmi;
	if (c->interrupt)
		lapic_deliver(&fake.vcpu.lapic, 0x51, false);
	fake_vmcs.field[VMCS_GUEST_RFLAGS] = RFLAGS_FIXED | (c->enabled ? RFLAGS_IF : 0);
	fake_vmcs.field[VMCS_GUEST_INTERRUPTIBILITY] =
	        (c->sti ? BLOCKED_BY_STI : 0) | (c->mov_ss ? BLOCKED_BY_MOV_SS : 0) | (c->in_nmi ? BLOCKED_BY_NMI : 0);
	vmx_inject(&fake.vcpu);
}

/* SDM 27.3.1.5 on what entry accepts, and no event lost. */
static void check_entry(const struct combination *c)
{
	u64 info = fake_vmcs.field[VMCS_ENTRY_INTERRUPTION_INFO],
	    blocked = fake_vmcs.field[VMCS_GUEST_INTERRUPTIBILITY];
	u32 controls = fake.hardware.processor_controls;
	bool shadow = c->sti || c->mov_ss;

	assert_int_equal(controls, fake_vmcs.field[VMCS_PROCESSOR_CONTROLS]);
	assert_int_equal(!!(blocked & BLOCKED_BY_NMI), c->in_nmi);
	if (c->due) {
		assert_int_equal(info, dues[c->due].info);
		assert_int_equal(fake.vcpu.due.type, EVENT_NONE);
		assert_int_equal(blocked & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS), 0);
	} else if (c->nmi && !c->in_nmi && !shadow) {
		assert_int_equal(info, INFO_NMI);
	} else if (c->interrupt && c->enabled && !shadow) {
		assert_int_equal(info, INFO_INTERRUPT);
	} else {
		assert_int_equal(info, 0);
		assert_int_equal(!!(blocked & BLOCKED_BY_STI), c->sti);
	}
	assert_int_equal(fake.vcpu.nmi, c->nmi && (c->due || info != INFO_NMI));
	assert_int_equal(lapic_pending(&fake.vcpu.lapic) != LAPIC_NONE, c->interrupt && info != INFO_INTERRUPT);
	assert_int_equal(!!(controls & PROC_NMI_WINDOW), fake.vcpu.nmi);
	assert_int_equal(!!(controls & PROC_INTERRUPT_WINDOW), lapic_pending(&fake.vcpu.lapic) != LAPIC_NONE);
}

static void every_state_enters_with_what_the_manual_allows(void **state)
{
	(void)state;
	for (u32 due = 0; due < ARRAY_SIZE(dues); due++)
		for (u32 bits = 0; bits < 64; bits++) {
			struct combination c = { due, bits & 1, bits & 2, bits & 4, bits & 8, bits & 16, bits & 32 };
			enter(&c);
			check_entry(&c);
		}
}

static void error_codes_and_lengths_go_along(void **state)
{
	(void)state;
	fake.vcpu.due = dues[1].event;
	vmx_inject(&fake.vcpu);
	assert_int_equal(fake_vmcs.field[VMCS_ENTRY_ERROR_CODE], 0x18);
	fake.vcpu.due = dues[5].event;
	vmx_inject(&fake.vcpu);
	assert_int_equal(fake_vmcs.field[VMCS_ENTRY_INSTRUCTION_LENGTH], 2);
	/* In real mode entry refuses error codes. */
	vcpu_set(&fake.vcpu, VCPU_CR0, CR0_NE);
	fake.vcpu.due = dues[1].event;
	vmx_inject(&fake.vcpu);
	assert_int_equal(fake_vmcs.field[VMCS_ENTRY_INTERRUPTION_INFO], 0x8000030D);
}

static void windows_close_when_nothing_waits(void **state)
{
	(void)state;
	lapic_deliver(&fake.vcpu.lapic, 0x51, false);
	vmx_inject(&fake.vcpu);
	assert_int_equal(fake.hardware.processor_controls, PROC_INTERRUPT_WINDOW);
	fake_vmcs.field[VMCS_GUEST_RFLAGS] |= RFLAGS_IF;
	vmx_inject(&fake.vcpu);
	assert_int_equal(fake.hardware.processor_controls, 0);
	/* An ordinary entry writes nothing at all. */
	u32 writes = fake_vmcs.writes, reads = fake_vmcs.reads;
	vmx_inject(&fake.vcpu);
	assert_int_equal(fake_vmcs.writes, writes);
	assert_int_equal(fake_vmcs.reads, reads);
}

static void a_delivery_cut_short_is_due_again(void **state)
{
	static const struct exit other = { .kind = EXIT_MEMORY };

	(void)state;
	for (u32 i = 1; i < ARRAY_SIZE(dues); i++) {
		fake_guest_reset();
		fake_vmcs.field[VMCS_IDT_VECTORING_INFO] = dues[i].info;
		fake_vmcs.field[VMCS_IDT_VECTORING_ERROR_CODE] = dues[i].event.error;
		fake_vmcs.field[VMCS_EXIT_INSTRUCTION_LENGTH] = dues[i].event.length;
		fake_vmcs.field[VMCS_GUEST_INTERRUPTIBILITY] = BLOCKED_BY_NMI;
		vmx_collect(&fake.vcpu, &other);
		assert_memory_equal(&fake.vcpu.due, &dues[i].event, sizeof(struct vcpu_event));
		bool nmi = dues[i].event.type == EVENT_NMI;
		assert_int_equal(fake_vmcs.field[VMCS_GUEST_INTERRUPTIBILITY], nmi ? 0 : BLOCKED_BY_NMI);
		vmx_inject(&fake.vcpu);
		assert_int_equal(fake_vmcs.field[VMCS_ENTRY_INTERRUPTION_INFO], dues[i].info);
	}
}

static void an_iret_that_faulted_blocks_nmis_again(void **state)
{
	static const struct {
		struct exit x;
		u32 info;
		bool blocked;
	} cases[] = {
		{ { .kind = EXIT_MEMORY, .qualification = BIT(12) }, 0, true },
		{ { .kind = EXIT_MEMORY }, 0, false },
		{ { .kind = EXIT_EXCEPTION, .exception.vector = VECTOR_AC }, BIT(12), true },
		{ { .kind = EXIT_EXCEPTION, .exception.vector = VECTOR_DF }, BIT(12), false },
		{ { .kind = EXIT_CPUID, .qualification = BIT(12) }, BIT(12), false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_guest_reset();
		fake_vmcs.field[VMCS_EXIT_INTERRUPTION_INFO] = cases[i].info;
		vmx_collect(&fake.vcpu, &cases[i].x);
		assert_int_equal(!!(fake_vmcs.field[VMCS_GUEST_INTERRUPTIBILITY] & BLOCKED_BY_NMI), cases[i].blocked);
		assert_int_equal(fake.vcpu.due.type, EVENT_NONE);
	}
}

/* SDM table 6-5, typed out. */
static char class_of(u32 vector)
{
	return "CBBBBBBBDBCCCCPBBBBBBCBBBBBBBBBB"[vector];
}

static void pairs_of_exceptions_follow_the_table(void **state)
{
	(void)state;
	for (u32 a = 0; a < 32; a++)
		for (u32 b = 0; b < 32; b++) {
			struct vcpu_event first = event_exception((u8)a, 1), second = event_exception((u8)b, 2);
			enum event_outcome outcome = event_raise(&first, &second);
			char was = class_of(a), now = class_of(b);
			bool heavy = now == 'C' || now == 'P';
			if (was == 'D' && heavy) {
				assert_int_equal(outcome, EVENT_SHUTDOWN);
				continue;
			}
			assert_int_equal(outcome, EVENT_DELIVER);
			bool doubled = (was == 'C' && now == 'C') || (was == 'P' && heavy);
			assert_int_equal(first.vector, doubled ? VECTOR_DF : b);
			assert_int_equal(first.error, doubled || !second.has_error ? 0 : 2);
		}
}

static void a_fault_after_an_interrupt_is_delivered_alone(void **state)
{
	struct vcpu_event first = { .type = EVENT_INTERRUPT, .vector = 14 }, gp = event_exception(VECTOR_GP, 0);

	(void)state;
	assert_int_equal(event_raise(&first, &gp), EVENT_DELIVER);
	assert_int_equal(first.vector, VECTOR_GP);
	assert_int_equal(vcpu_raise(&fake.vcpu, VECTOR_GP, 0), EXIT_RETRY);
	assert_int_equal(vcpu_raise(&fake.vcpu, VECTOR_GP, 0), EXIT_RETRY);
	assert_int_equal(fake.vcpu.due.vector, VECTOR_DF);
	assert_int_equal(vcpu_raise(&fake.vcpu, VECTOR_GP, 0), EXIT_STOP);
	assert_string_equal(fake.vcpu.report, "triple fault");
	assert_int_equal(fake.vcpu.state, VCPU_STOPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_state_enters_with_what_the_manual_allows, set_up),
		cmocka_unit_test_setup(error_codes_and_lengths_go_along, set_up),
		cmocka_unit_test_setup(windows_close_when_nothing_waits, set_up),
		cmocka_unit_test_setup(a_delivery_cut_short_is_due_again, set_up),
		cmocka_unit_test_setup(an_iret_that_faulted_blocks_nmis_again, set_up),
		cmocka_unit_test_setup(pairs_of_exceptions_follow_the_table, set_up),
		cmocka_unit_test_setup(a_fault_after_an_interrupt_is_delivered_alone, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
