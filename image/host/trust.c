/* Reading what the operator trusts. Trust: the operator's own files, parsed strictly. */
#include "image/host/trust.h"

#include "image/host/chain.h"
#include "keys/store.h"

#include <string.h>

static bool starts_with(const u8 *bytes, size_t n, const char *magic)
{
	return n >= MAGIC_SIZE && memcmp(bytes, magic, MAGIC_SIZE) == 0;
}

/* Its own signatures are checked too: a damaged file is told apart from a distrusted image. */
static enum err read_key_manifest(const u8 *bytes, size_t n, struct trust *out)
{
	out->whole = false;
	return keys_chain_claims(bytes, n, &out->anchor.keys);
}

enum err trust_read(const char *path, struct trust *out)
{
	static u8 bytes[IMAGE_KEYS_MAX];
	size_t n;
	enum err e = file_read(path, bytes, sizeof(bytes), &n);

	if (e)
		return e;
	*out = (struct trust){ 0 };
	if (starts_with(bytes, n, KEYS_MAGIC))
		return read_key_manifest(bytes, n, out);
	if (n != ANCHOR_SIZE)
		return ERR_BOOT_ANCHOR;
	out->whole = true;
	return anchor_parse(bytes, &out->anchor);
}

enum err trust_of_store(const char *directory, struct trust *out)
{
	*out = (struct trust){ 0 };
	return store_current(directory, &out->anchor.keys);
}

enum err trust_of_boot(const char *directory, struct trust *out)
{
	char path[PATH_MAX];
	enum err e = path_join(path, directory, BOOT_ANCHOR_FILE);

	return e ? e : trust_read(path, out);
}
