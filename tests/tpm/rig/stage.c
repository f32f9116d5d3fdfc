/*
 * The stage over files instead of partitions: the code that boots a machine, on a platform of our own.
 * Test code for a host.
 */
#include "secureboot/stage.h"

#include "hv/boot/panic.h"
#include "image/host/file.h"
#include "image/host/trust.h"
#include "lib/bytes.h"
#include "tests/tpm/rig/rig.h"
#include "update/nv_tpm.h"

#include <string.h>
#include <sys/mman.h>

enum { SLOT_MAX = 64 << 20, ARENA = 512 << 20, AUTHORITY_MAX = 65536 /* its partition */ };

static struct {
	u8 *start;
	u64 used;
} arena;

u8 *stage_memory(u64 length)
{
	if (!arena.start) {
		arena.start =
		        mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (arena.start == MAP_FAILED)
			die("memory", "none");
	}
	u8 *taken = arena.start + arena.used;

	if (length > ARENA - arena.used)
		die("memory", "the images do not fit");
	arena.used += align_up(length, PAGE_SIZE);
	return taken;
}

/* Fixed addresses are the machine's: here nothing runs, so that any place will do. */
static enum err allocate(u64 address, u64 length, u64 align, u8 **out)
{
	(void)address, (void)align;
	*out = stage_memory(length);
	return OK;
}

/* Nothing is given back; what was refused is not there any more all the same. */
static void release(u8 *memory, u64 length)
{
	memset(memory, 0, length);
}

static enum err finish(struct memory_entry *map, u32 *count, struct blob *log)
{
	size_t length;

	firmware_log(&log->bytes, &length);
	log->length = length;
	map[0] = (struct memory_entry){ .base = (u64)arena.start, .length = ARENA, .type = MEMORY_STAGE };
	*count = 1;
	return OK;
}

struct blob stage_file(const char *path, size_t most)
{
	u8 *bytes = stage_memory(most);
	size_t n;

	need(file_read(path, bytes, most, &n), path);
	return (struct blob){ .bytes = bytes, .length = n };
}

void stage_boot(struct tpm *tpm, const struct options *o, struct boot_info *info)
{
	static struct authority authority;
	static struct nv_tpm nv;
	static struct trust trust;
	struct stage_result result;
	struct platform p = { .uefi = !o->bios,
		.secure_boot = !o->bios,
		.tpm_interface = "tis",
		.allocate = allocate,
		.release = release,
		.measure = firmware_extend,
		.finish = finish };

	need(trust_of_boot(o->boot, &trust), "the trust anchor");
	/* No serial port of a host's is touched. */
	trust.anchor.serial_port = trust.anchor.serial_baud = 0;
	if (o->authority)
		p.loaded.authority = stage_file(o->authority, AUTHORITY_MAX);
	for (u32 i = 0; i < SLOTS; i++)
		p.loaded.slot[i] = o->image[i] ? stage_file(o->image[i], SLOT_MAX) : (struct blob){ 0 };
	bool approved = p.loaded.authority.length &&
	        authority_parse(p.loaded.authority.bytes, p.loaded.authority.length, &authority) == OK;
	enum err e = nv_tpm_init(&nv, tpm, key_set_policy_key(&trust.anchor.keys), approved ? &authority : NULL);
	if (!e)
		e = stage_run(&p, &trust.anchor, &nv.store, &result);
	if (!e)
		e = boot_info_read(info, result.handoff.bytes, result.handoff.length, (u64)result.handoff.bytes);
	if (e)
		stop(e);
}
