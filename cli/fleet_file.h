/*
 * Writing a fleet configuration (docs/fleet.md); image/fleet.h reads it.
 * Trust: runs as the operator.
 */
#ifndef SIGNET_CLI_FLEET_FILE_H
#define SIGNET_CLI_FLEET_FILE_H

#include "image/fleet.h"

/* The one encoding, read back to see that it is good. ERR_FLEET_FORMAT: a value that it cannot hold. */
enum err fleet_encode(const struct fleet *f, u8 out[FLEET_LENGTH_MAX], size_t *n) MUST_CHECK;

#endif
