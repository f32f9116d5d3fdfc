/* Which events of PCR1 are boot variables: name, content and digest have to fit each other. */
#include "attest/boot_variable.h"

#include "keys/esl.h"
#include "keys/variable.h"
#include "lib/crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { BOOT = 0x80000002, BOOT2 = 0x8000000C, CONTENT_AT = 128 };

static const struct log_format format = { .count = 1, .alg = { TPM_ALG_SHA256 }, .size = { SHA256_SIZE } };
static const char option[] = "\1\0\0\0\4\0x\0\0\0\x7f\xff\4\0data";
static u8 data[512], digest[SHA256_SIZE];
static struct log_event event;

static void make(const char *name, const void *content, size_t n)
{
	struct writer w = writer_on(data, sizeof(data));

	write_bytes(&w, guid_global, GUID_SIZE);
	write_le64(&w, strlen(name));
	write_le64(&w, n);
	for (size_t i = 0; name[i]; i++)
		write_le16(&w, (u8)name[i]);
	write_bytes(&w, content, n);
	assert_false(w.failed);
	sha256_of(content, n, digest);
	event = (struct log_event){ .pcr = 1, .type = BOOT, .digest = { digest }, .data = data, .length = (u32)w.used };
}

static bool taken(void)
{
	struct boot_variables b = { false };

	return boot_variable_take(&b, &format, &event);
}

static bool is_taken(const char *name, const char *content, size_t n)
{
	make(name, content, n);
	return taken();
}

static void entries_and_their_order_are_taken(void **state)
{
	(void)state;
	assert_true(is_taken("Boot0001", option, sizeof(option) - 1));
	event.type = BOOT2;
	assert_true(taken());
	sha256_of(data, event.length, digest);
	assert_true(taken());
	assert_true(is_taken("BootFFFF", option, 14));
	assert_true(is_taken("BootOrder", "\1\0\2\0", 4));
}

static void others_are_not(void **state)
{
	(void)state;
	make("Boot0001", option, 14);
	event.pcr = 2;
	assert_false(taken());
	make("Boot0001", option, 14);
	event.type = 0x80000001;
	assert_false(taken());
	make("Boot0001", option, 14);
	digest[0] ^= 1;
	assert_false(taken());
	make("Boot0001", option, 14);
	data[0] ^= 1;
	assert_false(taken());
	make("Boot0001", option, 14);
	event.length--;
	assert_false(taken());
	assert_false(is_taken("Boot001", option, 14));
	assert_false(is_taken("Boot00a1", option, 14));
	assert_false(is_taken("BootNext", option, 14));
	assert_false(is_taken("BootOrders", "\1\0", 2));
}

static void contents_have_their_form(void **state)
{
	(void)state;
	for (size_t n = 0; n < 14; n++)
		assert_false(is_taken("Boot0001", option, n));
	assert_false(is_taken("Boot0001", "\1\0\0\0\4\0x\0\0\0\x7f\xff\5\0", 14));
	assert_false(is_taken("Boot0001", "\1\0\0\0\4\0x\0\0\0\x7f\x01\4\0", 14));
	assert_false(is_taken("Boot0001", "\1\0\0\0\0\0x\0\0\0\x7f\xff\4\0", 14));
	assert_false(is_taken("Boot0001", "\1\0\0\0\10\0x\0\0\0\x7f\xff\4\0\x7f\xff\4\0", 18));
	assert_false(is_taken("Boot0001", "\1\0\0\0\10\0x\0\0\0\1\1\3\0\x7f\xff\4\0", 18));
	assert_false(is_taken("BootOrder", "", 0));
	assert_false(is_taken("BootOrder", "\1\0\2", 3));
	assert_false(is_taken("BootOrder", "\1\0\2\0\1\0", 6));
}

static void the_order_comes_once(void **state)
{
	struct boot_variables b = { false };

	(void)state;
	make("BootOrder", "\1\0", 2);
	assert_true(boot_variable_take(&b, &format, &event));
	assert_false(boot_variable_take(&b, &format, &event));
	make("Boot0001", option, 14);
	assert_true(boot_variable_take(&b, &format, &event));
	assert_true(boot_variable_take(&b, &format, &event));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_and_their_order_are_taken),
		cmocka_unit_test(others_are_not),
		cmocka_unit_test(contents_have_their_form),
		cmocka_unit_test(the_order_comes_once),
	};

	return cmocka_run_group_tests_name("boot variables", tests, NULL, NULL);
}
