/*
 * This processor's local APIC.
 * Trust: in the TCB; hardware access.
 */
#include "hv/x86/apic.h"

#include "hv/x86/cpu.h"

enum {
	CPUID_FEATURES = 1,
	FEATURE_C_X2APIC = BIT(21),
	FEATURE_C_DEADLINE = BIT(24),
	BASE_X2APIC = BIT(10),
	BASE_ENABLE = BIT(11),

	/* Offsets of the registers in memory; as MSRs they are 800h + offset / 16. */
	REGISTER_ID = 0x20,
	REGISTER_PRIORITY = 0x80,
	REGISTER_EOI = 0xB0,
	REGISTER_SPURIOUS = 0xF0,
	REGISTER_IN_SERVICE = 0x100,
	REGISTER_COMMAND = 0x300,
	REGISTER_COMMAND_HIGH = 0x310,
	REGISTER_TIMER = 0x320,
	REGISTER_LINT0 = 0x350,
	MSR_FIRST = 0x800,

	SPURIOUS_ENABLE = 0x1FF,
	/* Class 1 and 0: exceptions' vectors, which a device's message might carry too. */
	PRIORITY_EXCEPTIONS = 0x10,
	TIMER_DEADLINE = 2 << 17,
	MASKED = 1 << 16,
	IN_SERVICE_WORDS = 8,
	COMMAND_ASSERT = 1 << 14,
	COMMAND_PENDING = 1 << 12,
	/* Looks at the "being sent" bit; it takes microseconds. */
	SEND_PATIENCE = 1 << 20,
};

#define BASE_ADDRESS 0x000FFFFFFFFFF000ull

static bool x2apic_on(void)
{
	return read_msr(MSR_APIC_BASE) & BASE_X2APIC;
}

u64 apic_registers(void)
{
	return x2apic_on() ? 0 : read_msr(MSR_APIC_BASE) & BASE_ADDRESS;
}

static volatile u32 *memory_register(u32 offset)
{
	return (volatile u32 *)(uintptr_t)(apic_registers() + offset);
}

static u32 read_register(u32 offset)
{
	return x2apic_on() ? (u32)read_msr(MSR_FIRST + offset / 16) : *memory_register(offset);
}

static void write_register(u32 offset, u32 value)
{
	if (x2apic_on())
		write_msr(MSR_FIRST + offset / 16, value);
	else
		*memory_register(offset) = value;
}

void apic_enable(void)
{
	bool x2apic = cpuid(CPUID_FEATURES, 0).c & FEATURE_C_X2APIC;
	u64 base = read_msr(MSR_APIC_BASE) | BASE_ENABLE;

	/* Off to x2APIC in one step is a #GP (SDM volume 3, 12.12.5). */
	write_msr(MSR_APIC_BASE, base);
	if (x2apic)
		write_msr(MSR_APIC_BASE, base | BASE_X2APIC);
	write_register(REGISTER_SPURIOUS, SPURIOUS_ENABLE);
	write_register(REGISTER_PRIORITY, PRIORITY_EXCEPTIONS);
}

/* Initialised anew and masked: its spurious interrupts have the vectors it was told, which firmware likes to be 8. */
void pic_off(void)
{
	static const struct {
		u8 port, value;
	} writes[] = { { 0x20, 0x11 }, { 0x21, 0xE0 }, { 0x21, 4 }, { 0x21, 1 }, { 0x21, 0xFF }, { 0xA0, 0x11 },
		{ 0xA1, 0xE8 }, { 0xA1, 2 }, { 0xA1, 1 }, { 0xA1, 0xFF } };

	for (u32 i = 0; i < ARRAY_SIZE(writes); i++)
		out8(writes[i].port, writes[i].value);
}

bool apic_has_deadline(void)
{
	return cpuid(CPUID_FEATURES, 0).c & FEATURE_C_DEADLINE;
}

void apic_take_vectors(u8 timer)
{
	write_register(REGISTER_LINT0, MASKED);
	write_register(REGISTER_TIMER, TIMER_DEADLINE | timer);
	/* In memory the mode is not in force before the next MSR write unless told so (SDM volume 3, 12.5.4.1). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void apic_set_timer(u64 tsc)
{
	write_msr(MSR_TSC_DEADLINE, tsc == UINT64_MAX ? 0 : tsc);
}

u8 apic_in_service(void)
{
	for (u32 i = IN_SERVICE_WORDS; i-- > 0;) {
		u32 word = read_register(REGISTER_IN_SERVICE + 0x10 * i);

		if (word)
			return (u8)(32 * i + 31 - (u32)__builtin_clz(word));
	}
	return 0;
}

void apic_eoi(void)
{
	write_register(REGISTER_EOI, 0);
}

u32 apic_id(void)
{
	u32 id = read_register(REGISTER_ID);

	return x2apic_on() ? id : id >> 24;
}

static bool sent(void)
{
	for (u32 i = 0; i < SEND_PATIENCE; i++) {
		if (!(read_register(REGISTER_COMMAND) & COMMAND_PENDING))
			return true;
		pause();
	}
	return false;
}

bool apic_send(u32 id, enum ipi kind, u8 vector)
{
	u32 command = (u32)kind | vector | COMMAND_ASSERT;

	if (x2apic_on()) {
		/* Memory written before must be seen by whoever is woken; this MSR orders nothing by itself. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		write_msr(MSR_FIRST + REGISTER_COMMAND / 16, (u64)id << 32 | command);
		return true;
	}
	write_register(REGISTER_COMMAND_HIGH, id << 24);
	write_register(REGISTER_COMMAND, command);
	return sent();
}
