/* The 16550A, as its data sheet, Linux's autoconfig and its early console see it. */
#include "hv/dev/uart.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { BYTE_NS = 86806 };

static struct bus bus;
static struct clock clk;
static struct uart uart;
static u64 time_now;
static bool intr, sink_full;
static char text[4096];
static size_t length;

static u64 now(void *context)
{
	(void)context;
	return time_now;
}

static void irq(void *controller, u32 pin, bool level)
{
	(void)controller;
	(void)pin;
	intr = level;
}

static bool put(void *context, u8 byte)
{
	(void)context;
	if (sink_full || length == sizeof(text))
		return false;
	text[length++] = (char)byte;
	return true;
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

static void pass(u64 ns)
{
	time_now += ns;
	clock_run(&clk);
}

static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	time_now = 1;
	intr = sink_full = false;
	length = 0;
	clock_init(&clk, now, NULL);
	assert_int_equal(
	        uart_init(&uart, &clk, (struct irq_line){ irq, NULL, 4 }, (struct uart_sink){ put, NULL }, BYTE_NS),
	        OK);
	assert_int_equal(uart_attach(&uart, &bus, 0x3F8), OK);
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

static void an_early_console_writes_and_polls(void **state)
{
	(void)state;
	static const char hello[] = "Linux version 6.12\r\n";
	for (size_t i = 0; hello[i]; i++) {
		u32 polls = 0;
		while (!(in(5) & 0x20)) {
			pass(10000);
			polls++;
		}
		assert_true(polls <= 9);
		out(0, (u8)hello[i]);
		assert_reg(5, 0);
	}
	assert_int_equal(length, strlen(hello));
	assert_memory_equal(text, hello, length);
	assert_int_equal(uart.dropped, 0);
	pass(BYTE_NS);
	assert_reg(5, 0x60);
}

static void a_full_fifo_goes_out_and_more_is_dropped(void **state)
{
	(void)state;
	out(2, 0x01);
	for (u32 i = 0; i < 1000; i++)
		out(0, 'x');
	assert_in_range(length, UART_FIFO, UART_FIFO + 1);
	assert_int_equal(uart.dropped, 1000 - length);
	pass(UART_FIFO * BYTE_NS - 1);
	assert_reg(5, 0);
	pass(2 * BYTE_NS);
	assert_reg(5, 0x60);
	sink_full = true;
	out(0, 'y');
	assert_int_equal(uart.sent, length);
	assert_int_equal(uart.sent + uart.dropped, 1001);
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
	assert_false(intr);
	pass(BYTE_NS);
	assert_true(intr);
	out(0, 'b');
	assert_false(intr);
	pass(BYTE_NS);
	assert_true(intr);
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
	out(0, 's');
	assert_reg(5, 0x63);
	assert_reg(5, 0x61);
	assert_reg(0, 'q');
	(void)in(6);
	out(4, 0x12);
	assert_reg(6, 0x11);
	assert_reg(6, 0x10);
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
		cmocka_unit_test_setup(an_early_console_writes_and_polls, set_up),
		cmocka_unit_test_setup(a_full_fifo_goes_out_and_more_is_dropped, set_up),
		cmocka_unit_test_setup(transmit_interrupts_come_when_it_is_empty, set_up),
		cmocka_unit_test_setup(input_waits_for_its_reader, set_up),
		cmocka_unit_test_setup(without_fifos_it_holds_one_byte, set_up),
		cmocka_unit_test_setup(loop_mode_stays_inside, set_up),
		cmocka_unit_test_setup(divisor_and_scratch_are_kept, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
