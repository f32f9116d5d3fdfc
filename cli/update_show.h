/* How updates go, for people. Trust: answers are outside text. */
#ifndef SIGNET_CLI_UPDATE_SHOW_H
#define SIGNET_CLI_UPDATE_SHOW_H

#include "cli/fleet_common.h"

/* What became of an update over all its nodes. */
enum update_outcome { UPDATE_GOING, UPDATE_DONE, UPDATE_PARTLY, UPDATE_FAILED };

enum update_outcome update_outcome_of(yyjson_val *update);

void updates_print(const struct args *args, yyjson_val *answer);
/* One of them, node by node. */
enum exit_code update_show(struct fleet_client *c, const struct args *args, u64 id) MUST_CHECK;
/* Until every node is done; tells each change. EXIT_PARTIAL: some were not updated; EXIT_FAILED: none was. */
enum exit_code update_follow(struct fleet_client *c, const struct args *args, u64 id) MUST_CHECK;

#endif
