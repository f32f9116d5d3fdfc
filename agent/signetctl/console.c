/* A guest's console on the terminal. Trust: see ctl.h; what the guest writes goes to the terminal as it is. */
#include "agent/signetctl/ctl.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LEAVE = 0x1d /* Ctrl-] */, INPUT_MAX = 256, WAIT_MS = 1000, FULL_WAIT_MS = 50 };

struct console {
	struct channel *c;
	u32 id;
	u64 offset; /* of the next byte to print */
	bool off; /* the guest has ended */
	bool left; /* the user wants out */
	bool input_ended;
	u32 waiting; /* bytes of input that the guest had no room for */
	u8 input[INPUT_MAX];
};

static enum err print_piece(struct console *k, u64 *end)
{
	struct control_console_read from = { .id = k->id, .offset = k->offset };
	struct control_bytes at;
	const u8 *bytes;
	u32 n;
	enum err e = channel_ask(
	        k->c, CONTROL_CONSOLE_READ, &(struct frame_body){ .fixed = &from, .fixed_size = sizeof(from) });

	if (!e)
		e = frame_split(k->c->reply, k->c->reply_size, &at, sizeof(at), &bytes, &n);
	if (!e && (at.length != n || at.offset < k->offset || (n == 0 && at.end > at.offset)))
		e = ERR_CONTROL_KIND;
	if (e)
		return e;
	if (at.offset > k->offset)
		printf("[%llu bytes are gone]\r\n", (unsigned long long)(at.offset - k->offset));
	(void)fwrite(bytes, 1, n, stdout);
	k->offset = at.offset + n;
	*end = at.end;
	return OK;
}

static enum err print_all(struct console *k)
{
	u64 end = 0;
	enum err e;

	do
		e = print_piece(k, &end);
	while (!e && k->offset < end);
	return fflush(stdout) == 0 || e ? e : ERR_IO;
}

/* Once it is off, what it wrote is all there is; a destroyed one has nothing left. */
static enum err look_and_print(struct console *k)
{
	struct control_guest g = { 0 };
	enum err e = guest_from(k->c, k->id, &g);

	if (e == ERR_RANGE || (!e && g.id != k->id)) {
		k->off = true;
		return OK;
	}
	k->off = !e && g.state == CONTROL_GUEST_OFF;
	return e ? e : print_all(k);
}

static enum err send_input(struct console *k)
{
	struct control_guest_id to = { .id = k->id };
	enum err e = OK;

	if (k->waiting)
		e = channel_ask(
		        k->c, CONTROL_CONSOLE_WRITE, &(struct frame_body){ &to, sizeof(to), k->input, k->waiting });
	if (e == ERR_NO_MEMORY)
		return OK;
	k->waiting = 0;
	return e;
}

static void read_input(struct console *k)
{
	ssize_t n = read(STDIN_FILENO, k->input, sizeof(k->input));

	if (n < 0 && errno == EINTR)
		return;
	k->input_ended = n <= 0;
	const u8 *leave = n > 0 && isatty(STDIN_FILENO) ? memchr(k->input, LEAVE, (size_t)n) : NULL;
	k->left = leave != NULL;
	k->waiting = leave ? (u32)(leave - k->input) : (u32)(n > 0 ? n : 0);
}

/* Events wake it; the time-out is for a hypervisor that dropped one. */
static void await(struct console *k)
{
	struct pollfd on[] = { { .fd = k->c->fd, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };

	if (k->input_ended || k->waiting)
		on[1].fd = -1;
	int ready = k->c->have ? 0 : poll(on, ARRAY_SIZE(on), k->waiting ? FULL_WAIT_MS : WAIT_MS);
	if (ready > 0 && on[1].revents)
		read_input(k);
}

static enum err converse(struct console *k)
{
	enum err e = look_and_print(k);

	while (!e && !k->off && !k->left) {
		await(k);
		e = send_input(k);
		if (!e)
			e = look_and_print(k);
	}
	return e;
}

/* Every key is the guest's, Ctrl-C too. */
static bool raw_terminal(struct termios *before)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, before) != 0)
		return false;
	raw = *before;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static enum exit_code use_console(struct channel *c, const struct args *args)
{
	struct control_guest g = { 0 };
	struct termios before;
	enum exit_code code = guest_named(c, operand(args, 0), &g);

	if (code)
		return code;
	struct console k = { .c = c, .id = g.id };
	bool follow = !option_given(args, "no-follow");
	bool raw = follow && raw_terminal(&before);
	enum err e = follow ? converse(&k) : print_all(&k);
	if (raw) {
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
		fputc('\n', stdout);
	}
	if (e)
		return ctl_complain(c, e, "the console of guest %s cannot be used", g.name);
	if (k.off)
		note("guest %s has ended", g.name);
	return EXIT_OK;
}

enum exit_code command_console(const struct args *args)
{
	return ctl_run(args, use_console);
}
