/*
 * DIR/signetd.ini, read by a const table (config_table.c): every section and key that is known, its kind, bounds and
 * default. docs/signetd.md lists the same. Unknown is refused with file and line.
 * Trust: the operator's own file; checked all the same.
 */
#ifndef SIGNET_SIGNETD_CONFIG_H
#define SIGNET_SIGNETD_CONFIG_H

#include "lib/err.h"
#include "signetd/route.h"

#include <limits.h>

enum { CONFIG_TEXT_SIZE = 256, CONFIG_MESSAGE_SIZE = PATH_MAX + 512 };

/* What a class may be allowed (attest/appraise.h); nothing by default. */
enum allow {
	ALLOW_DEVELOPMENT,
	ALLOW_DEBUG,
	ALLOW_BIOS,
	ALLOW_SECURE_BOOT_OFF,
	ALLOW_NO_DMA_PROTECTION,
	ALLOW_UNGATED,
	ALLOW_NO_BASELINE,
	ALLOW_COUNT,
};

struct config {
	/* [fleet] */
	char name[64];
	/* [listen]: ADDRESS:PORT, comma-separated; set at start only */
	char listen[LISTENER_COUNT][CONFIG_TEXT_SIZE];
	/* [tls] */
	char hosts[CONFIG_TEXT_SIZE]; /* names and addresses in the server's certificate */
	u64 tls_days;
	/* [leaves] */
	u64 leaf_days;
	u64 operator_days;
	u64 warn_days; /* before the end of what does not renew itself */
	/* [limits] */
	u64 connections;
	u64 connections_per_peer;
	u64 requests_per_second; /* and peer address, on the average */
	u64 request_burst;
	u64 handshakes_per_second, handshake_burst; /* and peer address */
	u64 handshakes_per_second_in_all, handshake_burst_in_all;
	u64 bound[BOUND_COUNT]; /* bytes of a body */
	u64 head_seconds, body_seconds, answer_seconds, idle_seconds;
	/* [tpm] */
	char ek_authorities[PATH_MAX]; /* folder of TPM makers' certificates; empty: none is trusted */
	/* Nodes that may wait for an approver at once: with a certified EK; without; of those, of one address */
	u64 pending, pending_uncertified, pending_per_address;
	/* [images] */
	char anchor[PATH_MAX]; /* of the stage that the fleet's nodes run; empty: no image is trusted */
	/* [policy]: classes of hardware, comma-separated, or *, for each thing that struct appraisal_policy can allow
	 */
	char allow[ALLOW_COUNT][CONFIG_TEXT_SIZE];
	u64 history; /* appraisals kept of a node */
	/* [tickets] */
	u64 lease_seconds;
	u64 lease_rule; /* index of keep, pause, stop */
	u64 guests, vcpus, memory; /* of one node together, at most */
	/* [log] */
	u64 log_level;
};

/* What the table's rows describe. */
enum setting_kind {
	SETTING_TEXT,
	SETTING_NAMES,
	SETTING_NUMBER,
	SETTING_BYTES /* K, M, G may follow */,
	SETTING_CHOICE
};

struct setting {
	const char *section, *name;
	enum setting_kind kind;
	size_t offset, size; /* in struct config */
	u64 min, max; /* a text's length, a number's value, how many names */
	const char *initial; /* as it would stand in the file */
	const char *const *choices; /* NULL-ended, for SETTING_CHOICE: the index is the value */
	bool at_start; /* a change takes a restart */
	const char *help;
};

extern const struct setting settings[];
extern const size_t setting_count;

/* Every setting at its default. */
void config_defaults(struct config *c);
/* Defaults, then the file. On ERR_CONFIGURATION message says file, line, and what is wrong. */
enum err config_read(const char *path, struct config *c, char message[CONFIG_MESSAGE_SIZE]) MUST_CHECK;
/* The same over text in memory; name stands for the file in messages. */
enum err config_parse(
        const char *text, const char *name, struct config *c, char message[CONFIG_MESSAGE_SIZE]) MUST_CHECK;
/* The name of a setting that only a start takes and that differs, or NULL. */
const char *config_fixed_difference(const struct config *before, const struct config *after);

#endif
