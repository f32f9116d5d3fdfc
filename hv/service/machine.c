/* The machine behind the service VM's policies. Trust: in the TCB; hardware access. */
#include "hv/service/machine.h"

#include "hv/boot/console.h"
#include "hv/boot/panic.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

#include "lib/print.h"

enum { PM1_SCI = BIT(0), PM1_SLEEP_TYPE_SHIFT = 10, PM1_SLEEP = BIT(13), HANDOVER_STEPS = 1000 };
enum { HANDOVER_STEP_US = 1000 };

static const struct service_ports *ports;

static u32 port_in(u16 port, u32 size)
{
	return size == 1 ? in8(port) : size == 2 ? in16(port) : in32(port);
}

static void port_out(u16 port, u32 size, u32 value)
{
	if (size == 1)
		out8(port, (u8)value);
	else if (size == 2)
		out16(port, (u16)value);
	else
		out32(port, value);
}

const struct port_access machine_ports = { port_in, port_out, machine_power };

void machine_take_power(const struct service_ports *p)
{
	const struct acpi_ports *acpi = &p->acpi;

	ports = p;
	if (!acpi->smi || !acpi->enable || !acpi->control[0] || in16(acpi->control[0]) & PM1_SCI)
		return;
	out8(acpi->smi, acpi->enable);
	for (u32 i = 0; i < HANDOVER_STEPS && !(in16(acpi->control[0]) & PM1_SCI); i++)
		clock_wait(HANDOVER_STEP_US);
}

static void switch_off(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(ports->acpi.control); i++) {
		if (ports->has_off && ports->acpi.control[i])
			out16(ports->acpi.control[i],
			        (u16)(PM1_SCI | ports->off_type << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP));
	}
}

void machine_power(enum power_event event)
{
	say("hypervisor: %s, by order of the service VM", event == POWER_OFF ? "switching off" : "resetting");
	if (event == POWER_RESET)
		restart("the service VM reset the machine");
	console_queue(false);
	switch_off();
	console_queue(true);
}
