/* Placing a slot's components: only what was loaded is copied, and what was placed is given back once. */
#include "secureboot/slot.h"

#include "lib/bytes.h"
#include "tests/unit/fake_machine.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { LENGTH = 4096, LOADED = COMPONENTS_MAX * LENGTH };

static u8 loaded[LOADED];
static struct platform platform;
static struct slot slot;
static struct manifest *const m = &slot.image.manifest;

static void seal(void)
{
	for (u32 i = 0; i < m->component_count; i++)
		sha384_of(loaded + m->components[i].offset, m->components[i].length, m->components[i].digest);
}

/* As many components as there can be, the hypervisor first. */
static int set_up(void **state)
{
	(void)state;
	fake_machine_reset();
	platform = fake_platform();
	memset(&slot, 0, sizeof(slot));
	memset(loaded, 0x33, sizeof(loaded));
	slot.loaded = (struct blob){ .bytes = loaded, .length = LOADED };
	m->component_count = COMPONENTS_MAX;
	for (u32 i = 0; i < COMPONENTS_MAX; i++)
		m->components[i] = (struct component){ .kind = i ? COMPONENT_FLEET_CONFIG : COMPONENT_HYPERVISOR,
			.offset = (u64)i * LENGTH,
			.length = LENGTH,
			.memory_length = LENGTH };
	memset(loaded, 0, HYPERVISOR_HEADER_SIZE);
	memcpy(loaded, HYPERVISOR_MAGIC, MAGIC_SIZE);
	store_le32(loaded + 8, HANDOFF_VERSION);
	store_le32(loaded + 12, HYPERVISOR_HEADER_SIZE);
	store_le64(loaded + 16, LENGTH);
	store_le64(loaded + 24, LENGTH);
	seal();
	return 0;
}

static void refused(enum err e)
{
	assert_int_equal(slot_place(&slot, &platform), e);
	assert_false(slot.placed);
	assert_int_equal(machine.live, 0);
	machine.used = 0;
}

static void what_was_not_loaded_is_not_copied(void **state)
{
	(void)state;
	slot.loaded.length--;
	refused(ERR_IMAGE_LENGTH);
	slot.loaded.length++;
	m->components[3].offset = UINT64_MAX - LENGTH + 1;
	refused(ERR_IMAGE_LENGTH);
	m->components[3].offset = 3 * (u64)LENGTH;
	assert_int_equal(slot_place(&slot, &platform), OK);
}

static void memory_holds_the_whole_component(void **state)
{
	(void)state;
	m->components[3].memory_length--;
	refused(ERR_IMAGE_LENGTH);
	m->components[3].memory_length++;
	assert_int_equal(slot_place(&slot, &platform), OK);
}

static void there_is_nothing_to_enter_without_a_hypervisor(void **state)
{
	(void)state;
	m->components[0].kind = COMPONENT_FLEET_CONFIG;
	refused(ERR_IMAGE_HYPERVISOR);
	assert_int_equal(slot.entry, 0);
	m->components[0].kind = COMPONENT_HYPERVISOR;
	assert_int_equal(slot_place(&slot, &platform), OK);
	assert_int_equal(slot.entry, (u64)slot.component[0] + HYPERVISOR_HEADER_SIZE);
}

static void every_component_is_compared_with_its_digest(void **state)
{
	(void)state;
	for (u32 i = 0; i < COMPONENTS_MAX; i++) {
		loaded[i * LENGTH + LENGTH - 1] ^= 1;
		refused(ERR_IMAGE_CONTENT);
		loaded[i * LENGTH + LENGTH - 1] ^= 1;
	}
	assert_int_equal(slot_place(&slot, &platform), OK);
	for (u32 i = 0; i < COMPONENTS_MAX; i++)
		assert_memory_equal(slot.component[i], loaded + (size_t)i * LENGTH, LENGTH);
}

static void what_was_placed_is_given_back_once(void **state)
{
	(void)state;
	assert_int_equal(slot_place(&slot, &platform), OK);
	assert_true(slot.placed);
	assert_int_equal(machine.live, COMPONENTS_MAX);
	for (u32 i = 0; i < 2; i++) {
		slot_release(&slot, &platform);
		assert_false(slot.placed);
		assert_int_equal(machine.live, 0);
	}
	assert_int_equal(slot_place(&slot, &platform), OK);
	assert_int_equal(machine.live, COMPONENTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_not_loaded_is_not_copied, set_up),
		cmocka_unit_test_setup(memory_holds_the_whole_component, set_up),
		cmocka_unit_test_setup(there_is_nothing_to_enter_without_a_hypervisor, set_up),
		cmocka_unit_test_setup(every_component_is_compared_with_its_digest, set_up),
		cmocka_unit_test_setup(what_was_placed_is_given_back_once, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
