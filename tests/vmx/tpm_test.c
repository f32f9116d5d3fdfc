/*
 * The whole TPM of the test bed but Bochs: our driver, the registers, the link, and swtpm.
 * Test code for a host.
 */
#include "tools/bochs-plugins/tpm/swtpm_link.h"

#include "lib/bytes.h"
#include "lib/crypto/crypto.h"
#include "lib/tpm/admin.h"
#include "lib/tpm/bank.h"
#include "lib/tpm/device.h"
#include "lib/tpm/pcr.h"
#include "lib/tpm/startup.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PCR_STAGE = 12, PCR_LAUNCH = 17, ACCESS = 0x00, HASH_END = 0x20, FIFO = 0x24, HASH_START = 0x28 };
enum { NOT_ESTABLISHED = BIT(0) };

struct bed {
	char dir[64], state[80], control[128], socket[80];
	pid_t pid;
	struct swtpm_link link;
	struct tis tis;
	u8 locality; /* whose page the driver is given */
	struct tpm_device device;
	struct tpm tpm;
};

static u8 read8(void *context, u32 offset)
{
	struct bed *b = context;
	return tis_read(&b->tis, b->locality * TIS_PAGE + offset);
}

static u32 reach(void *context, u32 offset, u32 width, const u32 *value)
{
	struct bed *b = context;
	u8 bytes[4] = { 0 };

	if (value)
		store_le32(bytes, *value);
	for (u32 i = 0; i < width && i < sizeof(bytes); i++) {
		if (value)
			tis_write(&b->tis, b->locality * TIS_PAGE + offset + i, bytes[i]);
		else
			bytes[i] = read8(context, offset + i);
	}
	return load_le32(bytes);
}

static u64 now(void *context)
{
	struct timespec t;
	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

static void use_locality(struct bed *b, u8 locality)
{
	b->locality = locality;
	struct tpm_registers r = { reach, now, NULL, b };
	assert_int_equal(tpm_device_init(&b->device, r), OK);
	tpm_init(&b->tpm, tpm_device_transport(&b->device));
}

static void power_on(struct bed *b)
{
	assert_true(swtpm_link_reset(&b->link));
	tis_reset(&b->tis, swtpm_link_backend(&b->link));
	use_locality(b, 0);
	assert_int_equal(tpm_startup(&b->tpm), OK);
}

/* Does not return. Dies with its parent, so that a crashed test leaves nothing running. */
static void child(const struct bed *b, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", b->state, "--ctrl", b->control, (char *)NULL);
	_exit(127);
}

static int set_up(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	assert_non_null(b);
	strcpy(b->dir, "/tmp/tpm-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->state, sizeof(b->state), "dir=%s", b->dir);
	snprintf(b->socket, sizeof(b->socket), "%s/socket", b->dir);
	snprintf(b->control, sizeof(b->control), "type=unixio,path=%s", b->socket);
	pid_t parent = getpid();
	b->pid = fork();
	if (b->pid == 0)
		child(b, parent);
	assert_true(b->pid > 0);
	while (!swtpm_link_open(&b->link, b->socket)) {
		assert_int_equal(waitpid(b->pid, NULL, WNOHANG), 0);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	power_on(b);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "tpm2-00.permall", "tpm2-00.volatilestate", ".lock", "socket" };
	struct bed *b = *state;
	char path[128];
	swtpm_link_close(&b->link);
	kill(b->pid, SIGTERM);
	waitpid(b->pid, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", b->dir, files[i]);
		unlink(path);
	}
	rmdir(b->dir);
	free(b);
	return 0;
}

static void expect_pcr(struct bed *b, u32 pcr, const u8 expected[SHA256_SIZE])
{
	struct tpm_bank_digest d;
	assert_int_equal(tpm_pcr_read(&b->tpm, TPM_ALG_SHA256, pcr, &d), OK);
	assert_memory_equal(d.digest, expected, SHA256_SIZE);
}

/* TPMS_TIME_INFO of TPM2_ReadClock: time, clock, resetCount. */
static u32 reset_count(struct bed *b)
{
	static const u8 read_clock[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x81 };
	u8 response[64];
	size_t n = 0;
	struct tpm_transport *t = &b->tpm.transport;
	assert_int_equal(t->submit(t->context, read_clock, sizeof(read_clock), response, sizeof(response), &n), OK);
	assert_true(n >= 30);
	return load_be32(response + 26);
}

static void a_reset_starts_over(void **state)
{
	struct bed *b = *state;
	static const u8 zero[SHA256_SIZE];
	u8 extended[SHA256_SIZE], event[SHA256_SIZE];
	struct tpm_digests digests;
	u32 resets = reset_count(b);
	sha256_of((const u8 *)"event", 5, event);
	sha256_of_two(zero, sizeof(zero), event, sizeof(event), extended);
	expect_pcr(b, PCR_STAGE, zero);
	assert_int_equal(tpm_pcr_event(&b->tpm, PCR_STAGE, (const u8 *)"event", 5, &digests), OK);
	expect_pcr(b, PCR_STAGE, extended);
	power_on(b);
	expect_pcr(b, PCR_STAGE, zero);
	assert_int_equal(reset_count(b), resets + 1);
}

static void long_commands_and_answers(void **state)
{
	struct bed *b = *state;
	static u8 event[TPM_EVENT_DATA_MAX], random[600];
	struct tpm_digests digests;
	u8 expected[SHA256_SIZE];
	memset(event, 0x5A, sizeof(event));
	sha256_of(event, sizeof(event), expected);
	assert_int_equal(tpm_pcr_event(&b->tpm, PCR_STAGE, event, sizeof(event), &digests), OK);
	bool found = false;
	for (u32 i = 0; i < digests.count; i++)
		if (digests.bank[i].alg == TPM_ALG_SHA256)
			found = !memcmp(digests.bank[i].digest, expected, SHA256_SIZE);
	assert_true(found);
	assert_int_equal(tpm_get_random(&b->tpm, random, sizeof(random)), OK);
	assert_false(bytes_are_zero(random + 500, 100));
}

static void a_dynamic_launch_fills_pcr17(void **state)
{
	struct bed *b = *state;
	static const u8 zero[SHA256_SIZE];
	u8 ones[SHA256_SIZE], event[SHA256_SIZE], expected[SHA256_SIZE];
	memset(ones, 0xFF, sizeof(ones));
	expect_pcr(b, PCR_LAUNCH, ones);
	assert_true(read8(b, ACCESS) & NOT_ESTABLISHED);
	tis_write(&b->tis, 4 * TIS_PAGE + HASH_START, 0);
	for (const char *c = "launched"; *c; c++)
		tis_write(&b->tis, 4 * TIS_PAGE + FIFO, (u8)*c);
	tis_write(&b->tis, 4 * TIS_PAGE + HASH_END, 0);
	sha256_of((const u8 *)"launched", 8, event);
	sha256_of_two(zero, sizeof(zero), event, sizeof(event), expected);
	expect_pcr(b, PCR_LAUNCH, expected);
	assert_false(read8(b, ACCESS) & NOT_ESTABLISHED);
	power_on(b);
	expect_pcr(b, PCR_LAUNCH, ones);
}

/* PTP, "PCR Attributes": PCR17 may be extended from localities 2 to 4. */
static void the_tpm_knows_the_locality(void **state)
{
	struct bed *b = *state;
	struct tpm_digests d = { .count = 1, .bank = { { .alg = TPM_ALG_SHA256, .size = SHA256_SIZE } } };
	for (u8 l = 0; l < 4; l++) {
		use_locality(b, l);
		assert_int_equal(tpm_pcr_extend(&b->tpm, PCR_LAUNCH, &d), l >= 2 ? OK : ERR_TPM_REFUSED);
	}
}

static void without_swtpm_there_is_no_tpm(void **state)
{
	struct bed *b = *state;
	struct tpm_bank_digest d;
	kill(b->pid, SIGKILL);
	assert_int_not_equal(tpm_pcr_read(&b->tpm, TPM_ALG_SHA256, PCR_STAGE, &d), OK);
	assert_int_equal(tpm_pcr_read(&b->tpm, TPM_ALG_SHA256, PCR_STAGE, &d), ERR_TPM_ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reset_starts_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_commands_and_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dynamic_launch_fills_pcr17, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_tpm_knows_the_locality, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_swtpm_there_is_no_tpm, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("vmx_tpm", tests, NULL, NULL);
}
