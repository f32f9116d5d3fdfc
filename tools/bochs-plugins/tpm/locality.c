/*
 * Arbitration between localities.
 * Test bed only; pure.
 */
#include "tools/bochs-plugins/tpm/locality.h"

enum {
	ACCESS_NOT_ESTABLISHED = BIT(0),
	ACCESS_REQUEST_USE = BIT(1),
	ACCESS_PENDING_REQUEST = BIT(2),
	ACCESS_SEIZE = BIT(3),
	ACCESS_BEEN_SEIZED = BIT(4),
	ACCESS_ACTIVE = BIT(5),
	ACCESS_VALID = BIT(7),
};

static u8 bit(u8 locality)
{
	return (u8)(1u << locality);
}

static void activate(struct tis *t, u8 locality)
{
	t->active = locality;
	t->requests &= (u8)~bit(locality);
}

/* The highest one that waits comes next. */
static void release(struct tis *t)
{
	t->active = TIS_NO_LOCALITY;
	for (u8 l = TIS_LOCALITIES; l-- > 0;) {
		if (t->requests & bit(l)) {
			activate(t, l);
			return;
		}
	}
}

static void take_from_active(struct tis *t, u8 locality)
{
	if (t->active != TIS_NO_LOCALITY)
		t->seized |= bit(t->active);
	activate(t, locality);
}

u8 locality_read(const struct tis *t, u8 locality)
{
	u8 access = ACCESS_VALID;
	if (!t->established)
		access |= ACCESS_NOT_ESTABLISHED;
	if (t->requests & bit(locality))
		access |= ACCESS_REQUEST_USE;
	if (t->requests & ~bit(locality))
		access |= ACCESS_PENDING_REQUEST;
	if (t->seized & bit(locality))
		access |= ACCESS_BEEN_SEIZED;
	if (t->active == locality)
		access |= ACCESS_ACTIVE;
	return access;
}

static void relinquish(struct tis *t, u8 locality)
{
	if (t->active == locality)
		release(t);
	else
		t->requests &= (u8)~bit(locality);
}

static void request(struct tis *t, u8 locality)
{
	if (t->active == TIS_NO_LOCALITY)
		activate(t, locality);
	else if (t->active != locality)
		t->requests |= bit(locality);
}

static void seize(struct tis *t, u8 locality)
{
	if (t->active == TIS_NO_LOCALITY || t->active < locality)
		take_from_active(t, locality);
}

void locality_write(struct tis *t, u8 locality, u8 value)
{
	/* Nobody takes part while a dynamic launch is being measured. */
	if (t->hashing)
		return;
	if (value & ACCESS_ACTIVE)
		relinquish(t, locality);
	if (value & ACCESS_BEEN_SEIZED)
		t->seized &= (u8)~bit(locality);
	if (value & ACCESS_SEIZE)
		seize(t, locality);
	if (value & ACCESS_REQUEST_USE)
		request(t, locality);
}

void locality_take_for_hash(struct tis *t)
{
	if (t->active != LOCALITY_HARDWARE)
		take_from_active(t, LOCALITY_HARDWARE);
}

void locality_release_after_hash(struct tis *t)
{
	release(t);
}
