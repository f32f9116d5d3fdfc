/* `signet image pcrs`. Trust: computes only, for an image whose signatures hold under the given boot files. */
#include "cli/image_commands.h"
#include "cli/image_common.h"
#include "cli/json.h"
#include "image/boot/boot.h"
#include "image/host/forecast.h"
#include "lib/print.h"
#include "secureboot/version.h"

enum { EFI_MAX = 16 << 20 };

struct forecasts {
	struct forecast loader;
	struct forecast image;
	struct bank_digests authenticode;
};

static void print_digests(const struct bank_digests *d, const char *indent)
{
	char hex[2 * BANK_DIGEST_MAX + 1];

	for (u32 b = 0; b < BANKS; b++) {
		hex_encode(hex, d->of[b], banks[b].size);
		printf("%s%-6s %s\n", indent, banks[b].name, hex);
	}
}

static void print_forecast(const struct forecast *f)
{
	printf("PCR %u\n", f->pcr);
	print_digests(&f->value, "  ");
	for (u32 i = 0; i < f->count; i++) {
		printf("  event %u: %s\n", i + 1, f->events[i].text);
		print_digests(&f->events[i].digests, "    ");
	}
}

static void json_digests(struct json *j, const char *key, const struct bank_digests *d)
{
	json_object(j, key);
	for (u32 b = 0; b < BANKS; b++)
		json_hex(j, banks[b].name, d->of[b], banks[b].size);
	json_end_object(j);
}

static void json_forecast(struct json *j, const struct forecast *f)
{
	json_object(j, NULL);
	json_number(j, "pcr", f->pcr);
	json_digests(j, "value", &f->value);
	json_array(j, "events");
	for (u32 i = 0; i < f->count; i++) {
		json_object(j, NULL);
		json_number(j, "type", f->events[i].type);
		json_text(j, "text", f->events[i].text);
		json_digests(j, "digests", &f->events[i].digests);
		json_end_object(j);
	}
	json_end_array(j);
	json_end_object(j);
}

static void print_json(const struct forecasts *f)
{
	struct json j = json_on(stdout);

	json_object(&j, NULL);
	json_digests(&j, "authenticode", &f->authenticode);
	json_array(&j, "pcrs");
	json_forecast(&j, &f->loader);
	json_forecast(&j, &f->image);
	json_end_array(&j);
	json_end_object(&j);
}

static enum exit_code foretell_loader(const char *directory, struct forecasts *f)
{
	static u8 efi[EFI_MAX];
	char path[PATH_MAX];
	size_t n;

	enum err e = path_join(path, directory, BOOT_EFI_FILE);
	if (e)
		return complain_file(e, NULL, "cannot read", directory);
	e = file_read(path, efi, sizeof(efi), &n);
	if (!e)
		e = forecast_loader(efi, n, &f->loader, &f->authenticode);
	return e ? complain_file(e, "`signet boot build` makes boot files", "cannot use EFI binary", path) : EXIT_OK;
}

static enum exit_code foretell_image(const char *path, const struct anchor *anchor, struct forecasts *f)
{
	static struct image_file file;
	static struct verified_image image;
	enum exit_code code = open_image(path, &file);

	if (code != EXIT_OK)
		return code;
	enum err e = forecast_image(&file, anchor, STAGE_VERSION, &image, &f->image);
	image_file_close(&file);
	return e ? complain_verdict(e, path, NULL) : EXIT_OK;
}

enum exit_code image_pcrs_command(const struct args *args)
{
	static struct trust trust;
	static struct forecasts f;
	const char *directory = option_value(args, "boot");
	enum err e = trust_of_boot(directory, &trust);

	if (!e && !trust.whole)
		e = ERR_BOOT_ANCHOR;
	if (e)
		return complain_file(e, "`signet boot build` makes boot files", "cannot use the anchor in", directory);
	enum exit_code code = foretell_image(operand(args, 0), &trust.anchor, &f);
	if (code == EXIT_OK)
		code = foretell_loader(directory, &f);
	if (code != EXIT_OK)
		return code;
	if (option_given(args, "json")) {
		print_json(&f);
		return EXIT_OK;
	}
	puts("Authenticode digest of " BOOT_EFI_FILE);
	print_digests(&f.authenticode, "  ");
	print_forecast(&f.loader);
	print_forecast(&f.image);
	return EXIT_OK;
}
