/* The instruction decoder against known encodings of an assembler, their truncations, and what it has to refuse. */
#include "hv/exit/instruction.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

struct encoding {
	u8 length;
	u8 bytes[INSTRUCTION_MAX];
	struct instruction in; /* length is the one above */
};

#define LOAD(s, r) .size = (s), .result_size = (s), .gpr = (r)
#define STORE(s, r) LOAD(s, r), .write = true
#define STORE_IMMEDIATE(s, i) .size = (s), .result_size = (s), .write = true, .has_immediate = true, .immediate = (i)

static const struct encoding encodings[] = {
	/* mov (%rax),%ecx; mov %ecx,(%rax); mov %rcx,(%rax); mov %cx,(%rax); mov %cl,(%rax); mov %ch,(%rax) */
	{ 2, { 0x8B, 0x08 }, { LOAD(4, 1) } },
	{ 2, { 0x89, 0x08 }, { STORE(4, 1) } },
	{ 3, { 0x48, 0x89, 0x08 }, { STORE(8, 1) } },
	{ 3, { 0x66, 0x89, 0x08 }, { STORE(2, 1) } },
	{ 2, { 0x88, 0x08 }, { STORE(1, 1) } },
	{ 2, { 0x88, 0x28 }, { STORE(1, 1), .high_byte = true } },
	/* with any REX prefix that register is BPL; mov %r13b,(%r8) */
	{ 3, { 0x40, 0x88, 0x28 }, { STORE(1, 5) } },
	{ 3, { 0x45, 0x88, 0x28 }, { STORE(1, 13) } },
	/* a REX prefix before another prefix counts for nothing */
	{ 4, { 0x48, 0x66, 0x89, 0x08 }, { STORE(2, 1) } },
	{ 4, { 0x66, 0x48, 0x89, 0x08 }, { STORE(8, 1) } },
	/* addresses: disp8, disp32, SIB, SIB+disp8, SIB without base, RIP-relative, segment, address size */
	{ 3, { 0x8B, 0x48, 0x10 }, { LOAD(4, 1) } },
	{ 6, { 0x8B, 0x88, 1, 2, 3, 4 }, { LOAD(4, 1) } },
	{ 3, { 0x8B, 0x0C, 0x88 }, { LOAD(4, 1) } },
	{ 4, { 0x8B, 0x4C, 0x88, 0x10 }, { LOAD(4, 1) } },
	{ 7, { 0x8B, 0x8C, 0x88, 1, 2, 3, 4 }, { LOAD(4, 1) } },
	{ 7, { 0x8B, 0x0C, 0x25, 0x20, 0x00, 0xE0, 0xFE }, { LOAD(4, 1) } },
	{ 6, { 0x8B, 0x0D, 1, 2, 3, 4 }, { LOAD(4, 1) } },
	{ 3, { 0x65, 0x8B, 0x08 }, { LOAD(4, 1) } },
	{ 3, { 0x67, 0x8B, 0x08 }, { LOAD(4, 1) } },
	/* apic_write: mov %esi,-0x9ff000(%rdi) */
	{ 6, { 0x89, 0xB7, 0x00, 0x10, 0x60, 0xFF }, { STORE(4, 6) } },
	/* immediates, sign-extended for 64 bits; between them displacements */
	{ 3, { 0xC6, 0x00, 0x80 }, { STORE_IMMEDIATE(1, ~0ull << 7) } },
	{ 5, { 0x66, 0xC7, 0x00, 0x34, 0x12 }, { STORE_IMMEDIATE(2, 0x1234) } },
	{ 6, { 0xC7, 0x00, 0x78, 0x56, 0x34, 0x12 }, { STORE_IMMEDIATE(4, 0x12345678) } },
	{ 7, { 0x48, 0xC7, 0x00, 0xFE, 0xFF, 0xFF, 0xFF }, { STORE_IMMEDIATE(8, ~1ull) } },
	{ 11, { 0xC7, 0x04, 0x25, 0xB0, 0, 0xE0, 0xFE, 0, 0, 0, 0 }, { STORE_IMMEDIATE(4, 0) } },
	/* movzbl, movzwl, movsbl, movswq */
	{ 3, { 0x0F, 0xB6, 0x00 }, { .size = 1, .result_size = 4 } },
	{ 3, { 0x0F, 0xB7, 0x20 }, { .size = 2, .result_size = 4, .gpr = 4 } },
	{ 4, { 0x44, 0x0F, 0xB6, 0x38 }, { .size = 1, .result_size = 4, .gpr = 15 } },
	{ 4, { 0x66, 0x0F, 0xBE, 0x38 }, { .size = 1, .result_size = 2, .gpr = 7, .sign_extend = true } },
	{ 4, { 0x48, 0x0F, 0xBF, 0x00 }, { .size = 2, .result_size = 8, .sign_extend = true } },
};

static void assert_decoded(const struct encoding *e, const struct instruction *in, u8 length)
{
	assert_int_equal(in->length, length);
	assert_int_equal(in->size, e->in.size);
	assert_int_equal(in->result_size, e->in.result_size);
	assert_int_equal(in->gpr, e->in.gpr);
	assert_int_equal(in->write, e->in.write);
	assert_int_equal(in->high_byte, e->in.high_byte);
	assert_int_equal(in->sign_extend, e->in.sign_extend);
	assert_int_equal(in->has_immediate, e->in.has_immediate);
	assert_int_equal(in->immediate, e->in.immediate);
}

static void known_encodings_are_decoded(void **state)
{
	struct instruction in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
		const struct encoding *e = &encodings[i];
		if (!instruction_decode(e->bytes, INSTRUCTION_MAX, &in))
			fail_msg("encoding %zu is refused", i);
		assert_decoded(e, &in, e->length);
		assert_true(instruction_decode(e->bytes, e->length, &in));
		for (u32 n = 0; n < e->length; n++)
			assert_false(instruction_decode(e->bytes, n, &in));
	}
}

static void fifteen_bytes_are_the_end(void **state)
{
	u8 bytes[INSTRUCTION_MAX + 1];
	struct instruction in;

	(void)state;
	/* 13 prefixes and 2 bytes of MOV; one more is too long, however much there is. */
	memset(bytes, 0x2E, sizeof(bytes));
	memcpy(bytes + 13, (u8[]){ 0x8B, 0x08 }, 2);
	assert_true(instruction_decode(bytes, sizeof(bytes), &in));
	assert_int_equal(in.length, 15);
	memset(bytes, 0x2E, sizeof(bytes));
	memcpy(bytes + 14, (u8[]){ 0x8B, 0x08 }, 2);
	assert_false(instruction_decode(bytes, sizeof(bytes), &in));
	memset(bytes, 0x66, sizeof(bytes));
	assert_false(instruction_decode(bytes, sizeof(bytes), &in));
}

static void anything_else_is_refused(void **state)
{
	static const struct {
		u8 bytes[4];
	} cases[] = {
		{ { 0x89, 0xC8 } }, /* registers alone */
		{ { 0xC7, 0x08 } }, /* group 11, not MOV */
		{ { 0xC6, 0xF8 } }, /* XABORT */
		{ { 0xF0, 0x89, 0x08 } }, /* LOCK */
		{ { 0xF3, 0x89, 0x08 } }, /* XRELEASE */
		{ { 0xF2, 0x88, 0x08 } },
		{ { 0x48, 0x63, 0x08 } }, /* MOVSXD */
		{ { 0xA1, 1, 2, 3 } }, /* MOV without a ModRM byte */
		{ { 0x0F, 0x6F, 0x08 } }, /* MOVQ */
		{ { 0x0F, 0xC3, 0x08 } }, /* MOVNTI */
		{ { 0xAA } }, /* STOS */
		{ { 0xA4 } }, /* MOVS */
		{ { 0x87, 0x08 } }, /* XCHG */
		{ { 0x01, 0x08 } }, /* ADD */
		{ { 0xFF, 0x30 } }, /* PUSH */
		{ { 0xC5, 0xF8, 0x28, 0x08 } }, /* VEX */
		{ { 0x00, 0x00 } },
	};
	struct instruction in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 bytes[INSTRUCTION_MAX] = { 0 };
		memcpy(bytes, cases[i].bytes, sizeof(cases[i].bytes));
		if (instruction_decode(bytes, sizeof(bytes), &in))
			fail_msg("case %zu is taken", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_encodings_are_decoded),
		cmocka_unit_test(fifteen_bytes_are_the_end),
		cmocka_unit_test(anything_else_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
