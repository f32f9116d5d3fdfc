/*
 * What the running slot has of another image: pieces of its components, wherever they lie.
 * Trust: test code.
 */
#include "update/reuse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SLOT = 65536 };

static u8 slot[SLOT];

static enum err read_slot(void *context, u64 offset, u8 *out, size_t n)
{
	(void)context;
	if (!range_inside(offset, n, SLOT))
		return ERR_IO;
	memcpy(out, slot + offset, n);
	return OK;
}

static const struct flash_ops flash = { .read = read_slot, .length = SLOT };

/* The kernel moved by one page, since the hypervisor before it grew; the new one has a microcode component too. */
static const struct manifest running = { .component_count = 2,
	.components = { { .kind = COMPONENT_HYPERVISOR, .offset = 4096, .length = 4000 },
	        { .kind = COMPONENT_SERVICE_KERNEL, .offset = 8192, .length = 20000 } } };
static const struct manifest wanted = { .component_count = 3,
	.components = { { .kind = COMPONENT_HYPERVISOR, .offset = 4096, .length = 5000 },
	        { .kind = COMPONENT_SERVICE_KERNEL, .offset = 12288, .length = 20000 },
	        { .kind = COMPONENT_MICROCODE, .offset = 32768, .length = 100 } } };
static const struct reuse both = { &wanted, &running, &flash };

static int fill(void **state)
{
	(void)state;
	for (u32 i = 0; i < SLOT; i++)
		slot[i] = (u8)(i * 7 + (i >> 8));
	return 0;
}

static void a_component_that_moved_is_found(void **state)
{
	u8 out[8192];

	(void)state;
	assert_int_equal(reuse_read(&both, 12288, out, sizeof(out)), OK);
	assert_memory_equal(out, slot + 8192, sizeof(out));
	assert_int_equal(reuse_read(&both, 13000, out, 1), OK);
	assert_int_equal(out[0], slot[8192 + 13000 - 12288]);
}

static void between_components_are_zeros(void **state)
{
	u8 out[64], zeros[64] = { 0 };

	(void)state;
	assert_int_equal(reuse_read(&both, 12288 + 20000, out, sizeof(out)), OK);
	assert_memory_equal(out, zeros, sizeof(out));
	assert_int_equal(reuse_read(&both, 12288 - 32, out, sizeof(out)), OK);
	assert_memory_equal(out, zeros, 32);
	assert_memory_equal(out + 32, slot + 8192, 32);
}

static void what_the_running_image_lacks_is_refused(void **state)
{
	u8 out[128];

	(void)state;
	/* The part by which the hypervisor grew, and a component that is new. */
	assert_int_equal(reuse_read(&both, 4096 + 3990, out, 11), ERR_RANGE);
	assert_int_equal(reuse_read(&both, 4096 + 3990, out, 10), OK);
	assert_int_equal(reuse_read(&both, 32768 - 1, out, 2), ERR_RANGE);
	assert_int_equal(reuse_read(&both, 32768 - 1, out, 1), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_component_that_moved_is_found),
		cmocka_unit_test(between_components_are_zeros),
		cmocka_unit_test(what_the_running_image_lacks_is_refused),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
