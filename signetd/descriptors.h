/*
 * Open files: what the configured connections need has to be allowed by the system before any is taken.
 * Trust: none needed.
 */
#ifndef SIGNET_SIGNETD_DESCRIPTORS_H
#define SIGNET_SIGNETD_DESCRIPTORS_H

#include "signetd/config.h"

/* Raises the limit of open files as far as needed. ERR_CONFIGURATION, said in the log: the system does not let it. */
enum err descriptors_ensure(const struct config *c) MUST_CHECK;

#endif
