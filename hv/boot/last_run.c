/*
 * The record of a run's end. Trust: in the TCB; pure.
 */
#include "hv/boot/last_run.h"

#include <assert.h>
#include <string.h>

#define MAGIC 0x6E75527473614C53ull /* "SLastRun" */

static_assert(sizeof(struct last_run) == 256, "the next release's layout too");

/* FNV-1a: against what memory does to itself, not against anybody. */
static u64 checksum_of(const char *text)
{
	u64 sum = 0xCBF29CE484222325;

	for (u32 i = 0; i < LAST_RUN_TEXT; i++)
		sum = (sum ^ (u8)text[i]) * 0x100000001B3;
	return sum;
}

void last_run_keep(struct last_run *record, const char *text)
{
	memset(record, 0, sizeof(*record));
	for (u32 i = 0; i < LAST_RUN_TEXT - 1 && text[i]; i++)
		record->text[i] = text[i];
	record->checksum = checksum_of(record->text);
	record->magic = MAGIC;
}

bool last_run_take(struct last_run *record, char text[LAST_RUN_TEXT])
{
	struct last_run r = *record;

	record->magic = 0;
	if (r.magic != MAGIC || r.checksum != checksum_of(r.text))
		return false;
	memset(text, 0, LAST_RUN_TEXT);
	for (u32 i = 0; i < LAST_RUN_TEXT - 1 && r.text[i] >= ' ' && r.text[i] <= '~'; i++)
		text[i] = r.text[i];
	return true;
}
