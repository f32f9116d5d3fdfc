/*
 * usage: seed_image DIRECTORY
 * Writes seeds for the targets over images, key regions, manifests and anchors: good ones of different shapes, from
 * which the fuzzer goes on.
 */
#include "image/anchor.h"
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"
#include "tests/fuzz/seed.h"

#include <string.h>

static struct forge forged;

static void seed_manifest(const char *name)
{
	static u8 bytes[8 + IMAGE_MANIFEST_MAX];
	const struct image_layout *l = &forged.layout;
	struct image_layout target;

	/* The target places the manifest behind eight bytes of keys; components move accordingly. */
	if (image_layout_of(8, l->manifest_length, IMAGE_ALIGN, l->payload_length, &target) != OK)
		exit(1);
	store_le64(bytes, l->payload_length);
	memcpy(bytes + 8, forged.image + l->manifest_offset, l->manifest_length);
	for (u32 i = 0; i < forged.manifest.component_count; i++) {
		u8 *offset = bytes + 8 + MANIFEST_FIXED_SIZE + i * COMPONENT_SIZE + 8;
		store_le64(offset, load_le64(offset) - l->payload_offset + target.payload_offset);
	}
	seed("fuzz_manifest", name, bytes, 8 + l->manifest_length);
}

static void seed_anchor(const char *name, u32 port)
{
	static u8 bytes[ANCHOR_SIZE];
	struct anchor anchor = { .serial_port = port, .serial_baud = port ? 115200 : 0, .hardware_class = "server-1" };
	u32 body = load_le32(forged.region + 12);

	if (anchor_encode(&anchor, forged.region, body, bytes) != OK)
		exit(1);
	seed("fuzz_anchor", name, bytes, ANCHOR_FIXED_SIZE + body);
}

static void seed_all(const char *name)
{
	forge_seal(&forged);
	seed("fuzz_image", name, forged.image, forged.layout.payload_offset);
	seed("fuzz_keys", name, forged.region, forged.region_length);
	seed_manifest(name);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	directory = argv[1];
	mkdir(directory, 0755);

	forge_init(&forged);
	seed_all("plain");
	seed_anchor("silent", 0);
	seed_anchor("serial", 0x3F8);
	forge_component(&forged, 2, COMPONENT_SERVICE_KERNEL, 70000);
	forge_component(&forged, 3, COMPONENT_SERVICE_INITRAMFS, 1);
	forged.manifest.flags = IMAGE_FLAGS_KNOWN;
	forged.manifest.expiry = FORGE_CREATED + 1;
	seed_all("components");
	if (key_set_revoke(&forged.keys, forge_id(RELEASE_C)) != OK)
		return 1;
	forge_rotate(&forged, FORGE_ROOTS);
	forge_rotate(&forged, FORGE_ROOTS | BIT(ROOT_C));
	seed_all("rotated");
	return 0;
}
