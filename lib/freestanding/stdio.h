/* <stdio.h> as mbedTLS's headers name it; nothing of ours prints through it. */
#ifndef SIGNET_FREESTANDING_STDIO_H
#define SIGNET_FREESTANDING_STDIO_H

#include <stddef.h>

typedef struct signet_no_file FILE;

#endif
