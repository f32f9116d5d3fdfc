/*
 * Test payload in the hypervisor's place: prints the hand-off it received, checks it, and ends as it was told.
 * Trust: test code only.
 */
#include "tests/payload/machine.h"
#include "tests/payload/report.h"
#include "tests/payload/tree.h"

#include "lib/crypto/crypto.h"
#include "lib/fatal.h"
#include "lib/print.h"
#include "lib/stack_guard.h"

#include <libfdt.h>

_Noreturn void payload_main(const void *tree, u64 tree_length);

static u8 heap[16384];

static bool tree_usable(const void *tree, u64 length)
{
	return !fdt_check_header(tree) && fdt_totalsize(tree) <= length;
}

_Noreturn void payload_main(const void *tree, u64 tree_length)
{
	u64 started = time_stamp();

	stack_guard_seed(started);
	serial_use(COM1);
	fatal_set(machine_halt);
	faults_report();
	crypto_heap_init(heap, sizeof(heap));
	say("payload: started, tree=%p length=%lu", tree, tree_length);
	if (!tree_usable(tree, tree_length))
		fatal("the hand-off tree is malformed");
	report_stage(tree, started);
	report_image(tree);
	report_memory(tree, tree_length);
	report_log(tree);
	report_pcrs();
	say("payload: done faults=%u", fault_count());
	act(tree);
}
