/*
 * The numbers of TPM 2.0 that we use, named as in the TCG's "Trusted Platform Module Library, Part 2: Structures".
 * Trust: none needed; constants.
 */
#ifndef SIGNET_LIB_TPM_TYPES_H
#define SIGNET_LIB_TPM_TYPES_H

#include "lib/types.h"

enum tpm_st {
	TPM_ST_NO_SESSIONS = 0x8001,
	TPM_ST_SESSIONS = 0x8002,
	TPM_ST_VERIFIED = 0x8022,
};

enum tpm_cc {
	TPM_CC_EvictControl = 0x120,
	TPM_CC_HierarchyChangeAuth = 0x129,
	TPM_CC_NV_DefineSpace = 0x12A,
	TPM_CC_CreatePrimary = 0x131,
	TPM_CC_NV_Write = 0x137,
	TPM_CC_PCR_Event = 0x13C,
	TPM_CC_SelfTest = 0x143,
	TPM_CC_Startup = 0x144,
	TPM_CC_ActivateCredential = 0x147,
	TPM_CC_Certify = 0x148,
	TPM_CC_GetTime = 0x14C,
	TPM_CC_NV_Read = 0x14E,
	TPM_CC_PolicySecret = 0x151,
	TPM_CC_Create = 0x153,
	TPM_CC_Load = 0x157,
	TPM_CC_Quote = 0x158,
	TPM_CC_Sign = 0x15D,
	TPM_CC_ContextLoad = 0x161,
	TPM_CC_ContextSave = 0x162,
	TPM_CC_FlushContext = 0x165,
	TPM_CC_LoadExternal = 0x167,
	TPM_CC_NV_ReadPublic = 0x169,
	TPM_CC_PolicyAuthorize = 0x16A,
	TPM_CC_PolicyAuthValue = 0x16B,
	TPM_CC_PolicyCommandCode = 0x16C,
	TPM_CC_PolicyOR = 0x171,
	TPM_CC_ReadPublic = 0x173,
	TPM_CC_StartAuthSession = 0x176,
	TPM_CC_VerifySignature = 0x177,
	TPM_CC_GetCapability = 0x17A,
	TPM_CC_GetRandom = 0x17B,
	TPM_CC_PCR_Read = 0x17E,
	TPM_CC_PolicyPCR = 0x17F,
	TPM_CC_PolicyRestart = 0x180,
	TPM_CC_ReadClock = 0x181,
	TPM_CC_NV_Certify = 0x184,
	TPM_CC_PolicyGetDigest = 0x189,
	TPM_CC_TestParms = 0x18A,
};

/* Format-one codes stand here without the parameter, handle or session number (tpm_rc_base). */
enum tpm_rc {
	TPM_RC_SUCCESS = 0,
	TPM_RC_BAD_TAG = 0x01E,
	TPM_RC_ATTRIBUTES = 0x082,
	TPM_RC_VALUE = 0x084,
	TPM_RC_HANDLE = 0x08B,
	TPM_RC_POLICY_FAIL = 0x09D,
	TPM_RC_INSUFFICIENT = 0x09A,
	TPM_RC_FAILURE = 0x101,
	TPM_RC_AUTH_TYPE = 0x124,
	TPM_RC_AUTH_MISSING = 0x125,
	TPM_RC_PCR_CHANGED = 0x128,
	TPM_RC_AUTH_UNAVAILABLE = 0x12F,
	TPM_RC_COMMAND_SIZE = 0x142,
	TPM_RC_COMMAND_CODE = 0x143,
	TPM_RC_AUTHSIZE = 0x144,
	TPM_RC_NV_AUTHORIZATION = 0x149,
	TPM_RC_NV_SPACE = 0x14B,
	TPM_RC_OBJECT_MEMORY = 0x902,
	TPM_RC_SESSION_MEMORY = 0x903,
	TPM_RC_YIELDED = 0x908,
	TPM_RC_TESTING = 0x90A,
	TPM_RC_NV_RATE = 0x920,
	TPM_RC_RETRY = 0x922,
	TPM_RC_NV_UNAVAILABLE = 0x923,
};

enum tpm_handle {
	TPM_RH_OWNER = 0x40000001,
	TPM_RH_NULL = 0x40000007,
	TPM_RS_PW = 0x40000009,
	TPM_RH_LOCKOUT = 0x4000000A,
	TPM_RH_ENDORSEMENT = 0x4000000B,
	/* Ours: where enrolment makes the attestation key persistent, and the only place it may. */
	TPM_AK_HANDLE = 0x81005100,
};

enum tpm_alg {
	TPM_ALG_SHA1 = 0x0004,
	TPM_ALG_SHA256 = 0x000B,
	TPM_ALG_SHA384 = 0x000C,
	TPM_ALG_SHA512 = 0x000D,
	TPM_ALG_NULL = 0x0010,
	TPM_ALG_SM3_256 = 0x0012,
	TPM_ALG_ECDSA = 0x0018,
	TPM_ALG_ECC = 0x0023,
	TPM_ALG_SHA3_256 = 0x0027,
	TPM_ALG_SHA3_384 = 0x0028,
	TPM_ALG_SHA3_512 = 0x0029,
};

enum { TPM_ECC_NIST_P256 = 0x0003 };
enum tpm_se { TPM_SE_POLICY = 1, TPM_SE_TRIAL = 3 };
enum tpm_cap { TPM_CAP_TPM_PROPERTIES = 6 };
enum { TPMA_SESSION_CONTINUESESSION = BIT(0) };

enum tpm_pt {
	TPM_PT_PERMANENT = 0x200,
	TPM_PT_STARTUP_CLEAR = 0x201,
};

/* TPMA_PERMANENT: which hierarchies have an authorization value of their own. */
enum { TPMA_PERMANENT_OWNERAUTHSET = BIT(0), TPMA_PERMANENT_LOCKOUTAUTHSET = BIT(2) };

/* TPMA_STARTUP_CLEAR: the owner's (storage) hierarchy is on. */
enum { TPMA_STARTUP_CLEAR_SHENABLE = BIT(1) };

enum tpma_object {
	TPMA_OBJECT_USERWITHAUTH = BIT(6),
	TPMA_OBJECT_SIGN_ENCRYPT = BIT(18),
};

/* Ordinary indices have TPM_NT_ORDINARY, zero, in bits 7:4. */
enum tpma_nv {
	TPMA_NV_POLICYWRITE = BIT(3),
	TPMA_NV_AUTHREAD = BIT(18),
	TPMA_NV_NO_DA = BIT(25),
	TPMA_NV_WRITTEN = BIT(29),
};

enum {
	TPM_HEADER_SIZE = 10,
	TPM_DIGEST_MAX = 64,
	TPM_NAME_MAX = 2 + TPM_DIGEST_MAX,
	TPM_PCRS = 24,
	/* Every hash algorithm that the PC Client profile knows as a PCR bank. */
	TPM_BANKS_MAX = 8,
	TPM_EVENT_DATA_MAX = 1024,
	/* One NV_Read or NV_Write; no TPM of the PC Client profile takes less. */
	TPM_NV_DATA_MAX = 512,
};

struct tpm_name {
	u16 size;
	u8 bytes[TPM_NAME_MAX];
};

#endif
