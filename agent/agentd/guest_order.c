/* Definitions of guests. Trust: see guests.h. */
#include "agent/agentd/guests.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAC_TEXT = 17, TEXT_MOST = GUEST_MOST_COMMAND_LINE, PATH_MOST = GUEST_PATH_MAX - 1 };

static const struct field fields[] = {
	{ "name", FIELD_TEXT, FIELD_REQUIRED, CONTROL_NAME_SIZE - 1 },
	{ "memory", FIELD_NUMBER, FIELD_REQUIRED, GUEST_MOST_MEMORY },
	{ "vcpus", FIELD_NUMBER, FIELD_REQUIRED, GUEST_MOST_VCPUS },
	{ "kernel", FIELD_HEX, FIELD_REQUIRED, SHA384_SIZE },
	{ "initramfs", FIELD_HEX, FIELD_NULLABLE, SHA384_SIZE },
	{ "commandLine", FIELD_TEXT, FIELD_NULLABLE | FIELD_EMPTY, TEXT_MOST },
	{ "disks", FIELD_ARRAY, 0, CONTROL_DISKS_MAX },
	{ "nets", FIELD_ARRAY, 0, CONTROL_NETS_MAX },
	{ "autostart", FIELD_BOOL, 0, 0 },
};
static const struct field disk_fields[] = {
	{ "path", FIELD_TEXT, FIELD_REQUIRED, PATH_MOST },
	{ "readOnly", FIELD_BOOL, 0, 0 },
};

/* A file of the format that signetctl takes is the judge of what a guest may be: one rule for both. */
struct text {
	char bytes[GUEST_FILE_MAX];
	size_t n;
	bool failed;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(t->bytes + t->n, sizeof(t->bytes) - t->n, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(t->bytes) - t->n)
		t->failed = true;
	else
		t->n += (size_t)n;
}

static bool add_disks(struct text *t, yyjson_val *disks, char *why, size_t room)
{
	size_t i, count;
	yyjson_val *disk;

	yyjson_arr_foreach(disks, i, count, disk) {
		if (!fields_fit(disk, disk_fields, ARRAY_SIZE(disk_fields), why, room))
			return false;
		if (field_text(disk, "path")[0] != '/') {
			(void)snprintf(why, room, "a disk's path is absolute");
			return false;
		}
		add(t, "disk = %s%s\n", field_text(disk, "path"), field_bool(disk, "readOnly") ? " read-only" : "");
	}
	return true;
}

static bool add_nets(struct text *t, yyjson_val *nets, char *why, size_t room)
{
	size_t i, count;
	yyjson_val *net;

	yyjson_arr_foreach(nets, i, count, net) {
		if (yyjson_get_len(net) != MAC_TEXT) {
			(void)snprintf(why, room, "a net is a MAC address, as 52:54:00:12:34:56");
			return false;
		}
		add(t, "net = %s\n", yyjson_get_str(net));
	}
	return true;
}

static bool fill_text(struct text *t, yyjson_val *d, char *why, size_t room)
{
	u64 memory = field_number(d, "memory");

	if (!guest_memory_fits(memory)) {
		(void)snprintf(why, room, "memory is a multiple of 2 MiB, 32 MiB at least");
		return false;
	}
	add(t, "name = %s\nmemory = %lluM\nvcpus = %llu\nkernel = /\n", field_text(d, "name"),
	        (unsigned long long)(memory >> 20), (unsigned long long)field_number(d, "vcpus"));
	const char *command_line = field_text(d, "commandLine");

	if (command_line && command_line[0])
		add(t, "command-line = %s\n", command_line);
	return add_disks(t, yyjson_obj_get(d, "disks"), why, room) && add_nets(t, yyjson_obj_get(d, "nets"), why, room);
}

bool guest_order_read(yyjson_val *definition, struct guest_order *out, char *why, size_t room)
{
	static _Thread_local struct text text;
	struct guest_file_problem problem = { 0 };

	memset(out, 0, sizeof(*out));
	text.n = 0;
	text.failed = false;
	if (!fields_fit(definition, fields, ARRAY_SIZE(fields), why, room) || !fill_text(&text, definition, why, room))
		return false;
	enum err e = text.failed ? ERR_RANGE : guest_file_parse(text.bytes, text.n, &out->file, &problem);
	if (e) {
		(void)snprintf(why, room, "%s", problem.words ? problem.words : "the definition is too long");
		return false;
	}
	(void)field_hex(definition, "kernel", out->kernel, sizeof(out->kernel));
	out->has_initramfs = field_hex(definition, "initramfs", out->initramfs, sizeof(out->initramfs)) > 0;
	return true;
}
