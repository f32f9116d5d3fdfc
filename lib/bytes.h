/*
 * Bounded reading and writing of wire bytes: a failed access sets a sticky flag, yields zero and never touches memory
 * outside the buffer. Callers check the flag once, at the end.
 * Trust: handles outside bytes; pure.
 */
#ifndef SIGNET_LIB_BYTES_H
#define SIGNET_LIB_BYTES_H

#include "lib/types.h"

u16 load_le16(const u8 *p);
u32 load_le32(const u8 *p);
u64 load_le64(const u8 *p);
u16 load_be16(const u8 *p);
u32 load_be32(const u8 *p);
u64 load_be64(const u8 *p);
void store_le16(u8 *p, u16 v);
void store_le32(u8 *p, u32 v);
void store_le64(u8 *p, u64 v);
void store_be16(u8 *p, u16 v);
void store_be32(u8 *p, u32 v);
void store_be64(u8 *p, u64 v);

bool bytes_are_zero(const u8 *p, size_t n);
/* All 0xFF: what an absent device reads as. */
bool bytes_are_ones(const u8 *p, size_t n);

struct reader {
	const u8 *at;
	size_t left;
	bool failed;
};

struct reader reader_on(const u8 *bytes, size_t n);
u8 read_u8(struct reader *r);
u16 read_le16(struct reader *r);
u32 read_le32(struct reader *r);
u64 read_le64(struct reader *r);
u16 read_be16(struct reader *r);
u32 read_be32(struct reader *r);
u64 read_be64(struct reader *r);
/* A pointer to the next n bytes, or NULL (and failed) when fewer are left. */
const u8 *read_bytes(struct reader *r, size_t n);
void read_copy(struct reader *r, u8 *to, size_t n);
/* Skips n bytes that must all be zero. */
void read_zero(struct reader *r, size_t n);
/* Nothing failed and nothing is left. */
bool reader_done(const struct reader *r);

struct writer {
	u8 *start;
	size_t used;
	size_t room;
	bool failed;
};

struct writer writer_on(u8 *bytes, size_t room);
void write_u8(struct writer *w, u8 v);
void write_le16(struct writer *w, u16 v);
void write_le32(struct writer *w, u32 v);
void write_le64(struct writer *w, u64 v);
void write_be16(struct writer *w, u16 v);
void write_be32(struct writer *w, u32 v);
void write_be64(struct writer *w, u64 v);
void write_bytes(struct writer *w, const u8 *from, size_t n);
void write_zero(struct writer *w, size_t n);

#endif
