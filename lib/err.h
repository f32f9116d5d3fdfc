/*
 * The one error type. Values are the numbers of lib/err.def; zero is success.
 * Trust: none needed; pure.
 */
#ifndef SIGNET_LIB_ERR_H
#define SIGNET_LIB_ERR_H

#include "lib/types.h"

enum err {
	OK = 0,
#define ERR(number, name, text) ERR_##name = (number),
#include "lib/err.def"
#undef ERR
};

/* From here on, numbers are not the stage's. */
enum { ERR_BEYOND_STAGE = 80 };

#define MUST_CHECK __attribute__((warn_unused_result))

/* Words for a person, never NULL; an unknown value gets words too. */
const char *err_text(enum err e);
/* Its part from ERR_BEYOND_STAGE on: lib/err_beyond.c, or in the stage secureboot/err_none.c, which knows none. */
const char *err_text_beyond(enum err e);

#endif
