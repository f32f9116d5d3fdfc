/*
 * Certificates under the fleet CA.
 * Trust: a request comes from outside; its public key alone is taken, once it has signed the request.
 */
/* The request's signature, which mbedTLS parses and does not check. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "keys/issue.h"

#include "keys/random.h"

#include <arpa/inet.h>
#include <assert.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_csr.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT = 16, NAME_TEXT = 192, RSA_BITS_MIN = 2048 };

bool subject_text_valid(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n >= SUBJECT_TEXT_MAX || text[0] == ' ' || text[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x20 || text[i] > 0x7e || strchr(",+\"\\<>;=#", text[i]))
			return false;
	return true;
}

enum err issue_serial(u8 serial[ISSUE_SERIAL_SIZE])
{
	enum err e = random_bytes(serial, ISSUE_SERIAL_SIZE);

	/* Positive and of fixed length (RFC 5280, 4.1.2.2). */
	serial[0] = (u8)((serial[0] & 0x7f) | 0x40);
	return e;
}

void serial_text(const u8 *serial, size_t n, char *out, size_t room)
{
	size_t used = 0;

	out[0] = 0;
	for (size_t i = 0; i < n && used + 2 < room; i++)
		used += (size_t)snprintf(out + used, room - used, "%02x", serial[i]);
}

static bool time_words(u64 when, char out[TIME_TEXT])
{
	time_t t = (time_t)when;
	struct tm parts;

	return gmtime_r(&t, &parts) && strftime(out, TIME_TEXT, "%Y%m%d%H%M%S", &parts) == TIME_TEXT - 2;
}

static enum err set_validity(mbedtls_x509write_cert *c, const struct issue *i)
{
	char from[TIME_TEXT], to[TIME_TEXT];

	if (!time_words(i->from, from) || !time_words(i->to, to))
		return ERR_ARGUMENT;
	return mbedtls_x509write_crt_set_validity(c, from, to) == 0 ? OK : ERR_ARGUMENT;
}

static enum err set_subject(mbedtls_x509write_cert *c, const struct issue *i, const mbedtls_x509_crt *ca)
{
	char subject[NAME_TEXT], issuer[2 * NAME_TEXT];

	if (!subject_text_valid(i->common_name) || (i->unit && !subject_text_valid(i->unit)))
		return ERR_ARGUMENT;
	(void)snprintf(
	        subject, sizeof(subject), "CN=%s%s%s", i->common_name, i->unit ? ",OU=" : "", i->unit ? i->unit : "");
	if (mbedtls_x509_dn_gets(issuer, sizeof(issuer), &ca->subject) < 0 ||
	        mbedtls_x509write_crt_set_subject_name(c, subject) != 0 ||
	        mbedtls_x509write_crt_set_issuer_name(c, issuer) != 0)
		return ERR_ARGUMENT;
	return OK;
}

/* One name in the chain mbedTLS writes from, with room for an address. */
struct alternative {
	mbedtls_x509_san_list node;
	u8 address[16];
};

static void fill_name(struct alternative *a, const char *name)
{
	mbedtls_x509_subject_alternative_name *san = &a->node.node;
	size_t length = inet_pton(AF_INET, name, a->address) == 1 ? 4
	        : inet_pton(AF_INET6, name, a->address) == 1      ? 16
	                                                          : 0;

	memset(&a->node, 0, sizeof(a->node));
	san->type = length ? MBEDTLS_X509_SAN_IP_ADDRESS : MBEDTLS_X509_SAN_DNS_NAME;
	san->san.unstructured_name.len = length ? length : strlen(name);
	/* mbedTLS only reads what its struct has no const for. */
	const u8 *bytes = length ? a->address : (const u8 *)name;
	memcpy(&san->san.unstructured_name.p, &bytes, sizeof(bytes));
}

static enum err set_names(mbedtls_x509write_cert *c, const struct issue *i)
{
	struct alternative each[ISSUE_NAMES_MAX];

	if (i->name_count == 0)
		return OK;
	if (i->name_count > ISSUE_NAMES_MAX)
		return ERR_ARGUMENT;
	for (size_t k = 0; k < i->name_count; k++) {
		fill_name(&each[k], i->names[k]);
		each[k].node.next = NULL;
		if (k)
			each[k - 1].node.next = &each[k].node;
	}
	return mbedtls_x509write_crt_set_subject_alternative_name(c, &each[0].node) == 0 ? OK : ERR_ARGUMENT;
}

static enum err set_use(mbedtls_x509write_cert *c, enum issue_use use)
{
	mbedtls_asn1_sequence purpose = { 0 };

	purpose.buf.tag = MBEDTLS_ASN1_OID;
	purpose.buf.len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH);
	static_assert(sizeof(MBEDTLS_OID_SERVER_AUTH) == sizeof(MBEDTLS_OID_CLIENT_AUTH), "one length for both");
	u8 oid[] = MBEDTLS_OID_SERVER_AUTH;
	if (use == ISSUE_CLIENT)
		memcpy(oid, MBEDTLS_OID_CLIENT_AUTH, sizeof(oid));
	purpose.buf.p = oid;
	if (mbedtls_x509write_crt_set_basic_constraints(c, 0, -1) != 0 ||
	        mbedtls_x509write_crt_set_key_usage(c, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0 ||
	        mbedtls_x509write_crt_set_ext_key_usage(c, &purpose) != 0 ||
	        mbedtls_x509write_crt_set_subject_key_identifier(c) != 0 ||
	        mbedtls_x509write_crt_set_authority_key_identifier(c) != 0)
		return ERR_INTERNAL;
	return OK;
}

static enum err fill(mbedtls_x509write_cert *c, const struct issue *i, const mbedtls_x509_crt *ca)
{
	u8 serial[ISSUE_SERIAL_SIZE];
	enum err e = set_subject(c, i, ca);

	memcpy(serial, i->serial, sizeof(serial));
	if (!e)
		e = set_validity(c, i);
	if (!e && mbedtls_x509write_crt_set_serial_raw(c, serial, sizeof(serial)) != 0)
		e = ERR_INTERNAL;
	if (!e)
		e = set_use(c, i->use);
	return e ? e : set_names(c, i);
}

enum err certificate_issue(const struct issue *i, const mbedtls_x509_crt *ca, mbedtls_pk_context *ca_key,
        mbedtls_pk_context *subject, char pem[ISSUE_PEM_MAX])
{
	mbedtls_x509write_cert c;
	enum err e;

	mbedtls_x509write_crt_init(&c);
	mbedtls_x509write_crt_set_version(&c, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&c, MBEDTLS_MD_SHA384);
	mbedtls_x509write_crt_set_subject_key(&c, subject);
	mbedtls_x509write_crt_set_issuer_key(&c, ca_key);
	e = fill(&c, i, ca);
	if (!e && mbedtls_x509write_crt_pem(&c, (u8 *)pem, ISSUE_PEM_MAX, random_source, NULL) != 0)
		e = ERR_INTERNAL;
	mbedtls_x509write_crt_free(&c);
	return e;
}

static bool key_will_do(mbedtls_pk_context *key)
{
	mbedtls_ecp_group_id curve;

	if (mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA)
		return mbedtls_pk_get_bitlen(key) >= RSA_BITS_MIN;
	if (mbedtls_pk_get_type(key) != MBEDTLS_PK_ECKEY)
		return false;
	curve = mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key));
	return curve == MBEDTLS_ECP_DP_SECP256R1 || curve == MBEDTLS_ECP_DP_SECP384R1;
}

/* Whoever asks holds the private key. */
static bool signs_itself(mbedtls_x509_csr *r)
{
	u8 digest[MBEDTLS_MD_MAX_SIZE];
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(r->sig_md);

	if (!md || r->sig_md == MBEDTLS_MD_SHA1 || r->sig_md == MBEDTLS_MD_MD5 ||
	        mbedtls_md(md, r->cri.p, r->cri.len, digest) != 0)
		return false;
	return mbedtls_pk_verify_ext(r->sig_pk, r->sig_opts, &r->pk, r->sig_md, digest, mbedtls_md_get_size(md),
	               r->sig.p, r->sig.len) == 0;
}

/* mbedTLS frees the key with the request: a copy by way of its encoding. */
static enum err copy_key(mbedtls_pk_context *from, mbedtls_pk_context *to)
{
	u8 der[1024];
	int n = mbedtls_pk_write_pubkey_der(from, der, sizeof(der));

	if (n <= 0 || mbedtls_pk_parse_public_key(to, der + sizeof(der) - n, (size_t)n) != 0)
		return ERR_ARGUMENT;
	return OK;
}

enum err request_key(const char *pem, mbedtls_pk_context *key)
{
	mbedtls_x509_csr r;
	enum err e = ERR_ARGUMENT;

	mbedtls_x509_csr_init(&r);
	if (mbedtls_x509_csr_parse(&r, (const u8 *)pem, strlen(pem) + 1) == 0 && key_will_do(&r.pk) && signs_itself(&r))
		e = copy_key(&r.pk, key);
	mbedtls_x509_csr_free(&r);
	return e;
}
