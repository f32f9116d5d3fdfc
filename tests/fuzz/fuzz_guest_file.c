/*
 * A guest's file: whatever parses is complete and inside its bounds, whatever does not says why.
 * Trust: test code.
 */
#include "agent/guest/guest_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n);

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	struct guest_file g;
	struct guest_file_problem problem;
	enum err e = guest_file_parse((const char *)bytes, n, &g, &problem);

	if ((e == OK) != (problem.words == NULL))
		abort();
	if (e)
		return 0;
	if (g.disks > CONTROL_DISKS_MAX || g.nets > CONTROL_NETS_MAX || g.vcpus < 1 || g.vcpus > GUEST_MOST_VCPUS)
		abort();
	if (!g.name[0] || !g.kernel[0] || !guest_memory_fits(g.memory))
		abort();
	for (u32 i = 0; i < g.disks; i++)
		if (!g.disk[i].path[0] || strlen(g.disk[i].path) >= GUEST_PATH_MAX)
			abort();
	return 0;
}
