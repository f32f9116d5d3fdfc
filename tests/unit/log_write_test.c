/* attest/log_write.c: our own log, and firmware's with its final events joined. */
#include "attest/log_write.h"
#include "tests/unit/log_sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { TABLE_HEAD = 16 };

/* A Final Events Table with n events; event i has the i-th letter as its data. */
static size_t make_table(u8 table[SAMPLE_ROOM], u64 n)
{
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	for (u64 i = 0; i < n; i++) {
		u8 letter = (u8)('a' + i);
		sample_append(&l, 5, EV_SEPARATOR, &letter, 1);
	}
	store_le64(table, 1);
	store_le64(table + 8, n);
	memcpy(table + TABLE_HEAD, b + HEADER_SIZE, l.bytes.used - HEADER_SIZE);
	return TABLE_HEAD + l.bytes.used - HEADER_SIZE;
}

/* The letters that a log's events hold. */
static void letters_of(const struct log *l, char *letters)
{
	struct log_reader r;
	struct log_event e;
	assert_int_equal(log_open(&r, l->bytes.start, l->bytes.used), OK);
	while (!log_at_end(&r)) {
		assert_int_equal(log_next(&r, &e), OK);
		*letters++ = (char)e.data[0];
	}
	*letters = 0;
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	assert_int_equal(l.bytes.used, HEADER_SIZE);
	sample_append_own(&l, PCR_IMAGE, EVENT_MANIFEST, "signet 1.0");
	assert_int_equal(l.bytes.used, HEADER_SIZE + EVENT_SIZE + EVENT_TAGGED_SIZE);
	struct log_reader r;
	struct log_event e;
	struct event own;
	u16 size;
	u8 digest[SHA384_SIZE];
	assert_int_equal(log_open(&r, b, l.bytes.used), OK);
	assert_int_equal(log_next(&r, &e), OK);
	assert_int_equal(e.pcr, PCR_IMAGE);
	assert_int_equal(e.type, EV_EVENT_TAG);
	assert_int_equal(event_decode(e.data, e.length, &own), OK);
	assert_string_equal(own.text, "signet 1.0");
	sha384_of(e.data, e.length, digest);
	assert_memory_equal(log_digest(&r.format, &e, TPM_ALG_SHA384, &size), digest, SHA384_SIZE);
}

static void banks_must_be_known(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l;
	struct tpm_banks all = { .count = 4, .alg = { TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512 } };
	assert_int_equal(log_create(&l, b, sizeof(b), &all), OK);
	all.alg[2] = 0x7777;
	assert_int_equal(log_create(&l, b, sizeof(b), &all), ERR_TPM_BANK);
	all.count = 0;
	assert_int_equal(log_create(&l, b, sizeof(b), &all), ERR_TPM_BANK);
	all.count = TPM_BANKS_MAX + 1;
	assert_int_equal(log_create(&l, b, sizeof(b), &all), ERR_TPM_BANK);
}

/* A bank that firmware forgot; one that nobody relies on may be missing. */
static void active_banks_must_be_in_the_log(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l;
	struct tpm_banks both = { .count = 3, .alg = { TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384 } };
	struct tpm_banks one = { .count = 1, .alg = { TPM_ALG_SHA256 } };
	assert_int_equal(log_create(&l, b, sizeof(b), &one), OK);
	assert_int_equal(log_covers(b, l.bytes.used, &one), OK);
	assert_int_equal(log_covers(b, l.bytes.used, &both), ERR_TPM_BANK);
	one.alg[0] = TPM_ALG_SHA384;
	assert_int_equal(log_covers(b, l.bytes.used, &one), ERR_TPM_BANK);
	assert_int_equal(log_covers(b, l.bytes.used - 1, &one), ERR_BOOT_LOG);
	l = sample_log(b);
	assert_int_equal(log_covers(b, l.bytes.used, &both), OK);
}

static void digests_must_be_the_logs(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	const u8 *data = (const u8 *)"x";
	struct tpm_digests good = sample_digests(data, 1);
	struct tpm_digests swapped = { .count = 2, .bank = { good.bank[1], good.bank[0] } };
	struct tpm_digests bad[] = { good, good, good, good };
	bad[0].count = 1;
	bad[1].count = 3;
	bad[2].bank[0].alg = TPM_ALG_SHA384;
	bad[3].bank[1].size = 32;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(log_append(&l, 12, EV_EVENT_TAG, &bad[i], data, 1), ERR_TPM_BANK);
		assert_int_equal(l.bytes.used, HEADER_SIZE);
	}
	assert_int_equal(log_append(&l, 24, EV_EVENT_TAG, &good, data, 1), ERR_RANGE);
	assert_int_equal(log_append(&l, 23, EV_EVENT_TAG, &good, data, 1), OK);
	assert_int_equal(log_append(&l, 23, EV_EVENT_TAG, &swapped, data, 1), OK);
	/* The TPM's order does not matter: the log keeps its own. */
	assert_memory_equal(b + HEADER_SIZE, b + HEADER_SIZE + EVENT_SIZE + 1, EVENT_SIZE + 1);
}

static void a_full_log_stays_whole(void **state)
{
	(void)state;
	const u8 *data = (const u8 *)"abcd";
	struct tpm_digests d = sample_digests(data, 4);
	for (size_t room = 0; room < HEADER_SIZE + EVENT_SIZE + 4; room++) {
		u8 *exact = malloc(room ? room : 1);
		struct log l;
		enum err e = log_create(&l, exact, room, &sample_banks);
		assert_int_equal(e, room < HEADER_SIZE ? ERR_NO_MEMORY : OK);
		if (e == OK) {
			assert_int_equal(log_append(&l, 7, EV_SEPARATOR, &d, data, 4), ERR_NO_MEMORY);
			assert_int_equal(l.bytes.used, HEADER_SIZE);
			/* A shorter one may still fit. */
			enum err shorter = log_append(&l, 7, EV_SEPARATOR, &d, data, 0);
			assert_int_equal(shorter, room < HEADER_SIZE + EVENT_SIZE ? ERR_NO_MEMORY : OK);
		}
		free(exact);
	}
}

static void resuming_reads_everything(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log made = sample_log(b);
	sample_append(&made, 5, EV_SEPARATOR, "x", 1);
	struct log l;
	assert_int_equal(log_resume(&l, b, made.bytes.used, sizeof(b)), OK);
	sample_append(&l, 5, EV_SEPARATOR, "y", 1);
	char letters[8];
	letters_of(&l, letters);
	assert_string_equal(letters, "xy");
	assert_int_equal(log_resume(&l, b, made.bytes.used - 1, sizeof(b)), ERR_BOOT_LOG);
	assert_int_equal(log_resume(&l, b, 0, sizeof(b)), ERR_BOOT_LOG);
	assert_int_equal(log_resume(&l, b, made.bytes.used, made.bytes.used - 1), ERR_RANGE);
	b[HEADER_SIZE] = 99;
	assert_int_equal(log_resume(&l, b, made.bytes.used, sizeof(b)), ERR_BOOT_LOG);
}

static void only_new_final_events_are_joined(void **state)
{
	(void)state;
	static const char *const want[] = { "xabcd", "xbcd", "xcd", "xd", "x" };
	u8 table[SAMPLE_ROOM];
	size_t n = make_table(table, 4);
	u64 count;
	assert_int_equal(log_final_count(table, n, &count), OK);
	assert_int_equal(count, 4);
	for (u64 skip = 0; skip <= 4; skip++) {
		u8 b[SAMPLE_ROOM];
		char letters[16];
		struct log l = sample_log(b);
		sample_append(&l, 4, EV_SEPARATOR, "x", 1);
		assert_int_equal(log_append_final(&l, table, n, skip), OK);
		letters_of(&l, letters);
		assert_string_equal(letters, want[skip]);
	}
}

/* Firmware allots the table more room than its events fill; its rest is not looked at. */
static void what_follows_the_counted_events_is_ignored(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	u8 table[SAMPLE_ROOM];
	memset(table, 0xFF, sizeof(table));
	make_table(table, 2);
	struct log l = sample_log(b);
	assert_int_equal(log_append_final(&l, table, sizeof(table), 0), OK);
	char letters[8];
	letters_of(&l, letters);
	assert_string_equal(letters, "ab");
}

static enum err join(const u8 *table, size_t n, u64 skip)
{
	u8 b[SAMPLE_ROOM];
	u8 before[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 4, EV_SEPARATOR, "x", 1);
	size_t used = l.bytes.used;
	memcpy(before, b, used);
	enum err e = log_append_final(&l, table, n, skip);
	if (e != OK) {
		assert_int_equal(l.bytes.used, used);
		assert_false(l.bytes.failed);
		assert_memory_equal(b, before, used);
	}
	return e;
}

static void malformed_tables_change_nothing(void **state)
{
	(void)state;
	u8 table[SAMPLE_ROOM];
	size_t n = make_table(table, 2);
	u64 count;
	for (size_t cut = 0; cut < n; cut++) {
		u8 *exact = malloc(cut ? cut : 1);
		memcpy(exact, table, cut);
		assert_int_equal(join(exact, cut, 0), ERR_BOOT_LOG);
		assert_int_equal(log_final_count(exact, cut, &count), cut < TABLE_HEAD ? ERR_BOOT_LOG : OK);
		free(exact);
	}
	assert_int_equal(join(table, n, 3), ERR_BOOT_LOG);
	assert_int_equal(join(table, n, UINT64_MAX), ERR_BOOT_LOG);
	assert_int_equal(join(table, n, 2), OK);
	store_le64(table + 8, UINT64_MAX);
	assert_int_equal(join(table, n, 0), ERR_BOOT_LOG);
	make_table(table, 2);
	table[0] = 2;
	assert_int_equal(join(table, n, 0), ERR_BOOT_LOG);
	assert_int_equal(log_final_count(table, n, &count), ERR_BOOT_LOG);
	/* Even one that would be skipped must be read to know where the next begins. */
	make_table(table, 2);
	table[TABLE_HEAD] = 24;
	assert_int_equal(join(table, n, 1), ERR_BOOT_LOG);
	table[TABLE_HEAD] = 5;
	assert_int_equal(join(table, n, 1), OK);
}

static void joining_needs_room_for_all(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	u8 table[SAMPLE_ROOM];
	size_t n = make_table(table, 3);
	struct log l = sample_log(b);
	l.bytes.room = HEADER_SIZE + 3 * (EVENT_SIZE + 1) - 1;
	assert_int_equal(log_append_final(&l, table, n, 0), ERR_NO_MEMORY);
	assert_int_equal(l.bytes.used, HEADER_SIZE);
	l.bytes.room++;
	assert_int_equal(log_append_final(&l, table, n, 0), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(banks_must_be_known),
		cmocka_unit_test(active_banks_must_be_in_the_log),
		cmocka_unit_test(digests_must_be_the_logs),
		cmocka_unit_test(a_full_log_stays_whole),
		cmocka_unit_test(resuming_reads_everything),
		cmocka_unit_test(only_new_final_events_are_joined),
		cmocka_unit_test(what_follows_the_counted_events_is_ignored),
		cmocka_unit_test(malformed_tables_change_nothing),
		cmocka_unit_test(joining_needs_room_for_all),
	};
	return cmocka_run_group_tests_name("log_write", tests, NULL, NULL);
}
