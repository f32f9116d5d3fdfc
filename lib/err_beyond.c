/* Words for the error numbers that no stage can stop with: it has no memory for them. Trust: none needed; pure. */
#include "lib/err.h"

const char *err_text_beyond(enum err e)
{
	switch (e) {
	case OK:
		break;
#define ERR(number, name, text)                                                                                        \
	case ERR_##name:                                                                                               \
		if ((number) >= ERR_BEYOND_STAGE)                                                                      \
			return text;                                                                                   \
		break;
#include "lib/err.def"
#undef ERR
	}
	return "unknown error";
}
