/*
 * mem* and str* where there is no C library; compiled so that gcc does not turn these loops into calls of themselves.
 * Trust: in the TCB; callers have bounded every length.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/types.h"

/* Unaligned 64-bit access: x86 allows it, and slots of 32 MiB are moved with it. */
typedef u64 __attribute__((may_alias, aligned(1))) word;

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	return memmove(to, from, n);
}

static void copy_up(u8 *d, const u8 *s, size_t n)
{
	for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word), s += sizeof(word))
		*(word *)d = *(const word *)s;
	for (; n; n--)
		*d++ = *s++;
}

static void copy_down(u8 *d, const u8 *s, size_t n)
{
	for (; n >= sizeof(word); n -= sizeof(word))
		*(word *)(d + n - sizeof(word)) = *(const word *)(s + n - sizeof(word));
	for (; n; n--)
		d[n - 1] = s[n - 1];
}

void *memmove(void *to, const void *from, size_t n)
{
	if ((uintptr_t)to - (uintptr_t)from >= n)
		copy_up(to, from, n);
	else
		copy_down(to, from, n);
	return to;
}

void *memset(void *to, int value, size_t n)
{
	u8 *d = to;
	u64 pattern = (u64)(u8)value * 0x0101010101010101;
	for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word))
		*(word *)d = pattern;
	for (; n; n--)
		*d++ = (u8)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a;
	const u8 *y = b;
	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

void *memchr(const void *in, int value, size_t n)
{
	const u8 *p = in;
	for (size_t i = 0; i < n; i++)
		if (p[i] == (u8)value)
			return (void *)(uintptr_t)(p + i);
	return NULL;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;
	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] || a[i] == 0)
			return (u8)a[i] - (u8)b[i];
	return 0;
}

char *strchr(const char *s, int c)
{
	return memchr(s, c, strlen(s) + 1);
}

char *strrchr(const char *s, int c)
{
	for (size_t n = strlen(s) + 1; n; n--)
		if (s[n - 1] == (char)c)
			return (char *)(uintptr_t)(s + n - 1);
	return NULL;
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	char lower = (char)(c | 0x20);
	if (lower >= 'a' && lower <= 'z')
		return (unsigned)(lower - 'a') + 10;
	return 99;
}

/* Without spaces and signs, which libfdt, its one caller, never passes. Saturates at ULONG_MAX. */
unsigned long strtoul(const char *s, char **end, int base)
{
	bool prefixed = s[0] == '0' && (s[1] | 0x20) == 'x' && digit_value(s[2]) < 16;
	bool hex = prefixed && (base == 0 || base == 16);
	if (base == 0)
		base = hex ? 16 : s[0] == '0' ? 8 : 10;
	unsigned long v = 0;
	bool over = false;
	for (s += hex ? 2 : 0; digit_value(*s) < (unsigned)base; s++) {
		over |= __builtin_mul_overflow(v, (unsigned long)base, &v);
		over |= __builtin_add_overflow(v, digit_value(*s), &v);
	}
	if (end)
		*end = (char *)(uintptr_t)s;
	return over ? ULONG_MAX : v;
}
