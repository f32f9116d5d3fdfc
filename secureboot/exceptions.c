/*
 * An interrupt table in which every exception is a stop with its number, instead of a silent reset.
 * Trust: hardware access.
 */
#include "secureboot/cpu.h"
#include "secureboot/stop.h"

#include "lib/print.h"

#include <assert.h>

enum { VECTORS = 32, STUB_SIZE = 16, GATE_PRESENT_INTERRUPT = 0x8E00, CODE_SELECTOR = 8 };

struct gate {
	u16 offset_low;
	u16 selector;
	u16 flags;
	u16 offset_middle;
	u32 offset_high;
	u32 zero;
};
static_assert(sizeof(struct gate) == 16, "Intel SDM volume 3, 7.14.1");

struct __attribute__((packed)) table_pointer {
	u16 limit;
	u64 base;
};
static_assert(sizeof(struct table_pointer) == 10, "Intel SDM volume 3, 7.10");

extern const u8 exception_stubs[];

static struct gate gates[VECTORS];

void catch_exceptions(void)
{
	struct table_pointer pointer = { .limit = sizeof(gates) - 1, .base = (u64)gates };

	for (u32 i = 0; i < VECTORS; i++) {
		u64 stub = (u64)exception_stubs + i * STUB_SIZE;

		gates[i] = (struct gate){ .offset_low = (u16)stub,
			.selector = CODE_SELECTOR,
			.flags = GATE_PRESENT_INTERRUPT,
			.offset_middle = (u16)(stub >> 16),
			.offset_high = (u32)(stub >> 32) };
	}
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

_Noreturn void exception_stop(u64 vector, u64 address);

/* Called by the stubs in entry.S. */
_Noreturn void exception_stop(u64 vector, u64 address)
{
	say("processor exception %u, CR2 %llx", (u32)vector, (unsigned long long)address);
	stop(ERR_INTERNAL);
}
