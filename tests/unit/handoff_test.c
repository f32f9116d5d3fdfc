/* The hand-off tree, against docs/handoff.md. */
#include "secureboot/handoff.h"

#include "lib/bytes.h"
#include "secureboot/version.h"
#include "update/authority.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <libfdt.h>
#include <string.h>

static u8 tree[HANDOFF_SIZE];
static struct memory_entry map[MEMORY_MAP_MAX];
static struct verified_image image;
static struct nv_view nv;
static struct platform platform;
static const struct boot_choice choice = { .slot = SLOT_B, .reason = REASON_TRIAL };
static u8 *component[COMPONENTS_MAX];
static struct handoff handoff;
static u8 policy_key[P256_KEY_SIZE];
static u8 authority[AUTHORITY_SIZE_MAX + 100];

static int set_up(void **state)
{
	(void)state;
	memset(&image, 0, sizeof(image));
	strcpy(image.manifest.product, "signet");
	strcpy(image.manifest.release, "2.0");
	image.manifest.svn = 7;
	image.manifest.flags = IMAGE_DEVELOPMENT;
	image.manifest.component_count = 2;
	image.manifest.components[0] =
	        (struct component){ .kind = COMPONENT_HYPERVISOR, .length = 100, .memory_length = 300 };
	image.manifest.components[1] =
	        (struct component){ .kind = COMPONENT_SERVICE_KERNEL, .length = 50, .memory_length = 50 };
	memset(image.manifest.components[1].digest, 0xC1, SHA384_SIZE);
	memset(image.manifest_digest, 0xD1, SHA384_SIZE);
	memset(policy_key, 0xE1, sizeof(policy_key));
	memset(authority, 0xF1, sizeof(authority));
	component[0] = (u8 *)0x200000;
	component[1] = (u8 *)0x123456000;
	nv = (struct nv_view){ .status = NV_STATE_LOST, .writable = true, .image_floor = 5, .key_floor = 1ULL << 40 };
	platform = (struct platform){ .uefi = true,
		.loaded.authority = { .bytes = authority, .length = 300 },
		.entered = 0x1122334455667788,
		.tpm_interface = "tis",
		.rsdp = 0xE0010,
		.framebuffer = {
		        .base = 0xC0000000, .length = 0x300000, .width = 1024, .height = 768, .stride = 4096 } };
	map[0] = (struct memory_entry){ .base = 0, .length = 0xA0000, .type = MEMORY_RAM };
	map[1] = (struct memory_entry){ .base = 1ULL << 32, .length = 0x1000, .type = MEMORY_STAGE };
	handoff = (struct handoff){ .platform = &platform,
		.nv = &nv,
		.policy_key = policy_key,
		.choice = &choice,
		.image = &image,
		.component = component,
		.map = map,
		.map_count = 2,
		.log = { .bytes = (const u8 *)0x7000, .length = 99 },
		.serial_port = 0x2F8,
		.serial_baud = 9600 };
	return 0;
}

static const u8 *property(const char *path, const char *name, size_t n)
{
	int length;
	const u8 *p = fdt_getprop(tree, fdt_path_offset(tree, path), name, &length);

	assert_non_null(p);
	assert_int_equal(length, n);
	return p;
}

static u32 u32_of(const char *path, const char *name)
{
	return load_be32(property(path, name, 4));
}

static u64 u64_of(const char *path, const char *name)
{
	return load_be64(property(path, name, 8));
}

static void assert_text(const char *path, const char *name, const char *want)
{
	assert_memory_equal(property(path, name, strlen(want) + 1), want, strlen(want) + 1);
}

static void assert_reg(const char *path, u64 address, u64 length)
{
	const u8 *reg = property(path, "reg", 16);

	assert_int_equal(load_be64(reg), address);
	assert_int_equal(load_be64(reg + 8), length);
}

static void write_tree(void)
{
	size_t length;

	assert_int_equal(handoff_write(&handoff, tree, sizeof(tree), &length), OK);
	assert_int_equal(fdt_check_full(tree, length), 0);
}

static void tells_the_decision(void **state)
{
	(void)state;
	write_tree();
	assert_text("/", "compatible", "signet,handoff-1");
	assert_int_equal(u32_of("/stage", "version"), STAGE_VERSION);
	assert_text("/stage", "slot", "b");
	assert_int_equal(u32_of("/stage", "reason"), REASON_TRIAL);
	assert_text("/stage", "reason-text", "trial");
	assert_text("/stage", "firmware", "uefi");
	assert_int_equal(u32_of("/stage", "secure-boot"), 0);
	assert_int_equal(u64_of("/stage", "entered"), 0x1122334455667788);
	assert_text("/nv", "state", "state-lost");
	assert_int_equal(u32_of("/nv", "writable"), 1);
	assert_int_equal(u64_of("/nv", "image-floor"), 5);
	assert_int_equal(u64_of("/nv", "key-floor"), 1ULL << 40);
	assert_memory_equal(property("/nv", "policy-key", P256_KEY_SIZE), policy_key, P256_KEY_SIZE);
	assert_memory_equal(property("/nv", "authority", 300), authority, 300);
	/* As a partition it is longer than what can stand in it. */
	platform.loaded.authority.length = sizeof(authority);
	write_tree();
	property("/nv", "authority", AUTHORITY_SIZE_MAX);
}

static void tells_the_image(void **state)
{
	(void)state;
	write_tree();
	assert_text("/image", "product", "signet");
	assert_text("/image", "release", "2.0");
	assert_int_equal(u32_of("/image", "svn"), 7);
	assert_int_equal(u32_of("/image", "flags"), IMAGE_DEVELOPMENT);
	assert_memory_equal(property("/image", "manifest-digest", 48), image.manifest_digest, 48);
	assert_reg("/image/hypervisor", 0x200000, 100);
	assert_int_equal(u64_of("/image/hypervisor", "memory-length"), 300);
	assert_reg("/image/service-kernel", 0x123456000, 50);
	assert_memory_equal(
	        property("/image/service-kernel", "sha384", 48), image.manifest.components[1].digest, SHA384_SIZE);
}

static void tells_the_machine(void **state)
{
	(void)state;
	const u8 *entry;

	write_tree();
	entry = property("/memory", "map", 48);
	assert_int_equal(load_be64(entry + 8), 0xA0000);
	assert_int_equal(load_be32(entry + 16), MEMORY_RAM);
	assert_int_equal(load_be64(entry + 24), 1ULL << 32);
	assert_int_equal(load_be32(entry + 40), MEMORY_STAGE);
	assert_int_equal(u64_of("/acpi", "rsdp"), 0xE0010);
	assert_reg("/event-log", 0x7000, 99);
	assert_reg("/framebuffer", 0xC0000000, 0x300000);
	assert_int_equal(u32_of("/framebuffer", "stride"), 4096);
	assert_int_equal(u32_of("/console", "port"), 0x2F8);
	assert_int_equal(u32_of("/console", "baud"), 9600);
	assert_text("/tpm", "interface", "tis");
}

static void leaves_out_what_is_not_there(void **state)
{
	(void)state;
	platform.uefi = false;
	platform.framebuffer.base = 0;
	handoff.serial_port = 0;
	write_tree();
	assert_int_equal(fdt_path_offset(tree, "/framebuffer"), -FDT_ERR_NOTFOUND);
	assert_int_equal(fdt_path_offset(tree, "/console"), -FDT_ERR_NOTFOUND);
	assert_text("/stage", "firmware", "bios");
}

static void has_room_for_the_largest(void **state)
{
	(void)state;
	handoff.map_count = MEMORY_MAP_MAX;
	image.manifest.component_count = COMPONENT_KIND_END - 1;
	for (u32 i = 0; i < image.manifest.component_count; i++)
		image.manifest.components[i] = (struct component){ .kind = i + 1 };
	write_tree();
	property("/memory", "map", MEMORY_MAP_MAX * sizeof(map[0]));
}

static void refuses_what_does_not_fit(void **state)
{
	(void)state;
	size_t length, needed;

	assert_int_equal(handoff_write(&handoff, tree, sizeof(tree), &needed), OK);
	for (size_t room = 0; room < needed; room += 13)
		assert_int_equal(handoff_write(&handoff, tree, room, &length), ERR_BOOT_HANDOFF);
	handoff.map_count = MEMORY_MAP_MAX + 1;
	assert_int_equal(handoff_write(&handoff, tree, sizeof(tree), &length), ERR_BOOT_HANDOFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tells_the_decision, set_up),
		cmocka_unit_test_setup(tells_the_image, set_up),
		cmocka_unit_test_setup(tells_the_machine, set_up),
		cmocka_unit_test_setup(leaves_out_what_is_not_there, set_up),
		cmocka_unit_test_setup(has_room_for_the_largest, set_up),
		cmocka_unit_test_setup(refuses_what_does_not_fit, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
