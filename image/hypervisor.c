/*
 * The hypervisor component's header.
 * Trust: in the TCB; pure.
 */
#include "image/hypervisor.h"

#include "lib/bytes.h"

#include <string.h>

enum { RESERVED_SIZE = 32 };

enum err hypervisor_header_read(const u8 *content, u64 length, struct hypervisor_header *out)
{
	if (length < HYPERVISOR_HEADER_SIZE)
		return ERR_IMAGE_HYPERVISOR;

	struct reader r = reader_on(content, HYPERVISOR_HEADER_SIZE);
	const u8 *magic = read_bytes(&r, MAGIC_SIZE);
	u32 version = read_le32(&r);
	out->entry = read_le32(&r);
	u64 own_length = read_le64(&r);
	out->memory_length = read_le64(&r);
	read_zero(&r, RESERVED_SIZE);
	if (!reader_done(&r) || memcmp(magic, HYPERVISOR_MAGIC, MAGIC_SIZE) != 0 || version != HANDOFF_VERSION)
		return ERR_IMAGE_HYPERVISOR;
	if (own_length != length || out->memory_length < length || out->entry < HYPERVISOR_HEADER_SIZE ||
	        out->entry >= length)
		return ERR_IMAGE_HYPERVISOR;
	return OK;
}
