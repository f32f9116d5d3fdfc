/*
 * The guests' cases, known to both sides: CASE(name, row of the attack list, start, end). A case that ends by itself
 * says what it found; the others end their VM with the reason given, or spin until the runner has seen enough. steady
 * runs beside all others; costs is for a machine of its own.
 */
#ifndef SIGNET_TESTS_GUEST_CASES_H
#define SIGNET_TESTS_GUEST_CASES_H

#include <assert.h>

#define GUEST_CASES(CASE)                                                                                              \
	CASE(task_switch, 37, LEGACY, "a task switch, which no guest here has use for")                                \
	CASE(alignment_loop, 37, LEGACY, SPINS)                                                                        \
	CASE(legacy_triple_fault, 37, LEGACY, "triple fault")                                                          \
	CASE(msrs, 35, LONG, "done")                                                                                   \
	CASE(msr_values, 37, LONG, "done")                                                                             \
	CASE(ports, 35, LONG, "done")                                                                                  \
	CASE(cpuid_leaves, 35, LONG, "done")                                                                           \
	CASE(instructions, 35, LONG, "done")                                                                           \
	CASE(control_registers, 37, LONG, "done")                                                                      \
	CASE(debug_registers, 37, LONG, "done")                                                                        \
	CASE(interrupts, 37, LONG, "done")                                                                             \
	CASE(memory, 36, LONG, "done")                                                                                 \
	CASE(random_exits, 35, LONG, "done")                                                                           \
	CASE(triple_fault, 37, LONG, "triple fault")                                                                   \
	CASE(execute_outside, 36, LONG, "it executes what is not its memory")                                          \
	CASE(tables_outside, 36, LONG, "its tables or stacks lie outside its memory")                                  \
	CASE(stack_outside, 36, LONG, "its tables or stacks lie outside its memory")                                   \
	CASE(debug_loop, 37, LONG, SPINS)                                                                              \
	CASE(spin, 38, LONG, SPINS)                                                                                    \
	CASE(exit_flood, 38, LONG, SPINS)                                                                              \
	CASE(deaf_halt, 38, LONG, SPINS)                                                                               \
	CASE(random_instructions, 35, LONG, ANY)                                                                       \
	CASE(steady, 38, LONG, SPINS)                                                                                  \
	CASE(costs, 0, LONG, "done")

#define GUEST_CASE_NUMBER(name, row, start, end) CASE_##name,
enum guest_case { GUEST_CASES(GUEST_CASE_NUMBER) CASES };
static_assert(CASE_task_switch == 0 && CASE_alignment_loop == 1 && CASE_legacy_triple_fault == 2, "legacy.S");

/* Where things lie in a guest, and the ports by which it talks to the runner. */
enum {
	GUEST_RAM = 4 << 20,
	GUEST_TABLES = 0x1000, /* its page tables: 4 pages */
	GUEST_LEGACY = 0x8000, /* what starts in real mode, as after a SIPI */
	GUEST_CODE = 0x100000,
	GUEST_STACK = 0x200000,
	GUEST_DEVICE = 0x10000000, /* 16 bytes that read as 11h, 22h, ... and remember */
	GUEST_VIRTIO = 0x10001000, /* for costs: a virtio device of one queue */
	PORT_CASE = 0xE0, /* read: which case it is */
	PORT_TEXT = 0xE4, /* write: a character */
	PORT_SEED = 0xE8, /* read: for chance */
	PORT_END = 0xEC, /* write: done */
	PORT_KEPT = 0xF0, /* takes and gives nothing */
	PORTS_END = 0xF4,
	STEADY_ROUNDS = 0x7F00, /* where steady counts: rounds, then surprises, u64 both */
};

#endif
