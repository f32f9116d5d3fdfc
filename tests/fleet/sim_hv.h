/*
 * What root mode does of a simulated node: measures its boot, and judges tickets and commit verdicts.
 * Test code.
 */
#ifndef SIGNET_TESTS_FLEET_SIM_HV_H
#define SIGNET_TESTS_FLEET_SIM_HV_H

#include "tests/adversarial/scene.h"

#include <yyjson.h>

/* What a test may change about a boot. */
struct sim_boot {
	u64 count;
	bool provisioned, unconfirmed;
	bool late; /* provisioned in this boot */
	const char *firmware; /* one more event of it; "": none */
};

void sim_measure_boot(struct scene *s, const struct sim_boot *b);

/* Of an answer with evidence. 0: it is taken; -1: none came; else the number of the stop. */
int sim_take_ticket(
        const struct scene *s, const u8 ca_key[P384_KEY_SIZE], yyjson_val *answer, u64 *sequence, u32 *guests);
int sim_take_commit(const struct scene *s, const u8 ca_key[P384_KEY_SIZE], yyjson_val *answer);

#endif
