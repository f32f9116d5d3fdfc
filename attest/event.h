/*
 * Signet's own event records (docs/measurements.md): what stage and hypervisor extend into PCR12-14 and log.
 * Trust: in the TCB; pure. Written by us, parsed again by the verifier.
 */
#ifndef SIGNET_ATTEST_EVENT_H
#define SIGNET_ATTEST_EVENT_H

#include "lib/crypto/crypto.h"
#include "lib/err.h"

enum {
	EVENT_RECORD_SIZE = 256,
	EVENT_TEXT_SIZE = 176,
	/* With the EV_EVENT_TAG header: exactly what is logged and hashed. */
	EVENT_TAGGED_SIZE = 8 + EVENT_RECORD_SIZE,
	EVENT_TAG = 0x544E4753, /* "SGNT" */
	EV_EVENT_TAG = 6,
};

enum { PCR_IMAGE = 12, PCR_GUESTS = 13, PCR_DECISIONS = 14 };

enum event_kind {
	EVENT_STAGE = 1,
	EVENT_KEYS = 2,
	EVENT_MANIFEST = 3,
	EVENT_COMPONENT = 4,
	EVENT_SEPARATOR = 5,
	EVENT_SLOT = 16,
	EVENT_NV_STATE = 17,
	EVENT_FIRMWARE = 18,
	EVENT_SESSION = 32,
	EVENT_GATE = 33,
	EVENT_DMA = 34,
	EVENT_BUILD = 35,
	EVENT_SERVICE = 36,
	EVENT_PROVISIONED = 37,
	EVENT_TICKET = 38,
	EVENT_LEASE = 39,
	EVENT_GUEST = 48,
};

struct event {
	enum event_kind kind;
	u8 digest[SHA384_SIZE];
	u64 value[2];
	char text[EVENT_TEXT_SIZE];
};

/* Zeroed event with text; longer text is cut at 175 characters. */
void event_init(struct event *e, enum event_kind kind, const char *text);

/* The tagged bytes to hash and to log. */
void event_encode(const struct event *e, u8 out[EVENT_TAGGED_SIZE]);

/* ERR_BOOT_LOG unless the bytes are exactly one tagged record of ours in its one encoding. */
enum err event_decode(const u8 *bytes, size_t n, struct event *out) MUST_CHECK;

#endif
