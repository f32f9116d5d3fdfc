/* The audit log's chain. Trust: pure. */
#include "signetd/audit_chain.h"

#include "lib/bytes.h"

#include <string.h>

static const u8 domain[16] = "signet audit 1";

void audit_hash(const u8 previous[SHA384_SIZE], u64 number, const char *content, size_t length, u8 hash[SHA384_SIZE])
{
	struct sha384 h;
	u8 numbers[16];

	store_le64(numbers, number);
	store_le64(numbers + 8, length);
	sha384_init(&h);
	sha384_update(&h, domain, sizeof(domain));
	sha384_update(&h, previous, SHA384_SIZE);
	sha384_update(&h, numbers, sizeof(numbers));
	sha384_update(&h, (const u8 *)content, length);
	sha384_final(&h, hash);
}

void audit_follow(struct audit_walk *w, const struct audit_record *r)
{
	u8 expected[SHA384_SIZE];

	audit_hash(w->hash, w->number + 1, r->content, r->length, expected);
	if (!w->broken && (r->number != w->number + 1 || memcmp(expected, r->hash, sizeof(expected)) != 0))
		w->broken = r->number;
	w->number = r->number;
	memcpy(w->hash, r->hash, sizeof(w->hash));
}
