/*
 * Keys in the TPM (TCG Part 3, sections 12.3 and 20.1).
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/key.h"

#include "lib/tpm/policy.h"

#include <string.h>

void read_name_as(struct reader *r, const struct tpm_name *name)
{
	struct tpm_name given = { .size = 0 };
	read_name(r, &given);
	if (given.size != name->size || memcmp(given.bytes, name->bytes, name->size) != 0)
		r->failed = true;
}

enum err tpm_load_external(struct tpm *tpm, const u8 key[P256_KEY_SIZE], u32 *handle)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_LoadExternal);
	write_be16(&c.w, 0); /* no private part */
	u8 area[ECC_PUBLIC_MAX];
	struct writer public = writer_on(area, sizeof(area));
	write_ecc_public(&public, POLICY_KEY_ATTRIBUTES, key);
	write_tpm2b(&c.w, area, public.used);
	write_be32(&c.w, TPM_RH_OWNER);
	tpm_command_run(&c, handle);
	struct tpm_name name;
	tpm_name_of(area, public.used, &name);
	read_name_as(&c.r, &name);
	return tpm_command_end(&c);
}

enum err tpm_verify_signature(struct tpm *tpm, u32 key, const u8 digest[SHA256_SIZE],
        const u8 signature[TPM_SIGNATURE_SIZE], struct tpm_ticket *ticket)
{
	memset(ticket, 0, sizeof(*ticket));
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_VerifySignature);
	write_be32(&c.w, key);
	write_tpm2b(&c.w, digest, SHA256_SIZE);
	write_ecdsa_signature(&c.w, signature);
	tpm_command_run(&c, NULL);
	c.r.failed |= read_be16(&c.r) != TPM_ST_VERIFIED;
	ticket->hierarchy = read_be32(&c.r);
	ticket->size = read_tpm2b_to(&c.r, ticket->digest, sizeof(ticket->digest));
	return tpm_command_end(&c);
}
