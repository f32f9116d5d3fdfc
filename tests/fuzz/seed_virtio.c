/*
 * usage: seed_virtio DIRECTORY
 * Writes what orderly drivers do, in the steps of fuzz_driver.h.
 */
#include "lib/bytes.h"
#include "tests/fuzz/seed.h"

#include <string.h>

enum { NEXT = 1, WRITE = 2, REGISTER = 0, DESCRIPTOR = 3, OFFER = 4, MEMORY = 5, KICK = 6, OTHER = 7 };
enum { BUFFER = 0x8000, STATUS = 0x8100, DATA = 0x9000 };

static u8 steps[4096];
static size_t used;

static void step(u32 what, u32 place, u32 value)
{
	steps[used] = (u8)what;
	store_le16(steps + used + 1, (u16)place);
	store_le32(steps + used + 3, value);
	used += 7;
}

/* Entry numbers are even here, as place holds entry and next in bits that overlap. */
static void descriptor(u32 queue, u32 entry, u32 offset, u32 length, u32 flags, u32 next)
{
	u32 high = length << 20, low = (offset + 0x11000 - high % 0x11000) % 0x11000;

	step(DESCRIPTOR | flags << 3, queue | entry << 3 | next << 6, high | low);
}

static void give(u32 queue, u32 head)
{
	step(OFFER, queue, head);
	step(KICK, queue, 0);
}

static void end(const char *target, const char *name)
{
	seed(target, name, steps, used);
	used = 0;
}

static void seed_entropy(void)
{
	descriptor(0, 0, BUFFER, 64, WRITE, 0);
	give(0, 0);
	end("fuzz_virtio", "entropy");
}

/* The control queue says that driver and port are ready (5.3.6.2), then bytes go both ways. */
static void seed_console(void)
{
	step(KICK, 0, 0);
	for (u32 event = 0; event <= 3; event += 3) {
		step(MEMORY, BUFFER, 0);
		step(MEMORY, BUFFER + 4, event | 1u << 16);
		descriptor(3, 0, BUFFER, 8, 0, 0);
		give(3, 0);
	}
	step(MEMORY, BUFFER + 4, 6 | 1u << 16);
	give(3, 0);
	descriptor(2, 0, DATA, 64, WRITE, 0);
	give(2, 0);
	descriptor(1, 0, DATA, 16, 0, 0);
	give(1, 0);
	descriptor(0, 0, DATA, 64, WRITE, 0);
	give(0, 0);
	step(OTHER, 0, 0x6F6C6C65);
	end("fuzz_virtio", "console");
}

/* A frame to everybody from the guest's address, behind the header of 12 bytes; and one to it. */
static void seed_net(void)
{
	step(MEMORY, BUFFER + 12, 0xFFFFFFFF);
	step(MEMORY, BUFFER + 16, 0x0002FFFF);
	step(MEMORY, BUFFER + 20, 0x0A000000);
	descriptor(1, 0, BUFFER, 72, 0, 0);
	give(1, 0);
	descriptor(0, 0, DATA, 2048, WRITE, 0);
	give(0, 0);
	step(OTHER, 60, 0);
	step(OTHER | 8, 1514, 0);
	end("fuzz_virtio_net", "frames");
}

static void block_request(u32 type, u32 sector, u32 bytes)
{
	step(MEMORY, BUFFER, type);
	step(MEMORY, BUFFER + 8, sector);
	descriptor(0, 0, BUFFER, 16, NEXT, bytes ? 2 : 4);
	descriptor(0, 2, DATA, bytes, type ? NEXT : NEXT | WRITE, 4);
	descriptor(0, 4, STATUS, 1, WRITE, 0);
	give(0, 0);
}

static void seed_block(void)
{
	static const u32 types[] = { 0, 1, 4 };

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		block_request(types[i], 2, types[i] == 4 ? 0 : 1024);
		step(OTHER, i, 512u << 16);
		step(OTHER | 3 << 3, i, 0);
	}
	block_request(1, 99, 512);
	step(OTHER | 7 << 3, 0, 0);
	step(OTHER | 6 << 3, 0, 0);
	step(REGISTER, 0x70, 0);
	end("fuzz_virtio_blk", "requests");
}

int main(int count, char **arguments)
{
	if (count != 2)
		return 1;
	directory = arguments[1];
	seed_entropy();
	seed_console();
	seed_net();
	seed_block();
	return 0;
}
