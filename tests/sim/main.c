/*
 * The power-cut simulation, as TAP.
 * Trust: test code.
 */
#include "tests/sim/check.h"
#include "tests/sim/coverage.h"
#include "tests/sim/scenarios.h"

#include <stdio.h>

static u32 tests;

static bool report(bool ok, const char *name)
{
	printf("%sok %u - %s\n", ok ? "" : "not ", ++tests, name);
	fflush(stdout);
	return ok;
}

static bool run_scenarios(struct explored *sum)
{
	bool all = true;

	for (u32 i = 0; i < scenario_count; i++) {
		struct explored x = explore(&scenarios[i]);

		printf("# %u operations, %u cuts, %u cut again\n", x.operations, x.cuts, x.double_cuts);
		all &= report(x.complaints == 0, scenarios[i].name);
		sum->operations += x.operations;
		sum->cuts += x.cuts;
		sum->double_cuts += x.double_cuts;
	}
	return all;
}

static bool run_refusals(void)
{
	static struct node n;
	bool all = true;

	for (u32 i = 0; i < refusal_count; i++) {
		check_context(refusals[i].name, 0, TEAR_BEFORE, 0, TEAR_BEFORE);
		node_init(&n);
		refusals[i].prepare(&n);
		refusals[i].act(&n);
		all &= report(n.complaints == 0, refusals[i].name);
	}
	return all;
}

/* A check that never complains checks nothing. */
static bool run_controls(void)
{
	bool all = true;

	check_quiet(true);
	for (u32 i = 0; i < wrong_scenario_count; i++)
		all &= report(explore(&wrong_scenarios[i]).complaints > 0, wrong_scenarios[i].name);
	check_quiet(false);
	return all;
}

int main(void)
{
	struct explored sum = { 0 };
	bool ok;

	releases_make();
	ok = run_scenarios(&sum);
	ok &= report(coverage_report(), "every state, transition, reason and cause was reached");
	ok &= run_refusals();
	ok &= run_controls();
	printf("# %u operations cut in %u ways, and %u times again in the recovery\n", sum.operations, sum.cuts,
	        sum.double_cuts);
	printf("1..%u\n", tests);
	return ok ? 0 : 1;
}
