/*
 * Every cut, and every cut again.
 * Trust: test code.
 */
#include "tests/sim/explore.h"

#include "tests/sim/check.h"

#include <string.h>

/*
 * The operations of the boot that follows a cut are all cut again. Those of the installation that comes after it are
 * many, and the first cut has seen them: of them every so manieth, another one each time.
 */
enum { RECOVERY_STRIDE = 23 };

/* Nodes are large. */
static struct node base, after, work;

/* False when the power went. */
static bool run(struct node *n, void (*act)(struct node *n), u32 cut_at, enum tear tear)
{
	node_power(n, cut_at, tear);
	if (setjmp(n->power.off) != 0)
		return false;
	act(n);
	return true;
}

static void bring_to_next(struct node *n)
{
	CHECK(n, node_bring_to(n, RELEASE_NEXT));
}

static void boot_only(struct node *n)
{
	node_boot(n);
}

static void collect(struct explored *x)
{
	x->complaints += work.complaints;
	work.complaints = 0;
}

/* From the cut state in after, left to itself: boots settle. */
static void recover(struct explored *x)
{
	node_copy(&work, &after);
	run(&work, check_settles, 0, TEAR_BEFORE);
	collect(x);
}

/* kinds: of the operations of the uncut recovery. */
static void cut_again(struct explored *x, const struct scenario *s, u32 first, enum tear first_tear, u32 second,
        const u8 kinds[OPS_MAX])
{
	for (u32 tear = 0; tear < TEARS; tear++) {
		if (!tear_applies((enum op_kind)kinds[second - 1], (enum tear)tear))
			continue;
		node_copy(&work, &after);
		check_context(s->name, first, first_tear, second, (enum tear)tear);
		CHECK(&work, !run(&work, bring_to_next, second, (enum tear)tear));
		run(&work, check_settles, 0, TEAR_BEFORE);
		collect(x);
		x->double_cuts++;
	}
}

static void cut_recovery(struct explored *x, const struct scenario *s, u32 first, enum tear tear)
{
	static u8 kinds[OPS_MAX];
	u32 boot, all;

	node_copy(&work, &after);
	run(&work, boot_only, 0, TEAR_BEFORE);
	boot = work.power.count;
	/* The operator still gets everywhere. */
	node_copy(&work, &after);
	run(&work, bring_to_next, 0, TEAR_BEFORE);
	all = work.power.count;
	memcpy(kinds, work.power.kinds, sizeof(kinds));
	collect(x);
	for (u32 second = 1; second <= boot; second++)
		cut_again(x, s, first, tear, second, kinds);
	for (u32 second = boot + 1 + (first + tear) % RECOVERY_STRIDE; second <= all; second += RECOVERY_STRIDE)
		cut_again(x, s, first, tear, second, kinds);
}

static void cut_once(struct explored *x, const struct scenario *s, u32 at, enum tear tear)
{
	node_copy(&after, &base);
	check_context(s->name, at, tear, 0, TEAR_BEFORE);
	CHECK(&after, !run(&after, s->act, at, tear));
	x->complaints += after.complaints;
	after.complaints = 0;
	x->cuts++;
	recover(x);
	cut_recovery(x, s, at, tear);
}

struct explored explore(const struct scenario *s)
{
	static u8 kinds[OPS_MAX];
	struct explored x = { 0 };

	check_context(s->name, 0, TEAR_BEFORE, 0, TEAR_BEFORE);
	node_init(&base);
	s->prepare(&base);
	x.complaints = base.complaints;
	base.complaints = 0;
	node_copy(&work, &base);
	run(&work, s->act, 0, TEAR_BEFORE);
	x.operations = work.power.count;
	memcpy(kinds, work.power.kinds, sizeof(kinds));
	collect(&x);
	for (u32 at = 1; at <= x.operations; at++) {
		for (u32 tear = 0; tear < TEARS; tear++) {
			if (tear_applies((enum op_kind)kinds[at - 1], (enum tear)tear))
				cut_once(&x, s, at, (enum tear)tear);
		}
	}
	return x;
}
