/*
 * swtpm as a child process.
 * Test code for a host.
 */
#include "tests/tpm/swtpm.h"

#include "lib/bytes.h"
#include "lib/tpm/types.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Control channel: big-endian command number and arguments, answered by a result (swtpm's tpm_ioctl.h). */
enum { CMD_INIT = 2 };

static bool read_all(int fd, u8 *to, size_t n)
{
	while (n) {
		ssize_t got = read(fd, to, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		n -= (size_t)got;
	}
	return true;
}

static bool write_all(int fd, const u8 *from, size_t n)
{
	return send(fd, from, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static enum err submit(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length)
{
	const struct swtpm *s = context;
	if (room < TPM_HEADER_SIZE || !write_all(s->data, command, n) || !read_all(s->data, response, TPM_HEADER_SIZE))
		return ERR_TPM_ABSENT;
	size_t size = load_be32(response + 2);
	if (size < TPM_HEADER_SIZE || size > room)
		return ERR_TPM_RESPONSE;
	if (!read_all(s->data, response + TPM_HEADER_SIZE, size - TPM_HEADER_SIZE))
		return ERR_TPM_ABSENT;
	*length = size;
	return OK;
}

/* Does not return. Dies with its parent, so that a crashed test leaves nothing running. */
static void child(const char *dir, int data, int control, pid_t parent)
{
	char state[4096], data_fd[16], control_fd[64];
	snprintf(state, sizeof(state), "dir=%s", dir);
	snprintf(data_fd, sizeof(data_fd), "%d", data);
	snprintf(control_fd, sizeof(control_fd), "type=unixio,clientfd=%d", control);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	execlp("swtpm", "swtpm", "socket", "--tpm2", "--fd", data_fd, "--ctrl", control_fd, "--tpmstate", state,
	        (char *)NULL);
	perror("swtpm");
	_exit(127);
}

static enum err spawn(struct swtpm *s, const char *dir)
{
	int data[2], control[2];
	/* Close-on-exec ends: a second swtpm must not inherit the first one's. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, data) != 0)
		return ERR_TOOL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) {
		close(data[0]);
		close(data[1]);
		return ERR_TOOL;
	}
	pid_t parent = getpid();
	s->pid = fork();
	if (s->pid == 0)
		child(dir, dup(data[1]), dup(control[1]), parent);
	close(data[1]);
	close(control[1]);
	s->data = data[0];
	s->control = control[0];
	return s->pid > 0 ? OK : ERR_TOOL;
}

enum err swtpm_reset(struct swtpm *s)
{
	u8 command[8], result[4];
	store_be32(command, CMD_INIT);
	store_be32(command + 4, 0);
	if (!write_all(s->control, command, sizeof(command)) || !read_all(s->control, result, sizeof(result)))
		return ERR_TOOL;
	return load_be32(result) == 0 ? OK : ERR_TOOL;
}

enum err swtpm_start(struct swtpm *s, const char *dir)
{
	memset(s, 0, sizeof(*s));
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return ERR_TOOL;
	tpm_init(&s->tpm, (struct tpm_transport){ .submit = submit, .context = s });
	enum err e = spawn(s, dir);
	if (e)
		return e;
	e = swtpm_reset(s);
	if (e)
		swtpm_stop(s);
	return e;
}

void swtpm_stop(struct swtpm *s)
{
	if (s->pid <= 0)
		return;
	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
	close(s->data);
	close(s->control);
	s->pid = 0;
}
