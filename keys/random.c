/* The kernel's random numbers. Trust: everything made here rests on them. */
#include "keys/random.h"

#include <errno.h>
#include <mbedtls/entropy.h>
#include <sys/random.h>

enum err random_bytes(u8 *out, size_t n)
{
	while (n) {
		ssize_t got = getrandom(out, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return ERR_IO;
		out += got;
		n -= (size_t)got;
	}
	return OK;
}

int random_source(void *unused, unsigned char *out, size_t n)
{
	(void)unused;
	return random_bytes(out, n) == OK ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}
