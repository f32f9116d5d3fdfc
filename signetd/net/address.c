/* Addresses. Trust: pure but for asking the socket. */
#include "signetd/net/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_port(const char *text, int *out)
{
	char *end;
	unsigned long v;

	if (*text < '0' || *text > '9' || strlen(text) > 5)
		return false;
	v = strtoul(text, &end, 10);
	*out = (int)v;
	return !*end && v <= UINT16_MAX;
}

bool address_read(const char *text, size_t n, struct sockaddr_storage *out)
{
	char copy[CALLER_ADDRESS_SIZE + 16], *colon, *host = copy;
	int port;

	if (n == 0 || n >= sizeof(copy))
		return false;
	memcpy(copy, text, n);
	copy[n] = 0;
	colon = strrchr(copy, ':');
	if (!colon || colon == copy || !read_port(colon + 1, &port))
		return false;
	*colon = 0;
	if (*host != '[')
		return uv_ip4_addr(host, port, (struct sockaddr_in *)out) == 0;
	if (colon[-1] != ']')
		return false;
	colon[-1] = 0;
	return uv_ip6_addr(host + 1, port, (struct sockaddr_in6 *)out) == 0;
}

void address_words(const struct sockaddr *a, char out[CALLER_ADDRESS_SIZE + 16])
{
	char host[CALLER_ADDRESS_SIZE] = "";
	bool six = a->sa_family == AF_INET6;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;

	(void)uv_ip_name(a, host, sizeof(host));
	(void)snprintf(out, CALLER_ADDRESS_SIZE + 16, six ? "[%s]:%u" : "%s:%u", host,
	        (unsigned)ntohs(six ? v6->sin6_port : v4->sin_port));
}

bool address_of_peer(const uv_tcp_t *tcp, u8 out[ADDRESS_SIZE], char words[CALLER_ADDRESS_SIZE])
{
	struct sockaddr_storage a;
	int n = sizeof(a);

	if (uv_tcp_getpeername(tcp, (struct sockaddr *)&a, &n) != 0 ||
	        uv_ip_name((struct sockaddr *)&a, words, CALLER_ADDRESS_SIZE) != 0)
		return false;
	if (a.ss_family == AF_INET6) {
		memcpy(out, &((struct sockaddr_in6 *)&a)->sin6_addr, ADDRESS_SIZE);
		return true;
	}
	memset(out, 0, 10);
	out[10] = out[11] = 0xff;
	memcpy(out + 12, &((struct sockaddr_in *)&a)->sin_addr, 4);
	return true;
}
