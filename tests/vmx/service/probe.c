/*
 * A compromised service VM: tries what docs/service-vm.md says it never gets, and tells what it found, a line each.
 * Nothing of it may change or end anything; the machine that runs on afterwards is the proof.
 * Trust: test code, run as root in the service VM.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, CONFIG = 0xCF8, DATA = 0xCFC, NET = 0x80001000u, PM1_CONTROL = 0xB004, SLEEP = 1 << 13 };

#define IO_APIC 0xFEC00000ul

static void tell(const char *what, int good)
{
	printf("probe: %s: %s\n", what, good ? "refused" : "NOT REFUSED");
}

/* Unmapped: reads are ones, writes have no effect. */
static int is_nothing(int memory, off_t at)
{
	volatile uint32_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, at & ~(off_t)(PAGE - 1));

	if (page == MAP_FAILED)
		return 0;
	volatile uint32_t *word = page + (at & (PAGE - 1)) / 4;
	int good = *word == UINT32_MAX;
	*word = 0x5A5A5A5A;
	good = good && *word == UINT32_MAX;
	munmap((void *)(uintptr_t)page, PAGE);
	return good;
}

/* What firmware's map told as reserved and lies above 1 MiB: the hypervisor's image and carve-out are in there. */
static void try_reserved(int memory)
{
	FILE *map = fopen("/proc/iomem", "r");
	unsigned long first, last;
	char line[128];
	int ranges = 0, good = 1;

	while (map && fgets(line, sizeof(line), map)) {
		if (sscanf(line, "%lx-%lx", &first, &last) != 2 || !strstr(line, "Reserved"))
			continue;
		/* An I/O APIC of the service VM's own answers there. */
		if (first < 0x100000 || first == IO_APIC)
			continue;
		unsigned long at[] = { first + 0x8000, (first + last) / 2 & ~7ul, last - 7 };
		for (int i = 0; i < 3; i++)
			good = good && (at[i] > last || is_nothing(memory, (off_t)at[i]));
		ranges++;
	}
	if (map)
		fclose(map);
	printf("probe: reserved memory: %d ranges\n", ranges);
	tell("hypervisor's memory, carve-out, components", good && ranges >= 3);
}

static void try_memory(void)
{
	int memory = open("/dev/mem", O_RDWR | O_SYNC);

	try_reserved(memory);
	tell("TPM registers", is_nothing(memory, 0xFED40000) && is_nothing(memory, 0xFED44F00));
	tell("local APIC", is_nothing(memory, 0xFEE00020) && is_nothing(memory, 0xFEE00300));
	tell("screen memory", is_nothing(memory, 0xA0000) && is_nothing(memory, 0xB8000));
	tell("memory nobody has", is_nothing(memory, 0xE0000000) && is_nothing(memory, 0xFED90000));
}

static uint32_t config_read(uint32_t address)
{
	outl(address, CONFIG);
	return inl(DATA);
}

/* Nothing of what was written is there afterwards. */
static int config_keeps(uint32_t address, uint32_t value)
{
	uint32_t before = config_read(address);

	outl(value, DATA);
	return config_read(address) == before;
}

static void try_config(void)
{
	uint32_t bar = config_read(NET | 0x10);

	tell("network card over the TPM", config_keeps(NET | 0x10, 0xFED40000));
	tell("network card over RAM", config_keeps(NET | 0x10, 0x00100000));
	outl(UINT32_MAX, DATA);
	uint32_t size = config_read(NET | 0x10);
	outl(bar, DATA);
	printf("probe: size of the card's registers %#x, back at %#x\n", ~(size & ~15u) + 1,
	        config_read(NET | 0x10) & ~15u);
	tell("host bridge: where RAM is", config_keeps(0x80000058, 0) && config_keeps(0x80000060, UINT32_MAX));
	tell("ISA bridge", config_keeps(0x8000084C, 0) && config_keeps(0x80000878, UINT32_MAX));
	tell("power management: where its ports are", config_keeps(0x80000B40, 0x00000C01));
}

static int reads_ones(const unsigned short *port, int count)
{
	int good = 1;

	for (int i = 0; i < count; i++) {
		for (int turn = 0; turn < 16; turn++)
			good = good && inb(port[i]) == 0xFF;
	}
	return good;
}

static void try_ports(void)
{
	static const unsigned short nobody[] = { 0x00, 0x40, 0x42, 0x60, 0x61, 0x64, 0x80, 0xB2, 0xC0, 0x2F8, 0x3B4,
		0x3D5, 0x4D0, 0x510, 0x8900 };

	tell("DMA, timer, keyboard, screen, second serial line",
	        reads_ones(nobody, sizeof(nobody) / sizeof(nobody[0])));
	outb(0xF1, 0xB2);
	outb(0xF0, 0xB2);
	for (const char *p = "Shutdown"; *p; p++)
		outb((unsigned char)*p, 0x8900);
	tell("system management interrupt, the emulator's switch", 1);
	for (unsigned type = 1; type < 5; type++)
		outw((unsigned short)(SLEEP | type << 10), PM1_CONTROL);
	tell("sleep", inw(PM1_CONTROL) & 1);
	outb(0xD1, 0x64);
	outb(0x00, 0x60);
	outb(0x02, 0xCF9);
	tell("output port of the keyboard controller", 1);
	outb(0x38, 0x70);
	int hidden = inb(0x71) == 0xFF;
	outb(0x00, 0x71);
	outb(0x09, 0x70);
	tell("firmware's settings in CMOS", hidden && inb(0x71) != 0xFF);
}

static int reads(int msr, uint32_t number, uint64_t *value)
{
	return pread(msr, value, 8, number) == 8;
}

static void try_msrs(void)
{
	static const uint32_t faults[] = { 0x480, 0x38F, 0x610, 0x1D9 + 0x1000, 0xC0010015 };
	static const uint32_t ignored[] = { 0x79, 0x150, 0x19A, 0x2FF, 0x200 };
	int msr = open("/dev/cpu/0/msr", O_RDWR), good = msr >= 0;
	uint64_t value, changed;

	for (unsigned i = 0; i < sizeof(faults) / 4; i++)
		good = good && !reads(msr, faults[i], &value);
	tell("MSRs nobody told of", good);
	good = msr >= 0;
	for (unsigned i = 0; i < sizeof(ignored) / 4; i++) {
		int there = reads(msr, ignored[i], &value);
		uint64_t other = there ? value ^ 1 : 0x1000;
		good = good && pwrite(msr, &other, 8, ignored[i]) == 8;
		good = good && (!there || (reads(msr, ignored[i], &changed) && changed == value));
	}
	tell("microcode, voltage, clock, memory types", good);
	value = 5;
	tell("feature control", reads(msr, 0x3A, &changed) && changed == 1 && pwrite(msr, &value, 8, 0x3A) != 8);
	value = 0xFEE00900;
	tell("local APIC elsewhere", pwrite(msr, &value, 8, 0x1B) != 8);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (iopl(3)) {
		printf("probe: no ports: %s\n", strerror(errno));
		return 1;
	}
	try_memory();
	try_config();
	try_ports();
	try_msrs();
	printf("probe: done\n");
	return 0;
}
