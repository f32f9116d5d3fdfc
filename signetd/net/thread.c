/* Work on libuv's threads. Trust: see the header. */
#include "signetd/net/thread.h"

#include <stdlib.h>

struct errand {
	uv_work_t request;
	struct work *work;
	void (*done)(struct work *w);
};

static void on_thread(uv_work_t *request)
{
	struct errand *e = request->data;

	e->work->run(e->work);
}

static void on_loop(uv_work_t *request, int status)
{
	struct errand *e = request->data;

	(void)status; /* nothing is ever cancelled */
	e->done(e->work);
	free(e);
}

bool thread_run(uv_loop_t *loop, struct work *w, void (*done)(struct work *w))
{
	struct errand *e = calloc(1, sizeof(*e));

	if (!e)
		return false;
	*e = (struct errand){ .work = w, .done = done };
	e->request.data = e;
	if (uv_queue_work(loop, &e->request, on_thread, on_loop) == 0)
		return true;
	free(e);
	return false;
}
