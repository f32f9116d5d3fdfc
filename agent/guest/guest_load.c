/* Guests' files. Trust: see the header. */
#include "agent/guest/guest_load.h"

#include "image/host/file.h"

enum exit_code guest_file_open(const char *path, struct guest_file *out)
{
	static u8 text[GUEST_FILE_MAX + 1];
	struct guest_file_problem problem;
	size_t n;
	enum err e = file_read(path, text, sizeof(text), &n);

	if (e)
		return complain(e, NULL, "cannot read %s", path);
	e = guest_file_parse((const char *)text, n, out, &problem);
	if (!e)
		return EXIT_OK;
	if (problem.line)
		note("%s, line %u: %s", path, problem.line, problem.words);
	else
		note("%s: %s", path, problem.words);
	return EXIT_FAILED;
}
