/*
 * The simulated power switch.
 * Trust: test code.
 */
#include "tests/sim/power.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void power_on(struct power *p, u32 cut_at, enum tear tear)
{
	p->count = 0;
	p->cut_at = cut_at;
	p->tear = tear;
	p->random = 0x9e3779b97f4a7c15u ^ ((u64)cut_at << 8) ^ (u64)tear;
}

u64 power_random(struct power *p)
{
	/* xorshift64: repeatable everywhere. */
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random;
}

bool power_fails(struct power *p, enum op_kind kind)
{
	if (p->count == OPS_MAX) {
		fprintf(stderr, "power: more operations than the simulator counts\n");
		abort();
	}
	p->kinds[p->count++] = (u8)kind;
	return p->count == p->cut_at;
}

_Noreturn void power_off(struct power *p)
{
	longjmp(p->off, 1);
}

bool tear_applies(enum op_kind kind, enum tear tear)
{
	static const u32 tears[OP_KINDS] = {
		[OP_NV_READ] = BIT(TEAR_BEFORE),
		[OP_NV_WRITE] =
		        BIT(TEAR_BEFORE) | BIT(TEAR_PREFIX) | BIT(TEAR_SUFFIX) | BIT(TEAR_MIX) | BIT(TEAR_AFTER),
		[OP_FLASH_READ] = BIT(TEAR_BEFORE),
		[OP_FLASH_WRITE] = BIT(TEARS) - 1,
		[OP_FLASH_FLUSH] = BIT(TEAR_BEFORE) | BIT(TEAR_SECTORS) | BIT(TEAR_AFTER),
	};

	return tears[kind] & BIT(tear);
}

const char *tear_name(enum tear tear)
{
	static const char *const name[TEARS] = { "before", "prefix", "suffix", "mix", "sectors", "alone", "after" };

	return name[tear];
}

void tear_bytes(struct power *p, u8 *old, const u8 *new, size_t n)
{
	size_t at = 1 + (size_t)(power_random(p) % (n - 1));

	if (p->tear == TEAR_PREFIX)
		memcpy(old, new, at);
	else if (p->tear == TEAR_SUFFIX)
		memcpy(old + at, new + at, n - at);
	else {
		for (size_t i = 0; i < n; i++) {
			if (i == at || (i != at - 1 && power_random(p) & 0x100))
				old[i] = new[i];
		}
	}
}
