/*
 * Names and words of verdicts.
 * Trust: constants.
 */
#include "attest/verdicts.h"

#include "lib/types.h"

static const struct entry {
	enum verdict verdict;
	const char *name, *words, *advice;
} entries[] = {
/* First, so that a number that is none reads as a failure of ours, never as good. */
#define VERDICT(code, name, words, advice) { VERDICT_##name, #name, words, advice },
#include "attest/verdicts.def"
#undef VERDICT
	{ VERDICT_GOOD, "GOOD", "everything is as expected", "Nothing" },
};

static const struct entry *find(enum verdict v)
{
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (entries[i].verdict == v)
			return &entries[i];
	return &entries[0];
}

const char *verdict_name(enum verdict v)
{
	return find(v)->name;
}

const char *verdict_words(enum verdict v)
{
	return find(v)->words;
}

const char *verdict_advice(enum verdict v)
{
	return find(v)->advice;
}
