/* DER written backwards. Trust: holds what its user writes. */
#include "keys/der.h"

#include <mbedtls/asn1write.h>

void der_start(struct der *d)
{
	d->at = d->bytes + DER_MAX;
	d->status = 0;
}

size_t der_length(const struct der *d)
{
	return (size_t)(d->bytes + DER_MAX - d->at);
}

static void keep(struct der *d, int written)
{
	if (written < 0 && d->status == 0)
		d->status = written;
}

void der_header(struct der *d, u8 tag, size_t n)
{
	keep(d, mbedtls_asn1_write_len(&d->at, d->bytes, n));
	keep(d, mbedtls_asn1_write_tag(&d->at, d->bytes, tag));
}

void der_wrap(struct der *d, u8 tag, size_t before)
{
	der_header(d, tag, der_length(d) - before);
}

void der_raw(struct der *d, const u8 *bytes, size_t n)
{
	keep(d, mbedtls_asn1_write_raw_buffer(&d->at, d->bytes, bytes, n));
}

void der_octets(struct der *d, const u8 *bytes, size_t n)
{
	keep(d, mbedtls_asn1_write_octet_string(&d->at, d->bytes, bytes, n));
}

void der_null(struct der *d)
{
	keep(d, mbedtls_asn1_write_null(&d->at, d->bytes));
}

void der_number(struct der *d, int value)
{
	keep(d, mbedtls_asn1_write_int(&d->at, d->bytes, value));
}

void der_oid(struct der *d, const char *oid, size_t n)
{
	keep(d, mbedtls_asn1_write_oid(&d->at, d->bytes, oid, n));
}

void der_algorithm(struct der *d, const char *oid, size_t n)
{
	size_t before = der_length(d);

	der_null(d);
	der_oid(d, oid, n);
	der_wrap(d, DER_SEQUENCE, before);
}
