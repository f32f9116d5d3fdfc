/* Shared by the commands on images. Trust: runs as the operator. */
#include "cli/image_common.h"

#include "keys/commands.h"

#include <errno.h>
#include <string.h>

static enum exit_code read_trust(const struct args *args, struct trust *out)
{
	const char *boot = option_value(args, "boot"), *anchor = option_value(args, "anchor");
	const char *keys = option_value(args, "keys");
	const char *todo, *from = boot ? boot : anchor ? anchor : keys;
	enum err e;

	if (boot) {
		e = trust_of_boot(boot, out);
		todo = "`signet boot build` makes boot files";
	} else if (anchor) {
		e = trust_read(anchor, out);
		todo = "take anchor.bin of the boot files, or key-manifests.bin of `signet keys export`";
	} else {
		e = trust_of_store(keys, out);
		todo = key_advice(e);
	}
	return e ? complain_file(e, todo, "cannot use the trusted keys of", from) : EXIT_OK;
}

enum exit_code trust_from_options(const struct args *args, struct trust *out, bool *given)
{
	u32 count =
	        (u32)option_given(args, "boot") + (u32)option_given(args, "anchor") + (u32)option_given(args, "keys");

	if (given)
		*given = count == 1;
	if (count == 0 && given)
		return EXIT_OK;
	if (count != 1)
		return usage_error(args, "say whom to trust: one of --boot DIR, --anchor FILE, --keys DIR");
	return read_trust(args, out);
}

const char *image_advice(enum err e)
{
	static const struct {
		enum err e;
		const char *text;
	} advice[] = {
		{ ERR_IMAGE_ABSENT, "this is no Signet image: `signet image build` makes one" },
		{ ERR_RANGE, "the file is cut short, or something follows the image: copy it again" },
		{ ERR_SIGNATURE_MISSING, "have more release keys sign it: `signet image sign`" },
		{ ERR_KEYS_CHAIN, "the image was made for another fleet, or for keys that do not lead on from these" },
		{ ERR_KEYS_OTHER, "build the image again with the key manifests it is to be judged by" },
		{ ERR_IMAGE_CONTENT, "the file was damaged or changed after signing: copy it again" },
		{ ERR_IMAGE_MERKLE, "the file was damaged or changed after signing: copy it again" },
		{ ERR_IMAGE_DEVELOPMENT, "development images start only where --allow-development was given" },
		{ ERR_IMAGE_DEBUG, "debug images start only where --allow-debug was given" },
		{ ERR_IMAGE_EXPIRED, "build and sign a new image, or check this machine's clock" },
		{ ERR_IMAGE_LENGTH,
		        "make boot files for larger slots (`signet boot build --slot-size`), or the image smaller" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(advice); i++) {
		if (advice[i].e == e)
			return advice[i].text;
	}
	return NULL;
}

enum exit_code open_image(const char *path, struct image_file *out)
{
	enum err e = image_file_open(path, out);

	return e ? complain_file(e, image_advice(e), "cannot open image", path) : EXIT_OK;
}

enum exit_code complain_file(enum err e, const char *todo, const char *doing, const char *path)
{
	enum exit_code code;

	if (e == ERR_IO && errno)
		code = complain(e, todo, "%s %s: %s", doing, path, strerror(errno));
	else
		code = complain(e, todo, "%s %s", doing, path);
	/* The command line was right; it is the file that is not usable. */
	return code == EXIT_USAGE_ERROR ? EXIT_FAILED : code;
}

enum exit_code complain_verdict(enum err e, const char *path, const char *where)
{
	if (e == ERR_IO || e == ERR_NO_MEMORY || e == ERR_INTERNAL)
		return complain_file(e, NULL, "cannot judge", path);
	(void)complain(e, image_advice(e), "%s is refused%s%s", path, where ? ": " : "", where ? where : "");
	return EXIT_REFUSED;
}

static void advance(void *context, u64 bytes)
{
	progress_add(context, bytes);
}

struct meter meter_on(struct progress *bar)
{
	return (struct meter){ .advance = advance, .context = bar };
}

const char *flags_text(u32 flags)
{
	static const char *const texts[] = { "none", "development", "debug", "development, debug" };

	return texts[flags & IMAGE_FLAGS_KNOWN];
}
