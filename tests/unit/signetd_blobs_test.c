/* Large files by their digest: there whole or not at all. */
#include "tests/unit/signetd_exchange_bed.h"

static void keep_upload(struct call *c)
{
	char digest[DIGEST_TEXT_SIZE];

	assert_int_equal(blob_finish(c->upload), OK);
	for (size_t i = 0; i < SHA384_SIZE; i++)
		(void)sprintf(digest + 2 * i, "%02x", c->upload->digest[i]);
	if (strcmp(digest, c->parameters[0]) != 0)
		answer_error(c, 400, "digest", "none", "another digest");
	else if (blob_keep(c->upload))
		answer_failure(c, ERR_IO, "blob");
	else
		answer_done(c);
}

static const struct route rows[] = {
	{ METHOD_PUT, OP, "/blobs/{digest}", ROLE_OPERATOR, BODY_FILE, BOUND_BLOB, false, NULL, keep_upload },
};
/* In the place of routes.c. */
const struct route_table route_tables[] = { { rows, ARRAY_SIZE(rows) } };
const size_t route_table_count = 1;

static u32 files_in(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	u32 n = 0;

	assert_non_null(d);
	while ((entry = readdir(d)))
		n += entry->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

static void uploads_are_there_whole_or_not_at_all(void **state)
{
	/* SHA-384 of "hello", from elsewhere. */
	static const char right[] =
	        "/blobs/"
	        "59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90125a3c79f90397bdf5f6a13de828684f";
	bool wanted;
	u64 length;
	int fd;

	(void)state;
	answers(METHOD_PUT, "/blobs/00", "hello", 400, "digest");
	assert_int_equal(files_in(blobs), 0);
	/* The connection died half way. */
	struct exchange *x = begin(LISTENER_OPERATORS, METHOD_PUT, right, 5, &wanted);
	assert_true(wanted && exchange_body(x, (const u8 *)"hel", 3));
	assert_int_equal(files_in(blobs), 1);
	assert_int_equal(blob_open(blobs, right + 7, &fd, &length), ERR_STORAGE_ABSENT);
	exchange_free(x);
	assert_int_equal(files_in(blobs), 0);
	answers(METHOD_PUT, right, "hello", 200, "");
	assert_int_equal(blob_open(blobs, right + 7, &fd, &length), OK);
	assert_int_equal(length, 5);
	(void)close(fd);
	assert_int_equal(blob_open(blobs, "../db", &fd, &length), ERR_ARGUMENT);
}

static void a_start_removes_what_was_cut_off(void **state)
{
	struct blob_writer *w;

	(void)state;
	assert_int_equal(blob_begin(blobs, &w), OK);
	assert_int_equal(files_in(blobs), 1);
	assert_int_equal(blobs_open(blobs), OK);
	assert_int_equal(files_in(blobs), 0);
	blob_discard(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(uploads_are_there_whole_or_not_at_all),
		SERVER_TEST(a_start_removes_what_was_cut_off),
	};

	return cmocka_run_group_tests_name("signetd blobs", tests, NULL, NULL);
}
