/* Messages between local APICs and from I/O APICs: whom they reach, what becomes of them there, and what wakes whom. */
#include "hv/dev/lapic_regs.h"
#include "tests/unit/fake_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { VCPUS = 3, VECTOR = 0x51, PIN = 7, GSI_BASE = 24, PINS = 24 };

static struct vcpu vcpus[VCPUS];
static struct vcpu_hardware hardware[VCPUS];
static int set_up(void **state)
{
	(void)state;
	fake_guest_reset();
	fake.vm.state = VM_RUNNING;
	fake.vm.vcpu_count = VCPUS;
	for (u32 i = 0; i < VCPUS; i++) {
		struct vcpu *v = fake.vm.vcpu[i] = &vcpus[i];

		*v = (struct vcpu){ .vm = &fake.vm, .hardware = &hardware[i], .due = NO_EVENT, .index = i };
		hardware[i] = (struct vcpu_hardware){ .machine = &fake.machine };
		lapic_init(&v->lapic,
		        &(struct lapic_config){ .id = i,
		                .tsc_khz = 1000000,
		                .ipi = { vcpu_send, v },
		                .eoi = vm_end_of_interrupt,
		                .eoi_context = &fake.vm });
		v->lapic.reg[REG_SVR] |= SVR_ENABLED;
	}
	return 0;
}

static void set_irq(u32 gsi, bool level)
{
	struct irq_line line = vm_line(&fake.vm, gsi);

	irq_set(&line, level);
}

static u32 reached(const struct apic_message *m)
{
	u32 by_vector = 0;

	set_up(NULL);
	vcpu_send(&vcpus[1], m);
	for (u32 i = 0; i < VCPUS; i++)
		by_vector |= (u32)(lapic_requested(&vcpus[i].lapic) == VECTOR) << i;
	assert_int_equal(fake.notified, by_vector);
	return by_vector;
}

static void messages_reach_whom_they_name(void **state)
{
	struct apic_message m = { .vector = VECTOR, .destination = 2 };

	(void)state;
	assert_int_equal(reached(&m), 4);
	m.destination = 9;
	assert_int_equal(reached(&m), 0);
	m.destination = APIC_BROADCAST;
	assert_int_equal(reached(&m), 7);
	m.others_only = true;
	assert_int_equal(reached(&m), 5);
	m = (struct apic_message){ .vector = VECTOR, .destination = 3, .logical = true };
	assert_int_equal(reached(&m), 3);
	m.delivery = DELIVER_LOWEST;
	assert_int_equal(reached(&m), 1);
}

static void the_least_busy_one_takes_lowest_priority(void **state)
{
	struct apic_message m = { .vector = VECTOR, .delivery = DELIVER_LOWEST, .destination = APIC_BROADCAST };

	(void)state;
	lapic_set_cr8(&vcpus[0].lapic, 3);
	lapic_set_cr8(&vcpus[1].lapic, 1);
	lapic_set_cr8(&vcpus[2].lapic, 2);
	vm_send(&fake.vm, &m);
	assert_int_equal(fake.notified, 2);
}

static void start(u8 page)
{
	vm_send(&fake.vm, &(struct apic_message){ .delivery = DELIVER_STARTUP, .vector = page, .destination = 1 });
}

static void init_and_sipi_start_a_vcpu_anew(void **state)
{
	struct vcpu *v = &vcpus[1];

	(void)state;
	/* One that runs ignores a SIPI. */
	start(0x10);
	assert_int_equal(fake.notified, 0);
	lapic_deliver(&v->lapic, VECTOR, false);
	vm_send(&fake.vm, &(struct apic_message){ .delivery = DELIVER_INIT, .destination = 1 });
	assert_int_equal(fake.notified, 2);
	/* The SIPI may come before v has seen the INIT. */
	start(0x22);
	vcpu_attend(v);
	assert_int_equal(v->state, VCPU_RUNNABLE);
	assert_true(v->hardware->begins);
	assert_int_equal(v->hardware->entry.mode, VMX_START_SIPI);
	assert_int_equal(v->hardware->entry.vector, 0x22);
	assert_int_equal(lapic_requested(&v->lapic), LAPIC_NONE);
	/* A second SIPI, as the protocol has it, is nothing. */
	v->hardware->begins = false;
	start(0x33);
	vcpu_attend(v);
	assert_false(v->hardware->begins);
}

static void init_alone_waits_for_a_sipi(void **state)
{
	struct vcpu *v = &vcpus[1];

	(void)state;
	v->state = VCPU_HALTED;
	vm_send(&fake.vm, &(struct apic_message){ .delivery = DELIVER_INIT, .destination = 1 });
	assert_true(vcpu_ready(v));
	vcpu_attend(v);
	assert_int_equal(v->state, VCPU_WAITS_SIPI);
	/* Nothing else wakes it, an NMI neither. */
	vm_send(&fake.vm, &(struct apic_message){ .delivery = DELIVER_NMI, .destination = 1 });
	assert_false(vcpu_ready(v));
	start(1);
	assert_true(vcpu_ready(v));
}

static void a_halted_vcpu_wakes_for_what_it_can_take(void **state)
{
	struct vcpu *v = &vcpus[0];

	(void)state;
	v->state = VCPU_HALTED;
	vcpu_attend(v);
	assert_int_equal(v->state, VCPU_HALTED);
	lapic_deliver(&v->lapic, VECTOR, false);
	v->deaf = true;
	vcpu_attend(v);
	assert_int_equal(v->state, VCPU_HALTED);
	v->nmi = true;
	assert_true(vcpu_ready(v));
	v->nmi = v->deaf = false;
	/* A task priority above it holds it back. */
	lapic_set_cr8(&v->lapic, VECTOR >> 4);
	assert_false(vcpu_ready(v));
	lapic_set_cr8(&v->lapic, (VECTOR >> 4) - 1);
	vcpu_attend(v);
	assert_int_equal(v->state, VCPU_RUNNABLE);
}

static void the_end_of_its_vm_stops_every_vcpu(void **state)
{
	(void)state;
	for (u32 s = VCPU_RUNNABLE; s <= VCPU_WAITS_SIPI; s++) {
		fake.vm.state = VM_STOPPING;
		vcpus[0].state = (u8)s;
		vcpus[0].init = vcpus[0].sipi = true;
		assert_true(vcpu_ready(&vcpus[0]));
		vcpu_attend(&vcpus[0]);
		assert_int_equal(vcpus[0].state, VCPU_STOPPED);
		assert_int_equal(vcpus[0].deadline, LAPIC_NEVER);
		assert_false(vcpu_ready(&vcpus[0]));
	}
}

/* The guest's TSC is behind the machine's; no deadline it asks for lies in the past by an overflow. */
/* What it was it is again, and nothing that came meanwhile is lost. */
static void a_paused_vm_waits_and_goes_on(void **state)
{
	(void)state;
	vcpus[0].state = VCPU_RUNNABLE;
	vcpus[1].state = VCPU_HALTED;
	vcpus[2].state = VCPU_WAITS_SIPI;
	fake.vm.paused = true;
	vcpus[1].nmi = true;
	vcpus[2].sipi = true;
	for (u32 i = 0; i < VCPUS; i++) {
		assert_false(vcpu_ready(&vcpus[i]));
		vcpu_attend(&vcpus[i]);
		assert_int_not_equal(vcpus[i].state, VCPU_RUNNABLE);
		assert_true(vcpus[i].deadline == LAPIC_NEVER);
		assert_false(vcpu_ready(&vcpus[i]));
	}
	fake.vm.paused = false;
	for (u32 i = 0; i < VCPUS; i++) {
		assert_true(vcpu_ready(&vcpus[i]));
		vcpu_attend(&vcpus[i]);
		assert_int_equal(vcpus[i].state, VCPU_RUNNABLE);
	}
	fake.vm.paused = true;
	vcpu_attend(&vcpus[0]);
	fake.vm.state = VM_STOPPING;
	assert_true(vcpu_ready(&vcpus[0]));
	vcpu_attend(&vcpus[0]);
	assert_int_equal(vcpus[0].state, VCPU_STOPPED);
}

/* Its processor has looked at it in the pause, and looks no more. */
static void a_timer_that_comes_due_in_a_pause_wakes_after_it(void **state)
{
	struct vcpu *v = &vcpus[0];

	(void)state;
	v->state = VCPU_HALTED;
	v->lapic.reg[REG_LVT_TIMER] = LVT_TIMER_TSC_DEADLINE | VECTOR;
	fake_vmcs.tsc = 1000;
	assert_true(lapic_wrmsr(&v->lapic, MSR_TSC_DEADLINE, vcpu_tsc(v), 1500));
	vcpu_attend(v);
	assert_false(vcpu_ready(v));
	assert_int_equal(v->deadline, 1500);
	fake.vm.paused = true;
	fake_vmcs.tsc = 1500;
	vcpu_attend(v);
	assert_false(vcpu_ready(v));
	assert_true(v->deadline == LAPIC_NEVER);
	fake.vm.paused = false;
	assert_true(vcpu_ready(v));
	vcpu_attend(v);
	assert_int_equal(v->state, VCPU_RUNNABLE);
	assert_int_equal(lapic_pending(&v->lapic), VECTOR);
	/* One that is masked wakes nobody twice. */
	v->state = VCPU_HALTED;
	lapic_acknowledge(&v->lapic);
	v->lapic.reg[REG_LVT_TIMER] |= LVT_MASKED;
	assert_true(lapic_wrmsr(&v->lapic, MSR_TSC_DEADLINE, vcpu_tsc(v), 1400));
	vcpu_attend(v);
	assert_int_equal(v->state, VCPU_HALTED);
	assert_false(vcpu_ready(v));
}

static void deadlines_are_told_in_the_machines_time(void **state)
{
	struct vcpu *v = &vcpus[0];

	(void)state;
	fake.vm.tsc_offset = (u64)-5000;
	fake_vmcs.tsc = 6000;
	v->lapic.reg[REG_LVT_TIMER] = LVT_TIMER_TSC_DEADLINE | VECTOR;
	for (u32 i = 0; i < 3; i++) {
		static const u64 asked[] = { 1500, UINT64_MAX - 1, UINT64_MAX - 6000 };
		static const u64 told[] = { 6500, LAPIC_NEVER, UINT64_MAX - 1000 };

		assert_true(lapic_wrmsr(&v->lapic, MSR_TSC_DEADLINE, vcpu_tsc(v), asked[i]));
		vcpu_attend(v);
		assert_int_equal(v->deadline, told[i]);
		assert_int_equal(lapic_requested(&v->lapic), LAPIC_NONE);
	}
	assert_true(lapic_wrmsr(&v->lapic, MSR_TSC_DEADLINE, vcpu_tsc(v), 1500));
	fake_vmcs.tsc = 6500;
	vcpu_attend(v);
	assert_int_equal(lapic_requested(&v->lapic), VECTOR);
	assert_int_equal(v->deadline, LAPIC_NEVER);
}

/* A level line comes again after its EOI as long as it is up, and the policy is told first. */
static void lines_go_through_the_io_apic_that_has_them(void **state)
{
	struct ioapic *a = &fake.vm.ioapic[1];

	(void)state;
	fake.vm.ioapic_count = 2;
	fake.vm.gsi_base[1] = GSI_BASE;
	for (u32 i = 0; i < 2; i++)
		assert_int_equal(
		        ioapic_init(&fake.vm.ioapic[i], PINS, (u8)i, (struct apic_sink){ vm_send, &fake.vm }), OK);
	a->redirection[PIN] = VECTOR | 1 << 15 | 2ull << 56;
	set_irq(PIN, true);
	assert_int_equal(fake.notified, 0);
	set_irq(GSI_BASE + PINS, true);
	assert_int_equal(fake.notified, 0);
	set_irq(GSI_BASE + PIN, true);
	assert_int_equal(fake.notified, 4);
	lapic_acknowledge(&vcpus[2].lapic);
	assert_int_equal(lapic_pending(&vcpus[2].lapic), LAPIC_NONE);
	assert_true(lapic_wrmsr(&vcpus[2].lapic, MSR_X2APIC_FIRST + REG_EOI, 0, 0));
	assert_int_equal(lapic_pending(&vcpus[2].lapic), VECTOR);
	lapic_acknowledge(&vcpus[2].lapic);
	set_irq(GSI_BASE + PIN, false);
	assert_true(lapic_wrmsr(&vcpus[2].lapic, MSR_X2APIC_FIRST + REG_EOI, 0, 0));
	assert_int_equal(lapic_pending(&vcpus[2].lapic), LAPIC_NONE);
}

static bool copy(u64 address, u64 n, const u8 *from, u8 *to)
{
	struct guest_memory m = vm_guest_memory(&fake.vm);

	return guest_copy(&m, address, n, &(struct guest_copy){ .from = from, .to = to });
}

/* Two pieces side by side in the guest, apart in the machine. */
static void copies_span_pieces_of_memory(void **state)
{
	u8 bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8 }, back[16] = { 0 };

	(void)state;
	fake.vm.memory_count = 3;
	fake.vm.memory[0] = (struct vm_memory){ .length = 0x1000, .window = fake.memory + 0x8000 };
	fake.vm.memory[1] = (struct vm_memory){ .guest = 0x1000, .length = 0x1000, .window = fake.memory };
	fake.vm.memory[2] = (struct vm_memory){ .guest = 0x2000, .length = 0x1000 };
	assert_true(copy(0xFFC, 8, bytes, NULL));
	assert_memory_equal(fake.memory + 0x8FFC, bytes, 4);
	assert_memory_equal(fake.memory, bytes + 4, 4);
	assert_true(copy(0xFFC, 8, NULL, back));
	assert_memory_equal(back, bytes, 8);
	assert_null(vm_memory(&fake.vm, 0xFFC, 8));
	/* Device memory is no RAM. */
	assert_false(copy(0x1FFC, 8, bytes, NULL));
	assert_false(copy(0x1FFC, 8, NULL, back));
	assert_false(copy(0x1FFC, 8, NULL, NULL));
	assert_false(copy(UINT64_MAX - 3, 8, NULL, NULL));
	assert_true(copy(0, 0x2000, NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(messages_reach_whom_they_name, set_up),
		cmocka_unit_test_setup(the_least_busy_one_takes_lowest_priority, set_up),
		cmocka_unit_test_setup(init_and_sipi_start_a_vcpu_anew, set_up),
		cmocka_unit_test_setup(init_alone_waits_for_a_sipi, set_up),
		cmocka_unit_test_setup(a_halted_vcpu_wakes_for_what_it_can_take, set_up),
		cmocka_unit_test_setup(the_end_of_its_vm_stops_every_vcpu, set_up),
		cmocka_unit_test_setup(a_paused_vm_waits_and_goes_on, set_up),
		cmocka_unit_test_setup(a_timer_that_comes_due_in_a_pause_wakes_after_it, set_up),
		cmocka_unit_test_setup(deadlines_are_told_in_the_machines_time, set_up),
		cmocka_unit_test_setup(lines_go_through_the_io_apic_that_has_them, set_up),
		cmocka_unit_test_setup(copies_span_pieces_of_memory, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
