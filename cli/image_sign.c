/* `signet image sign`. Trust: runs where release keys are; shows what it signs before it does. */
#include "cli/image_commands.h"
#include "cli/image_common.h"
#include "cli/units.h"
#include "image/host/sign.h"
#include "keys/commands.h"
#include "lib/print.h"

#include <string.h>

/* An image or request being signed, and the keys it names. */
struct signing {
	const char *path;
	struct image_file file;
	struct key_set keys;
	struct manifest manifest;
	u32 added;
};

static void show(const struct signing *s)
{
	u8 digest[SHA384_SIZE];
	char hex[2 * SHA384_SIZE + 1], created[TIME_TEXT], expiry[TIME_TEXT];
	const struct manifest *m = &s->manifest;

	image_file_message_digest(&s->file, digest);
	hex_encode(hex, digest, sizeof(digest));
	printf("%s: %s %s\n", s->path, m->product, m->release);
	printf("  SVN             %u\n", m->svn);
	printf("  flags           %s\n", flags_text(m->flags));
	printf("  hardware class  %s\n", m->hardware_class);
	printf("  created         %s\n", format_time(created, m->created));
	printf("  expires         %s\n", m->expiry ? format_time(expiry, m->expiry) : "never");
	printf("  key manifest    version %llu\n", (unsigned long long)s->keys.version);
	printf("  signed digest   %s\n", hex);
}

static enum exit_code open_signing(const char *path, struct signing *s)
{
	s->path = path;
	enum exit_code code = open_image(path, &s->file);

	if (code != EXIT_OK)
		return code;
	enum err e = image_file_claims(&s->file, &s->keys, &s->manifest);
	if (!e && !digest_equal(s->keys.digest, s->manifest.keys_digest, SHA384_SIZE))
		e = ERR_KEYS_OTHER;
	return e ? complain_file(e, image_advice(e), "cannot read", path) : EXIT_OK;
}

static enum exit_code sign_with(struct signing *s, struct signer *signer, const char *name)
{
	enum err e = image_sign(&s->file, &s->keys, signer);

	if (e == ERR_SIGNATURE_MISSING) {
		note("%s is no release key of key manifest %llu, which this image names", name,
		        (unsigned long long)s->keys.version);
		return EXIT_FAILED;
	}
	if (e == ERR_KEY_EXISTS) {
		note("%s has signed already", name);
		note("each signature has to be of another release key: `signet keys list` shows them");
		return EXIT_FAILED;
	}
	if (e)
		return complain(e, NULL, "cannot sign with %s", name);
	s->added++;
	return EXIT_OK;
}

static enum exit_code sign_with_files(const struct args *args, struct signing *s, const struct passphrase *passphrase)
{
	const char *path;
	enum exit_code code = EXIT_OK;

	for (u32 i = 0; code == EXIT_OK && (path = option_value_at(args, "key", i)); i++) {
		struct signer *signer;
		enum err e = signer_open(path, passphrase, &signer);
		if (e)
			return complain(e, key_file_advice(e, path), "cannot open key %s", path);
		code = sign_with(s, signer, path);
		signer_close(signer);
	}
	return code;
}

static bool has_signed(struct signing *s, const u8 id[KEY_ID_SIZE])
{
	static struct signature_list list;
	size_t n = (size_t)s->file.layout.signatures_length;

	if (signature_list_read(image_file_signatures(&s->file), n, &list) != OK)
		return false;
	for (u32 i = 0; i < list.count; i++)
		if (memcmp(list.entries[i].key_id, id, KEY_ID_SIZE) == 0)
			return true;
	return false;
}

/* A directory stands for all its keys: one of which a colleague has made use already keeps none of the others away. */
static enum exit_code sign_with_all(struct signing *s, const char *directory, const struct signers *signers)
{
	char name[2 * KEY_ID_SIZE + 1];
	enum exit_code code = EXIT_OK;

	if (signers->count == 0) {
		note("%s holds no release key", directory);
		return EXIT_FAILED;
	}
	for (u32 i = 0; code == EXIT_OK && i < signers->count; i++) {
		hex_encode(name, signer_id(signers->each[i]), KEY_ID_SIZE);
		if (has_signed(s, signer_id(signers->each[i])))
			note("%s has signed already: skipped", name);
		else
			code = sign_with(s, signers->each[i], name);
	}
	return code;
}

static enum exit_code sign_with_store(const char *directory, struct signing *s, const struct passphrase *passphrase)
{
	struct signers signers;
	char failed[PATH_MAX];

	if (store_is_development(directory) && !(s->manifest.flags & IMAGE_DEVELOPMENT)) {
		note("%s holds development keys, but the image is not marked as a development image", directory);
		return EXIT_REFUSED;
	}
	enum err e = signers_open(directory, ROLE_RELEASE, passphrase, &signers, failed, sizeof(failed));
	if (e)
		return complain(e, key_file_advice(e, failed), "cannot open key %s", failed);
	enum exit_code code = sign_with_all(s, directory, &signers);
	signers_close(&signers);
	return code;
}

static enum exit_code sign_locally(const struct args *args, struct signing *s)
{
	struct passphrase passphrase;
	const char *file = option_value(args, "passphrase-file"), *directory = option_value(args, "keys");
	enum err e = passphrase_read(file, &passphrase);

	if (e)
		return complain(e, key_file_advice(e, file), "cannot read a passphrase from %s", file);
	enum exit_code code = sign_with_files(args, s, &passphrase);
	if (code == EXIT_OK && directory)
		code = sign_with_store(directory, s, &passphrase);
	passphrase_wipe(&passphrase);
	return code;
}

static enum exit_code attach(const struct args *args, struct signing *s)
{
	static struct image_file from;
	const char *path;

	for (u32 i = 0; (path = option_value_at(args, "attach", i)); i++) {
		enum exit_code code = open_image(path, &from);
		if (code != EXIT_OK)
			return code;
		enum err e = image_attach(&s->file, &s->keys, &from, &s->added);
		image_file_close(&from);
		if (e == ERR_KEYS_OTHER) {
			note("%s was made for another image than %s", path, s->path);
			return EXIT_REFUSED;
		}
		if (e)
			return complain(e, NULL, "cannot take over the signatures of %s", path);
	}
	return EXIT_OK;
}

static enum exit_code save(const struct args *args, struct signing *s)
{
	const char *request = option_value(args, "request-out"), *output = option_value(args, "output");
	u32 valid;

	if (request) {
		enum err e = image_save_head(&s->file, request);
		return e ? complain_file(e, NULL, "cannot write", request) : EXIT_OK;
	}
	output = output ? output : s->path;
	/* Judged again as it will stand in the file. */
	enum err e = image_signature_count(&s->file, &s->keys, &valid);
	if (!e)
		e = image_save(&s->file, output);
	if (e)
		return complain_file(e, NULL, "cannot write", output);
	printf("%s: %u of %u signatures are there\n", output, valid, s->keys.release_threshold);
	return EXIT_OK;
}

static enum exit_code check_arguments(const struct args *args)
{
	bool signs = option_given(args, "key") || option_given(args, "keys") || option_given(args, "attach");

	if (option_given(args, "request-out") && (signs || option_given(args, "output")))
		return usage_error(args, "--request-out stands alone");
	if (!option_given(args, "request-out") && !signs)
		return usage_error(args, "say what to do: --key, --keys, --attach or --request-out");
	return EXIT_OK;
}

enum exit_code image_sign_command(const struct args *args)
{
	static struct signing s;
	enum exit_code code = check_arguments(args);

	if (code == EXIT_OK)
		code = open_signing(operand(args, 0), &s);
	if (code != EXIT_OK)
		return code;
	show(&s);
	if (fflush(stdout) == 0)
		code = sign_locally(args, &s);
	if (code == EXIT_OK)
		code = attach(args, &s);
	if (code == EXIT_OK)
		code = save(args, &s);
	image_file_close(&s.file);
	return code;
}
