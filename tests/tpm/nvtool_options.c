/*
 * nvtool's command line.
 * Test code for a host.
 */
#include "tests/tpm/nvtool.h"

#include "lib/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool parse_hex(const char *text, u8 *to, size_t n)
{
	if (strlen(text) != 2 * n || strspn(text, "0123456789abcdefABCDEF") != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (sscanf(text + 2 * i, "%2hhx", &to[i]) != 1)
			return false;
	return true;
}

static bool parse_number(const char *text, u64 *out)
{
	char *end;
	errno = 0;
	*out = strtoull(text, &end, 0);
	return errno == 0 && end != text && *end == '\0';
}

static bool parse_auth(const char *text, struct tpm_auth_value *v)
{
	size_t n = strlen(text) / 2;
	if (n > sizeof(v->bytes) || !parse_hex(text, v->bytes, n))
		return false;
	v->size = (u16)n;
	return true;
}

/* Takes the word up to the next colon off the text. */
static bool next_word(const char **text, char *word, size_t room)
{
	size_t n = strcspn(*text, ":");
	if (n >= room)
		return false;
	memcpy(word, *text, n);
	word[n] = '\0';
	*text += n + ((*text)[n] == ':');
	return true;
}

static bool parse_state(const char *name, enum slot_state *out)
{
	for (u32 i = 0; i < SLOT_STATES; i++) {
		if (strcasecmp(name, slot_state_name((enum slot_state)i)) == 0) {
			*out = (enum slot_state)i;
			return true;
		}
	}
	return false;
}

static bool parse_slot(const char *text, struct slot_record *r)
{
	char name[16], number[8];
	u64 value = 0;
	memset(r, 0, sizeof(*r));
	if (!next_word(&text, name, sizeof(name)) || !parse_state(name, &r->state))
		return false;
	if (r->state == SLOT_EMPTY || r->state == SLOT_WRITING)
		return *text == '\0';
	if (r->state == SLOT_TRYING || r->state == SLOT_BAD)
		if (!next_word(&text, number, sizeof(number)) || !parse_number(number, &value) || value > UINT8_MAX)
			return false;
	if (r->state == SLOT_TRYING)
		r->tries = (u8)value;
	if (r->state == SLOT_BAD)
		r->cause = (enum slot_cause)value;
	return parse_hex(text, r->digest, sizeof(r->digest));
}

/* The whole file, which must be shorter than room. */
static size_t read_file(const char *path, u8 *to, size_t room)
{
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(to, 1, room, f) : 0;
	bool failed = !f || ferror(f);
	if (f)
		fclose(f);
	if (failed || n == room)
		die(failed ? ERR_IO : ERR_RANGE, path);
	return n;
}

static bool read_authority(const char *path, struct options *o)
{
	static u8 bytes[KIB(64) + 1];
	size_t n = read_file(path, bytes, sizeof(bytes));
	enum err e = authority_parse(bytes, n, &o->authority);
	if (e)
		die(e, path);
	o->has_authority = true;
	/* Which key to trust is told by --policy-key; tests that do not care trust the authority's. */
	if (bytes_are_zero(o->policy_key, sizeof(o->policy_key)))
		memcpy(o->policy_key, o->authority.policy_key, sizeof(o->policy_key));
	return true;
}

static bool read_policy_key(const char *path, struct options *o)
{
	u8 bytes[P256_KEY_SIZE + 1];
	if (read_file(path, bytes, sizeof(bytes)) != P256_KEY_SIZE)
		die(ERR_RANGE, path);
	memcpy(o->policy_key, bytes, sizeof(o->policy_key));
	return true;
}

static void add_extension(const char *line, const char *path, struct options *o)
{
	if (o->extension_count == EXTENSIONS_MAX || !parse_hex(line, o->extension[o->extension_count], SHA256_SIZE))
		die(ERR_ARGUMENT, path);
	o->extension_count++;
}

static bool read_extensions(const char *path, struct options *o)
{
	static char text[EXTENSIONS_MAX * (2 * SHA256_SIZE + 2)];
	size_t n = read_file(path, (u8 *)text, sizeof(text));
	text[n] = '\0';
	char *rest = text;
	for (const char *line; (line = strsep(&rest, "\r\n")) != NULL;) {
		if (*line)
			add_extension(line, path, o);
	}
	return true;
}

static bool set_state(const char *value, struct options *o)
{
	o->state = value;
	return true;
}

static bool set_index(const char *value, struct options *o)
{
	u64 index;
	bool good = parse_number(value, &index) && index < NV_INDEXES;
	o->index = good ? (u32)index : 0;
	return good;
}

static bool set_image_floor(const char *value, struct options *o)
{
	o->image_floor_given = true;
	return parse_number(value, &o->request.first.image_floor);
}

static bool set_key_floor(const char *value, struct options *o)
{
	o->key_floor_given = true;
	return parse_number(value, &o->request.first.key_floor);
}

static bool set_slot(const char *value, struct options *o, u32 slot)
{
	o->slot_given[slot] = true;
	return parse_slot(value, &o->request.first.slot[slot]);
}

static bool set_slot_a(const char *value, struct options *o)
{
	return set_slot(value, o, SLOT_A);
}

static bool set_slot_b(const char *value, struct options *o)
{
	return set_slot(value, o, SLOT_B);
}

static bool set_owner(const char *value, struct options *o)
{
	return parse_auth(value, &o->request.owner);
}

static bool set_lockout(const char *value, struct options *o)
{
	return parse_auth(value, &o->request.lockout);
}

static const struct {
	const char *name;
	bool (*take)(const char *value, struct options *o);
} options[] = {
	{ "--state", set_state },
	{ "--authority", read_authority },
	{ "--policy-key", read_policy_key },
	{ "--pcr7", read_extensions },
	{ "--index", set_index },
	{ "--image-floor", set_image_floor },
	{ "--key-floor", set_key_floor },
	{ "--slot-a", set_slot_a },
	{ "--slot-b", set_slot_b },
	{ "--owner-auth", set_owner },
	{ "--lockout-auth", set_lockout },
};

static bool take(const char *name, const char *value, struct options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(name, options[i].name) == 0)
			return options[i].take(value, o);
	return false;
}

bool options_parse(int count, char **words, struct options *o)
{
	/* Fixed, because a test machine's TPM guards nothing, and a second run must know the first one's. */
	o->request.owner = (struct tpm_auth_value){ .size = 12, .bytes = "nvtool-owner" };
	o->request.lockout = (struct tpm_auth_value){ .size = 14, .bytes = "nvtool-lockout" };
	for (int i = 0; i + 1 < count; i += 2)
		if (!take(words[i], words[i + 1], o))
			return false;
	return count % 2 == 0 && o->state;
}
