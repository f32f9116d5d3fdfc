/*
 * The node's TPM through TPM2-TSS (ESAPI), over the hypervisor's TPM port: what enrolment and attestation need, and
 * nothing else. Every call leaves the TPM without objects and sessions of ours. Trust: runs in the service VM. What the
 * TPM answers is handed on; the verifier judges it.
 */
#ifndef SIGNET_AGENT_TPM_TSS_H
#define SIGNET_AGENT_TPM_TSS_H

#include "attest/evidence.h"
#include "lib/err.h"
#include "update/nv.h"

#include <tss2/tss2_esys.h>

#define TSS_PORT "device:/dev/signet/tpm"

enum { TSS_WHY_SIZE = 160, TSS_CERTIFICATE_MAX = 4096, TSS_BLOB_MAX = 1024 };

struct tss {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	char why[TSS_WHY_SIZE]; /* the last failure, for a person */
};

/* Bytes of a structure as the TPM marshals it. */
struct tss_blob {
	u16 n;
	u8 bytes[TSS_BLOB_MAX];
};

/* The endorsement key: who this TPM is. */
struct tss_ek {
	struct tss_blob public; /* TPMT_PUBLIC */
	u16 certificate_size; /* 0: the manufacturer left none */
	u8 certificate[TSS_CERTIFICATE_MAX]; /* DER */
	u8 node[ATTEST_ID_SIZE]; /* SHA-256 of its Name */
};

/* A signed statement of the TPM's, n 0: there is none. */
struct tss_statement {
	struct tss_blob attest; /* TPMS_ATTEST */
	u8 signature[TPM_SIGNATURE_SIZE];
};

/*
 * tcti: what tctildr takes, as "device:/dev/signet/tpm". The port belongs to who has it open: hold it shortly. On an
 * error of any function why says more. ERR_TPM_ABSENT; then tss_close() is harmless.
 */
enum err tss_open(struct tss *t, const char *tcti) MUST_CHECK;
void tss_close(struct tss *t);

/* The EK that a certificate in NV belongs to, else the ECC one: made anew from the TPM's seed by the TCG's template. */
enum err tss_ek_read(struct tss *t, struct tss_ek *out) MUST_CHECK;

/*
 * The attestation key's public area. Without one: made, and made persistent at its place, where the hypervisor still
 * lets (create; before enrolment). ERR_NV_ABSENT: there is none, and it may not be made; ERR_NV_FOREIGN: another key is
 * there.
 */
enum err tss_ak_read(struct tss *t, bool create, struct tss_blob *public) MUST_CHECK;

/* Shows that EK and AK are in one TPM. credential, secret: contents of TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET. */
enum err tss_activate(struct tss *t, const struct tss_blob *credential, const struct tss_blob *secret,
        struct tss_blob *activation) MUST_CHECK;

/* The AK quotes sha256 of EVIDENCE_PCRS. */
enum err tss_quote(struct tss *t, const u8 qualifying[SHA256_SIZE], struct tss_statement *out) MUST_CHECK;
/* Their values, in the order of evidence; they may have changed since. */
enum err tss_pcrs(struct tss *t, u8 out[EVIDENCE_PCR_COUNT * SHA256_SIZE]) MUST_CHECK;
/* The AK certifies an index's content. One that is not there, or was never written, gives no statement. */
enum err tss_certify(
        struct tss *t, enum nv_index index, const u8 qualifying[SHA256_SIZE], struct tss_statement *out) MUST_CHECK;

/* --- between the files of agent/tpm --- */

/* A code worth another try, after a pause: the TPM is busy. tries begins at 0. */
bool tss_again(TSS2_RC rc, u32 *tries);
/* OK, or ERR_TPM_REFUSED with why filled in. */
enum err tss_result(struct tss *t, TSS2_RC rc, const char *what) MUST_CHECK;
void tss_flush(struct tss *t, ESYS_TR *handle);
/* The object at a persistent handle or NV index. ERR_NV_ABSENT: none. */
enum err tss_find(struct tss *t, u32 handle, ESYS_TR *out) MUST_CHECK;
/* A response code of the TPM's says that, whatever handle or parameter it names. */
bool tss_says(TSS2_RC rc, TSS2_RC code);
/* The EK, loaded. */
enum err tss_ek_load(struct tss *t, ESYS_TR *ek, struct tss_ek *out) MUST_CHECK;

#endif
