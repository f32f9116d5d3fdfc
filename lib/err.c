/* Words for error numbers. */
#include "lib/err.h"

const char *err_text(enum err e)
{
	switch (e) {
	case OK:
		return "success";
#define ERR(number, name, text)                                                                                        \
	case ERR_##name:                                                                                               \
		return text;
#include "lib/err.def"
#undef ERR
	}
	return "unknown error";
}
