/*
 * The service VM's TPM port on a real TPM: what it answers, what it leaves behind, and what it leaves to root mode.
 * Test code for a host.
 */
#include "hv/node/event.h"
#include "hv/node/node.h"
#include "hv/node/slots.h"
#include "hv/node/tpm.h"
#include "hv/node/tpm_filter.h"
#include "hv/node/tpm_port.h"
#include "hv/x86/lock.h"
#include "lib/tpm/admin.h"
#include "lib/tpm/marshal.h"
#include "lib/tpm/session.h"
#include "tests/tpm/ak.h"
#include "tests/tpm/hv_bed.h"
#include "tests/tpm/meddler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static u8 answer[TPM_BUFFER_SIZE];
static size_t answer_length;
static u32 answers;

static void take_answer(const u8 *response, size_t length)
{
	memcpy(answer, response, length);
	answer_length = length;
	answers++;
}

static void open_port(void)
{
	tpm_port_init(take_answer);
	hv_lock();
	tpm_port_open();
	hv_unlock();
	bed_work();
	answers = 0;
}

static bool send(const u8 *command, size_t length)
{
	hv_lock();
	bool taken = tpm_port_command(command, length);
	hv_unlock();
	return taken;
}

static u32 ask(const u8 *command, size_t length)
{
	u32 before = answers;

	assert_true(send(command, length));
	bed_work();
	assert_int_equal(answers, before + 1);
	assert_true(answer_length >= TPM_HEADER_SIZE && load_be32(answer + 2) == answer_length);
	return load_be32(answer + 6);
}

/* The bytes of a command that lib/tpm makes, caught on their way. */
static u8 caught[TPM_BUFFER_SIZE];
static size_t caught_length;

static enum err keep_bytes(void *context, const u8 *command, size_t size, u8 *response, size_t room, size_t *length)
{
	(void)context;
	memset(response, 0, room);
	*length = 0;
	memcpy(caught, command, size);
	caught_length = size;
	return ERR_TPM_ABSENT;
}

static struct tpm *catcher(void)
{
	static struct tpm tpm;

	tpm_init(&tpm, (struct tpm_transport){ .submit = keep_bytes });
	return &tpm;
}

static u32 ask_for_key(void)
{
	static struct tpm_public public;
	u32 handle;

	assert_int_equal(tpm_create_ak(catcher(), NULL, &handle, &public), ERR_TPM_ABSENT);
	return ask(caught, caught_length);
}

static u32 ask_for_session(void)
{
	u32 handle;

	assert_int_equal(tpm_policy_session_start(catcher(), TPM_SE_POLICY, &handle), ERR_TPM_ABSENT);
	return ask(caught, caught_length);
}

static const u8 random_bytes[] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7B, 0, 8 };

static void answers_through_the_port(void **state)
{
	(void)state;
	static const u8 shutdown[] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x45, 0, 0 };

	open_port();
	assert_int_equal(ask(random_bytes, sizeof(random_bytes)), TPM_RC_SUCCESS);
	assert_int_equal(answer_length, 20);
	assert_int_equal(ask(shutdown, sizeof(shutdown)), TPM_RC_COMMAND_CODE);
	assert_int_equal(ask(random_bytes, 0), TPM_RC_COMMAND_SIZE);
	assert_int_equal(ask(random_bytes, 11), TPM_RC_COMMAND_SIZE);
	assert_int_equal(ask(bed_log, TPM_BUFFER_SIZE + 1), TPM_RC_COMMAND_SIZE);
	/* One at a time. */
	assert_true(send(random_bytes, sizeof(random_bytes)));
	assert_false(send(random_bytes, sizeof(random_bytes)));
	bed_work();
	bed_break_tpm(0);
	assert_int_equal(ask(random_bytes, sizeof(random_bytes)), TPM_RC_FAILURE);
	bed_mend_tpm();
	assert_int_equal(ask(random_bytes, sizeof(random_bytes)), TPM_RC_SUCCESS);
}

static void drops_what_is_pending_when_closed(void **state)
{
	(void)state;
	struct meddler counter = { .command = TPM_CC_GetRandom };

	open_port();
	meddler_begin(&counter, bed_node.tpm);
	assert_true(send(random_bytes, sizeof(random_bytes)));
	hv_lock();
	tpm_port_close();
	tpm_port_open();
	hv_unlock();
	assert_false(send(random_bytes, sizeof(random_bytes)));
	bed_work();
	meddler_end(&counter);
	assert_int_equal(counter.seen, 0);
	/* Told once that the port is free, and nothing of the old command. */
	assert_int_equal(answers, 1);
	assert_int_equal(answer_length, 0);
	assert_int_equal(ask(random_bytes, sizeof(random_bytes)), TPM_RC_SUCCESS);
}

static struct tpm_transport underneath;

static enum err close_meanwhile(
        void *context, const u8 *command, size_t size, u8 *response, size_t room, size_t *length)
{
	hv_lock();
	tpm_port_close();
	hv_unlock();
	bed_node.tpm->transport = underneath;
	return underneath.submit(context, command, size, response, room, length);
}

/* The answer is nobody's; what the command loaded is given back, and it is not carried out a second time. */
static void drops_the_answer_of_what_it_was_closed_in(void **state)
{
	(void)state;
	struct meddler counter = { .command = TPM_CC_CreatePrimary };

	open_port();
	meddler_begin(&counter, bed_node.tpm);
	underneath = bed_node.tpm->transport;
	bed_node.tpm->transport.submit = close_meanwhile;
	assert_int_equal(tpm_create_ak(catcher(), NULL, &(u32){ 0 }, &(struct tpm_public){ 0 }), ERR_TPM_ABSENT);
	assert_true(send(caught, caught_length));
	bed_work();
	meddler_end(&counter);
	assert_int_equal(counter.seen, 1);
	assert_int_equal(answers, 1);
	assert_int_equal(answer_length, 0);
	for (u32 i = 0; i < FILTER_OBJECTS_MAX; i++)
		assert_int_equal(ask_for_key(), TPM_RC_SUCCESS);
}

/* All that a TPM has room for can be had again by others. */
static void leaves_nothing_behind(void **state)
{
	(void)state;
	u32 session[3];

	open_port();
	for (u32 i = 0; i < FILTER_SESSIONS_MAX; i++) {
		assert_int_equal(ask_for_session(), TPM_RC_SUCCESS);
		assert_int_equal(ask_for_key(), TPM_RC_SUCCESS);
	}
	assert_int_equal(ask_for_session(), TPM_RC_SESSION_MEMORY);
	assert_int_equal(ask_for_key(), TPM_RC_OBJECT_MEMORY);
	hv_lock();
	tpm_port_close();
	hv_unlock();
	assert_false(send(random_bytes, sizeof(random_bytes)));
	bed_work();
	for (u32 i = 0; i < ARRAY_SIZE(session); i++)
		assert_int_equal(tpm_policy_session_start(bed_node.tpm, TPM_SE_POLICY, &session[i]), OK);
	for (u32 i = 0; i < ARRAY_SIZE(session); i++)
		assert_int_equal(tpm_flush_context(bed_node.tpm, session[i]), OK);
}

/* A key may have been made of which nobody was told: root mode's room stays. */
static void counts_what_the_tpm_did_not_answer(void **state)
{
	(void)state;
	open_port();
	bed_break_tpm(0);
	assert_int_equal(ask_for_key(), TPM_RC_FAILURE);
	bed_mend_tpm();
	for (u32 i = 1; i < FILTER_OBJECTS_MAX; i++)
		assert_int_equal(ask_for_key(), TPM_RC_SUCCESS);
	assert_int_equal(ask_for_key(), TPM_RC_OBJECT_MEMORY);
}

/* Objects and sessions are held through the port, as many as it gets: root mode extends, enrols and writes all the
 * same. */
static void leaves_root_mode_its_tpm(void **state)
{
	(void)state;
	struct control_provision o = bed_order();
	struct control_stage stage = { .slot = SLOT_B };
	u32 key;

	open_port();
	assert_int_equal(ask_for_key(), TPM_RC_SUCCESS);
	key = load_be32(answer + TPM_HEADER_SIZE);
	assert_int_equal(ask_for_key(), TPM_RC_SUCCESS);
	assert_int_equal(ask_for_session(), TPM_RC_SUCCESS);
	assert_int_equal(ask_for_session(), TPM_RC_SUCCESS);
	/* The attestation key becomes persistent at enrolment, and never after. */
	assert_int_equal(tpm_evict_control(catcher(), NULL, key, TPM_AK_HANDLE), ERR_TPM_ABSENT);
	assert_int_equal(ask(caught, caught_length), TPM_RC_SUCCESS);
	assert_int_equal(node_admit_guest(bed_guest, &bed_load, 1, "one"), OK);
	assert_int_equal(bed_enrol(&o), OK);
	assert_int_equal(slots_stage(&stage), OK);
	assert_int_equal(tpm_evict_control(catcher(), NULL, key, TPM_AK_HANDLE), ERR_TPM_ABSENT);
	assert_int_equal(ask(caught, caught_length), TPM_RC_VALUE);
	bed_work();
	assert_int_equal(bed_replays(), 2);
}

int main(void)
{
#define WITH_NODE(f) cmocka_unit_test_setup_teardown(f, bed_open, bed_close)
	const struct CMUnitTest tests[] = {
		WITH_NODE(answers_through_the_port), WITH_NODE(drops_what_is_pending_when_closed),
		WITH_NODE(drops_the_answer_of_what_it_was_closed_in), WITH_NODE(leaves_nothing_behind),
		WITH_NODE(leaves_root_mode_its_tpm),
		WITH_NODE(counts_what_the_tpm_did_not_answer), /* for good, and so the last */
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
