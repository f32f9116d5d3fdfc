/*
 * TLS configuration, and who a certificate says its holder is.
 * Trust: certificates come from outside; mbedTLS has parsed them, and for operators verified them under the fleet CA.
 */
#include "signetd/net/tls.h"

#include "keys/random.h"
#include "signetd/journal.h"

#include <mbedtls/oid.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

static const char *protocols[] = { "http/1.1", NULL };

enum err tls_start(void)
{
	return psa_crypto_init() == PSA_SUCCESS ? OK : ERR_INTERNAL;
}

static int configure(struct tls_context *t, struct server *s)
{
	mbedtls_ssl_config *c = &t->config;
	int status = mbedtls_ssl_config_defaults(
	        c, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

	if (status != 0)
		return status;
	mbedtls_ssl_conf_min_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_max_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_tls13_key_exchange_modes(c, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL);
	mbedtls_ssl_conf_new_session_tickets(c, 0);
	mbedtls_ssl_conf_rng(c, random_source, NULL);
	if (t->listener == LISTENER_OPERATORS) {
		mbedtls_ssl_conf_authmode(c, MBEDTLS_SSL_VERIFY_REQUIRED);
		mbedtls_ssl_conf_ca_chain(c, leaves_ca(s->leaves), NULL);
	} else {
		/* Self-signed and new at each boot: that the peer holds the key is all a node's certificate can show.
		 */
		mbedtls_ssl_conf_authmode(c, MBEDTLS_SSL_VERIFY_OPTIONAL);
	}
	status = mbedtls_ssl_conf_alpn_protocols(c, protocols);
	return status ? status : mbedtls_ssl_conf_own_cert(c, &t->identity->certificate, &t->identity->key);
}

enum err tls_context_make(struct server *s, enum listener listener, struct tls_context **out)
{
	struct tls_context *t = calloc(1, sizeof(*t));

	if (!t)
		return ERR_NO_MEMORY;
	mbedtls_ssl_config_init(&t->config);
	t->listener = listener;
	t->identity = leaves_tls_use(s->leaves);
	t->users = 1;
	if (configure(t, s) != 0) {
		tls_context_release(t);
		return ERR_INTERNAL;
	}
	*out = t;
	return OK;
}

struct tls_context *tls_context_use(struct tls_context *t)
{
	t->users++;
	return t;
}

void tls_context_release(struct tls_context *t)
{
	if (!t || --t->users)
		return;
	mbedtls_ssl_config_free(&t->config);
	server_certificate_release(t->identity);
	free(t);
}

/* The one attribute of that type; two of it would let each reader pick his own. */
static bool attribute(const mbedtls_x509_name *name, const char *oid, size_t n, char *out, size_t room)
{
	const mbedtls_x509_name *found = NULL;

	for (; name; name = name->next) {
		if (name->oid.len != n || memcmp(name->oid.p, oid, n) != 0)
			continue;
		if (found)
			return false;
		found = name;
	}
	if (!found || found->val.len >= room || memchr(found->val.p, 0, found->val.len))
		return false;
	memcpy(out, found->val.p, found->val.len);
	out[found->val.len] = 0;
	return subject_text_valid(out);
}

static bool operator_of(const mbedtls_x509_crt *c, struct caller *out)
{
	char role[16];

	if (!attribute(&c->subject, MBEDTLS_OID_AT_CN, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN), out->name,
	            sizeof(out->name)) ||
	        !attribute(&c->subject, MBEDTLS_OID_AT_ORG_UNIT, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_ORG_UNIT), role,
	                sizeof(role)))
		return false;
	out->role = role_of(role);
	serial_text(c->serial.p, c->serial.len, out->serial, sizeof(out->serial));
	return out->role != ROLE_NONE;
}

bool tls_caller(enum listener listener, const mbedtls_ssl_context *ssl, struct caller *out)
{
	const mbedtls_x509_crt *c = mbedtls_ssl_get_peer_cert(ssl);

	if (c) {
		out->has_key = true;
		sha256_of(c->pk_raw.p, c->pk_raw.len, out->key_hash);
	}
	if (listener != LISTENER_OPERATORS)
		return true;
	return c && mbedtls_ssl_get_verify_result(ssl) == 0 && operator_of(c, out);
}
