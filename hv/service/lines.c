/* Lines of the service VM's serial port. Trust: in the TCB; pure. */
#include "hv/service/lines.h"

/* So many characters in so many milliseconds; those that a line is printed between, and of the line that tells of loss.
 */
enum { MOST = 8192, PERIOD = 2000, AROUND = 19, LOSS = 45 };

/* One at its end. */
static bool take(struct service_lines *l, u64 now)
{
	u32 length = l->length, cost = length + AROUND + (l->lost ? LOSS : 0);

	l->text[length] = 0;
	l->length = 0;
	if (!length)
		return false;
	if (now >= l->since + PERIOD) {
		l->since = now;
		l->used = 0;
	}
	if (l->used + cost > MOST) {
		l->lost++;
		return false;
	}
	l->used += cost;
	l->lost = 0;
	return true;
}

bool service_lines_put(struct service_lines *l, u8 byte, u64 now)
{
	if (byte != '\n' && byte != '\r')
		l->text[l->length++] = (char)(byte < ' ' || byte > '~' ? '.' : byte);
	return (byte == '\n' || l->length == SERVICE_LINE - 1) && take(l, now);
}
