/*
 * What the commands of signetctl share.
 * Trust: runs in the service VM as its administrator.
 */
#ifndef SIGNET_AGENT_SIGNETCTL_CTL_H
#define SIGNET_AGENT_SIGNETCTL_CTL_H

#include "agent/control/channel.h"
#include "agent/guest/make.h"
#include "cli/command.h"

#define OPTION_PORT { .name = "port", .argument = "PATH", .help = "control port, or a Unix socket in its place" }
#define OPTION_DISKS { .name = "disks", .argument = "DIR", .help = "where the block server looks for disks" }

extern const struct command_group ctl_group;

/* Runs work over the control port that args name; says what is wrong when there is none. */
typedef enum exit_code ctl_work(struct channel *c, const struct args *args);
enum exit_code ctl_run(const struct args *args, ctl_work *work);
/* The path of that port. */
const char *ctl_port(const struct args *args);

/* As complain(), but a port that failed is EXIT_UNREACHABLE. */
enum exit_code ctl_complain(const struct channel *c, enum err e, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* By name or id. Says so when there is none, or more than one. */
enum exit_code guest_named(struct channel *c, const char *word, struct control_guest *out) MUST_CHECK;
/* "3.2 s" of nanoseconds. */
const char *format_seconds(char out[32], u64 nanoseconds);

/* Reads and checks a guest's file, its paths made relative to the folder it lies in. Says what is wrong. */
enum exit_code guest_file_load(const char *path, struct guest_file *out) MUST_CHECK;
/* Where the block server looks for disks. The command has OPTION_DISKS. */
const char *disks_folder(const struct args *args);

enum exit_code command_status(const struct args *args);
enum exit_code command_list(const struct args *args);
enum exit_code command_create(const struct args *args);
enum exit_code command_attach(const struct args *args);
enum exit_code command_start(const struct args *args);
enum exit_code command_stop(const struct args *args);
enum exit_code command_destroy(const struct args *args);
enum exit_code command_console(const struct args *args);
enum exit_code command_exits(const struct args *args);
enum exit_code command_log(const struct args *args);
enum exit_code command_messages(const struct args *args);
enum exit_code command_slots(const struct args *args);
enum exit_code command_challenge(const struct args *args);
enum exit_code command_ticket(const struct args *args);
enum exit_code command_address(const struct args *args);
enum exit_code command_reboot(const struct args *args);
enum exit_code command_poweroff(const struct args *args);
enum exit_code command_update(const struct args *args);

#endif
