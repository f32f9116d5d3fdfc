/*
 * A guest's file as the definition that the fleet server keeps (docs/fleet-api.md): kernel and initramfs are named by
 * their digests and uploaded where it has them not. Trust: runs as the operator; his files are read as they are, and
 * the node compares what it gets with the digests.
 */
#ifndef SIGNET_CLI_GUEST_DEFINE_H
#define SIGNET_CLI_GUEST_DEFINE_H

#include "agent/guest/guest_file.h"
#include "cli/fleet_client.h"

enum { GUEST_DIGEST_TEXT = 2 * SHA384_SIZE + 1 };

/* A file of the guest, open; fd -1: there is none. */
struct guest_part {
	char path[2 * GUEST_PATH_MAX + 2];
	int fd;
	u64 size;
	char digest[GUEST_DIGEST_TEXT];
};

struct guest_source {
	struct guest_file file;
	struct guest_part kernel, initramfs;
};

/* Reads the file, opens and hashes its parts. Says what is wrong; to be closed only after EXIT_OK. */
enum exit_code guest_source_open(const char *path, struct guest_source *out) MUST_CHECK;
void guest_source_close(struct guest_source *s);

/* The definition as a request's body. */
yyjson_mut_doc *guest_definition(const struct guest_source *s, bool autostart);

/* What the server has not got. Says what is wrong. */
enum exit_code guest_upload(struct fleet_client *c, const struct guest_source *s) MUST_CHECK;

#endif
