/*
 * The stage on a fake machine: two slots with good images, and a TPM without a boot state.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_UNIT_STAGE_BED_H
#define SIGNET_TESTS_UNIT_STAGE_BED_H

#include "secureboot/stage.h"

#include "lib/bytes.h"
#include "secureboot/version.h"
#include "tests/adversarial/forge.h"
#include "tests/sim/fake_nv.h"
#include "tests/unit/fake_machine.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct forge forged[SLOTS];
static u8 loaded[SLOTS][FORGE_IMAGE_MAX];

static struct platform platform;
static struct anchor anchor;
static struct power power;
static struct fake_nv nv;
static struct nv_store store;
static struct stage_result result;

static enum err (*real_write)(void *context, enum nv_index index, const u8 *bytes, size_t size);

static inline enum err noted_write(void *context, enum nv_index index, const u8 *bytes, size_t size)
{
	machine_note('w');
	return real_write(context, index, bytes, size);
}

/* A payload whose first component starts as a hypervisor does. */
static inline void write_hypervisor_header(struct forge *f, u32 entry)
{
	u8 *p = f->payload;

	memset(p, 0, HYPERVISOR_HEADER_SIZE);
	memcpy(p, HYPERVISOR_MAGIC, MAGIC_SIZE);
	store_le32(p + 8, HANDOFF_VERSION);
	store_le32(p + 12, entry);
	store_le64(p + 16, f->manifest.components[0].length);
	store_le64(p + 24, f->manifest.components[0].memory_length);
}

static inline void load(u8 slot)
{
	forge_seal(&forged[slot]);
	memcpy(loaded[slot], forged[slot].image, forged[slot].layout.image_length);
	platform.loaded.slot[slot] = (struct blob){ .bytes = loaded[slot], .length = forged[slot].layout.image_length };
}

static inline void forge_slot(u8 slot, const char *name, u32 svn)
{
	struct forge *f = &forged[slot];

	forge_init(f);
	f->manifest.min_stage_version = STAGE_VERSION;
	f->manifest.svn = svn;
	memset(f->manifest.release, 0, sizeof(f->manifest.release));
	strcpy(f->manifest.release, name);
	f->manifest.components[0].memory_length += 10000;
	write_hypervisor_header(f, 64);
	load(slot);
}

static inline int set_up(void **state)
{
	(void)state;
	fake_machine_reset();
	memset(&nv, 0, sizeof(nv));
	power_on(&power, 0, TEAR_BEFORE);
	nv.power = &power;
	nv.writable = true;
	platform = fake_platform();
	forge_slot(SLOT_A, "1.0", 12);
	forge_slot(SLOT_B, "0.9", 11);
	anchor = (struct anchor){ .hardware_class = "server-1", .keys = forged[SLOT_A].anchor };
	memset(anchor.digest, 0x5A, sizeof(anchor.digest));
	return 0;
}

static inline enum err run(void)
{
	store = fake_nv_store(&nv);
	real_write = store.write;
	store.write = noted_write;
	memset(&result, 0, sizeof(result));
	return stage_run(&platform, &anchor, &store, &result);
}

static inline void assert_said(const char *line)
{
	if (!strstr(machine.said, line))
		fail_msg("not said: %s\nbut: %s", line, machine.said);
}

static inline void assert_started(u8 slot, enum boot_reason reason)
{
	const struct forge *f = &forged[slot];
	const u8 *hypervisor = (const u8 *)result.entry - 64;
	u64 length = f->manifest.components[0].length;

	assert_int_equal(result.choice.slot, slot);
	assert_int_equal(result.choice.reason, reason);
	assert_int_equal(machine.finished, 1);
	assert_true(is_aligned((u64)hypervisor, MIB(2)));
	assert_memory_equal(hypervisor, f->payload, length);
	assert_true(bytes_are_zero(hypervisor + length, f->manifest.components[0].memory_length - length));
}

static inline void assert_not_started(void)
{
	assert_int_equal(machine.finished, 0);
	assert_int_equal(result.entry, 0);
}

/* A provisioned state that knows both slots' images. */
static inline void provision(enum slot_state a, enum slot_state b, u64 image_floor)
{
	struct boot_state s = { .sequence = 5, .image_floor = image_floor, .key_floor = 1 };
	enum slot_state states[SLOTS] = { a, b };
	u8 floor[FLOOR_RECORD_SIZE];

	for (u8 i = 0; i < SLOTS; i++) {
		const struct forge *f = &forged[i];

		s.slot[i].state = states[i];
		s.slot[i].tries = states[i] == SLOT_TRYING ? 1 : 0;
		s.slot[i].cause = states[i] == SLOT_BAD ? CAUSE_VERIFICATION : CAUSE_NONE;
		sha384_of(f->image + f->layout.manifest_offset, f->layout.manifest_length, s.slot[i].digest);
	}
	boot_state_encode(&s, nv.bytes[NV_STATE_0]);
	floor_encode(image_floor, floor);
	memcpy(nv.bytes[NV_IMAGE_FLOOR], floor, sizeof(floor));
	floor_encode(1, floor);
	memcpy(nv.bytes[NV_KEY_FLOOR], floor, sizeof(floor));
	nv.written[NV_STATE_0] = nv.written[NV_IMAGE_FLOOR] = nv.written[NV_KEY_FLOOR] = true;
}

#endif
