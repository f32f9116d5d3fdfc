/*
 * Transfers of an image of many leaves: what is looked for in the running slot, what is fetched, what stands where
 * after whatever fails. Power cuts are the simulator's (tests/sim). Trust: test code.
 */
#include "update/transfer.h"

#include "image/manifest.h"
#include "image/merkle.h"
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The last leaf is short. */
enum { LEAVES = 40, PAYLOAD = LEAVES * LEAF_SIZE - 3 * FLASH_SECTOR, MARK = 8, SLOT_ROOM = IMAGE_HEAD_MAX + PAYLOAD };
enum op { READS, WRITES, FLUSHES, OPS };

static struct forge forged;
static u8 payload[PAYLOAD], leaves[LEAVES * SHA384_SIZE], slot[SLOT_ROOM];
static u64 payload_at;
static size_t leaves_length, head_length;

/* The world of one transfer. */
static struct {
	bool running_has[LEAVES];
	u64 looked_for; /* bit i: leaf i was asked of the running slot */
	u64 fetched; /* bit i: leaf i was fetched */
	u64 wrong; /* bit i: is fetched as something else */
	u32 calls[OPS], fails[OPS]; /* which call of each fails, counted from 1 */
	u64 swallow; /* writes that begin there are lost */
	u32 swallow_times;
	u32 batches, batches_wanted;
	bool staged, writing;
	enum err keeper;
} w;

static struct transfer transfer;

static u64 bit(u64 leaf)
{
	return (u64)1 << leaf;
}

static bool fails(enum op op)
{
	return ++w.calls[op] == w.fails[op];
}

static enum err slot_read(void *context, u64 offset, u8 *out, size_t n)
{
	(void)context;
	if (fails(READS) || !range_inside(offset, n, SLOT_ROOM))
		return ERR_IO;
	memcpy(out, slot + offset, n);
	return OK;
}

static enum err slot_write(void *context, u64 offset, const u8 *bytes, size_t n)
{
	(void)context;
	/* Not a byte that could boot before all of it stands there. */
	assert_false(w.staged);
	if (fails(WRITES) || !range_inside(offset, n, SLOT_ROOM))
		return ERR_IO;
	if (offset == w.swallow && w.swallow_times) {
		w.swallow_times--;
		return OK;
	}
	memcpy(slot + offset, bytes, n);
	return OK;
}

static enum err slot_flush(void *context)
{
	(void)context;
	return fails(FLUSHES) ? ERR_IO : OK;
}

static enum err keeper_move(void *context, u8 which, const u8 digest[SHA384_SIZE])
{
	(void)context;
	assert_int_equal(which, 1);
	if (w.keeper)
		return w.keeper;
	w.staged = !bytes_are_zero(digest, SHA384_SIZE);
	if (!w.staged)
		w.writing = true;
	else
		assert_memory_equal(digest, transfer.install.image.manifest_digest, SHA384_SIZE);
	return OK;
}

static enum err fetch(void *context, u64 offset, u8 *out, size_t n)
{
	u64 first = (offset - payload_at) / LEAF_SIZE;

	(void)context;
	assert_true(n <= (size_t)TRANSFER_BATCH * LEAF_SIZE);
	assert_true(range_inside(offset - payload_at, n, PAYLOAD));
	memcpy(out, payload + (offset - payload_at), n);
	for (u64 i = first; i * LEAF_SIZE < offset - payload_at + n; i++) {
		w.fetched |= bit(i);
		if (w.wrong & bit(i))
			out[(i - first) * LEAF_SIZE + 9] ^= 1;
	}
	return OK;
}

static enum err reuse(void *context, u64 offset, u8 *out, size_t n)
{
	u64 i = (offset - payload_at) / LEAF_SIZE;

	(void)context;
	w.looked_for |= bit(i);
	memcpy(out, payload + (offset - payload_at), n);
	/* What lies there instead is another leaf. */
	out[3] ^= !w.running_has[i];
	return OK;
}

static bool proceed(void *context, const struct transfer_count *count)
{
	(void)context;
	assert_int_equal(count->total, LEAVES);
	return ++w.batches != w.batches_wanted;
}

static struct install_target target(const struct image_policy *policy)
{
	return (struct install_target){ .keeper = { keeper_move, NULL },
		.flash = { slot_read, slot_write, slot_flush, NULL, SLOT_ROOM },
		.slot = 1,
		.running = 0,
		.policy = policy };
}

static enum err run(void)
{
	static struct image_policy policy;
	const struct transfer_ops ops = { fetch, reuse, proceed, NULL, MARK };
	const struct transfer_source source = { forged.image, head_length, leaves, leaves_length };

	policy = forge_policy();
	policy.anchor = &forged.anchor;
	const struct install_target to = target(&policy);
	memset(w.calls, 0, sizeof(w.calls));
	w.looked_for = w.fetched = 0;
	w.batches = 0;
	w.staged = w.writing = false;
	return transfer_run(&transfer, &to, &source, &ops);
}

static void component(u32 i, enum component_kind kind, u64 offset, u64 length)
{
	struct component *c = &forged.manifest.components[i];

	*c = (struct component){
		.kind = kind, .offset = payload_at + offset, .length = length, .memory_length = length
	};
	sha384_of(payload + offset, length, c->digest);
}

/* forge.h makes the head; the payload is larger than its own images'. */
static int make_image(void **state)
{
	struct merkle tree;

	(void)state;
	forge_init(&forged);
	for (size_t i = 0; i < PAYLOAD; i++)
		payload[i] = (u8)(i ^ (i >> 8) ^ (i >> 16) * 7);
	memset(payload + 5000, 0, 8192 - 5000);
	u32 manifest_length = MANIFEST_FIXED_SIZE + COMPONENT_SIZE * 2;
	assert_int_equal(
	        image_layout_of(forged.region_length, manifest_length, IMAGE_ALIGN, PAYLOAD, &forged.layout), OK);
	head_length = payload_at = forged.layout.payload_offset;
	component(0, COMPONENT_HYPERVISOR, 0, 5000);
	component(1, COMPONENT_SERVICE_KERNEL, 8192, PAYLOAD - 8192);
	merkle_init(&tree);
	for (u32 i = 0; i < LEAVES; i++) {
		size_t left = PAYLOAD - (size_t)i * LEAF_SIZE;
		merkle_leaf(
		        payload + (size_t)i * LEAF_SIZE, left < LEAF_SIZE ? left : LEAF_SIZE, leaves + i * SHA384_SIZE);
		merkle_add(&tree, leaves + i * SHA384_SIZE);
	}
	merkle_root(&tree, forged.manifest.merkle_root);
	forged.manifest.leaf_count = LEAVES;
	memset(forged.image, 0, sizeof(forged.image));
	image_header_encode(&forged.layout, forged.image);
	memcpy(forged.image + forged.layout.keys_offset, forged.region, forged.region_length);
	manifest_encode(&forged.manifest, forged.image + forged.layout.manifest_offset);
	forge_sign(&forged, FORGE_RELEASES);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	memset(slot, 0xEE, sizeof(slot));
	leaves_length = sizeof(leaves);
	return 0;
}

static bool is_whole(void)
{
	return memcmp(slot, forged.image, payload_at) == 0 && memcmp(slot + payload_at, payload, PAYLOAD) == 0;
}

static void assert_untouched(void)
{
	assert_int_equal(w.calls[WRITES], 0);
	assert_false(w.writing || w.staged);
}

static void what_the_running_slot_has_is_not_fetched(void **state)
{
	(void)state;
	memset(w.running_has, true, sizeof(w.running_has));
	w.running_has[3] = w.running_has[LEAVES - 1] = false;
	assert_int_equal(run(), OK);
	assert_true(is_whole() && w.staged);
	assert_int_equal(w.fetched, bit(3) | bit(LEAVES - 1));
	assert_int_equal(w.looked_for, bit(LEAVES) - 1);
	assert_int_equal(transfer.count.reused, LEAVES - 2);
	assert_int_equal(transfer.count.fetched, 2 * LEAF_SIZE - 3 * FLASH_SECTOR);
	assert_int_equal(transfer.count.leaves, LEAVES);
	assert_int_equal(transfer.count.repaired, 0);
}

/* After so many misses in a row only each TRANSFER_PROBE-th is looked for, until one is there. */
static void what_is_not_there_is_not_looked_for_leaf_by_leaf(void **state)
{
	u64 looked_for = bit(TRANSFER_MISSES) - 1;

	(void)state;
	for (u32 i = TRANSFER_MISSES; i < LEAVES; i += TRANSFER_PROBE)
		looked_for |= bit(i);
	/* One that is there, and is no probe, is fetched. */
	w.running_has[21] = true;
	assert_int_equal(run(), OK);
	assert_int_equal(w.looked_for, looked_for);
	assert_int_equal(w.fetched, bit(LEAVES) - 1);
	assert_int_equal(transfer.count.reused, 0);
	w.running_has[24] = true;
	memset(slot, 0, sizeof(slot));
	assert_int_equal(run(), OK);
	assert_int_equal(w.looked_for, looked_for | (bit(LEAVES) - bit(25)));
	assert_int_equal(w.fetched, (bit(LEAVES) - 1) & ~bit(24));
	assert_int_equal(transfer.count.reused, 1);
	assert_true(is_whole());
}

static void what_is_fetched_is_the_signed_leaf(void **state)
{
	(void)state;
	for (u32 i = 0; i < LEAVES; i += LEAVES - 1) {
		set_up(NULL);
		w.wrong = bit(i);
		assert_int_equal(run(), ERR_UPDATE_SOURCE);
		assert_false(w.staged);
		assert_int_equal(slot[payload_at + (u64)i * LEAF_SIZE + 9], 0xEE);
		/* The slot cannot boot. */
		assert_memory_not_equal(slot, forged.image, MAGIC_SIZE);
	}
}

static void lists_and_slots_that_do_not_fit_touch_nothing(void **state)
{
	(void)state;
	leaves[5] ^= 1;
	assert_int_equal(run(), ERR_IMAGE_MERKLE);
	leaves[5] ^= 1;
	assert_untouched();
	leaves_length--;
	assert_int_equal(run(), ERR_RANGE);
	leaves_length = sizeof(leaves);
	assert_untouched();
	head_length--;
	assert_int_not_equal(run(), OK);
	head_length++;
	assert_untouched();
	w.keeper = ERR_STATE_TRANSITION;
	assert_int_equal(run(), ERR_STATE_TRANSITION);
	assert_untouched();
	w.keeper = OK;
	assert_int_equal(run(), OK);
}

static void the_running_slot_is_no_target(void **state)
{
	static const struct {
		u8 slot, running;
	} rows[] = { { 0, 0 }, { 1, 1 }, { SLOTS, 0 }, { 1, SLOTS }, { SLOT_NONE, SLOT_NONE } };
	struct image_policy policy = forge_policy();
	static struct install install;

	(void)state;
	policy.anchor = &forged.anchor;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct install_target to = target(&policy);
		to.slot = rows[i].slot;
		to.running = rows[i].running;
		assert_int_equal(install_begin(&install, &to, forged.image, head_length), ERR_ARGUMENT);
		assert_untouched();
	}
}

/* By the signatures first, then by what this node may run: nothing is touched before. */
static void an_image_is_judged_before_anything_is_touched(void **state)
{
	static struct install install;
	struct image_policy policy = forge_policy();
	const struct install_target to = target(&policy);

	(void)state;
	policy.anchor = &forged.anchor;
	forged.image[forged.layout.manifest_offset + 40] ^= 1;
	assert_int_equal(install_begin(&install, &to, forged.image, head_length), ERR_SIGNATURE_WRONG);
	forged.image[forged.layout.manifest_offset + 40] ^= 1;
	policy.image_floor = 13;
	assert_int_equal(install_begin(&install, &to, forged.image, head_length), ERR_IMAGE_FLOOR);
	assert_untouched();
	policy.image_floor = 12;
	assert_int_equal(install_begin(&install, &to, forged.image, head_length), OK);
	/* Whole sectors of the payload, and no other ones. */
	assert_int_equal(install_write(&install, PAYLOAD, payload, FLASH_SECTOR), ERR_RANGE);
	assert_int_equal(install_write(&install, 512, payload, FLASH_SECTOR), ERR_RANGE);
	assert_int_equal(install_write(&install, 0, payload, 512), ERR_RANGE);
	assert_int_equal(install_write(&install, PAYLOAD - FLASH_SECTOR, payload, FLASH_SECTOR), OK);
}

/* Resumed where the mark is, and not where another image's is, or one that promises too much. */
static void a_transfer_is_resumed_at_its_mark(void **state)
{
	struct transfer_mark mark;

	(void)state;
	w.batches_wanted = 2;
	assert_int_equal(run(), ERR_UPDATE_CANCELLED);
	assert_false(w.staged);
	assert_int_equal(transfer.count.leaves, 2 * TRANSFER_BATCH);
	w.batches_wanted = 0;
	assert_int_equal(run(), OK);
	assert_int_equal(transfer.count.resumed, 2 * TRANSFER_BATCH);
	assert_int_equal(w.fetched, bit(LEAVES) - bit(2 * TRANSFER_BATCH));
	assert_true(is_whole() && w.staged);
	memcpy(mark.manifest, transfer.install.image.manifest_digest, SHA384_SIZE);
	mark.leaves = LEAVES + 1;
	mark_encode(&mark, slot);
	assert_int_equal(run(), OK);
	assert_int_equal(transfer.count.resumed, 0);
	mark.leaves = LEAVES;
	mark.manifest[0] ^= 1;
	mark_encode(&mark, slot);
	assert_int_equal(run(), OK);
	assert_int_equal(transfer.count.resumed, 0);
	mark.manifest[0] ^= 1;
	mark_encode(&mark, slot);
	assert_int_equal(run(), OK);
	assert_int_equal(transfer.count.resumed, LEAVES);
	assert_int_equal(w.fetched, 0);
	assert_int_equal(transfer.count.repaired, 0);
}

/* A medium that loses a write once is written again; one that goes on so stages nothing. */
static void what_is_not_kept_is_not_staged(void **state)
{
	(void)state;
	w.swallow = payload_at + (u64)7 * LEAF_SIZE;
	w.swallow_times = 1;
	assert_int_equal(run(), OK);
	assert_int_equal(transfer.count.repaired, 1);
	assert_true(is_whole() && w.staged);
	for (u32 i = 0; i < 3; i++) {
		const u64 places[] = { 0, FLASH_SECTOR, payload_at + (u64)7 * LEAF_SIZE };
		set_up(NULL);
		w.swallow = places[i];
		w.swallow_times = UINT32_MAX;
		assert_int_equal(run(), ERR_IMAGE_CONTENT);
		assert_false(w.staged);
		/* As often as is worth it, and not for ever. */
		assert_true(UINT32_MAX - w.swallow_times <= 2 + 2 * TRANSFER_REPAIRS + LEAVES / MARK);
	}
}

/* Whichever call of the medium fails, it ends there; what was reported is only what stands there. */
static void no_error_of_the_medium_is_passed_over(void **state)
{
	u32 all[OPS];

	(void)state;
	memset(w.running_has, true, sizeof(w.running_has));
	assert_int_equal(run(), OK);
	memcpy(all, w.calls, sizeof(all));
	for (enum op op = READS; op < OPS; op++) {
		/* The first read looks for a mark, of which there need be none. */
		for (u32 at = op == READS ? 2 : 1; at <= all[op]; at++) {
			set_up(NULL);
			memset(w.running_has, true, sizeof(w.running_has));
			w.fails[op] = at;
			assert_int_equal(run(), ERR_IO);
			assert_false(w.staged);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_the_running_slot_has_is_not_fetched, set_up),
		cmocka_unit_test_setup(what_is_not_there_is_not_looked_for_leaf_by_leaf, set_up),
		cmocka_unit_test_setup(what_is_fetched_is_the_signed_leaf, set_up),
		cmocka_unit_test_setup(lists_and_slots_that_do_not_fit_touch_nothing, set_up),
		cmocka_unit_test_setup(the_running_slot_is_no_target, set_up),
		cmocka_unit_test_setup(an_image_is_judged_before_anything_is_touched, set_up),
		cmocka_unit_test_setup(a_transfer_is_resumed_at_its_mark, set_up),
		cmocka_unit_test_setup(what_is_not_kept_is_not_staged, set_up),
		cmocka_unit_test_setup(no_error_of_the_medium_is_passed_over, set_up),
	};
	return cmocka_run_group_tests(tests, make_image, NULL);
}
