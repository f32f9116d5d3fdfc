/* The operator's commands' pure parts: addresses, times, tables, names of nodes, records of saved evidence. */
#include "cli/attest_record.h"
#include "cli/columns.h"
#include "cli/fleet_settings.h"
#include "cli/node_name.h"
#include "cli/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void servers_have_a_host_and_a_port(void **state)
{
	static const struct {
		const char *text, *host, *port; /* host NULL: refused */
	} cases[] = {
		{ "fleet.example", "fleet.example", "7444" },
		{ "fleet.example:1", "fleet.example", "1" },
		{ "[::1]:99", "::1", "99" },
		{ "[::1]", "::1", "7444" },
		{ "", NULL, NULL },
		{ ":1", NULL, NULL },
		{ "a:", NULL, NULL },
		{ "a:b", NULL, NULL },
		{ "a:123456", NULL, NULL },
		{ "::1", NULL, NULL },
		{ "[::1", NULL, NULL },
		{ "https://a:1", NULL, NULL },
		{ "a b:1", NULL, NULL },
	};
	char host[SOCKET_HOST_SIZE], port[SOCKET_PORT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(server_parse(cases[i].text, host, port), cases[i].host != NULL);
		if (!cases[i].host)
			continue;
		assert_string_equal(host, cases[i].host);
		assert_string_equal(port, cases[i].port);
	}
}

static void times_are_told_from_now(void **state)
{
	enum { NOW = 1000000000 };
	static const struct {
		u64 then;
		const char *text;
	} cases[] = {
		{ 0, "never" },
		{ NOW, "now" },
		{ NOW - 1, "now" },
		{ NOW - 2, "2 s ago" },
		{ NOW - 119, "119 s ago" },
		{ NOW - 120, "2 min ago" },
		{ NOW - 7199, "119 min ago" },
		{ NOW - 7200, "2 h ago" },
		{ NOW - 172799, "47 h ago" },
		{ NOW - 172800, "2 days ago" },
		{ NOW + 90, "in 90 s" },
		{ NOW + 864000, "in 10 days" },
	};
	char text[AGO_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(format_ago(text, cases[i].then, NOW), cases[i].text);
}

static void columns_are_as_wide_as_they_must_be(void **state)
{
	static const char *const headings[] = { "NAME", "N", "LAST" };
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	struct columns t;

	(void)state;
	columns_begin(&t, headings, ARRAY_SIZE(headings), BIT(1));
	columns_add(&t, "%s", "\xc3\xa4\x1b");
	columns_add(&t, "%d", 10);
	columns_add(&t, "%s", "");
	columns_add(&t, "%s", "longer");
	columns_add(&t, "%d", 5);
	columns_add(&t, "%s", "x");
	assert_true(columns_end(&t, to));
	(void)fclose(to);
	assert_string_equal(text, "NAME     N  LAST\n\xc3\xa4?      10  -\nlonger   5  x\n");
	free(text);
}

static void names_stand_in_targets_as_they_are(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "a b", "a?b", "a%2f", "\xc3\xa4",
		"0123456789012345678901234567890123456789012345678901234567890123" };

	(void)state;
	assert_true(name_is_plain("r640-A.2_b"));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(name_is_plain(bad[i]));
}

#define HEX32 "1111111111111111111111111111111111111111111111111111111111111111"
#define EVENT "{\"pcr\": 7, \"type\": 2147483649, \"digest\": \"" HEX32 "\"}"
#define RECORD(ak, time, events)                                                                                       \
	"{\"node\": \"" HEX32 "\", \"nonce\": \"" HEX32 "\", \"tlsKey\": \"" HEX32 "\", \"ak\": \"" ak                 \
	"\", \"time\": \"" time "\", \"floors\": {\"image\": 5, \"key\": 1}, \"baseline\": " events "}"

static bool parses(const char *text, struct attest_record *r)
{
	return attest_record_parse(text, strlen(text), r);
}

static void records_are_whole_or_refused(void **state)
{
	static struct attest_record r;

	(void)state;
	assert_true(parses(RECORD("AAEC", "2026-01-02T03:04:05Z", "{\"events\": [" EVENT "]}"), &r));
	assert_true(r.known && r.baseline_count == 1);
	assert_int_equal(r.baselines[0].number, 1);
	assert_int_equal(r.matched, 0);
	assert_int_equal(r.time, 1767323045);
	assert_int_equal(r.ak_size, 3);
	assert_int_equal(r.image_floor, 5);
	assert_int_equal(r.baselines[0].count, 1);
	assert_int_equal(r.baselines[0].events[0].type, 0x80000001);
	assert_true(parses(RECORD("AAEC", "2026-01-02", "null"), &r));
	assert_int_equal(r.baseline_count, 0);
	assert_false(parses(RECORD("", "2026-01-02", "null"), &r));
	assert_false(parses(RECORD("A", "2026-01-02", "null"), &r));
	assert_false(parses(RECORD("AAEC", "yesterday", "null"), &r));
	assert_false(parses(RECORD("AAEC", "2026-01-02", "{}"), &r));
	assert_false(parses(RECORD("AAEC", "2026-01-02", "{\"events\": [{\"pcr\": 24}]}"), &r));
	assert_false(parses("{}", &r));
	assert_false(parses("", &r));
}

#define NUMBERED(number) "{\"number\": " number ", \"events\": [" EVENT "]}"

#define FOUR(a, b, c, d) NUMBERED(a) "," NUMBERED(b) "," NUMBERED(c) "," NUMBERED(d)
#define EIGHT FOUR("1", "2", "3", "4") "," FOUR("5", "6", "7", "8")

/* The record with several baselines in the one's place. */
static bool parses_several(const char *list, struct attest_record *r)
{
	char text[4096];
	int n = snprintf(
	        text, sizeof(text), RECORD("AAEC", "2026-01-02", "null, \"matched\": 2, \"baselines\": %s"), list);

	assert_true(n > 0 && (size_t)n < sizeof(text));
	return parses(text, r);
}

static void records_hold_several_baselines(void **state)
{
	static struct attest_record r;

	(void)state;
	assert_true(parses_several("null", &r));
	assert_int_equal(r.baseline_count, 0);
	assert_true(parses_several("[]", &r));
	assert_int_equal(r.baseline_count, 0);
	assert_true(parses_several("[" NUMBERED("1") "," NUMBERED("3") "]", &r));
	assert_int_equal(r.baseline_count, 2);
	assert_int_equal(r.baselines[1].number, 3);
	assert_int_equal(r.baselines[1].count, 1);
	assert_int_equal(r.matched, 2);
	assert_false(parses_several("[" NUMBERED("3") "," NUMBERED("3") "]", &r));
	assert_false(parses_several("[" NUMBERED("0") "]", &r));
	assert_false(parses_several("[{\"events\": [" EVENT "]}]", &r));
	assert_false(parses_several("{}", &r));
	assert_false(parses_several("[1]", &r));
	assert_true(parses_several("[" EIGHT "]", &r));
	assert_false(parses_several("[" EIGHT "," NUMBERED("9") "]", &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_have_a_host_and_a_port),
		cmocka_unit_test(times_are_told_from_now),
		cmocka_unit_test(columns_are_as_wide_as_they_must_be),
		cmocka_unit_test(names_stand_in_targets_as_they_are),
		cmocka_unit_test(records_are_whole_or_refused),
		cmocka_unit_test(records_hold_several_baselines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
