/* The poll that is always open, and what comes through it. Trust: see threads.h. */
#include "agent/agentd/threads.h"

#include "agent/agentd/command.h"
#include "agent/agentd/results.h"
#include "agent/agentd/waiting.h"
#include "keys/random.h"
#include "lib/tls/deadline.h"

#include <string.h>
#include <time.h>

enum { POLL_SILENCE_MS = 75000, COMMANDS_MAX = 64 };

static struct {
	struct agent *agent;
	struct node node;
	struct link link;
	bool fresh; /* the fleet server has heard nothing of this node from us yet */
	u32 failures;
	struct waiting waiting; /* under the agent's lock */
} p;

static const struct field command_fields[] = {
	{ "id", FIELD_NUMBER, FIELD_REQUIRED, UINT64_MAX },
	{ "kind", FIELD_TEXT, FIELD_REQUIRED, 31 },
	{ "arguments", FIELD_OBJECT, FIELD_NULLABLE, 16 },
};

/* Lock held. */
static void wake_main(struct agent *a)
{
	agent_ask(&a->state);
	(void)pthread_cond_broadcast(&a->changed);
}

void attest_wanted(struct agent *a, u64 id)
{
	(void)pthread_mutex_lock(&a->lock);
	bool kept = waiting_add(&p.waiting, id, waiting_for(a->attested, a->attesting));
	wake_main(a);
	(void)pthread_mutex_unlock(&a->lock);
	/* So many at once want the same; the verdict goes by /evidence in any case. */
	if (!kept)
		command_answer(id, "verdict", "see the next one");
}

void attest_answer(struct agent *a, bool everybody)
{
	u64 ids[WAITING_MAX];
	char verdict[VERDICT_NAME_SIZE];

	(void)pthread_mutex_lock(&a->lock);
	u32 count = waiting_take(&p.waiting, a->attested, everybody, ids);
	memcpy(verdict, a->verdict, sizeof(verdict));
	(void)pthread_mutex_unlock(&a->lock);
	for (u32 i = 0; i < count; i++)
		command_answer(ids[i], "verdict", verdict);
}

static bool takes_long(enum lane lane)
{
	return lane == LANE_LONG || lane == LANE_UPDATE;
}

static void dispatch(yyjson_val *command)
{
	char why[128];
	yyjson_val *arguments = yyjson_obj_get(command, "arguments");
	const char *kind = field_text(command, "kind");
	u64 id = field_number(command, "id");

	if (!fields_fit(command, command_fields, ARRAY_SIZE(command_fields), why, sizeof(why))) {
		tell("a command that cannot be read is passed over: %s", why);
		return;
	}
	if (!results_begin(id, command_goes_on(kind)))
		return;
	if (yyjson_is_null(arguments))
		arguments = NULL;
	enum lane lane = command_lane(kind);
	if (lane == LANE_ATTEST)
		attest_wanted(p.agent, id);
	else if (!takes_long(lane) || !worker_give(lane, id, kind, arguments))
		command_run(p.agent, &p.node, NULL, id, takes_long(lane) ? "too-much" : kind, arguments);
}

static yyjson_mut_doc *poll_body(u64 *mark)
{
	char node[NODE_TEXT_SIZE];
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_val *report = report_make(&p.node, doc, p.fresh);

	agent_node_text(p.agent, node);
	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "node", node);
	*mark = results_put(doc, root);
	(void)yyjson_mut_obj_add_val(doc, root, "report", report ? report : yyjson_mut_null(doc));
	return doc;
}

static void take_commands(yyjson_doc *answer)
{
	size_t i, count;
	yyjson_val *command, *commands = yyjson_obj_get(yyjson_doc_get_root(answer), "commands");

	yyjson_arr_foreach(commands, i, count, command) {
		if (i < COMMANDS_MAX)
			dispatch(command);
	}
}

/* Not ours any more: an attestation over this key comes first. */
static void lose(void)
{
	struct agent *a = p.agent;

	(void)pthread_mutex_lock(&a->lock);
	a->own = false;
	wake_main(a);
	(void)pthread_mutex_unlock(&a->lock);
}

static void rest(void)
{
	struct agent *a = p.agent;
	u32 random = 0;

	(void)!random_bytes((u8 *)&random, sizeof(random));
	struct timespec until = agent_after_ms(rest_of(++p.failures, random));
	(void)pthread_mutex_lock(&a->lock);
	/* A change may mean that the way is free again, and costs one try. */
	(void)pthread_cond_timedwait(&a->changed, &a->lock, &until);
	(void)pthread_mutex_unlock(&a->lock);
}

static void poll_once(void)
{
	u64 mark;
	yyjson_doc *answer;
	yyjson_mut_doc *body = poll_body(&mark);
	enum agent_outcome outcome = link_post(&p.link, "/node/v1/poll", body, POLL_SILENCE_MS, &answer);

	if (outcome == OUTCOME_DONE) {
		p.failures = 0;
		p.fresh = false;
		report_arrived();
		/* Before whoever waits for the arrival of an answer goes on: an update may be cancelled in its last
		 * moment. */
		take_commands(answer);
		results_sent(mark);
	} else if (!p.link.interrupted) {
		p.fresh = true;
		if (strcmp(p.link.code, "attest-first") == 0 || outcome == OUTCOME_UNKNOWN)
			lose();
		else
			rest();
	}
	yyjson_doc_free(answer);
}

static void await_own(void)
{
	struct agent *a = p.agent;

	(void)pthread_mutex_lock(&a->lock);
	while (!a->own)
		(void)pthread_cond_wait(&a->changed, &a->lock);
	(void)pthread_mutex_unlock(&a->lock);
}

/* Results of commands that this thread carries out go with its next poll: nothing is to be broken off for them. */
static _Thread_local bool polls;

static void *run(void *unused)
{
	(void)unused;
	polls = true;
	for (;;) {
		await_own();
		poll_once();
	}
	return NULL;
}

static void interrupt(void *link)
{
	if (!polls)
		link_interrupt(link);
}

enum err poll_start(struct agent *a)
{
	pthread_t thread;

	p.agent = a;
	p.fresh = true;
	node_use(&p.node, a->options.control);
	link_open(&p.link, &a->place);
	results_wake(interrupt, &p.link);
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		return ERR_NO_MEMORY;
	(void)pthread_detach(thread);
	return OK;
}
