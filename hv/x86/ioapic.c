/* The machine's I/O APICs. Trust: in the TCB; hardware access. */
#include "hv/x86/ioapic.h"

#include "hv/dev/ioapic.h"
#include "hv/x86/cpu.h"

enum { SELECT = 0x00, DATA = 0x10, VERSION = 1, VERSION_LAST_PIN_SHIFT = 16, REDIRECTION = 0x10 };

static volatile u32 *at(u64 address, u32 offset)
{
	return (volatile u32 *)(uintptr_t)(address + offset);
}

static void write(u64 address, u32 number, u32 value)
{
	*at(address, SELECT) = number;
	*at(address, DATA) = value;
}

/* The mask is in the lower half: nothing comes while the halves do not belong together. */
void machine_ioapic_write(u64 address, u32 pin, u64 entry)
{
	write(address, REDIRECTION + 2 * pin, (u32)entry | IOAPIC_MASKED);
	write(address, REDIRECTION + 2 * pin + 1, (u32)(entry >> 32));
	write(address, REDIRECTION + 2 * pin, (u32)entry);
}

u32 machine_ioapic_claim(u64 address)
{
	*at(address, SELECT) = VERSION;
	u32 version = *at(address, DATA);
	u32 pins = (version >> VERSION_LAST_PIN_SHIFT & 0xFF) + 1;

	if (version == UINT32_MAX || pins > 240)
		return 0;
	for (u32 pin = 0; pin < pins; pin++)
		machine_ioapic_write(address, pin, IOAPIC_MASKED);
	return pins;
}
