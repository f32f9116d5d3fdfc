/*
 * Opening one of the hypervisor's ports. Trust: runs in the service VM.
 */
#ifndef SIGNET_AGENT_CONTROL_PORT_H
#define SIGNET_AGENT_CONTROL_PORT_H

#include "lib/err.h"

/*
 * Opens path, a port or a Unix socket in its place. A port that another program holds is waited for, a few seconds.
 * ERR_DEVICE: there is none (errno says why); ERR_CONTROL_BUSY: it is held. *fd is -1 then.
 */
enum err port_open(const char *path, int *fd) MUST_CHECK;

#endif
