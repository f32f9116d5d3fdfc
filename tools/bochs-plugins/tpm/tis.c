/*
 * Commands and responses through the FIFO registers.
 * Test bed only; pure.
 */
#include "tools/bochs-plugins/tpm/tis.h"

#include "lib/bytes.h"
#include "tools/bochs-plugins/tpm/locality.h"

#include <string.h>

/* Offsets in a locality's page, and the last byte of registers that are wider than the bits used of them. */
enum {
	REG_ACCESS = 0x00,
	REG_CAPABILITY = 0x14,
	REG_STS = 0x18,
	REG_STS_LAST = 0x1B,
	REG_HASH_END = 0x20,
	REG_DATA_FIFO = 0x24,
	REG_DATA_FIFO_LAST = 0x27,
	REG_HASH_START = 0x28,
	REG_INTERFACE_ID = 0x30,
	REG_XDATA_FIFO = 0x80,
	REG_XDATA_FIFO_LAST = 0xBF,
	REG_DID_VID = 0xF00,
	REG_RID = 0xF04,
};

enum {
	STS_RESPONSE_RETRY = BIT(1),
	STS_SELF_TEST_DONE = BIT(2),
	STS_EXPECT = BIT(3),
	STS_DATA_AVAILABLE = BIT(4),
	STS_GO = BIT(5),
	STS_COMMAND_READY = BIT(6),
	STS_VALID = BIT(7),
	STS_BURST_SHIFT = 8,
	STS_FAMILY_TPM2 = BIT(26),
	/* In the last byte of the register. */
	STS_LAST_RESET_ESTABLISHMENT = BIT(1),
};

enum { HEADER_SIZE = 10, SIZE_FIELD = 2, SIZE_FIELD_END = 6, RC_COMMAND_SIZE = 0x142 };

/* What never changes. The identity is the one of QEMU's TIS, which drivers know. */
static const struct {
	u32 offset;
	u32 value;
} constants[] = {
	/* FIFO interface of TPM 2.0, transfers of up to 64 bytes, dynamic burst count, no interrupt. */
	{ REG_CAPABILITY, 3u << 28 | 3u << 9 },
	/* FIFO, version 0, five localities, FIFO the only interface there is. */
	{ REG_INTERFACE_ID, BIT(8) | BIT(13) },
	{ REG_DID_VID, 0x00011014 },
	{ REG_RID, 0x00000001 },
};

static bool within(u32 reg, u32 first, u32 last)
{
	return reg >= first && reg <= last;
}

static bool is_fifo(u32 reg)
{
	return within(reg, REG_DATA_FIFO, REG_DATA_FIFO_LAST) || within(reg, REG_XDATA_FIFO, REG_XDATA_FIFO_LAST);
}

/* Before its size field has come, a command is as long as one more byte; one too long for us ends with the buffer. */
static bool expects_more(const struct tis *t)
{
	if (t->state != TIS_RECEPTION || t->filled == sizeof(t->buffer))
		return false;
	return t->filled < SIZE_FIELD_END || t->filled < load_be32(t->buffer + SIZE_FIELD);
}

static u32 burst_count(const struct tis *t)
{
	size_t n = 0;
	if (t->state == TIS_COMPLETION)
		n = t->filled - t->taken;
	else if (t->state != TIS_IDLE)
		n = sizeof(t->buffer) - t->filled;
	return n < TIS_BURST ? (u32)n : TIS_BURST;
}

static u32 status(const struct tis *t)
{
	u32 sts = STS_VALID | STS_SELF_TEST_DONE | STS_FAMILY_TPM2 | burst_count(t) << STS_BURST_SHIFT;
	if (t->state == TIS_READY)
		sts |= STS_COMMAND_READY;
	if (expects_more(t))
		sts |= STS_EXPECT;
	if (t->state == TIS_COMPLETION && t->taken < t->filled)
		sts |= STS_DATA_AVAILABLE;
	return sts;
}

static void enter(struct tis *t, enum tis_state state)
{
	t->state = state;
	t->filled = 0;
	t->taken = 0;
}

/* A TPM finds out by itself; swtpm, though, would wait for the bytes that its data channel still seems to owe. */
static void refuse_size(struct tis *t)
{
	static const u8 refusal[HEADER_SIZE] = { 0x80, 0x01, 0, 0, 0, HEADER_SIZE, 0, 0, RC_COMMAND_SIZE >> 8,
		RC_COMMAND_SIZE & 0xFF };
	memcpy(t->buffer, refusal, sizeof(refusal));
	t->filled = sizeof(refusal);
}

/* tpmGo is ignored until the command is whole. */
static void go(struct tis *t)
{
	if (t->state != TIS_RECEPTION || expects_more(t))
		return;
	if (t->filled < HEADER_SIZE || t->filled != load_be32(t->buffer + SIZE_FIELD))
		refuse_size(t);
	else
		t->gone = !t->backend.execute(t->backend.context, t->active, t->buffer, &t->filled);
	t->state = TIS_COMPLETION;
}

static void write_status(struct tis *t, u8 value)
{
	if (value & STS_COMMAND_READY)
		enter(t, TIS_READY);
	else if (value & STS_GO)
		go(t);
	else if (value & STS_RESPONSE_RETRY && t->state == TIS_COMPLETION)
		t->taken = 0;
}

static void deny_establishment(struct tis *t)
{
	const struct tis_backend *b = &t->backend;
	t->gone = !b->reset_established(b->context, t->active) || !b->established(b->context, &t->established);
}

static void put(struct tis *t, u8 value)
{
	if (t->state == TIS_READY)
		t->state = TIS_RECEPTION;
	if (expects_more(t))
		t->buffer[t->filled++] = value;
}

static u8 take(struct tis *t)
{
	return t->state == TIS_COMPLETION && t->taken < t->filled ? t->buffer[t->taken++] : 0xFF;
}

static u8 byte_of(u32 value, u32 index)
{
	return (u8)(value >> 8 * index);
}

static u8 read_constant(u32 reg)
{
	for (size_t i = 0; i < ARRAY_SIZE(constants); i++)
		if (within(reg, constants[i].offset, constants[i].offset + 3))
			return byte_of(constants[i].value, reg - constants[i].offset);
	return 0;
}

u8 tis_read(struct tis *t, u32 offset)
{
	u8 locality = (u8)(offset / TIS_PAGE);
	u32 reg = offset % TIS_PAGE;
	if (t->gone)
		return 0xFF;
	if (reg == REG_ACCESS)
		return locality_read(t, locality);
	if (within(reg, REG_STS, REG_STS_LAST))
		return locality == t->active ? byte_of(status(t), reg - REG_STS) : 0xFF;
	if (is_fifo(reg))
		return locality == t->active ? take(t) : 0xFF;
	return read_constant(reg);
}

/*
 * A dynamic launch: the processor hashes what it launches, with no command in between. Software cannot reach locality 4
 * on real machines; here whoever writes to it is the test that plays the processor.
 */
static void write_hash(struct tis *t, u32 reg, u8 value)
{
	const struct tis_backend *b = &t->backend;
	if (reg == REG_HASH_START) {
		locality_take_for_hash(t);
		enter(t, TIS_IDLE);
		t->hashing = true;
		t->gone = !b->hash_start(b->context) || !b->established(b->context, &t->established);
	} else if (t->hashing && within(reg, REG_DATA_FIFO, REG_DATA_FIFO_LAST)) {
		t->gone = !b->hash_data(b->context, value);
	} else if (t->hashing && reg == REG_HASH_END) {
		t->hashing = false;
		locality_release_after_hash(t);
		t->gone = !b->hash_end(b->context);
	}
}

void tis_write(struct tis *t, u32 offset, u8 value)
{
	u8 locality = (u8)(offset / TIS_PAGE);
	u32 reg = offset % TIS_PAGE;
	if (t->gone)
		return;
	if (locality == LOCALITY_HARDWARE) {
		write_hash(t, reg, value);
	} else if (reg == REG_ACCESS) {
		u8 before = t->active;
		locality_write(t, locality, value);
		/* What one locality left behind is not for the next. */
		if (t->active != before)
			enter(t, TIS_IDLE);
	} else if (locality == t->active) {
		if (reg == REG_STS)
			write_status(t, value);
		else if (reg == REG_STS_LAST && value & STS_LAST_RESET_ESTABLISHMENT)
			deny_establishment(t);
		else if (is_fifo(reg))
			put(t, value);
	}
}

void tis_reset(struct tis *t, struct tis_backend backend)
{
	memset(t, 0, sizeof(*t));
	t->backend = backend;
	t->active = TIS_NO_LOCALITY;
	t->gone = !backend.established(backend.context, &t->established);
}
