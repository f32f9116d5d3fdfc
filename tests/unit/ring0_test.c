/*
 * The very objects that run without an OS, linked into a host program (lib/module.mk): crypto on its bounded heap, the
 * stack guard, the way both stop.
 */
#include "lib/crypto/crypto.h"
#include "lib/fatal.h"
#include "lib/print.h"
#include "lib/stack_guard.h"
#include "tests/unit/hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char key_hex[] = "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
                              "DEF8F0EA9055866064A254515480BC138015D9B72D7D57244EA8EF9AC0C62189"
                              "6708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720";
static const char signature_hex[] = "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
                                    "81A648152E44ACF96E36DD1E80FABE4699EF4AEB15F178CEA1FE40DB2603138F"
                                    "130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8";

enum { HEAP_SIZE = 16384 };
static _Alignas(16) u8 heap[HEAP_SIZE];

static jmp_buf stopped;
static char console[1024];
static size_t console_used;

static void stop(void)
{
	longjmp(stopped, 1);
}

static void listen(const char *text, size_t n)
{
	memcpy(console + console_used, text, n);
	console_used += n;
	console[console_used] = 0;
}

static int set_up(void **state)
{
	(void)state;
	console_used = 0;
	fatal_set(stop);
	return 0;
}

static enum err verify(u8 flip)
{
	u8 key[P384_KEY_SIZE];
	u8 signature[P384_SIGNATURE_SIZE];
	u8 digest[SHA384_SIZE];
	unhex(key, sizeof(key), key_hex);
	unhex(signature, sizeof(signature), signature_hex);
	sha384_of((const u8 *)"sample", 6, digest);
	signature[50] ^= flip;
	return ecdsa_p384_verify(key, digest, signature);
}

static void verifies_again_and_again(void **state)
{
	(void)state;
	crypto_heap_init(heap, HEAP_SIZE);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(verify(0), OK);
		assert_int_equal(verify(1), ERR_SIGNATURE_WRONG);
	}
}

static void the_promised_peak_is_enough(void **state)
{
	(void)state;
	crypto_heap_init(heap, 9216);
	assert_int_equal(verify(0), OK);
}

/* However little there is: never a crash, never a yes for a wrong one. */
static void too_small_a_heap_is_said(void **state)
{
	(void)state;
	size_t refused = 0;
	for (size_t n = 256; n <= 4096; n += 112) {
		crypto_heap_init(heap, n);
		enum err right = verify(0);
		assert_true(right == OK || right == ERR_NO_MEMORY);
		assert_int_not_equal(verify(1), OK);
		refused += right == ERR_NO_MEMORY;
	}
	assert_true(refused > 10);
}

static void a_damaged_heap_stops(void **state)
{
	(void)state;
	crypto_heap_init(heap, HEAP_SIZE);
	assert_int_equal(verify(0), OK);
	memset(heap, 0x5A, 64);
	if (setjmp(stopped) == 0) {
		(void)!verify(0);
		fail_msg("went on with a damaged heap");
	}
	assert_non_null(strstr(console, "signet: stop 1: "));
	assert_non_null(strstr(console, "heap"));
}

static bool disturb;

/* Changes the canary under the feet of say(), which called us and has a protected buffer. */
static void disturbing_sink(const char *text, size_t n)
{
	(void)text;
	(void)n;
	if (disturb)
		stack_guard_seed(0x1122334455667788);
	disturb = false;
}

static void a_changed_canary_stops(void **state)
{
	(void)state;
	console_set(disturbing_sink);
	say("an undisturbed line passes");
	if (setjmp(stopped) == 0) {
		disturb = true;
		say("a disturbed one does not");
		fail_msg("the stack guard did not notice");
	}
	assert_non_null(strstr(console, "signet: stop 1: internal inconsistency: a stack buffer was overrun\n"));
	assert_true(stack_guard_fs[5] == 0x1122334455667700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(verifies_again_and_again, set_up),
		cmocka_unit_test_setup(the_promised_peak_is_enough, set_up),
		cmocka_unit_test_setup(too_small_a_heap_is_said, set_up),
		cmocka_unit_test_setup(a_damaged_heap_stops, set_up),
		cmocka_unit_test_setup(a_changed_canary_stops, set_up),
	};
	console_set(listen);
	return cmocka_run_group_tests_name("ring0", tests, NULL, NULL);
}
