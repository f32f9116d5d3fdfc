/* Device memory behind EPT violations: the instruction found through the guest's own tables, and what becomes of it. */
#include "hv/exit/handlers.h"
#include "tests/unit/fake_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define V (&fake.vcpu)
enum { P = 1, W = 2, U = 4, A = 0x20, LARGE = 0x80, CODE = 0x8000, DATA = 0x9000, RIP = 0x400000 };
#define NX (1ull << 63)

static void put64(u32 at, u64 value)
{
	memcpy(fake.memory + at, &value, sizeof(value));
}

static u64 get64(u32 at)
{
	u64 value;

	memcpy(&value, fake.memory + at, sizeof(value));
	return value;
}

/* 4-level tables at 1000h: 400000h code, 402000h data; 800000h a 2 MiB page of memory at 0; C0000000h 1 GiB. */
static int set_up(void **state)
{
	(void)state;
	fake_guest_reset();
	vcpu_set(V, VCPU_CR0, CR0_PE | CR0_ET | CR0_NE | CR0_PG | CR0_WP);
	vcpu_set(V, VCPU_EFER, EFER_LME | EFER_LMA | EFER_NXE);
	vcpu_set(V, VCPU_CR3, 0x1000);
	vcpu_set(V, VCPU_RIP, RIP);
	put64(0x1000, 0x2000 | P | W | U);
	put64(0x2000, 0x3000 | P | W | U);
	put64(0x2018, 0 | P | W | LARGE);
	put64(0x3010, 0x4000 | P | W | U);
	put64(0x3020, 0 | P | W | U | LARGE);
	put64(0x4000, CODE | P);
	put64(0x4010, DATA | P | W | NX);
	put64(0x4018, (DATA + 0x1000) | P | U | NX);
	return 0;
}

static enum exit_result touch(u64 guest, bool write)
{
	struct exit x = { .kind = EXIT_MEMORY, .memory = { .guest = guest, .write = write, .has_linear = true } };

	return exit_handle(V, &x);
}

static void code(const u8 *bytes, u32 n)
{
	memcpy(fake.memory + CODE, bytes, n);
	vcpu_set(V, VCPU_RIP, RIP);
	V->due = NO_EVENT;
	fake.accesses = 0;
}

static void device_memory_is_read_and_written(void **state)
{
	(void)state;
	fake.answer = 0x8182838485868788;
	V->gpr[RCX] = 0x1111111111111111;
	code((u8[]){ 0x8B, 0x08 }, 2);
	assert_int_equal(touch(DEVICE_MMIO + 4, false), EXIT_RETRY);
	assert_int_equal(V->gpr[RCX], 0x85868788);
	assert_int_equal(vcpu_get(V, VCPU_RIP), RIP + 2);
	code((u8[]){ 0x8A, 0x28 }, 2);
	assert_int_equal(touch(DEVICE_MMIO + 4, false), EXIT_RETRY);
	assert_int_equal(V->gpr[RCX], 0x85868888);
	code((u8[]){ 0x48, 0x0F, 0xBF, 0x08 }, 4);
	assert_int_equal(touch(DEVICE_MMIO + 4, false), EXIT_RETRY);
	assert_int_equal(V->gpr[RCX], 0xFFFFFFFFFFFF8788);
	code((u8[]){ 0x0F, 0xB6, 0x08 }, 3);
	assert_int_equal(touch(DEVICE_MMIO + 4, false), EXIT_RETRY);
	assert_int_equal(V->gpr[RCX], 0x88);
	V->gpr[RCX] = 0x1122334455667788;
	code((u8[]){ 0x88, 0x28 }, 2);
	assert_int_equal(touch(DEVICE_MMIO + 5, true), EXIT_RETRY);
	assert_true(fake.accesses == 1 && fake.access[0].write && fake.access[0].size == 1);
	assert_int_equal(fake.access[0].value, 0x77);
	code((u8[]){ 0x48, 0xC7, 0x00, 0xFE, 0xFF, 0xFF, 0xFF }, 7);
	assert_int_equal(touch(DEVICE_MMIO + 8, true), EXIT_RETRY);
	assert_int_equal(fake.access[0].value, ~1ull);
	/* Nobody there: ones, and writes are counted. */
	code((u8[]){ 0x8B, 0x08 }, 2);
	assert_int_equal(touch(0xE000000, false), EXIT_RETRY);
	assert_int_equal(V->gpr[RCX], 0xFFFFFFFF);
	code((u8[]){ 0x89, 0x08 }, 2);
	assert_int_equal(touch(0xE000000, true), EXIT_RETRY);
	assert_int_equal(bus_dropped, 1);
}

static void what_cannot_be_emulated_faults_or_stops(void **state)
{
	struct exit fetch = { .kind = EXIT_MEMORY,
		.memory = { .guest = DEVICE_MMIO, .fetch = true, .has_linear = true } };
	struct exit tables = { .kind = EXIT_MEMORY, .memory = { .has_linear = true, .walking = true } };

	(void)state;
	code((u8[]){ 0x01, 0x08 }, 2);
	assert_int_equal(touch(DEVICE_MMIO, true), EXIT_RETRY);
	assert_true(V->due.vector == VECTOR_UD && fake.accesses == 0 && vcpu_get(V, VCPU_RIP) == RIP);
	/* The instruction is another one by now: nothing happens but that it runs again. */
	code((u8[]){ 0x8B, 0x08 }, 2);
	assert_int_equal(touch(DEVICE_MMIO, true), EXIT_RETRY);
	assert_true(V->due.type == EVENT_NONE && fake.accesses == 0 && vcpu_get(V, VCPU_RIP) == RIP);
	assert_int_equal(exit_handle(V, &fetch), EXIT_STOP);
	assert_int_equal(exit_handle(V, &tables), EXIT_STOP);
	V->due = event_exception(VECTOR_GP, 0);
	assert_int_equal(touch(DEVICE_MMIO, false), EXIT_STOP);
}

static void assert_stores_from(u64 rip)
{
	V->due = NO_EVENT;
	vcpu_set(V, VCPU_RIP, rip);
	assert_int_equal(touch(DEVICE_MMIO, true), EXIT_RETRY);
	assert_true(V->due.type == EVENT_NONE && vcpu_get(V, VCPU_RIP) == rip + 2);
}

static void assert_no_code_at(u64 rip)
{
	V->due = NO_EVENT;
	vcpu_set(V, VCPU_RIP, rip);
	assert_int_equal(touch(DEVICE_MMIO, true), EXIT_RETRY);
	assert_true(V->due.vector == VECTOR_UD && fake.accesses == 0 && vcpu_get(V, VCPU_RIP) == rip);
}

static void code_lies_in_pages_of_every_size(void **state)
{
	(void)state;
	code((u8[]){ 0x89, 0x08 }, 2);
	assert_stores_from(RIP);
	assert_stores_from(0x800000 + CODE);
	assert_stores_from(0xC0000000 + CODE);
	/* Whatever their rights are: the processor has looked at them. */
	memcpy(fake.memory + DATA + 0x1010, (u8[]){ 0x89, 0x08 }, 2);
	assert_stores_from(RIP + 0x3010);
	/* An entry of the topmost table is none of a page. */
	put64(0x1000, 0x2000 | P | W | U | LARGE);
	assert_stores_from(RIP);
}

static void code_that_is_nowhere_is_not_run(void **state)
{
	static const u64 places[] = { MEMORY, MEMORY - 8 + 0x1000, 0x000FFFFFFFFFF000 };

	(void)state;
	code((u8[]){ 0x89, 0x08 }, 2);
	assert_no_code_at(RIP + 0x1000);
	assert_no_code_at(1ull << 47);
	assert_no_code_at(0xC0000000 + MEMORY);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		put64(0x3010, (places[i] & ~0xFFFull) | P);
		assert_no_code_at(RIP);
	}
	vcpu_set(V, VCPU_CR3, 0xFFFFFFFFFFFFF000);
	assert_no_code_at(RIP);
	/* Outside 64-bit code nothing is read at all. */
	set_up(NULL);
	code((u8[]){ 0x89, 0x08 }, 2);
	vcpu_set(V, VCPU_CS_ACCESS, 0xC09B);
	assert_no_code_at(RIP);
	vcpu_set(V, VCPU_CS_ACCESS, 0xA09B);
	vcpu_set(V, VCPU_EFER, 0);
	assert_no_code_at(RIP);
}

static void instructions_at_a_page_border_are_fetched(void **state)
{
	(void)state;
	code((u8[]){ 0 }, 1);
	memcpy(fake.memory + CODE + 0xFFE, (u8[]){ 0x89, 0x08 }, 2);
	vcpu_set(V, VCPU_RIP, RIP + 0xFFE);
	assert_int_equal(touch(DEVICE_MMIO, true), EXIT_RETRY);
	assert_int_equal(vcpu_get(V, VCPU_RIP), RIP + 0x1000);
	/* Now over the border, into a page that is not there; then one that is. */
	fake.memory[CODE + 0xFFF] = 0x89;
	vcpu_set(V, VCPU_RIP, RIP + 0xFFF);
	assert_int_equal(touch(DEVICE_MMIO, true), EXIT_RETRY);
	assert_int_equal(V->due.vector, VECTOR_UD);
	put64(0x4008, DATA | P);
	fake.memory[DATA] = 0x08;
	V->due = NO_EVENT;
	assert_int_equal(touch(DEVICE_MMIO, true), EXIT_RETRY);
	assert_int_equal(vcpu_get(V, VCPU_RIP), RIP + 0x1001);
}

/* A load into RCX at RIP, done once; whatever it was fetched by changes before the next time, without an exit. */
static void load_once(void)
{
	set_up(NULL);
	code((u8[]){ 0x8B, 0x08 }, 2);
	fake.answer = 1;
	assert_int_equal(touch(DEVICE_MMIO, false), EXIT_RETRY);
	assert_int_equal(V->gpr[RCX], 1);
	fake.answer = 2;
	vcpu_set(V, VCPU_RIP, RIP);
}

static void assert_loads(u8 gpr)
{
	V->due = NO_EVENT;
	V->gpr[gpr] = 0;
	assert_int_equal(touch(DEVICE_MMIO, false), EXIT_RETRY);
	assert_true(V->due.type == EVENT_NONE && V->gpr[gpr] == 2);
}

static void assert_fetches_no_more(void)
{
	assert_int_equal(touch(DEVICE_MMIO, false), EXIT_RETRY);
	assert_true(V->due.vector == VECTOR_UD && fake.accesses == 1 && vcpu_get(V, VCPU_RIP) == RIP);
}

static void the_same_instruction_is_not_fetched_twice(void **state)
{
	(void)state;
	load_once();
	/* With the tables' roots no longer where a walk would look for them. */
	fake.vm.memory[0].guest = 1ull << 40;
	assert_loads(RCX);
	vcpu_set(V, VCPU_RIP, RIP);
	assert_loads(RCX);
}

static void what_it_was_fetched_by_is_looked_at_each_time(void **state)
{
	static const u32 entries[] = { 0x1000, 0x2000, 0x3010, 0x4000 };

	(void)state;
	load_once();
	fake.memory[CODE + 1] = 0x18;
	assert_loads(RBX);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		load_once();
		put64(entries[i], get64(entries[i]) & ~(u64)P);
		assert_fetches_no_more();
		load_once();
		put64(entries[i], get64(entries[i]) | A);
		assert_loads(RCX);
	}
	load_once();
	vcpu_set(V, VCPU_CR3, 0x9000);
	assert_fetches_no_more();
	/* Another page under the same address. */
	load_once();
	memcpy(fake.memory + DATA, (u8[]){ 0x8B, 0x10 }, 2);
	put64(0x4000, DATA | P);
	assert_loads(RDX);
	load_once();
	vcpu_set(V, VCPU_CS_ACCESS, 0xC09B);
	assert_fetches_no_more();
}

static void what_is_no_instruction_is_not_kept(void **state)
{
	(void)state;
	load_once();
	code((u8[]){ 0x01, 0x08 }, 2);
	fake.accesses = 1;
	assert_fetches_no_more();
	V->due = NO_EVENT;
	assert_fetches_no_more();
}

static void string_instructions_are_not_permitted(void **state)
{
	(void)state;
	for (u32 in = 0; in < 2; in++) {
		struct exit x = { .kind = EXIT_IO, .io = { .port = DEVICE_PORT, .size = 1, .in = in, .string = true } };

		set_up(NULL);
		V->gpr[RCX] = 3;
		assert_int_equal(exit_handle(V, &x), EXIT_RETRY);
		assert_true(V->due.vector == VECTOR_GP && V->due.error == 0 && fake.accesses == 0);
		assert_true(V->gpr[RCX] == 3 && vcpu_get(V, VCPU_RIP) == RIP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(device_memory_is_read_and_written, set_up),
		cmocka_unit_test_setup(what_cannot_be_emulated_faults_or_stops, set_up),
		cmocka_unit_test_setup(the_same_instruction_is_not_fetched_twice, set_up),
		cmocka_unit_test_setup(what_it_was_fetched_by_is_looked_at_each_time, set_up),
		cmocka_unit_test_setup(what_is_no_instruction_is_not_kept, set_up),
		cmocka_unit_test_setup(instructions_at_a_page_border_are_fetched, set_up),
		cmocka_unit_test_setup(code_lies_in_pages_of_every_size, set_up),
		cmocka_unit_test_setup(code_that_is_nowhere_is_not_run, set_up),
		cmocka_unit_test_setup(string_instructions_are_not_permitted, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
