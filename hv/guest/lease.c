/* Guests that are there, under the ticket in force. Trust: in the TCB. */
#include "hv/guest/state.h"
#include "hv/node/gate.h"
#include "hv/x86/cpu.h"

#include "lib/print.h"

static bool counts(const struct guest *g)
{
	return g->state == CONTROL_GUEST_RUNNING || g->state == CONTROL_GUEST_PAUSED;
}

static struct ticket_load sum(struct ticket_load load, const struct guest *g)
{
	return (struct ticket_load){ load.guests + 1, load.vcpus + g->shape.vcpus, load.memory + g->shape.memory };
}

struct ticket_load guest_load_with(const struct guest *g)
{
	struct ticket_load load = sum((struct ticket_load){ 0 }, g);

	for (const struct guest *other = guest_from(0); other; other = guest_from(other->id + 1))
		if (other != g && counts(other))
			load = sum(load, other);
	return load;
}

static void set_paused(struct guest *g, bool paused)
{
	u8 state = paused ? CONTROL_GUEST_PAUSED : CONTROL_GUEST_RUNNING;

	if (g->state == state)
		return;
	g->state = state;
	vm_pause(g->vm, paused);
	say("guest %u: %s", g->id, paused ? "paused: no ticket allows it" : "goes on");
	guest_observer->changed(g->id, CONTROL_STATE);
}

static void meet(struct guest *g, enum gate_fate fate)
{
	switch (fate) {
	case FATE_STAYS:
		break;
	case FATE_RUNS:
	case FATE_PAUSED:
		set_paused(g, fate == FATE_PAUSED);
		break;
	case FATE_ENDED:
	default:
		vm_stop(g->vm, "no ticket allows it");
		break;
	}
}

void guests_enforce(void)
{
	struct ticket_load load = { 0 };

	for (struct guest *g = guest_from(0); g; g = guest_from(g->id + 1)) {
		struct ticket_load with = sum(load, g);

		if (!counts(g))
			continue;
		bool allowed = gate_allows(&node_gate, read_time_stamp(), g->digest, &with) == OK;
		if (allowed)
			load = with;
		meet(g, gate_fate(&node_gate, allowed));
	}
}
