/*
 * Commands of the fleet server: one table of kinds, their arguments and who carries them out (docs/fleet-api.md).
 * Trust: runs in the service VM. The server is verified; its words are bounded and checked all the same.
 */
#ifndef SIGNET_AGENT_AGENTD_COMMAND_H
#define SIGNET_AGENT_AGENTD_COMMAND_H

#include "agent/agentd/agent.h"

enum { COMMAND_WHY_SIZE = 256 };

/* One command under way, and its answer in the making. */
struct command_call {
	struct agent *agent;
	struct node *node; /* the thread's */
	struct link *link; /* the thread's, for blobs; NULL in the quick one */
	u64 id;
	yyjson_val *arguments; /* checked */
	yyjson_mut_doc *doc;
	yyjson_mut_val *value; /* an object, empty at first */
	/* Of a failure. */
	const char *code;
	char message[COMMAND_WHY_SIZE];
	const char *advice;
	/*
	 * Done once the answer has arrived: true for an order that ends this boot, unless holds is there and finds then
	 * that it was taken back meanwhile.
	 */
	bool reboots;
	bool (*holds)(struct command_call *c);
};

/* False: failed, with code, message and advice filled in. */
typedef bool command_handler(struct command_call *c);

bool command_fail(struct command_call *c, const char *code, const char *advice, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
/* The same with the error's own words and its name for machines, "error-NN". */
bool command_failed(struct command_call *c, enum err e, const char *what);

command_handler command_provision, command_authority, command_reboot, command_logs;
command_handler command_guest_run, command_guest_stop, command_guest_remove, command_guest_list, command_guest_console;
command_handler command_update, command_update_cancel;

/* Where a command goes. */
enum lane { LANE_NONE, LANE_QUICK, LANE_LONG, LANE_UPDATE, LANE_ATTEST };
enum lane command_lane(const char *kind);
/* What was begun may be begun again after a restart of the agent: it goes on where it was. */
bool command_goes_on(const char *kind);

/* Carries it out and gives results_end() the answer. */
void command_run(
        struct agent *a, struct node *node, struct link *link, u64 id, const char *kind, yyjson_val *arguments);
/* Its answer without carrying it out: value may be NULL. */
void command_answer(u64 id, const char *name, const char *value);

#endif
