/*
 * Configuration space of the service VM: what it sees, what it may write, what comes back after a reset.
 * Trust: test code.
 */
#include "hv/service/pci.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { FUNCTIONS = 6, HOST = 0, ISA, IDE, NET, BRIDGE, ECHO, SPACE = 256 };

/* A function whose registers are plain memory, but for BARs and what may not be written at all. */
struct fake {
	u16 address;
	u8 space[SPACE];
	u32 bar_mask[PCI_BARS];
	u32 writes;
};
static struct fake fake[FUNCTIONS];
static struct pci pci;
static struct pci_function functions[PCI_FUNCTIONS_MAX];
static u32 waited, resets, power, lead;
static struct bus bus;

static struct fake *fake_at(u32 address)
{
	for (u32 i = 0; i < FUNCTIONS; i++)
		if (address >> 31 && fake[i].address == (u16)(address >> 8))
			return &fake[i];
	return NULL;
}

static u32 fake_read(u32 address, u32 size)
{
	const struct fake *f = fake_at(address);
	u32 value = 0;

	for (u32 i = 0; i < size; i++)
		value |= (u32)(f ? f->space[(address + i) % SPACE] : 0xFF) << (8 * i);
	return value;
}

static void fake_write(u32 address, u32 size, u32 value)
{
	struct fake *f = fake_at(address);
	u32 offset = address % SPACE, bar = (offset - 0x10) / 4;

	assert_non_null(f);
	if (!f)
		return;
	f->writes++;
	for (u32 i = 0; i < size; i++)
		f->space[offset + i] = (u8)(value >> (8 * i));
	if (offset >= 0x10 && offset < 0x28)
		store_le32(f->space + offset, (value & f->bar_mask[bar]) | (f->bar_mask[bar] ? bar == 1 : 0));
}

static u32 in(u16 port, u32 size)
{
	return fake_read(lead + port - 0xCFC, size);
}

static void out(u16 port, u32 size, u32 value)
{
	if (port == 0xCF8)
		lead = value;
	else
		fake_write(lead + port - 0xCFC, size, value);
}

static void power_event(enum power_event event)
{
	resets += event == POWER_RESET;
}

static const struct port_access access = { in, out, power_event };

static void wait(u32 milliseconds)
{
	waited += milliseconds;
	power |= fake[NET].space[0x94];
}

static void make(u32 i, u16 address, u32 id, u32 class, u8 header)
{
	fake[i] = (struct fake){ .address = address };
	store_le32(fake[i].space, id);
	store_le32(fake[i].space + 8, class << 8);
	fake[i].space[0x0E] = header;
}

/* Power management, MSI, PCI Express with a reset, MSI-X: the second and the last are not to be seen. */
static void make_capabilities(u8 *space)
{
	space[0x06] = 0x10;
	space[0x34] = 0xDC;
	memcpy(space + 0xDC, (u8[]){ 0x01, 0xD0 }, 2);
	memcpy(space + 0xD0, (u8[]){ 0x05, 0xE0, 1 }, 3);
	memcpy(space + 0xE0, (u8[]){ 0x10, 0xA0, 0, 0, 0, 0, 0, 0x10 }, 8);
	memcpy(space + 0xA0, (u8[]){ 0x11, 0x00 }, 2);
}

static int setup(void **state)
{
	(void)state;
	bus_dropped = 0;
	make(HOST, 0x000, 0x12378086, 0x060000, 0);
	make(ISA, 0x008, 0x70008086, 0x060100, 0x80);
	make(IDE, 0x009, 0x70108086, 0x010180, 0);
	make(NET, 0x010, 0x100E8086, 0x020000, 0);
	make(BRIDGE, 0x018, 0x244E8086, 0x060400, 1);
	make(ECHO, 0x100, 0x11112222, 0x0C0500, 0); /* an SMBus behind the bridge */
	make_capabilities(fake[NET].space);
	fake[NET].space[0x04] = 7;
	store_le32(fake[NET].space + 0x10, 0xFEB80000);
	store_le32(fake[NET].space + 0x14, 0xC001);
	store_le32(fake[NET].space + 0x18, 0x0000000C);
	store_le32(fake[NET].space + 0x1C, 0x00000008);
	memcpy(fake[NET].bar_mask, (u32[]){ 0xFFFE0000, 0xFFFFFFC0, 0xFFF0000C, 0xFFFFFFFF }, 16);
	pci_scan(&pci, &access, functions);
	memset(&bus, 0, sizeof(bus));
	assert_int_equal(bus_add(&bus, BUS_PORT, &(struct bus_region){ 0xCF8, 4, &pci_address_ops, &pci }), OK);
	assert_int_equal(bus_add(&bus, BUS_PORT, &(struct bus_region){ 0xCFC, 4, &pci_data_ops, &pci }), OK);
	waited = resets = power = 0;
	for (u32 i = 0; i < FUNCTIONS; i++)
		fake[i].writes = 0;
	return 0;
}

static void select(u32 i, u32 offset)
{
	bus_write(&bus, BUS_PORT, 0xCF8, 4, 1u << 31 | (u32)fake[i].address << 8 | (offset & 0xFC));
}

static u32 get(u32 i, u32 offset, u32 size)
{
	select(i, offset);
	return (u32)bus_read(&bus, BUS_PORT, 0xCFC + offset % 4, size);
}

/* True: it reached the function. */
static bool put(u32 i, u32 offset, u32 size, u32 value)
{
	u32 before = fake[i].writes;

	select(i, offset);
	bus_write(&bus, BUS_PORT, 0xCFC + offset % 4, size, value);
	return fake[i].writes != before;
}

static void finds_every_function(void **state)
{
	static const u8 treatment[] = { PCI_READ_ONLY, PCI_READ_ONLY, PCI_PASSED, PCI_PASSED, PCI_BRIDGE,
		PCI_READ_ONLY };

	(void)state;
	assert_int_equal(pci.count, FUNCTIONS);
	for (u32 i = 0; i < FUNCTIONS; i++) {
		assert_int_equal(functions[i].address, fake[i].address);
		assert_int_equal(functions[i].treatment, treatment[i]);
		assert_int_equal(get(i, 0, 4), load_le32(fake[i].space));
	}
	bus_write(&bus, BUS_PORT, 0xCF8, 4, 1u << 31 | 0x5000);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0xCFC, 4), UINT32_MAX);
	/* Without the enable bit nobody is meant. */
	bus_write(&bus, BUS_PORT, 0xCF8, 4, 0);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0xCFC, 4), UINT32_MAX);
	bus_write(&bus, BUS_PORT, 0xCFC, 1, 7);
	assert_int_equal(bus_dropped, 1);
}

static void bars_have_places_and_sizes(void **state)
{
	struct pci_place p;

	(void)state;
	assert_true(pci_place(&functions[NET], 0, &p));
	assert_true(p.base == 0xFEB80000 && p.length == 0x20000 && !p.io);
	assert_true(pci_place(&functions[NET], 1, &p));
	assert_true(p.base == 0xC000 && p.length == 0x40 && p.io);
	assert_true(pci_place(&functions[NET], 2, &p));
	assert_true(p.base == 0x800000000 && p.length == 0x100000 && !p.io);
	assert_false(pci_place(&functions[NET], 3, &p)); /* its upper half */
	assert_false(pci_place(&functions[NET], 4, &p));
	assert_false(pci_place(&functions[ISA], 0, &p));
}

static void bars_tell_their_size_and_never_move(void **state)
{
	(void)state;
	assert_false(put(NET, 0x10, 4, UINT32_MAX));
	assert_int_equal(get(NET, 0x10, 4), 0xFFFE0000);
	assert_int_equal(load_le32(fake[NET].space + 0x10), 0xFEB80000); /* the device has not moved meanwhile */
	assert_true(put(NET, 0x10, 4, 0xFEB80000));
	assert_int_equal(get(NET, 0x10, 4), 0xFEB80000);
	/* Over RAM, over the TPM, or anywhere else. */
	assert_false(put(NET, 0x10, 4, 0x00100000));
	assert_false(put(NET, 0x10, 4, 0xFED40000));
	assert_false(put(NET, 0x11, 1, 0));
	assert_false(put(NET, 0x10, 2, 0));
	assert_false(put(NET, 0x14, 4, 0x61));
	assert_true(put(NET, 0x14, 4, 0xC001));
	assert_false(put(NET, 0x1C, 4, 0));
	/* What firmware itself wrote, but half of it; and what is behind the last BAR. */
	assert_false(put(NET, 0x12, 2, 0xFEB8));
	assert_false(put(NET, 0x28, 1, 0xFF));
	assert_int_equal(bus_dropped, 8);
	assert_int_equal(get(NET, 0x10, 4), 0xFEB80000);
	/* Some systems leave the type's bits alone when they ask. */
	assert_false(put(NET, 0x10, 4, 0xFFFFFFF0));
	assert_int_equal(get(NET, 0x10, 4), 0xFFFE0000);
	assert_false(put(NET, 0x14, 4, 0xFFFFFFFC));
	assert_int_equal(get(NET, 0x14, 4), load_le32((const u8 *)&functions[NET].sizes[1]));
	assert_int_equal(bus_dropped, 8);
}

/* Across two registers there would be two rules. */
static void registers_are_written_by_themselves(void **state)
{
	(void)state;
	assert_true(put(NET, 0x42, 2, 0x1111));
	assert_false(put(NET, 0x41, 2, 0x2222));
}

static void passed_functions_are_the_service_vms(void **state)
{
	(void)state;
	assert_true(put(NET, 0x04, 2, 0x406));
	assert_int_equal(fake[NET].space[0x05], 4);
	assert_true(put(NET, 0x04, 4, 0xF9000007)); /* command and status at once */
	assert_true(put(NET, 0x0C, 1, 16));
	assert_true(put(NET, 0x3C, 1, 11));
	assert_true(put(NET, 0xE8, 2, 0x10));
	assert_true(put(IDE, 0x40, 4, 0x80008000));
	assert_false(put(NET, 0x0F, 1, 0x40)); /* self-test */
	assert_false(put(NET, 0x30, 4, 0xFEB00001)); /* ROM */
	assert_int_equal(get(NET, 0x30, 4), 0);
	assert_false(put(NET, 0x00, 4, 0));
}

static void others_are_read_only(void **state)
{
	(void)state;
	for (u32 offset = 0; offset < SPACE; offset += 4) {
		assert_false(put(HOST, offset, 4, 0x5A5A5A5A));
		assert_false(put(ECHO, offset, 4, 0x5A5A5A5A));
		/* PIRQ routing moves interrupts among pins that are the service VM's. */
		assert_int_equal(put(ISA, offset, 4, 0x0B0B0B0B), offset == 0x60);
	}
	assert_int_equal(get(HOST, 0, 4), 0x12378086);
}

/* Between ICH9's two groups lies the control of serial interrupts. */
static void only_routing_is_routing(void **state)
{
	(void)state;
	make(ISA, 0x008, 0x29188086, 0x060100, 0x80);
	pci_scan(&pci, &access, functions);
	for (u32 offset = 0; offset < SPACE; offset++)
		assert_int_equal(put(ISA, offset, 1, 0x0B), (offset & 0xF4) == 0x60);
}

static void registers_of_others_are_found(void **state)
{
	(void)state;
	store_le32(fake[HOST].space + 0x10, 0xFEB00404); /* 64-bit: */
	store_le32(fake[HOST].space + 0x14, 1);
	store_le32(fake[ECHO].space + 0x10, 0xB001); /* ports */
	store_le32(fake[ECHO].space + 0x24, 0xFEB01F00);
	store_le32(fake[BRIDGE].space + 0x14, 0xFEB03000);
	store_le32(fake[BRIDGE].space + 0x20, 0xFEB04000); /* a window, no register */
	pci_scan(&pci, &access, functions);
	assert_true(pci_others_in(&pci, 0x1FEB00000, 0x1000));
	assert_false(pci_others_in(&pci, 0xFEB00000, 0x1000));
	assert_false(pci_others_in(&pci, 0, 0x1000));
	assert_false(pci_others_in(&pci, 0xB000, 0x1000));
	assert_true(pci_others_in(&pci, 0xFEB01000, 0x1000));
	assert_false(pci_others_in(&pci, 0xFEB02000, 0x1000));
	assert_true(pci_others_in(&pci, 0xFEB03000, 0x1000));
	assert_false(pci_others_in(&pci, 0xFEB04000, 0x1000));
	assert_false(pci_others_in(&pci, 0xFEB80000, 0x1000)); /* a passed one's */
	/* Of what was left out nothing is known. */
	pci.left_out = 1;
	assert_true(pci_others_in(&pci, 0xFEB02000, 0x1000));
}

static void bridges_keep_their_windows(void **state)
{
	(void)state;
	assert_true(put(BRIDGE, 0x04, 2, 7));
	assert_true(put(BRIDGE, 0x3C, 1, 10));
	for (u32 offset = 0x10; offset < 0x3C; offset += 4)
		assert_false(put(BRIDGE, offset, 4, 0));
	assert_false(put(BRIDGE, 0x3E, 2, 0x40)); /* a reset of all behind it */
	assert_false(put(BRIDGE, 0x40, 4, 0));
}

static void message_interrupts_are_not_there(void **state)
{
	(void)state;
	assert_int_equal(get(NET, 0xDC, 2), 0xD001);
	assert_int_equal(get(NET, 0xD0, 4), 0xE000); /* a null capability, and on to the next */
	assert_int_equal(get(NET, 0xE0, 2), 0xA010);
	assert_int_equal(get(NET, 0xA0, 4), 0);
	assert_int_equal(get(NET, 0xD4, 4), 0);
	assert_int_equal(fake[NET].space[0xD2], 0); /* switched off, if firmware had it on */
	assert_false(put(NET, 0xD2, 2, 1));
	assert_false(put(NET, 0xD4, 4, 0xFEE00000));
	assert_false(put(NET, 0xA2, 2, 0x8000));
}

/* As far as it goes, and no further: the next capability may begin right behind it. */
static void a_message_interrupts_words_are_hidden_all(void **state)
{
	static const struct {
		u8 id;
		u16 control;
		u32 words;
	} rows[] = { { 0x05, 0, 3 }, { 0x05, 0x80, 4 }, { 0x05, 0x100, 5 }, { 0x05, 0x180, 6 }, { 0x11, 0x180, 3 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 *space = fake[NET].space;
		space[0x34] = 0x90;
		memset(space + 0x90, 0xFF, 40);
		store_le32(space + 0x90, rows[i].id | (u32)rows[i].control << 16);
		pci_scan(&pci, &access, functions);
		for (u32 word = 1; word < 8; word++)
			assert_int_equal(get(NET, 0x90 + 4 * word, 4), word < rows[i].words ? 0 : UINT32_MAX);
	}
}

static u32 crowd_in(u16 port, u32 size)
{
	(void)port;
	return 0x80808080 & (UINT32_MAX >> (32 - 8 * size));
}

static void crowd_out(u16 port, u32 size, u32 value)
{
	(void)port;
	(void)size;
	(void)value;
}

static void more_functions_than_there_is_room_for_are_left_out(void **state)
{
	static const struct port_access crowd = { crowd_in, crowd_out, power_event };

	(void)state;
	pci_scan(&pci, &crowd, functions);
	assert_int_equal(pci.count, PCI_FUNCTIONS_MAX);
	assert_int_equal(pci.left_out, 0x10000 - PCI_FUNCTIONS_MAX);
}

static void a_list_in_a_circle_ends(void **state)
{
	(void)state;
	memcpy(fake[NET].space + 0xD0, (u8[]){ 0x05, 0xD0 }, 2);
	pci_scan(&pci, &access, functions);
	assert_int_equal(get(NET, 0xD0, 4), 0xD000);
	assert_int_equal(pci.count, FUNCTIONS);
}

static void everything_is_put_back_after_a_reset(void **state)
{
	struct fake before = fake[NET];

	(void)state;
	put(NET, 0x10, 4, UINT32_MAX);
	pci_reset(&pci, wait);
	assert_int_equal(waited, 110);
	/* Mastering the bus is the one thing that firmware's command does not give back. */
	assert_int_equal(fake[NET].space[0x04], 3);
	assert_int_equal(fake[NET].space[0xE9], 0x80); /* the reset of PCI Express */
	assert_memory_equal(fake[NET].space + 0x10, before.space + 0x10, 24);
	assert_int_equal(get(NET, 0x10, 4), 0xFEB80000);
	assert_int_equal(fake[HOST].writes + fake[ISA].writes + fake[ECHO].writes, 0);
}

/* What has no reset of its own loses its power, and has it again afterwards. */
static void functions_without_a_reset_are_switched_off(void **state)
{
	(void)state;
	fake[NET].space[0x34] = 0x90;
	fake[NET].space[0x90] = 0x01;
	pci_scan(&pci, &access, functions);
	pci_reset(&pci, wait);
	assert_int_equal(power, 3);
	assert_int_equal(fake[NET].space[0x94], 0);
	/* One of PCI Express that has none is no better. */
	fake[NET].space[0x91] = 0xA0;
	memcpy(fake[NET].space + 0xA0, (u8[]){ 0x10, 0, 0, 0, 0, 0, 0, 0 }, 8);
	pci_scan(&pci, &access, functions);
	power = 0;
	pci_reset(&pci, wait);
	assert_int_equal(power, 3);
	assert_int_equal(fake[NET].space[0xA9], 0);
}

static void the_reset_register_is_a_byte_of_its_own(void **state)
{
	(void)state;
	select(NET, 0x10);
	bus_write(&bus, BUS_PORT, 0xCF9, 1, 6);
	assert_int_equal(resets, 1);
	bus_write(&bus, BUS_PORT, 0xCF8, 1, 6);
	assert_int_equal(resets, 1);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0xCFC, 4), 0xFEB80000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_every_function, setup),
		cmocka_unit_test_setup(bars_have_places_and_sizes, setup),
		cmocka_unit_test_setup(bars_tell_their_size_and_never_move, setup),
		cmocka_unit_test_setup(passed_functions_are_the_service_vms, setup),
		cmocka_unit_test_setup(others_are_read_only, setup),
		cmocka_unit_test_setup(only_routing_is_routing, setup),
		cmocka_unit_test_setup(registers_of_others_are_found, setup),
		cmocka_unit_test_setup(bridges_keep_their_windows, setup),
		cmocka_unit_test_setup(message_interrupts_are_not_there, setup),
		cmocka_unit_test_setup(a_message_interrupts_words_are_hidden_all, setup),
		cmocka_unit_test_setup(more_functions_than_there_is_room_for_are_left_out, setup),
		cmocka_unit_test_setup(a_list_in_a_circle_ends, setup),
		cmocka_unit_test_setup(registers_are_written_by_themselves, setup),
		cmocka_unit_test_setup(everything_is_put_back_after_a_reset, setup),
		cmocka_unit_test_setup(functions_without_a_reset_are_switched_off, setup),
		cmocka_unit_test_setup(the_reset_register_is_a_byte_of_its_own, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
