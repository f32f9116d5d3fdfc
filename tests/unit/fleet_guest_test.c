/* Guest definitions: what they may hold, and the measurement that root mode will find. */
#include "attest/launch.h"
#include "signetd/guest_definition.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define KERNEL "111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
#define GOOD                                                                                                           \
	"{\"name\":\"web\",\"memory\":268435456,\"vcpus\":2,\"kernel\":\"" KERNEL                                      \
	"\",\"initramfs\":null,\"commandLine\":\"\",\"disks\":[{\"path\":\"/d\",\"readOnly\":true}],"                  \
	"\"nets\":[\"52:54:00:12:34:56\"],\"autostart\":true}"

static struct guest_entry guest;
static char why[256];

static bool read_text(const char *text)
{
	yyjson_doc *doc = yyjson_read(text, strlen(text), 0);

	assert_non_null(doc);
	memset(&guest, 0, sizeof(guest));
	bool fits = guest_definition_read(yyjson_doc_get_root(doc), &guest, why, sizeof(why));
	yyjson_doc_free(doc);
	return fits;
}

static void the_measurement_is_root_modes(void **state)
{
	(void)state;
	struct launch l = { .memory = 1 << 28, .vcpus = 2, .disks = 1, .nets = 1 };
	u8 digest[SHA384_SIZE];
	memset(l.kernel, 0x11, sizeof(l.kernel));
	sha384_of(NULL, 0, l.initramfs);
	sha384_of(NULL, 0, l.command_line);
	launch_digest(&l, digest);
	assert_true(read_text(GOOD));
	assert_memory_equal(guest.digest, digest, sizeof(digest));
	assert_string_equal(guest.name, "web");
	assert_true(guest.autostart);
	assert_string_equal(guest.definition, GOOD);
}

/* One word changed, and the definition no longer fits. */
static void nothing_else_fits(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
	} changes[] = {
		{ "\"web\"", "\"\"" },
		{ "\"web\"", "\"1web\"" },
		{ "\"web\"", "\"we/b\"" },
		{ "268435456", "0" },
		{ "268435456", "268439552" },
		{ "268435456", "31457280" },
		{ "268435456", "1099513724928" },
		{ "268435456", "99999999999999" },
		{ "\"vcpus\":2", "\"vcpus\":0" },
		{ "\"vcpus\":2", "\"vcpus\":33" },
		{ "\"kernel\":\"11", "\"kernel\":\"1" },
		{ "\"commandLine\":\"\"", "\"commandLine\":\"a\\u0000\"" },
		{ "\"/d\"", "\"d\"" },
		{ "\"/d\"", "\"/x/../d\"" },
		{ "\"/d\"", "\"/x/..\"" },
		{ "52:54", "52-54" },
		{ "52:54", "5g:54" },
		{ "52:54", "53:54" },
		{ "\"autostart\":true", "\"autostart\":1" },
		{ "\"autostart\":true", "\"autostart\":true,\"more\":1" },
		{ "\"autostart\":true", "\"autostart\":true,\"name\":\"x\"" },
		{ ",\"autostart\":true", "" },
	};
	char text[1024];
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const char *at = strstr(GOOD, changes[i].from);
		assert_non_null(at);
		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - GOOD), GOOD, changes[i].to,
		        at + strlen(changes[i].from));
		why[0] = '\0';
		assert_false(read_text(text));
		assert_true(strlen(why) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_measurement_is_root_modes),
		cmocka_unit_test(nothing_else_fits),
	};
	return cmocka_run_group_tests_name("fleet_guest", tests, NULL, NULL);
}
