/* Kernel images: whatever is accepted is placed within memory, apart, and its zero page stays within its page. */
#include "hv/guest/bzimage.h"
#include "lib/bytes.h"
#include "tests/fuzz/fuzz.h"

static void place(const struct bzimage *image, u64 low_end, u64 ramdisk_length)
{
	struct bzimage_layout l = { .ramdisk_length = ramdisk_length };

	if (bzimage_place(image, low_end, &l) != OK)
		return;
	must(range_inside(l.kernel, image->init_size, low_end) && l.kernel >= 0x100000);
	must(image->kernel_length <= image->init_size && is_aligned(l.kernel, image->alignment));
	if (ramdisk_length)
		must(l.ramdisk >= l.kernel + image->init_size && range_inside(l.ramdisk, ramdisk_length, low_end));
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static const struct e820_entry map[E820_MAX];
	u8 head[BZIMAGE_HEAD] = { 0 }, page[ZERO_PAGE_SIZE];
	struct bzimage image;

	if (n < 24)
		return 0;
	u64 length = load_le64(bytes), low_end = load_le64(bytes + 8), ramdisk = load_le64(bytes + 16);
	n -= 24;
	memcpy(head, bytes + 24, n < sizeof(head) ? n : sizeof(head));
	if (bzimage_parse(head, length, &image) != OK)
		return 0;
	must(range_inside(image.kernel_offset, image.kernel_length, length));
	place(&image, low_end, ramdisk);
	place(&image, low_end % 0x100000000, ramdisk % 0x10000000);
	must(bzimage_zero_page(&image, head, &(struct bzimage_layout){ 0 }, map, E820_MAX, 0, page) == OK);
	return 0;
}
