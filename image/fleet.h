/*
 * The fleet configuration: the component of the image that says whose node this is (docs/fleet.md).
 * Trust: in the TCB; pure. Read only after its digest was found to be the signed one.
 */
#ifndef SIGNET_IMAGE_FLEET_H
#define SIGNET_IMAGE_FLEET_H

#include "lib/crypto/crypto.h"
#include "lib/err.h"
#include "lib/types.h"

enum {
	FLEET_NAME_SIZE = 64,
	FLEET_TEXT_SIZE = 256,
	FLEET_LENGTH_MAX = 16384,
	VLAN_MAX = 4094,
	FLEET_PORT_MAX = 0xFFF8,
	FLEET_BAUD_MAX = 115200
};

struct fleet {
	char name[FLEET_NAME_SIZE]; /* empty: there is no fleet configuration */
	char addresses[FLEET_TEXT_SIZE]; /* of the fleet server: host:port, separated by commas; may be empty */
	u8 ca_key[P384_KEY_SIZE]; /* X || Y; zero: no fleet CA */
	u32 epoch; /* lowest of a leaf under the CA */
	u32 ungated; /* 1: guests start without a ticket */
	u32 console_port, console_baud; /* 0: as the stage was told */
	char arguments[FLEET_TEXT_SIZE]; /* added to the service kernel's command line; may be empty */
	u32 vlan; /* of guests on the uplink; 0: untagged */
};

/*
 * development: the image says it is one. ERR_FLEET_FORMAT; ERR_FLEET_UNGATED: lets guests start without a ticket in an
 * image that is not for development. *out is zero then.
 */
enum err fleet_read(struct fleet *out, const void *tree, u64 length, bool development) MUST_CHECK;

#endif
