/*
 * The gate, as a table.
 * Trust: in the TCB; pure.
 */
#include "hv/node/gate.h"

static struct gate gate;

/* By what is measured, what the fleet says, what the image is. A ticket is asked for where the table says so. */
static const enum err verdict[2][2][2] = {
	[false] = { { ERR_BOOT_MEASURE, ERR_BOOT_MEASURE }, { ERR_BOOT_MEASURE, ERR_BOOT_MEASURE } },
	[true] = { { ERR_GATE_TICKET, ERR_GATE_TICKET }, { ERR_FLEET_UNGATED, OK } },
};

void gate_set(const struct gate *g)
{
	gate = *g;
}

void gate_unmeasured(void)
{
	gate.measured = false;
}

enum err gate_check(const u8 digest[SHA384_SIZE])
{
	/* A ticket names the digests it lets through: it is here that it will be looked at, and there is none yet. */
	(void)digest;
	return verdict[gate.measured][gate.ungated][gate.development];
}
