/*
 * What the agent asks of the hypervisor, over a conversation of the thread's own.
 * Trust: runs in the service VM; the hypervisor is believed.
 */
#ifndef SIGNET_AGENT_AGENTD_NODE_H
#define SIGNET_AGENT_AGENTD_NODE_H

#include "agent/control/channel.h"
#include "image/fleet.h"

/*
 * A channel that is opened when it is needed and again after it broke; fd -1 at first. Every function below takes care
 * of that.
 */
struct node {
	const char *path;
	struct channel channel;
	bool open;
};

void node_use(struct node *n, const char *path);
void node_leave(struct node *n);

/* As channel_get() and channel_ask(). */
enum err node_get(
        struct node *n, enum control_kind kind, const void *body, u32 body_size, void *out, u32 size) MUST_CHECK;
enum err node_ask(struct node *n, enum control_kind kind, const struct frame_body *body) MUST_CHECK;

enum err node_read_status(struct node *n, struct control_status *out) MUST_CHECK;

/* The bytes of a control_read kind from *offset on, one answer's; valid until the next call. */
enum err node_read(
        struct node *n, enum control_kind kind, u64 offset, struct control_bytes *at, const u8 **bytes) MUST_CHECK;
/* All of them, up to the end as it is first told. ERR_RANGE: more than room. */
enum err node_read_all(struct node *n, enum control_kind kind, u8 *out, size_t room, size_t *size) MUST_CHECK;

/* The measured fleet configuration; zeros when the image has none. ERR_FLEET_FORMAT: one that is not understood. */
enum err node_read_fleet(struct node *n, struct fleet *out) MUST_CHECK;

/* What the agent waits for, on the node's status screen; said anew only when it changes. */
void node_say(struct node *n, const char *text);

#endif
