/*
 * A ring of the hypervisor's own text. Trust: in the TCB; pure.
 */
#include "hv/control/messages.h"

#include "lib/print.h"

/* A processor that died in its turn does not silence a panic, and a torn line in the ring is only text. */
enum { TURN_PATIENCE = 1 << 16 };

static char ring[MESSAGES_SIZE];
static u64 written;
static bool taken;

static void enter(void)
{
	for (u32 i = 0; i < TURN_PATIENCE && __atomic_test_and_set(&taken, __ATOMIC_ACQUIRE); i++)
		__builtin_ia32_pause();
}

static void leave(void)
{
	__atomic_clear(&taken, __ATOMIC_RELEASE);
}

static void keep(const char *text, size_t n)
{
	enter();
	for (size_t i = 0; i < n; i++)
		ring[written++ % MESSAGES_SIZE] = text[i];
	leave();
}

void messages_keep(void)
{
	console_set(keep);
}

u64 messages_end(void)
{
	return __atomic_load_n(&written, __ATOMIC_RELAXED);
}

u32 messages_read(u64 *offset, u64 *end, u8 *to, u32 n)
{
	u32 done = 0;

	enter();
	u64 oldest = written > MESSAGES_SIZE ? written - MESSAGES_SIZE : 0;
	*end = written;
	*offset = *offset < oldest ? oldest : *offset < written ? *offset : written;
	for (; done < n && *offset + done < written; done++)
		to[done] = (u8)ring[(*offset + done) % MESSAGES_SIZE];
	leave();
	return done;
}
