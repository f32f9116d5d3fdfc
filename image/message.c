/*
 * Signed messages. The domain string keeps a signature over one kind of object from passing for another's.
 * Trust: in the TCB; pure.
 */
#include "image/message.h"

#include <assert.h>

static_assert(sizeof(IMAGE_DOMAIN) == DOMAIN_SIZE, "domain strings have one length");
static_assert(sizeof(KEYS_DOMAIN) == DOMAIN_SIZE, "domain strings have one length");

void image_message_digest(const u8 *header, const u8 *manifest, size_t n, u8 digest[SHA384_SIZE])
{
	struct sha384 h;

	sha384_init(&h);
	sha384_update(&h, (const u8 *)IMAGE_DOMAIN, DOMAIN_SIZE);
	sha384_update(&h, header, IMAGE_HEADER_FIELDS);
	sha384_update(&h, manifest, n);
	sha384_final(&h, digest);
}

void keys_message_digest(const u8 *body, size_t n, u8 digest[SHA384_SIZE])
{
	struct sha384 h;

	sha384_init(&h);
	sha384_update(&h, (const u8 *)KEYS_DOMAIN, DOMAIN_SIZE);
	sha384_update(&h, body, n);
	sha384_final(&h, digest);
}
