/* The fleet configuration: as it is made, and changed by hand, one thing at a time. */
#include "cli/fleet_file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <libfdt.h>
#include <string.h>

static _Alignas(8) u8 tree[2 * FLEET_LENGTH_MAX];
static struct fleet made, read;

/* Room to change it is part of the tree; how long a tree is, it says itself. */
static void write_tree(void)
{
	size_t n;

	assert_int_equal(fleet_encode(&made, tree, &n), OK);
	assert_int_equal(fdt_open_into(tree, tree, (int)n + 1024), 0);
}

static int set_up(void **state)
{
	(void)state;
	made = (struct fleet){ .name = "lab",
		.addresses = "a.example:443",
		.epoch = 4,
		.ungated = 1,
		.console_port = 0x2F8,
		.console_baud = 57600,
		.arguments = "quiet",
		.vlan = 12 };
	memset(made.ca_key, 0xCA, sizeof(made.ca_key));
	write_tree();
	return 0;
}

static enum err read_tree(bool development)
{
	return fleet_read(&read, tree, fdt_totalsize(tree), development);
}

static void refused(void)
{
	static const struct fleet nothing;

	assert_int_equal(read_tree(true), ERR_FLEET_FORMAT);
	assert_memory_equal(&read, &nothing, sizeof(read));
	set_up(NULL);
	assert_int_equal(read_tree(true), OK);
}

static int node_at(const char *path)
{
	int node = fdt_path_offset(tree, path);

	assert_true(node >= 0);
	return node;
}

static void set_u32(const char *path, const char *name, u32 value)
{
	assert_int_equal(fdt_setprop_u32(tree, node_at(path), name, value), 0);
}

static void set_bytes(const char *path, const char *name, const void *bytes, int n)
{
	assert_int_equal(fdt_setprop(tree, node_at(path), name, bytes, n), 0);
}

static void reads_what_was_made(void **state)
{
	(void)state;
	assert_int_equal(read_tree(true), OK);
	assert_memory_equal(&read, &made, sizeof(read));
	/* Without what may be left out. */
	made.console_port = made.console_baud = made.epoch = 0;
	memset(made.ca_key, 0, sizeof(made.ca_key));
	write_tree();
	assert_int_equal(fdt_path_offset(tree, "/ca"), -FDT_ERR_NOTFOUND);
	assert_int_equal(read_tree(true), OK);
	assert_memory_equal(&read, &made, sizeof(read));
}

static void is_ungated_in_development_alone(void **state)
{
	(void)state;
	static const struct fleet nothing;

	assert_int_equal(read_tree(false), ERR_FLEET_UNGATED);
	assert_memory_equal(&read, &nothing, sizeof(read));
	made.ungated = 0;
	write_tree();
	assert_int_equal(read_tree(false), OK);
	assert_int_equal(read_tree(true), OK);
}

static void knows_every_node_and_property(void **state)
{
	(void)state;
	static const char *const nodes[] = { "/fleet", "/ca", "/policy", "/console", "/service" };

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		const char *name;

		set_u32(nodes[i], "more", 1);
		refused();
		assert_true(fdt_add_subnode(tree, node_at(nodes[i]), "more") >= 0);
		refused();
		assert_non_null(
		        fdt_getprop_by_offset(tree, fdt_first_property_offset(tree, node_at(nodes[i])), &name, NULL));
		assert_int_equal(fdt_delprop(tree, node_at(nodes[i]), name), 0);
		refused();
	}
	assert_int_equal(fdt_del_node(tree, node_at("/policy")), 0);
	refused();
	assert_true(fdt_add_subnode(tree, 0, "more") >= 0);
	refused();
	set_bytes("/", "compatible", "signet,fleet-2", 15);
	refused();
	set_bytes("/", "compatible", "signet,handoff-1", 17);
	refused();
	assert_int_equal(fdt_add_mem_rsv(tree, 0, 1), 0);
	refused();
}

static void refuses_wrong_values(void **state)
{
	(void)state;
	char long_text[FLEET_TEXT_SIZE + 1];

	set_bytes("/fleet", "name", "", 1);
	refused();
	set_bytes("/fleet", "name", "a\nb", 4);
	refused();
	set_bytes("/fleet", "name", "ab", 2);
	refused();
	memset(long_text, 'a', sizeof(long_text));
	long_text[FLEET_TEXT_SIZE] = 0;
	set_bytes("/service", "arguments", long_text, sizeof(long_text));
	refused();
	set_bytes("/ca", "key", made.ca_key, P384_KEY_SIZE - 1);
	refused();
	memset(made.ca_key, 0, sizeof(made.ca_key));
	set_bytes("/ca", "key", made.ca_key, P384_KEY_SIZE);
	refused();
	set_u32("/policy", "ungated", 2);
	refused();
	set_u32("/service", "vlan", VLAN_MAX + 1);
	refused();
	set_u32("/console", "port", 0);
	refused();
	set_u32("/console", "port", FLEET_PORT_MAX + 1);
	refused();
	set_u32("/console", "baud", 1000);
	refused();
	set_u32("/console", "baud", 0);
	refused();
}

static void refuses_a_broken_tree(void **state)
{
	(void)state;
	size_t length = fdt_totalsize(tree);

	for (size_t n = 0; n < length; n += 1 + n / 16)
		assert_int_equal(fleet_read(&read, tree, n, true), ERR_FLEET_FORMAT);
	assert_int_equal(fleet_read(&read, tree, length + 1, true), ERR_FLEET_FORMAT);
	assert_int_equal(fleet_read(&read, tree, FLEET_LENGTH_MAX + 1, true), ERR_FLEET_FORMAT);
	assert_int_equal(read_tree(true), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_what_was_made, set_up),
		cmocka_unit_test_setup(is_ungated_in_development_alone, set_up),
		cmocka_unit_test_setup(knows_every_node_and_property, set_up),
		cmocka_unit_test_setup(refuses_wrong_values, set_up),
		cmocka_unit_test_setup(refuses_a_broken_tree, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
