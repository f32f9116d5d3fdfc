/* The commands of `signet fleet` that ask the fleet server. Trust: runs as the operator. */
#ifndef SIGNET_CLI_FLEET_CONNECT_H
#define SIGNET_CLI_FLEET_CONNECT_H

#include "cli/command.h"

enum exit_code fleet_connect_command(const struct args *args);
enum exit_code fleet_status_command(const struct args *args);
enum exit_code fleet_audit_command(const struct args *args);

#endif
