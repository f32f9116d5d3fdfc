/*
 * What signatures are made over: a domain string, then the exact bytes (docs/format.md). Signer and verifier share
 * this. Trust: in the TCB; pure. Hashes unverified bytes of bounded length.
 */
#ifndef SIGNET_IMAGE_MESSAGE_H
#define SIGNET_IMAGE_MESSAGE_H

#include "image/format.h"
#include "lib/crypto/crypto.h"

/* header: at least IMAGE_HEADER_FIELDS bytes; manifest: n bytes. */
void image_message_digest(const u8 *header, const u8 *manifest, size_t n, u8 digest[SHA384_SIZE]);

/* body of a key manifest: n bytes. */
void keys_message_digest(const u8 *body, size_t n, u8 digest[SHA384_SIZE]);

#endif
