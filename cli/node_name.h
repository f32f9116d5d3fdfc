/*
 * Which node the operator means: an id, the unique beginning of one, or a host name.
 * Trust: host names are what nodes call themselves, so one that two nodes claim names none.
 */
#ifndef SIGNET_CLI_NODE_NAME_H
#define SIGNET_CLI_NODE_NAME_H

#include "cli/fleet_client.h"

enum { NODE_ID_TEXT = 65, NODE_LABEL_TEXT = 96, SHORT_ID = 12 };

struct node_name {
	char id[NODE_ID_TEXT];
	char label[NODE_LABEL_TEXT]; /* for messages: "host (0123456789ab)" */
};

/* Says when there is none, or which there are. */
enum exit_code node_find(struct fleet_client *c, const char *word, struct node_name *out) MUST_CHECK;
/* The same among nodes that were asked for before: the answer's array. */
enum exit_code node_find_in(yyjson_val *nodes, const char *word, struct node_name *out) MUST_CHECK;

/* Names that stand in targets: letters, digits, dot, hyphen, underline, at most 63, no dot first. */
bool name_is_plain(const char *text);

#endif
