/*
 * What the command line says: exit codes, complaints, notes, and the progress bar.
 * Trust: runs as the operator.
 */
#ifndef SIGNET_CLI_OUTPUT_H
#define SIGNET_CLI_OUTPUT_H

#include "lib/err.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE_ERROR = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_PARTIAL = 4,
	EXIT_REFUSED = 5, /* signatures or policy said no */
};

/* What complaints and help call this program: "signet", unless its main() says otherwise. */
extern const char *program;

/* What ends their lines: "\n", or "\r\n" while the terminal is raw. */
extern const char *line_end;

enum exit_code exit_code_of(enum err e);

/*
 * Prints to stderr "signet: WHAT HAPPENED: words of e (error NN)" and, unless todo is NULL, "signet: TODO"; both lines'
 * control characters are escaped. Returns the exit code of e.
 */
enum exit_code complain(enum err e, const char *todo, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A warning or hint on stderr: "signet: ...". */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A bar on stderr, drawn only when stderr is a terminal; silent otherwise. */
struct progress {
	const char *what;
	u64 total;
	u64 done;
	u32 shown; /* per mille last drawn */
	bool visible;
};

void progress_begin(struct progress *p, const char *what, u64 total);
void progress_add(struct progress *p, u64 amount);
/* Clears the bar; also to be called after a failure. */
void progress_end(struct progress *p);

#endif
