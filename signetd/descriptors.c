/* The limit of open files. Trust: see the header. */
#include "signetd/descriptors.h"

#include "signetd/journal.h"

#include <sys/resource.h>

/* Beside connections: uploads, files on their way, database, log. */
enum { OTHER_FILES = 1024 };

enum err descriptors_ensure(const struct config *c)
{
	u64 needed = LISTENER_COUNT * c->connections + OTHER_FILES;
	struct rlimit l;

	/* Where not even that may be asked, accept() will tell. */
	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return OK;
	if (l.rlim_cur >= needed)
		return OK;
	if (l.rlim_max >= needed) {
		l.rlim_cur = needed;
		if (setrlimit(RLIMIT_NOFILE, &l) == 0)
			return OK;
	}
	journal(JOURNAL_ERROR,
	        "[limits] connections = %llu needs %llu open files, the system allows %llu: raise LimitNOFILE of the "
	        "service (ulimit -Hn in a shell), or lower connections",
	        (unsigned long long)c->connections, (unsigned long long)needed, (unsigned long long)l.rlim_max);
	return ERR_CONFIGURATION;
}
