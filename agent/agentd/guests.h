/*
 * Guests that the fleet orders: their definition, their parts, and what of them outlives the service VM.
 * Trust: runs in the service VM. Parts are compared with the digests ordered; what counts is what the hypervisor
 * measures.
 */
#ifndef SIGNET_AGENT_AGENTD_GUESTS_H
#define SIGNET_AGENT_AGENTD_GUESTS_H

#include "agent/agentd/agent.h"
#include "agent/guest/make.h"

struct guest_order {
	struct guest_file file; /* kernel and initramfs: where their blobs are kept */
	u8 kernel[SHA384_SIZE];
	u8 initramfs[SHA384_SIZE];
	bool has_initramfs;
};

/* A definition as docs/fleet-api.md has it, checked. False: why says what does not fit. */
bool guest_order_read(yyjson_val *definition, struct guest_order *out, char *why, size_t room);

/*
 * Whether each disk is one that an order may give to a guest: a file of the store, but not the agent's own there, or a
 * block device that is neither the flash disk nor in use by the service VM. False: why names the one that is not.
 */
bool guest_disks_fit(const struct agent_options *o, const struct guest_file *g, char *why, size_t room);

/* Whether what is written to the store outlives this boot: without one /store is a folder in memory. */
bool store_lasts(const struct agent_options *o);

/* Where a blob is kept: on the store when there is one, else in memory. */
enum err blob_path(const struct agent_options *o, const u8 digest[SHA384_SIZE], char out[GUEST_PATH_MAX]) MUST_CHECK;
/*
 * Makes the blob be there and be what its digest says: kept, or fetched, where it was cut before, and of no more than
 * so many bytes. ERR_IMAGE_CONTENT: what came is something else; ERR_HTTP_LENGTH: it is larger; those of link_ask(),
 * ERR_IO.
 */
enum err blob_need(struct link *l, const struct agent_options *o, const u8 digest[SHA384_SIZE], u64 most) MUST_CHECK;

/*
 * Removes what guests that were made before have left behind: in memory all of it, once it is loaded; on the store all
 * but what as many guests as a node has are made of, the last used.
 */
void blobs_trim(const struct agent_options *o);

/* The definition for a later life of the service VM, whose disks' links are gone. Where there is no store nothing is
 * kept. */
enum err guest_keep(const struct agent_options *o, const struct guest_file *g) MUST_CHECK;
void guest_forget(const struct agent_options *o, const char *name);
/* Offers the disks of all kept guests that the hypervisor still has; others' definitions go. */
void guests_reattach(struct node *n, const struct agent_options *o);

/* All that run: power button, and how many there are. */
void guests_press_all(struct node *n);
u32 guests_running(struct node *n);
/* As guest_find(), over the thread's conversation. */
enum err guests_find(struct node *n, const char *name, struct control_guest *out) MUST_CHECK;
enum err guests_stop(struct node *n, u32 id, enum control_stop_how how) MUST_CHECK;

#endif
