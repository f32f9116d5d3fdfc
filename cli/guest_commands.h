/* The commands of `signet guest`. Trust: runs as the operator. */
#ifndef SIGNET_CLI_GUEST_COMMANDS_H
#define SIGNET_CLI_GUEST_COMMANDS_H

#include "cli/fleet_common.h"

enum exit_code guest_console_command(const struct args *args);

/* NODE and NAME. */
enum exit_code guest_operands(
        struct fleet_client *c, const struct args *args, struct node_name *node, const char **guest) MUST_CHECK;

#endif
