/*
 * MakeCredential in software (TCG Part 1, annexes B.10.3, C.6.3 and section 24; Part 3, section 12.6): a secret that
 * only the TPM with this EK gives away, and only while an object with this Name is loaded in it.
 * Trust: what an enrolment rests on.
 */
#ifndef SIGNET_SIGNETD_CREDENTIAL_H
#define SIGNET_SIGNETD_CREDENTIAL_H

#include "signetd/ek_template.h"

enum {
	CREDENTIAL_SECRET_SIZE = 32,
	CREDENTIAL_BLOB_MAX = 2 + SHA384_SIZE + 2 + CREDENTIAL_SECRET_SIZE,
	CREDENTIAL_SEED_MAX = EK_RSA_MAX,
};

struct credential {
	size_t blob_size, seed_size;
	u8 blob[CREDENTIAL_BLOB_MAX]; /* content of TPM2B_ID_OBJECT */
	u8 seed[CREDENTIAL_SEED_MAX]; /* content of TPM2B_ENCRYPTED_SECRET */
};

/* What the seed is: the random part, so that a test can fix it. seed: name_alg's size is used. */
struct credential_random {
	int (*source)(void *context, unsigned char *out, size_t n); /* 0: done */
	void *context;
};

/* secret: to be given back by ActivateCredential. ERR_TPM_RESPONSE: the EK is no usable key; ERR_NO_MEMORY. */
enum err credential_make(const struct ek_public *ek, const struct tpm_name *object,
        const u8 secret[CREDENTIAL_SECRET_SIZE], const struct credential_random *random,
        struct credential *out) MUST_CHECK;

#endif
