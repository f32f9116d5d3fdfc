/*
 * Answers.
 * Trust: words in answers may come from outside; yyjson escapes them.
 */
#include "signetd/call.h"

#include "signetd/journal.h"
#include "signetd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_SIZE = 512 };

static const char json_type[] = "application/json";
static const char no_memory[] =
        "{\"error\":{\"code\":\"internal\",\"message\":\"out of memory\",\"advice\":\"ask again\"}}";

static const char *const method_names[] = { "GET", "POST", "PUT", "DELETE" };
static const char *const role_names[] = { "none", "viewer", "operator", "approver" };

const char *method_name(enum method m)
{
	return method_names[m];
}

const char *role_words(enum role r)
{
	return role_names[r];
}

enum role role_of(const char *words)
{
	for (enum role r = ROLE_VIEWER; r <= ROLE_APPROVER; r++)
		if (strcmp(role_names[r], words) == 0)
			return r;
	return ROLE_NONE;
}

const char *call_query(const struct call *c, const char *name)
{
	for (u32 i = 0; i < c->query_count; i++)
		if (strcmp(c->query[i].name, name) == 0)
			return c->query[i].value;
	return NULL;
}

void call_note(struct call *c, const char *fmt, ...)
{
	va_list list;

	va_start(list, fmt);
	(void)vsnprintf(c->note, sizeof(c->note), fmt, list);
	text_end_whole(c->note);
	va_end(list);
}

void call_park(struct call *c, u64 milliseconds, void (*begin)(struct call *c), void (*on_time)(struct call *c),
        void (*on_gone)(struct call *c))
{
	c->parking = (struct parking){ true, milliseconds, begin, on_time, on_gone };
	if (c->begun && begin)
		begin(c);
}

/* Work ends when it is done; nobody waits for a time. */
enum { WORK_MILLISECONDS = INT32_MAX };

static void begin_work(struct call *c)
{
	struct work *w = c->state;

	if (c->ops->work(c, w))
		return;
	c->state = NULL;
	w->drop(w);
	answer_failure(c, ERR_NO_MEMORY, "long work");
}

static void give_up(struct work *w)
{
	w->call = NULL;
	atomic_store(&w->given_up, true);
}

static void work_is_over_time(struct call *c)
{
	struct work *w = c->state;

	c->state = NULL;
	give_up(w);
	answer_error(c, 503, "busy", "ask again later", "the server did not come to it");
}

/* A thread may be at it: whoever stands behind ops drops it then. */
static void work_is_orphaned(struct call *c)
{
	struct work *w = c->state;

	c->state = NULL;
	if (!w)
		return;
	give_up(w);
	if (!c->begun)
		w->drop(w);
}

void call_work(struct call *c, struct work *w)
{
	w->call = c;
	c->state = w;
	call_park(c, WORK_MILLISECONDS, begin_work, work_is_over_time, work_is_orphaned);
}

/* The answer stands: nobody waits any more, and who sends it is told unless it is still in the handler. */
static void given(struct call *c)
{
	bool parked = c->parking.parked;

	memset(&c->parking, 0, sizeof(c->parking));
	if (parked)
		c->ops->ready(c);
}

/* Takes bytes; NULL is no memory. */
static void give(struct call *c, u32 status, const char *type, void *bytes, size_t n)
{
	if (c->answer.status) {
		free(bytes);
		return;
	}
	c->answer.status = bytes ? status : 500;
	c->answer.type = bytes ? type : json_type;
	c->answer.bytes = bytes ? bytes : (u8 *)strdup(no_memory);
	c->answer.length = bytes ? n : sizeof(no_memory) - 1;
	if (!c->answer.bytes)
		c->answer.length = 0;
	given(c);
}

void answer_json(struct call *c, u32 status, yyjson_mut_doc *doc)
{
	size_t n = 0;
	char *text = doc ? yyjson_mut_write(doc, 0, &n) : NULL;

	yyjson_mut_doc_free(doc);
	give(c, status, json_type, text, n);
}

void answer_done(struct call *c)
{
	give(c, 200, json_type, strdup("{}"), 2);
}

void answer_bytes(struct call *c, u32 status, const char *type, const u8 *bytes, size_t n)
{
	u8 *copy = malloc(n ? n : 1);

	if (copy && n)
		memcpy(copy, bytes, n);
	give(c, status, type, copy, n);
}

void answer_file(struct call *c, int file, u64 length)
{
	if (c->answer.status) {
		(void)close(file);
		return;
	}
	c->answer.status = 200;
	c->answer.type = "application/octet-stream";
	c->answer.file = file;
	c->answer.file_length = length;
	given(c);
}

static yyjson_mut_doc *error_document(const char *code, const char *message, const char *advice)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_val *error = yyjson_mut_obj_add_obj(doc, root, "error");

	yyjson_mut_doc_set_root(doc, root);
	if (yyjson_mut_obj_add_strcpy(doc, error, "code", code) &&
	        yyjson_mut_obj_add_strcpy(doc, error, "message", message) &&
	        yyjson_mut_obj_add_strcpy(doc, error, "advice", advice))
		return doc;
	yyjson_mut_doc_free(doc);
	return NULL;
}

void answer_error(struct call *c, u32 status, const char *code, const char *advice, const char *fmt, ...)
{
	char message[MESSAGE_SIZE];
	va_list list;

	va_start(list, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, list);
	va_end(list);
	text_end_whole(message);
	if (!c->answer.status) {
		(void)snprintf(c->answer.code, sizeof(c->answer.code), "%s", code);
		text_end_whole(c->answer.code);
	}
	answer_json(c, status, error_document(code, message, advice));
}

void answer_failure(struct call *c, enum err e, const char *what)
{
	journal(JOURNAL_ERROR, "%s: %s (error %d)", what, err_text(e), (int)e);
	answer_error(c, 500, "internal", "ask the fleet server's administrator to look at its log", "%s: %s", what,
	        err_text(e));
}
