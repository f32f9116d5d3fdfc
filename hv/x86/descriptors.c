/*
 * Descriptor tables of one processor.
 * Trust: in the TCB; hardware access.
 */
#include "hv/x86/descriptors.h"

#include "hv/x86/cpu.h"

enum {
	VECTORS = 256,
	EXCEPTIONS = 32,
	STUB_SIZE = 16,
	VECTOR_NMI = 2,
	VECTOR_DOUBLE_FAULT = 8,
	VECTOR_MACHINE_CHECK = 18,
	GATE_PRESENT_INTERRUPT = 0x8E00,
};

#define DESCRIPTOR_CODE 0x00AF9B000000FFFFull
#define DESCRIPTOR_DATA 0x00CF93000000FFFFull
#define DESCRIPTOR_TASK 0x0000890000000000ull

extern const u8 exception_stubs[], interrupt_stub[];

/*
 * Interrupts are off in root mode but for wait_for_interrupt(): every vector from 32 up has the stub that ends the
 * wait. That none of those below comes as an interrupt is apic_enable()'s and pic_off()'s care.
 */
struct idt_gate interrupt_gates[VECTORS];

static void load_gates(void)
{
	struct table_pointer pointer = { .limit = sizeof(interrupt_gates) - 1, .base = (u64)interrupt_gates };

	load_idt(&pointer);
}

void exceptions_catch(void)
{
	for (u32 i = 0; i < VECTORS; i++) {
		u64 stub = i < EXCEPTIONS ? (u64)exception_stubs + (u64)i * STUB_SIZE : (u64)interrupt_stub;

		interrupt_gates[i] = (struct idt_gate){ .offset_low = (u16)stub,
			.selector = SELECTOR_CODE,
			.flags = GATE_PRESENT_INTERRUPT,
			.offset_middle = (u16)(stub >> 16),
			.offset_high = (u32)(stub >> 32) };
	}
	load_gates();
}

void descriptors_load(struct descriptors *d)
{
	u64 task = (u64)&d->task;
	struct table_pointer pointer = { .limit = sizeof(d->gdt) - 1, .base = (u64)d->gdt };

	d->task.io_map = sizeof(d->task);
	d->gdt[SELECTOR_CODE / 8] = DESCRIPTOR_CODE;
	d->gdt[SELECTOR_DATA / 8] = DESCRIPTOR_DATA;
	d->gdt[SELECTOR_TASK / 8] =
	        DESCRIPTOR_TASK | (sizeof(d->task) - 1) | (task & 0xFFFFFF) << 16 | (task >> 24 & 0xFF) << 56;
	d->gdt[SELECTOR_TASK / 8 + 1] = task >> 32;
	load_gdt(&pointer);
	load_task(SELECTOR_TASK);
	interrupt_gates[VECTOR_DOUBLE_FAULT].flags = GATE_PRESENT_INTERRUPT | AREA_DOUBLE_FAULT;
	interrupt_gates[VECTOR_NMI].flags = GATE_PRESENT_INTERRUPT | AREA_NMI;
	interrupt_gates[VECTOR_MACHINE_CHECK].flags = GATE_PRESENT_INTERRUPT | AREA_MACHINE_CHECK;
	load_gates();
}
