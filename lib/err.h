/*
 * The one error type. Values are the numbers of lib/err.def; zero is success.
 * Trust: none needed; pure.
 */
#ifndef SIGNET_LIB_ERR_H
#define SIGNET_LIB_ERR_H

enum err {
	OK = 0,
#define ERR(number, name, text) ERR_##name = (number),
#include "lib/err.def"
#undef ERR
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Words for a person, never NULL; an unknown value gets words too. */
const char *err_text(enum err e);

#endif
