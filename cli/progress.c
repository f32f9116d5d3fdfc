/*
 * The progress bar: on a terminal only, so that logs stay readable.
 * Trust: none needed.
 */
#include "cli/output.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_WIDTH = 40, PER_MILLE = 1000 };

static void draw(const struct progress *p)
{
	static const char full[] = "########################################";
	int filled = (int)(p->shown * BAR_WIDTH / PER_MILLE);

	static_assert(sizeof(full) == BAR_WIDTH + 1, "the bar is as wide as it is drawn");
	fprintf(stderr, "\r%s [%.*s%*s] %3u %%", p->what, filled, full, BAR_WIDTH - filled, "", p->shown / 10);
	fflush(stderr);
}

void progress_begin(struct progress *p, const char *what, u64 total)
{
	*p = (struct progress){ .what = what, .total = total, .visible = isatty(fileno(stderr)) == 1 };
	if (p->visible)
		draw(p);
}

void progress_add(struct progress *p, u64 amount)
{
	u32 now;

	p->done = amount > p->total - p->done ? p->total : p->done + amount;
	now = p->total ? (u32)((double)p->done / (double)p->total * (double)PER_MILLE) : PER_MILLE;
	if (!p->visible || now == p->shown)
		return;
	p->shown = now;
	draw(p);
}

void progress_end(struct progress *p)
{
	if (p->visible)
		fputs("\r\033[K", stderr);
	p->visible = false;
}
