/* Commands carried out once. Trust: see the header. */
#include "agent/agentd/results.h"

#include "image/host/file.h"
#include "lib/print.h"
#include "lib/tls/deadline.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 17, POLL_MAX = 40000 /* bytes of answers in one poll, or one answer alone */ };
enum stage { FREE, RUNNING, READY, SENDING, SENT };

struct result {
	u64 id;
	enum stage stage;
	u64 mark; /* of the poll that carries it */
	u64 age; /* when it was last of interest */
	char *text; /* from READY on */
};

static struct {
	pthread_mutex_t lock;
	struct result all[RESULTS_MAX];
	char folder[PATH_MAX];
	u64 ages, marks;
	void (*wake)(void *context);
	void *context;
} r = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char answer_form[] =
        "{\"id\":%llu,\"ok\":false,\"error\":{\"code\":\"%s\",\"message\":\"%s\",\"advice\":\"%s\"}}";

static char *plain_answer(u64 id, const char *code, const char *message, const char *advice)
{
	char text[512];

	(void)snprintf(text, sizeof(text), answer_form, (unsigned long long)id, code, message, advice);
	return strdup(text);
}

static void path_of(u64 id, char out[PATH_MAX])
{
	(void)snprintf(out, PATH_MAX, "%.4000s/%llu", r.folder, (unsigned long long)id);
}

static struct result *find(u64 id)
{
	for (u32 i = 0; i < RESULTS_MAX; i++)
		if (r.all[i].stage != FREE && r.all[i].id == id)
			return &r.all[i];
	return NULL;
}

/* A free place, or that of the oldest answer that has arrived; NULL: all are under way. */
static struct result *place(void)
{
	struct result *best = NULL;
	char path[PATH_MAX];

	for (u32 i = 0; i < RESULTS_MAX; i++) {
		struct result *at = &r.all[i];

		if (at->stage == FREE)
			return at;
		if (at->stage == SENT && (!best || at->age < best->age))
			best = at;
	}
	if (best) {
		path_of(best->id, path);
		(void)unlink(path);
		free(best->text);
		*best = (struct result){ .stage = FREE };
	}
	return best;
}

/* Empty: begun. Without the file a restart of the agent would carry the command out again; it is said once. */
static void save(u64 id, const char *text)
{
	char path[PATH_MAX];

	path_of(id, path);
	if (file_write(path, (const u8 *)text, strlen(text)))
		(void)fprintf(stderr, "signet-agent: cannot write %s: %s\n", path, strerror(errno));
}

static void load_one(u64 id)
{
	static u8 text[ANSWER_MAX + 1];
	char path[PATH_MAX];
	size_t n = 0;
	struct result *at = place();

	path_of(id, path);
	if (!at || file_read(path, text, ANSWER_MAX, &n))
		return;
	text[n] = 0;
	at->id = id;
	at->stage = READY;
	at->age = ++r.ages;
	at->text = n ? strdup((const char *)text)
	             : plain_answer(id, "interrupted", "the agent was started anew while it carried this out",
	                       "look at the node, and give the order again if it is still wanted");
	if (!at->text)
		at->stage = FREE;
}

enum err results_load(const char *folder)
{
	(void)snprintf(r.folder, sizeof(r.folder), "%s", folder);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return ERR_IO;
	DIR *d = opendir(folder);
	if (!d)
		return ERR_IO;
	for (const struct dirent *entry; (entry = readdir(d));) {
		char *end;
		u64 id = strtoull(entry->d_name, &end, 10);

		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && *end == '\0')
			load_one(id);
	}
	(void)closedir(d);
	return OK;
}

void results_wake(void (*wake)(void *context), void *context)
{
	r.wake = wake;
	r.context = context;
}

static void wake(void)
{
	if (r.wake)
		r.wake(r.context);
}

bool results_begin(u64 id, bool goes_on)
{
	bool fresh = false;

	(void)pthread_mutex_lock(&r.lock);
	struct result *at = find(id);
	if (at && at->stage == SENT)
		at->stage = READY;
	if (!at && (at = place())) {
		*at = (struct result){ .id = id, .stage = RUNNING };
		if (!goes_on)
			save(id, "");
		fresh = true;
	}
	if (at)
		at->age = ++r.ages;
	(void)pthread_mutex_unlock(&r.lock);
	if (!fresh)
		wake();
	return fresh;
}

void results_end(u64 id, yyjson_mut_doc *answer)
{
	char *text = answer ? yyjson_mut_write(answer, 0, NULL) : NULL;

	yyjson_mut_doc_free(answer);
	if (!text)
		text = plain_answer(id, "memory", "out of memory", "try again");
	(void)pthread_mutex_lock(&r.lock);
	struct result *at = find(id);
	if (at && at->stage == RUNNING && text) {
		at->text = text;
		at->stage = READY;
		save(id, text);
	} else {
		free(text);
	}
	(void)pthread_mutex_unlock(&r.lock);
	wake();
}

static void put_one(yyjson_mut_doc *doc, yyjson_mut_val *results, const char *text)
{
	yyjson_doc *parsed = yyjson_read(text, strlen(text), 0);
	yyjson_mut_val *value = yyjson_val_mut_copy(doc, yyjson_doc_get_root(parsed));

	(void)yyjson_mut_arr_append(results, value);
	yyjson_doc_free(parsed);
}

u64 results_put(yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *results = yyjson_mut_obj_add_arr(doc, root, "results");
	yyjson_mut_val *running = yyjson_mut_obj_add_arr(doc, root, "running");

	(void)pthread_mutex_lock(&r.lock);
	u64 mark = ++r.marks;
	size_t bytes = 0;
	for (u32 i = 0; i < RESULTS_MAX; i++) {
		struct result *at = &r.all[i];

		if (at->stage == RUNNING)
			(void)yyjson_mut_arr_add_uint(doc, running, at->id);
		/* Of a poll that was not answered, too. */
		if (at->stage != READY && at->stage != SENDING)
			continue;
		if (bytes && bytes + strlen(at->text) > POLL_MAX) {
			at->stage = READY;
			continue;
		}
		bytes += strlen(at->text);
		at->stage = SENDING;
		at->mark = mark;
		put_one(doc, results, at->text);
	}
	(void)pthread_mutex_unlock(&r.lock);
	return mark;
}

void results_sent(u64 mark)
{
	(void)pthread_mutex_lock(&r.lock);
	for (u32 i = 0; i < RESULTS_MAX; i++)
		if (r.all[i].stage == SENDING && r.all[i].mark == mark)
			r.all[i].stage = SENT;
	(void)pthread_mutex_unlock(&r.lock);
}

bool results_await_sent(u64 id, u32 timeout_ms)
{
	u64 deadline = monotonic_ms() + timeout_ms;
	bool sent = false;

	while (!sent && monotonic_ms() < deadline) {
		(void)nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
		(void)pthread_mutex_lock(&r.lock);
		const struct result *at = find(id);
		sent = !at || at->stage == SENT;
		(void)pthread_mutex_unlock(&r.lock);
	}
	return sent;
}
