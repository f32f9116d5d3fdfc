/* The one lock of root mode. Trust: in the TCB; pure. */
#include "hv/x86/lock.h"

static u32 next_ticket, now_serving;

void hv_lock(void)
{
	u32 ticket = __atomic_fetch_add(&next_ticket, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&now_serving, __ATOMIC_ACQUIRE) != ticket)
		__builtin_ia32_pause();
}

void hv_unlock(void)
{
	/* Only the holder writes it. */
	__atomic_store_n(&now_serving, now_serving + 1, __ATOMIC_RELEASE);
}
