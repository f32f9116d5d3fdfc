/*
 * A TPM that answers as told.
 * Test code.
 */
#include "tests/tpm/scripted.h"

#include "lib/bytes.h"
#include "lib/tpm/types.h"

#include <string.h>

static enum err answer_code(struct scripted *s, u8 *response, size_t *length)
{
	s->code_times--;
	store_be16(response, TPM_ST_NO_SESSIONS);
	store_be32(response + 2, TPM_HEADER_SIZE);
	store_be32(response + 6, s->code);
	*length = TPM_HEADER_SIZE;
	return OK;
}

static enum err submit(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length)
{
	struct scripted *s = context;
	s->submitted++;
	memcpy(s->last, command, n);
	s->last_size = n;
	if (s->code_times)
		return answer_code(s, response, length);
	size_t size = s->size < room ? s->size : room;
	memcpy(response, s->response, size);
	*length = size;
	return OK;
}

static void pause(void *context, u32 milliseconds)
{
	struct scripted *s = context;
	s->paused += milliseconds != 0;
}

struct tpm_transport scripted_transport(struct scripted *s)
{
	return (struct tpm_transport){ .submit = submit, .pause = pause, .context = s };
}
