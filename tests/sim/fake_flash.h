/*
 * The two slots of a flash disk with a write cache: what is not flushed may be lost, torn, or persist out of order.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_SIM_FAKE_FLASH_H
#define SIGNET_TESTS_SIM_FAKE_FLASH_H

#include "tests/sim/power.h"
#include "update/install.h"

enum { SLOT_SIZE = 176 << 10, CACHE_SECTOR = 512 };

struct fake_flash {
	struct power *power;
	u32 writes; /* done or torn */
	u32 drop; /* this write, counted from 1, is acknowledged and never done */
	u8 now[SLOTS][SLOT_SIZE]; /* what a read sees */
	u8 durable[SLOTS][SLOT_SIZE]; /* what a power cut leaves */
};

struct fake_port {
	struct fake_flash *flash;
	u8 slot;
};

/* port is filled in and must outlive the result. */
struct flash_ops fake_flash_ops(struct fake_flash *flash, u8 slot, struct fake_port *port);

#endif
