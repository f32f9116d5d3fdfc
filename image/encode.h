/*
 * The writing side of the format: header, key manifest bodies and signature lists (manifest and anchor have their own).
 * Trust: runs where images and keys are made; pure. What it writes is judged by the same code as everything else.
 */
#ifndef SIGNET_IMAGE_ENCODE_H
#define SIGNET_IMAGE_ENCODE_H

#include "image/signature.h"
#include "image/verify.h"

enum {
	/* Holds any list the verifier accepts. */
	SIGNATURE_LIST_MAX = SIGNATURE_LIST_HEADER + SIGNATURES_COUNT_MAX * SIGNATURE_ENTRY_SIZE,
};

/* The whole first page. layout comes from image_layout_of (image/verify.h). */
void image_header_encode(const struct image_layout *layout, u8 out[IMAGE_HEADER_SIZE]);

/*
 * Adds a P-384 signature to an encoded list of room bytes (all zero: the empty list), keeping its order. Signing on
 * several machines one after another is calling this again. ERR_SIGNATURE_LIST when the list is malformed or holds the
 * key already, ERR_RANGE when there is no room.
 */
enum err signature_list_insert(
        u8 *list, size_t room, const u8 key_id[KEY_ID_SIZE], const u8 signature[P384_SIGNATURE_SIZE]) MUST_CHECK;

/* Bytes of a list with count signatures. */
size_t signature_list_size(u32 count);

/*
 * Adds a key, in its place and with its id computed. key is P384_KEY_SIZE bytes (P-256: 64 and zeros). ERR_KEY_EXISTS
 * when one of the same role and X is there, or the key is revoked; ERR_RANGE when the set is full.
 */
enum err key_set_insert(struct key_set *set, enum key_role role, const u8 key[P384_KEY_SIZE]) MUST_CHECK;

/* Removes every key of that id and remembers it as revoked. ERR_KEY_EXISTS when it is already, ERR_RANGE when full. */
enum err key_set_revoke(struct key_set *set, const u8 id[KEY_ID_SIZE]) MUST_CHECK;

/*
 * Body of a key manifest; returns its length. signature_room bytes will follow it: a multiple of 8, at least
 * SIGNATURE_LIST_HEADER. The room is signed with the body, so choose it for all who may sign (unused room stays zero).
 */
size_t keys_body_encode(const struct key_set *set, u32 signature_room, u8 out[KEYS_BODY_MAX]);

#endif
