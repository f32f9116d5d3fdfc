/* The gate: the tables of docs/fleet.md, row by row. */
#include "hv/node/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1000 };

static const u8 digest[SHA384_SIZE] = { 1 }, other[SHA384_SIZE] = { 2 };
static const struct ticket_load load = { 2, 3, 4096 };

/* First: before anything was set. */
static void is_closed_from_the_start(void **state)
{
	(void)state;
	assert_int_equal(gate_check(&node_gate, NOW, digest, &load), ERR_BOOT_MEASURE);
	assert_int_equal(gate_allows(&node_gate, NOW, digest, &load), ERR_GATE_TICKET);
	assert_int_equal(gate_fate(&node_gate, false), FATE_ENDED);
}

static struct gate with_ticket(bool ungated, bool development, u64 lease_end)
{
	struct gate g = { .ungated = ungated, .development = development, .measured = true, .lease_end = lease_end };

	g.ticket = (struct ticket){ .rule = TICKET_KEEP, .guests = 2, .vcpus = 3, .memory = 4096, .allowed_count = 1 };
	memcpy(g.ticket.allowed[0], digest, SHA384_SIZE);
	return g;
}

static void follows_the_table(void **state)
{
	(void)state;
	static const struct {
		bool ungated, development;
		enum err none, over, runs, runs_other;
	} rows[] = {
		{ false, false, ERR_GATE_TICKET, ERR_TICKET_LEASE, OK, ERR_TICKET_GUEST },
		{ false, true, ERR_GATE_TICKET, ERR_TICKET_LEASE, OK, ERR_TICKET_GUEST },
		{ true, false, ERR_FLEET_UNGATED, ERR_FLEET_UNGATED, ERR_FLEET_UNGATED, ERR_FLEET_UNGATED },
		{ true, true, OK, OK, OK, OK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gate none = with_ticket(rows[i].ungated, rows[i].development, 0);
		struct gate over = with_ticket(rows[i].ungated, rows[i].development, NOW);
		struct gate runs = with_ticket(rows[i].ungated, rows[i].development, NOW + 1);
		struct gate *gates[] = { &none, &over, &runs };

		assert_int_equal(gate_check(&none, NOW, digest, &load), rows[i].none);
		assert_int_equal(gate_check(&over, NOW, digest, &load), rows[i].over);
		assert_int_equal(gate_check(&runs, NOW, digest, &load), rows[i].runs);
		assert_int_equal(gate_check(&runs, NOW, other, &load), rows[i].runs_other);
		/* What is not measured completely starts nothing, and lets run on what the rest of the row lets. */
		for (size_t k = 0; k < ARRAY_SIZE(gates); k++) {
			enum err before = gate_check(gates[k], NOW, digest, &load);

			gates[k]->measured = false;
			assert_int_equal(gate_check(gates[k], NOW, digest, &load), ERR_BOOT_MEASURE);
			assert_int_equal(gate_allows(gates[k], NOW, digest, &load), before);
		}
	}
}

static void holds_the_limits(void **state)
{
	(void)state;
	static const struct ticket_load above[] = { { 3, 3, 4096 }, { 2, 4, 4096 }, { 2, 3, 4097 } };
	struct gate g = with_ticket(false, false, NOW + 1);

	for (size_t i = 0; i < ARRAY_SIZE(above); i++)
		assert_int_equal(gate_check(&g, NOW, digest, &above[i]), ERR_TICKET_LIMIT);
	g.ticket.flags = TICKET_ANY_GUEST;
	assert_int_equal(gate_check(&g, NOW, other, &load), OK);
}

static void tells_a_lease_by_the_time(void **state)
{
	(void)state;
	struct gate g = with_ticket(false, false, NOW);

	assert_int_equal(gate_lease(&g, 0), LEASE_RUNS);
	assert_int_equal(gate_lease(&g, NOW - 1), LEASE_RUNS);
	assert_int_equal(gate_lease(&g, NOW), LEASE_OVER);
	assert_int_equal(gate_lease(&g, UINT64_MAX), LEASE_OVER);
	g.lease_end = 0;
	assert_int_equal(gate_lease(&g, 0), LEASE_NONE);
}

static void decides_by_the_rule_alone(void **state)
{
	(void)state;
	static const struct {
		enum ticket_rule rule;
		enum gate_fate fate;
	} rows[] = { { TICKET_KEEP, FATE_STAYS }, { TICKET_PAUSE, FATE_PAUSED }, { TICKET_STOP, FATE_ENDED } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gate g = { .ticket = { .rule = rows[i].rule } };

		assert_int_equal(gate_fate(&g, false), rows[i].fate);
		assert_int_equal(gate_fate(&g, true), FATE_RUNS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_closed_from_the_start),
		cmocka_unit_test(follows_the_table),
		cmocka_unit_test(holds_the_limits),
		cmocka_unit_test(tells_a_lease_by_the_time),
		cmocka_unit_test(decides_by_the_rule_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
