/* The agent's log. Trust: see the header. */
#include "agent/agentd/ring.h"

#include "lib/print.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char ring[RING_SIZE];
static u64 written;

static size_t stamp(char *to, size_t room)
{
	time_t now = time(NULL);
	struct tm t;

	return gmtime_r(&now, &t) ? strftime(to, room, "%Y-%m-%dT%H:%M:%SZ ", &t) : 0;
}

void tell(const char *fmt, ...)
{
	char line[RING_LINE_MAX];
	size_t n = stamp(line, sizeof(line)), begin = n;
	va_list args;

	va_start(args, fmt);
	n += format_args(line + n, sizeof(line) - n - 1, fmt, args);
	va_end(args);
	line[n++] = '\n';
	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n; i++)
		ring[written++ % RING_SIZE] = line[i];
	/* Whoever reads standard error has clocks of its own. */
	(void)fprintf(stderr, "signet-agent: %.*s", (int)(n - begin), line + begin);
	(void)pthread_mutex_unlock(&lock);
}

size_t ring_read(u64 *offset, u64 *end, char *to, size_t n)
{
	size_t i = 0;

	(void)pthread_mutex_lock(&lock);
	u64 oldest = written > RING_SIZE ? written - RING_SIZE : 0;
	if (*offset < oldest)
		*offset = oldest;
	for (; i < n && *offset + i < written; i++)
		to[i] = ring[(*offset + i) % RING_SIZE];
	*end = written;
	(void)pthread_mutex_unlock(&lock);
	return i;
}
