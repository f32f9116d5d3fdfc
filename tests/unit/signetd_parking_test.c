/* Requests that wait: for a node, for time, for work of another thread; and what the audit log tells of them. */
#include "tests/unit/signetd_exchange_bed.h"

static u32 gone, begun, dropped;

static int open_parking(void **state)
{
	gone = begun = dropped = 0;
	return open_server(state);
}

static void time_is_over(struct call *c)
{
	answer_error(c, 504, "node-silent", "wait", "nothing came");
}

static void count_gone(struct call *c)
{
	(void)c;
	gone++;
}

/* Once the log tells of it, and not before. */
static void count_begun(struct call *c)
{
	logged(1, "\"kind\":\"begun\"");
	assert_int_equal(c->begun_entry, 1);
	begun++;
}

static void park(struct call *c)
{
	call_park(c, 5000, count_begun, time_is_over, count_gone);
}

static void park_and_park(struct call *c)
{
	call_park(c, 5000, park, time_is_over, count_gone);
}

static struct work errand;

static void errand_is_done(struct call *c, struct work *w)
{
	assert_ptr_equal(w, &errand);
	succeed(c);
}

static void count_dropped(struct work *w)
{
	assert_ptr_equal(w, &errand);
	dropped++;
}

static void start_work(struct call *c)
{
	errand = (struct work){ .then = errand_is_done, .drop = count_dropped };
	call_work(c, &errand);
}

static const struct route rows[] = {
	{ METHOD_DELETE, OP, "/park", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, park },
	{ METHOD_DELETE, OP, "/work", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, start_work },
	{ METHOD_DELETE, OP, "/twice", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, park_and_park },
};
/* In the place of routes.c. */
const struct route_table route_tables[] = { { rows, ARRAY_SIZE(rows) } };
const size_t route_table_count = 1;

static enum err no_append(struct storage *s, const struct audit_record *r)
{
	(void)s;
	(void)r;
	return ERR_STORAGE;
}

static enum err no_commit(struct storage *s)
{
	s->transaction->rollback(s);
	return ERR_STORAGE;
}

static void what_is_parked_is_logged_when_it_is_answered(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/park", "");

	(void)state;
	assert_int_equal(x->call.answer.status, 0);
	assert_true(x->call.parking.parked && x->call.parking.milliseconds == 5000);
	logged(1, "\"subject\":\"DELETE /park\"");
	answer_done(&x->call);
	assert_int_equal(woken, 1);
	exchange_settle(x);
	logged(2, "\"subject\":\"DELETE /park\",\"status\":200,\"begun\":1");
	exchange_gone(x);
	assert_int_equal(gone, 0);
	exchange_free(x);
}

static void what_waits_twice_is_begun_once(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/twice", "");

	(void)state;
	assert_int_equal(begun, 1);
	logged(1, "\"kind\":\"begun\"");
	exchange_gone(x);
	exchange_free(x);
}

static void what_work_stores_and_its_entry_are_one(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/work", "");

	(void)state;
	assert_ptr_equal(taken, &errand);
	logged(1, "\"kind\":\"begun\"");
	exchange_resume(x, taken);
	assert_int_equal(x->call.answer.status, 200);
	assert_int_equal(woken, 1);
	logged(2, "\"status\":200,\"begun\":1");
	fact_is("kept");
	exchange_settle(x);
	logged(2, "");
	exchange_free(x);
	assert_int_equal(dropped, 0);
}

static void work_of_a_dead_connection_is_nobodys(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/work", "");

	(void)state;
	assert_ptr_equal(taken->call, &x->call);
	assert_false(taken->given_up);
	exchange_gone(x);
	exchange_free(x);
	assert_null(taken->call);
	assert_true(taken->given_up);
	/* The thread may still be at it. */
	assert_int_equal(dropped, 0);
	logged(2, "caller-gone");
}

/* An order whose entry is not on the disk is not given. */
static void nothing_is_begun_that_the_log_does_not_tell_of(void **state)
{
	struct storage *s = server.storage;
	const struct audit_ops *audit = s->audit;
	const struct transaction_ops *transaction = s->transaction;
	struct audit_ops mute = *audit;
	struct transaction_ops lost = *transaction;

	(void)state;
	mute.append = no_append;
	lost.commit = no_commit;
	s->audit = &mute;
	answers(METHOD_DELETE, "/park", "", 500, "internal");
	s->audit = audit;
	logged(0, "");
	s->transaction = &lost;
	answers(METHOD_DELETE, "/park", "", 500, "internal");
	s->transaction = transaction;
	logged(1, "\"subject\":\"DELETE /park\",\"status\":500");
	assert_int_equal(begun, 0);
	assert_int_equal(gone, 2);
	s->audit = &mute;
	answers(METHOD_DELETE, "/work", "", 500, "internal");
	s->audit = audit;
	assert_null(taken);
	assert_int_equal(dropped, 1);
}

static void parked_time_ends_with_an_answer(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/park", "");

	(void)state;
	exchange_time(x);
	assert_int_equal(x->call.answer.status, 504);
	assert_int_equal(woken, 0);
	exchange_free(x);
}

static void a_dead_connection_is_told_once(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/park", "");

	(void)state;
	exchange_gone(x);
	exchange_gone(x);
	assert_int_equal(gone, 1);
	/* What he ordered may be carried out all the same. */
	logged(2, "\"subject\":\"DELETE /park\",\"begun\":1,\"code\":\"caller-gone\"");
	exchange_free(x);
}

static void who_leaves_before_his_answer_is_logged_with_it(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/park", "");

	(void)state;
	answer_done(&x->call);
	exchange_gone(x);
	assert_int_equal(gone, 0);
	logged(2, "\"status\":200");
	exchange_free(x);
}

int main(void)
{
#define PARKING_TEST(f) cmocka_unit_test_setup_teardown(f, open_parking, close_server)
	const struct CMUnitTest tests[] = {
		PARKING_TEST(what_is_parked_is_logged_when_it_is_answered),
		PARKING_TEST(what_waits_twice_is_begun_once),
		PARKING_TEST(what_work_stores_and_its_entry_are_one),
		PARKING_TEST(work_of_a_dead_connection_is_nobodys),
		PARKING_TEST(nothing_is_begun_that_the_log_does_not_tell_of),
		PARKING_TEST(parked_time_ends_with_an_answer),
		PARKING_TEST(who_leaves_before_his_answer_is_logged_with_it),
		PARKING_TEST(a_dead_connection_is_told_once),
	};

	return cmocka_run_group_tests_name("signetd parking", tests, NULL, NULL);
}
