/*
 * Log events in words (TCG PC Client Platform Firmware Profile, section 10.4).
 * Trust: pure; reads outside bytes.
 */
#include "attest/event_words.h"

#include "attest/event.h"
#include "lib/print.h"

#include <string.h>

enum { GUID_SIZE = 16, DEVICE_PATH_END = 0x7F, DEVICE_PATH_MEDIA = 4, MEDIA_FILE = 4, MEDIA_FIRMWARE_FILE = 6 };

/* Text that is being put together; what does not fit is cut. */
struct text {
	char *to;
	size_t room, used;
};

static void put_char(struct text *t, u32 c)
{
	if (t->used + 1 >= t->room)
		return;
	t->to[t->used++] = (char)(c >= ' ' && c <= '~' ? c : (u32)'?');
	t->to[t->used] = '\0';
}

static void put(struct text *t, const char *words)
{
	for (size_t i = 0; words[i]; i++)
		put_char(t, (u8)words[i]);
}

static void put_number(struct text *t, u64 n)
{
	char digits[24];

	(void)format(digits, sizeof(digits), "%llu", (unsigned long long)n);
	put(t, digits);
}

static void put_size(struct text *t, u64 n)
{
	put_number(t, n);
	put(t, " bytes");
}

static void put_listed_size(struct text *t, u64 n)
{
	put(t, ", ");
	put_size(t, n);
}

static void put_ascii(struct text *t, const u8 *bytes, size_t n)
{
	for (size_t i = 0; i < n && bytes[i]; i++)
		put_char(t, bytes[i]);
}

/* UCS-2; n in bytes. */
static void put_wide(struct text *t, const u8 *bytes, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		u16 c = load_le16(bytes + i);
		if (!c)
			return;
		put_char(t, c);
	}
}

static void put_hex(struct text *t, const u8 *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		put_char(t, (u8)digits[bytes[i] >> 4]);
		put_char(t, (u8)digits[bytes[i] & 15]);
	}
}

static bool is_text(const u8 *bytes, size_t n)
{
	size_t length = strnlen((const char *)bytes, n);

	for (size_t i = 0; i < length; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	return length > 0 && bytes_are_zero(bytes + length, n - length);
}

static void tell_text(struct text *t, const struct log_event *e)
{
	if (is_text(e->data, e->length))
		put_ascii(t, e->data, e->length);
	else
		put_size(t, e->length);
}

static void tell_version(struct text *t, const struct log_event *e)
{
	put(t, "firmware version ");
	if (is_text(e->data, e->length))
		put_ascii(t, e->data, e->length);
	else if (e->length >= 2 && e->data[1] == 0)
		put_wide(t, e->data, e->length);
	else
		put_hex(t, e->data, e->length);
}

static void tell_separator(struct text *t, const struct log_event *e)
{
	bool error = e->length == 4 && load_le32(e->data) == 1;

	put(t, error ? "the firmware reports an error" : "end of the firmware's own measurements");
}

/* UEFI_VARIABLE_DATA */
static void tell_variable(struct text *t, const struct log_event *e)
{
	struct reader r = reader_on(e->data, e->length);
	(void)read_bytes(&r, GUID_SIZE);
	u64 characters = read_le64(&r);
	u64 length = read_le64(&r);
	const u8 *name = characters <= r.left / 2 ? read_bytes(&r, (size_t)characters * 2) : NULL;
	const u8 *content = length <= r.left ? read_bytes(&r, (size_t)length) : NULL;

	put(t, "UEFI variable ");
	if (!name || !content) {
		put(t, "(malformed)");
		return;
	}
	put_wide(t, name, (size_t)characters * 2);
	if (length == 1)
		put(t, content[0] == 1 ? ": on" : ": off");
	else if (length == 0)
		put(t, ": empty");
	else
		put_listed_size(t, length);
}

/* The last file of an EFI device path; false when it names none. */
static bool put_file(struct text *t, struct reader r)
{
	bool found = false;

	while (!r.failed && r.left >= 4) {
		u8 type = read_u8(&r);
		u8 subtype = read_u8(&r);
		u16 length = read_le16(&r);
		const u8 *content = length >= 4 ? read_bytes(&r, length - 4u) : NULL;
		if (!content || type == DEVICE_PATH_END)
			break;
		bool file = type == DEVICE_PATH_MEDIA && subtype == MEDIA_FILE;
		bool in_firmware =
		        type == DEVICE_PATH_MEDIA && subtype == MEDIA_FIRMWARE_FILE && length >= 4 + GUID_SIZE;
		if (in_firmware)
			put(t, "file of the firmware ");
		if (in_firmware)
			put_hex(t, content, GUID_SIZE);
		if (file)
			put_wide(t, content, length - 4u);
		found = found || file || in_firmware;
	}
	return found;
}

/* UEFI_IMAGE_LOAD_EVENT */
static void tell_image(struct text *t, const struct log_event *e)
{
	struct reader r = reader_on(e->data, e->length);
	(void)read_le64(&r); /* where in memory */
	u64 length = read_le64(&r);
	(void)read_le64(&r);
	u64 path_length = read_le64(&r);

	if (r.failed || path_length > r.left) {
		put(t, "(malformed)");
		return;
	}
	if (!put_file(t, reader_on(r.at, (size_t)path_length)))
		put(t, "an image without a file name");
	put_listed_size(t, length);
}

static void put_blob(struct text *t, struct reader *r)
{
	u64 base = read_le64(r);
	u64 length = read_le64(r);
	char words[64];

	(void)format(words, sizeof(words), "%llu bytes of firmware at 0x%llx", (unsigned long long)length,
	        (unsigned long long)base);
	put(t, r->failed ? "(malformed)" : words);
}

static void tell_blob(struct text *t, const struct log_event *e)
{
	struct reader r = reader_on(e->data, e->length);

	put_blob(t, &r);
}

/* UEFI_PLATFORM_FIRMWARE_BLOB2: a description goes before. */
static void tell_blob2(struct text *t, const struct log_event *e)
{
	struct reader r = reader_on(e->data, e->length);
	u8 n = read_u8(&r);
	const u8 *description = read_bytes(&r, n);

	if (description && n) {
		put_ascii(t, description, n);
		put(t, ": ");
	}
	put_blob(t, &r);
}

static void tell_post(struct text *t, const struct log_event *e)
{
	if (e->length == 16 && !is_text(e->data, e->length))
		tell_blob(t, e);
	else
		tell_text(t, e);
}

static void tell_partitions(struct text *t, const struct log_event *e)
{
	put(t, "partition table");
	put_listed_size(t, e->length);
}

static void tell_ours(struct text *t, const struct log_event *e)
{
	struct event event;

	if (event_decode(e->data, e->length, &event) == OK)
		put(t, event.text);
	else
		tell_text(t, e);
}

static void tell_tables(struct text *t, const struct log_event *e)
{
	put(t, "tables that firmware hands over (SMBIOS, ACPI)");
	put_listed_size(t, e->length);
}

static const struct {
	u32 type;
	const char *name;
	void (*tell)(struct text *t, const struct log_event *e);
} types[] = {
	{ 0x00000001, "EV_POST_CODE", tell_post },
	{ 0x00000003, "EV_NO_ACTION", NULL },
	{ 0x00000004, "EV_SEPARATOR", tell_separator },
	{ 0x00000005, "EV_ACTION", tell_text },
	{ 0x00000006, "EV_EVENT_TAG", tell_ours },
	{ 0x00000007, "EV_S_CRTM_CONTENTS", tell_text },
	{ 0x00000008, "EV_S_CRTM_VERSION", tell_version },
	{ 0x00000009, "EV_CPU_MICROCODE", tell_text },
	{ 0x0000000A, "EV_PLATFORM_CONFIG_FLAGS", tell_text },
	{ 0x0000000B, "EV_TABLE_OF_DEVICES", tell_text },
	{ 0x0000000C, "EV_COMPACT_HASH", tell_text },
	{ 0x0000000D, "EV_IPL", tell_text },
	{ 0x0000000F, "EV_NONHOST_CODE", tell_text },
	{ 0x00000010, "EV_NONHOST_CONFIG", tell_text },
	{ 0x00000011, "EV_NONHOST_INFO", tell_text },
	{ 0x00000012, "EV_OMIT_BOOT_DEVICE_EVENTS", tell_text },
	{ 0x00000013, "EV_POST_CODE2", tell_blob2 },
	{ 0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG", tell_variable },
	{ 0x80000002, "EV_EFI_VARIABLE_BOOT", tell_variable },
	{ 0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION", tell_image },
	{ 0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER", tell_image },
	{ 0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER", tell_image },
	{ 0x80000006, "EV_EFI_GPT_EVENT", tell_partitions },
	{ 0x80000007, "EV_EFI_ACTION", tell_text },
	{ 0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB", tell_blob },
	{ 0x80000009, "EV_EFI_HANDOFF_TABLES", tell_tables },
	{ 0x8000000A, "EV_EFI_PLATFORM_FIRMWARE_BLOB2", tell_blob2 },
	{ 0x8000000B, "EV_EFI_HANDOFF_TABLES2", tell_tables },
	{ 0x8000000C, "EV_EFI_VARIABLE_BOOT2", tell_variable },
	{ 0x80000010, "EV_EFI_HCRTM_EVENT", tell_text },
	{ 0x800000E0, "EV_EFI_VARIABLE_AUTHORITY", tell_variable },
	{ 0x800000E1, "EV_EFI_SPDM_FIRMWARE_BLOB", tell_text },
	{ 0x800000E2, "EV_EFI_SPDM_FIRMWARE_CONFIG", tell_text },
};

const char *event_type_name(u32 type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

void event_words(const struct log_event *e, struct event_words *out)
{
	struct text t = { .to = out->what, .room = sizeof(out->what) };

	memset(out, 0, sizeof(*out));
	(void)format(out->type, sizeof(out->type), "event type 0x%x", e->type);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].type != e->type)
			continue;
		(void)format(out->type, sizeof(out->type), "%s", types[i].name);
		if (types[i].tell)
			types[i].tell(&t, e);
		return;
	}
	tell_text(&t, e);
}
