/* The switch. Trust: in the TCB; pure. */
#include "hv/dev/net_switch.h"

#include "lib/bytes.h"

#include <string.h>

enum { GROUP_BIT = 1, SOURCE = MAC_SIZE, NO_PORT = SWITCH_PORTS_MAX };

/* Link-local protocols of switches (802.1D, table 7-10) are not for the others to hear. */
static const u8 link_local[MAC_SIZE - 1] = { 0x01, 0x80, 0xC2, 0x00, 0x00 };

static bool is_station(const u8 *mac)
{
	return !(mac[0] & GROUP_BIT) && !bytes_are_zero(mac, MAC_SIZE);
}

static bool is_link_local(const u8 *mac)
{
	return memcmp(mac, link_local, sizeof(link_local)) == 0 && mac[MAC_SIZE - 1] < 16;
}

static bool equal(const u8 *a, const u8 *b)
{
	return memcmp(a, b, MAC_SIZE) == 0;
}

/* The guest's port that owns this address. */
static u32 owner_of(const struct net_switch *s, const u8 *mac)
{
	for (u32 i = 0; i < SWITCH_PORTS_MAX; i++)
		if (s->port[i].deliver && !s->port[i].uplink && equal(s->port[i].mac, mac))
			return i;
	return NO_PORT;
}

static bool may_send(const struct net_switch *s, u32 port, const u8 *frame, u32 n)
{
	if (n < FRAME_HEADER || n > FRAME_MAX || is_link_local(frame))
		return false;
	if (!s->port[port].uplink)
		return equal(frame + SOURCE, s->port[port].mac);
	/* From outside, nobody speaks as one of our guests. */
	return is_station(frame + SOURCE) && owner_of(s, frame + SOURCE) == NO_PORT;
}

void switch_send(struct net_switch *s, u32 port, const u8 *frame, u32 n)
{
	if (port >= SWITCH_PORTS_MAX || !s->port[port].deliver || !may_send(s, port, frame, n))
		return;
	u32 owner = owner_of(s, frame);
	for (u32 i = 0; i < SWITCH_PORTS_MAX; i++) {
		/* An unknown station can only be outside: guests' addresses are all known. */
		bool wanted = owner != NO_PORT ? i == owner : frame[0] & GROUP_BIT || s->port[i].uplink;
		if (wanted && i != port && s->port[i].deliver)
			(void)s->port[i].deliver(s->port[i].context, frame, n);
	}
}

enum err switch_connect(struct net_switch *s, u32 port, const struct switch_port *p)
{
	if (port >= SWITCH_PORTS_MAX)
		return ERR_RANGE;
	if (s->port[port].deliver || (!p->uplink && (!is_station(p->mac) || owner_of(s, p->mac) != NO_PORT)))
		return ERR_ARGUMENT;
	s->port[port] = *p;
	return OK;
}

void switch_disconnect(struct net_switch *s, u32 port)
{
	if (port < SWITCH_PORTS_MAX)
		s->port[port].deliver = NULL;
}
