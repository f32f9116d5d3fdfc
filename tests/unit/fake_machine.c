/*
 * The fake machine.
 * Test code.
 */
#include "tests/unit/fake_machine.h"

#include "lib/print.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { ARENA_SIZE = 16 << 20, ARENA_ALIGN = 2 << 20 };

struct fake_machine machine;
static _Alignas(ARENA_ALIGN) u8 arena[ARENA_SIZE];

void machine_note(char letter)
{
	size_t n = strlen(machine.course);

	if (n + 1 < COURSE_SIZE && (n == 0 || machine.course[n - 1] != letter))
		machine.course[n] = letter;
}

static void listen(const char *text, size_t n)
{
	/* What was said stays a string. */
	assert_true(machine.said_length + n < SAID_SIZE);
	memcpy(machine.said + machine.said_length, text, n);
	machine.said_length += n;
}

static enum err allocate(u64 address, u64 length, u64 align, u8 **out)
{
	u64 at = align_up(machine.used, align);

	if ((address && address != machine.fixed_address) || machine.allocations + 1 == machine.no_memory_at) {
		machine.no_memory_at = 0;
		return ERR_BOOT_MEMORY;
	}
	assert_true(align <= ARENA_ALIGN && range_inside(at, length, ARENA_SIZE));
	machine.used = at + length;
	machine.live++;
	machine.allocations++;
	*out = arena + at;
	/* Whatever was there before must not show. */
	memset(*out, 0xEE, length);
	if (machine.on_allocate)
		machine.on_allocate(machine.allocations);
	return OK;
}

static void release(u8 *memory, u64 length)
{
	memset(memory, 0xDD, length);
	machine.live--;
}

static enum err measure(u32 pcr, const struct event *event)
{
	machine_note('m');
	if (machine.measurements++ == machine.fails_at && machine.measure_fails)
		return machine.measure_fails;
	assert_true(machine.events < EVENTS_MAX);
	machine.pcr[machine.events] = pcr;
	machine.event[machine.events++] = *event;
	return OK;
}

static enum err finish(struct memory_entry *map, u32 *count, struct blob *log)
{
	machine_note('f');
	machine.finished++;
	map[0] = (struct memory_entry){ .base = 0, .length = MIB(512), .type = MEMORY_RAM };
	*count = 1;
	*log = (struct blob){ .bytes = arena, .length = 7 };
	return machine.finish_fails;
}

void fake_machine_reset(void)
{
	memset(&machine, 0, sizeof(machine));
	console_set(listen);
}

struct platform fake_platform(void)
{
	return (struct platform){
		.uefi = true,
		.secure_boot = true,
		.tpm_interface = "crb",
		.allocate = allocate,
		.release = release,
		.measure = measure,
		.finish = finish,
	};
}
