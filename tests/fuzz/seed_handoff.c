/*
 * usage: seed_handoff DIRECTORY
 * Writes a hand-off tree that is accepted, as the stage makes it.
 */
#include "hv/boot/handoff.h"
#include "secureboot/handoff.h"
#include "tests/fuzz/seed.h"

#include <string.h>

enum { TREE_AT = 0x110000, COMPONENT_AT = 0x200000, LOG_AT = 0x130000 };

static u8 tree[HANDOFF_SIZE];
static struct verified_image image;
static struct boot_info info;
static u8 policy_key[P256_KEY_SIZE];

int main(int count, char **arguments)
{
	struct memory_entry map[] = {
		{ 0, 0x9F000, MEMORY_RAM, 0 },
		{ 0x100000, 0x800000, MEMORY_STAGE, 0 },
	};
	const struct boot_choice choice = { .slot = SLOT_A, .reason = REASON_GOOD };
	struct nv_view nv = { .status = NV_PROVISIONED };
	struct platform platform = { .tpm_interface = "tis",
		.framebuffer = {
		        .base = 0xC0000000, .length = 0x300000, .width = 640, .height = 480, .stride = 4096 } };
	u8 *component[COMPONENTS_MAX] = { (u8 *)COMPONENT_AT };
	struct handoff handoff = { &platform, &nv, policy_key, &choice, &image, component, map, ARRAY_SIZE(map),
		{ .bytes = (const u8 *)LOG_AT, .length = 99 }, 0x3F8, 115200 };
	size_t length;

	if (count != 2)
		return 2;
	directory = arguments[1];
	strcpy(image.manifest.product, "signet");
	image.manifest.component_count = 1;
	image.manifest.components[0] =
	        (struct component){ .kind = COMPONENT_HYPERVISOR, .length = 100, .memory_length = 4096 };
	if (handoff_write(&handoff, tree, sizeof(tree), &length) || boot_info_read(&info, tree, length, TREE_AT))
		return 1;
	seed("fuzz_handoff", "tree", tree, length);
	return 0;
}
