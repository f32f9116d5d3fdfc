/*
 * DER written backwards, as mbedTLS's writers do: last field first, each constructed value closed after its content.
 * Trust: holds private keys when its user writes one; the user wipes it.
 */
#ifndef SIGNET_KEYS_DER_H
#define SIGNET_KEYS_DER_H

#include "lib/types.h"

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>

enum { DER_MAX = 8192, DER_SEQUENCE = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE };

struct der {
	u8 bytes[DER_MAX];
	u8 *at; /* the encoding so far: from here to the end */
	int status; /* mbedTLS's first failure; check it once, at the end */
};

void der_start(struct der *d);
size_t der_length(const struct der *d);

/* Tag and length before content of n bytes that stands already. */
void der_header(struct der *d, u8 tag, size_t n);
/* The same over everything written since der_length() was before. */
void der_wrap(struct der *d, u8 tag, size_t before);

void der_raw(struct der *d, const u8 *bytes, size_t n);
void der_octets(struct der *d, const u8 *bytes, size_t n);
void der_null(struct der *d);
void der_number(struct der *d, int value);
/* Some OIDs hold a zero byte, so their length comes with them. */
void der_oid(struct der *d, const char *oid, size_t n);
#define DER_OID(d, oid) der_oid(d, oid, MBEDTLS_OID_SIZE(oid))
/* AlgorithmIdentifier without parameters: SEQUENCE { oid, NULL }. */
#define DER_ALGORITHM(d, oid) der_algorithm(d, oid, MBEDTLS_OID_SIZE(oid))
void der_algorithm(struct der *d, const char *oid, size_t n);

#endif
