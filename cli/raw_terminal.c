/* The raw terminal. Trust: none needed. */
#include "cli/raw_terminal.h"

#include "cli/output.h"

#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static volatile sig_atomic_t is_raw;

/* Signals that end the program by default; those of the keyboard do not come from a raw terminal, but from elsewhere.
 */
static const int endings[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };

/* tcsetattr() may be called from a signal handler (POSIX.1, section 2.4.3). */
void raw_terminal_end(void)
{
	if (!is_raw)
		return;
	is_raw = 0;
	line_end = "\n";
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* By default again (SA_RESETHAND), so that it ends the program as if nobody had looked. */
static void end_by(int signal_number)
{
	raw_terminal_end();
	(void)raise(signal_number);
}

static void watch_endings(void)
{
	struct sigaction action = { .sa_handler = end_by, .sa_flags = (int)SA_RESETHAND };

	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		(void)sigaction(endings[i], &action, NULL);
	(void)atexit(raw_terminal_end);
}

bool raw_terminal_begin(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	watch_endings();
	raw = before;
	cfmakeraw(&raw);
	is_raw = 1;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) {
		is_raw = 0;
		return false;
	}
	line_end = "\r\n";
	return true;
}
