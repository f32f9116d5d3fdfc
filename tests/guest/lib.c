/* See guest.h. */
#include "tests/guest/guest.h"

enum { TOLD_MAX = 4, PAGE_TABLE = 0x300000, PAGE_TABLES_END = 0x340000, GATE_PRESENT = 0x8E00, CODE = 0x10 };

volatile u64 caught, caught_error, caught_rip, caught_flags, recover;
volatile u64 taken[256];
extern const u8 vectors[];
extern u64 idt[512];

static u64 tried, differ;

static void put(const char *text)
{
	while (*text)
		out(PORT_TEXT, (u8)*text++, 1);
}

static void put_number(u64 value)
{
	char digits[17] = { 0 };
	u32 at = 16;

	do
		digits[--at] = "0123456789abcdef"[value & 15];
	while (value >>= 4);
	put(digits + at);
}

void say_line(const char *text, u64 a, u64 b)
{
	put(text);
	put(" ");
	put_number(a);
	put(" ");
	put_number(b);
	put("\n");
}

void expect(const char *what, u64 which, u64 expected, u64 found)
{
	tried++;
	if (expected == found || differ++ >= TOLD_MAX)
		return;
	put(what);
	put(" ");
	put_number(which);
	say_line(": expected, found", expected, found);
}

u64 random_number(void)
{
	static u64 state;

	state = state ? state : in(PORT_SEED, 4);
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static u64 *entry_of(u64 *table, u64 index)
{
	static u64 next = PAGE_TABLE;

	if (!(table[index] & 1) || table[index] & 0x80) {
		table[index] = next | 7;
		next += 4096;
	}
	if (next > PAGE_TABLES_END)
		expect("page tables", next, 0, 1);
	return (u64 *)(table[index] & 0xFFFFFF000);
}

void map_page(u64 linear, u64 entry)
{
	u64 *table = (u64 *)GUEST_TABLES;

	for (u32 shift = 39; shift > 12; shift -= 9)
		table = entry_of(table, linear >> shift & 511);
	table[linear >> 12 & 511] = entry;
	__asm__ volatile("invlpg (%0)" : : "r"(linear) : "memory");
}

void set_gate(u32 vector, const void *handler, u32 ist)
{
	u64 address = handler ? (u64)handler : (u64)vectors + (u64)vector * 16;

	idt[2 * vector] =
	        (address & 0xFFFF) | CODE << 16 | (u64)(GATE_PRESENT | ist) << 32 | (address >> 16 & 0xFFFF) << 48;
	idt[2 * vector + 1] = address >> 32;
}

void set_up(void);
void set_up(void)
{
	for (u32 i = 0; i < 256; i++)
		set_gate(i, NULL, 0);
}

_Noreturn void unexpected(void);
_Noreturn void unexpected(void)
{
	put("unexpected exception ");
	say_line("at, error", caught_rip, caught_error);
	out(PORT_END, (u32)caught, 1);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void guest_main(void);
void guest_main(void)
{
#define GUEST_ROW_LONG(name) [CASE_##name] = case_##name,
#define GUEST_ROW_LEGACY(name)
#define GUEST_CASE_ROW(name, row, start, end) GUEST_ROW_##start(name)
	static void (*const cases[])(void) = { GUEST_CASES(GUEST_CASE_ROW) };
	u32 number = in(PORT_CASE, 4);

	cases[number]();
	say_line("tried, differ", tried, differ);
	out(PORT_END, 0, 1);
}
