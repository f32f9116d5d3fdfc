/*
 * The service VM's side of the ports, as Unix sockets: who connects has opened the port, who leaves has closed it.
 * Test code for a host.
 */
#include "hv/control/ports.h"

#include "hv/control/control.h"
#include "hv/guest/guest.h"
#include "hv/node/tpm_port.h"
#include "hv/service/machine.h"
#include "hv/x86/lock.h"
#include "lib/bytes.h"
#include "lib/tpm/tpm.h"
#include "lib/tpm/types.h"
#include "tests/tpm/rig/rig.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BUFFER = 65536, START_LOOK = 10, TURN = 60000 };

/* One port: its listener, who has it open, and bytes on their way. */
struct port_socket {
	int listener, fd; /* fd -1: closed */
	u32 in_length, out_length;
	u8 in[BUFFER], out[BUFFER];
};

static struct port_socket control = { .fd = -1 }, tpm = { .fd = -1 };
static int ending = -1;

/* --- what hv/control asks of its ports --- */

struct virtio_console service_console;

u32 console_send(struct virtio_console *c, u32 port, const void *bytes, u32 n)
{
	u32 room = BUFFER - control.out_length, taken = n < room ? n : room;

	(void)c;
	if (port != PORT_CONTROL || control.fd < 0)
		return 0;
	memcpy(control.out + control.out_length, bytes, taken);
	control.out_length += taken;
	return taken;
}

/* It is asked again in each turn. */
void console_resume(struct virtio_console *c, u32 port)
{
	(void)c, (void)port;
}

static void leave(struct port_socket *s)
{
	(void)close(s->fd);
	s->fd = -1;
	s->in_length = s->out_length = 0;
}

void console_refuse(struct virtio_console *c, u32 port)
{
	(void)c;
	if (port == PORT_CONTROL && control.fd >= 0) {
		control_port.closed();
		leave(&control);
	}
}

u32 ports_starts = 1;

void machine_power(enum power_event event)
{
	ending = event == POWER_OFF ? EXIT_POWER_OFF : EXIT_REBOOT;
}

/* --- the control port --- */

static void control_turn(void)
{
	u32 taken = control_port.bytes(control.in, control.in_length, true);

	if (control.fd < 0)
		return;
	control.in_length -= taken;
	memmove(control.in, control.in + taken, control.in_length);
	control_port.room();
}

/* --- the TPM port --- */

static void tpm_answer(const u8 *response, size_t n)
{
	if (tpm.fd < 0 || n > BUFFER - tpm.out_length)
		return;
	memcpy(tpm.out + tpm.out_length, response, n);
	tpm.out_length += (u32)n;
}

/* A command is what its header says; one whose length is senseless takes all there is with it, as one piece. */
static void tpm_turn(void)
{
	u32 length;

	if (tpm.in_length < TPM_HEADER_SIZE)
		return;
	length = load_be32(tpm.in + 2);
	if (length < TPM_HEADER_SIZE || length > TPM_BUFFER_SIZE)
		length = tpm.in_length;
	if (tpm.in_length < length || !tpm_port_command(tpm.in, length))
		return;
	tpm.in_length -= length;
	memmove(tpm.in, tpm.in + length, tpm.in_length);
}

/* --- sockets --- */

static int listen_on(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(at.sun_path))
		die(path, "too long for a socket");
	memcpy(at.sun_path, path, strlen(path));
	(void)unlink(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 4) != 0)
		die(path, strerror(errno));
	return fd;
}

static void receive(struct port_socket *s, void (*closed)(void))
{
	ssize_t n = read(s->fd, s->in + s->in_length, BUFFER - s->in_length);

	if (n > 0) {
		s->in_length += (u32)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		closed();
		leave(s);
	}
}

static void transmit(struct port_socket *s)
{
	ssize_t n = send(s->fd, s->out, s->out_length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n <= 0)
		return;
	s->out_length -= (u32)n;
	memmove(s->out, s->out + n, s->out_length);
}

static void serve(struct port_socket *s, const struct pollfd *on, void (*opened)(void), void (*closed)(void))
{
	if (s->fd < 0 && on->revents) {
		s->fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (s->fd >= 0)
			opened();
		return;
	}
	if (s->fd >= 0 && on->revents & (POLLIN | POLLHUP | POLLERR) && s->in_length < BUFFER)
		receive(s, closed);
}

static struct pollfd wanted(const struct port_socket *s)
{
	short events = s->in_length < BUFFER ? POLLIN : 0;

	return (struct pollfd){ .fd = s->fd < 0 ? s->listener : s->fd,
		.events = (short)(events | (s->fd >= 0 && s->out_length ? POLLOUT : 0)) };
}

static int signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Dies with the rig. */
static void start_portd(const char *raw, const char *path)
{
	pid_t rig = getpid();
	sigset_t none;

	if (fork() != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (getppid() == rig)
		(void)execl("build/signet-portd", "signet-portd", raw, path, (char *)NULL);
	perror("build/signet-portd");
	_exit(127);
}

/* Waits so many milliseconds at most. */
static void turn(int until_signal, int most)
{
	struct pollfd on[] = { wanted(&control), wanted(&tpm), { .fd = until_signal, .events = POLLIN } };

	if (poll(on, ARRAY_SIZE(on), machine_milliseconds(most)) < 0 && errno != EINTR)
		die("poll", strerror(errno));
	hv_lock();
	serve(&control, &on[0], control_port.opened, control_port.closed);
	serve(&tpm, &on[1], tpm_port_open, tpm_port_close);
	if (control.fd >= 0)
		control_turn();
	tpm_turn();
	hv_unlock();
	machine_turn();
	guests_turn();
	hv_lock();
	if (control.fd >= 0)
		control_turn();
	hv_unlock();
	transmit(&control);
	transmit(&tpm);
	if (on[2].revents)
		ending = EXIT_SUCCESS;
}

_Noreturn void ports_serve(const struct options *o)
{
	static const struct guest_observer observer = { control_changed, control_done };
	static char raw[4096];
	int until_signal = signals();

	guest_observer = &observer;
	tpm_port_init(tpm_answer);
	(void)snprintf(raw, sizeof(raw), "%s.raw", o->control);
	(void)unlink(o->control);
	control.listener = listen_on(raw);
	tpm.listener = listen_on(o->tpm);
	start_portd(raw, o->control);
	while (access(o->control, F_OK) != 0 && ending < 0)
		turn(until_signal, START_LOOK);
	fputs("rig: ready\n", stderr);
	while (ending < 0)
		turn(until_signal, TURN);
	exit(ending);
}
