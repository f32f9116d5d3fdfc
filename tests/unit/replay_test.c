/* attest/replay.c: against values computed by hand, and against tpm2_eventlog on the same bytes. */
#include "attest/replay.h"
#include "lib/print.h"
#include "tests/unit/log_sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

static const u8 locality3[] = "StartupLocality\0\3";

static struct replay replayed(const struct log *l)
{
	struct replay p;
	assert_int_equal(replay_log(&p, l->bytes.start, l->bytes.used), OK);
	return p;
}

static enum err replay_of(const struct log *l)
{
	struct replay p;
	return replay_log(&p, l->bytes.start, l->bytes.used);
}

static void extending_is_hash_of_old_and_digest(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 12, EV_EVENT_TAG, "one", 3);
	sample_append(&l, 12, EV_EVENT_TAG, "two", 3);
	struct replay p = replayed(&l);
	u8 value[2 * SHA384_SIZE] = { 0 };
	sha384_of((const u8 *)"one", 3, value + SHA384_SIZE);
	sha384_of(value, sizeof(value), value);
	sha384_of((const u8 *)"two", 3, value + SHA384_SIZE);
	sha384_of(value, sizeof(value), value);
	assert_memory_equal(p.bank[REPLAY_SHA384].pcr[12], value, SHA384_SIZE);
	assert_true(p.bank[REPLAY_SHA384].present && p.bank[REPLAY_SHA256].present);
	assert_int_equal(p.bank[REPLAY_SHA256].extended, BIT(12));
	assert_true(bytes_are_zero(p.bank[REPLAY_SHA256].pcr[11], SHA256_SIZE));
	assert_true(bytes_are_ones(p.bank[REPLAY_SHA256].pcr[17], SHA256_SIZE));
	assert_true(bytes_are_ones(p.bank[REPLAY_SHA384].pcr[22], SHA384_SIZE));
	assert_true(bytes_are_zero(p.bank[REPLAY_SHA384].pcr[23], SHA384_SIZE));
}

static void no_action_extends_nothing(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 0, EV_NO_ACTION, "SP800-155 Event", 16);
	sample_append(&l, 17, EV_NO_ACTION, "anything", 8);
	struct replay p = replayed(&l);
	assert_int_equal(p.bank[REPLAY_SHA256].extended, 0);
	assert_true(bytes_are_zero(p.bank[REPLAY_SHA256].pcr[0], SHA256_SIZE));
}

static void locality_is_where_pcr0_begins(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 0, EV_NO_ACTION, locality3, 17);
	sample_append(&l, 0, EV_SEPARATOR, "v", 1);
	struct replay p = replayed(&l);
	u8 value[2 * SHA256_SIZE] = { [31] = 3 };
	sha256_of((const u8 *)"v", 1, value + SHA256_SIZE);
	sha256_of(value, sizeof(value), value);
	assert_memory_equal(p.bank[REPLAY_SHA256].pcr[0], value, SHA256_SIZE);
}

static enum err with_locality(u32 pcr, u8 locality, size_t length, size_t times, bool late)
{
	u8 b[SAMPLE_ROOM];
	u8 data[18] = "StartupLocality";
	struct log l = sample_log(b);
	data[16] = locality;
	if (late)
		sample_append(&l, 0, EV_SEPARATOR, "v", 1);
	for (size_t i = 0; i < times; i++)
		sample_append(&l, pcr, EV_NO_ACTION, data, length);
	return replay_of(&l);
}

static void odd_localities_are_refused(void **state)
{
	(void)state;
	assert_int_equal(with_locality(0, 0, 17, 1, false), OK);
	assert_int_equal(with_locality(0, 3, 17, 1, false), OK);
	assert_int_equal(with_locality(0, 4, 17, 1, false), OK);
	assert_int_equal(with_locality(0, 1, 17, 1, false), ERR_BOOT_LOG);
	assert_int_equal(with_locality(0, 5, 17, 1, false), ERR_BOOT_LOG);
	assert_int_equal(with_locality(1, 3, 17, 1, false), ERR_BOOT_LOG);
	assert_int_equal(with_locality(0, 3, 16, 1, false), ERR_BOOT_LOG);
	assert_int_equal(with_locality(0, 3, 18, 1, false), ERR_BOOT_LOG);
	assert_int_equal(with_locality(0, 3, 17, 2, false), ERR_BOOT_LOG);
	assert_int_equal(with_locality(0, 0, 17, 2, false), ERR_BOOT_LOG);
	assert_int_equal(with_locality(0, 3, 17, 1, true), ERR_BOOT_LOG);
}

static void a_static_launch_has_no_dynamic_pcrs(void **state)
{
	(void)state;
	for (u32 pcr = 0; pcr < TPM_PCRS; pcr++) {
		u8 b[SAMPLE_ROOM];
		struct log l = sample_log(b);
		sample_append(&l, pcr, EV_EVENT_TAG, "x", 1);
		assert_int_equal(replay_of(&l), pcr >= 17 && pcr <= 22 ? ERR_BOOT_LOG : OK);
	}
}

static void a_missing_bank_is_told(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l;
	struct tpm_banks one = { .count = 1, .alg = { TPM_ALG_SHA256 } };
	assert_int_equal(log_create(&l, b, sizeof(b), &one), OK);
	struct tpm_digests d = sample_digests((const u8 *)"x", 1);
	d.count = 1;
	assert_int_equal(log_append(&l, 7, EV_SEPARATOR, &d, (const u8 *)"x", 1), OK);
	struct replay p = replayed(&l);
	assert_true(p.bank[REPLAY_SHA256].present && p.bank[REPLAY_SHA256].extended);
	assert_false(p.bank[REPLAY_SHA384].present || p.bank[REPLAY_SHA384].extended);
}

static void a_broken_log_does_not_replay(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 7, EV_SEPARATOR, "abcd", 4);
	l.bytes.used--;
	assert_int_equal(replay_of(&l), ERR_BOOT_LOG);
	l.bytes.used = 3;
	assert_int_equal(replay_of(&l), ERR_BOOT_LOG);
}

/* Every kind of event we write, as firmware's and ours follow each other, cut in two by a Final Events Table. */
static struct log whole_boot(u8 b[SAMPLE_ROOM])
{
	u8 late[SAMPLE_ROOM];
	u8 table[SAMPLE_ROOM];
	struct log l = sample_log(b);
	sample_append(&l, 0, EV_NO_ACTION, locality3, 17);
	sample_append(&l, 0, 8, "v\0e\0r\0", 6);
	sample_append_own(&l, PCR_IMAGE, EVENT_STAGE, "stage");
	sample_append_own(&l, PCR_IMAGE, EVENT_MANIFEST, "signet 1.0");
	sample_append_own(&l, PCR_DECISIONS, EVENT_SLOT, "newest good slot");
	struct log after = sample_log(late);
	sample_append(&after, 5, 0x80000007, "Exit Boot Services Invocation", 29);
	sample_append(&after, 5, 0x80000007, "Exit Boot Services Returned with Success", 40);
	size_t n = after.bytes.used - HEADER_SIZE;
	store_le64(table, 1);
	store_le64(table + 8, 2);
	memcpy(table + 16, late + HEADER_SIZE, n);
	assert_int_equal(log_append_final(&l, table, 16 + n, 0), OK);
	return l;
}

static void store_file(const char *path, const struct log *l)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(l->bytes.start, 1, l->bytes.used, f), l->bytes.used);
	assert_int_equal(fclose(f), 0);
}

/* The tool's line for a value reads "    12 : 0x<hex>" under "  sha384:". */
static size_t count_equal_values(FILE *out, const struct replay *p)
{
	static const char *const names[REPLAY_BANKS] = { "  sha256:\n", "  sha384:\n" };
	static const size_t sizes[REPLAY_BANKS] = { SHA256_SIZE, SHA384_SIZE };
	char line[1024];
	size_t bank = REPLAY_BANKS;
	size_t equal = 0;
	while (fgets(line, sizeof(line), out)) {
		unsigned pcr;
		char found[2 * SHA384_SIZE + 1];
		char ours[2 * SHA384_SIZE + 1];
		for (size_t i = 0; i < REPLAY_BANKS; i++)
			if (strcmp(line, names[i]) == 0)
				bank = i;
		if (bank == REPLAY_BANKS || sscanf(line, " %u : 0x%96[0-9a-f]", &pcr, found) != 2)
			continue;
		assert_true(pcr < TPM_PCRS);
		hex_encode(ours, p->bank[bank].pcr[pcr], sizes[bank]);
		assert_string_equal(ours, found);
		equal++;
	}
	return equal;
}

static void tpm2_eventlog_agrees(void **state)
{
	(void)state;
	u8 b[SAMPLE_ROOM];
	struct log l = whole_boot(b);
	struct replay p = replayed(&l);
	char path[] = "/tmp/replay_test.XXXXXX";
	char command[64];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	store_file(path, &l);
	format(command, sizeof(command), "tpm2_eventlog %s 2>/dev/null", path);
	FILE *out = popen(command, "r");
	assert_non_null(out);
	size_t equal = count_equal_values(out, &p);
	int status = pclose(out);
	unlink(path);
	assert_int_equal(status, 0);
	/* PCR 0, 5, 12 and 14 in two banks. */
	assert_int_equal(equal, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extending_is_hash_of_old_and_digest),
		cmocka_unit_test(no_action_extends_nothing),
		cmocka_unit_test(locality_is_where_pcr0_begins),
		cmocka_unit_test(odd_localities_are_refused),
		cmocka_unit_test(a_static_launch_has_no_dynamic_pcrs),
		cmocka_unit_test(a_missing_bank_is_told),
		cmocka_unit_test(a_broken_log_does_not_replay),
		cmocka_unit_test(tpm2_eventlog_agrees),
	};
	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
