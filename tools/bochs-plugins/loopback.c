/*
 * Loaded ahead of Bochs' libraries (LD_PRELOAD): what would listen on every interface listens on the loopback alone.
 * Bochs' screen server cannot be told so, and anybody who reached it could type into the machine under test. Test bed
 * only.
 */
#include "lib/types.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	int (*next)(int, const struct sockaddr *, socklen_t);
	void *symbol = dlsym(RTLD_NEXT, "bind");
	struct sockaddr_in narrowed;
	/* As POSIX has it: C knows no conversion from an object's address to a function's. */
	memcpy(&next, &symbol, sizeof(next));
	if (length < sizeof(narrowed) || address->sa_family != AF_INET)
		return next(fd, address, length);
	memcpy(&narrowed, address, sizeof(narrowed));
	if (narrowed.sin_addr.s_addr == htonl(INADDR_ANY))
		narrowed.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return next(fd, (const struct sockaddr *)&narrowed, sizeof(narrowed));
}
