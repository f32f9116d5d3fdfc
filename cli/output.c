/*
 * Complaints, notes and exit codes.
 * Trust: what is printed may hold text from outside; no control character of it reaches the terminal.
 */
#include "cli/output.h"

#include "cli/plain.h"

#include <stdarg.h>
#include <stdio.h>

const char *program = "signet";
const char *line_end = "\n";

/* Everything that says "this is not what its owner signed or allows"; the rest failed for other reasons. */
static const enum err refusals[] = {
	ERR_SIGNATURE_LIST,
	ERR_SIGNATURE_WRONG,
	ERR_SIGNATURE_MISSING,
	ERR_KEYS_CHAIN,
	ERR_KEYS_FLOOR,
	ERR_KEYS_OTHER,
	ERR_IMAGE_CONTENT,
	ERR_IMAGE_FLOOR,
	ERR_IMAGE_LEAP,
	ERR_IMAGE_STAGE,
	ERR_IMAGE_HARDWARE,
	ERR_IMAGE_DEVELOPMENT,
	ERR_IMAGE_DEBUG,
	ERR_IMAGE_MERKLE,
	ERR_IMAGE_EXPIRED,
	ERR_IMAGE_PRODUCT,
	ERR_NV_POLICY,
	ERR_GATE_TICKET,
	ERR_LEAF_SIGNATURE,
	ERR_LEAF_ROLE,
	ERR_LEAF_EPOCH,
	ERR_TICKET_SIGNATURE,
	ERR_TICKET_NODE,
	ERR_TICKET_SESSION,
	ERR_TICKET_MANIFEST,
	ERR_TICKET_CHALLENGE,
	ERR_TICKET_SEQUENCE,
	ERR_TICKET_LEASE,
	ERR_TICKET_GUEST,
	ERR_TICKET_LIMIT,
};

enum exit_code exit_code_of(enum err e)
{
	if (!e)
		return EXIT_OK;
	if (e == ERR_ARGUMENT)
		return EXIT_USAGE_ERROR;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i] == e)
			return EXIT_REFUSED;
	return EXIT_FAILED;
}

static void print_line(char *text)
{
	plain_text(text);
	fprintf(stderr, "%s: %s%s", program, text, line_end);
}

enum exit_code complain(enum err e, const char *todo, const char *fmt, ...)
{
	char text[1024];
	char line[1280];
	va_list list;

	va_start(list, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	(void)snprintf(line, sizeof(line), "%s: %s (error %d)", text, err_text(e), (int)e);
	print_line(line);
	if (todo)
		note("%s", todo);
	return exit_code_of(e);
}

void note(const char *fmt, ...)
{
	char text[1024];
	va_list list;

	va_start(list, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	print_line(text);
}
