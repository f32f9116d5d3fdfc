/*
 * Ethernet switch between virtual ports: guests, each with its one address, and the uplink, behind which are all other
 * stations. A frame is copied once out of its sender; ports never see each other's memory. Trust: in the TCB; pure.
 * Frames are guests'. The owner serialises all calls for one switch.
 */
#ifndef SIGNET_HV_DEV_NET_SWITCH_H
#define SIGNET_HV_DEV_NET_SWITCH_H

#include "lib/err.h"

enum {
	SWITCH_PORTS_MAX = 16,
	MAC_SIZE = 6,
	FRAME_HEADER = 14,
	FRAME_MAX = 1518, /* 1500 bytes, their header and a VLAN tag */
};

struct switch_port {
	/* Hands a frame to the port; false: no room, it is lost there. NULL in the switch: not connected. */
	bool (*deliver)(void *context, const u8 *frame, u32 n);
	void *context;
	/* A guest's port sends from its own address only; the uplink's from any but a guest's. */
	bool uplink;
	u8 mac[MAC_SIZE];
};

struct net_switch {
	struct switch_port port[SWITCH_PORTS_MAX];
};

/* ERR_RANGE: no such port. ERR_ARGUMENT: taken, or not an address a station may have, or another port's. */
enum err switch_connect(struct net_switch *s, u32 port, const struct switch_port *p) MUST_CHECK;
void switch_disconnect(struct net_switch *s, u32 port);
/* A frame from a port, without its checksum. One that its port may not send is dropped. */
void switch_send(struct net_switch *s, u32 port, const u8 *frame, u32 n);

#endif
