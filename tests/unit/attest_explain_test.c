/*
 * Events and differences in words, over logs that may say anything.
 */
#include "attest/explain.h"
#include "tests/unit/log_sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { EV_VARIABLE = 0x80000001, EV_AUTHORITY = 0x800000E0, EV_APPLICATION = 0x80000003, EV_BLOB = 0x80000008 };

static struct event_words words;

static void tell(u32 type, const u8 *data, size_t n)
{
	/* Its own memory, so that the sanitizer sees a byte too far. */
	u8 *copy = malloc(n ? n : 1);
	struct log_event e = { .pcr = 0, .type = type, .data = copy, .length = (u32)n };

	assert_non_null(copy);
	if (n)
		memcpy(copy, data, n);
	event_words(&e, &words);
	free(copy);
}

static size_t write_wide_text(u8 *out, const char *text)
{
	for (size_t i = 0; i <= strlen(text); i++)
		store_le16(out + 2 * i, (u8)text[i]);
	return 2 * (strlen(text) + 1);
}

static size_t make_variable(u8 out[128], const char *name, u64 claimed, const u8 *content, size_t n)
{
	memset(out, 0xEE, 16);
	store_le64(out + 16, claimed);
	store_le64(out + 24, n);
	size_t at = 32 + write_wide_text(out + 32, name) - 2;
	if (n)
		memcpy(out + at, content, n);
	return at + n;
}

static void variables_are_named(void **state)
{
	(void)state;
	u8 data[128];
	static const u8 on = 1;
	static const u8 certificate[40];
	size_t n = make_variable(data, "SecureBoot", 10, &on, 1);
	tell(EV_VARIABLE, data, n);
	assert_string_equal(words.type, "EV_EFI_VARIABLE_DRIVER_CONFIG");
	assert_string_equal(words.what, "UEFI variable SecureBoot: on");
	n = make_variable(data, "db", 2, certificate, sizeof(certificate));
	tell(EV_AUTHORITY, data, n);
	assert_string_equal(words.what, "UEFI variable db, 40 bytes");
	/* A length that overflows when doubled. */
	n = make_variable(data, "db", 1ULL << 63, NULL, 0);
	tell(EV_VARIABLE, data, n);
	assert_string_equal(words.what, "UEFI variable (malformed)");
}

static size_t make_image(u8 out[128], const char *path)
{
	static const u8 end[4] = { 0x7F, 0xFF, 4, 0 };
	memset(out, 0, 32);
	store_le64(out + 8, 4096);
	u8 *node = out + 32;
	size_t n = write_wide_text(node + 4, path) + 4;
	node[0] = 4;
	node[1] = 4;
	store_le16(node + 2, (u16)n);
	memcpy(node + n, end, sizeof(end));
	store_le64(out + 24, n + 4);
	return 32 + n + 4;
}

static void images_are_named_by_their_file(void **state)
{
	(void)state;
	u8 data[128];
	size_t n = make_image(data, "\\EFI\\BOOT\\BOOTX64.EFI");
	tell(EV_APPLICATION, data, n);
	assert_string_equal(words.type, "EV_EFI_BOOT_SERVICES_APPLICATION");
	assert_string_equal(words.what, "\\EFI\\BOOT\\BOOTX64.EFI, 4096 bytes");
	store_le64(data + 24, n);
	tell(EV_APPLICATION, data, n);
	assert_string_equal(words.what, "(malformed)");
}

/* No length, no type and no byte of a log makes it read too far, or write what is not printable. */
static void everything_is_bounded(void **state)
{
	(void)state;
	u8 data[128];
	static const u32 more[] = { 1, 3, 4, 5, 6, 7, 8, 9, 0x13, EV_AUTHORITY, EV_APPLICATION, EV_BLOB, 0x80000006,
		0x80000009, 0x8000000A, 0xFFFFFFFF };
	size_t n = make_image(data, "\\EFI\\BOOT\\GRUB\x01\x7f.EFI");
	for (size_t t = 0; t < ARRAY_SIZE(more); t++)
		for (size_t cut = 0; cut <= n; cut++) {
			tell(more[t], data, cut);
			for (size_t i = 0; words.what[i]; i++)
				assert_true(words.what[i] >= ' ' && words.what[i] <= '~');
			assert_true(strlen(words.what) < EVENT_WHAT_WORDS && words.type[0]);
		}
	memset(data, 0xFF, sizeof(data));
	for (size_t t = 0; t < ARRAY_SIZE(more); t++)
		tell(more[t], data, sizeof(data));
}

struct boot {
	u8 bytes[SAMPLE_ROOM];
	struct log log;
	struct baseline baseline;
	struct bytes_view view;
};

static void make_boot(struct boot *b, const char *const *firmware, size_t count)
{
	assert_int_equal(log_create(&b->log, b->bytes, sizeof(b->bytes), &sample_banks), OK);
	for (size_t i = 0; i < count; i++)
		sample_append(&b->log, (u32)(i % 8), 1, firmware[i], strlen(firmware[i]));
	assert_int_equal(baseline_of(b->bytes, b->log.bytes.used, &b->baseline), OK);
	b->view = (struct bytes_view){ b->bytes, b->log.bytes.used };
}

static struct boot approved, found;

static void a_difference_is_told_by_both_logs(void **state)
{
	(void)state;
	static const char *const old[] = { "firmware 1.0", "settings", "card" };
	static const char *const new[] = { "firmware 1.1", "settings", "card" };
	struct appraisal a = { .verdict = VERDICT_BASELINE_DIFFERS };
	struct explanation x;
	make_boot(&approved, old, 3);
	make_boot(&found, new, 3);
	assert_false(baseline_matches(&approved.baseline, found.bytes, found.view.n, &a.difference));
	explain(&a, &found.view, &approved.view, &x);
	assert_non_null(strstr(x.expected, "EV_POST_CODE: firmware 1.0 (sha256 "));
	assert_non_null(strstr(x.found, "EV_POST_CODE: firmware 1.1 (sha256 "));
	assert_non_null(strstr(x.advice, "firmware updated"));
	/* Without the approved log there is the digest. */
	explain(&a, &found.view, NULL, &x);
	assert_int_equal(strncmp(x.expected, "sha256 ", 7), 0);
	/* One event less. */
	make_boot(&found, old, 2);
	assert_false(baseline_matches(&approved.baseline, found.bytes, found.view.n, &a.difference));
	explain(&a, &found.view, &approved.view, &x);
	assert_non_null(strstr(x.expected, "card"));
	assert_string_equal(x.found, "no event");
}

static void a_pcr_without_a_measurement_is_told_by_itself(void **state)
{
	struct appraisal a = { .verdict = VERDICT_PCR_VOID, .difference = { .known = true, .pcr = 4 } };
	struct explanation x;

	(void)state;
	explain(&a, &found.view, NULL, &x);
	assert_string_equal(x.expected, "PCR 4 with this boot's measurements");
	assert_string_equal(x.found, "PCR 4 as the TPM quotes it: all zeros, nothing was measured into it");
	memset(a.difference.found, 0xFF, sizeof(a.difference.found));
	explain(&a, &found.view, NULL, &x);
	assert_string_equal(x.found, "PCR 4 as the TPM quotes it: all ones, where no measurement leads");
}

static struct change changes[CHANGES_MAX];

static void diffs_are_the_fewest_changes(void **state)
{
	(void)state;
	static const char *const old[] = { "a", "b", "c", "d" };
	static const char *const new[] = { "a", "x", "c", "d" };
	static const enum change_kind expected[] = { CHANGE_SAME, CHANGE_GONE, CHANGE_NEW, CHANGE_SAME, CHANGE_SAME };
	u32 count;
	make_boot(&approved, old, 4);
	make_boot(&found, new, 4);
	assert_int_equal(baseline_diff(&approved.baseline, &found.baseline, changes, &count), OK);
	assert_int_equal(count, ARRAY_SIZE(expected));
	for (u32 i = 0; i < count; i++)
		assert_int_equal(changes[i].kind, expected[i]);
	assert_int_equal(baseline_event_words(&found.view, changes[2].found, &words), OK);
	assert_string_equal(words.what, "x");
	assert_int_equal(baseline_event_words(&found.view, 4, &words), ERR_RANGE);
	assert_int_equal(baseline_diff(&approved.baseline, &approved.baseline, changes, &count), OK);
	assert_int_equal(count, 4);
	/* As many events as a baseline holds, all different. */
	approved.baseline.count = found.baseline.count = BASELINE_EVENTS_MAX;
	for (u32 i = 0; i < BASELINE_EVENTS_MAX; i++) {
		approved.baseline.events[i].type = i;
		found.baseline.events[i].type = i + BASELINE_EVENTS_MAX;
	}
	assert_int_equal(baseline_diff(&approved.baseline, &found.baseline, changes, &count), OK);
	assert_int_equal(count, CHANGES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_named),
		cmocka_unit_test(images_are_named_by_their_file),
		cmocka_unit_test(everything_is_bounded),
		cmocka_unit_test(a_difference_is_told_by_both_logs),
		cmocka_unit_test(a_pcr_without_a_measurement_is_told_by_itself),
		cmocka_unit_test(diffs_are_the_fewest_changes),
	};
	return cmocka_run_group_tests_name("attest_explain", tests, NULL, NULL);
}
