/* Opening the hypervisor's ports. Trust: see the header. */
#include "agent/control/port.h"

#include "lib/types.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Of 100 ms: how long another program may hold the port. */
enum { HELD_TRIES = 50 };

static enum err connect_socket(const char *path, int *fd)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(to.sun_path))
		return ERR_ARGUMENT;
	memcpy(to.sun_path, path, strlen(path));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && connect(*fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return OK;
	int why = errno;
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = why;
	return ERR_DEVICE;
}

/* The driver lets one program at a time open a port. */
static enum err open_device(const char *path, int *fd)
{
	for (u32 i = 0; i < HELD_TRIES; i++) {
		*fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (*fd >= 0)
			return OK;
		if (errno != EBUSY)
			return ERR_DEVICE;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	return ERR_CONTROL_BUSY;
}

enum err port_open(const char *path, int *fd)
{
	struct stat st;

	*fd = -1;
	if (stat(path, &st) != 0)
		return ERR_DEVICE;
	return S_ISSOCK(st.st_mode) ? connect_socket(path, fd) : open_device(path, fd);
}
