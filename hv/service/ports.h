/*
 * Ports of the service VM: which ones reach the machine without a look, and the handlers of those that would take the
 * machine down or away. What is neither reads as ones and is dropped and counted by the bus (docs/service-vm.md).
 * Trust: in the TCB; pure over struct port_access. Values are the service VM's.
 */
#ifndef SIGNET_HV_SERVICE_PORTS_H
#define SIGNET_HV_SERVICE_PORTS_H

#include "hv/service/acpi.h"
#include "hv/service/pci.h"

enum { PORT_RANGES_MAX = 64 };

struct port_range {
	u16 first;
	u32 count;
};

struct service_ports {
	const struct port_access *access;
	struct acpi_ports acpi;
	bool has_off;
	u8 off_type; /* when has_off: the sleep type that is S5 */
	u8 cmos_index;
	/* What is left of the two 8259A: by them Linux finds a PIC, and then lets the sixteen ISA interrupts, which
	 * only ever come through the I/O APIC, exist. */
	u8 pic_mask[2];
};

/* What passes: legacy IDE, PM1 events, GPEs, PM timer, I/O BARs of passed functions. Returns how many ranges. */
u32 service_ports_pass(const struct acpi_ports *acpi, const struct pci *pci, struct port_range out[PORT_RANGES_MAX]);

/* Puts the handled ports on the bus, PCI's too. access, acpi and off are filled in, the rest is 0. Errors: bus_add()'s.
 */
enum err service_ports_attach(struct service_ports *ports, struct pci *pci, struct bus *bus) MUST_CHECK;

#endif
