/* The table of commands. Trust: see the header. */
#include "agent/agentd/command.h"

#include "agent/agentd/results.h"
#include "lib/print.h"
#include "update/authority.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DRAIN_MAX = 86400, SENT_MS = 10000, WAIT_MAX = 60000, NAME_MAX_BYTES = CONTROL_NAME_SIZE - 1 };

static const struct field provision_fields[] = {
	{ "ownerAuth", FIELD_BASE64, FIELD_REQUIRED, 32 },
	{ "lockoutAuth", FIELD_BASE64, FIELD_REQUIRED, 32 },
	{ "imageFloor", FIELD_NUMBER, FIELD_REQUIRED, UINT32_MAX },
	{ "keyFloor", FIELD_NUMBER, FIELD_REQUIRED, UINT32_MAX },
	{ "policyKey", FIELD_BASE64, FIELD_REQUIRED, P256_KEY_SIZE },
	{ "authority", FIELD_BASE64, FIELD_REQUIRED, AUTHORITY_SIZE_MAX },
};
static const struct field authority_fields[] = { { "authority", FIELD_BASE64, FIELD_REQUIRED, AUTHORITY_SIZE_MAX } };
static const struct field reboot_fields[] = { { "drainSeconds", FIELD_NUMBER, 0, DRAIN_MAX } };
static const struct field logs_fields[] = {
	{ "source", FIELD_TEXT, FIELD_REQUIRED, 16 },
	{ "offset", FIELD_NUMBER, FIELD_REQUIRED, UINT64_MAX },
};
static const struct field run_fields[] = {
	{ "guest", FIELD_OBJECT, FIELD_REQUIRED, 16 },
	{ "digest", FIELD_HEX, FIELD_REQUIRED, SHA384_SIZE },
};
static const struct field stop_fields[] = {
	{ "name", FIELD_TEXT, FIELD_REQUIRED, NAME_MAX_BYTES },
	{ "now", FIELD_BOOL, 0, 0 },
};
static const struct field name_fields[] = { { "name", FIELD_TEXT, FIELD_REQUIRED, NAME_MAX_BYTES } };
static const struct field console_fields[] = {
	{ "name", FIELD_TEXT, FIELD_REQUIRED, NAME_MAX_BYTES },
	{ "offset", FIELD_NUMBER, FIELD_REQUIRED, UINT64_MAX },
	{ "input", FIELD_BASE64, FIELD_NULLABLE | FIELD_EMPTY, 16384 },
	{ "waitMs", FIELD_NUMBER, 0, WAIT_MAX },
};

static const struct field update_fields[] = {
	{ "image", FIELD_HEX, FIELD_REQUIRED, SHA384_SIZE },
	{ "blob", FIELD_HEX, FIELD_REQUIRED, SHA384_SIZE },
	{ "length", FIELD_NUMBER, FIELD_REQUIRED, UINT64_MAX },
	{ "leaves", FIELD_HEX, FIELD_REQUIRED, SHA384_SIZE },
	{ "drain", FIELD_TEXT, FIELD_REQUIRED, 16 },
};
static const struct field cancel_fields[] = { { "image", FIELD_HEX, FIELD_REQUIRED, SHA384_SIZE } };

#define FIELDS(table) (table), ARRAY_SIZE(table)
static const struct command {
	const char *kind;
	enum lane lane;
	command_handler *run;
	const struct field *fields;
	size_t count;
} commands[] = {
	{ "attest", LANE_ATTEST, NULL, NULL, 0 },
	{ "provision", LANE_LONG, command_provision, FIELDS(provision_fields) },
	{ "authority", LANE_LONG, command_authority, FIELDS(authority_fields) },
	{ "reboot", LANE_LONG, command_reboot, FIELDS(reboot_fields) },
	{ "logs", LANE_QUICK, command_logs, FIELDS(logs_fields) },
	{ "guest-run", LANE_LONG, command_guest_run, FIELDS(run_fields) },
	{ "guest-stop", LANE_QUICK, command_guest_stop, FIELDS(stop_fields) },
	{ "guest-remove", LANE_LONG, command_guest_remove, FIELDS(name_fields) },
	{ "guest-list", LANE_QUICK, command_guest_list, NULL, 0 },
	{ "guest-console", LANE_QUICK, command_guest_console, FIELDS(console_fields) },
	{ "update", LANE_UPDATE, command_update, FIELDS(update_fields) },
	{ "update-cancel", LANE_QUICK, command_update_cancel, FIELDS(cancel_fields) },
};

static const struct command *find(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].kind, kind) == 0)
			return &commands[i];
	return NULL;
}

enum lane command_lane(const char *kind)
{
	const struct command *command = find(kind);

	return command ? command->lane : LANE_NONE;
}

bool command_goes_on(const char *kind)
{
	return command_lane(kind) == LANE_UPDATE;
}

bool command_fail(struct command_call *c, const char *code, const char *advice, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)format_args(c->message, sizeof(c->message), fmt, args);
	va_end(args);
	c->code = code;
	c->advice = advice;
	return false;
}

bool command_failed(struct command_call *c, enum err e, const char *what)
{
	static _Thread_local char code[16];

	(void)format(code, sizeof(code), "error-%d", e);
	return command_fail(c, code, "docs/stops.md says what this number means", "%s: %s", what, err_text(e));
}

static void add_error(struct command_call *c, yyjson_mut_val *root)
{
	yyjson_mut_val *error = yyjson_mut_obj_add_obj(c->doc, root, "error");

	(void)yyjson_mut_obj_add_strcpy(c->doc, error, "code", c->code);
	(void)yyjson_mut_obj_add_strcpy(c->doc, error, "message", c->message);
	(void)yyjson_mut_obj_add_strcpy(c->doc, error, "advice", c->advice);
}

static bool carry_out(struct command_call *c, const struct command *command)
{
	char why[128];

	if (!command)
		return command_fail(
		        c, "command-unknown", "update the node's image", "this agent does not know that command");
	if (c->arguments && !fields_fit(c->arguments, command->fields, command->count, why, sizeof(why)))
		return command_fail(c, "arguments", "docs/fleet-api.md lists what this command takes", "%s", why);
	if (!c->arguments && command->count)
		return command_fail(
		        c, "arguments", "docs/fleet-api.md lists what this command takes", "none were given");
	return command->run(c);
}

/* An order that ends this boot: its answer first, or the fleet server would give it again to the next one. */
static void reboot(struct command_call *c)
{
	struct control_power order = { .how = CONTROL_REBOOT };

	(void)results_await_sent(c->id, SENT_MS);
	if (c->holds && !c->holds(c))
		return;
	enum err e = node_get(c->node, CONTROL_POWER, &order, sizeof(order), NULL, 0);
	if (e)
		tell("the hypervisor does not restart the machine: %s", err_text(e));
}

void command_run(struct agent *a, struct node *node, struct link *link, u64 id, const char *kind, yyjson_val *arguments)
{
	struct command_call c = { .agent = a, .node = node, .link = link, .id = id, .arguments = arguments };

	c.doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(c.doc);
	yyjson_mut_doc_set_root(c.doc, root);
	(void)yyjson_mut_obj_add_uint(c.doc, root, "id", id);
	c.value = yyjson_mut_obj(c.doc);
	bool good = carry_out(&c, find(kind));
	(void)yyjson_mut_obj_add_bool(c.doc, root, "ok", good);
	if (good)
		(void)yyjson_mut_obj_add_val(c.doc, root, "value", c.value);
	else
		add_error(&c, root);
	tell("command %llu, %s: %s", (unsigned long long)id, kind, good ? "done" : c.message);
	results_end(id, c.doc);
	if (good && c.reboots)
		reboot(&c);
}

void command_answer(u64 id, const char *name, const char *value)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_uint(doc, root, "id", id);
	(void)yyjson_mut_obj_add_bool(doc, root, "ok", true);
	(void)yyjson_mut_obj_add_strcpy(doc, yyjson_mut_obj_add_obj(doc, root, "value"), name, value);
	results_end(id, doc);
}
