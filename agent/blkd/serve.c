/* Block requests. Trust: see the header. */
#include "agent/blkd/serve.h"

#include "image/host/file.h"

#include <string.h>
#include <unistd.h>

static_assert(sizeof(struct block_answer) <= sizeof(struct block_request), "an answer fits where its request did");

enum err block_peek(const u8 *bytes, u32 have, struct block_request *out)
{
	if (have < sizeof(*out))
		return ERR_RANGE;
	memcpy(out, bytes, sizeof(*out));
	u32 data = out->type == BLK_WRITE ? out->bytes : 0;
	if (out->bytes > BLOCK_TRANSFER_MAX || out->length != sizeof(*out) + data)
		return ERR_CONTROL_KIND;
	return have < out->length ? ERR_RANGE : OK;
}

static enum blk_status transfer(const struct block_request *r, const u8 *data, const struct disk *disk, u8 *to)
{
	const u64 sectors = disk->size / BLK_SECTOR;

	if (r->bytes % BLK_SECTOR != 0 || !range_inside(r->sector, r->bytes / BLK_SECTOR, sectors))
		return BLK_IO_ERROR;
	const u64 offset = r->sector * BLK_SECTOR;
	if (r->type == BLK_READ)
		return read_at(disk->fd, offset, to, r->bytes) ? BLK_IO_ERROR : BLK_OK;
	if (disk->read_only)
		return BLK_IO_ERROR;
	return write_at(disk->fd, offset, data, r->bytes) ? BLK_IO_ERROR : BLK_OK;
}

static enum blk_status carry_out(const struct block_request *r, const u8 *data, const struct disk *disk, u8 *to)
{
	if (!disk)
		return BLK_IO_ERROR;
	switch (r->type) {
	case BLK_READ:
	case BLK_WRITE:
		return transfer(r, data, disk, to);
	case BLK_FLUSH:
		return disk->read_only || fdatasync(disk->fd) == 0 ? BLK_OK : BLK_IO_ERROR;
	default:
		return BLK_UNSUPPORTED;
	}
}

u32 block_serve(const struct block_request *r, const u8 *data, const struct disk *disk, u8 out[BLOCK_FRAME_MAX])
{
	struct block_answer answer = { sizeof(answer), r->guest, r->disk, r->tag, 0, 0 };

	answer.status = (u32)carry_out(r, data, disk, out + sizeof(answer));
	if (r->type == BLK_READ && answer.status == BLK_OK)
		answer.length += r->bytes;
	memcpy(out, &answer, sizeof(answer));
	return answer.length;
}
