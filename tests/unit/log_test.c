/* attest/log.c: what a strict reader takes, and everything firmware or an attacker may write instead. */
#include "attest/log.h"
#include "tests/unit/log_sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Written out by hand from the specification: header for SHA-1 and SHA-256 with two vendor bytes, one event. */
static const u8 by_hand[] = { 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 39, 0,
	0, 0, 'S', 'p', 'e', 'c', ' ', 'I', 'D', ' ', 'E', 'v', 'e', 'n', 't', '0', '3', 0, 1, 0, 0, 0, 0, 2, 0, 1, 2,
	0, 0, 0, 4, 0, 20, 0, 11, 0, 32, 0, 2, 0xAB, 0xCD,
	/* event: the digests stand in the other order than the header's */
	7, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 11, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 0, 0, 0, 0xDE,
	0xAD, 0xBE, 0xEF };

/* Offsets in a header over the sample banks, and in the event behind it. */
enum {
	H_TYPE = 4,
	H_DIGEST = 8,
	H_SIZE = 28,
	H_SPEC = 32,
	H_MINOR = 52,
	H_MAJOR = 53,
	H_COUNT = 56,
	H_ALG = 60,
	H_VENDOR = 68
};
enum { E_PCR = HEADER_SIZE, E_TYPE = E_PCR + 4, E_COUNT = E_PCR + 8, E_ALG = E_PCR + 12, E_SIZE = E_PCR + 96 };

static void a_log_written_by_hand_is_read(void **state)
{
	(void)state;
	struct log_reader r;
	struct log_event e;
	u16 size;
	assert_int_equal(log_open(&r, by_hand, sizeof(by_hand)), OK);
	assert_int_equal(r.format.count, 2);
	assert_false(log_at_end(&r));
	assert_int_equal(log_next(&r, &e), OK);
	assert_true(log_at_end(&r));
	assert_int_equal(e.pcr, 7);
	assert_int_equal(e.type, EV_SEPARATOR);
	assert_int_equal(e.length, 4);
	assert_memory_equal(e.data, "\xDE\xAD\xBE\xEF", 4);
	const u8 *digest = log_digest(&r.format, &e, TPM_ALG_SHA256, &size);
	assert_int_equal(size, 32);
	assert_int_equal(digest[0], 1);
	digest = log_digest(&r.format, &e, TPM_ALG_SHA1, &size);
	assert_int_equal(size, 20);
	assert_int_equal(digest[19], 2);
	assert_null(log_digest(&r.format, &e, TPM_ALG_SHA384, &size));
	assert_int_equal(size, 0);
}

static enum err walk(const u8 *log, size_t n)
{
	struct log_reader r;
	struct log_event e;
	enum err err = log_open(&r, log, n);
	while (err == OK && !log_at_end(&r))
		err = log_next(&r, &e);
	return err;
}

/* Cut anywhere but between events: refused. The copy on the heap lets the sanitizer see one byte too many. */
static void a_log_cut_short_is_refused(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 7, EV_SEPARATOR, "abcd", 4);
	size_t first = l.bytes.used;
	sample_append(&l, 5, EV_SEPARATOR, "efgh", 4);
	for (size_t n = 0; n <= l.bytes.used; n++) {
		u8 *exact = malloc(n ? n : 1);
		memcpy(exact, b, n);
		bool whole = n == HEADER_SIZE || n == first || n == l.bytes.used;
		assert_int_equal(walk(exact, n), whole ? OK : ERR_BOOT_LOG);
		free(exact);
	}
}

/* A header that names these algorithms, each of 32 bytes, and an event with digests of those, or no event. */
static enum err walk_banks(u32 count, const u16 *named, const u16 *given)
{
	static const u8 platform_and_version[] = { 1, 0, 0, 0, 0, 2, 0, 1 }, digest[32] = { 7 };
	u8 b[SAMPLE_ROOM];
	struct writer w = writer_on(b, sizeof(b));
	write_le32(&w, 0);
	write_le32(&w, EV_NO_ACTION);
	write_zero(&w, 20);
	write_le32(&w, 16 + sizeof(platform_and_version) + 4 + 4 * count + 1);
	write_bytes(&w, (const u8 *)"Spec ID Event03", 16);
	write_bytes(&w, platform_and_version, sizeof(platform_and_version));
	write_le32(&w, count);
	for (u32 i = 0; i < count; i++) {
		write_le16(&w, named[i]);
		write_le16(&w, sizeof(digest));
	}
	write_u8(&w, 0);
	if (given) {
		write_le32(&w, 7);
		write_le32(&w, EV_SEPARATOR);
		write_le32(&w, count);
		for (u32 i = 0; i < count; i++) {
			write_le16(&w, given[i]);
			write_bytes(&w, digest, sizeof(digest));
		}
		write_le32(&w, 4);
		write_le32(&w, 0);
	}
	assert_false(w.failed);
	return walk(b, w.used);
}

/* One twice would leave another's place empty; none at all, every place. */
static void every_bank_is_there_once(void **state)
{
	static const u16 two[] = { TPM_ALG_SHA256, 0x12 }, turned[] = { 0x12, TPM_ALG_SHA256 },
	                 twice[] = { TPM_ALG_SHA256, TPM_ALG_SHA256 }, foreign[] = { TPM_ALG_SHA256, 0x13 };
	(void)state;
	assert_int_equal(walk_banks(2, two, NULL), OK);
	assert_int_equal(walk_banks(2, two, two), OK);
	assert_int_equal(walk_banks(2, two, turned), OK);
	assert_int_equal(walk_banks(2, two, twice), ERR_BOOT_LOG);
	assert_int_equal(walk_banks(2, two, foreign), ERR_BOOT_LOG);
	assert_int_equal(walk_banks(2, twice, NULL), ERR_BOOT_LOG);
	assert_int_equal(walk_banks(0, two, NULL), ERR_BOOT_LOG);
}

static enum err walk_changed(size_t at, u8 value)
{
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 7, EV_SEPARATOR, "abcd", 4);
	b[at] = value;
	return walk(b, l.bytes.used);
}

static void foreign_headers_are_refused(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		u8 value;
	} changes[] = {
		{ 0, 1 },
		{ H_TYPE, 4 },
		{ H_DIGEST, 1 },
		{ H_DIGEST + 19, 1 },
		{ H_SIZE, 36 },
		{ H_SIZE, 38 },
		{ H_SIZE + 3, 1 },
		{ H_SPEC, 's' },
		{ H_SPEC + 14, '2' },
		{ H_SPEC + 15, '!' },
		{ H_MINOR, 1 },
		{ H_MAJOR, 1 },
		{ H_MAJOR, 3 },
		{ H_COUNT, 0 },
		{ H_COUNT, 1 },
		{ H_COUNT, 3 },
		{ H_COUNT, 9 },
		{ H_COUNT + 3, 1 },
		{ H_VENDOR, 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		assert_int_equal(walk_changed(changes[i].at, changes[i].value), ERR_BOOT_LOG);
	/* Platform class server, another errata level and a 32-bit UINTN change nothing that is read. */
	assert_int_equal(walk_changed(H_SPEC + 16, 1), OK);
	assert_int_equal(walk_changed(H_MAJOR + 1, 105), OK);
	assert_int_equal(walk_changed(H_MAJOR + 2, 1), OK);
}

static void algorithms_have_their_own_size_once(void **state)
{
	(void)state;
	assert_int_equal(walk_changed(H_ALG + 2, 33), ERR_BOOT_LOG);
	assert_int_equal(walk_changed(H_ALG + 2, 0), ERR_BOOT_LOG);
	assert_int_equal(walk_changed(H_ALG + 4, TPM_ALG_SHA256), ERR_BOOT_LOG);
}

/* A header of n algorithms of the given size that nobody has heard of. */
static enum err open_unknown(u32 n, u16 size)
{
	u8 b[512];
	struct writer w = writer_on(b, sizeof(b));
	write_bytes(&w, by_hand, H_COUNT);
	store_le32(b + H_SIZE, 28 + 4 * n + 1);
	write_le32(&w, n);
	for (u32 i = 0; i < n; i++) {
		write_le16(&w, (u16)(0x7000 + i));
		write_le16(&w, size);
	}
	write_u8(&w, 0);
	struct log_reader r;
	return log_open(&r, b, w.used);
}

static void unknown_algorithms_are_stepped_over_within_bounds(void **state)
{
	(void)state;
	assert_int_equal(open_unknown(1, 1), OK);
	assert_int_equal(open_unknown(TPM_BANKS_MAX, TPM_DIGEST_MAX), OK);
	assert_int_equal(open_unknown(TPM_BANKS_MAX + 1, 32), ERR_BOOT_LOG);
	assert_int_equal(open_unknown(1, TPM_DIGEST_MAX + 1), ERR_BOOT_LOG);
	assert_int_equal(open_unknown(1, 0), ERR_BOOT_LOG);
}

static void events_carry_exactly_the_banks(void **state)
{
	(void)state;
	assert_int_equal(walk_changed(E_COUNT, 1), ERR_BOOT_LOG);
	assert_int_equal(walk_changed(E_COUNT, 3), ERR_BOOT_LOG);
	assert_int_equal(walk_changed(E_COUNT + 3, 1), ERR_BOOT_LOG);
	/* The same bank twice. */
	assert_int_equal(walk_changed(E_ALG, TPM_ALG_SHA384), ERR_BOOT_LOG);
	assert_int_equal(walk_changed(E_ALG + 34, TPM_ALG_SHA256), ERR_BOOT_LOG);
	assert_int_equal(walk_changed(E_ALG, TPM_ALG_SHA1), ERR_BOOT_LOG);
}

static void pcrs_are_those_of_a_pc(void **state)
{
	(void)state;
	assert_int_equal(walk_changed(E_PCR, 23), OK);
	assert_int_equal(walk_changed(E_PCR, 24), ERR_BOOT_LOG);
	assert_int_equal(walk_changed(E_PCR + 3, 0x80), ERR_BOOT_LOG);
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 0, EV_NO_ACTION, "SP800-155 Event3", 16);
	store_le32(b + E_PCR, LOG_NO_PCR);
	assert_int_equal(walk(b, l.bytes.used), OK);
	store_le32(b + E_TYPE, EV_SEPARATOR);
	assert_int_equal(walk(b, l.bytes.used), ERR_BOOT_LOG);
}

static void oversized_data_is_refused(void **state)
{
	(void)state;
	assert_int_equal(walk_changed(E_SIZE, 5), ERR_BOOT_LOG);
	assert_int_equal(walk_changed(E_SIZE + 3, 0xFF), ERR_BOOT_LOG);
	/* Shorter data leaves bytes that are no event. */
	assert_int_equal(walk_changed(E_SIZE, 3), ERR_BOOT_LOG);
}

static void nothing_is_read_after_an_error(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 7, EV_SEPARATOR, "abcd", 4);
	sample_append(&l, 7, EV_SEPARATOR, "abcd", 4);
	b[E_PCR] = 99;
	struct log_reader r;
	struct log_event e;
	assert_int_equal(log_open(&r, b, l.bytes.used), OK);
	assert_int_equal(log_next(&r, &e), ERR_BOOT_LOG);
	assert_int_equal(log_next(&r, &e), ERR_BOOT_LOG);
	assert_false(log_at_end(&r));
}

static void length_follows_from_the_last_event(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	memset(b, 0xFF, sizeof(b));
	struct log l = sample_log(b);
	size_t begins[3];
	for (size_t i = 0; i < 3; i++) {
		begins[i] = l.bytes.used;
		sample_append(&l, 7, EV_SEPARATOR, "abcdefgh", i * 3);
	}
	size_t length;
	assert_int_equal(log_measure(b, sizeof(b), begins[2], &length), OK);
	assert_int_equal(length, l.bytes.used);
	assert_int_equal(log_measure(b, sizeof(b), begins[1], &length), OK);
	assert_int_equal(length, begins[2]);
	assert_int_equal(log_measure(b, sizeof(b), begins[0], &length), OK);
	assert_int_equal(length, begins[1]);
	assert_int_equal(log_measure(b, sizeof(b), 0, &length), OK);
	assert_int_equal(length, HEADER_SIZE);
	/* Exactly enough, and one byte too few. */
	assert_int_equal(log_measure(b, l.bytes.used, begins[2], &length), OK);
	assert_int_equal(log_measure(b, l.bytes.used - 1, begins[2], &length), ERR_BOOT_LOG);
}

static void a_last_event_in_between_is_refused(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 7, EV_SEPARATOR, "abcd", 4);
	size_t second = l.bytes.used;
	sample_append(&l, 7, EV_SEPARATOR, "abcd", 4);
	for (size_t last = 1; last <= l.bytes.used; last++) {
		size_t length;
		bool begin = last == HEADER_SIZE || last == second;
		assert_int_equal(log_measure(b, l.bytes.used, last, &length), begin ? OK : ERR_BOOT_LOG);
	}
	size_t length;
	assert_int_equal(log_measure(b, l.bytes.used, SIZE_MAX, &length), ERR_BOOT_LOG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_written_by_hand_is_read),
		cmocka_unit_test(a_log_cut_short_is_refused),
		cmocka_unit_test(every_bank_is_there_once),
		cmocka_unit_test(foreign_headers_are_refused),
		cmocka_unit_test(algorithms_have_their_own_size_once),
		cmocka_unit_test(unknown_algorithms_are_stepped_over_within_bounds),
		cmocka_unit_test(events_carry_exactly_the_banks),
		cmocka_unit_test(pcrs_are_those_of_a_pc),
		cmocka_unit_test(oversized_data_is_refused),
		cmocka_unit_test(nothing_is_read_after_an_error),
		cmocka_unit_test(length_follows_from_the_last_event),
		cmocka_unit_test(a_last_event_in_between_is_refused),
	};
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
