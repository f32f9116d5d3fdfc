/*
 * TPM NV as the simulator has it: four indices that remember, can be torn in a write, and answer to a write policy.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_SIM_FAKE_NV_H
#define SIGNET_TESTS_SIM_FAKE_NV_H

#include "tests/sim/power.h"
#include "update/nv.h"

struct fake_nv {
	struct power *power;
	bool writable; /* the policy is satisfied by this boot */
	bool refuses; /* although it is: the authority has been withdrawn */
	u32 writes; /* done or torn */
	u32 refused; /* attempted without the policy */
	enum err fault[NV_INDEXES]; /* what the index answers instead of its content */
	bool written[NV_INDEXES];
	u8 bytes[NV_INDEXES][STATE_RECORD_SIZE];
};

struct nv_store fake_nv_store(struct fake_nv *nv);

size_t fake_nv_size(enum nv_index index);

#endif
