/* PCI configuration space for the service VM. Trust: in the TCB; pure over struct port_access. */
#include "hv/service/pci.h"

enum { ID = 0x00, COMMAND = 0x04, STATUS = 0x06, CLASS = 0x08, CACHE_LINE = 0x0C, HEADER_TYPE = 0x0E, BAR = 0x10 };
enum { BAR_END = 0x28, ROM = 0x30, FIRST_CAPABILITY = 0x34, INTERRUPT_LINE = 0x3C, DEVICE_OWN = 0x40 };
enum { RESET_CONTROL = 1, RESET_CPU = BIT(2) }; /* CF9h, a byte amid CF8h */

enum { COMMAND_IO = BIT(0), COMMAND_MEMORY = BIT(1), COMMAND_MASTER = BIT(2), STATUS_CAPABILITIES = BIT(4) };
enum { MULTI_FUNCTION = 0x80, HEADER_KIND = 0x7F, BAR_IO = BIT(0), BAR_64 = BIT(2), BAR_TYPE = 6 };
enum { IO_ADDRESS = 0xFFFC, IO_END = 0x10000, MEMORY_FLAGS = 15, CAP_POWER = 0x01, CAP_MSI = 0x05 };
enum { CAP_EXPRESS = 0x10, CAP_MSI_X = 0x11, MSI_CONTROL = 2, MSI_64 = BIT(7) };
enum { MSI_MASKS = BIT(8), MSI_X_WORDS = 3, POWER_STATE = 4, D3_HOT = 3, EXPRESS_CAPABILITIES = 4 };
enum { EXPRESS_CONTROL = 8, EXPRESS_CAN_RESET = BIT(28), EXPRESS_RESET = BIT(15) };
enum { WORD = 4, CAPABILITIES_MAX = 48, BRIDGE_BARS = 2 };

#define CONFIG_ENABLE BIT(31)
#define NOBODY UINT32_MAX

/* By class and subclass; a function of no row is read-only and reaches nothing. */
static const struct {
	u8 class, subclass, last;
	u8 treatment;
} treatments[] = {
	{ 0x01, 0x00, 0x08, PCI_PASSED }, /* storage: SCSI to NVMe */
	{ 0x02, 0x00, 0x07, PCI_PASSED }, /* network */
	{ 0x06, 0x04, 0x04, PCI_BRIDGE }, { 0x0C, 0x03, 0x03, PCI_PASSED }, /* USB */
};

/* Bytes that may be written, besides BARs, which have their own rule, and what a passed function has from DEVICE_OWN
 * on.
 */
static const struct {
	u8 first, last;
	u8 least; /* enum pci_treatment */
	u32 id; /* of the one function that is meant; 0: of any */
} writable[] = {
	{ COMMAND, COMMAND + 1, PCI_BRIDGE, 0 },
	{ STATUS, STATUS + 1, PCI_BRIDGE, 0 },
	{ CACHE_LINE, CACHE_LINE + 1, PCI_PASSED, 0 }, /* and latency timer */
	{ INTERRUPT_LINE, INTERRUPT_LINE, PCI_BRIDGE, 0 },
	/* PIRQ routing of Intel's ISA bridges up to the ICH family: moves interrupts among pins that are all the
	 * service VM's; serial interrupts are controlled in between. */
	{ 0x60, 0x63, PCI_READ_ONLY, 0x70008086 },
	{ 0x60, 0x63, PCI_READ_ONLY, 0x71108086 },
	{ 0x60, 0x63, PCI_READ_ONLY, 0x29188086 },
	{ 0x68, 0x6B, PCI_READ_ONLY, 0x29188086 },
};

/* The port at which the register answers from now on. */
static u16 port_of(const struct pci *pci, const struct pci_function *f, u32 offset)
{
	pci->access->out(PCI_CONFIG_PORT, WORD, CONFIG_ENABLE | (u32)f->address << 8 | (offset & ~3u));
	return (u16)(PCI_CONFIG_PORT + WORD + offset % WORD);
}

static u32 load(const struct pci *pci, const struct pci_function *f, u32 offset, u32 size)
{
	return pci->access->in(port_of(pci, f, offset), size);
}

static void store(const struct pci *pci, const struct pci_function *f, u32 offset, u32 size, u32 value)
{
	pci->access->out(port_of(pci, f, offset), size, value);
}

static u8 treatment_of(u32 class_word)
{
	u8 class = (u8)(class_word >> 24), subclass = (u8)(class_word >> 16);

	for (u32 i = 0; i < ARRAY_SIZE(treatments); i++) {
		if (treatments[i].class == class && subclass >= treatments[i].subclass &&
		        subclass <= treatments[i].last)
			return treatments[i].treatment;
	}
	return PCI_READ_ONLY;
}

static u32 bar_count(const struct pci_function *f)
{
	return (f->header[HEADER_TYPE / WORD] >> 16 & HEADER_KIND) == 0 ? PCI_BARS : 0;
}

/* Nothing answers while the sizes are asked for. */
static void size_bars(const struct pci *pci, struct pci_function *f)
{
	u32 command = f->header[COMMAND / WORD] & 0xFFFF, off = command & ~(u32)(COMMAND_IO | COMMAND_MEMORY);

	store(pci, f, COMMAND, 2, off);
	for (u32 i = 0; i < bar_count(f); i++) {
		u32 at = BAR + i * WORD;

		store(pci, f, at, WORD, UINT32_MAX);
		f->sizes[i] = load(pci, f, at, WORD);
		store(pci, f, at, WORD, f->header[at / WORD]);
	}
	store(pci, f, COMMAND, 2, command);
}

/* The next capability may begin right behind it. */
static u32 words_of(u8 id, u32 control)
{
	if (id == CAP_MSI_X)
		return MSI_X_WORDS;
	return 3u + (control & MSI_64 ? 1u : 0u) + (control & MSI_MASKS ? 2u : 0u);
}

static void find_capabilities(const struct pci *pci, struct pci_function *f)
{
	u8 at = f->header[COMMAND / WORD] >> 16 & STATUS_CAPABILITIES ? f->header[FIRST_CAPABILITY / WORD] & 0xFC : 0;

	/* A list that runs in a circle ends here too. */
	for (u32 i = 0; at >= DEVICE_OWN && i < CAPABILITIES_MAX; i++) {
		u32 head = load(pci, f, at, WORD);
		u8 id = (u8)head, next = head >> 8 & 0xFC;

		f->power = id == CAP_POWER ? at : f->power;
		f->express = id == CAP_EXPRESS ? at : f->express;
		if (f->treatment == PCI_PASSED && (id == CAP_MSI || id == CAP_MSI_X)) {
			f->emptied |= 1ull << (at / WORD);
			f->hidden |= ((1ull << words_of(id, head >> 16)) - 1) << (at / WORD);
			store(pci, f, at + MSI_CONTROL, 2, 0);
		}
		at = next;
	}
}

static void add(struct pci *pci, u16 address)
{
	struct pci_function *f = &pci->function[pci->count];

	if (pci->count == PCI_FUNCTIONS_MAX) {
		pci->left_out++;
		return;
	}
	*f = (struct pci_function){ .address = address };
	for (u32 i = 0; i < PCI_HEADER_WORDS; i++)
		f->header[i] = load(pci, f, i * WORD, WORD);
	f->treatment = treatment_of(f->header[CLASS / WORD]);
	if (f->treatment == PCI_PASSED)
		size_bars(pci, f);
	find_capabilities(pci, f);
	pci->count++;
}

void pci_scan(struct pci *pci, const struct port_access *access, struct pci_function *function)
{
	*pci = (struct pci){ .access = access, .function = function };
	for (u32 address = 0; address < 0x10000; address++) {
		struct pci_function probe = { .address = (u16)address };
		bool there = load(pci, &probe, ID, WORD) != NOBODY;

		if (there)
			add(pci, (u16)address);
		/* Without a first function, or with no others, the device's rest is skipped. */
		if (address % 8 == 0 && !(there && load(pci, &probe, HEADER_TYPE, 1) & MULTI_FUNCTION))
			address += 7;
	}
}

static bool is_wide(const struct pci_function *f, u32 bar)
{
	return !(f->sizes[bar] & BAR_IO) && (f->sizes[bar] & BAR_TYPE) == BAR_64;
}

bool pci_place(const struct pci_function *f, u32 bar, struct pci_place *place)
{
	const u32 *value = &f->header[BAR / WORD + bar], *size = &f->sizes[bar];
	bool wide = is_wide(f, bar) && bar + 1 < PCI_BARS;

	/* The upper half of a 64-bit BAR is no BAR of its own. */
	if (!size[0] || (bar && is_wide(f, bar - 1)))
		return false;
	place->io = size[0] & BAR_IO;
	if (place->io) {
		place->base = value[0] & IO_ADDRESS;
		place->length = IO_END - (size[0] & IO_ADDRESS);
	} else {
		place->base = (value[0] & ~(u64)MEMORY_FLAGS) | (wide ? (u64)value[1] << 32 : 0);
		place->length = -((size[0] & ~(u64)MEMORY_FLAGS) | (u64)(wide ? size[1] : UINT32_MAX) << 32);
	}
	return place->base && place->length;
}

/* The base of any function's memory BAR; 0: none. Sizes were asked of passed ones alone, so *bar goes by the type. */
static u64 memory_base(const struct pci_function *f, u32 *bar)
{
	const u32 *value = &f->header[BAR / WORD + *bar];
	bool wide = !(value[0] & BAR_IO) && (value[0] & BAR_TYPE) == BAR_64;
	u32 low = value[0] & BAR_IO ? 0 : value[0] & ~(u32)MEMORY_FLAGS;

	*bar += wide ? 2 : 1;
	return low | (wide ? (u64)value[1] << 32 : 0);
}

bool pci_others_in(const struct pci *pci, u64 base, u64 length)
{
	for (u32 i = 0; i < pci->count; i++) {
		const struct pci_function *f = &pci->function[i];
		u32 bars = bar_count(f) ? PCI_BARS : BRIDGE_BARS;

		for (u32 bar = 0; f->treatment != PCI_PASSED && bar < bars;) {
			u64 at = memory_base(f, &bar);

			if (at && at >= base && at - base < length)
				return true;
		}
	}
	return pci->left_out;
}

static struct pci_function *selected(struct pci *pci)
{
	for (u32 i = 0; pci->select & CONFIG_ENABLE && i < pci->count; i++) {
		if (pci->function[i].address == (u16)(pci->select >> 8))
			return &pci->function[i];
	}
	return NULL;
}

static bool is_bar(u32 offset)
{
	return offset >= BAR && offset < BAR_END;
}

static u32 read_word(const struct pci *pci, const struct pci_function *f, u32 offset)
{
	u32 word = offset / WORD, bar = (offset - BAR) / WORD, value = load(pci, f, offset, WORD);

	/* The null capability has nothing but the way to the next one. */
	if (f->hidden >> word & 1)
		return f->emptied >> word & 1 ? value & 0xFF00 : 0;
	if (is_bar(offset) && f->sizing >> bar & 1)
		return f->sizes[bar];
	return offset == ROM && f->treatment == PCI_PASSED ? 0 : value;
}

/* All ones ask for the size, which is known; of places only firmware's own is let through. */
static bool write_bar(const struct pci *pci, struct pci_function *f, u32 offset, u32 size, u32 value)
{
	u32 bar = (offset - BAR) / WORD, own = f->header[offset / WORD];
	u32 flags = f->sizes[bar] & BAR_IO ? 3 : 15;

	if (size != WORD)
		return false;
	f->sizing &= (u8)~BIT(bar);
	if ((value | flags) == UINT32_MAX) {
		f->sizing |= (u8)BIT(bar);
		return true;
	}
	if ((value | flags) != (own | flags))
		return false;
	store(pci, f, offset, WORD, own);
	return true;
}

static bool may_write(const struct pci_function *f, u32 offset, u32 size)
{
	for (u32 i = 0; i < ARRAY_SIZE(writable); i++) {
		bool meant = !writable[i].id || f->header[ID] == writable[i].id;

		if (meant && f->treatment >= writable[i].least && offset >= writable[i].first &&
		        offset + size - 1 <= writable[i].last)
			return true;
	}
	return f->treatment == PCI_PASSED && offset >= DEVICE_OWN && !(f->hidden >> (offset / WORD) & 1);
}

static bool write_config(const struct pci *pci, struct pci_function *f, u32 offset, u32 size, u32 value)
{
	if (f->treatment == PCI_PASSED && is_bar(offset))
		return write_bar(pci, f, offset, size, value);
	if (!may_write(f, offset, size))
		return false;
	store(pci, f, offset, size, value);
	return true;
}

static u64 address_read(void *device, u64 offset, u32 size)
{
	const struct pci *pci = device;

	(void)offset;
	return size == WORD ? pci->select : 0;
}

static void address_write(void *device, u64 offset, u32 size, u64 value)
{
	struct pci *pci = device;

	if (size == WORD)
		pci->select = (u32)value & (CONFIG_ENABLE | 0xFFFFFC);
	else if (offset == RESET_CONTROL && value & RESET_CPU)
		pci->access->power(POWER_RESET);
}

static u64 data_read(void *device, u64 offset, u32 size)
{
	struct pci *pci = device;
	const struct pci_function *f = selected(pci);

	(void)size;
	return f ? read_word(pci, f, pci->select & 0xFC) >> (offset * 8) : UINT32_MAX;
}

static void data_write(void *device, u64 port, u32 size, u64 value)
{
	struct pci *pci = device;
	struct pci_function *f = selected(pci);
	u32 offset = (pci->select & 0xFC) + (u32)port;
	/* A word of the header may hold two registers under two rules, as command and status. */
	u32 step = offset < DEVICE_OWN && !is_bar(offset) && size == WORD ? 2 : size;

	for (u32 i = 0; i < size; i += step) {
		u32 part = (u32)(value >> (8 * i)) & (UINT32_MAX >> (32 - 8 * step));

		if (!is_aligned(port, size) || !f || !write_config(pci, f, offset + i, step, part))
			bus_drop();
	}
}

const struct bus_ops pci_address_ops = { address_read, address_write, 1 | 4 };
const struct bus_ops pci_data_ops = { data_read, data_write, 1 | 2 | 4 };

static void start_reset(const struct pci *pci, struct pci_function *f)
{
	store(pci, f, COMMAND, 2, 0);
	if (f->express && load(pci, f, f->express + EXPRESS_CAPABILITIES, WORD) & EXPRESS_CAN_RESET)
		store(pci, f, f->express + EXPRESS_CONTROL, 2, EXPRESS_RESET);
	else if (f->power)
		store(pci, f, f->power + POWER_STATE, 2, D3_HOT);
}

static void wake(const struct pci *pci, struct pci_function *f)
{
	if (f->power)
		store(pci, f, f->power + POWER_STATE, 2, 0);
}

static void restore(const struct pci *pci, struct pci_function *f)
{
	for (u32 i = BAR / WORD; i < BAR_END / WORD; i++)
		store(pci, f, i * WORD, WORD, f->header[i]);
	store(pci, f, INTERRUPT_LINE, 1, f->header[INTERRUPT_LINE / WORD] & 0xFF);
	store(pci, f, COMMAND, 2, f->header[COMMAND / WORD] & 0xFFFF & ~(u32)COMMAND_MASTER);
	f->sizing = 0;
}

static void each_passed(struct pci *pci, void (*step)(const struct pci *pci, struct pci_function *f))
{
	for (u32 i = 0; i < pci->count; i++) {
		if (pci->function[i].treatment == PCI_PASSED)
			step(pci, &pci->function[i]);
	}
}

void pci_reset(struct pci *pci, void (*wait)(u32 milliseconds))
{
	each_passed(pci, start_reset);
	wait(100);
	each_passed(pci, wake);
	wait(10);
	each_passed(pci, restore);
	pci->select = 0;
}
