/*
 * Addresses: where to listen, who connects.
 * Trust: pure but for asking the socket.
 */
#ifndef SIGNET_SIGNETD_NET_ADDRESS_H
#define SIGNET_SIGNETD_NET_ADDRESS_H

#include "signetd/call.h"
#include "signetd/net/admission.h"

#include <uv.h>

/* "192.0.2.1:7443", "[2001:db8::1]:7443"; n bytes. */
bool address_read(const char *text, size_t n, struct sockaddr_storage *out);
/* The same back. */
void address_words(const struct sockaddr *a, char out[CALLER_ADDRESS_SIZE + 16]);

/* Of a connected peer, as admission knows it and in words. */
bool address_of_peer(const uv_tcp_t *tcp, u8 out[ADDRESS_SIZE], char words[CALLER_ADDRESS_SIZE]);

#endif
