/* The commands of `signet node`. Trust: runs as the operator. */
#ifndef SIGNET_CLI_NODE_COMMANDS_H
#define SIGNET_CLI_NODE_COMMANDS_H

#include "cli/fleet_common.h"

enum exit_code node_enroll_command(const struct args *args);
enum exit_code node_authority_command(const struct args *args);
enum exit_code node_logs_command(const struct args *args);

/* What a node is known by, for people: as `node show` prints it. */
void node_print(const struct args *args, yyjson_val *node);

/* "event 12 of PCR 7 ..." lines of a list of events. */
void events_print(yyjson_val *events);

/* "0123456789ab" of a node's id, "good, online", and so on: rows of `node list`. */
void nodes_print(const struct args *args, yyjson_val *answer);

#endif
