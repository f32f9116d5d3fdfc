/*
 * The verdicts of an appraisal, as attest/verdicts.def lists them.
 * Trust: constants.
 */
#ifndef SIGNET_ATTEST_VERDICTS_H
#define SIGNET_ATTEST_VERDICTS_H

enum verdict {
	VERDICT_GOOD = 0,
#define VERDICT(code, name, words, advice) VERDICT_##name = (code),
#include "attest/verdicts.def"
#undef VERDICT
};

/* "AK_UNKNOWN"; "GOOD"; "INTERNAL" for a number that is none. */
const char *verdict_name(enum verdict v);
/* What is the matter, and what to do about it, for a person. */
const char *verdict_words(enum verdict v);
const char *verdict_advice(enum verdict v);

#endif
