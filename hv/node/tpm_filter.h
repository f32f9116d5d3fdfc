/*
 * Which TPM commands the service VM may send: a list of what is allowed, with every handle, session and parameter
 * checked, and a record of what was loaded through the port, so that it reaches nothing else and leaves nothing behind.
 * Trust: in the TCB; pure. Commands are the service VM's.
 */
#ifndef SIGNET_HV_NODE_TPM_FILTER_H
#define SIGNET_HV_NODE_TPM_FILTER_H

#include "lib/tpm/types.h"
#include "lib/types.h"

enum {
	/* A TPM has room for three of each at the least (PTP, TPM_PT_HR_TRANSIENT_MIN): one is left to root mode. */
	FILTER_OBJECTS_MAX = 2,
	FILTER_SESSIONS_MAX = 2,
	FILTER_HELD_MAX = FILTER_OBJECTS_MAX + FILTER_SESSIONS_MAX,
	FILTER_AUTHS_MAX = 3,
	TPM_REFUSAL_SIZE = TPM_HEADER_SIZE,
};

/* No handle has this type. */
#define FILTER_UNNAMED UINT32_MAX

struct tpm_filter {
	bool enrolling; /* the node is not provisioned: the attestation key may be made persistent */
	u32 held[FILTER_HELD_MAX]; /* loaded through the port, objects first; 0: free; FILTER_UNNAMED: never again */
	/* Of the command that was let through last. */
	u32 loads; /* class of the handle that the answer tells; 0: it tells none */
	u32 ends[FILTER_AUTHS_MAX + 1]; /* handles that are gone if it succeeds */
	u32 end_count;
};

/* TPM_RC_SUCCESS: may be sent; else the response code to refuse it with. */
u32 tpm_filter_command(struct tpm_filter *f, const u8 *command, size_t n);
/* The TPM's answer to the command let through last. */
void tpm_filter_response(struct tpm_filter *f, const u8 *response, size_t n);
/*
 * The same without an answer: what the command may have loaded has no name, and keeps its place until the next boot, so
 * that root mode's stays free.
 */
void tpm_filter_no_response(struct tpm_filter *f);
/* A handle to flush when the port closes, forgotten by this; 0: none is left. */
u32 tpm_filter_take(struct tpm_filter *f);

void tpm_refusal(u32 response_code, u8 out[TPM_REFUSAL_SIZE]);

#endif
