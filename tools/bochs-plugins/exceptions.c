/*
 * Loaded ahead of Bochs' libraries (LD_PRELOAD): mends how Bochs 3.0 goes on after an exception when it has several
 * processors. With one, its loop takes the handler's address as the place where the next instruction begins; with
 * several it forgets to, and a VM exit that comes before that instruction (an interrupt, a timer) gives the address of
 * the instruction that faulted, with the handler's stack and flags. The guest then runs it on a wrong stack. Test bed
 * only. Offsets are those of class BX_CPU_C in Debian 13's Bochs, as BX_CPU_C::cpu_loop() uses them at its begin.
 */
#include "lib/types.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <string.h>

enum { INSTRUCTION_POINTER = 0xE0, COMMITTED_POINTER = 0x118, SPECULATIVE_STACK = 0x130 };

/* Other programs that the tool runs have none of these. */
extern u8 **bx_cpu_array __attribute__((weak));
extern u8 bx_cpu_count __attribute__((weak));
extern jmp_buf bochs_after_exception __asm__("_ZN8BX_CPU_C11jmp_buf_envE") __attribute__((weak));

typedef void jump(jmp_buf env, int value);

jump jump_and_commit __asm__("__longjmp_chk");

void jump_and_commit(jmp_buf env, int value)
{
	jump *next;
	void *symbol = dlsym(RTLD_NEXT, "__longjmp_chk");

	/* As POSIX has it: C knows no conversion from an object's address to a function's. */
	memcpy(&next, &symbol, sizeof(next));
	/* Of the processors that are not running the two are equal already. */
	for (u32 i = 0; &bx_cpu_count && env == bochs_after_exception && i < bx_cpu_count; i++) {
		u8 *cpu = bx_cpu_array[i];
		memcpy(cpu + COMMITTED_POINTER, cpu + INSTRUCTION_POINTER, sizeof(u64));
		cpu[SPECULATIVE_STACK] = 0;
	}
	next(env, value);
}
