/*
 * The few instructions with which drivers reach device memory in 64-bit code, the same that Linux knows of itself where
 * a hypervisor shall not see its registers: MOV with a ModRM byte, MOVZX, MOVSX. Anything else is refused. Trust: in
 * the TCB; pure. The bytes are the guest's; addresses come from the processor, never from here.
 */
#ifndef SIGNET_HV_EXIT_INSTRUCTION_H
#define SIGNET_HV_EXIT_INSTRUCTION_H

#include "lib/types.h"

enum { INSTRUCTION_MAX = 15 };

struct instruction {
	u8 length;
	u8 size; /* of the memory operand: 1, 2, 4 or 8 */
	u8 result_size; /* of the register that a load fills */
	u8 gpr; /* number of the register, but for stores of immediates */
	bool write;
	bool high_byte; /* AH, CH, DH or BH: gpr is 0-3 */
	bool sign_extend;
	bool has_immediate;
	u64 immediate;
};

/* False when n bytes hold no whole instruction of these with a memory operand; n may be more than 15. */
bool instruction_decode(const u8 *bytes, size_t n, struct instruction *in);

#endif
