/* What the attestation key signs. Trust: see the header. */
#include "agent/tpm/tss.h"

#include "lib/tpm/types.h"

#include <string.h>

static const TPMT_SIG_SCHEME as_the_key = { .scheme = TPM2_ALG_NULL };

static TPML_PCR_SELECTION select(u32 pcrs)
{
	TPML_PCR_SELECTION s = { .count = 1,
		.pcrSelections = { { .hash = TPM2_ALG_SHA256,
		        .sizeofSelect = 3,
		        .pcrSelect = { (u8)pcrs, (u8)(pcrs >> 8), (u8)(pcrs >> 16) } } } };

	return s;
}

static TPM2B_DATA data_of(const u8 qualifying[SHA256_SIZE])
{
	TPM2B_DATA d = { .size = SHA256_SIZE };

	memcpy(d.buffer, qualifying, SHA256_SIZE);
	return d;
}

/* A TPM may leave leading zeros away. */
static bool put_integer(const TPM2B_ECC_PARAMETER *v, u8 out[TPM_SIGNATURE_SIZE / 2])
{
	const size_t size = TPM_SIGNATURE_SIZE / 2;

	if (v->size > size)
		return false;
	memset(out, 0, size - v->size);
	memcpy(out + size - v->size, v->buffer, v->size);
	return true;
}

static enum err keep(const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *s, struct tss_statement *out)
{
	if (attest->size > EVIDENCE_ATTEST_MAX || s->sigAlg != TPM2_ALG_ECDSA ||
	        s->signature.ecdsa.hash != TPM2_ALG_SHA256)
		return ERR_TPM_RESPONSE;
	out->attest.n = attest->size;
	memcpy(out->attest.bytes, attest->attestationData, attest->size);
	return put_integer(&s->signature.ecdsa.signatureR, out->signature) &&
	                put_integer(&s->signature.ecdsa.signatureS, out->signature + TPM_SIGNATURE_SIZE / 2)
	        ? OK
	        : ERR_TPM_RESPONSE;
}

enum err tss_quote(struct tss *t, const u8 qualifying[SHA256_SIZE], struct tss_statement *out)
{
	TPML_PCR_SELECTION pcrs = select(EVIDENCE_PCRS);
	TPM2B_DATA data = data_of(qualifying);
	TPM2B_ATTEST *attest = NULL;
	TPMT_SIGNATURE *signature = NULL;
	ESYS_TR ak;
	u32 tries = 0;
	TSS2_RC rc;
	enum err e = tss_find(t, TPM_AK_HANDLE, &ak);

	if (e)
		return e;
	do
		rc = Esys_Quote(t->esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &as_the_key, &pcrs,
		        &attest, &signature);
	while (tss_again(rc, &tries));
	e = tss_result(t, rc, "quoting");
	if (!e)
		e = keep(attest, signature, out);
	Esys_Free(attest);
	Esys_Free(signature);
	(void)Esys_TR_Close(t->esys, &ak);
	return e;
}

/* The TPM gives some of what is asked for, and says which: of the lowest numbers, all that it gives. */
static enum err read_some(struct tss *t, u32 *left, u8 **to)
{
	TPML_PCR_SELECTION pcrs = select(*left), *given = NULL;
	TPML_DIGEST *values = NULL;
	u32 tries = 0, got = 0;
	TSS2_RC rc;

	do
		rc = Esys_PCR_Read(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pcrs, NULL, &given, &values);
	while (tss_again(rc, &tries));
	enum err e = tss_result(t, rc, "reading PCRs");
	if (!e && given->count == 1 && given->pcrSelections[0].sizeofSelect == 3)
		got = given->pcrSelections[0].pcrSelect[0] | (u32)given->pcrSelections[0].pcrSelect[1] << 8 |
		        (u32)given->pcrSelections[0].pcrSelect[2] << 16;
	if (!e && (!got || (got & ~*left) || values->count != (u32)__builtin_popcount(got)))
		e = ERR_TPM_BANK;
	for (u32 i = 0; !e && i < values->count; i++) {
		if (values->digests[i].size != SHA256_SIZE)
			e = ERR_TPM_RESPONSE;
		memcpy(*to, values->digests[i].buffer, SHA256_SIZE);
		*to += SHA256_SIZE;
	}
	*left &= ~got;
	Esys_Free(given);
	Esys_Free(values);
	return e;
}

enum err tss_pcrs(struct tss *t, u8 out[EVIDENCE_PCR_COUNT * SHA256_SIZE])
{
	enum err e = OK;

	for (u32 left = EVIDENCE_PCRS; left && !e;)
		e = read_some(t, &left, &out);
	return e;
}

static enum err certify(
        struct tss *t, const ESYS_TR use[2], u16 size, const u8 qualifying[SHA256_SIZE], struct tss_statement *out)
{
	TPM2B_DATA data = data_of(qualifying);
	TPM2B_ATTEST *attest = NULL;
	TPMT_SIGNATURE *signature = NULL;
	u32 tries = 0;
	TSS2_RC rc;

	do
		rc = Esys_NV_Certify(t->esys, use[0], use[1], use[1], ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		        &data, &as_the_key, size, 0, &attest, &signature);
	while (tss_again(rc, &tries));
	if (tss_says(rc, TPM2_RC_NV_UNINITIALIZED))
		return OK;
	enum err e = tss_result(t, rc, "certifying the boot state");
	if (!e)
		e = keep(attest, signature, out);
	Esys_Free(attest);
	Esys_Free(signature);
	return e;
}

enum err tss_certify(struct tss *t, enum nv_index index, const u8 qualifying[SHA256_SIZE], struct tss_statement *out)
{
	u16 size = index == NV_STATE_0 || index == NV_STATE_1 ? STATE_RECORD_SIZE : FLOOR_RECORD_SIZE;
	ESYS_TR use[2] = { ESYS_TR_NONE, ESYS_TR_NONE };
	enum err e = tss_find(t, NV_HANDLE_BASE + index, &use[1]);

	memset(out, 0, sizeof(*out));
	if (e)
		return e == ERR_NV_ABSENT ? OK : e;
	e = tss_find(t, TPM_AK_HANDLE, &use[0]);
	if (!e)
		e = certify(t, use, size, qualifying, out);
	for (size_t i = 0; i < ARRAY_SIZE(use); i++)
		if (use[i] != ESYS_TR_NONE)
			(void)Esys_TR_Close(t->esys, &use[i]);
	return e;
}
