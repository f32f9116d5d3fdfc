/* Called once by the entry code, before any other C function. */
#ifndef SIGNET_SECUREBOOT_RELOCATE_H
#define SIGNET_SECUREBOOT_RELOCATE_H

#include "lib/types.h"

/* False when the image holds a relocation of a kind that the linker should never have left. */
bool relocate_self(void);

#endif
