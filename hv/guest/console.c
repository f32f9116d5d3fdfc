/* A guest's serial console: the last 64 KiB of what it wrote, and input as far as its FIFO has room. Trust: in the TCB.
 */
#include "hv/guest/state.h"

void guest_console_put(void *guest, u8 byte)
{
	struct guest *g = guest;

	g->console[g->console_end++ % GUEST_CONSOLE_SIZE] = byte;
	guest_observer->changed(g->id, CONTROL_CONSOLE_OUTPUT);
}

enum err guest_console_read(u32 id, struct control_bytes *at, u8 *to, u32 room)
{
	struct guest *g = guest_find(id);

	if (!g || at->offset > g->console_end)
		return ERR_RANGE;
	if (g->console_end - at->offset > GUEST_CONSOLE_SIZE)
		at->offset = g->console_end - GUEST_CONSOLE_SIZE;
	g->changes.told = 0;
	at->end = g->console_end;
	at->length = at->end - at->offset < room ? (u32)(at->end - at->offset) : room;
	for (u32 i = 0; i < at->length; i++)
		to[i] = g->console[(at->offset + i) % GUEST_CONSOLE_SIZE];
	return OK;
}

enum err guest_console_write(u32 id, const u8 *bytes, u32 n)
{
	struct guest *g = guest_find(id);
	bool good = true;

	if (!g)
		return ERR_RANGE;
	if (n > UART_FIFO - g->uart.input_count)
		return ERR_NO_MEMORY;
	for (u32 i = 0; good && i < n; i++)
		good = uart_receive(&g->uart, bytes[i]);
	return good ? OK : ERR_INTERNAL;
}
