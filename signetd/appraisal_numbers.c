/* Numbers of appraisals. Trust: see the header. */
#include "signetd/appraisal_numbers.h"

#include "signetd/storage_meta.h"

#include <stdio.h>
#include <stdlib.h>

static const char name[] = "appraisals-left";

enum err appraisal_numbers_begin(struct storage *s, u64 *last)
{
	char value[META_VALUE_MAX + 1];
	enum err e = s->meta->get(s, name, value);

	*last = e ? 0 : strtoull(value, NULL, 10);
	return e == ERR_STORAGE_ABSENT ? OK : e;
}

/* One number for all who left: whoever makes nodes as he likes makes no more of it. */
static enum err keep_number(struct storage *s, const u8 node[ATTEST_ID_SIZE])
{
	struct node_entry *n = malloc(sizeof(*n));
	char value[META_VALUE_MAX + 1];
	u64 last = 0;
	enum err e = n ? s->nodes->find(s, node, n) : ERR_NO_MEMORY;

	if (!e)
		e = appraisal_numbers_begin(s, &last);
	if (!e && n->appraisal > last) {
		(void)snprintf(value, sizeof(value), "%llu", (unsigned long long)n->appraisal);
		e = s->meta->set(s, name, value);
	}
	free(n);
	return e;
}

enum err appraisal_numbers_leave(struct storage *s, const u8 node[ATTEST_ID_SIZE])
{
	enum err e = s->transaction->begin(s);

	if (e)
		return e;
	e = keep_number(s, node);
	if (!e)
		e = s->nodes->remove(s, node);
	if (!e)
		return s->transaction->commit(s);
	s->transaction->rollback(s);
	return e;
}
