/*
 * docs/fleet.md as tables.
 * Trust: in the TCB; pure.
 */
#include "image/fleet.h"

#include "lib/bytes.h"
#include "lib/fdt_rules.h"

#include <string.h>

#define AT(member) offsetof(struct fleet, member)

static const char *const compatible[] = { "signet,fleet-1" };

static const struct field root[] = { FIXED_RULE("compatible", compatible) };
static const struct field fleet[] = {
	FIELD_RULE("name", TEXT, AT(name), FLEET_NAME_SIZE),
	FIELD_RULE("addresses", TEXT, AT(addresses), FLEET_TEXT_SIZE),
};
static const struct field ca[] = {
	FIELD_RULE("key", BYTES, AT(ca_key), P384_KEY_SIZE),
	FIELD_RULE("epoch", U32, AT(epoch), UINT32_MAX),
};
static const struct field policy[] = { FIELD_RULE("ungated", U32, AT(ungated), 1) };
static const struct field console[] = {
	FIELD_RULE("port", U32, AT(console_port), FLEET_PORT_MAX),
	FIELD_RULE("baud", U32, AT(console_baud), FLEET_BAUD_MAX),
};
static const struct field service[] = {
	FIELD_RULE("arguments", TEXT, AT(arguments), FLEET_TEXT_SIZE),
	FIELD_RULE("vlan", U32, AT(vlan), VLAN_MAX),
};

static const struct node_rule nodes[] = {
	{ NODE_RULE("fleet", fleet, false) },
	{ NODE_RULE("ca", ca, true) },
	{ NODE_RULE("policy", policy, false) },
	{ NODE_RULE("console", console, true) },
	{ NODE_RULE("service", service, false) },
};
static const struct node_rule rule = {
	NODE_RULE("", root, false),
	.children = nodes,
	.child_count = ARRAY_SIZE(nodes),
};

/* A node that is there says something; what the stage takes for a serial port and speed is no other here. */
static bool is_valid(const struct fleet *f)
{
	bool ca_told = !bytes_are_zero(f->ca_key, P384_KEY_SIZE), console_told = f->console_port || f->console_baud;

	return f->name[0] && (ca_told || !f->epoch) &&
	        (!console_told || (f->console_port && f->console_baud && FLEET_BAUD_MAX % f->console_baud == 0));
}

enum err fleet_read(struct fleet *out, const void *tree, u64 length, bool development)
{
	enum err e = OK;

	memset(out, 0, sizeof(*out));
	if (length > FLEET_LENGTH_MAX || !fdt_read(out, tree, length, &rule) || !is_valid(out))
		e = ERR_FLEET_FORMAT;
	else if (out->ungated && !development)
		e = ERR_FLEET_UNGATED;
	if (e)
		memset(out, 0, sizeof(*out));
	return e;
}
