/* The fleet server's table of requests: what is found, what is not, and rules that every row keeps. */
#include "signetd/route.h"
#include "signetd/routes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void never(struct call *c)
{
	(void)c;
	fail();
}

static const struct route rows[] = {
	{ METHOD_GET, LISTENER_OPERATORS, "/v1/nodes", ROLE_VIEWER, BODY_NONE, BOUND_JSON, false, NULL, never },
	{ METHOD_GET, LISTENER_OPERATORS, "/v1/nodes/{id}", ROLE_VIEWER, BODY_NONE, BOUND_JSON, false, NULL, never },
	{ METHOD_DELETE, LISTENER_OPERATORS, "/v1/nodes/{id}", ROLE_APPROVER, BODY_NONE, BOUND_JSON, true, NULL,
	        never },
	{ METHOD_POST, LISTENER_OPERATORS, "/v1/nodes/{id}/guests/{name}/stop", ROLE_OPERATOR, BODY_JSON, BOUND_JSON,
	        true, NULL, never },
	{ METHOD_POST, LISTENER_NODES, "/node/v1/poll", ROLE_NONE, BODY_JSON, BOUND_JSON, false, NULL, never },
};
static const struct route_table table = { rows, ARRAY_SIZE(rows) };

static enum match find(enum listener listener, enum method method, const char *target, struct call *c)
{
	memset(c, 0, sizeof(*c));
	return route_find(&table, 1, listener, method, target, strlen(target), c);
}

static void routes_are_found_with_their_parameters(void **state)
{
	struct call c;

	(void)state;
	assert_int_equal(find(LISTENER_OPERATORS, METHOD_GET, "/v1/nodes", &c), MATCH_FOUND);
	assert_ptr_equal(c.route, &rows[0]);
	assert_int_equal(find(LISTENER_OPERATORS, METHOD_DELETE, "/v1/nodes/ab12", &c), MATCH_FOUND);
	assert_ptr_equal(c.route, &rows[2]);
	assert_string_equal(c.parameters[0], "ab12");
	assert_int_equal(find(LISTENER_OPERATORS, METHOD_POST, "/v1/nodes/ab/guests/my%20guest/stop?now=1&a&b=", &c),
	        MATCH_FOUND);
	assert_string_equal(c.parameters[1], "my guest");
	assert_string_equal(call_query(&c, "now"), "1");
	assert_string_equal(call_query(&c, "a"), "");
	assert_string_equal(call_query(&c, "b"), "");
	assert_null(call_query(&c, "c"));
}

static void listeners_are_apart(void **state)
{
	struct call c;

	(void)state;
	assert_int_equal(find(LISTENER_NODES, METHOD_GET, "/v1/nodes", &c), MATCH_NONE);
	assert_int_equal(find(LISTENER_OPERATORS, METHOD_POST, "/node/v1/poll", &c), MATCH_NONE);
	assert_int_equal(find(LISTENER_METRICS, METHOD_POST, "/node/v1/poll", &c), MATCH_NONE);
	assert_int_equal(find(LISTENER_NODES, METHOD_POST, "/node/v1/poll", &c), MATCH_FOUND);
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const targets[] = { "/", "/v1", "/v1/nodes/", "/v1/nodes//", "/v1/node", "/v1/nodesx",
		"/v1/nodes/a/b", "/v1//nodes", "/V1/nodes", "//v1/nodes", "/v1/nodes/a/guests//stop" };
	struct call c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		assert_int_equal(find(LISTENER_OPERATORS, METHOD_GET, targets[i], &c), MATCH_NONE);
	assert_int_equal(find(LISTENER_OPERATORS, METHOD_PUT, "/v1/nodes/a", &c), MATCH_PATH_ONLY);
}

static void malformed_targets_are_refused(void **state)
{
	static const char *const targets[] = { "", "*", "v1/nodes", "http://h/v1/nodes", "/v1/nodes/%", "/v1/nodes/%4",
		"/v1/nodes/%zz", "/v1/nodes/%00", "/v1/nodes/%0a", "/v1/nodes/%2f", "/v1/nodes/%5C", "/v1/nodes/a b",
		"/v1/nodes/\x80", "/v1/nodes/a?=1", "/v1/nodes/a?x=1&x=2", "/v1/nodes/a?x=%", "/v1/nodes/a?a#b",
		"/v1/nodes/a?a&b&c&d&e&f&g&h&i", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17" };
	char longest[PARAMETER_MAX + 20];
	struct call c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		assert_int_equal(find(LISTENER_OPERATORS, METHOD_GET, targets[i], &c), MATCH_MALFORMED);
	(void)sprintf(longest, "/v1/nodes/%0*d", PARAMETER_MAX, 0);
	assert_int_equal(find(LISTENER_OPERATORS, METHOD_GET, longest, &c), MATCH_FOUND);
	(void)sprintf(longest, "/v1/nodes/%0*d", PARAMETER_MAX + 1, 0);
	assert_int_equal(find(LISTENER_OPERATORS, METHOD_GET, longest, &c), MATCH_MALFORMED);
}

static void check_row(const struct route *r)
{
	/* Only an operators' certificate carries a role, and there everything asks for one. */
	assert_int_equal(r->role != ROLE_NONE, r->listener == LISTENER_OPERATORS);
	assert_non_null(r->handle);
	assert_true(r->pattern[0] == '/');
	/* "Every request but reading is in the audit log before it is answered." */
	if (r->listener == LISTENER_OPERATORS)
		assert_int_equal(r->audited, r->method != METHOD_GET);
	if (r->method == METHOD_GET)
		assert_int_equal(r->body, BODY_NONE);
}

static void every_row_keeps_the_rules(void **state)
{
	struct call c;

	(void)state;
	for (size_t t = 0; t < route_table_count; t++)
		for (size_t i = 0; i < route_tables[t].count; i++) {
			const struct route *r = &route_tables[t].rows[i];

			check_row(r);
			/* No row hides another: its own pattern, taken as a path, leads to itself. */
			char path[256];
			size_t n = 0;
			for (const char *p = r->pattern; *p && n < sizeof(path) - 1; p++)
				if (*p != '{' && *p != '}')
					path[n++] = *p;
			memset(&c, 0, sizeof(c));
			assert_int_equal(
			        route_find(route_tables, route_table_count, r->listener, r->method, path, n, &c),
			        MATCH_FOUND);
			assert_ptr_equal(c.route, r);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_found_with_their_parameters),
		cmocka_unit_test(listeners_are_apart),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(malformed_targets_are_refused),
		cmocka_unit_test(every_row_keeps_the_rules),
	};

	return cmocka_run_group_tests_name("signetd routes", tests, NULL, NULL);
}
