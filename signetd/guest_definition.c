/*
 * Guest definitions.
 * Trust: come from operators; pure.
 */
#include "signetd/guest_definition.h"

#include "attest/launch.h"
#include "lib/control/guest_limits.h"
#include "lib/json/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MEMBERS_MAX = 16,
	PATH_SIZE = 255,
	NAME_MAX_LENGTH = GUEST_NAME_SIZE - 1,
	MAC_TEXT = 17,
};
static_assert((u32)GUEST_NAME_SIZE == CONTROL_NAME_SIZE, "one limit");

static const struct field definition_fields[] = {
	{ "name", FIELD_TEXT, FIELD_REQUIRED, NAME_MAX_LENGTH },
	{ "memory", FIELD_NUMBER, FIELD_REQUIRED, GUEST_MOST_MEMORY },
	{ "vcpus", FIELD_NUMBER, FIELD_REQUIRED, GUEST_MOST_VCPUS },
	{ "kernel", FIELD_HEX, FIELD_REQUIRED, SHA384_SIZE },
	{ "initramfs", FIELD_HEX, FIELD_REQUIRED | FIELD_NULLABLE, SHA384_SIZE },
	{ "commandLine", FIELD_TEXT, FIELD_REQUIRED | FIELD_EMPTY, GUEST_MOST_COMMAND_LINE },
	{ "disks", FIELD_ARRAY, FIELD_REQUIRED, CONTROL_DISKS_MAX },
	{ "nets", FIELD_ARRAY, FIELD_REQUIRED, CONTROL_NETS_MAX },
	{ "autostart", FIELD_BOOL, FIELD_REQUIRED, 0 },
};

static const struct field disk_fields[] = {
	{ "path", FIELD_TEXT, FIELD_REQUIRED, PATH_SIZE },
	{ "readOnly", FIELD_BOOL, FIELD_REQUIRED, 0 },
};

static bool fails(char *why, size_t room, const char *words)
{
	(void)snprintf(why, room, "%s", words);
	return false;
}

static bool is_name_char(char c, bool first)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	return letter || (!first && ((c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'));
}

static bool is_name(const char *name)
{
	for (size_t i = 0; name[i]; i++)
		if (!is_name_char(name[i], i == 0))
			return false;
	return true;
}

/* Absolute, and of no step upwards. */
static bool is_path(const char *path)
{
	size_t n = strlen(path);
	bool ends_above = n >= 3 && strcmp(path + n - 3, "/..") == 0;

	return path[0] == '/' && !ends_above && !strstr(path, "/../") && !strstr(path, "//");
}

static bool disks_fit(yyjson_val *disks, char *why, size_t room)
{
	size_t i;
	size_t n;
	yyjson_val *disk;

	yyjson_arr_foreach(disks, i, n, disk) {
		if (!fields_fit(disk, disk_fields, ARRAY_SIZE(disk_fields), why, room))
			return false;
		if (!is_path(field_text(disk, "path")))
			return fails(why, room, "a disk's \"path\" must be an absolute path without \"..\"");
	}
	return true;
}

static bool is_mac(yyjson_val *v)
{
	const char *text = yyjson_get_str(v);

	if (!text || strlen(text) != MAC_TEXT)
		return false;
	for (size_t i = 0; i < MAC_TEXT; i++) {
		char c = text[i];
		bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		if (i % 3 == 2 ? c != ':' : !hex)
			return false;
	}
	/* A group's address is no device's. */
	return !strchr("13579bdf", text[1]);
}

static bool nets_fit(yyjson_val *nets, char *why, size_t room)
{
	size_t i;
	size_t n;
	yyjson_val *net;

	yyjson_arr_foreach(nets, i, n, net) {
		if (!is_mac(net))
			return fails(why, room, "\"nets\" must be addresses as 52:54:00:12:34:56");
	}
	return true;
}

static bool contents_fit(yyjson_val *o, char *why, size_t room)
{
	if (!is_name(field_text(o, "name")))
		return fails(why, room, "\"name\" must be letters, digits, '.', '_', '-', and begin with a letter");
	if (!guest_memory_fits(field_number(o, "memory")))
		return fails(why, room, "\"memory\" must be a multiple of 2 MiB, from 32 MiB to 1 TiB");
	if (field_number(o, "vcpus") == 0)
		return fails(why, room, "\"vcpus\" must be 1 at least");
	return disks_fit(yyjson_obj_get(o, "disks"), why, room) && nets_fit(yyjson_obj_get(o, "nets"), why, room);
}

static void measure(yyjson_val *o, u8 digest[SHA384_SIZE])
{
	const char *line = field_text(o, "commandLine");
	struct launch l = {
		.memory = field_number(o, "memory"),
		.vcpus = (u32)field_number(o, "vcpus"),
		.disks = (u32)yyjson_arr_size(yyjson_obj_get(o, "disks")),
		.nets = (u32)yyjson_arr_size(yyjson_obj_get(o, "nets")),
	};

	(void)field_hex(o, "kernel", l.kernel, sizeof(l.kernel));
	if (field_hex(o, "initramfs", l.initramfs, sizeof(l.initramfs)) == 0)
		sha384_of(NULL, 0, l.initramfs);
	sha384_of((const u8 *)line, strlen(line), l.command_line);
	launch_digest(&l, digest);
}

static bool keep_text(yyjson_val *object, struct guest_entry *out)
{
	size_t n = 0;
	char *text = yyjson_val_write(object, YYJSON_WRITE_NOFLAG, &n);
	bool fits = text && n < sizeof(out->definition);

	if (fits)
		memcpy(out->definition, text, n + 1);
	free(text);
	return fits;
}

bool guest_definition_read(yyjson_val *object, struct guest_entry *out, char *why, size_t room)
{
	if (!fields_fit(object, definition_fields, ARRAY_SIZE(definition_fields), why, room) ||
	        !contents_fit(object, why, room))
		return false;
	(void)snprintf(out->name, sizeof(out->name), "%s", field_text(object, "name"));
	out->autostart = field_bool(object, "autostart");
	measure(object, out->digest);
	return keep_text(object, out) || fails(why, room, "the definition is too long");
}
