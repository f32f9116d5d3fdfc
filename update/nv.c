/*
 * The boot state in TPM NV: two state records written alternately and two floor records, so ordered that a power cut in
 * any write leaves one whole state and never lowers a floor (docs/states.md).
 * Trust: in the TCB; pure over struct nv_store. What the store yields is untrusted until it decodes.
 */
#include "update/nv.h"

#include <string.h>

/* What one read of all four indices found; an absent or torn one has its error. */
struct survey {
	enum err state_err[SLOTS];
	struct boot_state state[SLOTS];
	enum err floor_err[2];
	u64 floor[2];
};

static const enum nv_index state_index[] = { NV_STATE_0, NV_STATE_1 };
static const enum nv_index floor_index[] = { NV_IMAGE_FLOOR, NV_KEY_FLOOR };

/* What the record itself can be guilty of; anything else ends the reading. */
static bool is_finding(enum err e)
{
	return e == OK || e == ERR_NV_ABSENT || e == ERR_NV_RECORD;
}

static enum err read_state(const struct nv_store *store, enum nv_index index, struct boot_state *out)
{
	u8 bytes[STATE_RECORD_SIZE] = { 0 };
	enum err e = store->read(store->context, index, bytes, sizeof(bytes));

	return e ? e : boot_state_decode(bytes, sizeof(bytes), out);
}

static enum err read_floor(const struct nv_store *store, enum nv_index index, u64 *out)
{
	u8 bytes[FLOOR_RECORD_SIZE] = { 0 };
	enum err e = store->read(store->context, index, bytes, sizeof(bytes));

	*out = 0;
	return e ? e : floor_decode(bytes, sizeof(bytes), out);
}

static enum err survey_all(const struct nv_store *store, struct survey *s)
{
	memset(s, 0, sizeof(*s));
	for (u8 i = 0; i < 2; i++) {
		s->state_err[i] = read_state(store, state_index[i], &s->state[i]);
		if (!is_finding(s->state_err[i]))
			return s->state_err[i];
		s->floor_err[i] = read_floor(store, floor_index[i], &s->floor[i]);
		if (!is_finding(s->floor_err[i]))
			return s->floor_err[i];
	}
	return OK;
}

static bool any_is(const enum err pair[2], enum err e)
{
	return pair[0] == e || pair[1] == e;
}

static enum nv_status status_of(const struct survey *s)
{
	if (any_is(s->state_err, OK))
		return NV_PROVISIONED;
	return any_is(s->state_err, ERR_NV_RECORD) ? NV_STATE_LOST : NV_UNPROVISIONED;
}

static u64 higher(u64 a, u64 b)
{
	return a > b ? a : b;
}

static void take_state(const struct survey *s, struct nv_view *v)
{
	bool second = s->state_err[0] != OK || (s->state_err[1] == OK && s->state[1].sequence > s->state[0].sequence);

	v->newest = second ? 1 : 0;
	v->state = s->state[v->newest];
	v->floors_lag = s->floor_err[0] != OK || s->floor_err[1] != OK || s->floor[0] < v->state.image_floor ||
	        s->floor[1] < v->state.key_floor;
}

enum err nv_read_view(const struct nv_store *store, struct nv_view *out)
{
	struct survey s;
	struct nv_view v = { .writable = store->writable, .newest = 1 };
	enum err e = survey_all(store, &s);

	if (e)
		return e;
	v.status = status_of(&s);
	/* Floors are made before the first state: once there was one, a missing floor was taken away. */
	if (v.status != NV_UNPROVISIONED && any_is(s.floor_err, ERR_NV_ABSENT))
		return ERR_NV_DAMAGED;
	/* Torn floor and no state record to stand in: what was in force is not known any more. */
	if (v.status == NV_STATE_LOST && any_is(s.floor_err, ERR_NV_RECORD))
		return ERR_NV_DAMAGED;
	if (v.status == NV_PROVISIONED)
		take_state(&s, &v);
	v.image_floor = higher(s.floor[0], v.state.image_floor);
	v.key_floor = higher(s.floor[1], v.state.key_floor);
	*out = v;
	return OK;
}

static bool same_record(const struct slot_record *a, const struct slot_record *b)
{
	return a->state == b->state && a->tries == b->tries && a->cause == b->cause &&
	        memcmp(a->digest, b->digest, SHA384_SIZE) == 0;
}

static bool same_state(const struct boot_state *a, const struct boot_state *b)
{
	return a->image_floor == b->image_floor && a->key_floor == b->key_floor &&
	        same_record(&a->slot[SLOT_A], &b->slot[SLOT_A]) && same_record(&a->slot[SLOT_B], &b->slot[SLOT_B]);
}

/* The older record is overwritten: torn, it leaves the newer one, which is the state until this write is whole. */
static enum err write_state(const struct nv_store *store, struct nv_view *view, const struct boot_state *next)
{
	u8 bytes[STATE_RECORD_SIZE];
	u8 older = view->newest ^ 1;
	enum err e;

	boot_state_encode(next, bytes);
	e = store->write(store->context, state_index[older], bytes, sizeof(bytes));
	if (e)
		return e;
	view->status = NV_PROVISIONED;
	view->state = *next;
	view->newest = older;
	return OK;
}

/* Only after the state record holds the floor: a torn index then has its copy. */
static enum err raise_floor(const struct nv_store *store, enum nv_index index, u64 floor)
{
	u8 bytes[FLOOR_RECORD_SIZE];
	u64 now;
	enum err e = read_floor(store, index, &now);

	if (!is_finding(e))
		return e;
	if (e == OK && now >= floor)
		return OK;
	floor_encode(floor, bytes);
	return store->write(store->context, index, bytes, sizeof(bytes));
}

static enum err raise_floors(const struct nv_store *store, struct nv_view *view, u64 image_floor, u64 key_floor)
{
	enum err e = raise_floor(store, NV_IMAGE_FLOOR, image_floor);

	if (!e)
		e = raise_floor(store, NV_KEY_FLOOR, key_floor);
	if (e)
		return e;
	view->image_floor = image_floor;
	view->key_floor = key_floor;
	view->floors_lag = false;
	return OK;
}

static enum err writable_state(const struct nv_store *store, const struct nv_view *view)
{
	if (view->status == NV_UNPROVISIONED)
		return ERR_NV_ABSENT;
	return store->writable && view->writable ? OK : ERR_NV_POLICY;
}

enum err nv_commit(const struct nv_store *store, struct nv_view *view, const struct boot_state *next)
{
	struct boot_state s = *next;
	enum err e = writable_state(store, view);

	if (e)
		return e;
	if (s.image_floor < view->state.image_floor || s.key_floor < view->state.key_floor ||
	        view->state.sequence == UINT64_MAX)
		return ERR_INTERNAL;
	/* An index may be ahead of the record's copy; the new copy catches up. */
	s.image_floor = higher(s.image_floor, view->image_floor);
	s.key_floor = higher(s.key_floor, view->key_floor);
	s.sequence = view->state.sequence + 1;
	if (!same_state(&s, &view->state)) {
		e = write_state(store, view, &s);
		if (e)
			return e;
	}
	return raise_floors(store, view, s.image_floor, s.key_floor);
}

enum err nv_initialise(const struct nv_store *store, struct nv_view *view, const struct boot_state *first)
{
	struct boot_state s = *first;
	enum err e;

	if (view->status != NV_UNPROVISIONED)
		return ERR_STATE_TRANSITION;
	if (!store->writable || !view->writable)
		return ERR_NV_POLICY;
	s.image_floor = higher(s.image_floor, view->image_floor);
	s.key_floor = higher(s.key_floor, view->key_floor);
	s.sequence = 1;
	e = raise_floors(store, view, s.image_floor, s.key_floor);
	return e ? e : write_state(store, view, &s);
}
