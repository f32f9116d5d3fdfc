/* Addresses at and over the end of memory, across its border, not canonical; and ways to have the processor use them.
 */
#include "tests/guest/guest.h"

enum { ENTRY = 3, AT_END = GUEST_RAM - 4096, BEYOND = 0x800000 };
#define WINDOW 0x4000000000ull
#define PAGE_AT(n) (WINDOW + (u64)(n) * 4096)

static u64 load(u64 address, u32 size, u64 *value)
{
	u64 found = 0;

	if (size == 1)
		TRY("movb (%1), %b0", : "+r"(found) : "r"(address) : "memory");
	else if (size == 2)
		TRY("movw (%1), %w0", : "+r"(found) : "r"(address) : "memory");
	else if (size == 4)
		TRY("movl (%1), %k0", : "+r"(found) : "r"(address) : "memory");
	else
		TRY("movq (%1), %0", : "+r"(found) : "r"(address) : "memory");
	*value = found;
	return caught;
}

static u64 store(u64 address, u64 value)
{
	TRY("movq %0, (%1)", : : "r"(value), "r"(address) : "memory");
	return caught;
}

static void read_ones(const char *what, u64 address)
{
	for (u32 size = 1; size <= 8; size *= 2) {
		u64 value;
		expect(what, address, NOTHING, load(address, size, &value));
		expect(what, address, size == 8 ? ~0ull : (1ull << 8 * size) - 1, value);
	}
	expect(what, address, NOTHING, store(address, 0));
}

static void border(void)
{
	u64 value;

	map_page(PAGE_AT(0), AT_END | ENTRY);
	map_page(PAGE_AT(1), GUEST_RAM | ENTRY);
	map_page(PAGE_AT(2), BEYOND | ENTRY);
	map_page(PAGE_AT(3), 0xFEE00000 | ENTRY); /* no local APIC's page */
	map_page(PAGE_AT(4), 1ull << 32 | ENTRY);
	map_page(PAGE_AT(5), ((1ull << 36) - 4096) | ENTRY);
	map_page(PAGE_AT(6), 1ull << 51 | ENTRY);
	expect("the last bytes", 0, NOTHING, store(PAGE_AT(1) - 8, 0x1122334455667788));
	load(PAGE_AT(1) - 8, 8, &value);
	expect("the last bytes", 1, 0x1122334455667788, value);
	read_ones("one byte over", PAGE_AT(1));
	read_ones("beyond", PAGE_AT(2) + 0x10);
	read_ones("no local APIC", PAGE_AT(3) + 0x20);
	read_ones("4 GiB", PAGE_AT(4));
	read_ones("64 GiB", PAGE_AT(5));
	expect("a reserved bit", 0, PF, load(PAGE_AT(6), 8, &value));
	/* Across the border: nothing of it is done, and memory stays as it was. */
	expect("straddling", 0, NOTHING, store(PAGE_AT(1) - 4, 0));
	load(PAGE_AT(1) - 8, 8, &value);
	expect("straddling", 1, 0x1122334455667788, value);
	expect("straddling", 2, NOTHING, load(PAGE_AT(1) - 4, 8, &value));
	expect("not canonical", 0, GP, load(0x0000800000000000, 8, &value));
	expect("not canonical", 1, GP, load(0xFFFF7FFFFFFFFFF9, 8, &value));
	set_gate(SS, NULL, 1);
	caught = NOTHING;
	__asm__ volatile("movq $1f, recover(%%rip); mov %%rsp, %%rcx; mov %0, %%rsp; pop %%rax; 1: mov %%rcx, %%rsp"
	        :
	        : "r"(1ull << 63)
	        : "rax", "rcx", "memory");
	expect("not canonical stack", 0, SS, caught);
}

/* The device reads as 11h, 22h, ... and keeps what is written. */
static void device(void)
{
	u64 at = GUEST_DEVICE, value;

	expect("device", 0, NOTHING, store(at, 0x8877665544332211));
	for (u32 size = 1; size <= 8; size *= 2) {
		load(at, size, &value);
		expect("device", size, size == 8 ? 0x8877665544332211 : 0x8877665544332211 & ((1ull << 8 * size) - 1),
		        value);
	}
	TRY("movzbl 7(%1), %k0", : "=r"(value) : "r"(at));
	expect("movzx", 0, 0x88, value);
	TRY("movsbq 7(%1), %0", : "=r"(value) : "r"(at));
	expect("movsx", 0, 0xFFFFFFFFFFFFFF88, value);
	TRY("movb 1(%1), %%ah", : "=a"(value) : "r"(at), "0"(0));
	expect("ah", 0, 0x2200, value);
	TRY("movl $0x5A, (%0)", : : "r"(at) : "memory");
	/* What no driver does is no instruction here. */
	TRY("lock incl (%0)", : : "r"(at) : "memory");
	expect("lock inc", 0, UD, caught);
	TRY("xchg %%eax, (%0)", : : "r"(at) : "rax", "memory");
	expect("xchg", 0, UD, caught);
	TRY("pushq (%0)", : : "r"(at) : "memory");
	expect("push", 0, UD, caught);
	TRY("movslq 4(%1), %0", : "=r"(value) : "r"(at));
	expect("movsxd", 0, UD, caught);
	TRY("movsq", : : "S"(at), "D"(GUEST_STACK - 4096) : "memory");
	expect("movs", 0, UD, caught);
	TRY("fildl (%0)", : : "r"(at) : "memory");
	expect("x87", 0, UD, caught);
	load(at, 4, &value);
	expect("left as it was", 0, 0x5A, value);
	read_ones("behind the device", at + 16);
	expect("unaligned", 0, NOTHING, load(at + 1, 4, &value));
}

void case_memory(void)
{
	border();
	device();
}

void case_execute_outside(void)
{
	map_page(PAGE_AT(0), BEYOND | ENTRY);
	__asm__ volatile("jmp *%0" : : "r"(PAGE_AT(0)));
}

void case_tables_outside(void)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"((u64)BEYOND) : "memory");
}

void case_stack_outside(void)
{
	map_page(PAGE_AT(0), BEYOND | ENTRY);
	__asm__ volatile("mov %0, %%rsp; ud2" : : "r"(PAGE_AT(1)));
}

void case_triple_fault(void)
{
	static const u64 none[2];

	__asm__ volatile("lidt %0; ud2" : : "m"(none));
}
