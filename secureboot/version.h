/* The stage's own version: measured into PCR12 and compared with an image's minimum. Rises when an image may rely on
 * it. */
#ifndef SIGNET_SECUREBOOT_VERSION_H
#define SIGNET_SECUREBOOT_VERSION_H

enum { STAGE_VERSION = 1 };

#endif
