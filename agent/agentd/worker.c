/*
 * Commands that take long, one after the other; and updates beside them, whose download and whose wait for guests must
 * keep nobody from starting one. Trust: see threads.h.
 */
#include "agent/agentd/threads.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUE = 32, KIND_SIZE = 32, WORKERS = 2 };

struct job {
	u64 id;
	char kind[KIND_SIZE];
	yyjson_doc *arguments; /* NULL: none */
};

static struct worker {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job job[QUEUE];
	u32 first, count;
	struct agent *agent;
	struct node node;
	struct link link;
} workers[WORKERS] = {
	{ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER },
	{ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER },
};

static yyjson_doc *copy_of(yyjson_val *value)
{
	char *text = yyjson_val_write(value, 0, NULL);
	yyjson_doc *doc = text ? yyjson_read(text, strlen(text), 0) : NULL;

	free(text);
	return doc;
}

bool worker_give(enum lane lane, u64 id, const char *kind, yyjson_val *arguments)
{
	struct worker *w = &workers[lane == LANE_UPDATE];
	yyjson_doc *copy = arguments ? copy_of(arguments) : NULL;
	bool taken = false;

	(void)pthread_mutex_lock(&w->lock);
	if (w->count < QUEUE && strlen(kind) < KIND_SIZE && (copy || !arguments)) {
		struct job *job = &w->job[(w->first + w->count++) % QUEUE];

		*job = (struct job){ .id = id, .arguments = copy };
		memcpy(job->kind, kind, strlen(kind) + 1);
		(void)pthread_cond_signal(&w->changed);
		taken = true;
	}
	(void)pthread_mutex_unlock(&w->lock);
	if (!taken)
		yyjson_doc_free(copy);
	return taken;
}

static struct job next(struct worker *w)
{
	(void)pthread_mutex_lock(&w->lock);
	while (!w->count)
		(void)pthread_cond_wait(&w->changed, &w->lock);
	struct job job = w->job[w->first];
	w->first = (w->first + 1) % QUEUE;
	w->count--;
	(void)pthread_mutex_unlock(&w->lock);
	return job;
}

static void *run(void *context)
{
	struct worker *w = context;

	for (;;) {
		struct job job = next(w);

		command_run(w->agent, &w->node, &w->link, job.id, job.kind, yyjson_doc_get_root(job.arguments));
		yyjson_doc_free(job.arguments);
	}
	return NULL;
}

enum err worker_start(struct agent *a)
{
	pthread_t thread;

	for (u32 i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		w->agent = a;
		node_use(&w->node, a->options.control);
		link_open(&w->link, &a->place);
		if (pthread_create(&thread, NULL, run, w) != 0)
			return ERR_NO_MEMORY;
		(void)pthread_detach(thread);
	}
	return OK;
}
