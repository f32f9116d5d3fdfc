/*
 * What the files of hv/service share: the service VM, what it is made of, and what was found of the machine.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_SERVICE_SERVICE_H
#define SIGNET_HV_SERVICE_SERVICE_H

#include "hv/dev/uart.h"
#include "hv/sched/worker.h"
#include "hv/service/acpi.h"
#include "hv/service/irq.h"
#include "hv/service/lines.h"
#include "hv/service/load.h"
#include "hv/service/ports.h"
#include "hv/vm/vm.h"

enum { SERVICE_PINS = 8 };

struct service {
	struct job job; /* its restart */
	const struct boot_info *info;
	struct vm *vm;
	/* Found once. */
	struct irq_machine interrupts;
	struct pci pci;
	struct pci_function function[PCI_FUNCTIONS_MAX];
	struct service_acpi acpi;
	char command_line[SERVICE_COMMAND_LINE_SIZE];
	/* Of each start. */
	struct service_memory plan;
	struct service_ports ports;
	struct uart uart;
	struct service_lines lines; /* of its serial port */
};

/* What the machine has: tables, functions, I/O APICs, and where ours go. ERR_RANGE. */
enum err service_find(struct service *s) MUST_CHECK;
/* The memory of the next start. ERR_BOOT_MEMORY. */
enum err service_plan(struct service *s) MUST_CHECK;
/* Memory, interrupt controllers and devices of a new VM. Errors: vm.h's, bus_add()'s. */
enum err service_assemble(struct service *s) MUST_CHECK;

/*
 * Makes and starts it from the image's measured components, and again when it has ended (docs/service-vm.md); guests
 * run on meanwhile. Once, on the first processor, in VMX root mode, before the scheduler; info stays. An image without
 * a service kernel has no service VM. Stops the machine when it cannot be made.
 */
void service_start(const struct boot_info *info);

#endif
