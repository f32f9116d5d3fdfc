/* A fleet configuration as a flattened device tree. Trust: runs as the operator. */
#include "cli/fleet_file.h"

#include "lib/bytes.h"

#include <libfdt.h>
#include <string.h>

/* The first error is kept, so that each step can be written as one line. */
struct tree {
	u8 *fdt;
	int error;
};

static void note_error(struct tree *t, int error)
{
	if (!t->error)
		t->error = error;
}

static void begin(struct tree *t, const char *node)
{
	note_error(t, fdt_begin_node(t->fdt, node));
}

static void end(struct tree *t)
{
	note_error(t, fdt_end_node(t->fdt));
}

static void put_text(struct tree *t, const char *name, const char *text)
{
	note_error(t, fdt_property(t->fdt, name, text, (int)strlen(text) + 1));
}

static void put_number(struct tree *t, const char *name, u32 value)
{
	note_error(t, fdt_property_u32(t->fdt, name, value));
}

static void write_ca(struct tree *t, const struct fleet *f)
{
	if (bytes_are_zero(f->ca_key, P384_KEY_SIZE))
		return;
	begin(t, "ca");
	note_error(t, fdt_property(t->fdt, "key", f->ca_key, P384_KEY_SIZE));
	put_number(t, "epoch", f->epoch);
	end(t);
}

static void write_console(struct tree *t, const struct fleet *f)
{
	if (!f->console_port)
		return;
	begin(t, "console");
	put_number(t, "port", f->console_port);
	put_number(t, "baud", f->console_baud);
	end(t);
}

static void write_nodes(struct tree *t, const struct fleet *f)
{
	begin(t, "fleet");
	put_text(t, "name", f->name);
	put_text(t, "addresses", f->addresses);
	end(t);
	write_ca(t, f);
	begin(t, "policy");
	put_number(t, "ungated", f->ungated);
	end(t);
	write_console(t, f);
	begin(t, "service");
	put_text(t, "arguments", f->arguments);
	put_number(t, "vlan", f->vlan);
	end(t);
}

enum err fleet_encode(const struct fleet *f, u8 out[FLEET_LENGTH_MAX], size_t *n)
{
	struct tree t = { .fdt = out };
	struct fleet back;
	enum err e;

	note_error(&t, fdt_create(out, FLEET_LENGTH_MAX));
	note_error(&t, fdt_finish_reservemap(out));
	begin(&t, "");
	put_text(&t, "compatible", "signet,fleet-1");
	write_nodes(&t, f);
	end(&t);
	note_error(&t, fdt_finish(out));
	if (t.error)
		return ERR_FLEET_FORMAT;
	*n = fdt_totalsize(out);
	e = fleet_read(&back, out, *n, true);
	return !e && memcmp(&back, f, sizeof(back)) != 0 ? ERR_INTERNAL : e;
}
