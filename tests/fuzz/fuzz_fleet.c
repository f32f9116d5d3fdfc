/*
 * Fleet configurations: what is accepted keeps the rules of docs/fleet.md.
 * Trust: test code.
 */
#include "image/fleet.h"
#include "tests/fuzz/fuzz.h"

static struct fleet fleet;

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	/* libfdt wants it aligned, as components are. */
	u8 *tree = malloc(n ? n : 1);

	memcpy(tree, bytes, n);
	for (u32 development = 0; development < 2; development++) {
		if (fleet_read(&fleet, tree, n, development))
			continue;
		must(fleet.name[0] && strnlen(fleet.name, FLEET_NAME_SIZE) < FLEET_NAME_SIZE);
		must(strnlen(fleet.arguments, FLEET_TEXT_SIZE) < FLEET_TEXT_SIZE);
		must(strnlen(fleet.addresses, FLEET_TEXT_SIZE) < FLEET_TEXT_SIZE);
		must(fleet.vlan <= VLAN_MAX && fleet.ungated <= development);
		must(!fleet.console_port == !fleet.console_baud);
	}
	free(tree);
	return 0;
}
