/*
 * Whose certificates are believed: those that lead to one key, the fleet CA's. The key is known (measured fleet
 * configuration, or a file of the operator's), so it is the key that is compared, not a name. Trust: certificates are
 * the other side's.
 */
#ifndef SIGNET_LIB_TLS_TRUST_H
#define SIGNET_LIB_TLS_TRUST_H

#include "lib/crypto/crypto.h"
#include "lib/types.h"

#include <mbedtls/x509_crt.h>

struct tls_trust {
	u8 ca_key[P384_KEY_SIZE]; /* X || Y */
	u32 flags; /* what was found wrong with the chain, MBEDTLS_X509_BADCERT_*; 0: nothing */
};

/*
 * For mbedtls_ssl_conf_verify(), context a struct tls_trust, beside a CA list that has nobody in it: mbedTLS goes from
 * certificate to certificate, and the last one, for which it knows no CA, must be signed by the CA's key (ECDSA with
 * SHA-384).
 */
int tls_trust_verify(void *context, mbedtls_x509_crt *certificate, int depth, u32 *flags);

/* The certificate's signature holds under the key. */
bool tls_trust_signed(const mbedtls_x509_crt *certificate, const u8 ca_key[P384_KEY_SIZE]);

#endif
