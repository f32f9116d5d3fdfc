/* What holds for every database. Trust: see storage.h. */
#include "signetd/storage.h"

#include "signetd/journal.h"

bool storage_undo_left(struct storage *s, u32 depth)
{
	u32 left = s->transaction->depth(s);

	if (left <= depth)
		return false;
	journal(JOURNAL_ERROR, "storage: %u transactions were left open: they are undone", left - depth);
	for (; left > depth; left--)
		s->transaction->rollback(s);
	return true;
}
