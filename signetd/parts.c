/* The parts of the server, in the order in which they open. Trust: none needed. */
#include "signetd/audit.h"
#include "signetd/fleet.h"
#include "signetd/leaves.h"
#include "signetd/operators.h"
#include "signetd/server.h"

const struct part *const parts[] = {
	/* A broken audit log is found before anything is done. */
	&audit_part,
	&leaves_part,
	&operators_part,
	&fleet_part,
};

const size_t part_count = ARRAY_SIZE(parts);
