/*
 * `signet fleet audit`: the audit log, and whether its entries are chained to each other as they were written.
 * Trust: the fleet server is the one that is audited, so the chain is walked here.
 */
#include "cli/fleet_connect.h"

#include "cli/fleet_common.h"
#include "signetd/audit_chain.h"

#include <string.h>

struct audit_view {
	bool json, whole; /* whole: from the first entry on, so that the chain can be followed */
	u64 after;
	size_t count; /* entries of the last page */
	struct audit_walk walk;
	struct columns table;
};

static bool follow(struct audit_view *v, yyjson_val *entry)
{
	yyjson_val *content = yyjson_obj_get(entry, "content");
	static struct audit_record r;

	r.number = answer_number(entry, "number", 0);
	r.length = yyjson_get_len(content);
	if (!yyjson_is_str(content) || r.length > AUDIT_CONTENT_MAX ||
	        !answer_hex(entry, "hash", r.hash, sizeof(r.hash)))
		return false;
	memcpy(r.content, yyjson_get_str(content), r.length);
	audit_follow(&v->walk, &r);
	return true;
}

/* Its content is JSON in a string, as it was hashed; of what is none, only the number is shown. */
static void add_row(struct audit_view *v, yyjson_val *entry)
{
	yyjson_val *content = yyjson_obj_get(entry, "content");
	yyjson_doc *doc =
	        yyjson_read(yyjson_is_str(content) ? yyjson_get_str(content) : "", yyjson_get_len(content), 0);
	yyjson_val *said = yyjson_doc_get_root(doc);

	columns_add(&v->table, "%llu", (unsigned long long)answer_number(entry, "number", 0));
	columns_add(&v->table, "%s", answer_text(said, "time", ""));
	columns_add(&v->table, "%s", answer_text(said, "who", ""));
	columns_add(&v->table, "%s", answer_text(said, "subject", ""));
	if (answer_number(said, "status", 0))
		columns_add(&v->table, "%llu %s", (unsigned long long)answer_number(said, "status", 0),
		        answer_text(said, "code", ""));
	else
		columns_add(&v->table, "%s", answer_text(said, "kind", ""));
	columns_add(&v->table, "%s", answer_text(said, "detail", ""));
	yyjson_doc_free(doc);
}

static enum exit_code take_page(struct audit_view *v, yyjson_val *page)
{
	size_t at, max;
	yyjson_val *entry;

	v->count = yyjson_arr_size(yyjson_obj_get(page, "entries"));
	v->after = answer_number(page, "next", v->after);
	yyjson_arr_foreach(yyjson_obj_get(page, "entries"), at, max, entry) {
		if (!follow(v, entry))
			return complain(ERR_HTTP_FORMAT, "compare the versions of signet and signetd",
			        "cannot read the audit log");
		if (v->json)
			print_answer(entry);
		else
			add_row(v, entry);
	}
	return EXIT_OK;
}

static enum exit_code read_all(struct fleet_client *c, struct audit_view *v)
{
	enum exit_code code;

	do {
		u64 before = v->after;
		yyjson_doc *doc;

		code = fleet_get(c, &doc, "/v1/audit?after=%llu", (unsigned long long)before);
		if (code != EXIT_OK)
			break;
		code = take_page(v, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
		/* A server that leads round in circles is not followed. */
		if (v->after <= before)
			break;
	} while (code == EXIT_OK && v->count);
	return code;
}

static enum exit_code judge_chain(const struct audit_view *v)
{
	if (!v->whole || !v->walk.broken)
		return EXIT_OK;
	note("entry %llu does not follow from the one before it: the audit log was changed",
	        (unsigned long long)v->walk.broken);
	note("compare it with a copy, and ask who had access to the fleet server's data");
	return EXIT_REFUSED;
}

static enum exit_code show(struct fleet_client *c, const struct args *args)
{
	static const char *const headings[] = { "NUMBER", "WHEN", "WHO", "WHAT", "OUTCOME", "DETAIL" };
	struct audit_view v = { .json = option_given(args, "json") };
	enum exit_code code = option_number(args, "after", 0, 0, UINT64_MAX, &v.after);

	if (code != EXIT_OK)
		return code;
	v.whole = v.after == 0;
	columns_begin(&v.table, headings, ARRAY_SIZE(headings), BIT(0));
	code = read_all(c, &v);
	(void)columns_end(&v.table, v.json ? stderr : stdout);
	return code == EXIT_OK ? judge_chain(&v) : code;
}

enum exit_code fleet_audit_command(const struct args *args)
{
	return fleet_run(args, show);
}
