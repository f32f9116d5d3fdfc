/* Our side's certificate and key. Trust: see the header. */
#include "lib/tls/identity.h"

#include "keys/certificate.h"
#include "keys/random.h"

#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_DER_MAX = 2048, CERTIFICATE_DER_MAX = 1024, SERIAL_SIZE = 16 };

/* The key lies here as DER: an mbedTLS key works on itself when it signs, which two threads must not do to one. */
struct tls_identity {
	mbedtls_x509_crt chain;
	u8 key[KEY_DER_MAX];
	size_t key_size;
};

static struct tls_identity *identity_new(void)
{
	struct tls_identity *id = calloc(1, sizeof(*id));

	if (id)
		mbedtls_x509_crt_init(&id->chain);
	return id;
}

void tls_identity_free(struct tls_identity *id)
{
	if (!id)
		return;
	mbedtls_x509_crt_free(&id->chain);
	mbedtls_platform_zeroize(id->key, sizeof(id->key));
	free(id);
}

/* mbedTLS writes DER at the buffer's end. */
static enum err keep_key(struct tls_identity *id, mbedtls_pk_context *key)
{
	int n = mbedtls_pk_write_key_der(key, id->key, sizeof(id->key));

	if (n <= 0)
		return ERR_INTERNAL;
	memmove(id->key, id->key + sizeof(id->key) - (size_t)n, (size_t)n);
	id->key_size = (size_t)n;
	return OK;
}

/* Valid for all times: this node's clock may be wrong, and nobody trusts the certificate for what it says. */
static int fill(mbedtls_x509write_cert *c, mbedtls_pk_context *key, u8 serial[SERIAL_SIZE])
{
	static const char name[] = "CN=signet-node";
	int status;

	serial[0] = (u8)((serial[0] & 0x7F) | 0x40);
	mbedtls_x509write_crt_set_version(c, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(c, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(c, key);
	mbedtls_x509write_crt_set_issuer_key(c, key);
	status = mbedtls_x509write_crt_set_subject_name(c, name);
	if (!status)
		status = mbedtls_x509write_crt_set_issuer_name(c, name);
	if (!status)
		status = mbedtls_x509write_crt_set_serial_raw(c, serial, SERIAL_SIZE);
	if (!status)
		status = mbedtls_x509write_crt_set_validity(c, "19700101000000", "99991231235959");
	return status;
}

static enum err certify(struct tls_identity *id, mbedtls_pk_context *key)
{
	u8 der[CERTIFICATE_DER_MAX], serial[SERIAL_SIZE];
	mbedtls_x509write_cert c;
	int n = -1;
	enum err e = random_bytes(serial, sizeof(serial));

	if (e)
		return e;
	mbedtls_x509write_crt_init(&c);
	if (fill(&c, key, serial) == 0)
		n = mbedtls_x509write_crt_der(&c, der, sizeof(der), random_source, NULL);
	mbedtls_x509write_crt_free(&c);
	if (n <= 0)
		return ERR_INTERNAL;
	return mbedtls_x509_crt_parse_der(&id->chain, der + sizeof(der) - (size_t)n, (size_t)n) == 0 ? OK
	                                                                                             : ERR_INTERNAL;
}

enum err tls_identity_make(struct tls_identity **out)
{
	struct tls_identity *id = identity_new();
	mbedtls_pk_context key;

	*out = NULL;
	if (!id)
		return ERR_NO_MEMORY;
	mbedtls_pk_init(&key);
	enum err e = private_key_make(KEY_EC_P256, &key);
	if (!e)
		e = certify(id, &key);
	if (!e)
		e = keep_key(id, &key);
	mbedtls_pk_free(&key);
	if (e)
		tls_identity_free(id);
	else
		*out = id;
	return e;
}

enum err tls_identity_load(
        const char *certificate, const char *key_path, const struct passphrase *passphrase, struct tls_identity **out)
{
	struct tls_identity *id = identity_new();
	mbedtls_pk_context key;

	*out = NULL;
	if (!id)
		return ERR_NO_MEMORY;
	mbedtls_pk_init(&key);
	enum err e = certificate_load(certificate, &id->chain);
	if (!e)
		e = private_key_load(key_path, passphrase, &key);
	if (!e && mbedtls_pk_check_pair(&id->chain.pk, &key, random_source, NULL) != 0)
		e = ERR_KEY_FILE;
	if (!e)
		e = keep_key(id, &key);
	mbedtls_pk_free(&key);
	if (e)
		tls_identity_free(id);
	else
		*out = id;
	return e;
}

void tls_identity_digest(const struct tls_identity *id, u8 out[SHA256_SIZE])
{
	sha256_of(id->chain.pk_raw.p, id->chain.pk_raw.len, out);
}

mbedtls_x509_crt *tls_identity_chain(struct tls_identity *id)
{
	return &id->chain;
}

enum err tls_identity_key(const struct tls_identity *id, mbedtls_pk_context *out)
{
	return mbedtls_pk_parse_key(out, id->key, id->key_size, NULL, 0, random_source, NULL) == 0 ? OK : ERR_INTERNAL;
}
