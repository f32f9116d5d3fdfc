/*
 * virtio block device under a driver that does anything (fuzz_driver.h), and a carrier that answers when and as it
 * likes: what is carried is whole sectors inside the disk, and no write to one that may only be read.
 */
#include "hv/dev/virtio_blk.h"
#include "tests/fuzz/fuzz_driver.h"

enum { SECTORS = 100, PIECE = 1024 };

static struct guest guest;
static struct virtio_blk blk;
static u32 tags[BLK_SLOTS], next_tag;
static bool busy;

static bool submit(void *context, const struct blk_request *r)
{
	(void)context;
	must(r->type == BLK_READ || r->type == BLK_WRITE || r->type == BLK_FLUSH);
	must(r->type != BLK_WRITE || !blk.read_only);
	must(r->bytes % BLK_SECTOR == 0 && r->bytes <= BLK_BYTES_MAX && (r->type == BLK_FLUSH) == (r->bytes == 0));
	must(r->type == BLK_FLUSH || range_inside(r->sector, r->bytes / BLK_SECTOR, SECTORS));
	tags[next_tag++ % BLK_SLOTS] = r->tag;
	return !busy;
}

/* Data of a request that waits moves inside it alone, and in its own direction. */
static void move_data(u32 tag, u32 offset, u32 n, u8 byte)
{
	const struct blk_request *r = virtio_blk_request(&blk, tag);
	u8 data[PIECE];
	bool inside = r && range_inside(offset, n, r->bytes);

	memset(data, byte, sizeof(data));
	enum err stored = virtio_blk_store(&blk, tag, offset, data, n);
	enum err fetched = virtio_blk_fetch(&blk, tag, offset, data, n);
	must(stored != OK || (inside && r->type == BLK_READ));
	must(fetched != OK || (inside && r->type == BLK_WRITE));
}

static void carrier_acts(u8 what, u32 place, u32 value)
{
	u32 tag = place & 0x100 ? value : tags[place % BLK_SLOTS];

	switch ((what >> 3) % 8) {
	case 0:
	case 1:
		move_data(tag, value % (2 * BLK_BYTES_MAX), (value >> 16) % (PIECE + 1), what);
		break;
	case 2:
		move_data(tag, value, (value >> 16) % (PIECE + 1), what);
		break;
	case 3:
	case 4:
		(void)!virtio_blk_complete(&blk, tag, (enum blk_status)(value % 3));
		must(!virtio_blk_request(&blk, tag));
		break;
	case 5:
		busy = value & 1;
		break;
	case 6:
		virtio_blk_resume(&blk);
		break;
	default:
		virtio_blk_replay(&blk);
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	const struct blk_carrier carrier = { submit, NULL };

	next_tag = 0;
	busy = false;
	memset(tags, 0, sizeof(tags));
	memset(&guest, 0, sizeof(guest));
	memset(&blk, 0, sizeof(blk));
	virtio_blk_init(&blk, carrier, SECTORS, n && bytes[0] & 0x80, guest_memory_of(&guest), guest_irq_of(&guest));
	must(virtio_attach(&blk.virtio, &guest.bus, DEVICE_MMIO) == OK);
	driver_start(&guest, blk.virtio.class->queues, DRIVER_RING);
	driver_run(&guest, reader_on(bytes, n), &blk.virtio, carrier_acts);
	return 0;
}
