/*
 * PCI configuration space as the service VM sees it: every access goes through here, by CF8h/CFCh alone. What a
 * function is decides what may be done to it; what no row lets through is read-only. BARs stay where firmware put them,
 * so that no device can be moved over memory or over another one. Message interrupts are not there: their capabilities
 * are left out of the list (docs/service-vm.md). Trust: in the TCB; pure over struct port_access. Addresses and values
 * are the service VM's.
 */
#ifndef SIGNET_HV_SERVICE_PCI_H
#define SIGNET_HV_SERVICE_PCI_H

#include "hv/dev/power.h"

enum { PCI_FUNCTIONS_MAX = 256, PCI_BARS = 6, PCI_HEADER_WORDS = 16, PCI_CONFIG_PORT = 0xCF8 };

/* The machine's ports; power is what its reset and off registers come to, and may be called several times. */
struct port_access {
	u32 (*in)(u16 port, u32 size);
	void (*out)(u16 port, u32 size, u32 value);
	void (*power)(enum power_event event);
};

enum pci_treatment {
	PCI_READ_ONLY,
	PCI_BRIDGE, /* command, status and interrupt line; its windows and bus numbers stay */
	PCI_PASSED, /* the service VM's own device */
};

struct pci_function {
	u16 address; /* bus << 8 | device << 3 | function */
	u8 treatment; /* enum pci_treatment */
	u8 power, express; /* its capabilities of that name; 0: none */
	u64 hidden, emptied; /* a bit a word: of a capability that is not shown; the first word of one */
	u32 header[PCI_HEADER_WORDS]; /* as firmware left it */
	u32 sizes[PCI_BARS]; /* what a BAR reads after all ones; 0: not there */
	u8 sizing; /* a bit a BAR: all ones were written last */
};

struct pci {
	const struct port_access *access;
	struct pci_function *function;
	u32 count, left_out; /* left_out: beyond PCI_FUNCTIONS_MAX; not shown */
	u32 select; /* CF8h */
};

/* A memory or I/O range that a passed function answers at. */
struct pci_place {
	u64 base, length;
	bool io;
};

/* Finds every function; function has room for PCI_FUNCTIONS_MAX. Message interrupts are switched off. */
void pci_scan(struct pci *pci, const struct port_access *access, struct pci_function *function);

/* The n'th range of a function by its BARs; false when that BAR has none. */
bool pci_place(const struct pci_function *f, u32 bar, struct pci_place *place);

/* Whether a function that is not passed has registers that begin in there, or may have, being left out. */
bool pci_others_in(const struct pci *pci, u64 base, u64 length);

/* Ports CF8h and CFCh-CFFh as bus devices; their device is struct pci. */
extern const struct bus_ops pci_address_ops, pci_data_ops;

/*
 * Before a new start: nothing masters the bus, each passed function goes through the reset that it has (FLR, else D3hot
 * and back), and gets back what firmware had set. wait: milliseconds.
 */
void pci_reset(struct pci *pci, void (*wait)(u32 milliseconds));

#endif
