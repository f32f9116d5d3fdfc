/* Judging images for nodes. Trust: see the header. */
#include "signetd/update_judge.h"

static u64 higher(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* What a node's stage takes is what its anchor allows; what the fleet lets pass may be less. */
static enum err judge_image(const struct update_facts *f)
{
	const struct node_entry *n = f->node;
	const struct image_policy policy = {
		.anchor = &f->anchor->keys,
		.key_floor = higher(n->first_key_floor, n->key_floor),
		.floor_known = true,
		.image_floor = higher(n->first_image_floor, n->image_floor),
		.stage_version = f->stage_version,
		.allowed_flags = f->anchor->flags & f->allowed_flags,
		.hardware_class = f->anchor->hardware_class,
	};

	return image_judge(f->image, &policy);
}

enum err update_judge(const struct update_facts *f)
{
	if (f->node->state != NODE_ENROLLED || !f->node->provisioned)
		return ERR_NV_ABSENT;
	if (f->under_way)
		return ERR_UPDATE_UNDER_WAY;
	if (digest_equal(f->node->manifest, f->image->manifest_digest, SHA384_SIZE))
		return ERR_UPDATE_SAME;
	enum err e = judge_image(f);
	if (e)
		return e;
	if (image_expired(&f->image->manifest, f->now))
		return ERR_IMAGE_EXPIRED;
	return f->fell_back && !f->force ? ERR_UPDATE_FELL_BACK : OK;
}
