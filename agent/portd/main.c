/*
 * `signet-portd`: lets several programs use the control port, which the driver opens for one. It takes whole requests
 * from a Unix socket, one at a time from each program, and hands answers back; events go to all. Trust: runs in the
 * service VM. Whoever can open the socket is its administrator.
 */
#include "agent/control/channel.h"
#include "agent/control/port.h"
#include "agent/portd/route.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ASKERS = 8, HEADER = sizeof(struct control_header), PORT = ASKERS, LISTENER, POLLED };

struct asker {
	int fd; /* -1: free */
	bool waits; /* for an answer: the next request is read after it */
	u32 have; /* bytes of its request */
	u32 out; /* bytes it has not taken yet */
	u8 request[CONTROL_REQUEST_MAX];
	u8 answer[2 * CONTROL_REPLY_MAX];
};

static struct {
	int port, listener;
	u32 have, sent, size; /* of in; of out */
	u8 in[2 * CONTROL_REPLY_MAX];
	u8 out[CONTROL_REQUEST_MAX]; /* one request on its way to the hypervisor */
	struct routes routes;
	struct asker asker[ASKERS];
} d;

static void drop(u32 i)
{
	(void)close(d.asker[i].fd);
	d.asker[i].fd = -1;
	route_forget(&d.routes, i);
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void take_asker(void)
{
	int fd = accept4(d.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (u32 i = 0; fd >= 0 && i < ASKERS; i++)
		if (d.asker[i].fd < 0) {
			d.asker[i].fd = fd;
			d.asker[i].have = d.asker[i].out = 0;
			d.asker[i].waits = false;
			return;
		}
	if (fd >= 0)
		(void)close(fd);
}

/* A whole request goes out under our tag. */
static void forward(u32 i)
{
	struct asker *a = &d.asker[i];
	struct control_header h;

	memcpy(&h, a->request, HEADER);
	h.tag = route_add(&d.routes, i, h.tag);
	/* Those who left may still be owed answers; the request is looked at again when one of them came. */
	if (!h.tag)
		return;
	memcpy(a->request, &h, HEADER);
	memcpy(d.out, a->request, h.length);
	d.size = h.length;
	d.sent = 0;
	a->have = 0;
	a->waits = true;
}

/* How long its request is, as far as that is known; 0: it never will be one. */
static u32 request_length(const struct asker *a)
{
	u32 length = HEADER;

	if (a->have >= HEADER)
		memcpy(&length, a->request, sizeof(length));
	return length >= HEADER && length <= CONTROL_REQUEST_MAX && length >= a->have ? length : 0;
}

static bool is_whole(const struct asker *a)
{
	return a->have >= HEADER && request_length(a) == a->have;
}

static void read_asker(u32 i)
{
	struct asker *a = &d.asker[i];
	u32 length = request_length(a);

	if (length > a->have) {
		ssize_t n = read(a->fd, a->request + a->have, length - a->have);
		if (n <= 0) {
			if (n == 0 || !would_block())
				drop(i);
			return;
		}
		a->have += (u32)n;
	}
	if (!request_length(a))
		drop(i);
	else if (is_whole(a))
		forward(i);
}

static void write_asker(u32 i)
{
	struct asker *a = &d.asker[i];
	ssize_t n = send(a->fd, a->answer, a->out, MSG_NOSIGNAL);

	if (n > 0) {
		a->out -= (u32)n;
		memmove(a->answer, a->answer + n, a->out);
	} else if (n == 0 || !would_block()) {
		drop(i);
	}
}

/* room: how far the asker's buffer may be filled. */
static void hand_over(u32 i, const u8 *frame, u32 length, u32 room)
{
	struct asker *a = &d.asker[i];

	if (a->fd < 0 || !range_inside(a->out, length, room))
		return;
	memcpy(a->answer + a->out, frame, length);
	a->out += length;
}

/*
 * The answer that an asker waits for was made after the event and tells of what changed; an event that finds no room
 * is one of many that have not been read. Half the room is left for an answer.
 */
static void tell_all(const u8 *frame, u32 length)
{
	for (u32 i = 0; i < ASKERS; i++)
		if (!d.asker[i].waits)
			hand_over(i, frame, length, CONTROL_REPLY_MAX);
}

static void deliver(struct control_header h)
{
	struct route route;

	if (!(h.kind & CONTROL_REPLY)) {
		tell_all(d.in, h.length);
	} else if (route_take(&d.routes, h.tag, &route)) {
		h.tag = route.theirs;
		memcpy(d.in, &h, HEADER);
		hand_over(route.asker, d.in, h.length, sizeof(d.asker[0].answer));
		d.asker[route.asker].waits = false;
	}
}

static enum err read_port(void)
{
	struct control_header h = { 0 };
	enum err e;

	/* What is left over is less than a frame. */
	if (d.have >= sizeof(d.in))
		return ERR_INTERNAL;
	ssize_t n = read(d.port, d.in + d.have, sizeof(d.in) - d.have);
	if (n <= 0)
		return n < 0 && would_block() ? OK : ERR_IO;
	d.have += (u32)n;
	while ((e = frame_peek(d.in, d.have, &h)) == OK) {
		deliver(h);
		d.have -= h.length;
		memmove(d.in, d.in + h.length, d.have);
	}
	return e == ERR_RANGE ? OK : e;
}

static enum err write_port(void)
{
	ssize_t n = write(d.port, d.out + d.sent, d.size - d.sent);

	if (n <= 0)
		return n < 0 && would_block() ? OK : ERR_IO;
	d.sent += (u32)n;
	return OK;
}

static short wanted(const struct asker *a)
{
	bool idle = !a->waits && d.sent == d.size;

	return (short)((idle ? POLLIN : 0) | (a->out ? POLLOUT : 0));
}

static enum err serve_once(void)
{
	struct pollfd on[POLLED];
	enum err e = OK;

	for (u32 i = 0; i < ASKERS; i++)
		on[i] = (struct pollfd){ .fd = d.asker[i].fd, .events = wanted(&d.asker[i]) };
	on[PORT] = (struct pollfd){ .fd = d.port, .events = d.sent < d.size ? POLLIN | POLLOUT : POLLIN };
	on[LISTENER] = (struct pollfd){ .fd = d.listener, .events = POLLIN };
	if (poll(on, POLLED, -1) < 0)
		return errno == EINTR ? OK : ERR_IO;
	if (on[PORT].revents & (POLLIN | POLLERR | POLLHUP))
		e = read_port();
	if (!e && (on[PORT].revents & POLLOUT))
		e = write_port();
	for (u32 i = 0; i < ASKERS; i++) {
		if (d.asker[i].fd >= 0 && (on[i].revents & POLLOUT))
			write_asker(i);
		/* One that hangs up while it waits is found out too; a whole request may have found no place before. */
		if (d.asker[i].fd >= 0 && (on[i].revents & (POLLERR | POLLHUP)) && d.asker[i].waits)
			drop(i);
		else if (d.asker[i].fd >= 0 && !d.asker[i].waits && d.sent == d.size &&
		        (on[i].revents || is_whole(&d.asker[i])))
			read_asker(i);
	}
	if (on[LISTENER].revents)
		take_asker();
	return e;
}

static enum err listen_on(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(at.sun_path))
		return ERR_ARGUMENT;
	memcpy(at.sun_path, path, strlen(path));
	(void)umask(0077);
	(void)unlink(path);
	d.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d.listener < 0 || bind(d.listener, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	        listen(d.listener, ASKERS) != 0)
		return ERR_IO;
	return OK;
}

int main(int argc, char *argv[])
{
	const char *port = argc > 1 ? argv[1] : CONTROL_PORT;

	if (argc > 3 || port[0] == '-') {
		(void)fputs("usage: signet-portd [PORT [SOCKET]]\n"
		            "Lets several programs use the hypervisor's control port.\n",
		        stderr);
		return 2;
	}
	for (u32 i = 0; i < ASKERS; i++)
		d.asker[i].fd = -1;
	enum err e = port_open(port, &d.port);
	if (!e)
		e = fcntl(d.port, F_SETFL, O_NONBLOCK) == 0 ? OK : ERR_IO;
	if (!e)
		e = listen_on(argc > 2 ? argv[2] : CONTROL_SOCKET);
	while (!e)
		e = serve_once();
	(void)fprintf(stderr, "signet-portd: %s\n", err_text(e));
	return 1;
}
