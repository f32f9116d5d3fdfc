/*
 * What the commands on the fleet share: asking before something is done, simple orders, words for times.
 * Trust: runs as the operator.
 */
#ifndef SIGNET_CLI_FLEET_COMMON_H
#define SIGNET_CLI_FLEET_COMMON_H

#include "cli/columns.h"
#include "cli/node_name.h"
#include "cli/units.h"

#define OPTION_YES { .name = "yes", .help = "do it without asking" }

/*
 * Asks on the terminal, or takes --yes for an answer. EXIT_REFUSED: no; EXIT_USAGE_ERROR: nobody can be asked.
 */
enum exit_code confirm(const struct args *args, const char *question) MUST_CHECK;

/* Unix seconds. */
u64 now_seconds(void);
/* "2026-12-31T10:00:00Z (5 min ago)"; "never" for 0. */
enum { WHEN_TEXT = TIME_TEXT + AGO_TEXT + 4 };
const char *format_when(char out[WHEN_TEXT], u64 seconds);

/* Prints the answer with --json, otherwise hands it to show. Frees it. */
enum exit_code show_answer(
        const struct args *args, yyjson_doc *doc, void (*show)(const struct args *args, yyjson_val *answer)) MUST_CHECK;

/* GET target for show_answer. */
enum exit_code show_target(struct fleet_client *c, const struct args *args, const char *target,
        void (*show)(const struct args *args, yyjson_val *answer)) MUST_CHECK;

/* The n-th operand as a node. */
enum exit_code node_operand(struct fleet_client *c, const struct args *args, u32 n, struct node_name *out) MUST_CHECK;

/* GET of the first operand, a node, and what is below it ("/history"), for show_answer. */
enum exit_code show_of_node(struct fleet_client *c, const struct args *args, const char *below,
        void (*show)(const struct args *args, yyjson_val *answer)) MUST_CHECK;

/* Says what was done, on standard output, or prints the answer with --json. Frees it. */
enum exit_code report_done(const struct args *args, yyjson_doc *doc, const char *fmt, ...)
        __attribute__((format(printf, 3, 4))) MUST_CHECK;

#endif
