/*
 * Simulated flash.
 * Trust: test code.
 */
#include "tests/sim/fake_flash.h"

#include <string.h>

static void persist_all(struct fake_flash *f)
{
	memcpy(f->durable, f->now, sizeof(f->durable));
}

/* Any subset of the sectors not flushed: lost and re-ordered writes at once. */
static void persist_some(struct fake_flash *f)
{
	u8 *durable = &f->durable[0][0];
	const u8 *now = &f->now[0][0];

	for (size_t at = 0; at < sizeof(f->now); at += CACHE_SECTOR) {
		if (power_random(f->power) & 0x100)
			memcpy(durable + at, now + at, CACHE_SECTOR);
	}
}

static void cut_write(struct fake_flash *f, u8 slot, u64 offset, const u8 *bytes, size_t n)
{
	switch (f->power->tear) {
	case TEAR_ALONE:
		memcpy(f->durable[slot] + offset, bytes, n);
		break;
	case TEAR_PREFIX:
	case TEAR_SUFFIX:
	case TEAR_MIX:
		persist_all(f);
		tear_bytes(f->power, f->durable[slot] + offset, bytes, n);
		break;
	case TEAR_SECTORS:
		memcpy(f->now[slot] + offset, bytes, n);
		persist_some(f);
		break;
	case TEAR_AFTER:
		memcpy(f->now[slot] + offset, bytes, n);
		persist_all(f);
		break;
	case TEAR_BEFORE:
	case TEARS:
		break;
	}
}

static enum err port_read(void *context, u64 offset, u8 *out, size_t n)
{
	struct fake_port *p = context;

	if (power_fails(p->flash->power, OP_FLASH_READ))
		power_off(p->flash->power);
	if (p->slot >= SLOTS || !range_inside(offset, n, SLOT_SIZE))
		return ERR_IO;
	memcpy(out, p->flash->now[p->slot] + offset, n);
	return OK;
}

static enum err port_write(void *context, u64 offset, const u8 *bytes, size_t n)
{
	struct fake_port *p = context;
	struct fake_flash *f = p->flash;

	if (!range_inside(offset, n, SLOT_SIZE) || !is_aligned(offset, FLASH_SECTOR) || !is_aligned(n, FLASH_SECTOR))
		return ERR_IO;
	f->writes++;
	if (power_fails(f->power, OP_FLASH_WRITE)) {
		cut_write(f, p->slot, offset, bytes, n);
		power_off(f->power);
	}
	if (f->writes != f->drop)
		memcpy(f->now[p->slot] + offset, bytes, n);
	return OK;
}

static enum err port_flush(void *context)
{
	struct fake_flash *f = ((struct fake_port *)context)->flash;
	bool cut = power_fails(f->power, OP_FLASH_FLUSH);

	if (cut && f->power->tear == TEAR_BEFORE)
		power_off(f->power);
	if (cut && f->power->tear == TEAR_SECTORS)
		persist_some(f);
	else
		persist_all(f);
	if (cut)
		power_off(f->power);
	return OK;
}

struct flash_ops fake_flash_ops(struct fake_flash *flash, u8 slot, struct fake_port *port)
{
	*port = (struct fake_port){ .flash = flash, .slot = slot };
	return (struct flash_ops){
		.read = port_read, .write = port_write, .flush = port_flush, .context = port, .length = SLOT_SIZE
	};
}
