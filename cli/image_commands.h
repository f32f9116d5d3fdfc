/*
 * The commands of `signet image`, `signet boot` and `signet flash`.
 * Trust: runs as the operator.
 */
#ifndef SIGNET_CLI_IMAGE_COMMANDS_H
#define SIGNET_CLI_IMAGE_COMMANDS_H

#include "cli/command.h"

enum exit_code image_build_command(const struct args *args);
enum exit_code image_sign_command(const struct args *args);
enum exit_code image_verify_command(const struct args *args);
enum exit_code image_inspect_command(const struct args *args);
enum exit_code image_pcrs_command(const struct args *args);
enum exit_code image_publish_command(const struct args *args);
enum exit_code image_list_command(const struct args *args);

enum exit_code flash_make_command(const struct args *args);
enum exit_code flash_slot_command(const struct args *args);
enum exit_code flash_authority_command(const struct args *args);
enum exit_code flash_inspect_command(const struct args *args);

#endif
