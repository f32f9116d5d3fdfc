/* Lines of the service VM's serial port. Trust: in the TCB; pure. */
#include "hv/service/lines.h"

enum { CREDIT_PER_MS = 4, CREDIT_MOST = 8192 };
/* Characters that it is printed between; and of the line that tells how many are lost. */
enum { AROUND = 19, LOSS = 45 };

static void earn(struct service_lines *l, u64 now)
{
	u64 passed = now > l->then ? now - l->then : 0, room = CREDIT_MOST - l->credit;

	l->credit += (u32)(passed < room / CREDIT_PER_MS ? passed * CREDIT_PER_MS : room);
	l->then = now;
}

/* One at its end. */
static bool take(struct service_lines *l, u64 now)
{
	u32 length = l->length, cost = length + AROUND + (l->lost ? LOSS : 0);

	l->text[length] = 0;
	l->length = 0;
	if (!length)
		return false;
	earn(l, now);
	if (l->credit < cost) {
		l->lost++;
		return false;
	}
	l->credit -= cost;
	l->lost = 0;
	return true;
}

bool service_lines_put(struct service_lines *l, u8 byte, u64 now)
{
	if (byte != '\n' && byte != '\r')
		l->text[l->length++] = (char)(byte < ' ' || byte > '~' ? '.' : byte);
	return (byte == '\n' || l->length == SERVICE_LINE - 1) && take(l, now);
}
