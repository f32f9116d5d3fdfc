/*
 * What an installation takes, by the agent's own code (update/transfer.h on agent/update/device.h), and the least that
 * it could take: writing the bytes, flushing, reading them back past the cache, two SHA-384 of them by the same
 * library. Prints nanoseconds of wall time and of processor time, and what was counted. Test code for a host.
 *   install_cost install ANCHOR IMAGE RUNNING TARGET    RUNNING: the slot that the node started from
 *   install_cost floor IMAGE TARGET
 */
#include "agent/update/device.h"
#include "image/anchor.h"
#include "image/host/file.h"
#include "image/host/image_file.h"
#include "image/host/leaf_list.h"
#include "lib/bytes.h"
#include "update/reuse.h"
#include "update/transfer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, STAGE_VERSION = UINT16_MAX };

static struct image_file image, old;
static struct transfer transfer;

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "install_cost: %s\n", what);
	exit(1);
}

static void must(enum err e, const char *what)
{
	if (!e)
		return;
	(void)fprintf(stderr, "install_cost: %s: %s\n", what, err_text(e));
	exit(1);
}

static u64 now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static u64 wall, processor;

static void begin(void)
{
	wall = now(CLOCK_MONOTONIC);
	processor = now(CLOCK_PROCESS_CPUTIME_ID);
}

static void end(void)
{
	printf("wall %llu\nprocessor %llu\n", (unsigned long long)(now(CLOCK_MONOTONIC) - wall),
	        (unsigned long long)(now(CLOCK_PROCESS_CPUTIME_ID) - processor));
}

/* Where the bytes come from is nobody's cost: they are in memory before. */
static void warm(int fd, u64 length)
{
	static u8 block[BLOCK];

	for (u64 at = 0; at < length; at += sizeof(block)) {
		u64 left = length - at;
		must(read_at(fd, at, block, left < sizeof(block) ? (size_t)left : sizeof(block)), "reading");
	}
}

/* --- the product --- */

static enum err fetch(void *context, u64 offset, u8 *out, size_t n)
{
	(void)context;
	return read_at(image.fd, offset, out, n);
}

static enum err reuse(void *context, u64 offset, u8 *out, size_t n)
{
	return reuse_read(context, offset, out, n);
}

static bool proceed(void *context, const struct transfer_count *count)
{
	(void)context, (void)count;
	return true;
}

static enum err move_slot(void *context, u8 slot, const u8 digest[SHA384_SIZE])
{
	(void)context, (void)slot, (void)digest;
	return OK;
}

static void load_anchor(const char *path, struct anchor *out)
{
	u8 bytes[ANCHOR_SIZE];
	size_t n;

	must(file_read(path, bytes, sizeof(bytes), &n), path);
	must(n == sizeof(bytes) ? anchor_parse(bytes, out) : ERR_RANGE, path);
}

static void report(const struct transfer_count *c, u64 list)
{
	/* The head and the list of leaves are downloaded too. */
	unsigned long long fetched = c->fetched + image.layout.payload_offset + list;

	printf("length %llu\nleaves %llu\nreused %llu\nfetched %llu\nwritten %llu\n",
	        (unsigned long long)image.layout.image_length, (unsigned long long)c->total,
	        (unsigned long long)c->reused, fetched, (unsigned long long)c->written);
}

static void install(char **path)
{
	static struct anchor anchor;
	static struct manifest wanted, running;
	static struct key_set keys;
	static u8 list[LEAVES_MAX * SHA384_SIZE];
	struct slot_device from, to;

	load_anchor(path[0], &anchor);
	must(image_file_open(path[1], &image), path[1]);
	must(image_file_claims(&image, &keys, &wanted), path[1]);
	size_t list_size = (size_t)leaf_list_size(&image.layout);
	must(list_size <= sizeof(list) ? leaf_list_make(&image, NULL, list, list_size) : ERR_RANGE,
	        "the list of leaves");
	must(slot_device_open(&from, path[2], false), path[2]);
	must(image_file_at(from.fd, 0, from.ops.length, &old), path[2]);
	must(image_file_claims(&old, &keys, &running), path[2]);
	must(slot_device_open(&to, path[3], true), path[3]);
	warm(image.fd, image.layout.image_length);

	const struct image_policy policy = { .anchor = &anchor.keys,
		.stage_version = STAGE_VERSION,
		.allowed_flags = wanted.flags,
		.hardware_class = wanted.hardware_class };
	const struct install_target target = {
		.keeper = { move_slot, NULL }, .flash = to.ops, .slot = 1, .running = 0, .policy = &policy
	};
	const struct transfer_source source = { image.head, (size_t)image.layout.payload_offset, list, list_size };
	struct reuse had = { &wanted, &running, &from.ops };
	const struct transfer_ops ops = { fetch, reuse, proceed, &had, TRANSFER_MARK };

	begin();
	must(transfer_run(&transfer, &target, &source, &ops), "installing");
	end();
	report(&transfer.count, list_size);
	slot_device_close(&from);
	slot_device_close(&to);
}

/* --- the least --- */

static void copy(int from, int to, u64 length, u8 *block)
{
	for (u64 at = 0; at < length; at += BLOCK) {
		size_t n = length - at < BLOCK ? (size_t)(length - at) : BLOCK;
		must(read_at(from, at, block, n), "reading");
		must(write_at(to, at, block, n), "writing");
	}
	if (fsync(to) != 0)
		fail("cannot flush");
}

static void hash_twice(int fd, u64 length, u8 *block)
{
	struct sha384 h[2];
	u8 digest[2][SHA384_SIZE];

	for (u32 i = 0; i < 2; i++)
		sha384_init(&h[i]);
	for (u64 at = 0; at < length; at += BLOCK) {
		size_t n = length - at < BLOCK ? (size_t)(length - at) : BLOCK;
		must(read_at(fd, at, block, align_up(n, FLASH_SECTOR)), "reading back");
		for (u32 i = 0; i < 2; i++)
			sha384_update(&h[i], block, n);
	}
	for (u32 i = 0; i < 2; i++)
		sha384_final(&h[i], digest[i]);
	if (memcmp(digest[0], digest[1], SHA384_SIZE) != 0)
		fail("two hashes of the same differ");
}

static void floor_of(char **path)
{
	static _Alignas(FLASH_SECTOR) u8 block[BLOCK];
	int from, to = open(path[1], O_RDWR | O_CLOEXEC), direct = open(path[1], O_RDONLY | O_DIRECT | O_CLOEXEC);
	u64 length;

	must(file_open(path[0], &from, &length), path[0]);
	if (to < 0 || direct < 0)
		fail(path[1]);
	warm(from, length);
	begin();
	copy(from, to, length, block);
	hash_twice(direct, length, block);
	end();
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "install") == 0)
		install(argv + 2);
	else if (argc == 4 && strcmp(argv[1], "floor") == 0)
		floor_of(argv + 2);
	else
		fail("install ANCHOR IMAGE RUNNING TARGET, or floor IMAGE TARGET");
	return 0;
}
