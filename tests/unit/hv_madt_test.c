/*
 * Firmware's tables: a small machine's, and each lie alone.
 * Trust: test code.
 */
#include "hv/boot/acpi.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Offsets in one readable piece of memory, which lies at BASE. */
enum { RSDP = 0, ROOT = 64, MADT = 128, FADT = 1024, SIZE = 1400, MADT_LENGTH = 44 + 8 + 8 + 12 + 16 + 8 };
#define BASE 0x7FE0000ull

static u8 memory[SIZE];
static struct acpi acpi;

static const u8 *read_memory(void *context, u64 address, u64 length)
{
	(void)context;
	return address >= BASE && range_inside(address - BASE, length, SIZE) ? memory + (address - BASE) : NULL;
}

static const struct acpi_source source = { read_memory, NULL };

static void sum_up(u32 at, u32 length, u32 sum_at)
{
	u8 sum = 0;

	memory[at + sum_at] = 0;
	for (u32 i = 0; i < length; i++)
		sum = (u8)(sum + memory[at + i]);
	memory[at + sum_at] = (u8)-sum;
}

static void seal(u32 at)
{
	sum_up(at, load_le32(memory + at + 4), 9);
}

static void make_table(u32 at, const char *signature, u32 length)
{
	memcpy(memory + at, signature, 4);
	store_le32(memory + at + 4, length);
}

static void make_rsdp(u8 revision)
{
	store_le64(memory + RSDP, 0x2052545020445352); /* "RSD PTR " */
	memory[RSDP + 15] = revision;
	store_le32(memory + RSDP + 16, BASE + ROOT);
	store_le64(memory + RSDP + 24, BASE + ROOT);
	sum_up(RSDP, 20, 8);
	sum_up(RSDP, 36, 32);
	make_table(ROOT, revision ? "XSDT" : "RSDT", revision ? 52 : 44);
	if (revision) {
		store_le64(memory + ROOT + 36, BASE + FADT);
		store_le64(memory + ROOT + 44, BASE + MADT);
	} else {
		store_le32(memory + ROOT + 36, BASE + FADT);
		store_le32(memory + ROOT + 40, BASE + MADT);
	}
	seal(ROOT);
}

static void make_madt(void)
{
	static const u8 entries[] = {
		0, 8, 0, 2, 1, 0, 0, 0, /* APIC id 2 */
		0, 8, 1, 3, 0, 0, 0, 0, /* 3, not enabled */
		1, 12, 9, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0, /* an I/O APIC */
		9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, /* x2APIC id 256 */
		0, 8, 2, 2, 1, 0, 0, 0, /* 2 again */
	};

	make_table(MADT, "APIC", MADT_LENGTH);
	memcpy(memory + MADT + 44, entries, sizeof(entries));
	seal(MADT);
}

static int set_up(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	make_rsdp(2);
	make_madt();
	make_table(FADT, "FACP", 244);
	store_le32(memory + FADT + 76, 0x608);
	memory[FADT + 91] = 4;
	memory[FADT + 113] = 1; /* 32 bits */
	seal(FADT);
	return 0;
}

static void read_good(u16 port, u32 mask)
{
	assert_int_equal(acpi_read(&acpi, &source, BASE), OK);
	assert_int_equal(acpi.processors.count, 2);
	assert_int_equal(acpi.processors.apic_id[0], 2);
	assert_int_equal(acpi.processors.apic_id[1], 256);
	assert_int_equal(acpi.pm_timer.port, port);
	assert_int_equal(acpi.pm_timer.mask, mask);
}

static void reads_both_kinds_of_root(void **state)
{
	(void)state;
	read_good(0x608, 0xFFFFFFFF);
	make_rsdp(0);
	read_good(0x608, 0xFFFFFFFF);
}

static void takes_the_timer_only_as_a_port(void **state)
{
	(void)state;
	memory[FADT + 113] = 0;
	memory[FADT + 208] = 1;
	store_le64(memory + FADT + 212, 0x1808);
	seal(FADT);
	read_good(0x1808, 0xFFFFFF);
	memory[FADT + 208] = 0; /* in memory */
	seal(FADT);
	read_good(0, 0);
	memory[FADT + 208] = 1;
	store_le64(memory + FADT + 212, 0xFFFD);
	seal(FADT);
	read_good(0, 0);
	make_table(FADT, "FACP", 115); /* ends before the flags */
	seal(FADT);
	read_good(0, 0);
	memory[FADT]++; /* no FADT */
	read_good(0, 0);
}

static void refused(void)
{
	assert_int_equal(acpi_read(&acpi, &source, BASE), ERR_ACPI);
	set_up(NULL);
	read_good(0x608, 0xFFFFFFFF);
}

static void refuses_tables_that_lie(void **state)
{
	(void)state;
	static const u32 sealed[] = { RSDP, RSDP + 30, ROOT + 30, MADT + 30 };

	for (u32 i = 0; i < ARRAY_SIZE(sealed); i++) {
		memory[sealed[i]]++;
		refused();
	}
	assert_int_equal(acpi_read(&acpi, &source, 0), ERR_ACPI);
	assert_int_equal(acpi_read(&acpi, &source, BASE + SIZE - 19), ERR_ACPI);
	assert_int_equal(acpi_read(&acpi, &source, ~0ull - 10), ERR_ACPI);
	store_le64(memory + ROOT + 44, ~0ull - 20); /* the MADT elsewhere */
	seal(ROOT);
	refused();
	store_le32(memory + MADT + 4, 35);
	refused();
	store_le32(memory + MADT + 4, ~0u);
	refused();
	store_le32(memory + MADT + 4, 43); /* ends before its entries */
	seal(MADT);
	refused();
	store_le32(memory + MADT + 4, 44); /* and lists nobody */
	seal(MADT);
	refused();
}

static void refuses_entries_that_lie(void **state)
{
	(void)state;
	static const u8 lengths[] = { 0, 1, 2, 7, 255 };

	for (u32 i = 0; i < ARRAY_SIZE(lengths); i++) {
		memory[MADT + 45] = lengths[i];
		seal(MADT);
		assert_int_equal(acpi_read(&acpi, &source, BASE), ERR_ACPI);
		set_up(NULL);
	}
	store_le32(memory + MADT + 4, MADT_LENGTH - 1);
	seal(MADT);
	refused();
}

static void assert_parked(u32 own, u32 shift, const char *wanted)
{
	struct processors list = { .count = 6, .apic_id = { 0, 2, 4, 1, 3, 5 } };

	processors_park_siblings(&list, shift, own);
	for (u32 i = 0; i < list.count; i++)
		assert_int_equal(list.parked[i], wanted[i] == 'p');
}

static void parks_one_thread_of_each_core(void **state)
{
	(void)state;
	assert_parked(0, 1, "---ppp");
	/* The one that booted stays, whichever thread it is. */
	assert_parked(3, 1, "-p-p-p");
	assert_parked(5, 2, "-pppp-");
	assert_parked(0, 0, "------");
	assert_parked(0, 31, "------");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_both_kinds_of_root, set_up),
		cmocka_unit_test_setup(takes_the_timer_only_as_a_port, set_up),
		cmocka_unit_test_setup(refuses_tables_that_lie, set_up),
		cmocka_unit_test_setup(refuses_entries_that_lie, set_up),
		cmocka_unit_test(parks_one_thread_of_each_core),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
