/*
 * EFI signature lists (UEFI specification, 32.4.1): what PK, KEK and db are made of.
 * Trust: pure; made from the operator's own certificates.
 */
#ifndef SIGNET_KEYS_ESL_H
#define SIGNET_KEYS_ESL_H

#include "lib/err.h"
#include "lib/types.h"

enum { GUID_SIZE = 16, ESL_OVERHEAD = 44 };

/* As they stand in memory: the first three fields little-endian. */
extern const u8 guid_owner[GUID_SIZE]; /* of entries of ours: 5f6a9c1e-7d0b-4f0a-9a53-c0e4d2b7a861 */
extern const u8 guid_microsoft[GUID_SIZE]; /* 77fa9abd-0359-4d32-bd60-28f4e78f784b */

/* Appends a list with one X.509 certificate (DER) at out[*n]. ERR_RANGE when it does not fit into room. */
enum err esl_add(u8 *out, size_t room, size_t *n, const u8 owner[GUID_SIZE], const u8 *der, size_t length) MUST_CHECK;

#endif
