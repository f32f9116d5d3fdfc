/* Reading what goes onto a flash disk. Trust: see the header. */
#include "cli/flash_parts.h"

#include "cli/image_common.h"
#include "update/authority.h"

#include <string.h>

enum exit_code slot_image_open(const char *path, const struct demands *demands, u64 slot_size, struct image_file *out)
{
	static struct verified_image image;
	struct progress bar;
	struct meter meter = meter_on(&bar);
	u32 bad;
	enum exit_code code = open_image(path, out);

	if (code != EXIT_OK)
		return code;
	enum err e = ERR_IMAGE_LENGTH;
	if (!out->head_only && out->layout.image_length <= slot_size) {
		progress_begin(&bar, "verifying", out->layout.payload_length);
		e = image_check(out, demands, &meter, &image, &bad);
		progress_end(&bar);
	}
	if (!e)
		return EXIT_OK;
	image_file_close(out);
	return complain_verdict(e, path, NULL);
}

enum exit_code authority_read(const char *path, u8 out[AUTHORITY_SIZE])
{
	struct authority authority;
	size_t n;

	memset(out, 0, AUTHORITY_SIZE);
	enum err e = file_read(path, out, AUTHORITY_SIZE, &n);
	if (!e)
		e = authority_parse(out, n, &authority);
	return e ? complain_file(e, "`signet keys authorize` makes one", "cannot use write authority", path) : EXIT_OK;
}
