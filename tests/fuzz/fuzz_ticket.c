/*
 * Tickets and commit verdicts, past their signatures: what is taken has one encoding.
 */
#include "attest/verdict.h"
#include "tests/fuzz/fuzz.h"

/* In place of the real one: every signature holds, so that parsing is reached. */
enum err __wrap_ecdsa_p384_verify(
        const u8 key[P384_KEY_SIZE], const u8 digest[SHA384_SIZE], const u8 signature[P384_SIGNATURE_SIZE]);

enum err __wrap_ecdsa_p384_verify(
        const u8 key[P384_KEY_SIZE], const u8 digest[SHA384_SIZE], const u8 signature[P384_SIGNATURE_SIZE])
{
	(void)key;
	(void)digest;
	(void)signature;
	return OK;
}

static const u8 ca[P384_KEY_SIZE];

static void try_ticket(const u8 *bytes, size_t n)
{
	struct ticket t;
	struct ticket_context c = { .challenge_open = true };
	u8 again[TICKET_SIZE];

	if (ticket_open(bytes, n, ca, &t) != OK)
		return;
	ticket_encode(&t, bytes + TICKET_BODY_SIZE - LEAF_RECORD_SIZE, again);
	must(memcmp(again, bytes, TICKET_BODY_SIZE) == 0);
	memcpy(c.node, t.node, sizeof(c.node));
	memcpy(c.session, t.session, sizeof(c.session));
	memcpy(c.manifest, t.manifest, sizeof(c.manifest));
	memcpy(c.challenge, t.challenge, sizeof(c.challenge));
	if (ticket_judge(&t, &c) == OK)
		must(t.lease <= TICKET_LEASE_MAX && t.sequence > 0);
	c.sequence = t.sequence;
	must(ticket_judge(&t, &c) != OK);
}

static void try_verdict(const u8 *bytes, size_t n)
{
	struct commit_verdict v;
	u8 again[COMMIT_VERDICT_SIZE];

	if (verdict_open(bytes, n, ca, &v) != OK)
		return;
	verdict_encode(&v, bytes + COMMIT_VERDICT_BODY_SIZE - LEAF_RECORD_SIZE, again);
	must(memcmp(again, bytes, COMMIT_VERDICT_BODY_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	try_ticket(bytes, n);
	try_verdict(bytes, n);
	return 0;
}
