/*
 * A slot's partition as flash to install on.
 * Trust: runs in the service VM; what it writes is verified by the stage.
 */
#ifndef SIGNET_AGENT_UPDATE_DEVICE_H
#define SIGNET_AGENT_UPDATE_DEVICE_H

#include "update/install.h"

struct slot_device {
	int fd; /* buffered: writes, and the running slot's reads */
	int direct; /* past the cache: what a read-back sees is what the medium holds */
	struct flash_ops ops; /* its context is this struct: do not copy it */
};

/* writable: it is the target, and nobody else may have it open for writing. ERR_DEVICE. */
enum err slot_device_open(struct slot_device *d, const char *path, bool writable) MUST_CHECK;
void slot_device_close(struct slot_device *d);

#endif
