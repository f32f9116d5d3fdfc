/* Time in words. Trust: pure. */
#include "signetd/clock.h"

#include <stdio.h>
#include <time.h>

void time_text(u64 wall, char out[TIME_TEXT_SIZE])
{
	time_t t = (time_t)wall;
	struct tm parts;

	if (!gmtime_r(&t, &parts) || strftime(out, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		(void)snprintf(out, TIME_TEXT_SIZE, "never");
}
