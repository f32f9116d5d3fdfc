/*
 * The hypervisor's reading of the hand-off tree: as the stage writes it, and changed by hand, one thing at a time.
 * Trust: test code.
 */
#include "hv/boot/handoff.h"

#include "lib/bytes.h"
#include "secureboot/handoff.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <libfdt.h>
#include <string.h>

enum { KERNEL = 0x400000, HYPERVISOR = 0x200000, STAGE_BASE = 0x100000, STAGE_LENGTH = 0x800000, TREE_AT = 0x110000 };

static u8 tree[2 * HANDOFF_SIZE];
static struct memory_entry map[MEMORY_MAP_MAX];
static struct verified_image image;
static struct nv_view nv;
static struct platform platform;
static const struct boot_choice choice = { .slot = SLOT_B, .reason = REASON_TRIAL };
static u8 *component[COMPONENTS_MAX];
static struct handoff handoff;
static u8 policy_key[P256_KEY_SIZE];
static u8 authority[AUTHORITY_SIZE_MAX + 100];
static struct boot_info info;

static void write_tree(void)
{
	size_t length;

	assert_int_equal(handoff_write(&handoff, tree, HANDOFF_SIZE, &length), OK);
	assert_int_equal(fdt_open_into(tree, tree, sizeof(tree)), 0);
}

static int set_up(void **state)
{
	(void)state;
	memset(&image, 0, sizeof(image));
	strcpy(image.manifest.product, "signet");
	strcpy(image.manifest.release, "2.0");
	image.manifest.svn = 7;
	image.keys.version = 4;
	image.manifest.flags = IMAGE_DEVELOPMENT;
	image.manifest.component_count = 2;
	image.manifest.components[0] =
	        (struct component){ .kind = COMPONENT_HYPERVISOR, .length = 100, .memory_length = 0x3000 };
	image.manifest.components[1] =
	        (struct component){ .kind = COMPONENT_SERVICE_KERNEL, .length = 50, .memory_length = 50 };
	memset(image.manifest.components[1].digest, 0xC1, SHA384_SIZE);
	memset(image.manifest_digest, 0xD1, SHA384_SIZE);
	memset(policy_key, 0xE1, sizeof(policy_key));
	memset(authority, 0xF1, sizeof(authority));
	component[0] = (u8 *)HYPERVISOR;
	component[1] = (u8 *)KERNEL;
	nv = (struct nv_view){ .status = NV_STATE_LOST, .writable = true, .image_floor = 5, .key_floor = 1ULL << 40 };
	platform = (struct platform){ .uefi = true,
		.loaded.authority = { .bytes = authority, .length = 300 },
		.tpm_interface = "crb",
		.rsdp = 0xE0010,
		.framebuffer = {
		        .base = 0xC0000000, .length = 0x300000, .width = 1024, .height = 768, .stride = 4096 } };
	map[0] = (struct memory_entry){ .base = 0, .length = 0x9F000, .type = MEMORY_RAM };
	map[1] = (struct memory_entry){ .base = STAGE_BASE, .length = STAGE_LENGTH, .type = MEMORY_STAGE };
	map[2] = (struct memory_entry){ .base = 1ULL << 32, .length = 0x1000, .type = MEMORY_RAM };
	handoff = (struct handoff){ .platform = &platform,
		.nv = &nv,
		.policy_key = policy_key,
		.choice = &choice,
		.image = &image,
		.component = component,
		.map = map,
		.map_count = 3,
		.log = { .bytes = (const u8 *)0x120000, .length = 99 },
		.serial_port = 0x2F8,
		.serial_baud = 9600 };
	write_tree();
	return 0;
}

static enum err read_tree(void)
{
	return boot_info_read(&info, tree, sizeof(tree), TREE_AT);
}

static void refused(void)
{
	assert_int_equal(read_tree(), ERR_BOOT_HANDOFF);
	set_up(NULL);
	assert_int_equal(read_tree(), OK);
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

static void set_text(const char *path, const char *name, const char *value)
{
	assert_int_equal(fdt_setprop(tree, node_at(path), name, value, (int)strlen(value) + 1), 0);
}

static void set_u64s(const char *path, const char *name, u64 a, u64 b, int n)
{
	u8 both[16];

	store_be64(both, a);
	store_be64(both + 8, b);
	assert_int_equal(fdt_setprop(tree, node_at(path), name, both, n), 0);
}

static void set_reg(const char *path, u64 base, u64 length)
{
	set_u64s(path, "reg", base, length, 16);
}

static void reads_what_the_stage_writes(void **state)
{
	(void)state;
	assert_int_equal(read_tree(), OK);
	assert_int_equal(info.slot, 1);
	assert_int_equal(info.firmware, 1);
	assert_string_equal(info.reason_text, "trial");
	assert_memory_equal(info.policy_key, policy_key, P256_KEY_SIZE);
	assert_int_equal(info.authority.length, 300);
	assert_memory_equal(info.authority.bytes, authority, 300);
	assert_string_equal(info.release, "2.0");
	assert_int_equal(info.svn, 7);
	assert_int_equal(info.keys_version, 4);
	assert_memory_equal(info.manifest_digest, image.manifest_digest, SHA384_SIZE);
	assert_int_equal(info.component[COMPONENT_HYPERVISOR].memory_length, 0x3000);
	assert_int_equal(info.component[COMPONENT_SERVICE_KERNEL].content.base, KERNEL);
	assert_memory_equal(info.component[COMPONENT_SERVICE_KERNEL].digest, image.manifest.components[1].digest, 48);
	assert_int_equal(info.component[COMPONENT_MICROCODE].content.length, 0);
	assert_int_equal(info.map.count, 3);
	assert_memory_equal(info.map.entry, map, 3 * sizeof(map[0]));
	assert_int_equal(info.rsdp, 0xE0010);
	assert_int_equal(info.stride, 4096);
	assert_int_equal(info.console_port, 0x2F8);
	/* Without what is optional. */
	handoff.serial_port = 0;
	platform.framebuffer.base = 0;
	write_tree();
	assert_int_equal(read_tree(), OK);
	assert_int_equal(info.console_port, 0);
	assert_int_equal(info.framebuffer.length, 0);
}

static void refuses_a_broken_tree(void **state)
{
	(void)state;
	size_t length = fdt_totalsize(tree);

	for (size_t n = 0; n < length; n += 1 + n / 16)
		assert_int_equal(boot_info_read(&info, tree, n, TREE_AT), ERR_BOOT_HANDOFF);
	assert_int_equal(boot_info_read(&info, tree, HANDOFF_LENGTH_MAX + 1ull, TREE_AT), ERR_BOOT_HANDOFF);
	tree[0] ^= 1;
	refused();
	assert_int_equal(fdt_add_mem_rsv(tree, 0, 1), 0);
	refused();
	set_text("/", "compatible", "signet,handoff-2");
	refused();
	set_u32("/", "more", 1);
	refused();
}

static void knows_every_node_and_property(void **state)
{
	(void)state;
	static const char *const needed[] = { "/stage", "/nv", "/image", "/memory", "/acpi", "/event-log", "/tpm",
		"/image/hypervisor" };

	for (u32 i = 0; i < ARRAY_SIZE(needed); i++) {
		assert_int_equal(fdt_del_node(tree, node_at(needed[i])), 0);
		refused();
		set_u32(needed[i], "more", 1);
		refused();
		/* A child where none belongs; below /image no kind has this name. */
		assert_true(fdt_add_subnode(tree, node_at(needed[i]), "more") >= 0);
		refused();
		int first = fdt_first_property_offset(tree, node_at(needed[i]));
		const char *name;
		assert_non_null(fdt_getprop_by_offset(tree, first, &name, NULL));
		assert_int_equal(fdt_delprop(tree, node_at(needed[i]), name), 0);
		refused();
	}
	assert_true(fdt_add_subnode(tree, 0, "more") >= 0);
	refused();
	assert_true(fdt_add_subnode(tree, node_at("/image"), "microcode") >= 0);
	refused();
}

/* libfdt adds no duplicates: a second one is made by giving another its name. */
static void refuses_duplicates(void **state)
{
	(void)state;
	int first = fdt_first_property_offset(tree, node_at("/nv")), second = fdt_next_property_offset(tree, first);
	struct fdt_property *a = (struct fdt_property *)(tree + fdt_off_dt_struct(tree) + first);
	struct fdt_property *b = (struct fdt_property *)(tree + fdt_off_dt_struct(tree) + second);

	/* "state", then "writable". */
	set_text("/nv", "state", "provisioned");
	assert_int_equal(read_tree(), OK);
	b->nameoff = a->nameoff;
	refused();
	assert_int_equal(fdt_set_name(tree, node_at("/acpi"), "tpm"), 0);
	refused();
	assert_int_equal(fdt_set_name(tree, node_at("/image/service-kernel"), "hypervisor"), 0);
	refused();
}

static void refuses_wrong_sizes_and_values(void **state)
{
	(void)state;
	set_u64s("/stage", "version", 1, 0, 8);
	refused();
	set_u32("/nv", "image-floor", 1);
	refused();
	set_u64s("/event-log", "reg", 0x120000, 99, 8);
	refused();
	set_text("/stage", "slot", "c");
	refused();
	set_text("/stage", "slot", "ab");
	refused();
	set_text("/stage", "reason-text", "tr\nial");
	refused();
	assert_int_equal(fdt_setprop(tree, node_at("/nv"), "policy-key", authority, P256_KEY_SIZE + 1), 0);
	refused();
	assert_int_equal(fdt_setprop(tree, node_at("/nv"), "authority", authority, AUTHORITY_SIZE_MAX + 1), 0);
	refused();
	set_text("/stage", "firmware", "efi");
	refused();
	set_u32("/stage", "secure-boot", 2);
	refused();
	set_u32("/image", "flags", 4);
	refused();
	set_u32("/image", "svn", SVN_MAX + 1);
	refused();
	set_text("/image", "release", "a text that is longer than any release or product or reason can ever be");
	refused();
	assert_int_equal(fdt_setprop(tree, node_at("/image"), "release", "a\0b", 4), 0);
	refused();
	assert_int_equal(fdt_setprop(tree, node_at("/image"), "release", "ab", 2), 0);
	refused();
	assert_int_equal(fdt_setprop(tree, node_at("/image"), "manifest-digest", tree, 47), 0);
	refused();
	set_u32("/console", "port", 0xFFF9);
	refused();
	set_u32("/console", "baud", 1000);
	refused();
	set_u32("/console", "baud", 0);
	refused();
	set_u64s("/acpi", "rsdp", 1ULL << 52, 0, 8);
	refused();
}

static void refuses_memory_maps_that_lie(void **state)
{
	(void)state;
	static const struct memory_entry bad[] = {
		{ 0x80000, 0x20000, MEMORY_RAM, 0 }, /* overlaps the one before */
		{ 0xA0000, 0, MEMORY_RAM, 0 }, { 0xA0000, 0x1001, MEMORY_RAM, 0 }, { 0xA0800, 0x1000, MEMORY_RAM, 0 },
		{ 0xA0000, 0x1000, 0, 0 }, { 0xA0000, 0x1000, MEMORY_STAGE + 1, 0 },
		{ 0xA0000, ~0ull & ~0xFFFull, MEMORY_RAM, 0 }, { 1ull << 52, 0x1000, MEMORY_RAM, 0 },
		{ 0xA0000, 0x80000, MEMORY_RAM, 0 }, /* overlaps the one behind */
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		map[3] = map[2];
		map[2] = map[1];
		map[1] = bad[i];
		handoff.map_count = 4;
		write_tree();
		refused();
	}
	assert_int_equal(fdt_setprop(tree, node_at("/memory"), "map", tree, 25), 0);
	refused();
	assert_int_equal(fdt_setprop(tree, node_at("/memory"), "map", tree, 0), 0);
	refused();
}

static void refuses_what_lies_elsewhere_or_overlaps(void **state)
{
	(void)state;
	set_reg("/image/hypervisor", 1ULL << 32, 100); /* RAM */
	refused();
	set_reg("/image/hypervisor", STAGE_BASE + STAGE_LENGTH - 0x1000, 100); /* its memory runs out of stage memory */
	refused();
	set_reg("/image/hypervisor", ~0ull - 0xFFF, 100);
	refused();
	set_reg("/image/hypervisor", HYPERVISOR + 0x10, 100);
	refused();
	set_reg("/image/hypervisor", HYPERVISOR, 0x3001); /* longer than its memory */
	refused();
	set_reg("/image/hypervisor", HYPERVISOR, 0);
	refused();
	set_u64s("/image/hypervisor", "memory-length", COMPONENT_MEMORY_MAX + 1, 0, 8);
	refused();
	set_reg("/image/service-kernel", HYPERVISOR + 0x2000, 50);
	refused();
	set_reg("/image/service-kernel", TREE_AT, 50);
	refused();
	set_reg("/event-log", KERNEL, 99);
	refused();
	set_reg("/event-log", 1ULL << 32, 99);
	refused();
	assert_int_equal(boot_info_read(&info, tree, sizeof(tree), 0x1000), ERR_BOOT_HANDOFF); /* the tree in RAM */
}

static void refuses_a_frame_buffer_over_memory(void **state)
{
	(void)state;
	set_reg("/framebuffer", STAGE_BASE, 0x300000);
	refused();
	set_reg("/framebuffer", ~0ull - 0xFFF, 0x300000);
	refused();
	set_reg("/framebuffer", 0xC0000000, 768 * 4096 - 1);
	refused();
	set_u32("/framebuffer", "stride", 4095);
	refused();
	set_u32("/framebuffer", "stride", 0);
	refused();
	set_u32("/framebuffer", "width", 0);
	refused();
	set_u32("/framebuffer", "format", 2);
	refused();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_what_the_stage_writes, set_up),
		cmocka_unit_test_setup(refuses_a_broken_tree, set_up),
		cmocka_unit_test_setup(knows_every_node_and_property, set_up),
		cmocka_unit_test_setup(refuses_duplicates, set_up),
		cmocka_unit_test_setup(refuses_wrong_sizes_and_values, set_up),
		cmocka_unit_test_setup(refuses_memory_maps_that_lie, set_up),
		cmocka_unit_test_setup(refuses_what_lies_elsewhere_or_overlaps, set_up),
		cmocka_unit_test_setup(refuses_a_frame_buffer_over_memory, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
