/* One attestation: from the nonce to the ticket in the hypervisor's hands. Trust: see agent.h. */
#include "agent/agentd/agent.h"
#include "agent/agentd/evidence.h"

#include "attest/verdict.h"
#include "lib/print.h"

#include <string.h>

enum { AGAIN_LEAST_S = 1, AGAIN_MOST_S = 7 * 86400 };

static enum agent_outcome fail(struct agent *a, const char *what, enum err e)
{
	(void)format(a->link.why, sizeof(a->link.why), "%s: %s", what, err_text(e));
	return OUTCOME_FAILED;
}

static enum agent_outcome ask_nonce(struct agent *a, u8 nonce[ATTEST_ID_SIZE])
{
	static const struct field fields[] = {
		{ "nonce", FIELD_HEX, FIELD_REQUIRED, ATTEST_ID_SIZE },
		{ "seconds", FIELD_NUMBER, FIELD_REQUIRED, 86400 },
	};
	char node[NODE_TEXT_SIZE];
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_doc *answer;

	agent_node_text(a, node);
	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "node", node);
	enum agent_outcome outcome = link_post(&a->link, "/node/v1/nonce", doc, 0, &answer);
	if (outcome != OUTCOME_DONE)
		return outcome;
	yyjson_val *got = yyjson_doc_get_root(answer);
	if (!fields_fit(got, fields, ARRAY_SIZE(fields), a->link.why, sizeof(a->link.why)))
		outcome = OUTCOME_UNREACHABLE;
	else
		(void)field_hex(got, "nonce", nonce, ATTEST_ID_SIZE);
	yyjson_doc_free(answer);
	return outcome;
}

/* What the hypervisor says of this boot, and what the fleet server and it want to see again. */
static enum agent_outcome make_claim(struct agent *a, struct claim *claim, u32 *slot)
{
	struct control_status status;
	enum err e = node_read_status(&a->node, &status);

	if (!e)
		e = node_get(&a->node, CONTROL_CHALLENGE, NULL, 0, claim->challenge, sizeof(claim->challenge));
	if (e)
		return fail(a, "hypervisor", e);
	*slot = status.slot;
	memcpy(claim->session, status.session, sizeof(claim->session));
	memcpy(claim->manifest, status.manifest, sizeof(claim->manifest));
	memcpy(claim->node, a->ek.node, sizeof(claim->node));
	tls_identity_digest(a->place.identity, claim->tls_key);
	return OUTCOME_DONE;
}

static const struct field answer_fields[] = {
	{ "verdict", FIELD_OBJECT, FIELD_REQUIRED, 4 },
	{ "difference", FIELD_OBJECT, FIELD_NULLABLE, 8 },
	{ "state", FIELD_TEXT, FIELD_REQUIRED, 32 },
	{ "ticket", FIELD_BASE64, FIELD_REQUIRED | FIELD_NULLABLE, CONTROL_TICKET_SIZE },
	{ "commit", FIELD_BASE64, FIELD_REQUIRED | FIELD_NULLABLE, CONTROL_VERDICT_SIZE },
	{ "leaseSeconds", FIELD_NUMBER, FIELD_REQUIRED, AGAIN_MOST_S },
	{ "attestAgainSeconds", FIELD_NUMBER, FIELD_REQUIRED, AGAIN_MOST_S },
};
static const struct field verdict_fields[] = {
	{ "code", FIELD_NUMBER, FIELD_REQUIRED, UINT32_MAX },
	{ "name", FIELD_TEXT, FIELD_REQUIRED, VERDICT_NAME_SIZE - 1 },
	{ "text", FIELD_TEXT, FIELD_REQUIRED, 512 },
	{ "advice", FIELD_TEXT, 0, 1024 },
};

/* A ticket or commit verdict to the hypervisor: it judges them, and says why it refuses. */
static enum err hand_over(struct agent *a, yyjson_val *answer, const char *name, enum control_kind kind, size_t size)
{
	u8 bytes[CONTROL_TICKET_SIZE];
	size_t n = field_base64(answer, name, bytes, sizeof(bytes));

	if (!n)
		return OK;
	enum err e = n == size ? node_get(&a->node, kind, bytes, (u32)n, NULL, 0) : ERR_RANGE;
	if (e)
		(void)format(a->link.why, sizeof(a->link.why), "the hypervisor refuses the %s: %s", name, err_text(e));
	else
		tell("the hypervisor has taken the %s", name);
	return e;
}

static void say_verdict(struct agent *a, yyjson_val *answer)
{
	yyjson_val *verdict = yyjson_obj_get(answer, "verdict");
	const char *state = field_text(answer, "state"), *name = field_text(verdict, "name");
	bool good = strcmp(state, "good") == 0;

	(void)pthread_mutex_lock(&a->lock);
	(void)format(a->verdict, sizeof(a->verdict), "%s", name);
	(void)pthread_mutex_unlock(&a->lock);
	tell("attested: %s, %s: %s", state, name, field_text(verdict, "text"));
	if (good)
		agent_waits(a, "attested");
	else if (strcmp(state, "pending") == 0)
		agent_waits(a, "waits for an approver to enrol this node");
	else
		agent_waits(a, "attestation: %s, %s", state, name);
}

static enum agent_outcome take_answer(struct agent *a, yyjson_val *answer, u64 *again_ms)
{
	char *why = a->link.why;

	if (!fields_fit(answer, answer_fields, ARRAY_SIZE(answer_fields), why, LINK_WHY_SIZE) ||
	        !fields_fit(yyjson_obj_get(answer, "verdict"), verdict_fields, ARRAY_SIZE(verdict_fields), why,
	                LINK_WHY_SIZE))
		return OUTCOME_UNREACHABLE;
	u64 seconds = field_number(answer, "attestAgainSeconds");
	*again_ms = (seconds < AGAIN_LEAST_S ? AGAIN_LEAST_S : seconds) * 1000;
	(void)pthread_mutex_lock(&a->lock);
	a->own = true;
	(void)pthread_cond_broadcast(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
	say_verdict(a, answer);
	enum err ticket = hand_over(a, answer, "ticket", CONTROL_TICKET, CONTROL_TICKET_SIZE);
	enum err commit = hand_over(a, answer, "commit", CONTROL_VERDICT, CONTROL_VERDICT_SIZE);
	/* That the slot is good now and the floors are raised, shows in evidence alone. */
	if (!commit && !yyjson_is_null(yyjson_obj_get(answer, "commit")))
		*again_ms = AGAIN_LEAST_S * 1000;
	return ticket || commit ? OUTCOME_FAILED : OUTCOME_DONE;
}

static enum agent_outcome attest(struct agent *a, u64 *again_ms)
{
	static u8 evidence[EVIDENCE_SIZE_MAX];
	struct claim claim;
	u32 slot;
	size_t n;
	yyjson_doc *answer;
	enum agent_outcome outcome = ask_nonce(a, claim.nonce);

	if (outcome == OUTCOME_DONE)
		outcome = make_claim(a, &claim, &slot);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (evidence_gather(a, &claim, slot, evidence, &n, a->link.why))
		return OUTCOME_FAILED;
	outcome = link_post_bytes(&a->link, "/node/v1/evidence", evidence, n, &answer);
	if (outcome == OUTCOME_DONE)
		outcome = take_answer(a, yyjson_doc_get_root(answer), again_ms);
	yyjson_doc_free(answer);
	return outcome;
}

enum agent_outcome agent_attest(struct agent *a, u64 *again_ms)
{
	enum agent_outcome outcome = attest(a, again_ms);

	if (outcome == OUTCOME_DONE)
		return outcome;
	(void)pthread_mutex_lock(&a->lock);
	(void)format(a->verdict, sizeof(a->verdict), "%s", a->link.why);
	(void)pthread_mutex_unlock(&a->lock);
	agent_waits(a, "%s%s", outcome == OUTCOME_UNREACHABLE ? "fleet server: " : "attestation: ", a->link.why);
	return outcome;
}
