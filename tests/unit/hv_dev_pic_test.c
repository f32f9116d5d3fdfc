/* The 8259A pair, as its data sheet and the usual programs for it see it. */
#include "hv/dev/pic.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct bus bus;
static struct pic pic;
static bool intr;
static unsigned changes;

static void output(void *controller, u32 pin, bool level)
{
	(void)controller;
	(void)pin;
	intr = level;
	changes++;
}

static void out(u64 port, u8 value)
{
	bus_write(&bus, BUS_PORT, port, 1, value);
}

static u8 in(u64 port)
{
	return (u8)bus_read(&bus, BUS_PORT, port, 1);
}

static void assert_port(u64 port, u8 expected)
{
	assert_int_equal(in(port), expected);
}

static void edge(u32 irq)
{
	pic_set_line(&pic, irq, true);
	pic_set_line(&pic, irq, false);
}

/* As Linux's init_8259A does it: vectors 30h and 38h, nothing masked. */
static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	intr = false;
	pic_init(&pic, (struct irq_line){ output, NULL, 0 });
	assert_int_equal(pic_attach(&pic, &bus), OK);
	static const u8 init[][2] = { { 0x20, 0x11 }, { 0x21, 0x30 }, { 0x21, 0x04 }, { 0x21, 0x01 }, { 0xA0, 0x11 },
		{ 0xA1, 0x38 }, { 0xA1, 0x02 }, { 0xA1, 0x01 }, { 0x21, 0x00 }, { 0xA1, 0x00 } };
	for (size_t i = 0; i < ARRAY_SIZE(init); i++)
		out(init[i][0], init[i][1]);
	changes = 0;
	return 0;
}

static void every_request_has_its_vector(void **state)
{
	(void)state;
	for (u32 irq = 0; irq < 16; irq++) {
		if (irq == 2)
			continue;
		edge(irq);
		assert_true(intr);
		assert_int_equal(pic_acknowledge(&pic), 0x30 + irq);
		assert_false(intr);
		if (irq >= 8)
			out(0xA0, 0x20);
		out(0x20, 0x20);
		assert_false(intr);
	}
	pic_set_line(&pic, 2, true);
	pic_set_line(&pic, 16, true);
	assert_false(intr);
}

static void an_interrupt_in_service_holds_back_equal_and_lower_ones(void **state)
{
	(void)state;
	edge(4);
	assert_int_equal(pic_acknowledge(&pic), 0x34);
	edge(4);
	edge(5);
	assert_false(intr);
	edge(3);
	assert_true(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x33);
	out(0x20, 0x0B);
	assert_port(0x20, 0x18);
	out(0x20, 0x0A);
	assert_port(0x20, 0x30);
	/* A non-specific EOI ends 3, the highest, and 4 still holds back its second edge. */
	out(0x20, 0x20);
	assert_false(intr);
	out(0x20, 0x20);
	assert_int_equal(pic_acknowledge(&pic), 0x34);
	/* A specific EOI names its request. */
	out(0x20, 0x60 | 4);
	assert_int_equal(pic_acknowledge(&pic), 0x35);
}

static void masked_requests_wait(void **state)
{
	(void)state;
	out(0x21, 0x10);
	assert_port(0x21, 0x10);
	edge(4);
	assert_false(intr);
	out(0x21, 0);
	assert_true(intr);
	/* Gone before it is acknowledged: a spurious request 7, with nothing in service. */
	out(0x21, 0x10);
	assert_false(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x37);
	out(0x20, 0x0B);
	assert_port(0x20, 0);
}

static void a_slave_level_that_falls_leaves_nothing_behind(void **state)
{
	(void)state;
	out(0x4D1, 0x08);
	pic_set_line(&pic, 11, true);
	assert_true(intr);
	pic_set_line(&pic, 11, false);
	assert_false(intr);
	/* The acknowledge that is already under way finds nothing, on the master. */
	assert_int_equal(pic_acknowledge(&pic), 0x37);
	assert_int_equal(pic.master.isr, 0);
}

static void level_pins_ask_until_they_fall(void **state)
{
	(void)state;
	out(0x4D0, 0xFF);
	out(0x4D1, 0xFF);
	assert_port(0x4D0, 0xF8);
	assert_port(0x4D1, 0xDE);
	pic_set_line(&pic, 5, true);
	assert_int_equal(pic_acknowledge(&pic), 0x35);
	out(0x20, 0x20);
	assert_true(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x35);
	pic_set_line(&pic, 5, false);
	out(0x20, 0x20);
	assert_false(intr);
	/* The timer's pin stays an edge. */
	pic_set_line(&pic, 0, true);
	assert_int_equal(pic_acknowledge(&pic), 0x30);
	out(0x20, 0x20);
	assert_false(intr);
}

static void a_second_slave_request_survives_the_first(void **state)
{
	(void)state;
	edge(9);
	edge(12);
	assert_int_equal(pic_acknowledge(&pic), 0x39);
	out(0xA0, 0x20);
	assert_false(intr);
	out(0x20, 0x20);
	assert_true(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x3C);
}

static void automatic_eoi_and_rotation(void **state)
{
	(void)state;
	out(0x20, 0x11);
	out(0x21, 0x20);
	out(0x21, 0x04);
	out(0x21, 0x03);
	out(0x20, 0x80);
	edge(3);
	edge(4);
	assert_int_equal(pic_acknowledge(&pic), 0x23);
	edge(3);
	/* 3 became the lowest, so 4 comes first although 3 asks again. */
	assert_int_equal(pic_acknowledge(&pic), 0x24);
	assert_int_equal(pic_acknowledge(&pic), 0x23);
	assert_false(intr);
	assert_int_equal(pic.master.isr, 0);
}

static void set_priority_and_rotating_eoi(void **state)
{
	(void)state;
	out(0x20, 0xC0 | 4);
	edge(4);
	edge(5);
	assert_int_equal(pic_acknowledge(&pic), 0x35);
	edge(6);
	out(0x20, 0xA0);
	/* 5 is lowest now: 6, 7, 0 ... 4, 5. */
	assert_int_equal(pic_acknowledge(&pic), 0x36);
	out(0x20, 0xE0 | 6);
	edge(6);
	assert_int_equal(pic_acknowledge(&pic), 0x34);
}

static void special_mask_mode_lets_lower_requests_through(void **state)
{
	(void)state;
	edge(3);
	assert_int_equal(pic_acknowledge(&pic), 0x33);
	out(0x21, 0x08);
	edge(6);
	assert_false(intr);
	out(0x20, 0x68);
	assert_true(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x36);
	out(0x20, 0x48);
	out(0x20, 0x0B);
	assert_port(0x20, 0x48);
}

static void polling_acknowledges(void **state)
{
	(void)state;
	out(0x20, 0x0C);
	assert_port(0x20, 0);
	edge(6);
	out(0x20, 0x0C);
	assert_port(0x20, 0x86);
	assert_false(intr);
	out(0x20, 0x0B);
	assert_port(0x20, 0x40);
}

static void initialization_starts_over_unmasked_and_idle(void **state)
{
	(void)state;
	edge(1);
	assert_int_equal(pic_acknowledge(&pic), 0x31);
	edge(2 + 8);
	out(0x20, 0x10);
	out(0x21, 0x48);
	out(0x21, 0x04);
	/* Without ICW4 the next word is a mask. */
	out(0x21, 0x55);
	assert_port(0x21, 0x55);
	assert_port(0x20, 0x04);
	out(0x21, 0);
	edge(0);
	assert_int_equal(pic_acknowledge(&pic), 0x48);
}

static void nothing_interrupts_before_it_is_programmed(void **state)
{
	(void)state;
	struct pic fresh;
	intr = false;
	pic_init(&fresh, (struct irq_line){ output, NULL, 0 });
	for (u32 irq = 0; irq < 16; irq++)
		pic_set_line(&fresh, irq, true);
	assert_false(intr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_request_has_its_vector, set_up),
		cmocka_unit_test_setup(an_interrupt_in_service_holds_back_equal_and_lower_ones, set_up),
		cmocka_unit_test_setup(masked_requests_wait, set_up),
		cmocka_unit_test_setup(a_slave_level_that_falls_leaves_nothing_behind, set_up),
		cmocka_unit_test_setup(level_pins_ask_until_they_fall, set_up),
		cmocka_unit_test_setup(a_second_slave_request_survives_the_first, set_up),
		cmocka_unit_test_setup(automatic_eoi_and_rotation, set_up),
		cmocka_unit_test_setup(set_priority_and_rotating_eoi, set_up),
		cmocka_unit_test_setup(special_mask_mode_lets_lower_requests_through, set_up),
		cmocka_unit_test_setup(polling_acknowledges, set_up),
		cmocka_unit_test_setup(initialization_starts_over_unmasked_and_idle, set_up),
		cmocka_unit_test_setup(nothing_interrupts_before_it_is_programmed, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
