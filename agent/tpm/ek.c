/* The endorsement key (TCG EK Credential Profile, section 2). Trust: see the header. */
#include "agent/tpm/tss.h"

#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_mu.h>

enum { CERTIFICATE_ECC = 0x01C0000A, CERTIFICATE_RSA = 0x01C00002, NV_PIECE = 512, EK_ATTRIBUTES = 0x000300B2 };

/* PolicySecret(endorsement hierarchy), SHA-256. */
#define POLICY_A                                                                                                       \
	{ .size = 32,                                                                                                  \
		.buffer = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7,  \
		        0x24, 0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14,      \
		        0x69, 0xAA } }
#define STORAGE_CIPHER { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB }

/* Templates L-2 and L-1. The one whose certificate is there is taken; ECC, the quicker one, where there is none. */
static const struct {
	u32 certificate; /* NV index */
	TPM2B_PUBLIC template;
} kinds[] = {
	{ CERTIFICATE_ECC,
	        { .publicArea = { .type = TPM2_ALG_ECC,
	                  .nameAlg = TPM2_ALG_SHA256,
	                  .objectAttributes = EK_ATTRIBUTES,
	                  .authPolicy = POLICY_A,
	                  .parameters.eccDetail = { .symmetric = STORAGE_CIPHER,
	                          .scheme.scheme = TPM2_ALG_NULL,
	                          .curveID = TPM2_ECC_NIST_P256,
	                          .kdf.scheme = TPM2_ALG_NULL },
	                  .unique.ecc = { .x.size = 32, .y.size = 32 } } } },
	{ CERTIFICATE_RSA,
	        { .publicArea = { .type = TPM2_ALG_RSA,
	                  .nameAlg = TPM2_ALG_SHA256,
	                  .objectAttributes = EK_ATTRIBUTES,
	                  .authPolicy = POLICY_A,
	                  .parameters.rsaDetail = { .symmetric = STORAGE_CIPHER,
	                          .scheme.scheme = TPM2_ALG_NULL,
	                          .keyBits = 2048 },
	                  .unique.rsa.size = 256 } } },
};

static enum err index_size(struct tss *t, ESYS_TR index, u16 *size)
{
	TPM2B_NV_PUBLIC *public = NULL;
	u32 tries = 0;
	TSS2_RC rc;

	do
		rc = Esys_NV_ReadPublic(t->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL);
	while (tss_again(rc, &tries));
	*size = public ? public->nvPublic.dataSize : 0;
	Esys_Free(public);
	return tss_result(t, rc, "looking at the EK certificate");
}

static enum err read_piece(struct tss *t, ESYS_TR index, u16 at, u16 n, u8 *out)
{
	TPM2B_MAX_NV_BUFFER *data = NULL;
	u32 tries = 0;
	TSS2_RC rc;

	do
		rc = Esys_NV_Read(t->esys, index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, n, at, &data);
	while (tss_again(rc, &tries));
	enum err e = tss_result(t, rc, "reading the EK certificate");
	if (!e && data->size != n)
		e = ERR_TPM_RESPONSE;
	if (!e)
		memcpy(out, data->buffer, n);
	Esys_Free(data);
	return e;
}

/* Manufacturers define the index larger than the certificate: its own length counts (X.690, 8.1.3; two bytes of
 * length). */
static u16 der_length(const u8 *der, u16 n)
{
	if (n < 4 || der[0] != 0x30 || der[1] != 0x82)
		return 0;
	u32 whole = 4 + (u32)(der[2] << 8 | der[3]);
	return whole <= n ? (u16)whole : 0;
}

/* One that cannot be read, or is none, is as good as none: the fleet server decides about nodes without. */
static void read_certificate(struct tss *t, u32 handle, struct tss_ek *out)
{
	ESYS_TR index;
	u16 size = 0;

	out->certificate_size = 0;
	if (tss_find(t, handle, &index))
		return;
	enum err e = index_size(t, index, &size);
	if (!e && size > sizeof(out->certificate))
		e = ERR_RANGE;
	for (u16 at = 0; at < size && !e; at = (u16)(at + NV_PIECE)) {
		u16 left = (u16)(size - at);
		e = read_piece(t, index, at, left < NV_PIECE ? left : NV_PIECE, out->certificate + at);
	}
	(void)Esys_TR_Close(t->esys, &index);
	out->certificate_size = e ? 0 : der_length(out->certificate, size);
}

static enum err keep(struct tss *t, ESYS_TR ek, const TPM2B_PUBLIC *public, struct tss_ek *out)
{
	TPM2B_NAME *name = NULL;
	size_t n = 0;
	TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Marshal(&public->publicArea, out->public.bytes, sizeof(out->public.bytes), &n);

	out->public.n = (u16)n;
	if (!rc)
		rc = Esys_TR_GetName(t->esys, ek, &name);
	if (!rc)
		sha256_of(name->name, name->size, out->node);
	Esys_Free(name);
	return tss_result(t, rc, "reading the EK");
}

static enum err create(struct tss *t, const TPM2B_PUBLIC *template, ESYS_TR *ek, struct tss_ek *out)
{
	static const TPM2B_SENSITIVE_CREATE no_secret;
	static const TPM2B_DATA no_data;
	static const TPML_PCR_SELECTION no_pcrs;
	TPM2B_PUBLIC *public = NULL;
	u32 tries = 0;
	TSS2_RC rc;

	do
		rc = Esys_CreatePrimary(t->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		        &no_secret, template, &no_data, &no_pcrs, ek, &public, NULL, NULL, NULL);
	while (tss_again(rc, &tries));
	enum err e = tss_result(t, rc, "making the EK");
	if (!e)
		e = keep(t, *ek, public, out);
	if (e)
		tss_flush(t, ek);
	Esys_Free(public);
	return e;
}

enum err tss_ek_load(struct tss *t, ESYS_TR *ek, struct tss_ek *out)
{
	size_t i = 0;

	*ek = ESYS_TR_NONE;
	for (; i < ARRAY_SIZE(kinds); i++) {
		read_certificate(t, kinds[i].certificate, out);
		if (out->certificate_size)
			return create(t, &kinds[i].template, ek, out);
	}
	return create(t, &kinds[0].template, ek, out);
}

enum err tss_ek_read(struct tss *t, struct tss_ek *out)
{
	ESYS_TR ek;
	enum err e = tss_ek_load(t, &ek, out);

	tss_flush(t, &ek);
	return e;
}
