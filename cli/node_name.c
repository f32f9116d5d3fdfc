/* Names of nodes. Trust: see the header. */
#include "cli/node_name.h"

#include <string.h>

static bool is_id(const char *text)
{
	return strlen(text) == NODE_ID_TEXT - 1 && strspn(text, "0123456789abcdef") == NODE_ID_TEXT - 1;
}

static bool is_meant(yyjson_val *node, const char *word)
{
	return strncmp(answer_text(node, "id", ""), word, strlen(word)) == 0 ||
	        strcmp(answer_text(node, "hostname", ""), word) == 0;
}

static void take(yyjson_val *node, struct node_name *out)
{
	const char *id = answer_text(node, "id", "");

	memcpy(out->id, id, NODE_ID_TEXT);
	(void)snprintf(
	        out->label, sizeof(out->label), "%.64s (%.*s)", answer_text(node, "hostname", "?"), SHORT_ID, id);
}

static enum exit_code say_ambiguous(yyjson_val *nodes, const char *word)
{
	size_t at, max;
	yyjson_val *node;

	note("'%s' means more than one node:", word);
	yyjson_arr_foreach(nodes, at, max, node)
		if (is_meant(node, word))
			note("  %s  %s", answer_text(node, "id", ""), answer_text(node, "hostname", ""));
	note("give more of the id");
	return EXIT_USAGE_ERROR;
}

enum exit_code node_find_in(yyjson_val *nodes, const char *word, struct node_name *out)
{
	size_t at, max, found = 0;
	yyjson_val *node;

	yyjson_arr_foreach(nodes, at, max, node) {
		/* What is no id cannot be asked for. */
		if (!word[0] || !is_id(answer_text(node, "id", "")) || !is_meant(node, word))
			continue;
		found++;
		take(node, out);
	}
	if (found == 1)
		return EXIT_OK;
	if (found)
		return say_ambiguous(nodes, word);
	note("no node is called '%s'", word);
	note("`signet node list` lists them; NODE is an id, its beginning, or a host name");
	return EXIT_FAILED;
}

enum exit_code node_find(struct fleet_client *c, const char *word, struct node_name *out)
{
	yyjson_doc *doc;
	enum exit_code code;

	if (is_id(word)) {
		memcpy(out->id, word, NODE_ID_TEXT);
		(void)snprintf(out->label, sizeof(out->label), "%.*s", SHORT_ID, word);
		return EXIT_OK;
	}
	code = fleet_get(c, &doc, "/v1/nodes");
	if (code != EXIT_OK)
		return code;
	code = node_find_in(yyjson_obj_get(yyjson_doc_get_root(doc), "nodes"), word, out);
	yyjson_doc_free(doc);
	return code;
}

bool name_is_plain(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n < 64 && text[0] != '.' &&
	        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}
