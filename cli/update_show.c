/* Updates for people. Trust: see the header. */
#include "cli/update_show.h"

#include <string.h>
#include <unistd.h>

enum { FOLLOW_SECONDS = 2, NODES_FOLLOWED = 1024, STATE_TEXT = 16 };

/* A node's states that are ends; the rest go on. */
static const struct {
	const char *state;
	bool good;
} ends[] = { { "committed", true }, { "refused", false }, { "failed", false }, { "fallen-back", false },
	{ "cancelled", false } };

/* -1: goes on; otherwise index into ends. */
static int end_of(yyjson_val *node)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (strcmp(answer_text(node, "state", ""), ends[i].state) == 0)
			return (int)i;
	return -1;
}

enum update_outcome update_outcome_of(yyjson_val *update)
{
	size_t at, max, good = 0, bad = 0;
	yyjson_val *node;

	yyjson_arr_foreach(yyjson_obj_get(update, "nodes"), at, max, node) {
		int end = end_of(node);

		if (end < 0)
			return UPDATE_GOING;
		good += ends[end].good;
		bad += !ends[end].good;
	}
	return !bad ? UPDATE_DONE : good ? UPDATE_PARTLY : UPDATE_FAILED;
}

static const char *drain_text(yyjson_val *update, char out[32])
{
	yyjson_val *drain = yyjson_obj_get(update, "drain");

	if (yyjson_is_uint(drain))
		(void)snprintf(out, 32, "%llu s", (unsigned long long)yyjson_get_uint(drain));
	else
		(void)snprintf(out, 32, "%s", answer_text(update, "drain", ""));
	return out;
}

void updates_print(const struct args *args, yyjson_val *answer)
{
	static const char *const headings[] = { "ID", "RELEASE", "BEGUN", "BY", "DRAIN", "NODES", "OUTCOME" };
	static const char *const outcomes[] = { "goes on", "done", "partly done", "failed" };
	char ago[AGO_TEXT], drain[32];
	struct columns t;
	size_t at, max;
	yyjson_val *each;

	(void)args;
	columns_begin(&t, headings, ARRAY_SIZE(headings), BIT(0) | BIT(5));
	yyjson_arr_foreach(yyjson_obj_get(answer, "updates"), at, max, each) {
		columns_add(&t, "%llu", (unsigned long long)answer_number(each, "id", 0));
		columns_add(&t, "%s", answer_text(each, "release", ""));
		columns_add(&t, "%s", format_ago(ago, answer_time(each, "started"), now_seconds()));
		columns_add(&t, "%s", answer_text(each, "by", ""));
		columns_add(&t, "%s", drain_text(each, drain));
		columns_add(&t, "%zu", yyjson_arr_size(yyjson_obj_get(each, "nodes")));
		columns_add(&t, "%s", answer_bool(each, "cancelled") ? "cancelled" : outcomes[update_outcome_of(each)]);
	}
	(void)columns_end(&t, stdout);
}

/* Each once: many nodes may refuse for one reason. */
static void print_advice(yyjson_val *update)
{
	size_t at, max;
	yyjson_val *node;
	const char *last = "";

	yyjson_arr_foreach(yyjson_obj_get(update, "nodes"), at, max, node) {
		const char *advice = answer_text(node, "advice", "");

		if (advice[0] && strcmp(advice, last) != 0)
			note("%s: %s", answer_text(node, "reason", ""), advice);
		last = advice;
	}
}

static void print_nodes(const struct args *args, yyjson_val *update)
{
	static const char *const headings[] = { "NODE", "HOST", "STATE", "WRITTEN", "REASON" };
	struct columns t;
	size_t at, max;
	yyjson_val *node;

	(void)args;
	columns_begin(&t, headings, ARRAY_SIZE(headings), BIT(3));
	yyjson_arr_foreach(yyjson_obj_get(update, "nodes"), at, max, node) {
		u64 total = answer_number(node, "total", 0), done = answer_number(node, "done", 0);

		columns_add(&t, "%.*s", SHORT_ID, answer_text(node, "node", ""));
		columns_add(&t, "%s", answer_text(node, "hostname", ""));
		columns_add(&t, "%s", answer_text(node, "state", ""));
		columns_add(&t, "%u %%", total ? (u32)((double)done / (double)total * 100) : 0);
		columns_add(&t, "%s", answer_text(node, "reason", ""));
	}
	(void)columns_end(&t, stdout);
	print_advice(update);
}

/* *update points into *doc, which is to be freed. */
static enum exit_code find_update(struct fleet_client *c, u64 id, yyjson_doc **doc, yyjson_val **update)
{
	enum exit_code code = fleet_get(c, doc, "/v1/updates");
	size_t at, max;
	yyjson_val *each;

	if (code != EXIT_OK)
		return code;
	yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(*doc), "updates"), at, max, each)
		if (answer_number(each, "id", 0) == id) {
			*update = each;
			return EXIT_OK;
		}
	yyjson_doc_free(*doc);
	note("there is no update %llu", (unsigned long long)id);
	note("`signet update status` lists them");
	return EXIT_FAILED;
}

static enum exit_code exit_of(yyjson_val *update)
{
	static const enum exit_code codes[] = { EXIT_OK, EXIT_OK, EXIT_PARTIAL, EXIT_FAILED };

	return codes[update_outcome_of(update)];
}

static void print_update(const struct args *args, yyjson_val *update)
{
	if (option_given(args, "json"))
		print_answer(update);
	else
		print_nodes(args, update);
}

enum exit_code update_show(struct fleet_client *c, const struct args *args, u64 id)
{
	yyjson_doc *doc;
	yyjson_val *update;
	enum exit_code code = find_update(c, id, &doc, &update);

	if (code != EXIT_OK)
		return code;
	print_update(args, update);
	yyjson_doc_free(doc);
	return EXIT_OK;
}

/* What was told of each node last. */
struct told {
	char state[NODES_FOLLOWED][STATE_TEXT];
};

static void tell_changes(yyjson_val *update, struct told *told)
{
	size_t at, max;
	yyjson_val *node;

	yyjson_arr_foreach(yyjson_obj_get(update, "nodes"), at, max, node) {
		const char *state = answer_text(node, "state", "?"), *reason = answer_text(node, "reason", "");

		if (at >= NODES_FOLLOWED || strncmp(told->state[at], state, STATE_TEXT - 1) == 0)
			continue;
		(void)snprintf(told->state[at], STATE_TEXT, "%s", state);
		note("%s (%.*s): %s%s%s", answer_text(node, "hostname", "?"), SHORT_ID, answer_text(node, "node", ""),
		        state, reason[0] ? ": " : "", reason);
	}
}

static void sum_bytes(yyjson_val *update, u64 *done, u64 *total)
{
	size_t at, max;
	yyjson_val *node;

	*done = *total = 0;
	yyjson_arr_foreach(yyjson_obj_get(update, "nodes"), at, max, node) {
		*done += answer_number(node, "done", 0);
		*total += answer_number(node, "total", 0);
	}
}

/* The bar stands for what all nodes have written; it is drawn anew behind each line that is told. */
static void tell(yyjson_val *update, struct told *told, struct progress *bar)
{
	u64 done, total;

	progress_end(bar);
	tell_changes(update, told);
	sum_bytes(update, &done, &total);
	progress_begin(bar, "writing", total ? total : 1);
	progress_add(bar, done);
}

static enum exit_code finish(const struct args *args, yyjson_val *update, struct progress *bar)
{
	progress_end(bar);
	print_update(args, update);
	return exit_of(update);
}

enum exit_code update_follow(struct fleet_client *c, const struct args *args, u64 id)
{
	static struct told told;
	struct progress bar = { 0 };
	yyjson_doc *doc;
	yyjson_val *update;
	enum exit_code code;

	memset(&told, 0, sizeof(told));
	while ((code = find_update(c, id, &doc, &update)) == EXIT_OK) {
		bool going = update_outcome_of(update) == UPDATE_GOING;

		tell(update, &told, &bar);
		if (!going)
			code = finish(args, update, &bar);
		yyjson_doc_free(doc);
		if (!going)
			return code;
		(void)sleep(FOLLOW_SECONDS);
	}
	progress_end(&bar);
	return code;
}
