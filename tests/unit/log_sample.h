/* Small logs for the tests of attest/log*.c and attest/replay.c, built with the log writer. */
#ifndef SIGNET_TESTS_UNIT_LOG_SAMPLE_H
#define SIGNET_TESTS_UNIT_LOG_SAMPLE_H

#include "attest/event.h"
#include "attest/log_write.h"

#include <stdlib.h>
#include <string.h>

enum {
	SAMPLE_ROOM = 4096,
	HEADER_SIZE = 32 + 28 + 2 * 4 + 1,
	/* One event over SHA-256 and SHA-384 without its data. */
	EVENT_SIZE = 12 + 2 + 32 + 2 + 48 + 4,
	EV_SEPARATOR = 4,
};

static const struct tpm_banks sample_banks = { .count = 2, .alg = { TPM_ALG_SHA256, TPM_ALG_SHA384 } };

/* What a TPM with both banks would extend for these bytes. */
static inline struct tpm_digests sample_digests(const u8 *data, size_t n)
{
	struct tpm_digests d = { .count = 2 };
	d.bank[0] = (struct tpm_bank_digest){ .alg = TPM_ALG_SHA256, .size = SHA256_SIZE };
	d.bank[1] = (struct tpm_bank_digest){ .alg = TPM_ALG_SHA384, .size = SHA384_SIZE };
	sha256_of(data, n, d.bank[0].digest);
	sha384_of(data, n, d.bank[1].digest);
	return d;
}

static inline void sample_append(struct log *l, u32 pcr, u32 type, const void *data, size_t n)
{
	struct tpm_digests d = sample_digests(data, n);
	if (log_append(l, pcr, type, &d, data, (u32)n) != OK)
		abort();
}

static inline void sample_append_own(struct log *l, u32 pcr, enum event_kind kind, const char *text)
{
	struct event e;
	u8 tagged[EVENT_TAGGED_SIZE];
	event_init(&e, kind, text);
	event_encode(&e, tagged);
	sample_append(l, pcr, EV_EVENT_TAG, tagged, sizeof(tagged));
}

static inline struct log sample_log(u8 buffer[SAMPLE_ROOM])
{
	struct log l;
	if (log_create(&l, buffer, SAMPLE_ROOM, &sample_banks) != OK)
		abort();
	return l;
}

#endif
