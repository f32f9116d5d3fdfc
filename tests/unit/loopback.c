/* A TLS server in a test. Trust: test code. */
#include "tests/unit/loopback.h"

#include "keys/private.h"
#include "keys/random.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <psa/crypto.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct role {
	const char *subject, *issuer;
	mbedtls_pk_context *key, *issuer_key;
	bool ca;
};

static void add_names(mbedtls_x509write_cert *c, u32 flaws)
{
	static u8 loopback[4] = { 127, 0, 0, 1 };
	const char *name = flaws & LOOPBACK_OTHER_NAME ? "elsewhere" : "localhost";
	mbedtls_x509_san_list ip = { .node = { .type = MBEDTLS_X509_SAN_IP_ADDRESS } };
	mbedtls_x509_san_list dns = { .node = { .type = MBEDTLS_X509_SAN_DNS_NAME } };

	ip.node.san.unstructured_name = (mbedtls_x509_buf){ .p = loopback, .len = sizeof(loopback) };
	dns.node.san.unstructured_name = (mbedtls_x509_buf){ .p = (u8 *)strdup(name), .len = strlen(name) };
	dns.next = flaws & LOOPBACK_OTHER_NAME ? NULL : &ip;
	assert_int_equal(mbedtls_x509write_crt_set_subject_alternative_name(c, &dns), 0);
	free(dns.node.san.unstructured_name.p);
}

static void certify(mbedtls_x509_crt *out, const struct role *r, u32 flaws)
{
	u8 der[2048], serial[] = { 0x41 };
	mbedtls_x509write_cert c;

	mbedtls_x509write_crt_init(&c);
	mbedtls_x509write_crt_set_md_alg(&c, MBEDTLS_MD_SHA384);
	mbedtls_x509write_crt_set_subject_key(&c, r->key);
	mbedtls_x509write_crt_set_issuer_key(&c, r->issuer_key);
	assert_int_equal(mbedtls_x509write_crt_set_subject_name(&c, r->subject), 0);
	assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&c, r->issuer), 0);
	assert_int_equal(mbedtls_x509write_crt_set_serial_raw(&c, serial, sizeof(serial)), 0);
	const char *until = flaws & LOOPBACK_EXPIRED ? "20200101000000" : "99991231235959";
	assert_int_equal(mbedtls_x509write_crt_set_validity(&c, "20000101000000", until), 0);
	assert_int_equal(mbedtls_x509write_crt_set_basic_constraints(&c, r->ca, -1), 0);
	if (!r->ca)
		add_names(&c, flaws);
	int n = mbedtls_x509write_crt_der(&c, der, sizeof(der), random_source, NULL);
	assert_true(n > 0);
	assert_int_equal(mbedtls_x509_crt_parse_der(out, der + sizeof(der) - n, (size_t)n), 0);
	mbedtls_x509write_crt_free(&c);
}

static void make_people(struct loopback *l)
{
	static const char ca[] = "CN=Test Fleet CA", server[] = "CN=fleet server";
	bool other = l->flaws & (LOOPBACK_OTHER_CA | LOOPBACK_OWN_ROOT);
	size_t n;

	mbedtls_pk_init(&l->ca);
	mbedtls_pk_init(&l->other);
	mbedtls_pk_init(&l->key);
	mbedtls_x509_crt_init(&l->root);
	mbedtls_x509_crt_init(&l->other_root);
	mbedtls_x509_crt_init(&l->leaf);
	assert_int_equal(private_key_make(KEY_EC_P384, &l->ca), OK);
	assert_int_equal(private_key_make(KEY_EC_P384, &l->other), OK);
	assert_int_equal(private_key_make(KEY_EC_P256, &l->key), OK);
	assert_int_equal(ec_public_bytes(&l->ca, l->ca_key, &n), OK);
	certify(&l->root, &(struct role){ ca, ca, &l->ca, &l->ca, true }, 0);
	certify(&l->other_root, &(struct role){ ca, ca, &l->other, &l->other, true }, 0);
	certify(&l->leaf, &(struct role){ server, ca, &l->key, other ? &l->other : &l->ca, false }, l->flaws);
	mbedtls_x509_crt *root = l->flaws & LOOPBACK_OWN_ROOT ? &l->other_root : &l->root;
	if (!(l->flaws & LOOPBACK_WITHOUT_ROOT))
		assert_int_equal(mbedtls_x509_crt_parse_der(&l->leaf, root->raw.p, root->raw.len), 0);
}

static int send_some(void *context, const unsigned char *from, size_t n)
{
	ssize_t sent = send(*(const int *)context, from, n, MSG_NOSIGNAL);

	return sent >= 0 ? (int)sent : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int receive_some(void *context, unsigned char *to, size_t n)
{
	ssize_t got = recv(*(const int *)context, to, n, 0);

	return got >= 0 ? (int)got : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int take_any(void *context, mbedtls_x509_crt *certificate, int depth, u32 *flags)
{
	struct loopback *l = context;

	if (depth == 0)
		sha256_of(certificate->pk_raw.p, certificate->pk_raw.len, l->peer_key);
	*flags = 0;
	return 0;
}

static void talk(struct loopback *l, int fd, u32 connection)
{
	mbedtls_ssl_config config;
	mbedtls_ssl_context tls;
	int version = l->flaws & LOOPBACK_TLS12 ? MBEDTLS_SSL_VERSION_TLS1_2 : MBEDTLS_SSL_VERSION_TLS1_3;

	mbedtls_ssl_config_init(&config);
	mbedtls_ssl_init(&tls);
	(void)mbedtls_ssl_config_defaults(
	        &config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
	mbedtls_ssl_conf_min_tls_version(&config, (mbedtls_ssl_protocol_version)version);
	mbedtls_ssl_conf_max_tls_version(&config, (mbedtls_ssl_protocol_version)version);
	mbedtls_ssl_conf_rng(&config, random_source, NULL);
	mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_OPTIONAL);
	mbedtls_ssl_conf_ca_chain(&config, &l->root, NULL);
	mbedtls_ssl_conf_verify(&config, take_any, l);
	if (mbedtls_ssl_conf_own_cert(&config, &l->leaf, &l->key) == 0 && mbedtls_ssl_setup(&tls, &config) == 0) {
		mbedtls_ssl_set_bio(&tls, &fd, send_some, receive_some, NULL);
		if (mbedtls_ssl_handshake(&tls) == 0 && l->serve)
			l->serve(l, &tls, connection);
		(void)mbedtls_ssl_close_notify(&tls);
	}
	mbedtls_ssl_free(&tls);
	mbedtls_ssl_config_free(&config);
}

static void *run(void *context)
{
	struct loopback *l = context;

	for (u32 connection = 0;; connection++) {
		int fd = accept(l->listener, NULL, NULL);
		u8 byte;

		if (fd < 0)
			return NULL;
		if (l->flaws & LOOPBACK_MUTE)
			while (recv(fd, &byte, 1, 0) > 0)
				;
		else
			talk(l, fd, connection);
		(void)close(fd);
	}
}

void loopback_start(struct loopback *l)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);

	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	make_people(l);
	l->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->listener < 0) {
		fail_msg("no socket");
		return;
	}
	assert_int_equal(bind(l->listener, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(l->listener, 8), 0);
	assert_int_equal(getsockname(l->listener, (struct sockaddr *)&at, &n), 0);
	(void)snprintf(l->port, sizeof(l->port), "%u", ntohs(at.sin_port));
	assert_int_equal(pthread_create(&l->thread, NULL, run, l), 0);
}

void loopback_stop(struct loopback *l)
{
	(void)shutdown(l->listener, SHUT_RDWR);
	(void)pthread_join(l->thread, NULL);
	(void)close(l->listener);
	mbedtls_pk_free(&l->ca);
	mbedtls_pk_free(&l->other);
	mbedtls_pk_free(&l->key);
	mbedtls_x509_crt_free(&l->root);
	mbedtls_x509_crt_free(&l->other_root);
	mbedtls_x509_crt_free(&l->leaf);
}

static bool read_some(struct loopback *l, mbedtls_ssl_context *tls)
{
	size_t room = sizeof(l->text) - 1 - l->text_size;
	int n = room ? mbedtls_ssl_read(tls, (u8 *)l->text + l->text_size, room) : 0;

	if (n <= 0)
		return false;
	l->text_size += (size_t)n;
	l->text[l->text_size] = '\0';
	return true;
}

bool loopback_head(struct loopback *l, mbedtls_ssl_context *tls)
{
	l->text_size = 0;
	l->text[0] = '\0';
	while (!strstr(l->text, "\r\n\r\n"))
		if (!read_some(l, tls))
			return false;
	return true;
}

bool loopback_request(struct loopback *l, mbedtls_ssl_context *tls)
{
	if (!loopback_head(l, tls))
		return false;
	const char *length = strstr(l->text, "Content-Length: ");
	const char *body = strstr(l->text, "\r\n\r\n") + 4;
	size_t whole = (size_t)(body - l->text) + (length ? strtoul(length + 16, NULL, 10) : 0);
	while (l->text_size < whole)
		if (!read_some(l, tls))
			return false;
	memcpy(l->request, l->text, l->text_size + 1);
	return true;
}

bool loopback_say(mbedtls_ssl_context *tls, const void *bytes, size_t n)
{
	const u8 *from = bytes;

	while (n > 0) {
		int put = mbedtls_ssl_write(tls, from, n);

		if (put <= 0)
			return false;
		from += put;
		n -= (size_t)put;
	}
	return true;
}

bool loopback_say_text(mbedtls_ssl_context *tls, const char *text)
{
	return loopback_say(tls, text, strlen(text));
}
