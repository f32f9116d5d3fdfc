/*
 * `signet guest console`: the terminal is the guest's until Ctrl-]. One request after the other carries what was typed
 * and brings what was written; it waits for output at the node, shortly while somebody types. Trust: what the guest
 * writes goes to the terminal as it is, as with any console.
 */
#include "cli/guest_commands.h"
#include "cli/raw_terminal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
	LEAVE = 0x1d, /* Ctrl-] */
	INPUT_MAX = 1024,
	OUTPUT_MAX = 1 << 16,
	/* A key typed meanwhile waits as long. */
	WAIT_TYPING_MS = 50,
	WAIT_IDLE_MS = 400,
	/* Requests without a key or output before it counts as idle. */
	QUIET_REQUESTS = 40,
};

struct console {
	struct fleet_client *c;
	struct node_name node;
	const char *guest;
	u64 offset, end;
	u32 quiet;
	bool terminal; /* of standard input */
	bool input_ended, left;
	u8 input[INPUT_MAX];
	size_t waiting; /* bytes of input to be sent */
};

static void read_input(struct console *k)
{
	struct pollfd on = { .fd = k->input_ended ? -1 : STDIN_FILENO, .events = POLLIN };

	if (poll(&on, 1, 0) <= 0 || !on.revents)
		return;
	ssize_t n = read(STDIN_FILENO, k->input, sizeof(k->input));

	if (n < 0 && errno == EINTR)
		return;
	k->input_ended = n <= 0;
	const u8 *leave = n > 0 && k->terminal ? memchr(k->input, LEAVE, (size_t)n) : NULL;

	k->left = leave != NULL;
	k->waiting = leave ? (size_t)(leave - k->input) : (size_t)(n > 0 ? n : 0);
}

static u64 wait_of(const struct console *k)
{
	return k->waiting || k->left || k->offset < k->end ? 0
	        : k->quiet < QUIET_REQUESTS                ? WAIT_TYPING_MS
	                                                   : WAIT_IDLE_MS;
}

static enum exit_code print_output(struct console *k, yyjson_val *answer)
{
	static u8 output[OUTPUT_MAX];
	const char *text = answer_text(answer, "output", "");
	size_t n = answer_base64(answer, "output", output, sizeof(output));
	u64 begins = answer_number(answer, "offset", k->offset);

	if ((text[0] && n == 0) || begins < k->offset)
		return complain(
		        ERR_HTTP_FORMAT, "compare the versions of signet and signetd", "cannot read the console");
	if (begins > k->offset && k->offset)
		printf("[%llu bytes are gone]\r\n", (unsigned long long)(begins - k->offset));
	(void)fwrite(output, 1, n, stdout);
	(void)fflush(stdout);
	k->quiet = n || k->waiting ? 0 : k->quiet + 1;
	k->offset = begins + n;
	k->end = n ? answer_number(answer, "end", k->offset) : k->offset;
	return EXIT_OK;
}

static enum exit_code exchange(struct console *k)
{
	yyjson_mut_doc *body = body_new();
	yyjson_mut_val *root = yyjson_mut_doc_get_root(body);
	yyjson_doc *doc;

	(void)yyjson_mut_obj_add_uint(body, root, "offset", k->offset);
	(void)body_put_base64(body, root, "input", k->input, k->waiting);
	(void)yyjson_mut_obj_add_uint(body, root, "waitMs", wait_of(k));
	enum exit_code code =
	        fleet_send(k->c, "POST", body, &doc, "/v1/nodes/%s/guests/%s/console", k->node.id, k->guest);

	if (code != EXIT_OK)
		return code;
	code = print_output(k, yyjson_doc_get_root(doc));
	k->waiting = 0;
	yyjson_doc_free(doc);
	return code;
}

/* A pipe's end is no reason to leave before the guest has answered what came through it. */
static bool is_over(const struct console *k)
{
	return k->left || (k->input_ended && k->quiet >= QUIET_REQUESTS);
}

static enum exit_code converse(struct console *k)
{
	enum exit_code code = EXIT_OK;

	while (code == EXIT_OK && !is_over(k)) {
		read_input(k);
		code = exchange(k);
	}
	return code;
}

static enum exit_code print_all(struct console *k)
{
	enum exit_code code;

	k->quiet = QUIET_REQUESTS;
	k->left = true;
	do
		code = exchange(k);
	while (code == EXIT_OK && k->offset < k->end);
	return code;
}

static enum exit_code use_terminal(struct console *k)
{
	note("the console of guest %s on node %s; Ctrl-] leaves", k->guest, k->node.label);
	k->terminal = raw_terminal_begin();
	enum exit_code code = converse(k);

	raw_terminal_end();
	if (k->terminal)
		putchar('\n');
	return code;
}

static enum exit_code console(struct fleet_client *c, const struct args *args)
{
	static struct console k;
	enum exit_code code;

	k = (struct console){ .c = c };
	code = guest_operands(c, args, &k.node, &k.guest);
	if (code != EXIT_OK)
		return code;
	return option_given(args, "no-follow") ? print_all(&k) : use_terminal(&k);
}

enum exit_code guest_console_command(const struct args *args)
{
	return fleet_run(args, console);
}
