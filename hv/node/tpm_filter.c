/*
 * The service VM's TPM commands against one const table.
 * Trust: in the TCB; pure. Commands and responses are outside bytes.
 */
#include "hv/node/tpm_filter.h"

#include "lib/bytes.h"
#include "lib/tpm/marshal.h"
#include "lib/tpm/tpm.h"

/* What a handle is to the port; anything else, PCRs and platform or lockout hierarchy among it, is nothing. */
enum handle_class {
	H_OBJECT = BIT(0), /* transient, loaded through the port */
	H_SESSION = BIT(1), /* opened through the port */
	H_PERSISTENT = BIT(2),
	H_NV = BIT(3),
	H_OWNER = BIT(4),
	H_ENDORSEMENT = BIT(5),
	H_NULL = BIT(6),
	H_KEY = H_OBJECT | H_PERSISTENT,
};

/* What success leaves behind. */
enum effect { NOTHING, NEW_OBJECT, NEW_SESSION, LOADS };

enum {
	HANDLES_MAX = 3,
	HANDLE_TYPE_SHIFT = 24,
	TYPE_NV = 0x01,
	TYPE_HMAC_SESSION = 0x02,
	TYPE_POLICY_SESSION = 0x03,
	TYPE_TRANSIENT = 0x80,
	TYPE_PERSISTENT = 0x81,
	/* Continue, decrypt, encrypt. Audit would make records that speak in the TPM's name of what root mode does. */
	SESSION_ATTRIBUTES = BIT(0) | BIT(5) | BIT(6),
	CAPABILITY_LAST = 9, /* beyond are the vendors' */
	POLICY_BRANCHES_MAX = 8,
	ALG_HMAC = 0x05,
	ALG_AES = 0x06,
	ALG_XOR = 0x0A,
	ALG_RSASSA = 0x14,
	ALG_RSAPSS = 0x16,
};

/*
 * Parameters, one letter each. Numbers: b 8, h 16, w 32, q 64 bits. 2: sized bytes; l: list of those; p: PCR selection;
 * s: signature scheme; y: symmetric algorithm; v: ticket. With their own rule: c: capability; t: session type;
 * f: handle to flush; k: the attestation key's handle; m: handle in a saved context. *: whatever is left.
 */
struct rule {
	u32 code;
	u32 auths; /* handles from the first that need authorization */
	u32 handle[HANDLES_MAX]; /* classes; 0 ends them */
	const char *parameters;
	enum effect effect;
};

static const struct rule rules[] = {
	{ TPM_CC_EvictControl, 1, { H_OWNER, H_OBJECT }, "k", NOTHING },
	{ TPM_CC_CreatePrimary, 1, { H_OWNER | H_ENDORSEMENT | H_NULL }, "222p", NEW_OBJECT },
	{ TPM_CC_ActivateCredential, 2, { H_KEY, H_KEY }, "22", NOTHING },
	{ TPM_CC_Certify, 2, { H_KEY, H_KEY }, "2s", NOTHING },
	{ TPM_CC_GetTime, 2, { H_ENDORSEMENT, H_KEY }, "2s", NOTHING },
	{ TPM_CC_NV_Read, 1, { H_NV | H_OWNER, H_NV }, "hh", NOTHING },
	{ TPM_CC_PolicySecret, 1, { H_KEY | H_NV | H_OWNER | H_ENDORSEMENT, H_SESSION }, "222w", NOTHING },
	{ TPM_CC_Create, 1, { H_KEY }, "222p", NOTHING },
	{ TPM_CC_Load, 1, { H_KEY }, "22", NEW_OBJECT },
	{ TPM_CC_Quote, 1, { H_KEY }, "2sp", NOTHING },
	{ TPM_CC_Sign, 1, { H_KEY }, "2sv", NOTHING },
	{ TPM_CC_ContextLoad, 0, { 0 }, "qmw2", LOADS },
	{ TPM_CC_ContextSave, 0, { H_OBJECT | H_SESSION }, "", NOTHING },
	{ TPM_CC_FlushContext, 0, { 0 }, "f", NOTHING },
	{ TPM_CC_NV_ReadPublic, 0, { H_NV }, "", NOTHING },
	{ TPM_CC_PolicyAuthValue, 0, { H_SESSION }, "", NOTHING },
	{ TPM_CC_PolicyCommandCode, 0, { H_SESSION }, "w", NOTHING },
	{ TPM_CC_PolicyOR, 0, { H_SESSION }, "l", NOTHING },
	{ TPM_CC_ReadPublic, 0, { H_KEY }, "", NOTHING },
	{ TPM_CC_StartAuthSession, 0, { H_KEY | H_NULL, H_KEY | H_OWNER | H_ENDORSEMENT | H_NULL }, "22tyh",
	        NEW_SESSION },
	{ TPM_CC_GetCapability, 0, { 0 }, "cww", NOTHING },
	{ TPM_CC_GetRandom, 0, { 0 }, "h", NOTHING },
	{ TPM_CC_PCR_Read, 0, { 0 }, "p", NOTHING },
	{ TPM_CC_PolicyPCR, 0, { H_SESSION }, "2p", NOTHING },
	{ TPM_CC_PolicyRestart, 0, { H_SESSION }, "", NOTHING },
	{ TPM_CC_ReadClock, 0, { 0 }, "", NOTHING },
	{ TPM_CC_NV_Certify, 2, { H_KEY, H_NV | H_OWNER, H_NV }, "2shh", NOTHING },
	{ TPM_CC_PolicyGetDigest, 0, { H_SESSION }, "", NOTHING },
	{ TPM_CC_TestParms, 0, { 0 }, "*", NOTHING },
};

static const struct rule *find_rule(u32 code)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].code == code)
			return &rules[i];
	}
	return NULL;
}

/* Where handle stands in a list, or the list's length. */
static u32 find(const u32 *list, u32 count, u32 handle)
{
	u32 i = 0;

	while (i < count && list[i] != handle)
		i++;
	return i;
}

static u32 class_of(const struct tpm_filter *f, u32 handle)
{
	switch (handle) {
	case TPM_RH_OWNER:
		return H_OWNER;
	case TPM_RH_ENDORSEMENT:
		return H_ENDORSEMENT;
	case TPM_RH_NULL:
		return H_NULL;
	default:
		break;
	}
	switch (handle >> HANDLE_TYPE_SHIFT) {
	case TYPE_NV:
		return H_NV;
	case TYPE_HMAC_SESSION:
	case TYPE_POLICY_SESSION:
		return find(f->session, FILTER_SESSIONS_MAX, handle) < FILTER_SESSIONS_MAX ? H_SESSION : 0;
	case TYPE_TRANSIENT:
		return find(f->object, FILTER_OBJECTS_MAX, handle) < FILTER_OBJECTS_MAX ? H_OBJECT : 0;
	case TYPE_PERSISTENT:
		return H_PERSISTENT;
	default:
		return 0;
	}
}

static void skip_sized(struct reader *r)
{
	size_t n;

	(void)read_tpm2b(r, r->left, &n);
}

static void expect(struct reader *r, bool good)
{
	r->failed |= !good;
}

static void check_pcrs(struct reader *r)
{
	u32 count = read_be32(r);

	expect(r, count <= TPM_BANKS_MAX);
	for (u32 i = 0; i < count && !r->failed; i++) {
		(void)read_be16(r);
		(void)read_bytes(r, read_u8(r));
	}
}

static void check_scheme(struct reader *r)
{
	u16 alg = read_be16(r);

	if (alg == TPM_ALG_NULL)
		return;
	(void)read_be16(r);
	expect(r, alg == ALG_RSASSA || alg == ALG_RSAPSS || alg == TPM_ALG_ECDSA || alg == ALG_HMAC);
}

static void check_symmetric(struct reader *r)
{
	u16 alg = read_be16(r);

	if (alg == ALG_AES)
		(void)read_be16(r);
	if (alg != TPM_ALG_NULL)
		(void)read_be16(r);
	expect(r, alg == TPM_ALG_NULL || alg == ALG_AES || alg == ALG_XOR);
}

static void check_digests(struct reader *r)
{
	u32 count = read_be32(r);

	expect(r, count <= POLICY_BRANCHES_MAX);
	for (u32 i = 0; i < count && !r->failed; i++)
		skip_sized(r);
}

static void check_ticket(struct reader *r)
{
	(void)read_be16(r);
	(void)read_be32(r);
	skip_sized(r);
}

static void check_session_type(struct reader *r)
{
	u8 type = read_u8(r);

	expect(r, type == 0 || type == TPM_SE_POLICY || type == TPM_SE_TRIAL);
}

/* Of a session, it names the session; of an object, only what kind of object. */
static void check_saved(const struct tpm_filter *f, struct reader *r)
{
	u32 handle = read_be32(r);

	expect(r, handle >> HANDLE_TYPE_SHIFT == TYPE_TRANSIENT || class_of(f, handle) == H_SESSION);
}

static void check_flushed(struct tpm_filter *f, struct reader *r)
{
	u32 handle = read_be32(r);

	expect(r, class_of(f, handle) & (H_OBJECT | H_SESSION));
	f->ends[f->end_count++] = handle;
}

static void check_parameter(struct tpm_filter *f, char form, struct reader *r)
{
	switch (form) {
	case 'h':
		(void)read_be16(r);
		break;
	case 'w':
		(void)read_be32(r);
		break;
	case 'q':
		(void)read_be64(r);
		break;
	case '2':
		skip_sized(r);
		break;
	case 'l':
		check_digests(r);
		break;
	case 'p':
		check_pcrs(r);
		break;
	case 's':
		check_scheme(r);
		break;
	case 'y':
		check_symmetric(r);
		break;
	case 'v':
		check_ticket(r);
		break;
	case 'c':
		expect(r, read_be32(r) <= CAPABILITY_LAST);
		break;
	case 't':
		check_session_type(r);
		break;
	case 'f':
		check_flushed(f, r);
		break;
	case 'k':
		expect(r, f->enrolling && read_be32(r) == TPM_AK_HANDLE);
		break;
	case 'm':
		check_saved(f, r);
		break;
	case '*':
		(void)read_bytes(r, r->left);
		break;
	default:
		r->failed = true;
	}
}

static u32 check_handles(const struct tpm_filter *f, const struct rule *rule, struct reader *r)
{
	for (u32 i = 0; i < HANDLES_MAX && rule->handle[i]; i++) {
		u32 handle = read_be32(r);

		if (r->failed)
			return TPM_RC_INSUFFICIENT;
		if (!(class_of(f, handle) & rule->handle[i]))
			return TPM_RC_HANDLE;
	}
	return TPM_RC_SUCCESS;
}

static u32 check_auth(struct tpm_filter *f, struct reader *r)
{
	u32 handle = read_be32(r);
	size_t n;

	(void)read_tpm2b(r, TPM_DIGEST_MAX, &n);
	u8 attributes = read_u8(r);
	(void)read_tpm2b(r, TPM_DIGEST_MAX, &n);
	if (r->failed)
		return TPM_RC_AUTHSIZE;
	if (handle != TPM_RS_PW && class_of(f, handle) != H_SESSION)
		return TPM_RC_HANDLE;
	if (attributes & ~(u8)SESSION_ATTRIBUTES)
		return TPM_RC_ATTRIBUTES;
	if (handle != TPM_RS_PW && !(attributes & TPMA_SESSION_CONTINUESESSION))
		f->ends[f->end_count++] = handle;
	return TPM_RC_SUCCESS;
}

/* The authorization area, up to the parameters. */
static u32 check_auths(struct tpm_filter *f, const struct rule *rule, u16 tag, struct reader *r)
{
	u32 count = 0;

	if (tag == TPM_ST_SESSIONS) {
		u32 size = read_be32(r);
		const u8 *start = read_bytes(r, size);

		if (!start || !size)
			return TPM_RC_AUTHSIZE;
		for (struct reader area = reader_on(start, size); area.left; count++) {
			u32 code = count < FILTER_AUTHS_MAX ? check_auth(f, &area) : TPM_RC_AUTHSIZE;

			if (code)
				return code;
		}
	}
	return count < rule->auths ? TPM_RC_AUTH_MISSING : TPM_RC_SUCCESS;
}

static u32 check_room(const struct tpm_filter *f, enum effect effect)
{
	if ((effect == NEW_OBJECT || effect == LOADS) && find(f->object, FILTER_OBJECTS_MAX, 0) == FILTER_OBJECTS_MAX)
		return TPM_RC_OBJECT_MEMORY;
	if (effect == NEW_SESSION && find(f->session, FILTER_SESSIONS_MAX, 0) == FILTER_SESSIONS_MAX)
		return TPM_RC_SESSION_MEMORY;
	return TPM_RC_SUCCESS;
}

u32 tpm_filter_command(struct tpm_filter *f, const u8 *command, size_t n)
{
	struct reader r = reader_on(command, n);
	u16 tag = read_be16(&r);
	u32 size = read_be32(&r), code = read_be32(&r), refusal;
	const struct rule *rule = find_rule(code);

	f->end_count = 0;
	f->effect = NOTHING;
	if (r.failed || size != n || n > TPM_BUFFER_SIZE)
		return TPM_RC_COMMAND_SIZE;
	if (tag != TPM_ST_SESSIONS && tag != TPM_ST_NO_SESSIONS)
		return TPM_RC_BAD_TAG;
	if (!rule)
		return TPM_RC_COMMAND_CODE;
	refusal = check_handles(f, rule, &r);
	if (!refusal)
		refusal = check_auths(f, rule, tag, &r);
	if (refusal)
		return refusal;
	for (const char *form = rule->parameters; *form && !r.failed; form++)
		check_parameter(f, *form, &r);
	if (!reader_done(&r))
		return TPM_RC_VALUE;
	f->effect = rule->effect;
	return check_room(f, rule->effect);
}

static void remember(u32 *list, u32 count, u32 handle)
{
	u32 i = find(list, count, handle);

	if (i == count)
		i = find(list, count, 0);
	if (i < count)
		list[i] = handle;
}

static void forget(u32 *list, u32 count, u32 handle)
{
	u32 i = find(list, count, handle);

	if (i < count)
		list[i] = 0;
}

void tpm_filter_response(struct tpm_filter *f, const u8 *response, size_t n)
{
	struct reader r = reader_on(response, n);

	(void)read_be16(&r);
	(void)read_be32(&r);
	if (read_be32(&r) != TPM_RC_SUCCESS || r.failed)
		return;
	if (f->effect != NOTHING) {
		u32 handle = read_be32(&r);

		if (handle >> HANDLE_TYPE_SHIFT == TYPE_TRANSIENT)
			remember(f->object, FILTER_OBJECTS_MAX, handle);
		else if (!r.failed)
			remember(f->session, FILTER_SESSIONS_MAX, handle);
	}
	for (u32 i = 0; i < f->end_count; i++) {
		forget(f->object, FILTER_OBJECTS_MAX, f->ends[i]);
		forget(f->session, FILTER_SESSIONS_MAX, f->ends[i]);
	}
}

static u32 take(u32 *list, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		u32 handle = list[i];

		list[i] = 0;
		if (handle)
			return handle;
	}
	return 0;
}

u32 tpm_filter_take(struct tpm_filter *f)
{
	u32 handle = take(f->object, FILTER_OBJECTS_MAX);

	return handle ? handle : take(f->session, FILTER_SESSIONS_MAX);
}

void tpm_refusal(u32 response_code, u8 out[TPM_REFUSAL_SIZE])
{
	store_be16(out, TPM_ST_NO_SESSIONS);
	store_be32(out + 2, TPM_REFUSAL_SIZE);
	store_be32(out + 6, response_code);
}
