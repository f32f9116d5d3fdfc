/* The scheduler in simulated time: spinning, sleeping and exit-flooding tasks on one to four processors. */
#include "hv/sched/sched.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { SLICE = 1000, TASKS = 6, NEVER = 0x7FFFFFFF };

/* How a task behaves: it works for run cycles, then sleeps; a flood gives its turn back every so many cycles. */
struct load {
	u32 run, sleep; /* sleep 0: never */
	u32 flood; /* 0: never */
	/* what came of it */
	struct task *task;
	u64 left, wake_at, delay_max, woken_at;
	u64 cycles;
};

static struct sched sched;
static struct {
	struct load *load;
	u64 ends;
	bool blocks;
} turn[4];

static struct load *load_of(const struct task *t)
{
	return (struct load *)t->vcpu;
}

static void begin(u32 processor, u64 now)
{
	u64 length;
	struct task *t = sched_pick(&sched, processor, now);

	turn[processor].load = NULL;
	if (!t)
		return;
	struct load *l = load_of(t);
	if (l->woken_at && now - l->woken_at > l->delay_max)
		l->delay_max = now - l->woken_at;
	l->woken_at = 0;
	length = l->left < sched.slice ? l->left : sched.slice;
	if (l->flood && l->flood < length)
		length = l->flood;
	turn[processor].load = l;
	turn[processor].ends = now + length;
	turn[processor].blocks = length == l->left;
}

static void end(u32 processor, u64 now)
{
	struct load *l = turn[processor].load;
	u64 had = now - l->task->since;

	l->cycles += had;
	l->left -= had < l->left ? had : l->left;
	bool blocks = l->left == 0 && l->sleep;
	if (l->left == 0)
		l->left = l->run;
	if (blocks)
		l->wake_at = now + l->sleep;
	sched_put(&sched, processor, now, blocks);
	turn[processor].load = NULL;
}

static void simulate(struct load *loads, u32 n, u32 processors, u64 cycles)
{
	memset(turn, 0, sizeof(turn));
	sched_init(&sched, SLICE);
	for (u32 i = 0; i < n; i++) {
		assert_int_equal(sched_add(&sched, (struct vcpu *)&loads[i], &loads[i].task), OK);
		loads[i].left = loads[i].run;
	}
	for (u64 now = 1; now < cycles; now++) {
		for (u32 i = 0; i < n; i++)
			if (loads[i].task->state == TASK_BLOCKED && now >= loads[i].wake_at) {
				loads[i].woken_at = now;
				u32 kick = sched_wake(&sched, loads[i].task, processors);
				if (kick != SCHED_NOWHERE && turn[kick].load)
					end(kick, now);
			}
		for (u32 p = 0; p < processors; p++) {
			if (turn[p].load && now >= turn[p].ends)
				end(p, now);
			if (!turn[p].load)
				begin(p, now);
		}
	}
}

static void assert_share(const struct load *l, u64 cycles, u64 percent)
{
	u64 got = l->cycles * 100 / cycles;

	if (got + 2 < percent || got > percent + 2)
		fail_msg("a share of %lu %%, not %lu %%", (unsigned long)got, (unsigned long)percent);
}

static void spinning_tasks_share_alike(void **state)
{
	struct load three[3] = { { .run = NEVER }, { .run = NEVER }, { .run = NEVER } };

	(void)state;
	simulate(three, 3, 1, 300000);
	for (u32 i = 0; i < 3; i++)
		assert_share(&three[i], 300000, 33);
	memset(three, 0, sizeof(three));
	for (u32 i = 0; i < 3; i++)
		three[i].run = NEVER;
	simulate(three, 3, 2, 300000);
	for (u32 i = 0; i < 3; i++)
		assert_share(&three[i], 300000, 66);
}

static void an_exit_flood_leaves_others_their_share(void **state)
{
	struct load loads[3] = { { .run = NEVER, .flood = 3 }, { .run = NEVER }, { .run = NEVER } };

	(void)state;
	simulate(loads, 3, 1, 300000);
	for (u32 i = 0; i < 3; i++)
		assert_share(&loads[i], 300000, 33);
}

static void a_sleeper_comes_soon_and_gains_nothing_by_sleeping(void **state)
{
	struct load loads[3] = { { .run = NEVER }, { .run = NEVER }, { .run = 100, .sleep = 10000, .wake_at = 5000 } };

	(void)state;
	simulate(loads, 3, 1, 400000);
	assert_in_range(loads[2].delay_max, 0, SLICE);
	assert_share(&loads[2], 400000, 1);
	assert_in_range(loads[0].cycles, 190000, 200000);
	/* One that slept for long and then spins gets its share from there on, not what it missed. */
	struct load late[2] = { { .run = NEVER }, { .run = NEVER, .wake_at = 200000 } };
	simulate(late, 2, 1, 300000);
	assert_in_range(late[1].cycles, 48000, 52000);
}

static void idle_processors_are_used_and_idle_stays_idle(void **state)
{
	struct load loads[4] = { { .run = NEVER }, { .run = NEVER }, { .run = 10, .sleep = 1000 }, { .run = NEVER } };

	(void)state;
	simulate(loads, 4, 4, 100000);
	assert_share(&loads[0], 100000, 100);
	assert_share(&loads[3], 100000, 100);
	assert_in_range(loads[2].delay_max, 0, 1);
	sched_init(&sched, SLICE);
	assert_null(sched_pick(&sched, 0, 5));
}

static void an_event_during_the_turn_is_not_lost(void **state)
{
	struct task *t;

	(void)state;
	sched_init(&sched, SLICE);
	assert_int_equal(sched_add(&sched, NULL, &t), OK);
	assert_int_equal(sched_wake(&sched, t, 2), 0);
	assert_ptr_equal(sched_pick(&sched, 1, 10), t);
	assert_int_equal(sched_wake(&sched, t, 2), SCHED_NOWHERE);
	sched_put(&sched, 1, 20, true);
	assert_int_equal(t->state, TASK_READY);
	assert_ptr_equal(sched_pick(&sched, 1, 30), t);
	sched_put(&sched, 1, 40, true);
	assert_int_equal(t->state, TASK_BLOCKED);
	/* It goes back to the processor it knows. */
	assert_int_equal(sched_wake(&sched, t, 2), 1);
	assert_int_equal(t->cycles, 20);
}

/* Its registers are still there: who else took it would run it twice. */
static void a_bound_task_runs_where_it_is_bound_alone(void **state)
{
	struct vcpu *any = (struct vcpu *)state;
	struct task *t, *other;

	sched_init(&sched, SLICE);
	assert_int_equal(sched_add(&sched, any, &t), OK);
	assert_int_equal(sched_wake(&sched, t, 2), 0);
	assert_ptr_equal(sched_pick(&sched, 1, 10), t);
	sched_put(&sched, 1, 20, true);
	t->bound = true;
	assert_int_equal(sched_wake(&sched, t, 2), 1);
	assert_null(sched_pick(&sched, 0, 30));
	assert_int_equal(sched_spread(&sched, 2), SCHED_NOWHERE);
	assert_ptr_equal(sched_pick(&sched, 1, 30), t);
	/* Another one waits, and its processor is not the only idle one. */
	assert_int_equal(sched_add(&sched, any, &other), OK);
	other->state = TASK_READY;
	assert_int_equal(sched_spread(&sched, 1), 0);
	assert_ptr_equal(sched_pick(&sched, 0, 40), other);
	assert_int_equal(sched_spread(&sched, 2), SCHED_NOWHERE);
}

/* Polling by the worker, whose turns are next to nothing, leaves the others the processor. */
static void the_worker_pays_for_its_turns(void **state)
{
	struct load spinning = { .run = NEVER };
	struct task *worker;
	u64 turns = 0;

	(void)state;
	sched_init(&sched, SLICE);
	assert_int_equal(sched_add(&sched, (struct vcpu *)&spinning, &spinning.task), OK);
	assert_int_equal(sched_add(&sched, NULL, &worker), OK);
	(void)sched_wake(&sched, spinning.task, 1);
	(void)sched_wake(&sched, worker, 1);
	for (u64 now = 0; now < 100 * SLICE;) {
		bool polls = sched_pick(&sched, 0, now) == worker;
		now += polls ? 1 : SLICE;
		turns += polls;
		sched_put(&sched, 0, now, false);
	}
	assert_in_range(turns, 100, 100 * 20);
	assert_true(spinning.task->cycles >= 97 * SLICE);
}

static void tasks_come_and_go_within_bounds(void **state)
{
	struct task *t, *first = NULL;

	(void)state;
	sched_init(&sched, SLICE);
	for (u32 i = 0; i < SCHED_TASKS_MAX; i++) {
		assert_int_equal(sched_add(&sched, NULL, &t), OK);
		first = first ? first : t;
	}
	assert_int_equal(sched_add(&sched, NULL, &t), ERR_NO_MEMORY);
	sched_remove(first);
	assert_int_equal(sched_add(&sched, NULL, &t), OK);
	assert_ptr_equal(t, first);
}

/* Nobody who wants to run waits longer than everybody's turns together, whatever the others do. */
static void nobody_starves_under_random_loads(void **state)
{
	u64 seed = 11;

	(void)state;
	for (u32 round = 0; round < 20; round++) {
		struct load loads[TASKS] = { { .run = NEVER } };
		for (u32 i = 1; i < TASKS; i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			u32 pick = (u32)(seed >> 33);
			loads[i].run = 1 + pick % 5000;
			loads[i].sleep = pick >> 13 & 1 ? pick >> 14 & 0x1FFF : 0;
			loads[i].flood = pick & 1 ? 1 + (pick >> 20 & 15) : 0;
		}
		u32 processors = 1 + round % 2;
		simulate(loads, TASKS, processors, 60000);
		assert_true(loads[0].cycles * TASKS * 100 >= (u64)60000 * processors * 90);
		for (u32 i = 0; i < TASKS; i++)
			assert_in_range(loads[i].delay_max, 0, (u64)TASKS * SLICE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spinning_tasks_share_alike),
		cmocka_unit_test(an_exit_flood_leaves_others_their_share),
		cmocka_unit_test(a_sleeper_comes_soon_and_gains_nothing_by_sleeping),
		cmocka_unit_test(idle_processors_are_used_and_idle_stays_idle),
		cmocka_unit_test(an_event_during_the_turn_is_not_lost),
		cmocka_unit_test(a_bound_task_runs_where_it_is_bound_alone),
		cmocka_unit_test(the_worker_pays_for_its_turns),
		cmocka_unit_test(tasks_come_and_go_within_bounds),
		cmocka_unit_test(nobody_starves_under_random_loads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
