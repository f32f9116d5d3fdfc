/*
 * Key access over PEM files.
 * Trust: holds private keys; freed memory is wiped by mbedTLS.
 */
#include "keys/access.h"

#include "keys/files.h"
#include "keys/private.h"
#include "keys/random.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct signer {
	mbedtls_pk_context key;
	size_t size;
	u8 public_key[P384_KEY_SIZE];
	u8 id[SHA256_SIZE];
};

/* Reads up to room bytes or the end; a pipe may deliver them in pieces. */
static size_t read_input(int fd, char *out, size_t room)
{
	size_t n = 0;
	ssize_t got;

	while (n < room && (got = read(fd, out + n, room - n)) > 0)
		n += (size_t)got;
	return n;
}

enum err passphrase_read(const char *file, struct passphrase *out)
{
	enum err e = OK;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	if (!file)
		return OK;
	if (strcmp(file, "-") == 0)
		n = read_input(STDIN_FILENO, out->text, PASSPHRASE_MAX);
	else
		e = secret_read(file, (u8 *)out->text, sizeof(out->text), &n);
	out->length = strcspn(out->text, "\r\n");
	mbedtls_platform_zeroize(out->text + out->length, sizeof(out->text) - out->length);
	if (e == ERR_KEY_MODE)
		return e;
	return e || out->length == 0 ? ERR_KEY_PASSPHRASE : OK;
}

void passphrase_wipe(struct passphrase *p)
{
	mbedtls_platform_zeroize(p, sizeof(*p));
}

static enum err load(struct signer *s, const char *location, const struct passphrase *passphrase)
{
	enum err e = private_key_load(location, passphrase, &s->key);

	if (!e)
		e = ec_public_bytes(&s->key, s->public_key, &s->size);
	if (!e)
		sha256_of(s->public_key, s->size, s->id);
	return e;
}

enum err signer_open(const char *location, const struct passphrase *passphrase, struct signer **out)
{
	struct signer *s = calloc(1, sizeof(*s));
	enum err e;

	if (!s)
		return ERR_NO_MEMORY;
	mbedtls_pk_init(&s->key);
	e = load(s, location, passphrase);
	if (e) {
		signer_close(s);
		return e;
	}
	*out = s;
	return OK;
}

void signer_close(struct signer *s)
{
	if (!s)
		return;
	mbedtls_pk_free(&s->key);
	free(s);
}

enum signature_algorithm signer_algorithm(const struct signer *s)
{
	return s->size == P384_KEY_SIZE ? ALGORITHM_P384 : ALGORITHM_P256;
}

size_t signer_size(const struct signer *s)
{
	return s->size;
}

const u8 *signer_public_key(const struct signer *s)
{
	return s->public_key;
}

const u8 *signer_id(const struct signer *s)
{
	return s->id;
}

/* The private scalar and the curve, copied out for one signature. */
struct scalar {
	mbedtls_ecp_group group;
	mbedtls_mpi d, r, s;
};

static int sign(struct scalar *k, struct signer *s, const u8 *digest, u8 *signature)
{
	size_t half = s->size / 2;
	mbedtls_md_type_t md = half == SHA384_SIZE ? MBEDTLS_MD_SHA384 : MBEDTLS_MD_SHA256;
	int status = mbedtls_ecp_export(mbedtls_pk_ec(s->key), &k->group, &k->d, NULL);

	if (status == 0)
		status = mbedtls_ecdsa_sign_det_ext(
		        &k->group, &k->r, &k->s, &k->d, digest, half, md, random_source, NULL);
	if (status == 0)
		status = mbedtls_mpi_write_binary(&k->r, signature, half);
	if (status == 0)
		status = mbedtls_mpi_write_binary(&k->s, signature + half, half);
	return status;
}

enum err signer_sign(struct signer *s, const u8 *digest, u8 signature[P384_SIGNATURE_SIZE])
{
	struct scalar k;
	int status;

	mbedtls_ecp_group_init(&k.group);
	mbedtls_mpi_init(&k.d);
	mbedtls_mpi_init(&k.r);
	mbedtls_mpi_init(&k.s);
	status = sign(&k, s, digest, signature);
	mbedtls_mpi_free(&k.s);
	mbedtls_mpi_free(&k.r);
	mbedtls_mpi_free(&k.d);
	mbedtls_ecp_group_free(&k.group);
	return status == 0 ? OK : ERR_INTERNAL;
}
