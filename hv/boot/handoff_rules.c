/*
 * docs/handoff.md as tables.
 * Trust: in the TCB; pure.
 */
#include "hv/boot/handoff_rules.h"

#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

enum { MAP_ENTRY_SIZE = 24, PORT_MAX = 0xFFF8, BAUD_MAX = 115200, PIXELS_MAX = 1 << 16, STRIDE_MAX = 1 << 20 };

#define AT(member) offsetof(struct boot_info, member)
#define ANY 0xFFFFFFFF

static const char *const slots[] = { "a", "b" };
static const char *const firmwares[] = { "bios", "uefi" };
static const char *const interfaces[] = { "tis", "crb" };
static const char *const nv_states[] = {
	[NV_UNPROVISIONED] = "unprovisioned", [NV_PROVISIONED] = "provisioned", [NV_STATE_LOST] = "state-lost"
};

static bool read_map(void *to, const u8 *p, size_t n)
{
	struct boot_info *info = to;

	if (n % MAP_ENTRY_SIZE || n / MAP_ENTRY_SIZE > MEMORY_MAP_MAX)
		return false;
	info->map.count = (u32)(n / MAP_ENTRY_SIZE);
	for (u32 i = 0; i < info->map.count; i++, p += MAP_ENTRY_SIZE)
		info->entries[i] =
		        (struct memory_entry){ load_be64(p), load_be64(p + 8), load_be32(p + 16), load_be32(p + 20) };
	return true;
}

static bool read_authority(void *to, const u8 *p, size_t n)
{
	struct boot_authority *a = to;

	if (n > sizeof(a->bytes))
		return false;
	a->length = (u32)n;
	memcpy(a->bytes, p, n);
	return true;
}

static const char *const compatible[] = { "signet,handoff-1" };

static const struct field root[] = {
	FIXED_RULE("compatible", compatible),
};
static const struct field stage[] = {
	FIELD_RULE("version", U32, AT(unread), ANY),
	NAME_RULE("slot", AT(slot), slots),
	FIELD_RULE("reason", U32, AT(reason), ANY),
	FIELD_RULE("reason-text", TEXT, AT(reason_text), HANDOFF_TEXT_SIZE),
	NAME_RULE("firmware", AT(firmware), firmwares),
	FIELD_RULE("secure-boot", U32, AT(secure_boot), 1),
	FIELD_RULE("entered", U64, AT(unread), 0),
};
static const struct field nv[] = {
	NAME_RULE("state", AT(unread), nv_states),
	FIELD_RULE("writable", U32, AT(unread), 1),
	FIELD_RULE("image-floor", U64, AT(unread), 0),
	FIELD_RULE("key-floor", U64, AT(unread), 0),
	FIELD_RULE("policy-key", BYTES, AT(policy_key), P256_KEY_SIZE),
	OTHER_RULE("authority", AT(authority), read_authority),
};
static const struct field image[] = {
	FIELD_RULE("product", TEXT, AT(product), HANDOFF_TEXT_SIZE),
	FIELD_RULE("release", TEXT, AT(release), HANDOFF_TEXT_SIZE),
	FIELD_RULE("svn", U32, AT(svn), SVN_MAX),
	FIELD_RULE("keys-version", U64, AT(keys_version), 0),
	FIELD_RULE("flags", U32, AT(flags), IMAGE_FLAGS_KNOWN),
	FIELD_RULE("manifest-digest", BYTES, AT(manifest_digest), SHA384_SIZE),
};
static const struct field memory[] = {
	OTHER_RULE("map", 0, read_map),
};
static const struct field acpi[] = {
	FIELD_RULE("rsdp", U64, AT(rsdp), 0),
};
static const struct field event_log[] = {
	FIELD_RULE("reg", SPAN, AT(event_log), 0),
};
static const struct field framebuffer[] = {
	FIELD_RULE("reg", SPAN, AT(framebuffer), 0),
	FIELD_RULE("width", U32, AT(width), PIXELS_MAX),
	FIELD_RULE("height", U32, AT(height), PIXELS_MAX),
	FIELD_RULE("stride", U32, AT(stride), STRIDE_MAX),
	FIELD_RULE("format", U32, AT(unread), 1),
};
static const struct field console[] = {
	FIELD_RULE("port", U32, AT(console_port), PORT_MAX),
	FIELD_RULE("baud", U32, AT(console_baud), BAUD_MAX),
};
static const struct field tpm[] = {
	NAME_RULE("interface", AT(unread), interfaces),
};
static const struct field component[] = {
	FIELD_RULE("reg", SPAN, offsetof(struct boot_component, content), 1),
	FIELD_RULE("memory-length", U64, offsetof(struct boot_component, memory_length), 0),
	FIELD_RULE("sha384", BYTES, offsetof(struct boot_component, digest), SHA384_SIZE),
};

#define COMPONENT(kind, name)                                                                                          \
	{ NODE_RULE(name, component, (kind) != COMPONENT_HYPERVISOR),                                                  \
		.offset = AT(component) + (kind) * sizeof(struct boot_component) }

static const struct node_rule components[] = {
	COMPONENT(COMPONENT_HYPERVISOR, "hypervisor"),
	COMPONENT(COMPONENT_SERVICE_KERNEL, "service-kernel"),
	COMPONENT(COMPONENT_SERVICE_INITRAMFS, "service-initramfs"),
	COMPONENT(COMPONENT_FLEET_CONFIG, "fleet-config"),
	COMPONENT(COMPONENT_MICROCODE, "microcode"),
	COMPONENT(COMPONENT_STAGE, "stage"),
};
static_assert(ARRAY_SIZE(components) == COMPONENT_KIND_END - COMPONENT_HYPERVISOR, "every kind");

static const struct node_rule nodes[] = {
	{ NODE_RULE("stage", stage, false) },
	{ NODE_RULE("nv", nv, false) },
	{ NODE_RULE("image", image, false), .children = components, .child_count = ARRAY_SIZE(components) },
	{ NODE_RULE("memory", memory, false) },
	{ NODE_RULE("acpi", acpi, false) },
	{ NODE_RULE("event-log", event_log, false) },
	{ NODE_RULE("framebuffer", framebuffer, true) },
	{ NODE_RULE("console", console, true) },
	{ NODE_RULE("tpm", tpm, false) },
};

const struct node_rule handoff_rule = {
	NODE_RULE("", root, false),
	.children = nodes,
	.child_count = ARRAY_SIZE(nodes),
};
