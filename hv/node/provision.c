/*
 * Enrolment by order of the service VM, which the fleet server gave it.
 * Trust: in the TCB; the order is outside bytes.
 */
#include "hv/node/provision.h"

#include "hv/node/event.h"
#include "hv/node/state.h"
#include "hv/node/tpm.h"
#include "hv/x86/lock.h"

#include "lib/print.h"
#include "update/provision.h"

#include <string.h>

static struct authority given;
static struct nv_tpm nv;

/*
 * What runs is what the operator enrols; the other slot is unknown. A floor above what runs would leave nothing to
 * boot, one too far below would let the next leap be refused.
 */
static enum err make_request(const struct control_provision *order, struct provision_request *out)
{
	const struct boot_info *boot = node_state.boot;
	struct slot_record *running = &out->first.slot[boot->slot];

	if (order->image_floor > boot->svn || boot->svn - order->image_floor > SVN_LEAP_MAX ||
	        order->key_floor > boot->keys_version)
		return ERR_RANGE;
	*out = (struct provision_request){ .first = { .image_floor = order->image_floor,
		                                   .key_floor = order->key_floor },
		.owner.size = sizeof(order->owner_auth),
		.lockout.size = sizeof(order->lockout_auth) };
	memcpy(out->owner.bytes, order->owner_auth, sizeof(order->owner_auth));
	memcpy(out->lockout.bytes, order->lockout_auth, sizeof(order->lockout_auth));
	running->state = SLOT_GOOD;
	memcpy(running->digest, boot->manifest_digest, SHA384_SIZE);
	return OK;
}

static void report(void)
{
	u8 record[STATE_RECORD_SIZE], digest[SHA384_SIZE];

	boot_state_encode(&node_state.view.state, record);
	sha384_of(record, sizeof(record), digest);
	hv_lock();
	node_event(EVENT_PROVISIONED, digest, node_state.view.image_floor, node_state.view.key_floor, "provisioned");
	say("node: provisioned");
	hv_unlock();
}

enum err node_provision(const struct control_provision *order, const u8 *authority, size_t n)
{
	const u8 *policy_key = node_state.boot->policy_key;
	struct provision_request request;
	enum err e = authority_parse(authority, n, &given);

	if (e)
		return e;
	/* Whoever signs policies may write the state: no key but the one in the stage. */
	if (!digest_equal(order->policy_key, policy_key, P256_KEY_SIZE) ||
	        !digest_equal(given.policy_key, policy_key, P256_KEY_SIZE) ||
	        !digest_equal(order->node, given.node_id, NODE_ID_SIZE))
		return ERR_ARGUMENT;
	e = make_request(order, &request);
	if (!e)
		e = nv_tpm_init(&nv, node_tpm(), policy_key, &given);
	if (!e)
		e = provision(&nv, &request);
	memset(&request, 0, sizeof(request));
	if (e)
		return e;
	node_state.authority = given;
	e = state_read(&node_state.authority);
	if (!e)
		report();
	return e;
}
