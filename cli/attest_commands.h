/* The commands of `signet attest`. Trust: runs as the operator. */
#ifndef SIGNET_CLI_ATTEST_COMMANDS_H
#define SIGNET_CLI_ATTEST_COMMANDS_H

#include "cli/fleet_common.h"

enum exit_code attest_save(const struct args *args);
enum exit_code attest_verify(const struct args *args);

/* The number of a node's last appraisal. Says when there is none. */
enum exit_code appraisal_last(struct fleet_client *c, const struct node_name *node, u64 *number) MUST_CHECK;

/*
 * The appraisal that --appraisal N or its absence (the last one) means, of the node. Says when there is none; to be
 * freed.
 */
enum exit_code appraisal_get(
        struct fleet_client *c, const struct args *args, const struct node_name *node, yyjson_doc **out) MUST_CHECK;

#endif
