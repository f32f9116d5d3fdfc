/*
 * Ranges of a file (RFC 9110, 14): one range; anything else is as if none was asked for.
 * Trust: the header comes from outside. Pure.
 */
#ifndef SIGNET_SIGNETD_HTTP_RANGE_H
#define SIGNET_SIGNETD_HTTP_RANGE_H

#include "signetd/call.h"

/* Reads a Range header's value; given is false when it is none that we serve. */
struct byte_range range_read(const char *value, size_t n);

enum range_fit { RANGE_WHOLE, RANGE_PART, RANGE_OUTSIDE };

/* What to send of a file of that length. */
enum range_fit range_fit(const struct byte_range *r, u64 length, u64 *offset, u64 *count);

#endif
