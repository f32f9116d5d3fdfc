/*
 * `signet flash inspect`: what lies in the slots of a flash disk, and which of them would boot.
 * Trust: shows claims of whoever wrote the disk; of signatures only what keys given by the operator show.
 */
#include "cli/flash_common.h"
#include "cli/image_commands.h"
#include "cli/image_common.h"
#include "cli/json.h"
#include "cli/units.h"
#include "image/host/file.h"
#include "lib/bytes.h"
#include "lib/print.h"
#include "update/authority.h"
#include "update/decide.h"

#include <assert.h>

static_assert(PARTITION_SLOT_B == PARTITION_SLOT_A + SLOTS - 1, "the disk has the slots that decisions are made on");

struct slot_view {
	bool empty;
	bool judged; /* there is an image, and somebody is trusted */
	enum err e; /* not empty: why it is no image; judged: why it would not start */
	struct manifest manifest; /* unless e, or judged: what it claims */
	u8 digest[SHA384_SIZE];
};

struct flash_view {
	const char *path;
	u64 slot_size;
	bool trusted;
	struct slot_view slots[SLOTS];
	bool has_authority;
	enum err authority_error;
	struct authority authority;
	u32 bootable;
	struct boot_choice order[SLOTS]; /* of a machine without boot state */
};

static const char *const slot_names[SLOTS] = { "a", "b" };

/* As the stage would, payload too. */
static enum err judge(const struct image_file *f, const struct demands *demands)
{
	static struct verified_image image;
	struct progress bar;
	struct meter meter = meter_on(&bar);
	u32 bad;

	progress_begin(&bar, "verifying", f->layout.payload_length);
	enum err e = image_check(f, demands, &meter, &image, &bad);
	progress_end(&bar);
	return e;
}

static enum err read_header(int fd, const struct partition *p, bool *empty)
{
	static u8 header[IMAGE_HEADER_SIZE];
	enum err e = read_at(fd, p->start, header, sizeof(header));

	*empty = !e && bytes_are_zero(header, sizeof(header));
	return e;
}

static void view_slot(int fd, const struct partition *p, const struct demands *demands, struct slot_view *out)
{
	static struct image_file file;
	static struct key_set keys;

	*out = (struct slot_view){ .e = OK };
	out->e = read_header(fd, p, &out->empty);
	if (out->e || out->empty)
		return;
	out->e = image_file_at(fd, p->start, p->length, &file);
	if (!out->e)
		out->e = image_file_claims(&file, &keys, &out->manifest);
	if (out->e)
		return;
	sha384_of(image_file_manifest(&file), (size_t)file.layout.manifest_length, out->digest);
	out->judged = demands != NULL;
	if (demands)
		out->e = judge(&file, demands);
}

static void view_authority(int fd, const struct partition *p, struct flash_view *v)
{
	static u8 bytes[AUTHORITY_SIZE];
	enum err e = p->length == sizeof(bytes) ? read_at(fd, p->start, bytes, sizeof(bytes)) : ERR_DEVICE;

	v->has_authority = e || !bytes_are_zero(bytes, sizeof(bytes));
	v->authority_error = e || !v->has_authority ? e : authority_parse(bytes, sizeof(bytes), &v->authority);
}

static void view_order(struct flash_view *v)
{
	struct slot_facts facts[SLOTS] = { { .valid = false } };

	for (u32 i = 0; i < SLOTS; i++) {
		const struct slot_view *s = &v->slots[i];

		facts[i].valid = s->judged && !s->e;
		facts[i].svn = s->manifest.svn;
		facts[i].created = s->manifest.created;
	}
	v->bootable = boot_order(NV_UNPROVISIONED, false, facts, v->order);
}

static const char *state_of(const struct slot_view *s)
{
	if (s->empty)
		return "empty";
	if (s->judged)
		return s->e ? "refused" : "accepted";
	return s->e ? "no image" : "not judged";
}

static void print_slot(const char *name, const struct slot_view *s)
{
	char hex[2 * SHA384_SIZE + 1], text[TIME_TEXT];
	const struct manifest *m = &s->manifest;

	if (s->e)
		printf("slot %s: %s: %s (error %d)\n", name, state_of(s), err_text(s->e), (int)s->e);
	else
		printf("slot %s: %s\n", name, state_of(s));
	if (s->empty || (s->e && !s->judged))
		return;
	hex_encode(hex, s->digest, SHA384_SIZE);
	printf("  release          %s %s\n", m->product, m->release);
	printf("  SVN              %u\n", m->svn);
	printf("  flags            %s\n", flags_text(m->flags));
	printf("  hardware class   %s\n", m->hardware_class);
	printf("  created          %s\n", format_time(text, m->created));
	printf("  manifest digest  %s\n", hex);
}

static void print_authority(const struct flash_view *v)
{
	char hex[2 * NODE_ID_SIZE + 1];

	if (!v->has_authority) {
		puts("write authority: none");
	} else if (v->authority_error) {
		printf("write authority: %s (error %d)\n", err_text(v->authority_error), (int)v->authority_error);
	} else {
		hex_encode(hex, v->authority.node_id, NODE_ID_SIZE);
		printf("write authority: for node %s, %u values of PCR 7\n", hex, v->authority.count);
	}
}

static void print_order(const struct flash_view *v)
{
	if (!v->trusted)
		puts("boots: not judged; name whom you trust with --boot, --anchor or --keys");
	else if (!v->bootable)
		puts("boots: nothing; the stage would stop");
	else
		printf("boots: slot %s first%s\n", slot_names[v->order[0].slot],
		        v->bootable > 1 ? ", the other one where it fails" : ", and nothing where it fails");
	puts("An enrolled node goes by the slots' states in its TPM instead: `signet node show` tells of them.");
}

static void print(const struct flash_view *v)
{
	char size[SIZE_TEXT];

	printf("%s: flash disk with slots of %s\n", v->path, format_size(size, v->slot_size));
	for (u32 i = 0; i < SLOTS; i++)
		print_slot(slot_names[i], &v->slots[i]);
	print_authority(v);
	print_order(v);
}

static void json_slot(struct json *j, const char *name, const struct slot_view *s)
{
	json_object(j, NULL);
	json_text(j, "slot", name);
	json_text(j, "state", state_of(s));
	json_number(j, "error", (u64)s->e);
	json_text(j, "reason", s->e ? err_text(s->e) : NULL);
	if (!s->empty && (s->judged || !s->e)) {
		json_text(j, "product", s->manifest.product);
		json_text(j, "release", s->manifest.release);
		json_number(j, "svn", s->manifest.svn);
		json_bool(j, "development", s->manifest.flags & IMAGE_DEVELOPMENT);
		json_bool(j, "debug", s->manifest.flags & IMAGE_DEBUG);
		json_text(j, "hardwareClass", s->manifest.hardware_class);
		json_number(j, "created", s->manifest.created);
		json_hex(j, "manifestDigest", s->digest, SHA384_SIZE);
	}
	json_end_object(j);
}

static void print_json(const struct flash_view *v)
{
	struct json j = json_on(stdout);

	json_object(&j, NULL);
	json_number(&j, "slotSize", v->slot_size);
	json_array(&j, "slots");
	for (u32 i = 0; i < SLOTS; i++)
		json_slot(&j, slot_names[i], &v->slots[i]);
	json_end_array(&j);
	if (v->has_authority && !v->authority_error)
		json_hex(&j, "authorityNode", v->authority.node_id, NODE_ID_SIZE);
	else
		json_text(&j, "authorityNode", NULL);
	json_array(&j, "boots");
	for (u32 i = 0; i < v->bootable; i++)
		json_text(&j, NULL, slot_names[v->order[i].slot]);
	json_end_array(&j);
	json_end_object(&j);
}

/* Whatever is on the disk is shown, not refused: only a disk without our partitions has nothing to show. */
static enum exit_code view_disk(const char *path, const struct demands *demands, struct flash_view *v)
{
	struct target t = { .path = path, .fd = -1 };
	struct disk_layout layout;
	enum err e = file_open(path, &t.fd, &t.length);

	if (e)
		return complain_file(e, NULL, "cannot open", path);
	enum exit_code code = target_layout(&t, &layout);
	if (code == EXIT_OK) {
		v->slot_size = layout.partitions[PARTITION_SLOT_A].length;
		for (u32 i = 0; i < SLOTS; i++)
			view_slot(t.fd, &layout.partitions[PARTITION_SLOT_A + i], demands, &v->slots[i]);
		view_authority(t.fd, &layout.partitions[PARTITION_AUTHORITY], v);
		view_order(v);
	}
	target_close(&t);
	return code;
}

enum exit_code flash_inspect_command(const struct args *args)
{
	static struct flash_view v;
	static struct trust trust;
	struct demands demands;
	enum exit_code code = trust_from_options(args, &trust, &v.trusted);

	v.path = operand(args, 0);
	if (code != EXIT_OK)
		return code;
	if (v.trusted)
		demands_of(&trust, &demands);
	code = view_disk(v.path, v.trusted ? &demands : NULL, &v);
	if (code != EXIT_OK)
		return code;
	if (option_given(args, "json"))
		print_json(&v);
	else
		print(&v);
	return EXIT_OK;
}
