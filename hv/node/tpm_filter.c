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
	H_OWN = H_OBJECT | H_SESSION,
	H_KEY = H_OBJECT | H_PERSISTENT,
};

#define TYPE 0xFF000000u

static const struct {
	u32 mask, value, class;
} classes[] = {
	{ UINT32_MAX, TPM_RH_OWNER, H_OWNER },
	{ UINT32_MAX, TPM_RH_ENDORSEMENT, H_ENDORSEMENT },
	{ UINT32_MAX, TPM_RH_NULL, H_NULL },
	{ TYPE, 0x01000000, H_NV },
	{ TYPE, 0x02000000, H_SESSION }, /* HMAC */
	{ TYPE, 0x03000000, H_SESSION }, /* policy */
	{ TYPE, 0x80000000, H_OBJECT },
	{ TYPE, 0x81000000, H_PERSISTENT },
};

/* What success leaves behind. */
enum effect { NOTHING = 0, NEW_OBJECT = H_OBJECT, NEW_SESSION = H_SESSION };

enum {
	HANDLES_MAX = 3,
	/* Continue, decrypt, encrypt. Audit would make records that speak in the TPM's name of what root mode does. */
	SESSION_ATTRIBUTES = BIT(0) | BIT(5) | BIT(6),
	CAPABILITY_LAST = 9, /* beyond are the vendors' */
	LIST_MAX = 8,
	ALG_XOR = 0x0A,
};

/*
 * Parameters, one character each. A digit: so many bytes. z: sized bytes; l: list of those; p: PCR selection; s:
 * signature scheme; y: symmetric algorithm; *: whatever is left. Numbers of 32 bits with a rule of their own: c:
 * capability; f: handle to flush; k: the attestation key's handle; m: what a saved context was.
 */
struct rule {
	u32 code;
	u8 auths; /* handles from the first that need authorization */
	u8 handle[HANDLES_MAX]; /* classes; 0 ends them */
	const char *parameters;
	enum effect effect;
};

static const struct rule rules[] = {
	{ TPM_CC_EvictControl, 1, { H_OWNER, H_OBJECT }, "k", NOTHING },
	{ TPM_CC_CreatePrimary, 1, { H_OWNER | H_ENDORSEMENT | H_NULL }, "zzzp", NEW_OBJECT },
	{ TPM_CC_ActivateCredential, 2, { H_KEY, H_KEY }, "zz", NOTHING },
	{ TPM_CC_Certify, 2, { H_KEY, H_KEY }, "zs", NOTHING },
	{ TPM_CC_GetTime, 2, { H_ENDORSEMENT, H_KEY }, "zs", NOTHING },
	{ TPM_CC_NV_Read, 1, { H_NV | H_OWNER, H_NV }, "22", NOTHING },
	{ TPM_CC_PolicySecret, 1, { H_KEY | H_NV | H_OWNER | H_ENDORSEMENT, H_SESSION }, "zzz4", NOTHING },
	{ TPM_CC_Create, 1, { H_KEY }, "zzzp", NOTHING },
	{ TPM_CC_Load, 1, { H_KEY }, "zz", NEW_OBJECT },
	{ TPM_CC_Quote, 1, { H_KEY }, "zsp", NOTHING },
	{ TPM_CC_Sign, 1, { H_KEY }, "zs24z", NOTHING },
	{ TPM_CC_ContextLoad, 0, { 0 }, "8m4z", NEW_OBJECT },
	{ TPM_CC_ContextSave, 0, { H_OBJECT | H_SESSION }, "", NOTHING },
	{ TPM_CC_FlushContext, 0, { 0 }, "f", NOTHING },
	{ TPM_CC_NV_ReadPublic, 0, { H_NV }, "", NOTHING },
	{ TPM_CC_PolicyAuthValue, 0, { H_SESSION }, "", NOTHING },
	{ TPM_CC_PolicyCommandCode, 0, { H_SESSION }, "4", NOTHING },
	{ TPM_CC_PolicyOR, 0, { H_SESSION }, "l", NOTHING },
	{ TPM_CC_ReadPublic, 0, { H_KEY }, "", NOTHING },
	{ TPM_CC_StartAuthSession, 0, { H_KEY | H_NULL, H_KEY | H_OWNER | H_ENDORSEMENT | H_NULL }, "zz1y2",
	        NEW_SESSION },
	{ TPM_CC_GetCapability, 0, { 0 }, "c44", NOTHING },
	{ TPM_CC_GetRandom, 0, { 0 }, "2", NOTHING },
	{ TPM_CC_PCR_Read, 0, { 0 }, "p", NOTHING },
	{ TPM_CC_PolicyPCR, 0, { H_SESSION }, "zp", NOTHING },
	{ TPM_CC_PolicyRestart, 0, { H_SESSION }, "", NOTHING },
	{ TPM_CC_ReadClock, 0, { 0 }, "", NOTHING },
	{ TPM_CC_NV_Certify, 2, { H_KEY, H_NV | H_OWNER, H_NV }, "zs22", NOTHING },
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

/* Where a handle of that class is kept, 0: where one could be; NULL: nowhere. */
static u32 *find(struct tpm_filter *f, u32 class, u32 handle)
{
	u32 first = class == H_OBJECT ? 0 : FILTER_OBJECTS_MAX;

	for (u32 i = first; i < (class == H_OBJECT ? FILTER_OBJECTS_MAX : FILTER_HELD_MAX); i++) {
		if (f->held[i] == handle)
			return &f->held[i];
	}
	return NULL;
}

static u32 class_of(struct tpm_filter *f, u32 handle)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		u32 class = classes[i].class;

		if ((handle & classes[i].mask) == classes[i].value)
			return class & H_OWN && !find(f, class, handle) ? 0 : class;
	}
	return 0;
}

static void expect(struct reader *r, bool good)
{
	r->failed |= !good;
}

static void check_number(struct tpm_filter *f, char form, struct reader *r)
{
	u32 value = read_be32(r), class = class_of(f, value);

	if (form == 'c')
		expect(r, value <= CAPABILITY_LAST);
	else if (form == 'k')
		expect(r, f->enrolling && value == TPM_AK_HANDLE);
	else if (form == 'm') /* a session keeps its handle; of an object it tells only that it was one */
		expect(r, class == H_SESSION || (value & TYPE) == 0x80000000);
	else
		expect(r, form == 'f' && (class & H_OWN));
	if (form == 'f')
		f->ends[f->end_count++] = value;
}

static void skip_sized(struct reader *r)
{
	size_t n;

	(void)read_tpm2b(r, r->left, &n);
}

static void skip_list(struct reader *r, bool pcrs)
{
	u32 count = read_be32(r);

	expect(r, count <= LIST_MAX);
	for (u32 i = 0; i < count && !r->failed; i++) {
		if (!pcrs) {
			skip_sized(r);
			continue;
		}
		(void)read_be16(r);
		(void)read_bytes(r, read_u8(r));
	}
}

/* None, or with one number (a hash), or two (a key's length and a mode). */
static void skip_algorithm(struct reader *r, bool symmetric)
{
	u16 alg = read_be16(r);
	size_t more = alg == TPM_ALG_NULL ? 0 : symmetric && alg != ALG_XOR ? 4 : 2;

	(void)read_bytes(r, more);
}

static void check_parameter(struct tpm_filter *f, char form, struct reader *r)
{
	if (form >= '1' && form <= '9')
		(void)read_bytes(r, (size_t)(form - '0'));
	else if (form == 'z')
		skip_sized(r);
	else if (form == 'l' || form == 'p')
		skip_list(r, form == 'p');
	else if (form == 's' || form == 'y')
		skip_algorithm(r, form == 'y');
	else if (form == '*')
		(void)read_bytes(r, r->left);
	else
		check_number(f, form, r);
}

static u32 check_handles(struct tpm_filter *f, const struct rule *rule, struct reader *r)
{
	for (u32 i = 0; i < HANDLES_MAX && rule->handle[i]; i++) {
		if (!(class_of(f, read_be32(r)) & rule->handle[i]))
			return r->failed ? TPM_RC_INSUFFICIENT : TPM_RC_HANDLE;
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
	if (!(attributes & TPMA_SESSION_CONTINUESESSION))
		f->ends[f->end_count++] = handle;
	return TPM_RC_SUCCESS;
}

/* The authorization area, up to the parameters. */
static u32 check_auths(struct tpm_filter *f, const struct rule *rule, bool there, struct reader *r)
{
	u32 count = 0, size = there ? read_be32(r) : 0, code;
	struct reader area = reader_on(read_bytes(r, size), size);

	if (r->failed || (there && !size))
		return TPM_RC_AUTHSIZE;
	for (; area.left; count++) {
		code = count < FILTER_AUTHS_MAX ? check_auth(f, &area) : TPM_RC_AUTHSIZE;
		if (code)
			return code;
	}
	return count < rule->auths ? TPM_RC_AUTH_MISSING : TPM_RC_SUCCESS;
}

static u32 check_room(struct tpm_filter *f)
{
	if (!f->loads || find(f, f->loads, 0))
		return TPM_RC_SUCCESS;
	return f->loads == H_OBJECT ? TPM_RC_OBJECT_MEMORY : TPM_RC_SESSION_MEMORY;
}

u32 tpm_filter_command(struct tpm_filter *f, const u8 *command, size_t n)
{
	struct reader r = reader_on(command, n);
	u16 tag = read_be16(&r);
	u32 size = read_be32(&r), refusal;
	const struct rule *rule = find_rule(read_be32(&r));

	f->end_count = 0;
	f->loads = 0;
	if (r.failed || size != n || n > TPM_BUFFER_SIZE)
		return TPM_RC_COMMAND_SIZE;
	if (tag != TPM_ST_SESSIONS && tag != TPM_ST_NO_SESSIONS)
		return TPM_RC_BAD_TAG;
	if (!rule)
		return TPM_RC_COMMAND_CODE;
	refusal = check_handles(f, rule, &r);
	if (!refusal)
		refusal = check_auths(f, rule, tag == TPM_ST_SESSIONS, &r);
	if (refusal)
		return refusal;
	for (const char *form = rule->parameters; *form && !r.failed; form++)
		check_parameter(f, *form, &r);
	if (!reader_done(&r))
		return TPM_RC_VALUE;
	f->loads = rule->effect;
	return check_room(f);
}

/* A context of a session that is loaded again is known already, and 0 is no handle: neither has a place to go to. */
void tpm_filter_response(struct tpm_filter *f, const u8 *response, size_t n)
{
	u32 handle = f->loads && n >= TPM_HEADER_SIZE + 4 ? load_be32(response + TPM_HEADER_SIZE) : 0;
	u32 class = (handle & TYPE) == 0x80000000 ? H_OBJECT : H_SESSION;
	u32 *place = find(f, class, handle) ? NULL : find(f, class, 0);

	if (n < TPM_HEADER_SIZE || load_be32(response + 6) != TPM_RC_SUCCESS)
		return;
	if (place)
		*place = handle;
	for (u32 i = 0; i < f->end_count; i++) {
		for (u32 j = 0; j < FILTER_HELD_MAX; j++)
			f->held[j] = f->held[j] == f->ends[i] ? 0 : f->held[j];
	}
}

void tpm_filter_no_response(struct tpm_filter *f)
{
	u32 *place = f->loads ? find(f, f->loads, 0) : NULL;

	if (place)
		*place = FILTER_UNNAMED;
}

u32 tpm_filter_take(struct tpm_filter *f)
{
	for (u32 i = 0; i < FILTER_HELD_MAX; i++) {
		u32 handle = f->held[i];

		if (!handle || handle == FILTER_UNNAMED)
			continue;
		f->held[i] = 0;
		return handle;
	}
	return 0;
}

void tpm_refusal(u32 response_code, u8 out[TPM_REFUSAL_SIZE])
{
	store_be16(out, TPM_ST_NO_SESSIONS);
	store_be32(out + 2, TPM_REFUSAL_SIZE);
	store_be32(out + 6, response_code);
}
