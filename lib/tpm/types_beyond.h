/*
 * Further numbers of TPM 2.0, for stage, agent and verifier: root mode asks for nothing that they name.
 * Trust: none needed; constants.
 */
#ifndef SIGNET_LIB_TPM_TYPES_BEYOND_H
#define SIGNET_LIB_TPM_TYPES_BEYOND_H

#include "lib/tpm/types.h"

enum {
	TPM_CC_NV_UndefineSpace = 0x122,
	TPM_CC_PCR_Extend = 0x182,
};

enum {
	TPM_RC_AUTH_FAIL = 0x08E,
	TPM_RC_BAD_AUTH = 0x0A2,
	TPM_RC_INITIALIZE = 0x100,
	TPM_RC_LOCKOUT = 0x921,
	TPM_RC_NV_DEFINED = 0x14C,
	TPM_RC_NV_UNINITIALIZED = 0x14A,
	TPM_RC_SIGNATURE = 0x09B,
};

enum {
	TPMA_OBJECT_FIXEDPARENT = BIT(4),
	TPMA_OBJECT_FIXEDTPM = BIT(1),
	TPMA_OBJECT_NODA = BIT(10),
	TPMA_OBJECT_RESTRICTED = BIT(16),
	TPMA_OBJECT_SENSITIVEDATAORIGIN = BIT(5),
};

enum {
	TPMA_NV_AUTHWRITE = BIT(2),
	TPMA_NV_OWNERWRITE = BIT(1),
};

enum {
	TPM_CAP_PCRS = 5,
	TPM_PT_MANUFACTURER = 0x105,
	TPM_PT_NV_BUFFER_MAX = 0x12C,
	TPM_RH_PLATFORM = 0x4000000C,
	TPM_SU_CLEAR = 0,
};

#endif
