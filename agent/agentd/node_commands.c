/* Commands about the node: provisioning, restart, logs. Trust: see command.h. */
#include "agent/agentd/command.h"

#include "agent/agentd/guests.h"
#include "agent/agentd/parts.h"
#include "lib/print.h"
#include "lib/tls/deadline.h"
#include "update/authority.h"

#include <mbedtls/platform_util.h>
#include <string.h>
#include <time.h>

enum { TEXT_MAX_BYTES = 16384 };

/* Root mode takes it, or refuses; only then is the flash disk written, so that a refused one does not stay there. */
static bool keep_authority(struct command_call *c, const u8 *bytes, size_t n)
{
	enum err e = part_write_authority(c->agent->options.parts, bytes, n);

	return e ? command_failed(c, e, "the write authority was not written to the flash disk") : true;
}

static bool take_exactly(struct command_call *c, const char *name, u8 *out, size_t n)
{
	if (field_base64(c->arguments, name, out, n) == n)
		return true;
	return command_failed(c, ERR_ARGUMENT, "a value of the order to provision is too short");
}

bool command_provision(struct command_call *c)
{
	struct control_provision order = { 0 };
	u8 authority[AUTHORITY_SIZE_MAX];
	size_t n = field_base64(c->arguments, "authority", authority, sizeof(authority));

	if (!take_exactly(c, "ownerAuth", order.owner_auth, sizeof(order.owner_auth)) ||
	        !take_exactly(c, "lockoutAuth", order.lockout_auth, sizeof(order.lockout_auth)) ||
	        !take_exactly(c, "policyKey", order.policy_key, sizeof(order.policy_key)))
		return false;
	memcpy(order.node, c->agent->ek.node, sizeof(order.node));
	order.image_floor = (u32)field_number(c->arguments, "imageFloor");
	order.key_floor = (u32)field_number(c->arguments, "keyFloor");
	enum err e =
	        node_ask(c->node, CONTROL_PROVISION, &(struct frame_body){ &order, sizeof(order), authority, (u32)n });
	mbedtls_platform_zeroize(&order, sizeof(order));
	if (e)
		return command_failed(c, e, "the hypervisor did not provision this node");
	if (!keep_authority(c, authority, n))
		return false;
	/* What it has become shows in evidence alone. */
	(void)pthread_mutex_lock(&c->agent->lock);
	agent_ask(&c->agent->state);
	(void)pthread_cond_broadcast(&c->agent->changed);
	(void)pthread_mutex_unlock(&c->agent->lock);
	return true;
}

bool command_authority(struct command_call *c)
{
	u8 bytes[AUTHORITY_SIZE_MAX];
	struct authority authority;
	size_t n = field_base64(c->arguments, "authority", bytes, sizeof(bytes));
	enum err e = authority_parse(bytes, n, &authority);

	if (e)
		return command_failed(c, e, "the write authority");
	if (memcmp(authority.node_id, c->agent->ek.node, sizeof(authority.node_id)) != 0)
		return command_fail(
		        c, "authority-other", "sign one for this node", "the write authority is another node's");
	return keep_authority(c, bytes, n);
}

/* Guests are asked to end, and have that long. */
static void drain(struct command_call *c, u64 seconds)
{
	u64 deadline = monotonic_ms() + seconds * 1000;

	if (!seconds)
		return;
	guests_press_all(c->node);
	while (guests_running(c->node) && monotonic_ms() < deadline)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
}

bool command_reboot(struct command_call *c)
{
	tell("the node restarts by order of the fleet server");
	drain(c, c->arguments ? field_number(c->arguments, "drainSeconds") : 0);
	c->reboots = true;
	return true;
}

/* JSON carries characters, logs may hold bytes: what is no text shows as one. */
static void add_text(struct command_call *c, const char *from, size_t n)
{
	char text[TEXT_MAX_BYTES];

	for (size_t i = 0; i < n; i++) {
		u8 byte = (u8)from[i];

		text[i] = '?';
		if ((byte >= ' ' && byte < 0x7F) || byte == '\n' || byte == '\t')
			text[i] = from[i];
	}
	(void)yyjson_mut_obj_add_strncpy(c->doc, c->value, "text", text, n);
}

static void add_place(struct command_call *c, u64 offset, u64 end)
{
	(void)yyjson_mut_obj_add_uint(c->doc, c->value, "offset", offset);
	(void)yyjson_mut_obj_add_uint(c->doc, c->value, "end", end);
}

static bool own_log(struct command_call *c, u64 offset)
{
	char text[TEXT_MAX_BYTES];
	u64 end;
	size_t n = ring_read(&offset, &end, text, sizeof(text));

	add_place(c, offset, end);
	add_text(c, text, n);
	return true;
}

static bool hypervisor_log(struct command_call *c, u64 offset)
{
	char text[TEXT_MAX_BYTES];
	struct control_bytes at = { .offset = offset };
	const u8 *bytes;
	size_t n = 0;
	u64 begin = offset;

	do {
		enum err e = node_read(c->node, CONTROL_MESSAGES, begin + n, &at, &bytes);
		if (e)
			return command_failed(c, e, "the hypervisor's log");
		/* Older lines are gone: the text begins later than asked for, or what was read is given up. */
		if (at.offset != begin + n) {
			begin = at.offset;
			n = 0;
		}
		if (at.length > sizeof(text) - n)
			break;
		memcpy(text + n, bytes, at.length);
		n += at.length;
	} while (at.length);
	add_place(c, begin, at.end);
	add_text(c, text, n);
	return true;
}

bool command_logs(struct command_call *c)
{
	const char *source = field_text(c->arguments, "source");
	u64 offset = field_number(c->arguments, "offset");

	if (strcmp(source, "agent") == 0)
		return own_log(c, offset);
	if (strcmp(source, "hypervisor") == 0)
		return hypervisor_log(c, offset);
	return command_fail(c, "source-unknown", "ask for hypervisor or agent", "there is no log called %s", source);
}
