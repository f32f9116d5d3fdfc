/* `signet image inspect`. Trust: shows claims; says of signatures only what keys given by the operator show. */
#include "cli/image_inspect.h"
#include "cli/image_commands.h"
#include "cli/image_common.h"

#include <string.h>

static const char *const worth_texts[] = {
	[SIGNATURE_VALID] = "valid",
	[SIGNATURE_WRONG] = "WRONG",
	[SIGNATURE_UNKNOWN_KEY] = "by a key that is no release key",
	[SIGNATURE_REVOKED_KEY] = "by a revoked key",
};

const char *inspection_worth(const struct inspection *i, u32 n)
{
	return i->judged ? worth_texts[i->worth[n]] : NULL;
}

static void judge(struct inspection *i, const struct trust *trust)
{
	static struct verified_image image;
	u8 digest[SHA384_SIZE];

	i->verdict = image_verify_head(i->file.head, (size_t)i->file.layout.payload_offset,
	        i->file.head_only ? UINT64_MAX : i->file.room, &trust->anchor.keys, NULL, &image);
	/* Signatures are judged by the newest keys that the trusted ones vouch for; without such a chain, by none. */
	static struct key_set keys;
	keys = trust->anchor.keys;
	i->judged = keys_chain_walk(image_file_keys(&i->file), (size_t)i->file.layout.keys_length, &keys, NULL) == OK;
	image_file_message_digest(&i->file, digest);
	for (u32 n = 0; i->judged && n < i->signatures.count; n++)
		i->worth[n] = signature_worth(&i->signatures.entries[n], digest, &keys);
}

static enum err read_claims(struct inspection *i)
{
	enum err e = image_file_claims(&i->file, &i->keys, &i->manifest);

	if (e)
		return e;
	sha384_of(image_file_manifest(&i->file), (size_t)i->file.layout.manifest_length, i->manifest_digest);
	image_file_message_digest(&i->file, i->message_digest);
	return signature_list_read(
	        image_file_signatures(&i->file), (size_t)i->file.layout.signatures_length, &i->signatures);
}

enum exit_code image_inspect_command(const struct args *args)
{
	static struct inspection i;
	static struct trust trust;
	enum exit_code code = trust_from_options(args, &trust, &i.trusted);

	i.path = operand(args, 0);
	if (code == EXIT_OK)
		code = open_image(i.path, &i.file);
	if (code != EXIT_OK)
		return code;
	enum err e = read_claims(&i);
	if (!e && i.trusted)
		judge(&i, &trust);
	if (!e && option_given(args, "json"))
		inspection_print_json(&i);
	else if (!e)
		inspection_print(&i);
	image_file_close(&i.file);
	return e ? complain_file(e, image_advice(e), "cannot read", i.path) : EXIT_OK;
}
