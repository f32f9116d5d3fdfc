/*
 * What mbedTLS needs where there is no OS: one bounded heap, an exit that stops, wiping. Nothing is printed by it.
 * Trust: in the TCB; ring 0 only.
 */
#include "lib/crypto/crypto.h"
#include "lib/fatal.h"

#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>
#include <string.h>

/* The allocator calls this when it finds its own headers damaged; mbedTLS's default would return and go on. */
static void heap_damaged(int status)
{
	(void)status;
	fatal("the crypto heap is damaged");
}

void crypto_heap_init(u8 *heap, size_t n)
{
	mbedtls_platform_set_exit(heap_damaged);
	mbedtls_memory_buffer_alloc_init(heap, n);
}

void mbedtls_platform_zeroize(void *buf, size_t n)
{
	memset(buf, 0, n);
	/* Dead stores would be dropped before a buffer that goes out of scope. */
	__asm__ volatile("" : : "r"(buf) : "memory");
}
