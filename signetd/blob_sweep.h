/*
 * Blobs that no record names: what an upload left whose record was never stored, and what removed guests had.
 * Trust: removes files; only those in the blob store whose digest neither an image nor a guest names.
 */
#ifndef SIGNET_SIGNETD_BLOB_SWEEP_H
#define SIGNET_SIGNETD_BLOB_SWEEP_H

#include "signetd/server.h"

/* At the start: a blob that was uploaded for a guest which is still to be defined goes too, and is uploaded again. */
enum err blob_sweep(struct server *s) MUST_CHECK;

#endif
