/* What those who order guests take for a node's limits is what root mode refuses by. */
#include "hv/guest/linux.h"
#include "hv/vm/vm.h"
#include "lib/control/guest_limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void they_are_root_modes(void **state)
{
	(void)state;
	assert_int_equal(GUEST_MOST_VCPUS, VM_VCPUS_MAX);
	assert_in_range(GUEST_MOST_COMMAND_LINE, 1, LINUX_COMMAND_LINE_MAX);
	assert_true(guest_memory_fits(GUEST_LEAST_MEMORY) && guest_memory_fits(GUEST_MOST_MEMORY));
	assert_false(guest_memory_fits(GUEST_LEAST_MEMORY - GUEST_MEMORY_STEP));
	assert_false(guest_memory_fits(GUEST_LEAST_MEMORY + GUEST_MEMORY_STEP / 2));
	assert_false(guest_memory_fits(GUEST_MOST_MEMORY + GUEST_MEMORY_STEP));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(they_are_root_modes) };

	return cmocka_run_group_tests_name("guest_limits", tests, NULL, NULL);
}
