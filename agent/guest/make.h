/*
 * Making a guest by order to the hypervisor: its shape is announced, its parts are loaded, its disks offered to the
 * block server. Trust: runs in the service VM. What is loaded counts as the hypervisor measures it.
 */
#ifndef SIGNET_AGENT_GUEST_MAKE_H
#define SIGNET_AGENT_GUEST_MAKE_H

#include "agent/control/channel.h"
#include "agent/guest/guest_file.h"
#include "image/host/file.h"

enum { GUEST_WHY_SIZE = 640 };

/*
 * Makes and loads the guest, all paths absolute; disks: the block server's folder. A guest that could not be loaded
 * whole is destroyed again. On an error why says more. total (may be NULL) is told of all bytes before meter of any.
 */
enum err guest_make(struct channel *c, const struct guest_file *g, const char *disks, const struct meter *meter,
        u32 *id, char why[GUEST_WHY_SIZE]) MUST_CHECK;
/* Bytes of kernel and initramfs, for a progress bar; 0 when they cannot be read. */
u64 guest_make_size(const struct guest_file *g);

/* The guest of this id or the next one; ERR_RANGE: there is no more. */
enum err guest_from(struct channel *c, u32 id, struct control_guest *out) MUST_CHECK;
/* By name, the one with the lowest id. ERR_RANGE: none. */
enum err guest_find(struct channel *c, const char *name, struct control_guest *out) MUST_CHECK;
/* Its processors are under way, or about to be. */
bool guest_runs(const struct control_guest *g);
const char *guest_state_text(u32 state);

/* Tells the block server where the guest's disks are; forget: that they are gone. ERR_IO, errno says why. */
enum err guest_disks_offer(const char *disks, u32 id, const struct guest_file *g) MUST_CHECK;
void guest_disks_forget(const char *disks, u32 id);

#endif
