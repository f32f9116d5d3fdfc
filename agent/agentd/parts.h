/*
 * The flash disk's partitions, as the kernel names them.
 * Trust: what stands there is anybody's who can write the flash key; the stage and the verifier judge it.
 */
#ifndef SIGNET_AGENT_AGENTD_PARTS_H
#define SIGNET_AGENT_AGENTD_PARTS_H

#include "image/flash/layout.h"

#include <limits.h>

/*
 * The path of a partition (enum partition_index). folder: where files of the partitions' names stand instead; NULL:
 * partitions are looked for by name (GPT) among the kernel's block devices. ERR_DEVICE.
 */
enum err part_find(const char *folder, enum partition_index which, char out[PATH_MAX]) MUST_CHECK;

/* The write authority onto the disk: whole partition, durable when it returns. ERR_DEVICE, ERR_IO. */
enum err part_write_authority(const char *folder, const u8 *bytes, size_t n) MUST_CHECK;

#endif
