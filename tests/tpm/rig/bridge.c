/*
 * rig-tpm SOCKET: standard input and output to and from a Unix socket, for TPM2-TSS' TCTI "cmd:".
 * Test code for a host.
 */
#include "agent/control/port.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static bool copy(int from, int to)
{
	char bytes[4096];
	ssize_t n = read(from, bytes, sizeof(bytes));

	for (ssize_t sent = 0, more; sent < n; sent += more) {
		more = write(to, bytes + sent, (size_t)(n - sent));
		if (more <= 0)
			return false;
	}
	return n > 0;
}

int main(int count, char **word)
{
	int fd;

	if (count != 2 || port_open(word[1], &fd)) {
		perror(count == 2 ? word[1] : "usage: rig-tpm SOCKET");
		return 1;
	}
	for (bool on = true; on;) {
		struct pollfd ends[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

		if (poll(ends, 2, -1) < 0)
			return 1;
		if (ends[0].revents)
			on = copy(STDIN_FILENO, fd);
		if (on && ends[1].revents)
			on = copy(fd, STDOUT_FILENO);
	}
	return 0;
}
