/* Decoding 64-bit code by one table of opcodes (SDM volume 2, chapter 2 and appendix A). Trust: in the TCB; pure. */
#include "hv/exit/instruction.h"

enum rex_bits { REX_R = BIT(2), REX_W = BIT(3) };

enum opcode_flags {
	WRITES = BIT(0),
	BYTE = BIT(1), /* the memory operand has one byte, */
	WORD = BIT(2), /* or two, whatever the operand size is */
	SIGNED = BIT(3),
	EXTENDS = BIT(4), /* the register has the operand size, whatever memory has */
	IMMEDIATE = BIT(5),
	KNOWN = BIT(6),
};

/* By opcode, with 0F before it from TWO_BYTE on; nothing but KNOWN ones is decoded. */
enum { TWO_BYTE = 0x100 };
static const u8 opcodes[2 * TWO_BYTE] = {
	[0x88] = KNOWN | BYTE | WRITES,
	[0x89] = KNOWN | WRITES,
	[0x8A] = KNOWN | BYTE,
	[0x8B] = KNOWN,
	[0xC6] = KNOWN | BYTE | IMMEDIATE | WRITES,
	[0xC7] = KNOWN | IMMEDIATE | WRITES,
	[TWO_BYTE | 0xB6] = KNOWN | BYTE | EXTENDS,
	[TWO_BYTE | 0xB7] = KNOWN | WORD | EXTENDS,
	[TWO_BYTE | 0xBE] = KNOWN | BYTE | EXTENDS | SIGNED,
	[TWO_BYTE | 0xBF] = KNOWN | WORD | EXTENDS | SIGNED,
};

struct cursor {
	const u8 *bytes;
	size_t n, at;
	u8 rex, flags;
	bool short_operand;
};

static bool take(struct cursor *c, u8 *byte)
{
	if (c->at >= c->n)
		return false;
	*byte = c->bytes[c->at++];
	return true;
}

static bool pass(struct cursor *c, size_t count)
{
	if (!range_inside(c->at, count, c->n))
		return false;
	c->at += count;
	return true;
}

/* Of segment, operand and address size. LOCK and REP are not here: with these opcodes they are undefined. */
static bool is_prefix(u8 byte)
{
	return byte == 0x26 || byte == 0x2E || byte == 0x36 || byte == 0x3E || (byte >= 0x64 && byte <= 0x67);
}

/* Leaves the first byte of the opcode in *byte. A REX prefix that others follow counts for nothing. */
static bool take_prefixes(struct cursor *c, u8 *byte)
{
	while (take(c, byte)) {
		bool rex = (*byte & 0xF0) == 0x40;

		if (!rex && !is_prefix(*byte))
			return true;
		c->short_operand |= *byte == 0x66;
		c->rex = rex ? *byte : 0;
	}
	return false;
}

static bool take_opcode(struct cursor *c, u8 byte)
{
	bool two_byte = byte == 0x0F;

	if (two_byte && !take(c, &byte))
		return false;
	c->flags = opcodes[two_byte * TWO_BYTE + byte];
	return c->flags & KNOWN;
}

static u8 operand_size(const struct cursor *c)
{
	if (c->rex & REX_W)
		return 8;
	return c->short_operand ? 2 : 4;
}

static u8 memory_size(const struct cursor *c)
{
	if (c->flags & BYTE)
		return 1;
	return c->flags & WORD ? 2 : operand_size(c);
}

/* What of the address follows the ModRM byte (SDM volume 2, tables 2-2 and 2-3). */
static bool pass_address(struct cursor *c, u8 modrm)
{
	u8 mod = modrm >> 6, rm = modrm & 7, sib;

	if (rm == 4) {
		if (!take(c, &sib))
			return false;
		if (mod == 0 && (sib & 7) == 5)
			return pass(c, 4);
	}
	if (mod == 0)
		return pass(c, rm == 5 ? 4 : 0);
	return pass(c, mod == 1 ? 1 : 4);
}

static void set_register(struct cursor *c, u8 number, struct instruction *in)
{
	/* Bytes 4-7 without REX are the second bytes of 0-3. */
	u8 register_size = c->flags & EXTENDS ? operand_size(c) : memory_size(c);

	in->high_byte = register_size == 1 && !c->rex && number >= 4;
	in->gpr = (u8)(in->high_byte ? number - 4 : number + (c->rex & REX_R ? 8 : 0));
}

static bool take_operands(struct cursor *c, struct instruction *in)
{
	u8 modrm;

	if (!take(c, &modrm) || modrm >> 6 == 3)
		return false;
	/* C6 and C7 are MOV only with 0 in the register's place. */
	if (c->flags & IMMEDIATE && modrm >> 3 & 7)
		return false;
	if (!(c->flags & IMMEDIATE))
		set_register(c, modrm >> 3 & 7, in);
	return pass_address(c, modrm);
}

/* At most 32 bits, extended by their sign to 64. */
static bool take_immediate(struct cursor *c, struct instruction *in)
{
	u8 n = in->size > 4 ? 4 : in->size, byte = 0;

	for (u8 i = 0; i < n; i++) {
		if (!take(c, &byte))
			return false;
		in->immediate |= (u64)byte << 8 * i;
	}
	if (byte & 0x80)
		in->immediate |= ~(u64)0 << (8 * n - 1);
	return true;
}

bool instruction_decode(const u8 *bytes, size_t n, struct instruction *in)
{
	struct cursor c = { .bytes = bytes, .n = n < INSTRUCTION_MAX ? n : INSTRUCTION_MAX };
	u8 byte;

	*in = (struct instruction){ 0 };
	if (!take_prefixes(&c, &byte) || !take_opcode(&c, byte) || !take_operands(&c, in))
		return false;
	in->size = memory_size(&c);
	in->result_size = c.flags & EXTENDS ? operand_size(&c) : in->size;
	in->write = c.flags & WRITES;
	in->sign_extend = c.flags & SIGNED;
	in->has_immediate = c.flags & IMMEDIATE;
	if (in->has_immediate && !take_immediate(&c, in))
		return false;
	in->length = (u8)c.at;
	return true;
}
