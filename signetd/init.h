/*
 * `signetd --init`: a new data folder, whole or not at all. `signetd --new-approver`: the way back in.
 * Trust: makes the fleet's keys.
 */
#ifndef SIGNET_SIGNETD_INIT_H
#define SIGNET_SIGNETD_INIT_H

#include "lib/err.h"
#include "signetd/clock.h"
#include "signetd/config.h"

enum { INIT_HOSTS_MAX = 16 };

struct init_options {
	const char *folder;
	const char *name; /* of the fleet; NULL: "fleet" */
	const char *approver; /* the first one; NULL: "approver" */
	const char *hosts[INIT_HOSTS_MAX]; /* each a name or address, or several with commas */
	size_t host_count;
	const char *ca_key, *ca_certificate; /* both or none */
	const char *ca_passphrase; /* a file, for a key that is locked; NULL: it is not */
};

/* Says on stderr what is wrong. ERR_ARGUMENT, ERR_KEY_EXISTS when the folder holds something, and what making keys
 * says. */
enum err init_folder(const struct init_options *o, const struct clock *clock) MUST_CHECK;

/*
 * Another approver, where nobody is left who could ask the server for one: DIR/approver.pem and .crt, and an entry of
 * the audit log. No server may run on the folder. Says on stderr what is wrong; ERR_KEY_EXISTS when such files are
 * there.
 */
enum err init_approver(const char *folder, const char *name, const struct clock *clock) MUST_CHECK;

#endif
