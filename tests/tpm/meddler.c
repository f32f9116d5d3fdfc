/*
 * Between a TPM and who speaks with it.
 * Test code.
 */
#include "tests/tpm/meddler.h"

#include "lib/bytes.h"
#include "lib/tpm/types.h"

static enum err refuse(u32 code, u8 *response, size_t *length)
{
	store_be16(response, TPM_ST_NO_SESSIONS);
	store_be32(response + 2, TPM_HEADER_SIZE);
	store_be32(response + 6, code);
	*length = TPM_HEADER_SIZE;
	return OK;
}

static enum err submit(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length)
{
	struct meddler *m = context;
	bool counted = !m->command || load_be32(command + 6) == m->command;

	m->seen += counted;
	if (!counted || m->seen != m->which)
		return m->real.submit(m->real.context, command, n, response, room, length);
	if (m->lost)
		return m->lost;
	if (m->refusal)
		return refuse(m->refusal, response, length);
	enum err e = m->real.submit(m->real.context, command, n, response, room, length);
	response[m->flip] ^= m->flip != 0;
	return e;
}

void meddler_begin(struct meddler *m, struct tpm *tpm)
{
	m->seen = 0;
	m->tpm = tpm;
	m->real = tpm->transport;
	tpm->transport = (struct tpm_transport){ .submit = submit, .pause = NULL, .context = m };
}

void meddler_end(struct meddler *m)
{
	m->tpm->transport = m->real;
}

bool meddler_met(const struct meddler *m)
{
	return m->seen >= m->which;
}
