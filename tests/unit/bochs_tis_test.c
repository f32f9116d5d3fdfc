/*
 * The test bed's TPM registers: by themselves, and under our own driver.
 * Test code for a host.
 */
#include "tools/bochs-plugins/tpm/tis.h"

#include "lib/bytes.h"
#include "lib/tpm/startup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
	ACCESS = 0x00,
	STS = 0x18,
	HASH_END = 0x20,
	FIFO = 0x24,
	HASH_START = 0x28,
	XFIFO = 0x80,
	NOT_ESTABLISHED = 0x01,
	REQUEST = 0x02,
	PENDING = 0x04,
	SEIZE = 0x08,
	BEEN_SEIZED = 0x10,
	ACTIVE = 0x20,
	VALID = 0x80,
	RETRY = 0x02,
	EXPECT = 0x08,
	AVAILABLE = 0x10,
	GO = 0x20,
	READY = 0x40,
};

/* A TPM that keeps what it was asked and answers what it was told to. */
struct fake {
	struct tis tis;
	u8 command[TIS_BUFFER], response[TIS_BUFFER];
	size_t command_size, response_size;
	u8 locality;
	unsigned commands;
	char hashed[16];
	bool established, gone;
	u64 time;
};

static bool execute(void *context, u8 locality, u8 *buffer, size_t *n)
{
	struct fake *f = context;
	f->commands++;
	f->locality = locality;
	f->command_size = *n;
	memcpy(f->command, buffer, *n);
	memcpy(buffer, f->response, f->response_size);
	*n = f->response_size;
	return !f->gone;
}

static void note(struct fake *f, char c)
{
	size_t n = strlen(f->hashed);
	assert_true(n < sizeof(f->hashed) - 1);
	f->hashed[n] = c;
}

static bool hash_start(void *context)
{
	struct fake *f = context;
	f->established = true;
	note(f, '<');
	return !f->gone;
}

static bool hash_data(void *context, u8 byte)
{
	note(context, (char)byte);
	return true;
}

static bool hash_end(void *context)
{
	note(context, '>');
	return true;
}

static bool established(void *context, bool *established)
{
	const struct fake *f = context;
	*established = f->established;
	return true;
}

static bool reset_established(void *context, u8 locality)
{
	struct fake *f = context;
	/* As the TPM has it: denied from localities 3 and 4 only. */
	if (locality >= 3)
		f->established = false;
	return true;
}

static void fill(u8 *message, size_t n)
{
	for (size_t i = 0; i < n; i++)
		message[i] = (u8)(i * 7 + n);
	store_be16(message, 0x8001);
	store_be32(message + 2, (u32)n);
}

static void answer(struct fake *f, size_t n)
{
	fill(f->response, n);
	f->response_size = n;
}

static void power_on(struct fake *f)
{
	tis_reset(&f->tis,
	        (struct tis_backend){ execute, hash_start, hash_data, hash_end, established, reset_established, f });
}

static struct fake *fresh(void)
{
	static struct fake f;
	memset(&f, 0, sizeof(f));
	answer(&f, 10);
	power_on(&f);
	return &f;
}

static u32 at(u8 locality, u32 reg)
{
	return locality * TIS_PAGE + reg;
}

static u8 get(struct fake *f, u8 locality, u32 reg)
{
	return tis_read(&f->tis, at(locality, reg));
}

static void set(struct fake *f, u8 locality, u32 reg, u8 value)
{
	tis_write(&f->tis, at(locality, reg), value);
}

static u32 get32(struct fake *f, u8 locality, u32 reg)
{
	u8 bytes[4];
	for (u32 i = 0; i < sizeof(bytes); i++)
		bytes[i] = get(f, locality, reg + i);
	return load_le32(bytes);
}

static u32 driver_access(void *context, u32 offset, u32 width, const u32 *value)
{
	u8 bytes[4] = { 0 };

	if (value)
		store_le32(bytes, *value);
	for (u32 i = 0; i < width && i < sizeof(bytes); i++) {
		if (value)
			set(context, 0, offset + i, bytes[i]);
		else
			bytes[i] = get(context, 0, offset + i);
	}
	return load_le32(bytes);
}

static u64 driver_now(void *context)
{
	struct fake *f = context;
	return f->time += 10;
}

static void drive(struct fake *f, struct tpm_device *d)
{
	assert_int_equal(tpm_device_init(d, (struct tpm_registers){ driver_access, driver_now, NULL, f }), OK);
}

static enum err submit(struct tpm_device *d, size_t n, u8 *response, size_t *length)
{
	static u8 command[TIS_BUFFER];
	fill(command, n);
	struct tpm_transport t = tpm_device_transport(d);
	return t.submit(t.context, command, n, response, TIS_BUFFER, length);
}

static void driver_finds_it(void **state)
{
	(void)state;
	struct tpm_device d;
	drive(fresh(), &d);
	assert_string_equal(tpm_device_interface(&d), "tis");
}

static void driver_moves_all_sizes(void **state)
{
	(void)state;
	static const size_t sizes[] = { 10, 11, 63, 64, 65, 73, 74, 75, 1000, TIS_BUFFER - 1, TIS_BUFFER };
	static u8 response[TIS_BUFFER];
	struct fake *f = fresh();
	struct tpm_device d;
	drive(f, &d);
	for (size_t c = 0; c < ARRAY_SIZE(sizes); c++) {
		for (size_t r = 0; r < ARRAY_SIZE(sizes); r++) {
			size_t length = 0;
			u8 expected[TIS_BUFFER];
			fill(expected, sizes[c]);
			answer(f, sizes[r]);
			assert_int_equal(submit(&d, sizes[c], response, &length), OK);
			assert_int_equal(f->command_size, sizes[c]);
			assert_memory_equal(f->command, expected, sizes[c]);
			assert_int_equal(length, sizes[r]);
			assert_memory_equal(response, f->response, sizes[r]);
		}
	}
	assert_int_equal(f->commands, ARRAY_SIZE(sizes) * ARRAY_SIZE(sizes));
	assert_int_equal(get(f, 0, ACCESS), VALID | NOT_ESTABLISHED);
}

static void driver_sees_it_vanish(void **state)
{
	(void)state;
	static u8 response[TIS_BUFFER];
	struct fake *f = fresh();
	struct tpm_device d;
	size_t length;
	drive(f, &d);
	assert_int_equal(submit(&d, 10, response, &length), OK);
	f->gone = true;
	assert_int_not_equal(submit(&d, 10, response, &length), OK);
	assert_int_equal(get32(f, 0, STS), 0xFFFFFFFF);
	assert_int_equal(submit(&d, 10, response, &length), ERR_TPM_ABSENT);
	f->gone = false;
	power_on(f);
	assert_int_equal(submit(&d, 10, response, &length), OK);
}

static void identity(void **state)
{
	(void)state;
	struct fake *f = fresh();
	for (u8 l = 0; l < TIS_LOCALITIES; l++) {
		assert_int_equal(get32(f, l, 0x14), 0x30000600);
		assert_int_equal(get32(f, l, 0x30), 0x00002100);
		assert_int_equal(get32(f, l, 0xF00), 0x00011014);
		assert_int_equal(get32(f, l, 0xF04), 1);
	}
}

static void write_bytes_at(struct fake *f, u32 reg, const u8 *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		set(f, 0, reg, bytes[i]);
}

static void begin(struct fake *f)
{
	set(f, 0, ACCESS, REQUEST);
	set(f, 0, STS, READY);
}

static void go_waits_for_the_whole_command(void **state)
{
	(void)state;
	struct fake *f = fresh();
	u8 command[12];
	fill(command, sizeof(command));
	begin(f);
	assert_int_equal(get(f, 0, STS) & (READY | EXPECT), READY);
	write_bytes_at(f, FIFO, command, sizeof(command) - 1);
	assert_int_equal(get(f, 0, STS) & (READY | EXPECT), EXPECT);
	set(f, 0, STS, GO);
	assert_int_equal(f->commands, 0);
	write_bytes_at(f, XFIFO, command + sizeof(command) - 1, 1);
	assert_int_equal(get(f, 0, STS) & EXPECT, 0);
	set(f, 0, FIFO, 0xEE); /* one too many is dropped */
	set(f, 0, STS, GO);
	assert_int_equal(f->commands, 1);
	assert_int_equal(f->command_size, sizeof(command));
	assert_memory_equal(f->command, command, sizeof(command));
}

static void wrong_sizes_are_refused(void **state)
{
	(void)state;
	static const u8 refusal[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x42 };
	static const u32 sizes[] = { 0, 5, 9, TIS_BUFFER + 1, 0xFFFFFFFF };
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct fake *f = fresh();
		u8 header[10] = { 0x80, 0x01 };
		store_be32(header + 2, sizes[s]);
		begin(f);
		write_bytes_at(f, FIFO, header, sizeof(header));
		for (u32 i = 0; i < TIS_BUFFER && get(f, 0, STS) & EXPECT; i++)
			set(f, 0, FIFO, 0);
		set(f, 0, STS, GO);
		assert_int_equal(f->commands, 0);
		for (size_t i = 0; i < sizeof(refusal); i++)
			assert_int_equal(get(f, 0, FIFO), refusal[i]);
		assert_int_equal(get(f, 0, STS) & AVAILABLE, 0);
	}
}

static void response_can_be_read_again(void **state)
{
	(void)state;
	struct fake *f = fresh();
	u8 command[10];
	fill(command, sizeof(command));
	answer(f, 100);
	begin(f);
	write_bytes_at(f, FIFO, command, sizeof(command));
	set(f, 0, STS, GO);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(get32(f, 0, STS) >> 8 & 0xFFFF, TIS_BURST);
		for (size_t i = 0; i < 100; i++)
			assert_int_equal(get(f, 0, FIFO), f->response[i]);
		assert_int_equal(get32(f, 0, STS) >> 8 & 0xFFFF, 0);
		assert_int_equal(get(f, 0, FIFO), 0xFF);
		set(f, 0, STS, RETRY);
	}
	set(f, 0, STS, READY);
	assert_int_equal(get(f, 0, STS) & AVAILABLE, 0);
}

static void one_locality_at_a_time(void **state)
{
	(void)state;
	struct fake *f = fresh();
	set(f, 1, ACCESS, REQUEST);
	set(f, 0, ACCESS, REQUEST);
	set(f, 2, ACCESS, REQUEST);
	assert_int_equal(get(f, 1, ACCESS), VALID | NOT_ESTABLISHED | ACTIVE | PENDING);
	assert_int_equal(get(f, 0, ACCESS), VALID | NOT_ESTABLISHED | REQUEST | PENDING);
	assert_int_equal(get32(f, 0, STS), 0xFFFFFFFF);
	set(f, 0, STS, READY); /* not its turn */
	assert_int_equal(get(f, 1, STS) & READY, 0);
	set(f, 1, STS, READY);
	set(f, 1, FIFO, 0x80);
	set(f, 1, ACCESS, ACTIVE);
	/* The highest that waits is next, and finds nothing of the one before. */
	assert_int_equal(get(f, 2, ACCESS), VALID | NOT_ESTABLISHED | ACTIVE | PENDING);
	assert_int_equal(get(f, 2, STS) & (READY | EXPECT), 0);
	set(f, 0, ACCESS, ACTIVE); /* no longer waits */
	set(f, 2, ACCESS, ACTIVE);
	assert_int_equal(get(f, 0, ACCESS), VALID | NOT_ESTABLISHED);
}

static void only_a_higher_one_seizes(void **state)
{
	(void)state;
	struct fake *f = fresh();
	set(f, 2, ACCESS, REQUEST);
	set(f, 1, ACCESS, SEIZE);
	set(f, 2, ACCESS, SEIZE);
	assert_int_equal(get(f, 2, ACCESS), VALID | NOT_ESTABLISHED | ACTIVE);
	set(f, 3, ACCESS, SEIZE);
	assert_int_equal(get(f, 3, ACCESS), VALID | NOT_ESTABLISHED | ACTIVE);
	assert_int_equal(get(f, 2, ACCESS), VALID | NOT_ESTABLISHED | BEEN_SEIZED);
	set(f, 2, ACCESS, BEEN_SEIZED);
	assert_int_equal(get(f, 2, ACCESS), VALID | NOT_ESTABLISHED);
	/* Locality 4 is the processor's. */
	set(f, 4, ACCESS, SEIZE);
	set(f, 4, ACCESS, REQUEST);
	assert_int_equal(get(f, 3, ACCESS), VALID | NOT_ESTABLISHED | ACTIVE);
}

static void commands_carry_their_locality(void **state)
{
	(void)state;
	for (u8 l = 0; l < 4; l++) {
		struct fake *f = fresh();
		u8 command[10];
		fill(command, sizeof(command));
		set(f, l, ACCESS, REQUEST);
		set(f, l, STS, READY);
		for (size_t i = 0; i < sizeof(command); i++)
			set(f, l, FIFO, command[i]);
		set(f, l, STS, GO);
		assert_int_equal(f->commands, 1);
		assert_int_equal(f->locality, l);
	}
}

static void dynamic_launch(void **state)
{
	(void)state;
	struct fake *f = fresh();
	set(f, 4, FIFO, 'x'); /* not started */
	set(f, 4, HASH_END, 0);
	set(f, 3, HASH_START, 0); /* not the processor */
	assert_string_equal(f->hashed, "");
	set(f, 0, ACCESS, REQUEST);
	set(f, 4, HASH_START, 0);
	set(f, 3, ACCESS, SEIZE); /* nobody comes between */
	for (const char *c = "abc"; *c; c++)
		set(f, 4, FIFO, (u8)*c);
	set(f, 4, HASH_END, 0);
	set(f, 4, FIFO, 'x');
	assert_string_equal(f->hashed, "<abc>");
	assert_int_equal(get(f, 0, ACCESS), VALID | BEEN_SEIZED);
	/* The bit stays until a locality that may denies it. */
	power_on(f);
	assert_int_equal(get(f, 0, ACCESS), VALID);
	set(f, 0, ACCESS, REQUEST);
	set(f, 0, STS + 3, 0x02);
	assert_int_equal(get(f, 0, ACCESS), VALID | ACTIVE);
	set(f, 3, ACCESS, SEIZE);
	set(f, 3, STS + 3, 0x02);
	assert_int_equal(get(f, 3, ACCESS), VALID | ACTIVE | NOT_ESTABLISHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(driver_finds_it),
		cmocka_unit_test(driver_moves_all_sizes),
		cmocka_unit_test(driver_sees_it_vanish),
		cmocka_unit_test(identity),
		cmocka_unit_test(go_waits_for_the_whole_command),
		cmocka_unit_test(wrong_sizes_are_refused),
		cmocka_unit_test(response_can_be_read_again),
		cmocka_unit_test(one_locality_at_a_time),
		cmocka_unit_test(only_a_higher_one_seizes),
		cmocka_unit_test(commands_carry_their_locality),
		cmocka_unit_test(dynamic_launch),
	};
	return cmocka_run_group_tests_name("bochs_tis", tests, NULL, NULL);
}
