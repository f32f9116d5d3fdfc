/* Sizes and times. Trust: arguments are the operator's own. */
#include "cli/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 9999-12-31T23:59:59Z */
static const u64 time_max = 253402300799;

/* strtoull would take signs and blanks. */
static bool parse_digits(const char *text, size_t n, u64 *out)
{
	char digits[24];

	if (n == 0 || n >= sizeof(digits) || strspn(text, "0123456789") < n)
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	errno = 0;
	*out = strtoull(digits, NULL, 10);
	return errno == 0;
}

bool parse_size(const char *text, u64 *out)
{
	static const char units[] = "KMG";
	size_t n = strlen(text);
	const char *unit = n ? strchr(units, text[n - 1]) : NULL;
	u32 shift = 0;

	if (unit) {
		shift = 10 * (u32)(unit - units + 1);
		n--;
	}
	if (!parse_digits(text, n, out) || *out > UINT64_MAX >> shift)
		return false;
	*out <<= shift;
	return true;
}

bool parse_time(const char *text, u64 *out)
{
	struct tm tm = { 0 }, again;
	const char *end;

	if (parse_digits(text, strlen(text), out))
		return *out <= time_max;
	end = strptime(text, "%Y-%m-%d", &tm);
	if (end && *end == 'T')
		end = strptime(end, "T%H:%M:%SZ", &tm);
	if (!end || *end != '\0')
		return false;
	again = tm;
	time_t seconds = timegm(&again);
	/* timegm turns 30 February into a day of March: what comes back must be what was written. */
	if (seconds < 0 || again.tm_mday != tm.tm_mday || (u64)seconds > time_max)
		return false;
	*out = (u64)seconds;
	return true;
}

const char *format_size(char out[SIZE_TEXT], u64 bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(out, SIZE_TEXT, "%u bytes", (u32)bytes);
		return out;
	}
	while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(out, SIZE_TEXT, "%.1f %s", value, units[unit]);
	return out;
}

const char *format_time(char out[TIME_TEXT], u64 seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds > time_max || !gmtime_r(&t, &tm) || strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, TIME_TEXT, "%llu", (unsigned long long)seconds);
	return out;
}

const char *format_ago(char out[AGO_TEXT], u64 then, u64 now)
{
	/* Each up to two of the next, which says more than one of it. */
	static const struct {
		u64 seconds;
		const char *name;
	} units[] = { { 1, "s" }, { 60, "min" }, { 3600, "h" }, { 86400, "days" } };
	u64 apart = then < now ? now - then : then - now;
	size_t unit = 0;

	while (unit + 1 < ARRAY_SIZE(units) && apart >= 2 * units[unit + 1].seconds)
		unit++;
	if (then == 0)
		snprintf(out, AGO_TEXT, "never");
	else if (apart < 2)
		snprintf(out, AGO_TEXT, "now");
	else
		snprintf(out, AGO_TEXT, "%s%llu %s%s", then > now ? "in " : "",
		        (unsigned long long)(apart / units[unit].seconds), units[unit].name, then < now ? " ago" : "");
	return out;
}
