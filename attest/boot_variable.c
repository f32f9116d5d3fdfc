/*
 * Boot variables. An event's type is only a word: whoever carries the log could call any event that was added to PCR1 a
 * boot variable, and wrap what was measured as the content of one. So the content has to be one, too.
 * Trust: see the header.
 */
#include "attest/boot_variable.h"

#include "keys/esl.h"
#include "keys/variable.h"
#include "lib/crypto/crypto.h"

#include <string.h>

enum {
	EV_EFI_VARIABLE_BOOT = 0x80000002,
	EV_EFI_VARIABLE_BOOT2 = 0x8000000C,
	NAME_CHARACTERS = 9, /* of the longer name, BootOrder; Boot#### has eight */
	ORDER_MAX = 256,
	PATH_HEADER = 4,
	PATH_END = 0x7F,
	PATH_END_ENTIRE = 0xFF,
};

/* UEFI_VARIABLE_DATA */
struct variable {
	char name[NAME_CHARACTERS + 1];
	const u8 *content;
	size_t length;
};

static bool read_name(struct reader *r, u64 characters, char name[NAME_CHARACTERS + 1])
{
	if (characters > NAME_CHARACTERS)
		return false;
	for (u64 i = 0; i < characters; i++) {
		u16 c = read_le16(r);

		if (c < ' ' || c > '~')
			return false;
		name[i] = (char)c;
	}
	name[characters] = '\0';
	return true;
}

static bool read_variable(const struct log_event *e, struct variable *out)
{
	struct reader r = reader_on(e->data, e->length);
	const u8 *guid = read_bytes(&r, GUID_SIZE);
	u64 characters = read_le64(&r);
	u64 length = read_le64(&r);

	if (!guid || memcmp(guid, guid_global, GUID_SIZE) != 0 || !read_name(&r, characters, out->name) ||
	        length > r.left)
		return false;
	out->length = (size_t)length;
	out->content = read_bytes(&r, out->length);
	return reader_done(&r);
}

/* The content alone, or the whole structure: firmware does either under either type. */
static bool digest_fits(const struct log_format *format, const struct log_event *e, const struct variable *v)
{
	u8 content[SHA256_SIZE], whole[SHA256_SIZE];
	u16 size;
	const u8 *measured = log_digest(format, e, TPM_ALG_SHA256, &size);

	sha256_of(v->content, v->length, content);
	sha256_of(e->data, e->length, whole);
	return measured && (memcmp(measured, content, SHA256_SIZE) == 0 || memcmp(measured, whole, SHA256_SIZE) == 0);
}

/* Numbers of entries, each once. */
static bool is_order(const struct variable *v)
{
	size_t count = v->length / 2;

	if (v->length % 2 || count == 0 || count > ORDER_MAX)
		return false;
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (load_le16(v->content + 2 * i) == load_le16(v->content + 2 * j))
				return false;
	return true;
}

/* Nodes up to the end of the whole path, and nothing behind it. */
static bool is_path(struct reader r)
{
	while (!r.failed && r.left) {
		u8 type = read_u8(&r), subtype = read_u8(&r);
		u16 length = read_le16(&r);

		if (length < PATH_HEADER || !read_bytes(&r, length - PATH_HEADER))
			return false;
		if (type == PATH_END && subtype == PATH_END_ENTIRE)
			return length == PATH_HEADER && reader_done(&r);
	}
	return false;
}

/* EFI_LOAD_OPTION: attributes, a description, device paths, and data of the entry's own. */
static bool is_load_option(const struct variable *v)
{
	struct reader r = reader_on(v->content, v->length);
	u16 paths;

	(void)read_le32(&r);
	paths = read_le16(&r);
	while (!r.failed && read_le16(&r))
		;
	const u8 *path = read_bytes(&r, paths);
	return path && is_path(reader_on(path, paths));
}

static bool is_entry_name(const char *name)
{
	return strlen(name) == 8 && memcmp(name, "Boot", 4) == 0 && strspn(name + 4, "0123456789ABCDEF") == 4;
}

bool boot_variable_take(struct boot_variables *b, const struct log_format *format, const struct log_event *e)
{
	struct variable v;
	bool order;

	if (e->pcr != 1 || (e->type != EV_EFI_VARIABLE_BOOT && e->type != EV_EFI_VARIABLE_BOOT2))
		return false;
	if (!read_variable(e, &v) || !digest_fits(format, e, &v))
		return false;
	order = strcmp(v.name, "BootOrder") == 0;
	if (order ? b->ordered || !is_order(&v) : !is_entry_name(v.name) || !is_load_option(&v))
		return false;
	b->ordered = b->ordered || order;
	return true;
}
