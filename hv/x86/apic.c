/*
 * This processor's local APIC.
 * Trust: in the TCB; hardware access.
 */
#include "hv/x86/apic.h"

#include "hv/x86/cpu.h"

enum {
	FEATURE_C_X2APIC = BIT(21),
	FEATURE_C_DEADLINE = BIT(24),
	BASE_X2APIC = BIT(10),
	BASE_ENABLE = BIT(11),

	MSR_ID = 0x802,
	MSR_PRIORITY = 0x808,
	MSR_EOI = 0x80B,
	MSR_SPURIOUS = 0x80F,
	MSR_IN_SERVICE = 0x810,
	MSR_COMMAND = 0x830,
	MSR_TIMER = 0x832,
	MSR_LINT0 = 0x835,

	SPURIOUS_ENABLE = 0x1FF,
	/* Class 1 and 0: exceptions' vectors, which a device's message might carry too. */
	PRIORITY_EXCEPTIONS = 0x10,
	TIMER_DEADLINE = 2 << 17,
	MASKED = 1 << 16,
	IN_SERVICE_WORDS = 8,
	COMMAND_ASSERT = 1 << 14,
};

const char *apic_missing(void)
{
	u32 features = cpuid(CPUID_FEATURES, 0).c;

	if (!(features & FEATURE_C_X2APIC))
		return "x2APIC mode";
	return features & FEATURE_C_DEADLINE ? NULL : "a local APIC timer with TSC deadline";
}

void apic_enable(void)
{
	u64 base = read_msr(MSR_APIC_BASE) | BASE_ENABLE;

	/* Off to x2APIC in one step is a #GP (SDM volume 3, 12.12.5). */
	write_msr(MSR_APIC_BASE, base);
	write_msr(MSR_APIC_BASE, base | BASE_X2APIC);
	write_msr(MSR_SPURIOUS, SPURIOUS_ENABLE);
	write_msr(MSR_PRIORITY, PRIORITY_EXCEPTIONS);
	write_msr(MSR_LINT0, MASKED);
	/* What somebody before us took and never ended would hold back all of lower priority. As many as can be. */
	for (u32 i = 0; i < IN_SERVICE_WORDS * 32 && apic_in_service(); i++)
		apic_eoi();
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

u32 apic_id(void)
{
	return (u32)read_msr(MSR_ID);
}

void apic_send(u32 id, enum ipi kind, u8 vector)
{
	/* Memory written before must be seen by whoever is woken; this MSR orders nothing by itself. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	write_msr(MSR_COMMAND, (u64)id << 32 | kind | vector | COMMAND_ASSERT);
}

void apic_set_timer(u64 tsc, u8 vector)
{
	write_msr(MSR_TIMER, TIMER_DEADLINE | vector);
	write_msr(MSR_TSC_DEADLINE, tsc == UINT64_MAX ? 0 : tsc);
}

u8 apic_in_service(void)
{
	for (u32 i = IN_SERVICE_WORDS; i-- > 0;) {
		u32 word = (u32)read_msr(MSR_IN_SERVICE + i);

		if (word)
			return (u8)(32 * i + 31 - (u32)__builtin_clz(word));
	}
	return 0;
}

void apic_eoi(void)
{
	write_msr(MSR_EOI, 0);
}
