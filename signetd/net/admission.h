/*
 * Who may connect and how often he may ask: connections and handshakes in all and a peer address, and a rate of
 * requests a peer address. Trust: addresses are all that is known of a peer here. Pure; the caller brings the time.
 */
#ifndef SIGNET_SIGNETD_NET_ADMISSION_H
#define SIGNET_SIGNETD_NET_ADMISSION_H

#include "lib/types.h"

enum { ADDRESS_SIZE = 16, PEERS_MAX = 4096 };

struct admission_limits {
	u64 connections, connections_per_peer; /* open at once */
	u64 requests_per_second, request_burst;
	u64 handshakes_per_second, handshake_burst;
	u64 handshakes_per_second_in_all, handshake_burst_in_all;
};

/* Filled by a rate, emptied by use, full at first. */
struct bucket {
	u64 tokens; /* thousandths */
	u64 filled; /* when, in milliseconds */
};

/*
 * One address; of IPv6 the /64 network, which is what one customer has.
 */
struct peer {
	u8 address[ADDRESS_SIZE];
	u32 connections;
	struct bucket requests, handshakes;
	struct peer *next;
};

struct admission {
	struct admission_limits limits;
	u32 connections;
	u32 peers;
	struct bucket handshakes;
	struct peer *table[PEERS_MAX];
};

void admission_init(struct admission *a, const struct admission_limits *limits, u64 now);
void admission_free(struct admission *a);

/*
 * A new connection of that address (IPv4 as ::ffff:a.b.c.d): its peer, to be given back by admission_leave; NULL when a
 * limit is reached or there is no memory.
 */
struct peer *admission_enter(struct admission *a, const u8 address[ADDRESS_SIZE], u64 now);
void admission_leave(struct admission *a, struct peer *p);

/*
 * One handshake, which costs signatures: whether the rates allow it. One that its own address's does not costs the
 * others none of theirs.
 */
bool admission_handshake(struct admission *a, struct peer *p, u64 now);

/* One request: whether the rate allows it. */
bool admission_request(struct admission *a, struct peer *p, u64 now);

/* Forgets peers without connections whose buckets are full again. Once a second is plenty. */
void admission_sweep(struct admission *a, u64 now);

#endif
