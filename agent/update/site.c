/* The place of an update. Trust: see the header. */
#include "agent/update/site.h"

#include "agent/agentd/parts.h"
#include "attest/event.h"
#include "attest/log.h"
#include "image/manifest.h"
#include "update/state.h"

#include <string.h>

enum { LOG_MAX = 1 << 20 };

static struct image_file running;
static u8 boot_log[LOG_MAX];

/* The version that the stage measured of itself; the log is the hypervisor's. */
static enum err find_stage_version(struct node *node, u32 *version)
{
	struct log_reader r;
	struct log_event e;
	struct event event;
	size_t n;
	enum err failed = node_read_all(node, CONTROL_LOG, boot_log, sizeof(boot_log), &n);

	if (!failed)
		failed = log_open(&r, boot_log, n);
	while (!failed && !log_at_end(&r)) {
		failed = log_next(&r, &e);
		if (failed || e.pcr != PCR_IMAGE || e.type != EV_EVENT_TAG ||
		        event_decode(e.data, e.length, &event) != OK || event.kind != EVENT_STAGE)
			continue;
		*version = (u32)event.value[0];
		return OK;
	}
	return failed ? failed : ERR_BOOT_LOG;
}

/* A slot that was written over since the start says nothing of what runs. */
static enum err read_running(struct update_site *s, const u8 manifest[SHA384_SIZE])
{
	u8 digest[SHA384_SIZE];
	enum err e = image_file_at(s->from.fd, 0, s->from.ops.length, &running);

	if (!e)
		e = image_file_claims(&running, &s->keys, &s->image);
	if (e)
		return e;
	sha384_of(image_file_manifest(&running), (size_t)running.layout.manifest_length, digest);
	if (!digest_equal(digest, manifest, SHA384_SIZE) ||
	        !digest_equal(s->image.keys_digest, s->keys.digest, SHA384_SIZE))
		return ERR_IMAGE_CONTENT;
	memcpy(s->manifest, manifest, SHA384_SIZE);
	return OK;
}

static enum err open_slots(struct update_site *s, const char *parts)
{
	static const enum partition_index part[SLOTS] = { PARTITION_SLOT_A, PARTITION_SLOT_B };
	char path[PATH_MAX];
	enum err e = part_find(parts, part[s->running], path);

	if (!e)
		e = slot_device_open(&s->from, path, false);
	if (!e)
		e = part_find(parts, part[s->target], path);
	return e ? e : slot_device_open(&s->to, path, true);
}

static enum err make_policy(struct update_site *s, struct node *node, const struct control_slots *slots)
{
	s->policy = (struct image_policy){
		.anchor = &s->keys,
		.key_floor = slots->key_floor,
		.floor_known = slots->floors_known,
		.image_floor = slots->image_floor,
		/* What runs was let through by the stage: it takes such images. */
		.allowed_flags = s->image.flags,
		.hardware_class = s->image.hardware_class,
	};
	return find_stage_version(node, &s->policy.stage_version);
}

enum err site_open(struct update_site *s, struct node *node, const char *parts)
{
	struct control_status status;
	struct control_slots slots;
	enum err e = node_read_status(node, &status);

	memset(s, 0, sizeof(*s));
	s->from.fd = s->from.direct = s->to.fd = s->to.direct = -1;
	if (!e)
		e = node_get(node, CONTROL_SLOTS, NULL, 0, &slots, sizeof(slots));
	if (!e && slots.running >= SLOTS)
		e = ERR_CONTROL_KIND;
	if (e)
		return e;
	s->running = (u8)slots.running;
	s->target = (u8)(s->running ^ 1);
	e = open_slots(s, parts);
	if (!e)
		e = read_running(s, status.manifest);
	if (!e)
		e = make_policy(s, node, &slots);
	if (e)
		site_close(s);
	return e;
}

void site_close(struct update_site *s)
{
	slot_device_close(&s->from);
	slot_device_close(&s->to);
}

enum err site_judge(struct update_site *s, const u8 *head, size_t n, u64 now)
{
	struct verified_image *w = &s->wanted;
	enum err e = image_verify_head(head, n, s->to.ops.length, s->policy.anchor, NULL, w);

	if (e)
		return e;
	/* An image for any hardware does not tell the stage's class, which is then the stage's alone to judge. */
	if (strcmp(s->image.hardware_class, "any") == 0)
		s->policy.hardware_class = w->manifest.hardware_class;
	e = image_judge(w, &s->policy);
	if (!e && now && image_expired(&w->manifest, now))
		e = ERR_IMAGE_EXPIRED;
	if (!e && digest_equal(w->manifest_digest, s->manifest, SHA384_SIZE))
		e = ERR_UPDATE_SAME;
	return e;
}
