/*
 * The register driver against a fake TPM: both interfaces, every fault with its own error, and after each fault
 * the same device carries the next command.
 * Trust: test code.
 */
#include "lib/bytes.h"
#include "lib/tpm/interface.h"
#include "lib/tpm/startup.h"
#include "lib/tpm/types.h"
#include "tests/tpm/fake_registers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { COMMAND_SIZE = 300, RESPONSE_SIZE = 700 };

static struct fake_tpm fake;
static struct tpm_device device;
static u8 command[COMMAND_SIZE];
static u8 response[TPM_BUFFER_SIZE];

static void make(u32 type)
{
	fake_tpm_init(&fake, type, RESPONSE_SIZE);
	assert_int_equal(tpm_device_init(&device, fake_tpm_registers(&fake)), OK);
	for (size_t i = 0; i < sizeof(command); i++)
		command[i] = (u8)(i * 7);
	store_be32(command + 2, COMMAND_SIZE);
	store_be32(command + 6, TPM_CC_NV_Read);
}

static enum err submit(size_t *length)
{
	struct tpm_transport t = tpm_device_transport(&device);
	return t.submit(t.context, command, sizeof(command), response, sizeof(response), length);
}

static void assert_works(void)
{
	size_t length = 0;
	memset(fake.command, 0, sizeof(fake.command));
	memset(response, 0, sizeof(response));
	assert_int_equal(submit(&length), OK);
	assert_int_equal(length, RESPONSE_SIZE);
	assert_memory_equal(fake.command, command, COMMAND_SIZE);
	assert_memory_equal(response, fake.response, RESPONSE_SIZE);
	/* Given back, so that firmware's own driver finds the TPM free. */
	assert_false(fake.locality);
}

static void finds_the_interface(void **state)
{
	static const struct {
		u32 type;
		const char *name;
	} cases[] = { { FAKE_FIFO, "tis" }, { FAKE_TIS13, "tis" }, { FAKE_CRB, "crb" } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make(cases[i].type);
		assert_string_equal(tpm_device_interface(&device), cases[i].name);
		assert_works();
		assert_works();
	}
	fake_tpm_init(&fake, 5, RESPONSE_SIZE);
	assert_int_equal(tpm_device_init(&device, fake_tpm_registers(&fake)), ERR_TPM_ABSENT);
}

static void an_empty_bus_is_no_tpm(void **state)
{
	static const enum fake_fault faults[] = { FAULT_READS_ONES, FAULT_READS_ZEROS };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		fake_tpm_init(&fake, FAKE_FIFO, RESPONSE_SIZE);
		fake.fault = faults[i];
		assert_int_equal(tpm_device_init(&device, fake_tpm_registers(&fake)), ERR_TPM_ABSENT);
		assert_true(fake.clock <= TIMEOUT_A + 1000);
	}
	make(FAKE_FIFO);
	assert_works();
}

struct fault_case {
	enum fake_fault fault;
	enum err expected;
	bool cancels;
};

static void meets_faults(u32 type, const struct fault_case *cases, size_t count)
{
	make(type);
	for (size_t i = 0; i < count; i++) {
		size_t length;
		fake.fault = cases[i].fault;
		fake.cancelled = false;
		assert_int_equal(submit(&length), cases[i].expected);
		assert_int_equal(fake.cancelled, cases[i].cancels);
		fake.fault = FAULT_NONE;
		fake.executing = false;
		assert_works();
	}
}

static void fifo_meets_faults(void **state)
{
	static const struct fault_case cases[] = {
		{ FAULT_READS_ONES, ERR_TPM_ABSENT, false },
		{ FAULT_READS_ZEROS, ERR_TPM_TIMEOUT, false },
		{ FAULT_GONE_EXECUTING, ERR_TPM_ABSENT, true },
		{ FAULT_LOCALITY, ERR_TPM_TIMEOUT, false },
		{ FAULT_NOT_READY, ERR_TPM_TIMEOUT, false },
		{ FAULT_NEVER_DONE, ERR_TPM_TIMEOUT, true },
		{ FAULT_DEAF, ERR_TPM_TIMEOUT, true },
		{ FAULT_SIZE_SMALL, ERR_TPM_RESPONSE, false },
		{ FAULT_SIZE_LARGE, ERR_TPM_RESPONSE, false },
		{ FAULT_ONES, ERR_TPM_ABSENT, false },
		{ FAULT_ZEROS, ERR_TPM_ABSENT, false },
		{ FAULT_LONG, ERR_TPM_RESPONSE, false },
		{ FAULT_SHORT, ERR_TPM_RESPONSE, false },
		{ FAULT_NO_BURST, ERR_TPM_TIMEOUT, false },
		{ FAULT_EXPECT_EARLY, ERR_TPM_TIMEOUT, false },
		{ FAULT_EXPECT_LATE, ERR_TPM_RESPONSE, false },
	};
	(void)state;
	meets_faults(FAKE_FIFO, cases, ARRAY_SIZE(cases));
}

static void crb_meets_faults(void **state)
{
	static const struct fault_case cases[] = {
		{ FAULT_READS_ONES, ERR_TPM_ABSENT, false },
		{ FAULT_READS_ZEROS, ERR_TPM_TIMEOUT, false },
		{ FAULT_GONE_EXECUTING, ERR_TPM_ABSENT, true },
		{ FAULT_LOCALITY, ERR_TPM_TIMEOUT, false },
		{ FAULT_NOT_READY, ERR_TPM_TIMEOUT, false },
		{ FAULT_NEVER_DONE, ERR_TPM_TIMEOUT, true },
		{ FAULT_DEAF, ERR_TPM_TIMEOUT, true },
		{ FAULT_SIZE_SMALL, ERR_TPM_RESPONSE, false },
		{ FAULT_SIZE_LARGE, ERR_TPM_RESPONSE, false },
		{ FAULT_ONES, ERR_TPM_ABSENT, false },
		{ FAULT_ZEROS, ERR_TPM_ABSENT, false },
		{ FAULT_FATAL, ERR_TPM_RESPONSE, false },
		{ FAULT_BUFFER_OUTSIDE, ERR_TPM_RESPONSE, false },
		{ FAULT_BUFFER_LONG, ERR_TPM_RESPONSE, false },
		{ FAULT_BUFFER_SMALL, ERR_RANGE, false },
		{ FAULT_RESPONSE_SMALL, ERR_TPM_RESPONSE, false },
	};
	(void)state;
	meets_faults(FAKE_CRB, cases, ARRAY_SIZE(cases));
}

static void any_burst_will_do(void **state)
{
	static const u32 bursts[] = { 1, 2, 9, 10, 11, 299, 300, 4096, 0xFFFF };
	(void)state;
	make(FAKE_FIFO);
	for (size_t i = 0; i < ARRAY_SIZE(bursts); i++) {
		fake.burst = bursts[i];
		assert_works();
	}
}

/* Not sooner than the specification's time, and hardly later. */
static void waits_as_specified(void **state)
{
	static const struct {
		u32 type;
		enum fake_fault fault;
		u64 limit;
	} cases[] = {
		{ FAKE_FIFO, FAULT_LOCALITY, TIMEOUT_A },
		{ FAKE_FIFO, FAULT_NOT_READY, TIMEOUT_B },
		{ FAKE_FIFO, FAULT_NO_BURST, TIMEOUT_A },
		{ FAKE_CRB, FAULT_LOCALITY, TIMEOUT_A },
		{ FAKE_CRB, FAULT_NOT_READY, TIMEOUT_C },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t length;
		make(cases[i].type);
		fake.fault = cases[i].fault;
		u64 start = fake.clock;
		assert_int_equal(submit(&length), ERR_TPM_TIMEOUT);
		assert_in_range(fake.clock - start, cases[i].limit, cases[i].limit + 2000);
	}
}

static u32 idles;
static u64 last_idle, longest;

/* The hypervisor's other work. */
static void count_idle(void)
{
	u64 passed = fake.clock - last_idle;
	longest = passed > longest ? passed : longest;
	last_idle = fake.clock;
	idles++;
}

/* Between any two looks others run. */
static void waiting_is_idling(void **state)
{
	(void)state;
	make(FAKE_FIFO);
	device.registers.idle = count_idle;
	fake.execution_looks = 1000;
	idles = 0;
	longest = 0;
	last_idle = fake.clock;
	assert_works();
	assert_true(idles >= 999);
	assert_true(longest < 2000);
}

static void sleep_long(void)
{
	fake.clock += (u64)100 * 1000 * 1000;
}

/* Who sleeps past every time-out finds the answer ready and takes it. */
static void a_late_look_is_not_the_tpms_fault(void **state)
{
	(void)state;
	make(FAKE_FIFO);
	device.registers.idle = sleep_long;
	fake.execution_looks = 2;
	assert_works();
}

static void refuses_bad_lengths(void **state)
{
	struct tpm_transport t = tpm_device_transport(&device);
	size_t length;
	(void)state;
	make(FAKE_CRB);
	assert_int_equal(
	        t.submit(&device, command, TPM_HEADER_SIZE - 1, response, sizeof(response), &length), ERR_RANGE);
	assert_int_equal(
	        t.submit(&device, command, TPM_BUFFER_SIZE + 1, response, sizeof(response), &length), ERR_RANGE);
	assert_int_equal(
	        t.submit(&device, command, sizeof(command), response, TPM_HEADER_SIZE - 1, &length), ERR_RANGE);
	assert_works();
}

static void a_small_buffer_is_not_overrun(void **state)
{
	static const u32 types[] = { FAKE_FIFO, FAKE_CRB };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		make(types[i]);
		struct tpm_transport t = tpm_device_transport(&device);
		size_t length;
		assert_int_equal(t.submit(t.context, command, sizeof(command), response, RESPONSE_SIZE - 1, &length),
		        ERR_TPM_RESPONSE);
		assert_int_equal(t.submit(t.context, command, sizeof(command), response, RESPONSE_SIZE, &length), OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_interface),
		cmocka_unit_test(an_empty_bus_is_no_tpm),
		cmocka_unit_test(fifo_meets_faults),
		cmocka_unit_test(crb_meets_faults),
		cmocka_unit_test(any_burst_will_do),
		cmocka_unit_test(waits_as_specified),
		cmocka_unit_test(waiting_is_idling),
		cmocka_unit_test(a_late_look_is_not_the_tpms_fault),
		cmocka_unit_test(refuses_bad_lengths),
		cmocka_unit_test(a_small_buffer_is_not_overrun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
