/* TCP connections. Trust: see the header. */
#include "lib/tls/socket.h"

#include "lib/tls/deadline.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum err socket_wait(int fd, short events, u64 deadline)
{
	struct pollfd on = { .fd = fd, .events = events };

	for (;;) {
		int ready = poll(&on, 1, deadline_left(deadline));

		if (ready > 0)
			return on.revents & POLLNVAL ? ERR_NET_CLOSED : OK;
		if (ready == 0)
			return ERR_NET_TIMEOUT;
		if (errno != EINTR)
			return ERR_NET_CLOSED;
	}
}

static enum err finish(int fd, u64 deadline)
{
	int why = 0;
	socklen_t n = sizeof(why);
	enum err e = socket_wait(fd, POLLOUT, deadline);

	if (e)
		return e;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) != 0 || why != 0) {
		errno = why ? why : errno;
		return ERR_NET_CONNECT;
	}
	return OK;
}

static enum err connect_one(const struct addrinfo *a, u64 deadline, int *fd)
{
	static const int on = 1;
	enum err e;

	*fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (*fd < 0)
		return ERR_NET_CONNECT;
	/* Small requests on a kept connection must not wait for each other's acknowledgement; a dead peer is noticed.
	 */
	(void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(*fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (connect(*fd, a->ai_addr, a->ai_addrlen) == 0)
		return OK;
	e = errno == EINPROGRESS ? finish(*fd, deadline) : ERR_NET_CONNECT;
	if (e) {
		int why = errno;

		(void)close(*fd);
		errno = why;
		*fd = -1;
	}
	return e;
}

enum err socket_connect(const char *host, const char *port, u32 timeout_ms, int *fd)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *all = NULL;
	enum err e = ERR_NET_CONNECT;

	*fd = -1;
	if (getaddrinfo(host, port, &hints, &all) != 0)
		return ERR_NET_NAME;
	u64 deadline = monotonic_ms() + timeout_ms;
	for (const struct addrinfo *a = all; a; a = a->ai_next) {
		e = connect_one(a, deadline, fd);
		if (!e)
			break;
	}
	freeaddrinfo(all);
	return e;
}

static bool keep(char *to, size_t room, const char *from, size_t n)
{
	if (n == 0 || n >= room)
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

bool socket_address_split(const char *text, size_t n, char host[SOCKET_HOST_SIZE], char port[SOCKET_PORT_SIZE])
{
	const char *colon = n ? memrchr(text, ':', n) : NULL;

	if (!colon || !keep(port, SOCKET_PORT_SIZE, colon + 1, n - (size_t)(colon - text) - 1) ||
	        strspn(port, "0123456789") != strlen(port))
		return false;
	n = (size_t)(colon - text);
	if (n > 2 && text[0] == '[' && text[n - 1] == ']')
		return keep(host, SOCKET_HOST_SIZE, text + 1, n - 2);
	return n > 0 && !memchr(text, ':', n) && keep(host, SOCKET_HOST_SIZE, text, n);
}
