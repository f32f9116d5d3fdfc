/*
 * Bounded reading and writing of wire bytes.
 * Trust: handles outside bytes; pure.
 */
#include "lib/bytes.h"

#include <string.h>

u16 load_le16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}

u32 load_le32(const u8 *p)
{
	return load_le16(p) | (u32)load_le16(p + 2) << 16;
}

u64 load_le64(const u8 *p)
{
	return load_le32(p) | (u64)load_le32(p + 4) << 32;
}

u16 load_be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

u32 load_be32(const u8 *p)
{
	return (u32)load_be16(p) << 16 | load_be16(p + 2);
}

u64 load_be64(const u8 *p)
{
	return (u64)load_be32(p) << 32 | load_be32(p + 4);
}

void store_le16(u8 *p, u16 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
}

void store_le32(u8 *p, u32 v)
{
	store_le16(p, (u16)v);
	store_le16(p + 2, (u16)(v >> 16));
}

void store_le64(u8 *p, u64 v)
{
	store_le32(p, (u32)v);
	store_le32(p + 4, (u32)(v >> 32));
}

void store_be16(u8 *p, u16 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

void store_be32(u8 *p, u32 v)
{
	store_be16(p, (u16)(v >> 16));
	store_be16(p + 2, (u16)v);
}

void store_be64(u8 *p, u64 v)
{
	store_be32(p, (u32)(v >> 32));
	store_be32(p + 4, (u32)v);
}

static bool bytes_are(const u8 *p, size_t n, u8 value)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != value)
			return false;
	return true;
}

bool bytes_are_zero(const u8 *p, size_t n)
{
	return bytes_are(p, n, 0);
}

bool bytes_are_ones(const u8 *p, size_t n)
{
	return bytes_are(p, n, 0xFF);
}

struct reader reader_on(const u8 *bytes, size_t n)
{
	return (struct reader){ .at = bytes, .left = n };
}

const u8 *read_bytes(struct reader *r, size_t n)
{
	if (n > r->left) {
		/* Nothing is readable any more: a short later field must not look valid behind a missing long one. */
		r->left = 0;
		r->failed = true;
		return NULL;
	}
	if (r->failed)
		return NULL;
	const u8 *p = r->at;
	if (n) {
		r->at += n;
		r->left -= n;
	}
	return p;
}

u8 read_u8(struct reader *r)
{
	const u8 *p = read_bytes(r, 1);
	return p ? *p : 0;
}

u16 read_le16(struct reader *r)
{
	const u8 *p = read_bytes(r, 2);
	return p ? load_le16(p) : 0;
}

u32 read_le32(struct reader *r)
{
	const u8 *p = read_bytes(r, 4);
	return p ? load_le32(p) : 0;
}

u64 read_le64(struct reader *r)
{
	const u8 *p = read_bytes(r, 8);
	return p ? load_le64(p) : 0;
}

u16 read_be16(struct reader *r)
{
	const u8 *p = read_bytes(r, 2);
	return p ? load_be16(p) : 0;
}

u32 read_be32(struct reader *r)
{
	const u8 *p = read_bytes(r, 4);
	return p ? load_be32(p) : 0;
}

u64 read_be64(struct reader *r)
{
	const u8 *p = read_bytes(r, 8);
	return p ? load_be64(p) : 0;
}

void read_copy(struct reader *r, u8 *to, size_t n)
{
	if (n == 0)
		return;
	const u8 *p = read_bytes(r, n);
	if (p)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}

void read_zero(struct reader *r, size_t n)
{
	const u8 *p = read_bytes(r, n);
	if (p && bytes_are_zero(p, n))
		return;
	r->left = 0;
	r->failed = true;
}

bool reader_done(const struct reader *r)
{
	return !r->failed && r->left == 0;
}

struct writer writer_on(u8 *bytes, size_t room)
{
	return (struct writer){ .start = bytes, .room = room };
}

/* Room for n more bytes, or NULL; a failed writer stays failed, so that no output has a hole in it. */
static u8 *claim(struct writer *w, size_t n)
{
	if (w->failed || n > w->room - w->used) {
		w->failed = true;
		return NULL;
	}
	u8 *p = w->start + w->used;
	w->used += n;
	return p;
}

void write_u8(struct writer *w, u8 v)
{
	u8 *p = claim(w, 1);
	if (p)
		*p = v;
}

void write_le16(struct writer *w, u16 v)
{
	u8 *p = claim(w, 2);
	if (p)
		store_le16(p, v);
}

void write_le32(struct writer *w, u32 v)
{
	u8 *p = claim(w, 4);
	if (p)
		store_le32(p, v);
}

void write_le64(struct writer *w, u64 v)
{
	u8 *p = claim(w, 8);
	if (p)
		store_le64(p, v);
}

void write_be16(struct writer *w, u16 v)
{
	u8 *p = claim(w, 2);
	if (p)
		store_be16(p, v);
}

void write_be32(struct writer *w, u32 v)
{
	u8 *p = claim(w, 4);
	if (p)
		store_be32(p, v);
}

void write_be64(struct writer *w, u64 v)
{
	u8 *p = claim(w, 8);
	if (p)
		store_be64(p, v);
}

void write_bytes(struct writer *w, const u8 *from, size_t n)
{
	if (n == 0)
		return;
	u8 *p = claim(w, n);
	if (p)
		memcpy(p, from, n);
}

void write_zero(struct writer *w, size_t n)
{
	if (n == 0)
		return;
	u8 *p = claim(w, n);
	if (p)
		memset(p, 0, n);
}
