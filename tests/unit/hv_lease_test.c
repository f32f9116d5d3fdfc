/* What becomes of guests when a ticket is taken or its lease ends: the second table of docs/fleet.md, row by row. */
#include "hv/guest/state.h"
#include "hv/node/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { GUESTS = 3, STOPPED_BY_RULE = 0xEE };

static struct guest guests[GUESTS];
static struct vm vms[GUESTS];
static u32 changes;

static void changed(u32 id, enum control_change what)
{
	assert_in_range(id, 1, GUESTS);
	assert_int_equal(what, CONTROL_STATE);
	changes++;
}

static const struct guest_observer observer = { .changed = changed };
const struct guest_observer *guest_observer = &observer;

struct guest *guest_from(u32 id)
{
	for (u32 i = 0; i < GUESTS; i++)
		if (guests[i].id >= id)
			return &guests[i];
	return NULL;
}

void vm_stop(struct vm *vm, const char *reason)
{
	assert_string_equal(reason, "no ticket allows it");
	vm->state = STOPPED_BY_RULE;
}

void vm_pause(struct vm *vm, bool paused)
{
	assert_true(vm->paused != paused);
	vm->paused = paused;
}

/* Three that run, each of one vCPU and 1 MiB; all of them allowed for good. */
static int set_up(void **state)
{
	(void)state;
	memset(guests, 0, sizeof(guests));
	memset(vms, 0, sizeof(vms));
	changes = 0;
	node_gate = (struct gate){ .measured = true, .lease_end = UINT64_MAX };
	node_gate.ticket = (struct ticket){ .rule = TICKET_KEEP, .guests = 3, .vcpus = 3, .memory = MIB(3) };
	for (u32 i = 0; i < GUESTS; i++) {
		guests[i].id = i + 1;
		guests[i].state = CONTROL_GUEST_RUNNING;
		guests[i].vm = &vms[i];
		guests[i].shape = (struct control_create){ .vcpus = 1, .memory = MIB(1) };
		guests[i].digest[0] = (u8)(i + 1);
		assert_int_equal(ticket_allow(&node_gate.ticket, guests[i].digest), OK);
	}
	return 0;
}

static void forbid(u32 guest)
{
	node_gate.ticket.allowed[guest][0] = 0x77;
}

static void an_end_is_met_by_the_rule(void **state)
{
	static const struct {
		enum ticket_rule rule;
		u8 before, after;
		bool stopped;
	} rows[] = {
		{ TICKET_KEEP, CONTROL_GUEST_RUNNING, CONTROL_GUEST_RUNNING, false },
		{ TICKET_KEEP, CONTROL_GUEST_PAUSED, CONTROL_GUEST_PAUSED, false },
		{ TICKET_PAUSE, CONTROL_GUEST_RUNNING, CONTROL_GUEST_PAUSED, false },
		{ TICKET_PAUSE, CONTROL_GUEST_PAUSED, CONTROL_GUEST_PAUSED, false },
		{ TICKET_STOP, CONTROL_GUEST_RUNNING, CONTROL_GUEST_RUNNING, true },
		{ TICKET_STOP, CONTROL_GUEST_PAUSED, CONTROL_GUEST_PAUSED, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		set_up(state);
		node_gate.lease_end = 1;
		node_gate.ticket.rule = rows[i].rule;
		guests[1].state = rows[i].before;
		vms[1].paused = rows[i].before == CONTROL_GUEST_PAUSED;
		guests_enforce();
		assert_int_equal(guests[1].state, rows[i].after);
		assert_int_equal(vms[1].paused, rows[i].after == CONTROL_GUEST_PAUSED);
		assert_int_equal(vms[1].state == STOPPED_BY_RULE, rows[i].stopped);
	}
}

static void a_ticket_lets_go_on_what_it_allows(void **state)
{
	(void)state;
	for (u32 i = 0; i < GUESTS; i++) {
		guests[i].state = CONTROL_GUEST_PAUSED;
		vms[i].paused = true;
	}
	node_gate.ticket.rule = TICKET_PAUSE;
	forbid(1);
	guests_enforce();
	assert_int_equal(guests[0].state, CONTROL_GUEST_RUNNING);
	assert_int_equal(guests[1].state, CONTROL_GUEST_PAUSED);
	assert_int_equal(guests[2].state, CONTROL_GUEST_RUNNING);
	assert_true(!vms[0].paused && vms[1].paused && !vms[2].paused);
	assert_int_equal(changes, 2);
	/* Nothing changes twice. */
	guests_enforce();
	assert_int_equal(changes, 2);
}

static void limits_are_for_those_that_were_there_first(void **state)
{
	(void)state;
	node_gate.ticket.rule = TICKET_STOP;
	node_gate.ticket.memory = MIB(2);
	forbid(0);
	guests_enforce();
	/* The first is not allowed, so that it takes no place. */
	assert_int_equal(vms[0].state, STOPPED_BY_RULE);
	assert_int_not_equal(vms[1].state, STOPPED_BY_RULE);
	assert_int_not_equal(vms[2].state, STOPPED_BY_RULE);
	set_up(state);
	node_gate.ticket.rule = TICKET_STOP;
	node_gate.ticket.vcpus = 2;
	guests_enforce();
	assert_int_not_equal(vms[1].state, STOPPED_BY_RULE);
	assert_int_equal(vms[2].state, STOPPED_BY_RULE);
}

static void those_that_do_not_run_are_left_alone(void **state)
{
	(void)state;
	static const u8 states[GUESTS] = { CONTROL_GUEST_NEW, CONTROL_GUEST_STARTING, CONTROL_GUEST_OFF };
	struct ticket_load load;

	for (u32 i = 0; i < GUESTS; i++)
		guests[i].state = states[i];
	node_gate.lease_end = 1;
	node_gate.ticket.rule = TICKET_STOP;
	guests_enforce();
	for (u32 i = 0; i < GUESTS; i++)
		assert_true(guests[i].state == states[i] && vms[i].state != STOPPED_BY_RULE);
	/* Nor do they count beside one that starts. */
	load = guest_load_with(&guests[1]);
	assert_true(load.guests == 1 && load.vcpus == 1 && load.memory == MIB(1));
	guests[0].state = CONTROL_GUEST_RUNNING;
	guests[2].state = CONTROL_GUEST_PAUSED;
	load = guest_load_with(&guests[1]);
	assert_true(load.guests == 3 && load.vcpus == 3 && load.memory == MIB(3));
}

static void an_ungated_node_holds_nobody(void **state)
{
	(void)state;
	node_gate.ungated = node_gate.development = true;
	node_gate.lease_end = 1;
	node_gate.ticket.rule = TICKET_STOP;
	guests_enforce();
	for (u32 i = 0; i < GUESTS; i++)
		assert_int_not_equal(vms[i].state, STOPPED_BY_RULE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_end_is_met_by_the_rule, set_up),
		cmocka_unit_test_setup(a_ticket_lets_go_on_what_it_allows, set_up),
		cmocka_unit_test_setup(limits_are_for_those_that_were_there_first, set_up),
		cmocka_unit_test_setup(those_that_do_not_run_are_left_alone, set_up),
		cmocka_unit_test_setup(an_ungated_node_holds_nobody, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
