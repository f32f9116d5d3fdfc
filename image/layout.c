/*
 * Where an image's regions lie. Lengths alone decide, so a header is read by computing the layout anew and
 * comparing: no offset of an unverified header is ever used.
 * Trust: in the TCB; pure. Reads unverified bytes, one fixed-size page.
 */
#include "image/verify.h"

#include "lib/bytes.h"

#include <string.h>

enum { PAYLOAD_BITS_MAX = 48 };

static bool length_fits(u64 length, u64 max, u64 multiple)
{
	return length != 0 && length <= max && is_aligned(length, multiple);
}

enum err image_layout_of(
        u64 keys_length, u64 manifest_length, u64 signatures_length, u64 payload_length, struct image_layout *out)
{
	if (!length_fits(keys_length, IMAGE_KEYS_MAX, 8) || !length_fits(manifest_length, IMAGE_MANIFEST_MAX, 1) ||
	        !length_fits(signatures_length, IMAGE_SIGNATURES_MAX, IMAGE_ALIGN) ||
	        !length_fits(payload_length, (u64)1 << PAYLOAD_BITS_MAX, IMAGE_ALIGN))
		return ERR_RANGE;

	*out = (struct image_layout){
		.keys_offset = IMAGE_HEADER_SIZE,
		.keys_length = keys_length,
		.manifest_length = manifest_length,
		.signatures_length = signatures_length,
		.payload_length = payload_length,
	};
	out->manifest_offset = align_up(out->keys_offset + keys_length, IMAGE_ALIGN);
	out->signatures_offset = align_up(out->manifest_offset + manifest_length, IMAGE_ALIGN);
	out->payload_offset = out->signatures_offset + signatures_length;
	out->image_length = out->payload_offset + payload_length;
	return OK;
}

static struct image_layout layout_claimed(struct reader *r)
{
	struct image_layout l = { 0 };

	l.keys_offset = read_le64(r);
	l.keys_length = read_le64(r);
	l.manifest_offset = read_le64(r);
	l.manifest_length = read_le64(r);
	l.signatures_offset = read_le64(r);
	l.signatures_length = read_le64(r);
	l.payload_offset = read_le64(r);
	l.payload_length = read_le64(r);
	l.image_length = read_le64(r);
	return l;
}

enum err image_layout_read(const u8 *head, size_t n, u64 slot_length, struct image_layout *out)
{
	if (n < IMAGE_HEADER_SIZE || slot_length < IMAGE_HEADER_SIZE || memcmp(head, IMAGE_MAGIC, MAGIC_SIZE) != 0)
		return ERR_IMAGE_ABSENT;

	struct reader r = reader_on(head + MAGIC_SIZE, IMAGE_HEADER_SIZE - MAGIC_SIZE);
	u32 header_size = read_le32(&r);
	u32 version = read_le32(&r);
	struct image_layout claimed = layout_claimed(&r);

	read_zero(&r, IMAGE_HEADER_SIZE - IMAGE_HEADER_FIELDS);
	if (!reader_done(&r) || header_size != IMAGE_HEADER_SIZE || version != IMAGE_FORMAT_VERSION)
		return ERR_IMAGE_HEADER;
	if (image_layout_of(claimed.keys_length, claimed.manifest_length, claimed.signatures_length,
	            claimed.payload_length, out) != OK)
		return ERR_IMAGE_HEADER;
	/* Nine u64 each, so no padding takes part in the comparison. */
	if (memcmp(&claimed, out, sizeof(claimed)) != 0)
		return ERR_IMAGE_HEADER;
	return out->image_length <= slot_length ? OK : ERR_IMAGE_LENGTH;
}
