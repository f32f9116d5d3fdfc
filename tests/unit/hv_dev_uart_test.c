/* The 16550A, as its data sheet, Linux's autoconfig and its early console see it. */
#include "hv/dev/uart.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct bus bus;
static struct uart uart;
static bool intr;
static char text[4096];
static size_t length;

static void irq(void *controller, u32 pin, bool level)
{
	(void)controller;
	(void)pin;
	intr = level;
}

static void put(void *context, u8 byte)
{
	(void)context;
	if (length < sizeof(text))
		text[length++] = (char)byte;
}

static u8 in(u32 reg)
{
	return (u8)bus_read(&bus, BUS_PORT, 0x3F8 + reg, 1);
}

static void out(u32 reg, u8 value)
{
	bus_write(&bus, BUS_PORT, 0x3F8 + reg, 1, value);
}

static void assert_reg(u32 reg, u8 expected)
{
	assert_int_equal(in(reg), expected);
}

static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	intr = false;
	length = 0;
	uart_init(&uart, (struct irq_line){ irq, NULL, UART_GSI }, (struct uart_sink){ put, NULL });
	assert_int_equal(bus_add_ports(&bus, &(struct bus_region){ 0x3F8, 8, &uart_ops, &uart }, 1), OK);
	return 0;
}

/* 8250_port.c, autoconfig(): what makes a port "16550A" and no more than that. */
static void linux_takes_it_for_a_16550a(void **state)
{
	(void)state;
	out(1, 0);
	assert_reg(1, 0);
	out(1, 0x0F);
	assert_reg(1, 0x0F);
	out(1, 0);
	out(4, 0x1A);
	assert_int_equal(in(6) & 0xF0, 0x90);
	out(4, 0);
	out(3, 0);
	out(2, 0x01);
	assert_int_equal(in(2) >> 6, 3);
	/* Neither an EFR nor the sleeping FIFO of a 16750. */
	out(3, 0xBF);
	assert_int_not_equal(in(2), 0);
	out(3, 0x80);
	out(2, 0x21);
	assert_int_equal(in(2) & 0x20, 0);
	out(3, 0);
	out(2, 0);
	assert_reg(2, 1);
}

/* 8250_port.c, serial8250_do_startup(): whether the transmit interrupt can be trusted. */
static void linux_finds_no_bug_in_its_transmitter(void **state)
{
	(void)state;
	out(1, 0x02);
	assert_int_equal(in(2) & 1, 0);
	out(1, 0);
	out(1, 0x02);
	assert_int_equal(in(2) & 1, 0);
	out(1, 0);
	assert_reg(2, 1);
	out(1, 0x02);
	assert_int_equal(in(5) & 0x40, 0x40);
	assert_int_equal(in(2) & 1, 0);
}

static void what_is_written_is_out_at_once(void **state)
{
	(void)state;
	static const char hello[] = "Linux version 6.12\r\n";
	for (size_t i = 0; hello[i]; i++) {
		assert_reg(5, 0x60);
		out(0, (u8)hello[i]);
	}
	assert_int_equal(length, strlen(hello));
	assert_memory_equal(text, hello, length);
}

static void transmit_interrupts_come_when_it_is_empty(void **state)
{
	(void)state;
	out(4, 0x08);
	out(1, 0x02);
	assert_true(intr);
	assert_reg(2, 0x02);
	assert_false(intr);
	assert_reg(2, 0x01);
	out(0, 'a');
	assert_true(intr);
	assert_reg(2, 0x02);
	out(0, 'b');
	/* Without OUT2 it does not reach the controller. */
	out(4, 0);
	assert_false(intr);
	assert_reg(2, 0x02);
}

static void input_waits_for_its_reader(void **state)
{
	(void)state;
	out(4, 0x08);
	out(1, 0x01);
	out(2, 0x41);
	assert_true(uart_receive(&uart, 'a'));
	/* Fewer than the trigger level: the timeout tells of them. */
	assert_true(intr);
	assert_reg(2, 0xCC);
	for (u8 c = 'b'; c < 'a' + UART_FIFO; c++)
		assert_true(uart_receive(&uart, c));
	assert_false(uart_receive(&uart, 'z'));
	assert_reg(2, 0xC4);
	for (u8 c = 'a'; c < 'a' + UART_FIFO; c++) {
		assert_int_equal(in(5) & 3, 1);
		assert_reg(0, c);
	}
	assert_false(intr);
	assert_int_equal(in(5) & 1, 0);
	assert_reg(0, 0);
	assert_true(uart_receive(&uart, 'n'));
	out(2, 0x43);
	assert_int_equal(in(5) & 1, 0);
}

static void without_fifos_it_holds_one_byte(void **state)
{
	(void)state;
	assert_true(uart_receive(&uart, '1'));
	assert_false(uart_receive(&uart, '2'));
	assert_reg(0, '1');
	assert_true(uart_receive(&uart, '2'));
}

static void loop_mode_stays_inside(void **state)
{
	(void)state;
	out(4, 0x10);
	out(0, 'q');
	assert_int_equal(length, 0);
	assert_false(uart_receive(&uart, 'r'));
	for (u8 lines = 0; lines < 16; lines++) {
		static const u8 expected[] = { 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15 };
		out(4, 0x10 | lines);
		assert_reg(6, (u8)(expected[lines] << 4));
	}
}

static void divisor_and_scratch_are_kept(void **state)
{
	(void)state;
	out(3, 0x83);
	out(0, 0x0C);
	out(1, 0x01);
	assert_reg(0, 0x0C);
	assert_reg(1, 0x01);
	out(3, 0x03);
	assert_reg(1, 0);
	assert_reg(3, 0x03);
	out(7, 0x5A);
	assert_reg(7, 0x5A);
	out(5, 0xFF);
	out(6, 0xFF);
	assert_reg(5, 0x60);
	assert_reg(6, 0xB0);
	assert_int_equal(length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(linux_takes_it_for_a_16550a, set_up),
		cmocka_unit_test_setup(linux_finds_no_bug_in_its_transmitter, set_up),
		cmocka_unit_test_setup(what_is_written_is_out_at_once, set_up),
		cmocka_unit_test_setup(transmit_interrupts_come_when_it_is_empty, set_up),
		cmocka_unit_test_setup(input_waits_for_its_reader, set_up),
		cmocka_unit_test_setup(without_fifos_it_holds_one_byte, set_up),
		cmocka_unit_test_setup(loop_mode_stays_inside, set_up),
		cmocka_unit_test_setup(divisor_and_scratch_are_kept, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
