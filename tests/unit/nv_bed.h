/*
 * A node's NV state on a TPM that is memory, whose power may go at any write.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_UNIT_NV_BED_H
#define SIGNET_TESTS_UNIT_NV_BED_H

#include "tests/sim/fake_nv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct power power;
static struct fake_nv nv;
static struct nv_store store;

static inline void reset(void)
{
	power_on(&power, 0, TEAR_BEFORE);
	memset(&nv, 0, sizeof(nv));
	nv.power = &power;
	nv.writable = true;
	store = fake_nv_store(&nv);
}

static inline struct boot_state first_state(void)
{
	struct boot_state s = { .image_floor = 3, .key_floor = 1 };

	s.slot[SLOT_A].state = SLOT_GOOD;
	memset(s.slot[SLOT_A].digest, 0xa, SHA384_SIZE);
	return s;
}

static inline struct nv_view read_ok(void)
{
	struct nv_view v;

	assert_int_equal(nv_read_view(&store, &v), OK);
	return v;
}

/* Enrolled, with a second record written, so that both hold something. */
static inline struct nv_view enrolled(void)
{
	struct boot_state s = first_state();
	struct nv_view v;

	reset();
	v = read_ok();
	assert_int_equal(v.status, NV_UNPROVISIONED);
	assert_int_equal(nv_initialise(&store, &v, &s), OK);
	s = v.state;
	s.slot[SLOT_B].state = SLOT_WRITING;
	assert_int_equal(nv_commit(&store, &v, &s), OK);
	return v;
}

#endif
