/* Keys of operators. Trust: see the header. */
#include "cli/operator_key.h"

#include "keys/files.h"
#include "keys/issue.h"
#include "keys/random.h"

#include <mbedtls/platform_util.h>
#include <mbedtls/x509_csr.h>

static enum err make_request(const char *common_name, mbedtls_pk_context *key, struct operator_key *out)
{
	char name[SUBJECT_TEXT_MAX + 8];
	mbedtls_x509write_csr request;
	enum err e = path_make(name, sizeof(name), "CN=%s", common_name);

	if (e)
		return e;
	mbedtls_x509write_csr_init(&request);
	mbedtls_x509write_csr_set_key(&request, key);
	mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA384);
	if (mbedtls_x509write_csr_set_subject_name(&request, name) != 0 ||
	        mbedtls_x509write_csr_pem(&request, (u8 *)out->csr, sizeof(out->csr), random_source, NULL) != 0)
		e = ERR_INTERNAL;
	mbedtls_x509write_csr_free(&request);
	return e;
}

enum err operator_key_make(const char *common_name, const struct passphrase *passphrase, struct operator_key *out)
{
	mbedtls_pk_context key;
	enum err e;

	if (!subject_text_valid(common_name))
		return ERR_ARGUMENT;
	mbedtls_pk_init(&key);
	e = private_key_make(KEY_EC_P384, &key);
	if (!e)
		e = pkcs8_write(&key, passphrase, out->key, &out->key_size);
	if (!e)
		e = make_request(common_name, &key, out);
	mbedtls_pk_free(&key);
	return e;
}

void operator_key_wipe(struct operator_key *k)
{
	mbedtls_platform_zeroize(k, sizeof(*k));
}
