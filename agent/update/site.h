/*
 * Where an update goes on this node, and what it must fulfil to boot there: known before anything is downloaded.
 * Trust: runs in the service VM, and refuses early; the stage decides. The running image's keys count as far as its
 * manifest is the one the hypervisor told.
 */
#ifndef SIGNET_AGENT_UPDATE_SITE_H
#define SIGNET_AGENT_UPDATE_SITE_H

#include "agent/agentd/node.h"
#include "agent/update/device.h"
#include "image/host/image_file.h"

struct update_site {
	u8 running, target; /* slots */
	u8 manifest[SHA384_SIZE]; /* of the running image */
	struct key_set keys; /* in force */
	struct manifest image; /* the running one's */
	struct image_policy policy; /* what the stage will demand */
	struct verified_image wanted; /* by site_judge() */
	struct slot_device from, to;
};

/*
 * parts: folder of partitions, NULL: the flash disk's. ERR_DEVICE: no flash disk, or an installation is under way;
 * ERR_IMAGE_CONTENT: the running slot no longer holds what was started.
 */
enum err site_open(struct update_site *s, struct node *node, const char *parts) MUST_CHECK;
void site_close(struct update_site *s);

/*
 * Whether an image may be installed here at now (Unix seconds; 0: this clock is not set). What image_verify_head and
 * image_judge say, ERR_IMAGE_EXPIRED, ERR_IMAGE_LENGTH; ERR_UPDATE_SAME: it runs already.
 */
enum err site_judge(struct update_site *s, const u8 *head, size_t n, u64 now) MUST_CHECK;

#endif
