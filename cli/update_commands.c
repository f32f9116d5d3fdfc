/* `signet update`: images onto nodes, over the network. Trust: the nodes verify every byte; this orders and shows. */
#include "cli/image_common.h"
#include "cli/image_publish.h"
#include "cli/update_show.h"

#include <stdlib.h>
#include <string.h>

enum { DRAIN_MAX = 86400 };

/* What is ordered. */
struct order {
	char image[IMAGE_DIGEST_TEXT];
	yyjson_mut_doc *body;
};

static bool is_digest(const char *text)
{
	u8 bytes[SHA384_SIZE];

	return parse_hex(text, bytes, sizeof(bytes));
}

/* Whether the server holds all of the image of this digest. */
static enum exit_code is_whole(struct fleet_client *c, const char *digest, bool *whole)
{
	yyjson_doc *doc;
	size_t at, max;
	yyjson_val *each;
	enum exit_code code = fleet_get(c, &doc, "/v1/images");

	*whole = false;
	if (code != EXIT_OK)
		return code;
	yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), "images"), at, max, each)
		if (strcmp(answer_text(each, "digest", ""), digest) == 0)
			*whole |= answer_bool(each, "whole");
	yyjson_doc_free(doc);
	return EXIT_OK;
}

static enum exit_code publish_file(
        struct fleet_client *c, const struct image_file *f, const char *path, char digest[IMAGE_DIGEST_TEXT])
{
	yyjson_doc *doc;
	bool whole;

	image_digest_text(f, digest);
	if (f->head_only) {
		note("%s is a signing request: it has no payload that could be installed", path);
		return EXIT_FAILED;
	}
	enum exit_code code = is_whole(c, digest, &whole);

	if (code != EXIT_OK || whole)
		return code;
	code = image_upload(c, f, true, &doc);
	if (code == EXIT_OK)
		yyjson_doc_free(doc);
	return code;
}

/* IMAGE is the digest of a manifest that the server knows, or a file, which it then gets. */
static enum exit_code take_image(struct fleet_client *c, const struct args *args, char digest[IMAGE_DIGEST_TEXT])
{
	static struct image_file file;
	const char *word = operand(args, 0);

	if (is_digest(word)) {
		memcpy(digest, word, IMAGE_DIGEST_TEXT);
		return EXIT_OK;
	}
	enum exit_code code = open_image(word, &file);

	if (code != EXIT_OK)
		return code;
	code = publish_file(c, &file, word, digest);
	image_file_close(&file);
	return code;
}

static enum exit_code take_drain(const struct args *args, yyjson_mut_doc *body)
{
	const char *text = option_value(args, "drain");
	yyjson_mut_val *root = yyjson_mut_doc_get_root(body);
	u64 seconds;

	if (!text || strcmp(text, "when-idle") == 0 || strcmp(text, "now") == 0) {
		(void)yyjson_mut_obj_add_str(body, root, "drain", text ? text : "when-idle");
		return EXIT_OK;
	}
	if (strspn(text, "0123456789") != strlen(text))
		return usage_error(args, "--drain takes now, when-idle or seconds, not '%s'", text);
	enum exit_code code = option_number(args, "drain", 0, 0, DRAIN_MAX, &seconds);

	if (code == EXIT_OK)
		(void)yyjson_mut_obj_add_uint(body, root, "drain", seconds);
	return code;
}

static enum exit_code add_node(const char *id, yyjson_mut_doc *body, yyjson_mut_val *list)
{
	size_t at, max;
	yyjson_mut_val *each;

	yyjson_mut_arr_foreach(list, at, max, each)
		if (strcmp(yyjson_mut_get_str(each), id) == 0)
			return EXIT_OK;
	(void)yyjson_mut_arr_add_strcpy(body, list, id);
	return EXIT_OK;
}

static enum exit_code add_all(yyjson_val *nodes, yyjson_mut_doc *body, yyjson_mut_val *list)
{
	size_t at, max;
	yyjson_val *node;

	yyjson_arr_foreach(nodes, at, max, node)
		if (strcmp(answer_text(node, "state", ""), "pending") != 0)
			(void)add_node(answer_text(node, "id", ""), body, list);
	if (yyjson_mut_arr_size(list))
		return EXIT_OK;
	note("no node is enrolled, so there is nothing to update");
	return EXIT_FAILED;
}

static enum exit_code add_named(const struct args *args, yyjson_val *nodes, yyjson_mut_doc *body, yyjson_mut_val *list)
{
	struct node_name node;
	enum exit_code code = EXIT_OK;

	for (u32 i = 1; operand(args, i) && code == EXIT_OK; i++) {
		code = node_find_in(nodes, operand(args, i), &node);
		if (code == EXIT_OK)
			code = add_node(node.id, body, list);
	}
	return code;
}

static enum exit_code take_nodes(struct fleet_client *c, const struct args *args, yyjson_mut_doc *body)
{
	bool all = option_given(args, "all");
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(body, yyjson_mut_doc_get_root(body), "nodes");
	yyjson_doc *doc;

	if (all == (operand(args, 1) != NULL))
		return usage_error(args, "say which nodes: either NODE... or --all");
	enum exit_code code = fleet_get(c, &doc, "/v1/nodes");

	if (code != EXIT_OK)
		return code;
	yyjson_val *nodes = yyjson_obj_get(yyjson_doc_get_root(doc), "nodes");

	code = all ? add_all(nodes, body, list) : add_named(args, nodes, body, list);
	yyjson_doc_free(doc);
	return code;
}

/* Everything that can be wrong with the words is found before an image is uploaded. */
static enum exit_code take_order(struct fleet_client *c, const struct args *args, struct order *o)
{
	enum exit_code code = take_drain(args, o->body);

	if (code == EXIT_OK)
		code = take_nodes(c, args, o->body);
	if (code == EXIT_OK)
		code = take_image(c, args, o->image);
	if (code == EXIT_OK)
		(void)yyjson_mut_obj_add_str(o->body, yyjson_mut_doc_get_root(o->body), "image", o->image);
	if (code == EXIT_OK && option_given(args, "force"))
		(void)yyjson_mut_obj_add_bool(o->body, yyjson_mut_doc_get_root(o->body), "force", true);
	return code;
}

static enum exit_code begin(struct fleet_client *c, const struct args *args, u64 *id)
{
	struct order o = { .body = body_new() };
	yyjson_doc *doc;
	enum exit_code code = take_order(c, args, &o);

	if (code != EXIT_OK) {
		yyjson_mut_doc_free(o.body);
		return code;
	}
	code = fleet_send(c, "POST", o.body, &doc, "/v1/updates");
	if (code != EXIT_OK)
		return code;
	*id = answer_number(yyjson_doc_get_root(doc), "id", 0);
	if (option_given(args, "no-wait"))
		return report_done(args, doc, "Update %llu has begun: `signet update status %llu` tells how it goes.",
		        (unsigned long long)*id, (unsigned long long)*id);
	yyjson_doc_free(doc);
	return EXIT_OK;
}

static enum exit_code push(struct fleet_client *c, const struct args *args)
{
	u64 id = 0;
	enum exit_code code = begin(c, args, &id);

	return code == EXIT_OK && !option_given(args, "no-wait") ? update_follow(c, args, id) : code;
}

static enum exit_code update_push(const struct args *args)
{
	return fleet_run(args, push);
}

static enum exit_code id_operand(const struct args *args, u64 *id)
{
	const char *word = operand(args, 0);
	char *end;

	*id = 0;
	if (!word)
		return EXIT_OK;
	*id = strtoull(word, &end, 10);
	if (*id && *end == '\0' && strspn(word, "0123456789") == strlen(word))
		return EXIT_OK;
	return usage_error(args, "ID is the number that `signet update status` shows, not '%s'", word);
}

static enum exit_code status(struct fleet_client *c, const struct args *args)
{
	u64 id;
	enum exit_code code = id_operand(args, &id);

	if (code != EXIT_OK)
		return code;
	if (id == 0)
		return show_target(c, args, "/v1/updates", updates_print);
	return option_given(args, "follow") ? update_follow(c, args, id) : update_show(c, args, id);
}

static enum exit_code update_status(const struct args *args)
{
	return fleet_run(args, status);
}

static enum exit_code cancel(struct fleet_client *c, const struct args *args)
{
	yyjson_doc *doc;
	u64 id;
	enum exit_code code = id_operand(args, &id);

	if (code == EXIT_OK)
		code = fleet_send(c, "DELETE", NULL, &doc, "/v1/updates/%llu", (unsigned long long)id);
	return code == EXIT_OK
	        ? report_done(args, doc, "Cancelled update %llu where it was not tried yet.", (unsigned long long)id)
	        : code;
}

static enum exit_code update_cancel(const struct args *args)
{
	return fleet_run(args, cancel);
}

static const struct option_spec push_options[] = {
	{ .name = "all", .help = "all enrolled nodes" },
	{ .name = "drain",
	        .argument = "WHEN",
	        .help = "reboot now, when-idle, or after so many seconds for guests to stop (when-idle)" },
	{ .name = "force", .help = "also nodes that fell back from this image before" },
	{ .name = "no-wait", .help = "do not wait until every node is done" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec status_options[] = {
	{ .name = "follow", .help = "wait until every node is done" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec cancel_options[] = { OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

const struct command update_commands[] = {
	{ .name = "push",
	        .operands = "IMAGE [NODE...]",
	        .operands_min = 1,
	        .operands_max = OPERANDS_MAX,
	        .help = "Install an image on nodes, try it, and keep it where it proves good",
	        .details =
	                "IMAGE is a file, or the digest of a manifest that the fleet server knows. Each node writes "
	                "its other "
	                "slot, boots it once its guests had their time, attests, and commits; or falls back and says "
	                "why. "
	                "Interrupting this leaves the update going. Exit code 4: some nodes were not updated, 1: none.",
	        .options = push_options,
	        .run = update_push },
	{ .name = "status",
	        .operands = "[ID]",
	        .operands_max = 1,
	        .help = "Show updates, or how one goes on each node",
	        .options = status_options,
	        .run = update_status },
	{ .name = "cancel",
	        .operands = "ID",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Cancel an update where it has not been tried yet",
	        .options = cancel_options,
	        .run = update_cancel },
	{ .name = NULL },
};
