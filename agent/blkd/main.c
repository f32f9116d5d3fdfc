/*
 * `signet-blkd`: serves guests' disks to the hypervisor. When the stream is lost it ends; whoever supervises it starts
 * it anew, and the hypervisor sends again what was not answered. Trust: runs in the service VM.
 */
#include "agent/blkd/serve.h"
#include "agent/control/port.h"
#include "image/host/file.h"
#include "lib/tls/deadline.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_PORT "/dev/signet/block"

static u8 in[BLOCK_FRAME_MAX];
static u8 out[BLOCK_FRAME_MAX];

/* ERR_DEVICE at the stream's end. */
static enum err receive(int fd, u32 *have)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	while (poll(&wait, 1, DISK_OPEN_MS) == 0)
		disks_expire(monotonic_ms());
	/* A full buffer holds a whole frame, which block_peek() has seen. */
	if (*have >= sizeof(in))
		return ERR_INTERNAL;
	ssize_t n = read(fd, in + *have, sizeof(in) - *have);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return OK;
	if (n <= 0)
		return n == 0 ? ERR_DEVICE : ERR_IO;
	*have += (u32)n;
	return OK;
}

static enum err serve_stream(int fd, const char *disks)
{
	struct block_request r;
	u32 have = 0;
	enum err e = OK;

	while (!e) {
		e = block_peek(in, have, &r);
		if (e == ERR_RANGE) {
			e = receive(fd, &have);
		} else if (!e) {
			const struct disk *disk = disk_find(disks, r.guest, r.disk, monotonic_ms());
			e = write_stream(fd, out, block_serve(&r, in + sizeof(r), disk, out));
			have -= r.length;
			memmove(in, in + r.length, have);
		}
	}
	return e;
}

int main(int argc, char *argv[])
{
	const char *port = argc > 1 ? argv[1] : BLOCK_PORT;

	if (argc > 3 || port[0] == '-') {
		(void)fputs("usage: signet-blkd [PORT [DISKS]]\n"
		            "Serves guests' disks, links DISKS/GUEST/N, on the hypervisor's block port.\n",
		        stderr);
		return 2;
	}
	int fd;
	enum err e = port_open(port, &fd);
	if (e) {
		(void)fprintf(stderr, "signet-blkd: %s: %s\n", port, err_text(e));
		return 3;
	}
	e = serve_stream(fd, argc > 2 ? argv[2] : DISKS_FOLDER);
	(void)fprintf(stderr, "signet-blkd: %s\n", err_text(e));
	return 1;
}
