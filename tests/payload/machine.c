/*
 * The few things the test programs do to the machine itself: ports, descriptor tables, time stamps.
 * Trust: test code only.
 */
#include "tests/payload/machine.h"

#include "lib/print.h"

enum {
	LINE_STATUS = 5,
	TRANSMITTER_EMPTY = 0x20,
	RESET_CONTROL = 0xCF9,
	RESET_SYSTEM = 2,
	RESET_CPU = 4,
	VECTORS = 32,
	STUB_SIZE = 16,
	CODE_SELECTOR = 8,
	INTERRUPT_GATE = 0x8E00,
};

struct gate {
	u16 offset_low, selector, type, offset_middle;
	u32 offset_high, zero;
};

struct __attribute__((packed)) table_pointer {
	u16 limit;
	u64 base;
};

extern const u8 fault_stubs[VECTORS][STUB_SIZE];
_Noreturn void payload_fault(u32 vector, u64 address);

static struct gate gates[VECTORS];
static u16 serial_port = COM1;

static void out8(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static u8 in8(u16 port)
{
	u8 value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void serial_sink(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		while (!(in8((u16)(serial_port + LINE_STATUS)) & TRANSMITTER_EMPTY))
			;
		out8(serial_port, (u8)text[i]);
	}
}

void serial_use(u32 port)
{
	serial_port = (u16)port;
	console_set(serial_sink);
}

u64 time_stamp(void)
{
	u32 low, high;
	/* Nothing measured may start before, or end after, its stamp. */
	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}

_Noreturn void machine_reset(void)
{
	out8(RESET_CONTROL, RESET_SYSTEM);
	out8(RESET_CONTROL, RESET_SYSTEM | RESET_CPU);
	machine_halt();
}

_Noreturn void machine_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

_Noreturn void payload_fault(u32 vector, u64 address)
{
	say("payload: exception %u, address 0x%lx", vector, address);
	machine_halt();
}

void faults_report(void)
{
	for (u32 i = 0; i < VECTORS; i++) {
		u64 stub = (u64)(uintptr_t)fault_stubs[i];
		gates[i] = (struct gate){
			.offset_low = (u16)stub,
			.selector = CODE_SELECTOR,
			.type = INTERRUPT_GATE,
			.offset_middle = (u16)(stub >> 16),
			.offset_high = (u32)(stub >> 32),
		};
	}
	struct table_pointer pointer = { sizeof(gates) - 1, (u64)(uintptr_t)gates };
	__asm__ volatile("lidt %0" : : "m"(pointer));
}
