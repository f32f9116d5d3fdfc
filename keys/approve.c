/* Signing write authorities. Trust: see the header. */
#include "keys/approve.h"

#include "lib/tpm/policy.h"

#include <string.h>

enum exit_code pcr7_from_options(const struct args *args, struct pcr7_values *values)
{
	const char *text;

	for (u32 i = 0; (text = option_value_at(args, "pcr7", i)) != NULL; i++) {
		if (values->count == AUTHORITY_ENTRIES_MAX)
			return usage_error(args, "a node has at most %d values of PCR 7", AUTHORITY_ENTRIES_MAX);
		if (!parse_hex(text, values->value[values->count++], SHA256_SIZE))
			return usage_error(args, "--pcr7 takes 64 hexadecimal digits, not '%s'", text);
	}
	return EXIT_OK;
}

/* The policy key of the newest manifest; an older one would sign what no newly enrolled node accepts. */
static enum exit_code open_policy_key(const struct key_session *s, struct signers *keys, struct signer **out)
{
	char failed[PATH_MAX];
	enum err e = signers_open(s->dir, ROLE_POLICY, &s->passphrase, keys, failed, sizeof(failed));

	if (e)
		return complain(e, key_file_advice(e, failed), "cannot open policy key %s", failed);
	for (u32 i = 0; i < keys->count; i++) {
		if (memcmp(signer_public_key(keys->each[i]), key_set_policy_key(&s->set), P256_KEY_SIZE) != 0)
			continue;
		*out = keys->each[i];
		return EXIT_OK;
	}
	signers_close(keys);
	return complain(ERR_KEY_FILE, "bring the policy key's .pem file back into the directory",
	        "%s does not hold the private policy key of key manifest %llu", s->dir,
	        (unsigned long long)s->set.version);
}

static enum err approve(struct signer *key, const u8 pcr7[SHA256_SIZE], struct authority *a)
{
	struct authority_entry entry;
	u8 hash[SHA256_SIZE], signature[P384_SIGNATURE_SIZE];
	enum err e;

	policy_pcr_digest(PCR_SECURE_BOOT, pcr7, entry.approved);
	policy_approval_hash(entry.approved, a->node_id, hash);
	e = signer_sign(key, hash, signature);
	if (e)
		return e;
	memcpy(entry.signature, signature, POLICY_SIGNATURE_SIZE);
	return authority_add(a, &entry);
}

enum exit_code authority_sign(const struct key_session *s, const u8 node[NODE_ID_SIZE],
        const struct pcr7_values *values, struct authority *out)
{
	struct signers keys;
	struct signer *key = NULL;
	enum exit_code code = open_policy_key(s, &keys, &key);
	enum err e = OK;

	if (code != EXIT_OK)
		return code;
	*out = (struct authority){ 0 };
	memcpy(out->node_id, node, NODE_ID_SIZE);
	memcpy(out->policy_key, signer_public_key(key), P256_KEY_SIZE);
	for (u32 i = 0; i < values->count && !e; i++)
		e = approve(key, values->value[i], out);
	signers_close(&keys);
	return e ? complain(e, NULL, "cannot sign the write authority") : EXIT_OK;
}
