/* Called once by the entry code, before any other C function. */
#ifndef SIGNET_SECUREBOOT_RELOCATE_H
#define SIGNET_SECUREBOOT_RELOCATE_H

#include "lib/types.h"

void relocate_self(void);

#endif
