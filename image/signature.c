/*
 * Signature lists: the whole shape is checked first, then each signature of a known key, up to the first wrong one. So
 * a forger who lacks the keys costs us at most one curve operation a list. Trust: in the TCB; pure. Reads unverified
 * bytes, bounded by their region.
 */
#include "image/signature.h"

#include "lib/bytes.h"

#include <string.h>

static bool entry_shape(const u8 *entry)
{
	return load_le32(entry + KEY_ID_SIZE) == ALGORITHM_P384 &&
	        load_le32(entry + KEY_ID_SIZE + 4) == P384_SIGNATURE_SIZE;
}

enum err signature_list_shape(const u8 *list, size_t n, u32 *count)
{
	if (n < SIGNATURE_LIST_HEADER)
		return ERR_SIGNATURE_LIST;
	*count = load_le32(list);
	if (*count > SIGNATURES_COUNT_MAX || load_le32(list + 4) != 0 ||
	        *count > (n - SIGNATURE_LIST_HEADER) / SIGNATURE_ENTRY_SIZE)
		return ERR_SIGNATURE_LIST;

	const u8 *entry = list + SIGNATURE_LIST_HEADER;
	for (u32 i = 0; i < *count; i++, entry += SIGNATURE_ENTRY_SIZE) {
		/* Strictly ascending: a key that stood twice would count twice. */
		if (!entry_shape(entry) || (i > 0 && memcmp(entry - SIGNATURE_ENTRY_SIZE, entry, KEY_ID_SIZE) >= 0))
			return ERR_SIGNATURE_LIST;
	}
	return bytes_are_zero(entry, n - (size_t)(entry - list)) ? OK : ERR_SIGNATURE_LIST;
}

enum err signatures_check(const u8 *list, size_t n, const u8 digest[SHA384_SIZE], const struct key_set *set,
        enum key_role role, u32 threshold)
{
	u32 count;
	u32 valid = 0;
	enum err e = signature_list_shape(list, n, &count);
	if (e)
		return e;

	const u8 *entry = list + SIGNATURE_LIST_HEADER;
	for (u32 i = 0; i < count; i++, entry += SIGNATURE_ENTRY_SIZE) {
		const struct public_key *key = key_set_find(set, role, entry);
		if (!key)
			continue;
		e = ecdsa_p384_verify(key->bytes, digest, entry + SIGNATURE_ENTRY_HEADER);
		if (e)
			return e;
		valid++;
	}
	/* "No signature" must never pass, whatever a key set says. */
	return valid > 0 && valid >= threshold ? OK : ERR_SIGNATURE_MISSING;
}
