/* Instructions at a device-memory access: whatever the bytes are, what is decoded stays within its limits. */
#include "hv/exit/instruction.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	struct instruction in, again;

	if (!instruction_decode(bytes, n, &in))
		return 0;
	must(in.length >= 2 && in.length <= INSTRUCTION_MAX && in.length <= n);
	must(in.size == 1 || in.size == 2 || in.size == 4 || in.size == 8);
	must(in.result_size >= in.size && in.result_size <= 8 && in.gpr < 16);
	must(!in.high_byte || (in.size == 1 && in.gpr < 4));
	must(!in.has_immediate || in.write);
	/* Nothing behind the instruction matters, and nothing of it is superfluous. */
	must(instruction_decode(bytes, in.length, &again) && memcmp(&in, &again, sizeof(in)) == 0);
	must(!instruction_decode(bytes, in.length - 1u, &again));
	return 0;
}
