/* `signet image build`. Trust: arguments are the operator's own. */
#include "cli/image_commands.h"
#include "cli/image_common.h"
#include "cli/units.h"
#include "image/host/build.h"
#include "keys/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400, DAYS_MAX = 36500 };

/* Splits KIND=VALUE; 0 when the kind is unknown. */
static u32 kind_of(const char *text, const char **value)
{
	const char *sign = strchr(text, '=');

	for (u32 kind = 1; sign && kind < COMPONENT_KIND_END; kind++) {
		const char *name = component_name(kind);
		if (strlen(name) == (size_t)(sign - text) && strncmp(name, text, strlen(name)) == 0) {
			*value = sign + 1;
			return kind;
		}
	}
	return 0;
}

static enum exit_code take_components(const struct args *args, struct build *b)
{
	const char *text, *value;

	for (u32 i = 0; (text = option_value_at(args, "component", i)); i++) {
		u32 kind = kind_of(text, &value);
		if (kind == 0 || *value == '\0')
			return usage_error(args, "--component takes KIND=FILE with a known kind, not '%s'", text);
		if (b->components[kind].path)
			return usage_error(args, "component %s is given twice", component_name(kind));
		b->components[kind].path = value;
	}
	if (!b->components[COMPONENT_HYPERVISOR].path)
		return usage_error(args, "an image needs a hypervisor: --component hypervisor=FILE");
	return EXIT_OK;
}

/* ADDRESS may be hexadecimal, SIZE may have a unit. */
static bool parse_amount(const char *text, u64 *out)
{
	char *end;

	if (strncmp(text, "0x", 2) != 0)
		return parse_size(text, out);
	*out = strtoull(text, &end, 16);
	return end != text + 2 && *end == '\0' && strlen(text) <= 2 + 16;
}

static enum exit_code take_amounts(const struct args *args, const char *option, bool address, struct build *b)
{
	const char *text, *value;

	for (u32 i = 0; (text = option_value_at(args, option, i)); i++) {
		u32 kind = kind_of(text, &value);
		u64 amount;
		if (kind == 0 || !b->components[kind].path || !parse_amount(value, &amount) || amount == 0)
			return usage_error(
			        args, "--%s takes KIND=NUMBER for a component that is given, not '%s'", option, text);
		if (address && !is_aligned(amount, component_alignment(kind)))
			return usage_error(args, "the load address of %s must be a multiple of %llu KiB",
			        component_name(kind), (unsigned long long)component_alignment(kind) / 1024);
		if (address)
			b->components[kind].load_address = amount;
		else if (kind == COMPONENT_HYPERVISOR)
			return usage_error(args, "the hypervisor's memory length stands in its own header");
		else
			b->components[kind].memory_length = amount;
	}
	return EXIT_OK;
}

static enum exit_code take_text(
        const struct args *args, const char *option, const char *fallback, char out[TEXT_SIZE + 1])
{
	const char *text = option_value(args, option) ? option_value(args, option) : fallback;
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return usage_error(args, "--%s takes printable ASCII", option);
	}
	if (n == 0 || n > TEXT_SIZE)
		return usage_error(args, "--%s takes 1 to %d characters, not %zu", option, TEXT_SIZE, n);
	memcpy(out, text, n + 1);
	return EXIT_OK;
}

static enum exit_code take_texts(const struct args *args, struct manifest *m)
{
	enum exit_code code = take_text(args, "product", "signet", m->product);

	if (code == EXIT_OK)
		code = take_text(args, "release", "", m->release);
	if (code == EXIT_OK)
		code = take_text(args, "hardware-class", "any", m->hardware_class);
	return code;
}

static enum exit_code take_created(const struct args *args, u64 *out)
{
	const char *text = option_value(args, "created");
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	if (text && !parse_time(text, out))
		return usage_error(args, "--created takes a time as 2026-12-31 or Unix seconds, not '%s'", text);
	if (text)
		return EXIT_OK;
	if (epoch && !parse_time(epoch, out))
		return usage_error(args, "SOURCE_DATE_EPOCH holds no number of seconds: '%s'", epoch);
	if (epoch)
		return EXIT_OK;
	*out = (u64)time(NULL);
	note("created now; give --created or SOURCE_DATE_EPOCH to get the same image again");
	return EXIT_OK;
}

static enum exit_code take_expiry(const struct args *args, u64 created, u64 *out)
{
	const char *text = option_value(args, "expiry");
	char *end;

	*out = 0;
	if (!text)
		return EXIT_OK;
	if (text[0] == '+') {
		u64 days = strtoull(text + 1, &end, 10);
		if (text[1] < '0' || text[1] > '9' || strcmp(end, "d") != 0 || days == 0 || days > DAYS_MAX)
			return usage_error(args, "--expiry takes +Nd with 1 to %d days, not '%s'", DAYS_MAX, text);
		*out = created + days * DAY;
	} else if (!parse_time(text, out)) {
		return usage_error(args, "--expiry takes a time as 2026-12-31, or +Nd, not '%s'", text);
	}
	if (*out <= created)
		return usage_error(args, "the image would expire before it was created");
	return EXIT_OK;
}

static enum exit_code take_build_id(const struct args *args, u8 out[32])
{
	const char *text = option_value(args, "build-id");

	if (text && (strlen(text) > 64 || strlen(text) == 0 || !parse_hex(text, out, strlen(text) / 2)))
		return usage_error(args, "--build-id takes up to 64 hexadecimal digits, two a byte");
	return EXIT_OK;
}

static enum exit_code take_numbers(const struct args *args, struct manifest *m)
{
	u64 svn, stage;
	enum exit_code code = option_number(args, "svn", 0, 0, SVN_MAX, &svn);

	if (code == EXIT_OK)
		code = option_number(args, "min-stage-version", 1, 0, UINT32_MAX, &stage);
	if (code != EXIT_OK)
		return code;
	m->svn = (u32)svn;
	m->min_stage_version = (u32)stage;
	m->flags = (option_given(args, "development") ? IMAGE_DEVELOPMENT : 0u) |
	        (option_given(args, "debug") ? IMAGE_DEBUG : 0u);
	code = take_created(args, &m->created);
	if (code == EXIT_OK)
		code = take_expiry(args, m->created, &m->expiry);
	return code == EXIT_OK ? take_build_id(args, m->build_id) : code;
}

static enum exit_code read_chain_files(const struct args *args, struct build *b)
{
	const char *path;

	for (u32 i = 0; (path = option_value_at(args, "keys-chain", i)); i++) {
		size_t n;
		enum err e = file_read(path, b->keys + b->keys_length, sizeof(b->keys) - b->keys_length, &n);
		if (e)
			return complain_file(e, NULL, "cannot read key manifest", path);
		b->keys_length += n;
	}
	return EXIT_OK;
}

static enum exit_code take_keys(const struct args *args, struct build *b)
{
	const char *directory = option_value(args, "keys");

	if (option_given(args, "keys-chain"))
		return directory ? usage_error(args, "--keys and --keys-chain exclude each other")
		                 : read_chain_files(args, b);
	directory = directory ? directory : KEYS_DIRECTORY_DEFAULT;
	enum err e = store_read_chain(directory, b->keys, &b->keys_length);
	if (e)
		return complain_file(e, key_advice(e), "cannot use key directory", directory);
	/* Nobody may mistake for a release what is signed with keys made on the spot. */
	if (store_is_development(directory))
		b->manifest.flags |= IMAGE_DEVELOPMENT;
	return EXIT_OK;
}

static enum exit_code take_arguments(const struct args *args, struct build *b)
{
	enum exit_code code = take_components(args, b);

	if (code == EXIT_OK)
		code = take_amounts(args, "load-address", true, b);
	if (code == EXIT_OK)
		code = take_amounts(args, "memory-length", false, b);
	if (code == EXIT_OK)
		code = take_texts(args, &b->manifest);
	if (code == EXIT_OK)
		code = take_numbers(args, &b->manifest);
	return code == EXIT_OK ? take_keys(args, b) : code;
}

static enum exit_code complain_build(enum err e, const struct build *b, const char *output)
{
	const char *todo = NULL;

	if (e == ERR_IMAGE_HYPERVISOR)
		todo = "docs/format.md tells what a hypervisor component starts with";
	if (e == ERR_ARGUMENT)
		todo = "a component must not be empty, nor larger than its memory length";
	/* These come from writing: the component was only being copied. */
	bool full = e == ERR_IO && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
	if (b->failed && !full)
		return complain_file(e, todo, "cannot use", b->failed);
	return complain_file(e, todo, "cannot write", output);
}

enum exit_code image_build_command(const struct args *args)
{
	static struct build b;
	const char *output = option_value(args, "output");
	struct progress bar;
	struct meter meter = meter_on(&bar);
	u64 total;
	enum exit_code code = take_arguments(args, &b);

	if (code != EXIT_OK)
		return code;
	enum err e = image_build_size(&b, &total);
	if (e)
		return complain_build(e, &b, output);
	progress_begin(&bar, "building", total);
	e = image_build(&b, output, &meter);
	progress_end(&bar);
	return e ? complain_build(e, &b, output) : EXIT_OK;
}
