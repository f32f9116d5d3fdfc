/*
 * A guest's launch measurement (docs/measurements.md, PCR13): what it starts from and its shape, not its disks. The
 * same code foretells it on an operator's machine. Trust: in the TCB; pure.
 */
#ifndef SIGNET_ATTEST_LAUNCH_H
#define SIGNET_ATTEST_LAUNCH_H

#include "lib/crypto/crypto.h"

enum { LAUNCH_RECORD_SIZE = 200 };

struct launch {
	/* SHA-384 over the bytes as loaded; over none where there is no initramfs. The command line is without a NUL.
	 */
	u8 kernel[SHA384_SIZE], initramfs[SHA384_SIZE], command_line[SHA384_SIZE];
	u64 memory; /* bytes */
	u32 vcpus, disks, nets;
};

void launch_digest(const struct launch *l, u8 digest[SHA384_SIZE]);

#endif
