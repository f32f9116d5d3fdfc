/* What root mode does of a simulated node. Test code. */
#include "tests/fleet/sim_hv.h"

#include "attest/verdict.h"
#include "lib/json/fields.h"

#include <string.h>

void sim_measure_boot(struct scene *s, const struct sim_boot *b)
{
	struct boot_state state = { .sequence = 5 + b->count, .image_floor = 10, .key_floor = 1 };
	u8 digest[SHA384_SIZE] = { 0 };

	state.slot[1] = (struct slot_record){ .state = b->unconfirmed ? SLOT_UNCONFIRMED : SLOT_GOOD };
	memcpy(state.slot[1].digest, s->reference.image.manifest_digest, SHA384_SIZE);
	boot_state_encode(&state, s->nv_content[NV_STATE_0]);
	scene_firmware(s);
	if (b->firmware[0])
		scene_measure(s, 0, 1, b->firmware, strlen(b->firmware));
	scene_image(s);
	if (b->provisioned && !b->late)
		sha384_of(s->nv_content[NV_STATE_0], STATE_RECORD_SIZE, digest);
	scene_decide(s, EVENT_SLOT, s->reference.image.manifest_digest, SHA384_SIZE, 1, 3);
	scene_decide(s, EVENT_NV_STATE, digest, SHA384_SIZE, 10, 1);
	scene_decide(s, EVENT_FIRMWARE, NULL, 0, 1, 1);
	scene_decide(s, EVENT_SESSION, s->claim.session, ATTEST_ID_SIZE, 0, 0);
	scene_decide(s, EVENT_GATE, NULL, 0, 0, 0);
	scene_decide(s, EVENT_DMA, NULL, 0, 1, 0);
	if (b->late)
		scene_decide(s, EVENT_PROVISIONED, s->nv_content[NV_STATE_0], SHA384_SIZE, 10, 1);
	scene_replay(s);
}

int sim_take_ticket(
        const struct scene *s, const u8 ca_key[P384_KEY_SIZE], yyjson_val *answer, u64 *sequence, u32 *guests)
{
	u8 bytes[TICKET_SIZE];
	struct ticket t;
	struct ticket_context c = { .challenge_open = true, .sequence = *sequence, .epoch = 1 };
	size_t n = field_base64(answer, "ticket", bytes, sizeof(bytes));

	if (!n)
		return -1;
	memcpy(c.node, s->node.id, sizeof(c.node));
	memcpy(c.session, s->claim.session, sizeof(c.session));
	memcpy(c.manifest, s->claim.manifest, sizeof(c.manifest));
	memcpy(c.challenge, s->claim.challenge, sizeof(c.challenge));
	enum err e = ticket_open(bytes, n, ca_key, &t);
	if (!e)
		e = ticket_judge(&t, &c);
	if (e)
		return (int)e;
	*sequence = t.sequence;
	*guests = t.allowed_count;
	return 0;
}

int sim_take_commit(const struct scene *s, const u8 ca_key[P384_KEY_SIZE], yyjson_val *answer)
{
	u8 bytes[COMMIT_VERDICT_SIZE];
	struct commit_verdict v;
	struct verdict_context c = { .slot = 1, .epoch = 1 };
	size_t n = field_base64(answer, "commit", bytes, sizeof(bytes));

	if (!n)
		return -1;
	memcpy(c.node, s->node.id, sizeof(c.node));
	memcpy(c.session, s->claim.session, sizeof(c.session));
	memcpy(c.manifest, s->claim.manifest, sizeof(c.manifest));
	enum err e = verdict_open(bytes, n, ca_key, &v);
	return (int)(e ? e : verdict_judge(&v, &c));
}
