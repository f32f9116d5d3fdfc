/* Exits as chance has them, always the same chance: each an instruction with operands from a random number. */
#include "tests/guest/guest.h"

enum { ROUNDS = 5000 };

static u64 cr0, cr4;

static void touch_memory(u64 r)
{
	/* Within the gigabyte that the tables map, its device and what is not there alike. */
	u64 address = r >> 8 & 0x3FFFFFFF;

	if (address < GUEST_RAM)
		address |= 0x800000;
	if (r & 1)
		TRY("movl %k0, (%1)", : : "r"(r), "r"(address) : "memory");
	else
		TRY("movl (%1), %k0", : "+r"(r) : "r"(address) : "memory");
}

static void touch_port(u64 r)
{
	static const u8 sizes[] = { 1, 2, 4, 4 };
	u16 port = (u16)(r >> 8);
	u32 size = sizes[r & 3];

	if (port + size > PORT_CASE && port < PORTS_END)
		return;
	if (r & 4)
		(void)in(port, size);
	else
		out(port, (u32)(r >> 32), size);
}

/* String instructions on whatever lies there: none of them is permitted. */
static void string(u64 r)
{
	u64 count = r >> 8 & 0xFF, address = GUEST_STACK + (r >> 24 & 0xFFFFF);

	if (r & 1)
		TRY("rep insb", : "+D"(address), "+c"(count) : "d"(0x80) : "memory");
	else
		TRY("rep outsw", : "+S"(address), "+c"(count) : "d"(0x80) : "memory");
}

static void control_register(u64 r)
{
	u64 bit = 1ull << (r >> 8 & 63);

	if (r & 1) {
		TRY("mov %0, %%cr0", : : "r"(cr0 ^ bit) : "memory");
		TRY("mov %0, %%cr0", : : "r"(cr0) : "memory");
	} else {
		TRY("mov %0, %%cr4", : : "r"(cr4 ^ bit) : "memory");
		TRY("mov %0, %%cr4", : : "r"(cr4) : "memory");
	}
}

static void write_msr(u64 r)
{
	u32 msr = (u32)(r >> 8);

	/* Not where it would take its own feet away: EFER, FS and GS base, the APIC's ICR and LVT, which may reset it.
	 */
	if (msr >> 30 == 3)
		msr = 0xC0010000 | (msr & 0xFFFF);
	else if (msr & 1)
		msr = msr & 0x7FF;
	(void)wrmsr(msr, random_number());
}

static u64 read_cr4(void)
{
	u64 value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static void one(u64 r)
{
	u64 value;

	switch (r >> 56 & 15) {
	case 0:
		(void)leaf_of((u32)r, (u32)(r >> 32));
		break;
	case 1:
	case 2:
		(void)rdmsr(r & 1 ? (u32)(r >> 8) : (u32)(0xC0000000 | (r >> 8 & 0x1FFF)), &value);
		break;
	case 3:
		(void)rdmsr((u32)(r >> 8 & 0xFFF), &value);
		break;
	case 4:
		write_msr(r);
		break;
	case 5:
	case 6:
	case 7:
		touch_port(r);
		break;
	case 8:
	case 9:
		touch_memory(r);
		break;
	case 10:
		control_register(r);
		break;
	case 11:
		TRY("xsetbv", : : "a"((u32)r), "d"(0), "c"((u32)(r >> 54 & 1)));
		break;
	case 12:
		string(r);
		break;
	case 13:
		TRY("vmcall", : : "a"(r));
		break;
	case 14:
		TRY("mov %0, %%cr8", : : "r"(r >> 8 & 31) : "memory");
		break;
	default:
		TRY("wbinvd", :);
		break;
	}
}

void case_random_exits(void)
{
	__asm__ volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(cr0), "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1 << 18));
	cr4 |= 1 << 18;
	for (u32 i = 0; i < ROUNDS; i++)
		one(random_number());
	expect("CR4 at the end", 0, cr4, read_cr4());
}

enum { DEADLINE = 0x6E0, LVT_TIMER = 0x832, SPURIOUS = 0x80F, TIMER_VECTOR = 0x40, TSC_DEADLINE = 2 << 17 };
enum { PIECES = 3000, PIECE = 64, TURN = 20000 };

enum { EFER_AS_IT_IS = 0x500, EFER_NXE = 0x800 };
#define EFER 0xC0000080u
#define NO_EXECUTE (1ull << 63)

extern const u8 escape[];
_Noreturn void random_next(void);

/* Bytes that chance wrote, run in ring 0 until they fault or their time is over. */
_Noreturn void random_next(void)
{
	static u64 code[PIECE / sizeof(u64)], pieces;

	if (++pieces > PIECES)
		out(PORT_END, 0, 1);
	for (u32 i = 0; i < ARRAY_SIZE(code); i++)
		code[i] = random_number();
	(void)wrmsr(DEADLINE, tsc() + TURN);
	__asm__ volatile("sti; jmp *%4"
	        :
	        : "a"(random_number()), "b"(GUEST_DEVICE), "c"(random_number() & 0xFFF), "d"(random_number()),
	        "S"(code), "D"(GUEST_STACK));
	__builtin_unreachable();
}

void case_random_instructions(void)
{
	u64 *pages = (u64 *)(GUEST_TABLES + 2 * 4096);

	/* What it maps is its memory and the device, so that most strays are faults of its own. */
	(void)wrmsr(EFER, EFER_AS_IT_IS | EFER_NXE);
	for (u32 i = GUEST_RAM >> 21; i < 512; i++)
		pages[i] = i == GUEST_DEVICE >> 21 ? pages[i] | NO_EXECUTE : 0;
	for (u32 vector = 0; vector < 256; vector++)
		set_gate(vector, escape, 1);
	(void)wrmsr(SPURIOUS, 0x1FF);
	(void)wrmsr(LVT_TIMER, TSC_DEADLINE | TIMER_VECTOR);
	random_next();
}
