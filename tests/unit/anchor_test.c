/* The anchor: encoding and parsing it, and the empty one that a stage is compiled with. */
#include "image/anchor.h"
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct forge forged;
static struct anchor parsed;
static u8 bytes[ANCHOR_SIZE];
static u32 body_length;

static struct anchor example(void)
{
	return (struct anchor){
		.flags = IMAGE_DEVELOPMENT,
		.serial_port = 0x3F8,
		.serial_baud = 115200,
		.hardware_class = "server-1",
	};
}

static int set_up(void **state)
{
	(void)state;
	struct anchor a = example();

	forge_init(&forged);
	body_length = load_le32(forged.region + 12);
	assert_int_equal(anchor_encode(&a, forged.region, body_length, bytes), OK);
	return 0;
}

static void an_anchor_survives_both_ways(void **state)
{
	(void)state;
	u8 digest[SHA384_SIZE];
	u8 again[ANCHOR_SIZE];

	assert_int_equal(anchor_parse(bytes, &parsed), OK);
	assert_int_equal(parsed.flags, IMAGE_DEVELOPMENT);
	assert_int_equal(parsed.serial_port, 0x3F8);
	assert_int_equal(parsed.serial_baud, 115200);
	assert_string_equal(parsed.hardware_class, "server-1");
	assert_memory_equal(&parsed.keys, &forged.keys, sizeof(parsed.keys));
	sha384_of(bytes, ANCHOR_SIZE, digest);
	assert_memory_equal(parsed.digest, digest, SHA384_SIZE);
	assert_int_equal(anchor_encode(&parsed, forged.region, body_length, again), OK);
	assert_memory_equal(again, bytes, ANCHOR_SIZE);
}

static void a_stage_as_compiled_trusts_nobody(void **state)
{
	(void)state;
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(anchor_parse(bytes, &parsed), ERR_BOOT_ANCHOR);
	memcpy(bytes, ANCHOR_MAGIC, MAGIC_SIZE);
	assert_int_equal(anchor_parse(bytes, &parsed), ERR_BOOT_ANCHOR);
}

static void malformed_anchors_are_refused(void **state)
{
	static const struct {
		const char *what;
		u32 offset;
		u32 value;
	} malformed[] = {
		{ "magic", 0, 0 },
		{ "version", 8, 2 },
		{ "unknown flag", 12, 4 },
		{ "serial port beyond I/O space", 16, 0xFFF9 },
		{ "no port, yet a speed", 16, 0 },
		{ "a port without speed", 20, 0 },
		{ "a speed that divides nothing", 20, 115201 },
		{ "no keys", 24, 0 },
		{ "length one short", 24, 0x387 },
		{ "length beyond the anchor", 24, ANCHOR_SIZE },
		{ "length near 2^32", 24, 0xFFFFFFFF },
		{ "reserved", 28, 1 },
		{ "no hardware class", 32, 0 },
		{ "key manifest magic", ANCHOR_FIXED_SIZE, 0 },
		{ "a byte at the very end", ANCHOR_SIZE - 4, 0x01000000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		set_up(state);
		store_le32(bytes + malformed[i].offset, malformed[i].value);
		if (anchor_parse(bytes, &parsed) != ERR_BOOT_ANCHOR)
			fail_msg("accepted: %s", malformed[i].what);
	}
}

static void limits_themselves_are_allowed(void **state)
{
	(void)state;
	struct anchor a = example();

	a.flags = 0;
	a.serial_port = 0;
	a.serial_baud = 0;
	memset(a.hardware_class, 'x', TEXT_SIZE);
	assert_int_equal(anchor_encode(&a, forged.region, body_length, bytes), OK);
	assert_int_equal(anchor_parse(bytes, &parsed), OK);
	assert_int_equal(strlen(parsed.hardware_class), TEXT_SIZE);
	a.serial_port = 0xFFF8;
	a.serial_baud = 1;
	assert_int_equal(anchor_encode(&a, forged.region, body_length, bytes), OK);
	assert_int_equal(anchor_parse(bytes, &parsed), OK);
}

static void what_would_not_parse_is_not_encoded(void **state)
{
	(void)state;
	struct anchor a = example();
	static const u8 long_body[KEYS_BODY_MAX + 1];

	assert_int_equal(anchor_encode(&a, long_body, sizeof(long_body), bytes), ERR_RANGE);
	assert_int_equal(anchor_encode(&a, long_body, KEYS_BODY_MAX, bytes), OK);
	a.serial_baud = 0;
	assert_int_equal(anchor_encode(&a, forged.region, body_length, bytes), ERR_RANGE);
	a = example();
	a.flags = 4;
	assert_int_equal(anchor_encode(&a, forged.region, body_length, bytes), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_anchor_survives_both_ways, set_up),
		cmocka_unit_test(a_stage_as_compiled_trusts_nobody),
		cmocka_unit_test(malformed_anchors_are_refused),
		cmocka_unit_test_setup(limits_themselves_are_allowed, set_up),
		cmocka_unit_test_setup(what_would_not_parse_is_not_encoded, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
