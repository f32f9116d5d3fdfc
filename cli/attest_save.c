/* `signet attest save`. Trust: runs as the operator; keeps what the fleet server says. */
#include "cli/attest_commands.h"
#include "cli/attest_record.h"
#include "cli/image_common.h"
#include "keys/files.h"

#include <stdlib.h>

/* What the record is made of. */
struct sources {
	yyjson_doc *appraisal, *node, *baselines;
};

static void sources_free(struct sources *s)
{
	yyjson_doc_free(s->appraisal);
	yyjson_doc_free(s->node);
	yyjson_doc_free(s->baselines);
}

static enum exit_code get_baselines(struct fleet_client *c, struct sources *s)
{
	const char *class = answer_text(yyjson_doc_get_root(s->node), "class", "");
	bool there = false;
	enum exit_code code = EXIT_OK;

	if (name_is_plain(class))
		code = fleet_has(c, &there, "baseline-unknown", "/v1/baselines/%s", class);
	return code == EXIT_OK && there ? fleet_get(c, &s->baselines, "/v1/baselines/%s", class) : code;
}

static enum exit_code get_sources(
        struct fleet_client *c, const struct args *args, const struct node_name *node, struct sources *s)
{
	enum exit_code code = appraisal_get(c, args, node, &s->appraisal);

	if (code == EXIT_OK)
		code = fleet_get(c, &s->node, "/v1/nodes/%s", node->id);
	return code == EXIT_OK ? get_baselines(c, s) : code;
}

static enum exit_code write_record(const char *path, const struct sources *s)
{
	char beside[PATH_MAX];
	size_t n = 0;
	char *text = attest_record_text(
	        yyjson_doc_get_root(s->appraisal), yyjson_doc_get_root(s->node), yyjson_doc_get_root(s->baselines), &n);
	enum err e = text ? path_make(beside, sizeof(beside), "%s.json", path) : ERR_NO_MEMORY;

	if (!e)
		e = file_write(beside, (const u8 *)text, n);
	free(text);
	return e ? complain_file(e, NULL, "cannot write", beside) : EXIT_OK;
}

static enum exit_code write_evidence(
        struct fleet_client *c, const struct node_name *node, const struct sources *s, const char *path)
{
	static u8 evidence[EVIDENCE_SIZE_MAX];
	u64 number = answer_number(yyjson_doc_get_root(s->appraisal), "number", 0);
	size_t n;
	enum exit_code code = fleet_get_bytes(c, evidence, sizeof(evidence), &n,
	        "/v1/nodes/%s/appraisals/%llu/evidence", node->id, (unsigned long long)number);

	if (code != EXIT_OK)
		return code;
	enum err e = file_write(path, evidence, n);

	return e ? complain_file(e, NULL, "cannot write", path) : EXIT_OK;
}

static enum exit_code save(struct fleet_client *c, const struct args *args)
{
	const char *path = option_value(args, "out");
	struct sources s = { 0 };
	struct node_name node;
	enum exit_code code = node_operand(c, args, 0, &node);

	if (code == EXIT_OK)
		code = get_sources(c, args, &node, &s);
	if (code == EXIT_OK)
		code = write_evidence(c, &node, &s, path);
	if (code == EXIT_OK)
		code = write_record(path, &s);
	if (code == EXIT_OK) {
		code = report_done(args, s.appraisal,
		        "Wrote %s and %s.json: `signet attest verify %s --boot DIR` appraises it without any network.",
		        path, path, path);
		s.appraisal = NULL;
	}
	sources_free(&s);
	return code;
}

enum exit_code attest_save(const struct args *args)
{
	return fleet_run(args, save);
}
