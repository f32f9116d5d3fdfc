/* The attestation key: made once, proved once. Trust: see the header. */
#include "agent/tpm/tss.h"

#include "lib/tpm/types.h"

#include <string.h>
#include <tss2/tss2_mu.h>

/* As lib/tpm/key.c: ECDSA P-256, restricted, in the owner hierarchy, so that TPM2_Clear ends it. */
enum {
	AK_ATTRIBUTES = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
	        TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT
};

static const TPM2B_PUBLIC ak_template = {
	.publicArea = { .type = TPM2_ALG_ECC,
	        .nameAlg = TPM2_ALG_SHA256,
	        .objectAttributes = AK_ATTRIBUTES,
	        .parameters.eccDetail = { .symmetric.algorithm = TPM2_ALG_NULL,
	                .scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
	                .curveID = TPM2_ECC_NIST_P256,
	                .kdf.scheme = TPM2_ALG_NULL } },
};

static enum err create(struct tss *t, ESYS_TR *ak)
{
	static const TPM2B_SENSITIVE_CREATE no_secret;
	static const TPM2B_DATA no_data;
	static const TPML_PCR_SELECTION no_pcrs;
	u32 tries = 0;
	TSS2_RC rc;

	do
		rc = Esys_CreatePrimary(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		        &no_secret, &ak_template, &no_data, &no_pcrs, ak, NULL, NULL, NULL, NULL);
	while (tss_again(rc, &tries));
	return tss_result(t, rc, "making the attestation key");
}

static enum err make_persistent(struct tss *t, ESYS_TR ak)
{
	ESYS_TR kept = ESYS_TR_NONE;
	u32 tries = 0;
	TSS2_RC rc;

	do
		rc = Esys_EvictControl(t->esys, ESYS_TR_RH_OWNER, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		        TPM_AK_HANDLE, &kept);
	while (tss_again(rc, &tries));
	if (!rc)
		(void)Esys_TR_Close(t->esys, &kept);
	return tss_result(t, rc, "making the attestation key persistent");
}

static enum err make(struct tss *t)
{
	ESYS_TR ak = ESYS_TR_NONE;
	enum err e = create(t, &ak);

	if (!e)
		e = make_persistent(t, ak);
	tss_flush(t, &ak);
	return e;
}

static bool is_ours(const TPMT_PUBLIC *p)
{
	const TPMS_ECC_PARMS *ecc = &p->parameters.eccDetail;

	return p->type == TPM2_ALG_ECC && p->nameAlg == TPM2_ALG_SHA256 && p->objectAttributes == AK_ATTRIBUTES &&
	        ecc->curveID == TPM2_ECC_NIST_P256 && ecc->scheme.scheme == TPM2_ALG_ECDSA &&
	        ecc->scheme.details.ecdsa.hashAlg == TPM2_ALG_SHA256;
}

static enum err read_public(struct tss *t, ESYS_TR ak, struct tss_blob *out)
{
	TPM2B_PUBLIC *public = NULL;
	size_t n = 0;
	u32 tries = 0;
	TSS2_RC rc;

	do
		rc = Esys_ReadPublic(t->esys, ak, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL, NULL);
	while (tss_again(rc, &tries));
	enum err e = tss_result(t, rc, "reading the attestation key");
	if (!e && !is_ours(&public->publicArea))
		e = ERR_NV_FOREIGN;
	if (!e)
		e = tss_result(t, Tss2_MU_TPMT_PUBLIC_Marshal(&public->publicArea, out->bytes, sizeof(out->bytes), &n),
		        "reading the attestation key");
	out->n = (u16)n;
	Esys_Free(public);
	return e;
}

enum err tss_ak_read(struct tss *t, bool may_make, struct tss_blob *public)
{
	ESYS_TR ak;
	enum err e = tss_find(t, TPM_AK_HANDLE, &ak);

	if (e == ERR_NV_ABSENT && may_make) {
		e = make(t);
		if (!e)
			e = tss_find(t, TPM_AK_HANDLE, &ak);
	}
	if (!e)
		e = read_public(t, ak, public);
	if (ak != ESYS_TR_NONE)
		(void)Esys_TR_Close(t->esys, &ak);
	return e;
}

/* What the EK's policy demands: the endorsement hierarchy's authorization, which is empty. */
static enum err open_session(struct tss *t, ESYS_TR *session)
{
	static const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	u32 tries = 0;
	TSS2_RC rc;

	*session = ESYS_TR_NONE;
	do
		rc = Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
		        ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, session);
	while (tss_again(rc, &tries));
	if (!rc) {
		tries = 0;
		do
			rc = Esys_PolicySecret(t->esys, ESYS_TR_RH_ENDORSEMENT, *session, ESYS_TR_PASSWORD,
			        ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);
		while (tss_again(rc, &tries));
	}
	enum err e = tss_result(t, rc, "opening a session for the EK");
	if (e)
		tss_flush(t, session);
	return e;
}

static enum err activate_with(struct tss *t, const ESYS_TR use[3], const struct tss_blob *credential,
        const struct tss_blob *secret, struct tss_blob *activation)
{
	TPM2B_ID_OBJECT blob = { .size = credential->n };
	TPM2B_ENCRYPTED_SECRET encrypted = { .size = secret->n };
	TPM2B_DIGEST *shown = NULL;
	u32 tries = 0;
	TSS2_RC rc;

	if (credential->n > sizeof(blob.credential) || secret->n > sizeof(encrypted.secret))
		return ERR_RANGE;
	memcpy(blob.credential, credential->bytes, credential->n);
	memcpy(encrypted.secret, secret->bytes, secret->n);
	do
		rc = Esys_ActivateCredential(
		        t->esys, use[0], use[1], ESYS_TR_PASSWORD, use[2], ESYS_TR_NONE, &blob, &encrypted, &shown);
	while (tss_again(rc, &tries));
	enum err e = tss_result(t, rc, "activating the credential");
	if (!e) {
		activation->n = shown->size;
		memcpy(activation->bytes, shown->buffer, shown->size);
	}
	Esys_Free(shown);
	return e;
}

enum err tss_activate(
        struct tss *t, const struct tss_blob *credential, const struct tss_blob *secret, struct tss_blob *activation)
{
	static struct tss_ek about;
	ESYS_TR use[3] = { ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE };
	enum err e = tss_find(t, TPM_AK_HANDLE, &use[0]);

	if (!e)
		e = tss_ek_load(t, &use[1], &about);
	if (!e)
		e = open_session(t, &use[2]);
	if (!e)
		e = activate_with(t, use, credential, secret, activation);
	tss_flush(t, &use[2]);
	tss_flush(t, &use[1]);
	if (use[0] != ESYS_TR_NONE)
		(void)Esys_TR_Close(t->esys, &use[0]);
	return e;
}
