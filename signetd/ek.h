/*
 * The EK certificate: that a TPM maker vouches for this EK (TCG EK Credential Profile).
 * Trust: decides at enrolment; certificates of nodes are outside bytes, the folder of CAs is the operator's.
 */
#ifndef SIGNET_SIGNETD_EK_H
#define SIGNET_SIGNETD_EK_H

#include "signetd/ek_template.h"

enum { EK_CERTIFICATE_MAX = 8192 };

/* Certificates of TPM makers, roots and intermediates alike: what the operator puts in is trusted. */
struct ek_authorities;

/*
 * folder: each regular file in it is a certificate or several, PEM or DER. NULL: none is trusted. ERR_KEY_FILE: one is
 * unreadable, its name in *bad, which holds room bytes; ERR_IO: the folder is.
 */
enum err ek_authorities_load(const char *folder, struct ek_authorities **out, char *bad, size_t room) MUST_CHECK;
/* NULL is fine. */
void ek_authorities_free(struct ek_authorities *a);
size_t ek_authorities_count(const struct ek_authorities *a);

enum ek_finding {
	EK_TRUSTED,
	EK_ABSENT, /* the node shows none */
	EK_UNREADABLE,
	EK_OTHER_KEY, /* certifies another key */
	EK_OTHER_PURPOSE, /* is no EK certificate, or a CA's */
	EK_UNKNOWN_AUTHORITY, /* does not chain to a configured CA */
	EK_TIME, /* expired, or not yet valid */
	EK_FINDINGS,
};

/* der n 0: none. What follows the certificate in an NV index, as some TPMs pad it, is not looked at. */
enum ek_finding ek_certificate_judge(
        const struct ek_authorities *a, const u8 *der, size_t n, const struct ek_public *ek) MUST_CHECK;

/* For a person. */
const char *ek_finding_words(enum ek_finding f);

#endif
