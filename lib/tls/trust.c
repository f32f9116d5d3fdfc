/* Chains that lead to the fleet CA's key. Trust: see the header. */
#include "lib/tls/trust.h"

#include "lib/bytes.h"

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <string.h>

/* A positive INTEGER of at most size bytes, into size bytes. */
static bool take_integer(u8 **p, const u8 *end, u8 *out, size_t size)
{
	size_t n;

	if (mbedtls_asn1_get_tag(p, end, &n, MBEDTLS_ASN1_INTEGER) != 0 || n == 0 || (**p & 0x80))
		return false;
	for (; n > 0 && **p == 0; n--)
		(*p)++;
	if (n > size)
		return false;
	memset(out, 0, size - n);
	memcpy(out + size - n, *p, n);
	*p += n;
	return true;
}

/* Behind what is signed: the algorithm, then ECDSA's SEQUENCE of r and s in a BIT STRING (RFC 5480, RFC 5758). */
static bool take_signature(const mbedtls_x509_crt *certificate, u8 out[P384_SIGNATURE_SIZE])
{
	u8 *p = certificate->tbs.p + certificate->tbs.len;
	const u8 *end = certificate->raw.p + certificate->raw.len;
	mbedtls_asn1_buf oid;
	size_t n;

	if (mbedtls_asn1_get_alg_null(&p, end, &oid) != 0 || MBEDTLS_OID_CMP(MBEDTLS_OID_ECDSA_SHA384, &oid) != 0)
		return false;
	if (mbedtls_asn1_get_bitstring_null(&p, end, &n) != 0 || p + n != end)
		return false;
	if (mbedtls_asn1_get_tag(&p, end, &n, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0 || p + n != end)
		return false;
	return take_integer(&p, end, out, P384_SIGNATURE_SIZE / 2) &&
	        take_integer(&p, end, out + P384_SIGNATURE_SIZE / 2, P384_SIGNATURE_SIZE / 2) && p == end;
}

bool tls_trust_signed(const mbedtls_x509_crt *certificate, const u8 ca_key[P384_KEY_SIZE])
{
	u8 signature[P384_SIGNATURE_SIZE], digest[SHA384_SIZE];

	if (bytes_are_zero(ca_key, P384_KEY_SIZE) || !take_signature(certificate, signature))
		return false;
	sha384_of(certificate->tbs.p, certificate->tbs.len, digest);
	return ecdsa_p384_verify(ca_key, digest, signature) == OK;
}

int tls_trust_verify(void *context, mbedtls_x509_crt *certificate, int depth, u32 *flags)
{
	struct tls_trust *trust = context;

	(void)depth;
	if ((*flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) && tls_trust_signed(certificate, trust->ca_key))
		*flags &= ~(u32)MBEDTLS_X509_BADCERT_NOT_TRUSTED;
	trust->flags |= *flags;
	return 0;
}
