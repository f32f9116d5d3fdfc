/* Integer names and small helpers used everywhere. */
#ifndef SIGNET_LIB_TYPES_H
#define SIGNET_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1u << (n))
#define KIB(n) ((u64)(n) << 10)
#define MIB(n) ((u64)(n) << 20)

/* Rounds up to a power of two; the caller has bounded v well below 2^64. */
static inline u64 align_up(u64 v, u64 power)
{
	return (v + power - 1) & ~(power - 1);
}

static inline bool is_aligned(u64 v, u64 power)
{
	return (v & (power - 1)) == 0;
}

/* True when [offset, offset + length) lies within [0, size); never overflows. */
static inline bool range_inside(u64 offset, u64 length, u64 size)
{
	return offset <= size && length <= size - offset;
}

#endif
