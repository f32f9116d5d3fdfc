/*
 * The gate, as tables (docs/fleet.md).
 * Trust: in the TCB; pure.
 */
#include "hv/node/gate.h"

struct gate node_gate;

/* By what the fleet says, what the image is, and the last ticket; OK of a gated node: as the ticket says. */
static const enum err verdict[2][2][LEASES] = {
	[false] = { { ERR_GATE_TICKET, ERR_TICKET_LEASE, OK }, { ERR_GATE_TICKET, ERR_TICKET_LEASE, OK } },
	[true] = { { ERR_FLEET_UNGATED, ERR_FLEET_UNGATED, ERR_FLEET_UNGATED }, { OK, OK, OK } },
};

/* By whether it is allowed, and the rule; a paused one that no ticket allows stays paused under `keep`. */
static const enum gate_fate fate[2][TICKET_STOP + 1] = {
	[false] = { FATE_ENDED, [TICKET_KEEP] = FATE_STAYS, [TICKET_PAUSE] = FATE_PAUSED, [TICKET_STOP] = FATE_ENDED },
	[true] = { FATE_RUNS, FATE_RUNS, FATE_RUNS, FATE_RUNS },
};

enum gate_lease gate_lease(const struct gate *g, u64 now)
{
	if (!g->lease_end)
		return LEASE_NONE;
	return now < g->lease_end ? LEASE_RUNS : LEASE_OVER;
}

enum err gate_allows(const struct gate *g, u64 now, const u8 digest[SHA384_SIZE], const struct ticket_load *load)
{
	enum err e = verdict[g->ungated][g->development][gate_lease(g, now)];

	return e || g->ungated ? e : ticket_allows(&g->ticket, digest, load);
}

enum err gate_check(const struct gate *g, u64 now, const u8 digest[SHA384_SIZE], const struct ticket_load *load)
{
	return g->measured ? gate_allows(g, now, digest, load) : ERR_BOOT_MEASURE;
}

enum gate_fate gate_fate(const struct gate *g, bool allowed)
{
	return fate[allowed][g->ticket.rule];
}
