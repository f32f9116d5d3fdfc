/*
 * docs/handoff.md as tables.
 * Trust: in the TCB; pure.
 */
#include "hv/boot/handoff_rules.h"

#include "hv/boot/handoff.h"

enum { PORT_MAX = 0xFFF8, BAUD_MAX = 115200, PIXELS_MAX = 1 << 16, STRIDE_MAX = 1 << 20 };

#define AT(member) offsetof(struct boot_info, member)
#define ANY 0xFFFFFFFF

static const char *const slots[] = { "a", "b" };
static const char *const firmwares[] = { "bios", "uefi" };
static const char *const interfaces[] = { "tis", "crb" };
static const char *const nv_states[] = {
	[NV_UNPROVISIONED] = "unprovisioned", [NV_PROVISIONED] = "provisioned", [NV_STATE_LOST] = "state-lost"
};

static const struct field stage[] = {
	{ "version", FIELD_U32, AT(stage_version), ANY, NULL },
	{ "slot", FIELD_NAME, AT(slot), ARRAY_SIZE(slots), slots },
	{ "reason", FIELD_U32, AT(reason), ANY, NULL },
	{ "reason-text", FIELD_TEXT, AT(reason_text), 0, NULL },
	{ "firmware", FIELD_NAME, AT(firmware), ARRAY_SIZE(firmwares), firmwares },
	{ "secure-boot", FIELD_U32, AT(secure_boot), 1, NULL },
	{ "entered", FIELD_U64, AT(entered), 0, NULL },
};
static const struct field nv[] = {
	{ "state", FIELD_NAME, AT(nv_state), ARRAY_SIZE(nv_states), nv_states },
	{ "writable", FIELD_U32, AT(nv_writable), 1, NULL },
	{ "image-floor", FIELD_U64, AT(image_floor), 0, NULL },
	{ "key-floor", FIELD_U64, AT(key_floor), 0, NULL },
};
static const struct field image[] = {
	{ "product", FIELD_TEXT, AT(product), 0, NULL },
	{ "release", FIELD_TEXT, AT(release), 0, NULL },
	{ "svn", FIELD_U32, AT(svn), SVN_MAX, NULL },
	{ "flags", FIELD_U32, AT(flags), IMAGE_FLAGS_KNOWN, NULL },
	{ "manifest-digest", FIELD_DIGEST, AT(manifest_digest), 0, NULL },
};
static const struct field memory[] = {
	{ "map", FIELD_MAP, AT(entries), 0, NULL },
};
static const struct field acpi[] = {
	{ "rsdp", FIELD_U64, AT(rsdp), 0, NULL },
};
static const struct field event_log[] = {
	{ "reg", FIELD_SPAN, AT(event_log), 0, NULL },
};
static const struct field framebuffer[] = {
	{ "reg", FIELD_SPAN, AT(framebuffer), 0, NULL },
	{ "width", FIELD_U32, AT(width), PIXELS_MAX, NULL },
	{ "height", FIELD_U32, AT(height), PIXELS_MAX, NULL },
	{ "stride", FIELD_U32, AT(stride), STRIDE_MAX, NULL },
	{ "format", FIELD_U32, AT(format), 1, NULL },
};
static const struct field console[] = {
	{ "port", FIELD_U32, AT(console_port), PORT_MAX, NULL },
	{ "baud", FIELD_U32, AT(console_baud), BAUD_MAX, NULL },
};
static const struct field tpm[] = {
	{ "interface", FIELD_NAME, AT(tpm_interface), ARRAY_SIZE(interfaces), interfaces },
};
static const struct field component[] = {
	{ "reg", FIELD_SPAN, offsetof(struct boot_component, content), 0, NULL },
	{ "memory-length", FIELD_U64, offsetof(struct boot_component, memory_length), 0, NULL },
	{ "sha384", FIELD_DIGEST, offsetof(struct boot_component, digest), 0, NULL },
};

#define NODE(name, fields, optional) { name, fields, ARRAY_SIZE(fields), optional }

const struct node_rule handoff_nodes[] = {
	NODE("stage", stage, false),
	NODE("nv", nv, false),
	NODE("image", image, false),
	NODE("memory", memory, false),
	NODE("acpi", acpi, false),
	NODE("event-log", event_log, false),
	NODE("framebuffer", framebuffer, true),
	NODE("console", console, true),
	NODE("tpm", tpm, false),
};
const u32 handoff_node_count = ARRAY_SIZE(handoff_nodes);
const struct node_rule component_rule = NODE(NULL, component, false);
