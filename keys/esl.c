/* EFI signature lists. Trust: pure; made from the operator's own certificates. */
#include "keys/esl.h"

#include "lib/bytes.h"

#include <assert.h>

enum { ESL_HEADER = 28, CERTIFICATE_MAX = 1 << 20 };
static_assert(ESL_HEADER + GUID_SIZE == ESL_OVERHEAD, "list header, then the owner before the certificate");

/* EFI_CERT_X509_GUID a5c059a1-94e4-4aa7-87b5-ab155c2bf072 */
static const u8 guid_x509[GUID_SIZE] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c,
	0x2b, 0xf0, 0x72 };

const u8 guid_owner[GUID_SIZE] = { 0x1e, 0x9c, 0x6a, 0x5f, 0x0b, 0x7d, 0x0a, 0x4f, 0x9a, 0x53, 0xc0, 0xe4, 0xd2, 0xb7,
	0xa8, 0x61 };
const u8 guid_microsoft[GUID_SIZE] = { 0xbd, 0x9a, 0xfa, 0x77, 0x59, 0x03, 0x32, 0x4d, 0xbd, 0x60, 0x28, 0xf4, 0xe7,
	0x8f, 0x78, 0x4b };

enum err esl_add(u8 *out, size_t room, size_t *n, const u8 owner[GUID_SIZE], const u8 *der, size_t length)
{
	struct writer w;

	if (*n > room || length > CERTIFICATE_MAX)
		return ERR_RANGE;
	w = writer_on(out + *n, room - *n);
	write_bytes(&w, guid_x509, GUID_SIZE);
	write_le32(&w, ESL_OVERHEAD + (u32)length);
	write_le32(&w, 0); /* no signature header */
	write_le32(&w, GUID_SIZE + (u32)length);
	write_bytes(&w, owner, GUID_SIZE);
	write_bytes(&w, der, length);
	if (w.failed)
		return ERR_RANGE;
	*n += w.used;
	return OK;
}
