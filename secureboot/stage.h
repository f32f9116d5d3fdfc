/*
 * The stage itself, without the machine: from two untrusted slots to one verified, measured and placed hypervisor.
 * Trust: in the TCB; pure over struct platform and struct nv_store, so that tests and the simulator run it as it is.
 */
#ifndef SIGNET_SECUREBOOT_STAGE_H
#define SIGNET_SECUREBOOT_STAGE_H

#include "image/anchor.h"
#include "secureboot/platform.h"

struct stage_result {
	struct boot_choice choice;
	struct nv_view nv; /* as committed */
	u64 entry; /* where the hypervisor starts */
	struct blob handoff;
};

/*
 * Chooses, verifies, places, counts a try, measures, ends firmware's part, writes the hand-off. Says what it finds,
 * each slot in one line. After OK the caller only has to jump; after anything else it must stop with that error:
 * ERR_BOOT_NO_SLOT (each slot's own reason was said), ERR_NV_*, ERR_TPM_*, ERR_BOOT_*.
 */
enum err stage_run(const struct platform *platform, const struct anchor *anchor, const struct nv_store *store,
        struct stage_result *out) MUST_CHECK;

#endif
