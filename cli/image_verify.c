/* `signet image verify`. Trust: the verdict is image/verify.h's. */
#include "cli/image_commands.h"
#include "cli/image_common.h"
#include "cli/json.h"
#include "cli/units.h"

static enum exit_code take_demands(const struct args *args, struct demands *d)
{
	u64 stage;
	const char *now = option_value(args, "now"), *class = option_value(args, "hardware-class");
	struct image_policy *p = &d->policy;
	enum exit_code code = option_number(args, "floor", 0, 0, SVN_MAX, &p->image_floor);

	if (code == EXIT_OK)
		code = option_number(args, "key-floor", 0, 0, UINT64_MAX, &p->key_floor);
	if (code == EXIT_OK)
		code = option_number(args, "stage-version", p->stage_version, 0, UINT32_MAX, &stage);
	if (code != EXIT_OK)
		return code;
	if (now && !parse_time(now, &d->now))
		return usage_error(args, "--now takes a time as 2026-12-31 or Unix seconds, not '%s'", now);
	p->floor_known = option_given(args, "floor");
	p->stage_version = (u32)stage;
	p->hardware_class = class ? class : p->hardware_class;
	p->allowed_flags |= option_given(args, "allow-development") ? IMAGE_DEVELOPMENT : 0u;
	p->allowed_flags |= option_given(args, "allow-debug") ? IMAGE_DEBUG : 0u;
	return EXIT_OK;
}

static enum err judge(const struct image_file *f, const struct demands *d, struct verified_image *image, u32 *bad)
{
	struct progress bar;
	struct meter meter = meter_on(&bar);

	progress_begin(&bar, "verifying", f->layout.payload_length);
	enum err e = image_check(f, d, &meter, image, bad);
	progress_end(&bar);
	return e;
}

static const char *component_of(const struct verified_image *image, u32 bad)
{
	return bad < image->manifest.component_count ? component_name(image->manifest.components[bad].kind) : NULL;
}

static void print_json(enum err e, const struct verified_image *image, const char *component)
{
	struct json j = json_on(stdout);

	json_object(&j, NULL);
	json_bool(&j, "accepted", !e);
	json_number(&j, "error", (u64)e);
	json_text(&j, "reason", e ? err_text(e) : NULL);
	json_text(&j, "component", component);
	if (!e) {
		json_text(&j, "product", image->manifest.product);
		json_text(&j, "release", image->manifest.release);
		json_number(&j, "svn", image->manifest.svn);
		json_number(&j, "keyManifest", image->keys.version);
		json_hex(&j, "manifestDigest", image->manifest_digest, SHA384_SIZE);
	}
	json_end_object(&j);
}

static enum exit_code report(const struct args *args, enum err e, const struct verified_image *image, u32 bad)
{
	const char *path = operand(args, 0), *component = component_of(image, bad);

	if (option_given(args, "json"))
		print_json(e, image, component);
	else if (!e)
		printf("%s: %s %s, SVN %u: accepted\n", path, image->manifest.product, image->manifest.release,
		        image->manifest.svn);
	return e ? complain_verdict(e, path, component) : EXIT_OK;
}

enum exit_code image_verify_command(const struct args *args)
{
	static struct trust trust;
	static struct image_file file;
	static struct verified_image image;
	struct demands demands;
	u32 bad = COMPONENTS_MAX;
	enum exit_code code = trust_from_options(args, &trust, NULL);

	if (code != EXIT_OK)
		return code;
	demands_of(&trust, &demands);
	code = take_demands(args, &demands);
	if (code != EXIT_OK)
		return code;
	/* A file that is no image is refused like any other that must not start. */
	enum err e = image_file_open(operand(args, 0), &file);
	if (!e && file.head_only) {
		note("%s is a signing request: it has no payload to judge", operand(args, 0));
		image_file_close(&file);
		return EXIT_REFUSED;
	}
	if (!e) {
		e = judge(&file, &demands, &image, &bad);
		image_file_close(&file);
	}
	return report(args, e, &image, bad);
}
