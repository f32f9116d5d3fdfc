/*
 * `signet keys authorize`: the write authority of one node.
 * Trust: signs with the policy key, which decides which machines may change their boot state.
 */
#include "image/host/file.h"
#include "keys/commands.h"
#include "lib/tpm/policy.h"
#include "update/authority.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The policy key of the newest manifest; an older one would sign what no newly enrolled node accepts. */
static enum exit_code open_policy_key(const struct key_session *s, struct signers *keys, struct signer **out)
{
	char failed[PATH_MAX];
	enum err e = signers_open(s->dir, ROLE_POLICY, &s->passphrase, keys, failed, sizeof(failed));

	if (e)
		return complain(e, key_advice(e), "cannot open policy key %s", failed);
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

static enum exit_code approve_all(const struct args *args, struct signer *key, struct authority *a)
{
	const char *text;

	for (u32 i = 0; (text = option_value_at(args, "pcr7", i)) != NULL; i++) {
		u8 pcr7[SHA256_SIZE];
		enum err e;

		if (!parse_hex(text, pcr7, sizeof(pcr7)))
			return usage_error(args, "--pcr7 takes 64 hexadecimal digits, not '%s'", text);
		e = approve(key, pcr7, a);
		if (e)
			return complain(
			        e, NULL, "cannot approve PCR 7 value %s (at most %d)", text, AUTHORITY_ENTRIES_MAX);
	}
	return EXIT_OK;
}

static enum exit_code write_authority(const char *path, const struct authority *a)
{
	u8 bytes[AUTHORITY_SIZE_MAX];
	size_t n = authority_encode(a, bytes);

	if (file_write(path, bytes, n) != OK)
		return complain(
		        ERR_IO, "check the path and your rights there", "cannot write %s: %s", path, strerror(errno));
	printf("Wrote %s: the node may write its boot state under %u value%s of PCR 7.\n", path, a->count,
	        a->count == 1 ? "" : "s");
	printf("Next: `signet flash authority TARGET %s` puts it onto the node's flash disk.\n", path);
	return EXIT_OK;
}

static enum exit_code authorize(const struct args *args, const struct key_session *s, struct authority *a)
{
	struct signers keys;
	struct signer *key = NULL;
	enum exit_code code = open_policy_key(s, &keys, &key);

	if (code != EXIT_OK)
		return code;
	memcpy(a->policy_key, signer_public_key(key), P256_KEY_SIZE);
	code = approve_all(args, key, a);
	signers_close(&keys);
	return code == EXIT_OK ? write_authority(option_value(args, "out"), a) : code;
}

enum exit_code keys_authorize(const struct args *args)
{
	struct authority a = { 0 };
	struct key_session s;
	enum exit_code code;

	if (!parse_hex(option_value(args, "node-id"), a.node_id, sizeof(a.node_id)))
		return usage_error(args, "--node-id takes 64 hexadecimal digits");
	code = key_session_open(args, &s);
	if (code != EXIT_OK)
		return code;
	code = authorize(args, &s, &a);
	key_session_close(&s);
	return code;
}
