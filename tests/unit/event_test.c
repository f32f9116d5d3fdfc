/* attest/event.c: the one encoding, and each way to leave it. */
#include "attest/event.h"
#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { RECORD = 8, KIND = RECORD + 8, LENGTH = RECORD + 12, DIGEST = RECORD + 16, TEXT = RECORD + 80 };

static void sample(struct event *e)
{
	event_init(e, EVENT_MANIFEST, "signet 1.2.3");
	memset(e->digest, 0xD1, sizeof(e->digest));
	e->value[0] = 0x0102030405060708;
	e->value[1] = 9;
}

static void the_layout_is_as_written_down(void **state)
{
	(void)state;
	struct event e;
	u8 b[EVENT_TAGGED_SIZE];
	sample(&e);
	event_encode(&e, b);
	assert_memory_equal(b, "SGNT\0\1\0\0SIGNETE1\3\0\0\0\0\1\0\0", 24);
	assert_memory_equal(b + DIGEST, e.digest, 48);
	assert_memory_equal(b + RECORD + 64, "\10\7\6\5\4\3\2\1\11\0\0\0\0\0\0\0", 16);
	assert_string_equal((const char *)b + TEXT, "signet 1.2.3");
	assert_true(bytes_are_zero(b + TEXT + 12, EVENT_TEXT_SIZE - 12));
}

static void every_kind_returns_from_its_bytes(void **state)
{
	(void)state;
	static const enum event_kind kinds[] = {
		EVENT_STAGE,
		EVENT_KEYS,
		EVENT_MANIFEST,
		EVENT_COMPONENT,
		EVENT_SEPARATOR,
		EVENT_SLOT,
		EVENT_NV_STATE,
		EVENT_FIRMWARE,
		EVENT_SESSION,
		EVENT_GATE,
		EVENT_DMA,
		EVENT_BUILD,
		EVENT_SERVICE,
		EVENT_PROVISIONED,
		EVENT_GUEST,
	};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct event e;
		struct event back;
		u8 b[EVENT_TAGGED_SIZE];
		sample(&e);
		e.kind = kinds[i];
		event_encode(&e, b);
		memset(&back, 0xEE, sizeof(back));
		assert_int_equal(event_decode(b, sizeof(b), &back), OK);
		assert_int_equal(back.kind, kinds[i]);
		assert_memory_equal(back.digest, e.digest, sizeof(e.digest));
		assert_true(back.value[0] == e.value[0] && back.value[1] == 9);
		assert_memory_equal(back.text, e.text, EVENT_TEXT_SIZE);
	}
}

static void text_is_cut_and_cleaned(void **state)
{
	(void)state;
	struct event e;
	struct event back;
	u8 b[EVENT_TAGGED_SIZE];
	char text[200];
	memset(text, 'x', sizeof(text));
	text[3] = '\033';
	text[4] = '\x80';
	text[199] = 0;
	event_init(&e, EVENT_SLOT, text);
	assert_int_equal(strlen(e.text), EVENT_TEXT_SIZE - 1);
	assert_memory_equal(e.text, "xxx??x", 6);
	event_encode(&e, b);
	assert_int_equal(event_decode(b, sizeof(b), &back), OK);
}

static enum err decode_changed(size_t at, u8 value)
{
	struct event e;
	struct event back;
	u8 b[EVENT_TAGGED_SIZE];
	sample(&e);
	event_encode(&e, b);
	b[at] = value;
	return event_decode(b, sizeof(b), &back);
}

static void foreign_framing_is_refused(void **state)
{
	(void)state;
	/* Tag, tagged length, magic, record length: no byte of them is free. */
	for (size_t at = 0; at < KIND; at++)
		assert_int_equal(decode_changed(at, 0xEE), ERR_BOOT_LOG);
	for (size_t at = LENGTH; at < DIGEST; at++)
		assert_int_equal(decode_changed(at, 0xEE), ERR_BOOT_LOG);
	/* Digest and values are. */
	for (size_t at = DIGEST; at < TEXT; at++)
		assert_int_equal(decode_changed(at, 0xEE), OK);
}

static void unknown_kinds_are_refused(void **state)
{
	(void)state;
	static const u8 known[] = { 1, 2, 3, 4, 5, 16, 17, 18, 32, 33, 34, 35, 36, 37, 38, 39, 48 };
	for (unsigned kind = 0; kind < 256; kind++)
		assert_int_equal(
		        decode_changed(KIND, (u8)kind), memchr(known, (int)kind, sizeof(known)) ? OK : ERR_BOOT_LOG);
	assert_int_equal(decode_changed(KIND + 1, 1), ERR_BOOT_LOG);
	assert_int_equal(decode_changed(KIND + 3, 0x80), ERR_BOOT_LOG);
}

static void text_has_one_encoding(void **state)
{
	(void)state;
	assert_int_equal(decode_changed(TEXT, '!'), OK);
	assert_int_equal(decode_changed(TEXT, '\033'), ERR_BOOT_LOG);
	assert_int_equal(decode_changed(TEXT, 0x80), ERR_BOOT_LOG);
	/* Something behind the terminator. */
	assert_int_equal(decode_changed(TEXT + 2, 0), ERR_BOOT_LOG);
	assert_int_equal(decode_changed(TEXT + EVENT_TEXT_SIZE - 1, 'x'), ERR_BOOT_LOG);
	/* No terminator. */
	struct event e;
	struct event back;
	u8 b[EVENT_TAGGED_SIZE];
	sample(&e);
	event_encode(&e, b);
	memset(b + TEXT, 'x', EVENT_TEXT_SIZE);
	assert_int_equal(event_decode(b, sizeof(b), &back), ERR_BOOT_LOG);
	b[EVENT_TAGGED_SIZE - 1] = 0;
	assert_int_equal(event_decode(b, sizeof(b), &back), OK);
}

static void every_other_length_is_refused(void **state)
{
	(void)state;
	struct event e;
	struct event back;
	u8 b[EVENT_TAGGED_SIZE + 1] = { 0 };
	sample(&e);
	event_encode(&e, b);
	memset(&back, 0xEE, sizeof(back));
	for (size_t n = 0; n <= sizeof(b); n++)
		if (n != EVENT_TAGGED_SIZE)
			assert_int_equal(event_decode(b, n, &back), ERR_BOOT_LOG);
	assert_true(back.digest[0] == 0xEE);
	assert_int_equal(event_decode(b, EVENT_TAGGED_SIZE, &back), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_layout_is_as_written_down),
		cmocka_unit_test(every_kind_returns_from_its_bytes),
		cmocka_unit_test(text_is_cut_and_cleaned),
		cmocka_unit_test(foreign_framing_is_refused),
		cmocka_unit_test(unknown_kinds_are_refused),
		cmocka_unit_test(text_has_one_encoding),
		cmocka_unit_test(every_other_length_is_refused),
	};
	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
