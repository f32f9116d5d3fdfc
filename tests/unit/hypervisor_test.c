/*
 * The header of a hypervisor component: one good one, and each rule broken alone.
 * Trust: test code.
 */
#include "image/hypervisor.h"
#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { LENGTH = 4096, MEMORY = 8192 };

static u8 content[HYPERVISOR_HEADER_SIZE];

static int set_up(void **state)
{
	(void)state;
	memset(content, 0, sizeof(content));
	memcpy(content, HYPERVISOR_MAGIC, MAGIC_SIZE);
	store_le32(content + 8, HANDOFF_VERSION);
	store_le32(content + 12, HYPERVISOR_HEADER_SIZE);
	store_le64(content + 16, LENGTH);
	store_le64(content + 24, MEMORY);
	return 0;
}

static enum err read_header(void)
{
	struct hypervisor_header h;
	return hypervisor_header_read(content, LENGTH, &h);
}

static void a_good_header_is_read(void **state)
{
	struct hypervisor_header h;
	(void)state;
	store_le32(content + 12, LENGTH - 1);
	assert_int_equal(hypervisor_header_read(content, LENGTH, &h), OK);
	assert_int_equal(h.entry, LENGTH - 1);
	assert_int_equal(h.memory_length, MEMORY);
}

static void each_field_counts(void **state)
{
	static const struct {
		u32 offset;
		u32 value;
	} changes[] = {
		{ 0, 0 }, /* magic */
		{ 8, HANDOFF_VERSION + 1 },
		{ 12, HYPERVISOR_HEADER_SIZE - 1 }, /* entry in the header */
		{ 12, LENGTH }, /* entry behind the content */
		{ 16, LENGTH - 1 },
		{ 16, LENGTH + 1 },
		{ 20, 1 }, /* upper half of the length */
		{ 24, LENGTH - 1 }, /* less memory than content */
		{ 32, 1 }, /* reserved: first and last */
		{ 60, 0x01000000 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		(void)set_up(state);
		assert_int_equal(read_header(), OK);
		store_le32(content + changes[i].offset, changes[i].value);
		assert_int_equal(read_header(), ERR_IMAGE_HYPERVISOR);
	}
}

/* One byte on the stack, so that the sanitizer sees a read past it. */
static void a_component_shorter_than_its_header_is_not_read(void **state)
{
	struct hypervisor_header h;
	u8 one = 'S';
	(void)state;
	assert_int_equal(hypervisor_header_read(&one, 1, &h), ERR_IMAGE_HYPERVISOR);
	store_le64(content + 16, HYPERVISOR_HEADER_SIZE - 1);
	assert_int_equal(hypervisor_header_read(content, HYPERVISOR_HEADER_SIZE - 1, &h), ERR_IMAGE_HYPERVISOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_header_is_read, set_up),
		cmocka_unit_test_setup(each_field_counts, set_up),
		cmocka_unit_test_setup(a_component_shorter_than_its_header_is_not_read, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
