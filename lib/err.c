/* Words for error numbers: those that a stage can stop with, then the others from err_beyond.c. */
#include "lib/err.h"

const char *err_text(enum err e)
{
	switch (e) {
	case OK:
		return "success";
#define ERR(number, name, text)                                                                                        \
	case ERR_##name:                                                                                               \
		if ((number) < ERR_BEYOND_STAGE)                                                                       \
			return text;                                                                                   \
		break;
#include "lib/err.def"
#undef ERR
	}
	return err_text_beyond(e);
}
