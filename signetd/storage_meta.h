/*
 * Small facts by name.
 * Trust: see signetd/storage.h.
 */
#ifndef SIGNET_SIGNETD_STORAGE_META_H
#define SIGNET_SIGNETD_STORAGE_META_H

#include "signetd/storage.h"

enum { META_VALUE_MAX = 255 };

struct meta_ops {
	/* ERR_STORAGE_ABSENT. */
	enum err (*get)(struct storage *s, const char *name, char value[META_VALUE_MAX + 1]) MUST_CHECK;
	enum err (*set)(struct storage *s, const char *name, const char *value) MUST_CHECK;
};

#endif
