/*
 * A guest's file (docs/signetctl.md): lines `key = value` that say what the guest is made of.
 * Trust: pure. The file is its owner's; it is bounded and checked, and nothing in it is run.
 */
#ifndef SIGNET_AGENT_GUEST_GUEST_FILE_H
#define SIGNET_AGENT_GUEST_GUEST_FILE_H

#include "lib/control/guest_limits.h"
#include "lib/err.h"

enum {
	GUEST_FILE_MAX = 16384, /* bytes of a file */
	GUEST_PATH_MAX = 512,
	GUEST_COMMAND_LINE_MAX = GUEST_MOST_COMMAND_LINE + 1,
};

struct guest_disk {
	char path[GUEST_PATH_MAX];
	bool read_only;
};

struct guest_file {
	char name[CONTROL_NAME_SIZE];
	u64 memory; /* bytes */
	u32 vcpus, disks, nets;
	char kernel[GUEST_PATH_MAX];
	char initramfs[GUEST_PATH_MAX]; /* "": none */
	char command_line[GUEST_COMMAND_LINE_MAX];
	struct guest_disk disk[CONTROL_DISKS_MAX];
	u8 mac[CONTROL_NETS_MAX][6];
};

struct guest_file_problem {
	u32 line; /* from 1; 0: the file as a whole */
	const char *words;
};

/* ERR_ARGUMENT: problem says what and where. */
enum err guest_file_parse(
        const char *text, size_t n, struct guest_file *out, struct guest_file_problem *problem) MUST_CHECK;

#endif
