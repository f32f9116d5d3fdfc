/*
 * Writing the hand-off tree with libfdt: its first error is kept, so that each step can be written as one line.
 * Trust: in the TCB; pure.
 */
#include "secureboot/handoff.h"

#include "secureboot/version.h"

#include "lib/bytes.h"
#include "update/authority.h"

#include <libfdt.h>
#include <string.h>

struct tree {
	u8 *fdt;
	int error;
};

static void note(struct tree *t, int error)
{
	if (!t->error)
		t->error = error;
}

static void begin(struct tree *t, const char *node)
{
	note(t, fdt_begin_node(t->fdt, node));
}

static void end(struct tree *t)
{
	note(t, fdt_end_node(t->fdt));
}

static void put_bytes(struct tree *t, const char *name, const void *bytes, size_t n)
{
	note(t, fdt_property(t->fdt, name, bytes, (int)n));
}

static void put_text(struct tree *t, const char *name, const char *text)
{
	put_bytes(t, name, text, strlen(text) + 1);
}

static void put_u32(struct tree *t, const char *name, u32 v)
{
	note(t, fdt_property_u32(t->fdt, name, v));
}

static void put_u64(struct tree *t, const char *name, u64 v)
{
	note(t, fdt_property_u64(t->fdt, name, v));
}

static void put_reg(struct tree *t, u64 address, u64 length)
{
	u8 reg[16];

	store_be64(reg, address);
	store_be64(reg + 8, length);
	put_bytes(t, "reg", reg, sizeof(reg));
}

static void write_stage(struct tree *t, const struct handoff *h)
{
	begin(t, "stage");
	put_u32(t, "version", STAGE_VERSION);
	put_text(t, "slot", h->choice->slot == SLOT_A ? "a" : "b");
	put_u32(t, "reason", h->choice->reason);
	put_text(t, "reason-text", boot_reason_text(h->choice->reason));
	put_text(t, "firmware", h->platform->uefi ? "uefi" : "bios");
	put_u32(t, "secure-boot", h->platform->secure_boot);
	put_u64(t, "entered", h->platform->entered);
	end(t);
}

static void write_nv(struct tree *t, const struct handoff *h)
{
	const struct blob *authority = &h->platform->loaded.authority;
	size_t authority_length = authority->length < AUTHORITY_SIZE_MAX ? authority->length : AUTHORITY_SIZE_MAX;
	const struct nv_view *nv = h->nv;

	static const char *const names[] = {
		[NV_UNPROVISIONED] = "unprovisioned", [NV_PROVISIONED] = "provisioned", [NV_STATE_LOST] = "state-lost"
	};

	begin(t, "nv");
	put_text(t, "state", names[nv->status]);
	put_u32(t, "writable", nv->writable);
	put_u64(t, "image-floor", nv->image_floor);
	put_u64(t, "key-floor", nv->key_floor);
	put_bytes(t, "policy-key", h->policy_key, P256_KEY_SIZE);
	put_bytes(t, "authority", authority->bytes, authority_length);
	end(t);
}

static void write_component(struct tree *t, const struct component *c, const u8 *at)
{
	begin(t, component_name(c->kind));
	put_reg(t, (u64)at, c->length);
	put_u64(t, "memory-length", c->memory_length);
	put_bytes(t, "sha384", c->digest, SHA384_SIZE);
	end(t);
}

static void write_image(struct tree *t, const struct handoff *h)
{
	const struct manifest *m = &h->image->manifest;

	begin(t, "image");
	put_text(t, "product", m->product);
	put_text(t, "release", m->release);
	put_u32(t, "svn", m->svn);
	put_u64(t, "keys-version", h->image->keys.version);
	put_u32(t, "flags", m->flags);
	put_bytes(t, "manifest-digest", h->image->manifest_digest, SHA384_SIZE);
	for (u32 i = 0; i < m->component_count; i++)
		write_component(t, &m->components[i], h->component[i]);
	end(t);
}

static void write_memory(struct tree *t, const struct handoff *h)
{
	u8 *map = NULL;

	begin(t, "memory");
	if (!t->error)
		note(t, fdt_property_placeholder(t->fdt, "map", (int)(h->map_count * sizeof(*h->map)), (void **)&map));
	for (u32 i = 0; map && i < h->map_count; i++, map += sizeof(*h->map)) {
		store_be64(map, h->map[i].base);
		store_be64(map + 8, h->map[i].length);
		store_be32(map + 16, h->map[i].type);
		store_be32(map + 20, 0);
	}
	end(t);
}

static void write_framebuffer(struct tree *t, const struct framebuffer *f)
{
	if (!f->base)
		return;
	begin(t, "framebuffer");
	put_reg(t, f->base, f->length);
	put_u32(t, "width", f->width);
	put_u32(t, "height", f->height);
	put_u32(t, "stride", f->stride);
	put_u32(t, "format", f->format);
	end(t);
}

static void write_console(struct tree *t, const struct handoff *h)
{
	if (!h->serial_port)
		return;
	begin(t, "console");
	put_u32(t, "port", h->serial_port);
	put_u32(t, "baud", h->serial_baud);
	end(t);
}

static void write_machine(struct tree *t, const struct handoff *h)
{
	begin(t, "acpi");
	put_u64(t, "rsdp", h->platform->rsdp);
	end(t);
	begin(t, "event-log");
	put_reg(t, (u64)h->log.bytes, h->log.length);
	end(t);
	write_framebuffer(t, &h->platform->framebuffer);
	write_console(t, h);
	begin(t, "tpm");
	put_text(t, "interface", h->platform->tpm_interface);
	end(t);
}

enum err handoff_write(const struct handoff *h, u8 *out, size_t room, size_t *length)
{
	struct tree t = { .fdt = out };

	if (h->map_count > MEMORY_MAP_MAX)
		return ERR_BOOT_HANDOFF;
	note(&t, fdt_create(out, (int)room));
	note(&t, fdt_finish_reservemap(out));
	begin(&t, "");
	put_text(&t, "compatible", "signet,handoff-1");
	write_stage(&t, h);
	write_nv(&t, h);
	write_image(&t, h);
	write_memory(&t, h);
	write_machine(&t, h);
	end(&t);
	note(&t, fdt_finish(out));
	if (t.error)
		return ERR_BOOT_HANDOFF;
	*length = fdt_totalsize(out);
	return OK;
}
