/*
 * An attestation key without a TPM: makes what a TPM would sign, and what none would, each field open to forgery.
 * Test code: the secret keys follow from a constant.
 */
#ifndef SIGNET_TESTS_SOFTWARE_TPM_H
#define SIGNET_TESTS_SOFTWARE_TPM_H

#include "attest/evidence.h"

enum { SOFT_AK, SOFT_STRANGER_AK, SOFT_EK, SOFT_KEYS };

/* Before any key is used: another TPM. */
void soft_seed(u64 seed);

/* x of the key's secret times a point, X || Y: what ActivateCredential begins with. False: no point of the curve. */
bool soft_agree(u32 key, const u8 point[P256_KEY_SIZE], u8 z[P256_KEY_SIZE / 2]);

struct soft_attest {
	u32 magic;
	u16 type;
	struct bytes_view extra;
	u64 clock;
	u32 resets, restarts;
	u8 safe;
	/* quote */
	u32 banks; /* selections, all alike */
	struct tpm_pcr_selection selection;
	u8 select_size;
	u8 digest[SHA256_SIZE];
	/* NV certification */
	struct bytes_view name;
	u16 offset;
	struct bytes_view content;
	/* behind all of it */
	u8 more;
};

struct soft_signed {
	u8 bytes[EVIDENCE_ATTEST_MAX];
	size_t n;
	u8 signature[TPM_SIGNATURE_SIZE];
};

/* As a TPM makes them; extra stays with the caller. */
struct soft_attest soft_quote(const u8 *pcrs, size_t n, const u8 extra[SHA256_SIZE]);
struct soft_attest soft_certify(const struct bytes_view *name, const struct bytes_view *content, const u8 *extra);

void soft_sign(u32 key, const struct soft_attest *a, struct soft_signed *out);
/* Signs out->bytes as they are. */
void soft_sign_bytes(u32 key, struct soft_signed *out);
struct signed_view soft_view(const struct soft_signed *s);

/* X || Y, and the public area an enrolled AK has. */
const u8 *soft_key(u32 key);
size_t soft_public(u32 key, u8 out[EVIDENCE_AK_MAX]);

#endif
