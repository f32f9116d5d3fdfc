/* A guest's file: one table of keys. Trust: see the header. */
#include "agent/guest/guest_file.h"

#include <string.h>

/* A piece of the text; never NUL-terminated. */
struct piece {
	const char *at;
	size_t n;
};

struct key {
	const char *name;
	/* Takes a value of at least one character; returns what is wrong with it, NULL when nothing is. */
	const char *(*take)(struct guest_file *g, struct piece value);
	u32 most; /* how often it may stand in a file */
	const char *absent; /* what to say when it is not there; NULL: it need not */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct piece trimmed(struct piece p)
{
	while (p.n && is_blank(p.at[0])) {
		p.at++;
		p.n--;
	}
	while (p.n && is_blank(p.at[p.n - 1]))
		p.n--;
	return p;
}

static bool is_word(struct piece p, const char *word)
{
	return p.n == strlen(word) && memcmp(p.at, word, p.n) == 0;
}

/* Splits off what stands before the first c; false when there is none. */
static bool cut(struct piece *rest, char c, struct piece *before)
{
	const char *at = rest->n ? memchr(rest->at, c, rest->n) : NULL;

	if (!at)
		return false;
	*before = (struct piece){ rest->at, (size_t)(at - rest->at) };
	rest->n -= before->n + 1;
	rest->at = at + 1;
	return true;
}

static const char *copy(char *to, size_t room, struct piece value)
{
	if (value.n >= room)
		return "the value is too long";
	memcpy(to, value.at, value.n);
	to[value.n] = '\0';
	return NULL;
}

static bool take_digits(struct piece *p, u64 most, u64 *out)
{
	u64 v = 0;

	if (!p->n || p->at[0] < '0' || p->at[0] > '9')
		return false;
	while (p->n && p->at[0] >= '0' && p->at[0] <= '9') {
		v = v * 10 + (u64)(p->at[0] - '0');
		if (v > most)
			return false;
		p->at++;
		p->n--;
	}
	*out = v;
	return true;
}

static const char *take_name(struct guest_file *g, struct piece value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.at[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		/* No number alone: those are ids. */
		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')))
			return "a name begins with a letter; letters, digits, '-', '_' and '.' follow";
	}
	return copy(g->name, sizeof(g->name), value);
}

static const char *take_memory(struct guest_file *g, struct piece value)
{
	static const char *const words = "memory is a multiple of 2M, from 32M to 1024G, as 512M or 4G";
	u64 number;

	if (!take_digits(&value, 1u << 20, &number) || number == 0)
		return words;
	if (is_word(value, "M"))
		g->memory = MIB(number);
	else if (is_word(value, "G") && number <= 1024)
		g->memory = MIB(number * 1024);
	else
		return words;
	return guest_memory_fits(g->memory) ? NULL : words;
}

static const char *take_vcpus(struct guest_file *g, struct piece value)
{
	u64 number;

	if (!take_digits(&value, GUEST_MOST_VCPUS, &number) || number == 0 || value.n)
		return "vcpus is a number from 1 to 32";
	g->vcpus = (u32)number;
	return NULL;
}

static const char *take_kernel(struct guest_file *g, struct piece value)
{
	return copy(g->kernel, sizeof(g->kernel), value);
}

static const char *take_initramfs(struct guest_file *g, struct piece value)
{
	return copy(g->initramfs, sizeof(g->initramfs), value);
}

static const char *take_command_line(struct guest_file *g, struct piece value)
{
	return copy(g->command_line, sizeof(g->command_line), value);
}

/* The path may hold blanks; the one word behind it is known. */
static const char *take_disk(struct guest_file *g, struct piece value)
{
	static const char word[] = "read-only";
	struct guest_disk *disk = &g->disk[g->disks++];
	size_t n = sizeof(word) - 1;

	if (value.n > n && is_blank(value.at[value.n - n - 1]) && memcmp(value.at + value.n - n, word, n) == 0) {
		disk->read_only = true;
		value = trimmed((struct piece){ value.at, value.n - n });
	}
	return copy(disk->path, sizeof(disk->path), value);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *take_net(struct guest_file *g, struct piece value)
{
	u8 *mac = g->mac[g->nets++];

	if (value.n != 17)
		return "net is a MAC address, as 52:54:00:12:34:56";
	for (u32 i = 0; i < 6; i++) {
		int high = hex_digit(value.at[3 * i]), low = hex_digit(value.at[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && value.at[3 * i + 2] != ':'))
			return "net is a MAC address, as 52:54:00:12:34:56";
		mac[i] = (u8)(high << 4 | low);
	}
	return (mac[0] & 1) ? "this MAC address names a group" : NULL;
}

static const struct key keys[] = {
	{ "name", take_name, 1, "name is missing" },
	{ "memory", take_memory, 1, "memory is missing" },
	{ "vcpus", take_vcpus, 1, NULL },
	{ "kernel", take_kernel, 1, "kernel is missing" },
	{ "initramfs", take_initramfs, 1, NULL },
	{ "command-line", take_command_line, 1, NULL },
	{ "disk", take_disk, CONTROL_DISKS_MAX, NULL },
	{ "net", take_net, CONTROL_NETS_MAX, NULL },
};

static const char *take_line(struct guest_file *g, struct piece line, u32 seen[ARRAY_SIZE(keys)])
{
	struct piece name;

	line = trimmed(line);
	if (line.n == 0 || line.at[0] == '#')
		return NULL;
	for (size_t i = 0; i < line.n; i++)
		if ((u8)line.at[i] < ' ' && line.at[i] != '\t')
			return "a control character";
	if (!cut(&line, '=', &name))
		return "a line is `key = value`, or begins with #";
	name = trimmed(name);
	line = trimmed(line);
	if (line.n == 0)
		return "the value is missing";
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!is_word(name, keys[i].name))
			continue;
		if (seen[i]++ == keys[i].most)
			return "this key stands here too often";
		return keys[i].take(g, line);
	}
	return "unknown key";
}

static const char *missing(const u32 seen[ARRAY_SIZE(keys)])
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].absent && !seen[i])
			return keys[i].absent;
	return NULL;
}

enum err guest_file_parse(const char *text, size_t n, struct guest_file *out, struct guest_file_problem *problem)
{
	struct piece rest = { text, n }, line;
	u32 seen[ARRAY_SIZE(keys)] = { 0 };

	*out = (struct guest_file){ .vcpus = 1 };
	*problem = (struct guest_file_problem){ 0, n > GUEST_FILE_MAX ? "the file is too long" : NULL };
	while (rest.n && !problem->words) {
		if (!cut(&rest, '\n', &line)) {
			line = rest;
			rest.n = 0;
		}
		problem->line++;
		problem->words = take_line(out, line, seen);
	}
	if (problem->words)
		return ERR_ARGUMENT;
	*problem = (struct guest_file_problem){ 0, missing(seen) };
	return problem->words ? ERR_ARGUMENT : OK;
}
