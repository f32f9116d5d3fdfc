/*
 * Guest definitions as operators give them: what is kept reads the same again, with the same measurement, and leads
 * nowhere but to paths without a step upwards; what does not fit says why.
 * Trust: test code.
 */
#include "signetd/guest_definition.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

static struct guest_entry first, second;

static bool is_step_up(const char *path)
{
	for (const char *at = strstr(path, "/.."); at; at = strstr(at + 1, "/.."))
		if (at[3] == '/' || at[3] == 0)
			return true;
	return false;
}

static void check_path(const char *path)
{
	must(path && !is_step_up(path));
}

static void check(yyjson_val *definition)
{
	size_t i, n;
	yyjson_val *disk;

	must(first.name[0] && strlen(first.name) < sizeof(first.name));
	yyjson_arr_foreach(yyjson_obj_get(definition, "disks"), i, n, disk)
		check_path(yyjson_get_str(yyjson_obj_get(disk, "path")));
}

static void read_again(void)
{
	char why[256] = "";
	yyjson_doc *doc = yyjson_read(first.definition, strlen(first.definition), 0);

	must(guest_definition_read(yyjson_doc_get_root(doc), &second, why, sizeof(why)));
	must(memcmp(first.digest, second.digest, sizeof(first.digest)) == 0);
	must(strcmp(first.definition, second.definition) == 0 && strcmp(first.name, second.name) == 0);
	yyjson_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	char why[256] = "";
	yyjson_doc *doc = yyjson_read((const char *)bytes, n, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (yyjson_is_obj(root)) {
		memset(&first, 0, sizeof(first));
		if (guest_definition_read(root, &first, why, sizeof(why))) {
			check(root);
			read_again();
		} else {
			must(why[0]);
		}
	}
	yyjson_doc_free(doc);
	return 0;
}
