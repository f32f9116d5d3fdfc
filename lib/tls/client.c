/* TLS 1.3 connections by mbedTLS. Trust: see the header. */
#include "lib/tls/client.h"

#include "keys/random.h"
#include "lib/print.h"
#include "lib/tls/deadline.h"
#include "lib/tls/socket.h"
#include "lib/tls/trust.h"

#include <errno.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <poll.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tls_client {
	int fd;
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
	mbedtls_pk_context key;
	mbedtls_x509_crt nobody; /* the list of CAs: see trust.h */
	struct tls_trust trust;
};

static int send_some(void *context, const unsigned char *from, size_t n)
{
	const struct tls_client *c = context;
	ssize_t sent = send(c->fd, from, n, MSG_NOSIGNAL);

	if (sent >= 0)
		return (int)sent;
	return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int receive_some(void *context, unsigned char *to, size_t n)
{
	const struct tls_client *c = context;
	ssize_t got = recv(c->fd, to, n, 0);

	if (got >= 0)
		return (int)got;
	return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_SSL_CONN_EOF;
}

/* What to do after a call that gave status. OK: call again. */
static enum err go_on(const struct tls_client *c, int status, u64 deadline)
{
	switch (status) {
	case MBEDTLS_ERR_SSL_WANT_READ:
		return socket_wait(c->fd, POLLIN, deadline);
	case MBEDTLS_ERR_SSL_WANT_WRITE:
		return socket_wait(c->fd, POLLOUT, deadline);
	case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
		return OK;
	case MBEDTLS_ERR_SSL_CONN_EOF:
		return ERR_NET_CLOSED;
	case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
		return ERR_TLS_CERTIFICATE;
	case MBEDTLS_ERR_SSL_ALLOC_FAILED:
		return ERR_NO_MEMORY;
	default:
		return ERR_TLS_PROTOCOL;
	}
}

static int set_up(struct tls_client *c, const struct tls_settings *s)
{
	int status = mbedtls_ssl_config_defaults(
	        &c->config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

	if (status)
		return status;
	mbedtls_ssl_conf_min_tls_version(&c->config, MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_max_tls_version(&c->config, MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_authmode(&c->config, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_ca_chain(&c->config, &c->nobody, NULL);
	mbedtls_ssl_conf_verify(&c->config, tls_trust_verify, &c->trust);
	mbedtls_ssl_conf_rng(&c->config, random_source, NULL);
	status = mbedtls_ssl_conf_own_cert(&c->config, tls_identity_chain(s->identity), &c->key);
	if (!status)
		status = mbedtls_ssl_setup(&c->ssl, &c->config);
	if (!status)
		status = mbedtls_ssl_set_hostname(&c->ssl, s->name ? s->name : s->host);
	mbedtls_ssl_set_bio(&c->ssl, c, send_some, receive_some, NULL);
	return status;
}

static struct tls_client *client_new(const struct tls_settings *s)
{
	struct tls_client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = -1;
	mbedtls_ssl_init(&c->ssl);
	mbedtls_ssl_config_init(&c->config);
	mbedtls_pk_init(&c->key);
	mbedtls_x509_crt_init(&c->nobody);
	memcpy(c->trust.ca_key, s->ca_key, sizeof(c->trust.ca_key));
	return c;
}

static void client_free(struct tls_client *c)
{
	mbedtls_ssl_free(&c->ssl);
	mbedtls_ssl_config_free(&c->config);
	mbedtls_pk_free(&c->key);
	mbedtls_x509_crt_free(&c->nobody);
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c);
}

static void explain_certificate(const struct tls_client *c, const struct tls_settings *s, char why[TLS_WHY_SIZE])
{
	static const struct {
		u32 flag;
		const char *words;
	} reasons[] = {
		{ MBEDTLS_X509_BADCERT_NOT_TRUSTED, "it is not signed by this fleet's CA" },
		{ MBEDTLS_X509_BADCERT_CN_MISMATCH, "it is not made out for that name" },
		{ MBEDTLS_X509_BADCERT_EXPIRED, "it has expired, or this machine's clock is wrong" },
		{ MBEDTLS_X509_BADCERT_FUTURE, "it is not valid yet, or this machine's clock is wrong" },
		{ UINT32_MAX, "it is not fit for a server" },
	};
	size_t i = 0;

	while (!(c->trust.flags & reasons[i].flag) && i + 1 < ARRAY_SIZE(reasons))
		i++;
	(void)format(why, TLS_WHY_SIZE, "certificate of %s: %s", s->name ? s->name : s->host, reasons[i].words);
}

static void explain(
        const struct tls_client *c, const struct tls_settings *s, enum err e, int status, char why[TLS_WHY_SIZE])
{
	if (e == ERR_TLS_CERTIFICATE)
		explain_certificate(c, s, why);
	else if (e == ERR_TLS_PROTOCOL)
		(void)format(why, TLS_WHY_SIZE, "%s, port %s: TLS error -0x%04x", s->host, s->port, (unsigned)-status);
	else
		(void)format(why, TLS_WHY_SIZE, "%s, port %s: %s", s->host, s->port, err_text(e));
}

/* A certificate can also fail where no list of reasons is kept, by its use: that is the server's fault too. */
static bool is_of_certificate(const struct tls_client *c, int status)
{
	u32 result = mbedtls_ssl_get_verify_result(&c->ssl);

	return status == MBEDTLS_ERR_SSL_BAD_CERTIFICATE || (result != 0 && result != UINT32_MAX);
}

static enum err handshake(struct tls_client *c, const struct tls_settings *s, int *status)
{
	u64 deadline = monotonic_ms() + s->timeout_ms;
	enum err e = OK;

	while (!e && (*status = mbedtls_ssl_handshake(&c->ssl)) != 0)
		e = go_on(c, *status, deadline);
	return e == ERR_TLS_PROTOCOL && is_of_certificate(c, *status) ? ERR_TLS_CERTIFICATE : e;
}

static enum err open_client(struct tls_client *c, const struct tls_settings *s, char why[TLS_WHY_SIZE])
{
	int status = 0;
	enum err e = tls_identity_key(s->identity, &c->key);

	if (!e)
		e = set_up(c, s) == 0 ? OK : ERR_NO_MEMORY;
	if (!e)
		e = socket_connect(s->host, s->port, s->timeout_ms, &c->fd);
	if (e == ERR_NET_CONNECT) {
		(void)format(why, TLS_WHY_SIZE, "%s, port %s: %s", s->host, s->port, strerror(errno));
		return e;
	}
	if (!e)
		e = handshake(c, s, &status);
	if (e)
		explain(c, s, e, status, why);
	return e;
}

enum err tls_connect(const struct tls_settings *s, struct tls_client **out, char why[TLS_WHY_SIZE])
{
	struct tls_client *c = psa_crypto_init() == PSA_SUCCESS ? client_new(s) : NULL;

	*out = NULL;
	why[0] = '\0';
	if (!c) {
		(void)format(why, TLS_WHY_SIZE, "%s", err_text(ERR_NO_MEMORY));
		return ERR_NO_MEMORY;
	}
	enum err e = open_client(c, s, why);
	if (e)
		client_free(c);
	else
		*out = c;
	return e;
}

void tls_close(struct tls_client *c)
{
	if (!c)
		return;
	(void)mbedtls_ssl_close_notify(&c->ssl);
	client_free(c);
}

enum err tls_read(struct tls_client *c, u8 *to, size_t room, u64 deadline, size_t *n)
{
	enum err e = OK;

	*n = 0;
	while (!e) {
		int got = mbedtls_ssl_read(&c->ssl, to, room);

		if (got > 0) {
			*n = (size_t)got;
			return OK;
		}
		if (got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
			return OK;
		e = got == 0 ? ERR_NET_CLOSED : go_on(c, got, deadline);
	}
	return e;
}

enum err tls_write(struct tls_client *c, const u8 *from, size_t n, u64 deadline, size_t *done)
{
	enum err e = OK;

	*done = 0;
	while (!e) {
		int put = mbedtls_ssl_write(&c->ssl, from, n);

		if (put > 0) {
			*done = (size_t)put;
			return OK;
		}
		e = put == 0 ? ERR_NET_CLOSED : go_on(c, put, deadline);
	}
	return e;
}

void tls_interrupt(struct tls_client *c)
{
	(void)shutdown(c->fd, SHUT_RDWR);
}
