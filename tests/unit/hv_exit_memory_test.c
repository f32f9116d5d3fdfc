/* Guest page walks in every paging mode, device memory behind EPT violations, and string instructions on ports. */
#include "hv/exit/handlers.h"
#include "hv/vm/walk.h"
#include "tests/unit/fake_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define V (&fake.vcpu)
enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, LARGE = 0x80, CODE = 0x8000, DATA = 0x9000, RIP = 0x400000 };
#define NX (1ull << 63)

static void put64(u32 at, u64 value)
{
	memcpy(fake.memory + at, &value, sizeof(value));
}

static void put32(u32 at, u32 value)
{
	memcpy(fake.memory + at, &value, sizeof(value));
}

static u64 get64(u32 at)
{
	u64 value;

	memcpy(&value, fake.memory + at, sizeof(value));
	return value;
}

/* 4-level tables at 1000h: 400000h-401FFFh code, then data; 800000h a 2 MiB page of memory at 0; C0000000h 1 GiB. */
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

static enum walk_result go(u64 linear, u32 access, u64 *guest, struct walk_fault *fault)
{
	struct paging p = paging_of(V);

	return walk(&fake.vm, &p, linear, access, NULL, guest, fault);
}

static void assert_walks(u64 linear, u32 access, u64 to)
{
	struct walk_fault fault;
	u64 guest;

	assert_int_equal(go(linear, access, &guest, &fault), WALK_DONE);
	assert_int_equal(guest, to);
}

static void assert_faults(u64 linear, u32 access, u32 error)
{
	struct walk_fault fault;
	u64 guest;

	assert_int_equal(go(linear, access, &guest, &fault), WALK_FAULT);
	assert_int_equal(fault.linear, linear);
	assert_int_equal(fault.error, error);
}

static void long_mode_walks_and_checks_rights(void **state)
{
	(void)state;
	assert_walks(RIP + 0x123, FAULT_FETCH, CODE + 0x123);
	assert_walks(RIP + 0x2FFF, FAULT_WRITE, DATA + 0xFFF);
	assert_walks(0x800000 + 0x5678, 0, 0x5678);
	assert_walks(0xC0000000 + 0x5678, 0, 0x5678);
	assert_faults(RIP + 0x1000, 0, 0);
	assert_faults(RIP + 0x1000, FAULT_WRITE | FAULT_USER, FAULT_WRITE | FAULT_USER);
	assert_faults(RIP, FAULT_WRITE, FAULT_WRITE | FAULT_PRESENT);
	assert_faults(RIP, FAULT_USER, FAULT_USER | FAULT_PRESENT);
	assert_faults(RIP + 0x2000, FAULT_FETCH, FAULT_FETCH | FAULT_PRESENT);
	assert_walks(RIP + 0x3000, FAULT_USER, DATA + 0x1000);
	assert_faults(RIP + 0x3000, FAULT_USER | FAULT_WRITE, FAULT_USER | FAULT_WRITE | FAULT_PRESENT);
	assert_faults(1ull << 47, 0, 0);
}

static void supervisor_rules_follow_the_control_registers(void **state)
{
	(void)state;
	vcpu_set(V, VCPU_CR4, CR4_PAE | CR4_SMEP | CR4_SMAP);
	assert_faults(0x800000, FAULT_FETCH, FAULT_FETCH | FAULT_PRESENT);
	assert_faults(0x800000, 0, FAULT_PRESENT);
	vcpu_set(V, VCPU_RFLAGS, RFLAGS_FIXED | RFLAGS_AC);
	assert_walks(0x800000, 0, 0);
	vcpu_set(V, VCPU_CR4, CR4_PAE);
	assert_walks(0x800000, FAULT_FETCH, 0);
	vcpu_set(V, VCPU_CR0, CR0_PE | CR0_ET | CR0_NE | CR0_PG);
	assert_walks(RIP, FAULT_WRITE, CODE);
}

static void accessed_and_dirty_bits_are_set(void **state)
{
	(void)state;
	assert_walks(RIP + 0x2000, 0, DATA);
	assert_int_equal(get64(0x1000), 0x2000 | P | W | U | A);
	assert_int_equal(get64(0x4010), DATA | P | W | A | NX);
	assert_walks(RIP + 0x2000, FAULT_WRITE, DATA);
	assert_int_equal(get64(0x4010), DATA | P | W | A | D | NX);
	assert_faults(RIP, FAULT_WRITE, FAULT_WRITE | FAULT_PRESENT);
	assert_int_equal(get64(0x4000) & D, 0);
}

static void tables_outside_memory_are_found(void **state)
{
	struct walk_fault fault;
	u64 guest;

	(void)state;
	static const u64 places[] = { MEMORY, MEMORY - 8 + 0x1000, 0x000FFFFFFFFFF000 };
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		put64(0x3010, (places[i] & ~0xFFFull) | P);
		assert_int_equal(go(RIP, 0, &guest, &fault), WALK_OUTSIDE);
	}
	vcpu_set(V, VCPU_CR3, 0xFFFFFFFFFFFFF000);
	assert_int_equal(go(RIP, 0, &guest, &fault), WALK_OUTSIDE);
}

static void older_modes_walk_too(void **state)
{
	(void)state;
	fake_guest_reset();
	vcpu_set(V, VCPU_EFER, 0);
	assert_walks(0x100001234, 0, 0x1234);
	vcpu_set(V, VCPU_CR0, CR0_PE | CR0_ET | CR0_NE | CR0_PG);
	vcpu_set(V, VCPU_CR3, 0x1000);
	vcpu_set(V, VCPU_CR4, CR4_PSE);
	put32(0x1004, 0x2000 | P);
	put32(0x2004, DATA | P);
	put32(0x1008, 0x00C02000 | P | LARGE); /* bit 32 of the address in bit 13 */
	assert_walks(0x401ABC, 0, DATA + 0xABC);
	assert_walks(0x800ABC, 0, 0x100C00ABC);
	vcpu_set(V, VCPU_CR4, 0);
	assert_faults(0xC00000, 0, 0);
	/* PAE: four entries of 8 bytes at any multiple of 32, without rights */
	vcpu_set(V, VCPU_CR4, CR4_PAE);
	vcpu_set(V, VCPU_CR3, 0x1020);
	put64(0x1028, 0x3000 | P);
	put64(0x3000, 0x4000 | P | W);
	put64(0x3008, 0x00200000 | P | W | LARGE);
	put64(0x4008, DATA | P | W);
	assert_walks(0x40001008, FAULT_WRITE, DATA + 8);
	assert_walks(0x40200008, FAULT_WRITE, 0x200008);
	assert_int_equal(get64(0x1028), 0x3000 | P);
	assert_int_equal(get64(0x4008), DATA | P | W | A | D);
}

static enum exit_result touch(u64 guest, bool write)
{
	struct exit x = { .kind = EXIT_MEMORY,
		.memory = { .guest = guest, .read = !write, .write = write, .has_linear = true } };

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
	assert_int_equal(fake.vm.bus.unclaimed_writes[BUS_MMIO], 1);
}

static void what_cannot_be_emulated_faults_or_stops(void **state)
{
	struct exit fetch = { .kind = EXIT_MEMORY,
		.memory = { .guest = DEVICE_MMIO, .fetch = true, .has_linear = true } };
	struct exit tables = { .kind = EXIT_MEMORY, .memory = { .read = true, .has_linear = true, .walking = true } };

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
		put64(entries[i], get64(entries[i]) | NX);
		assert_fetches_no_more();
	}
	load_once();
	vcpu_set(V, VCPU_CR3, 0x9000);
	assert_fetches_no_more();
	load_once();
	vcpu_set(V, VCPU_SS_ACCESS, 0xC0F3);
	assert_fetches_no_more();
	/* A supervisor's fetch from a user's page, then with SMEP. */
	load_once();
	put64(0x4000, CODE | P | U);
	assert_loads(RCX);
	vcpu_set(V, VCPU_RIP, RIP);
	vcpu_set(V, VCPU_CR4, CR4_PAE | CR4_SMEP);
	fake.accesses = 1;
	assert_fetches_no_more();
	/* Another page under the same address. */
	load_once();
	memcpy(fake.memory + DATA, (u8[]){ 0x8B, 0x10 }, 2);
	put64(0x4000, DATA | P);
	assert_loads(RDX);
	/* 48: a prefix in 64-bit code, an instruction of its own elsewhere. */
	set_up(NULL);
	code((u8[]){ 0x48, 0x8B, 0x08 }, 3);
	fake.answer = 2;
	assert_loads(RCX);
	vcpu_set(V, VCPU_RIP, RIP);
	fake.accesses = 1;
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

static enum exit_result string(bool in, u32 size, bool rep, u64 linear)
{
	struct exit x = { .kind = EXIT_IO,
		.io = { .port = DEVICE_PORT,
		        .size = (u8)size,
		        .in = in,
		        .string = true,
		        .rep = rep,
		        .address_size = 8,
		        .linear = linear } };

	fake.accesses = 0;
	fake_vmcs.field[VMCS_EXIT_INSTRUCTION_LENGTH] = 2;
	return exit_handle(V, &x);
}

static void string_instructions_move_memory(void **state)
{
	(void)state;
	for (u32 i = 0; i < 0x1000; i++)
		fake.memory[DATA + i] = (u8)i;
	V->gpr[RSI] = 7;
	V->gpr[RCX] = 3;
	assert_int_equal(string(false, 2, true, RIP + 0x2010), EXIT_SKIP);
	assert_true(V->gpr[RSI] == 13 && V->gpr[RCX] == 0 && fake.accesses == 3);
	assert_int_equal(fake.access[2].value, 0x1514);
	assert_int_equal(vcpu_get(V, VCPU_RIP), RIP + 2);
	/* Without REP RCX does not count; downwards */
	fake.answer = 0xAABBCCDD;
	V->gpr[RDI] = 100;
	vcpu_set(V, VCPU_RFLAGS, RFLAGS_FIXED | RFLAGS_DF);
	assert_int_equal(string(true, 4, false, RIP + 0x2020), EXIT_SKIP);
	assert_true(V->gpr[RDI] == 96 && V->gpr[RCX] == 0);
	assert_int_equal(get64(DATA + 0x20) & UINT32_MAX, 0xAABBCCDD);
	assert_int_equal(string(true, 4, true, RIP + 0x2020), EXIT_SKIP);
	assert_int_equal(fake.accesses, 0);
}

static void long_strings_are_cut(void **state)
{
	(void)state;
	V->gpr[RCX] = 1ull << 40;
	assert_int_equal(string(true, 1, true, RIP + 0x2000), EXIT_RETRY);
	assert_true(V->gpr[RCX] == (1ull << 40) - 64 && V->gpr[RDI] == 64);
	assert_int_equal(vcpu_get(V, VCPU_RIP), RIP);
	V->gpr[RCX] = 10;
	assert_int_equal(string(true, 1, true, RIP + 0x2FFD), EXIT_RETRY);
	assert_int_equal(V->gpr[RCX], 7);
}

static void string_faults_come_between_elements(void **state)
{
	(void)state;
	V->gpr[RCX] = 4;
	assert_int_equal(string(true, 2, true, RIP + 0x2FFB), EXIT_RETRY);
	/* Two fit; the third lies over the border, where user data is not writable; no device is asked for it. */
	assert_true(V->gpr[RCX] == 2 && fake.accesses == 2);
	assert_true(V->due.vector == VECTOR_PF && V->due.error == (FAULT_PRESENT | FAULT_WRITE));
	assert_int_equal(fake_vmcs.cr2, RIP + 0x3000);
	V->due = NO_EVENT;
	assert_int_equal(string(true, 1, false, 0xC0000000 + MEMORY), EXIT_STOP);
	vcpu_set(V, VCPU_SS_ACCESS, 0xC0F3);
	assert_int_equal(string(false, 1, false, RIP + 0x2000), EXIT_RETRY);
	assert_int_equal(V->due.error, FAULT_PRESENT | FAULT_USER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(long_mode_walks_and_checks_rights, set_up),
		cmocka_unit_test_setup(supervisor_rules_follow_the_control_registers, set_up),
		cmocka_unit_test_setup(accessed_and_dirty_bits_are_set, set_up),
		cmocka_unit_test_setup(tables_outside_memory_are_found, set_up),
		cmocka_unit_test_setup(older_modes_walk_too, set_up),
		cmocka_unit_test_setup(device_memory_is_read_and_written, set_up),
		cmocka_unit_test_setup(what_cannot_be_emulated_faults_or_stops, set_up),
		cmocka_unit_test_setup(the_same_instruction_is_not_fetched_twice, set_up),
		cmocka_unit_test_setup(what_it_was_fetched_by_is_looked_at_each_time, set_up),
		cmocka_unit_test_setup(what_is_no_instruction_is_not_kept, set_up),
		cmocka_unit_test_setup(instructions_at_a_page_border_are_fetched, set_up),
		cmocka_unit_test_setup(string_instructions_move_memory, set_up),
		cmocka_unit_test_setup(long_strings_are_cut, set_up),
		cmocka_unit_test_setup(string_faults_come_between_elements, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
