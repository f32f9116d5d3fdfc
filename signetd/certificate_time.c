/* Validity of certificates in Unix seconds. Trust: pure. */
#include "signetd/certificate_time.h"

#include <time.h>

static u64 seconds(const mbedtls_x509_time *t)
{
	struct tm parts = {
		.tm_year = t->year - 1900,
		.tm_mon = t->mon - 1,
		.tm_mday = t->day,
		.tm_hour = t->hour,
		.tm_min = t->min,
		.tm_sec = t->sec,
	};
	time_t v = timegm(&parts);

	return v < 0 ? 0 : (u64)v;
}

u64 certificate_start(const mbedtls_x509_crt *c)
{
	return seconds(&c->valid_from);
}

u64 certificate_end(const mbedtls_x509_crt *c)
{
	return seconds(&c->valid_to);
}
