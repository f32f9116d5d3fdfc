/*
 * Why a node, or the fleet server in its place, does not take an image: the error of update and image code as a name
 * for machines and as advice (docs/fleet-api.md, "Refused updates"). Trust: pure; decides nothing.
 */
#ifndef SIGNET_UPDATE_REFUSAL_H
#define SIGNET_UPDATE_REFUSAL_H

#include "lib/err.h"
#include "lib/types.h"

struct refusal {
	enum err error;
	const char *code;
	const char *advice;
};

/* NULL: no refusal, but a failure. */
const struct refusal *refusal_of(enum err e);
const struct refusal *refusal_named(const char *code);

extern const struct refusal refusals[];
extern const size_t refusal_count;

#endif
