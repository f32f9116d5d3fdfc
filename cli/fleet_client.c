/* Requests to the fleet server. Trust: see the header. */
#include "cli/fleet_client.h"

#include "cli/image_common.h"
#include "keys/certificate.h"
#include "keys/commands.h"
#include "lib/http/client.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A node may take 60 s, and the server says so itself. */
enum { CONNECT_MS = 15000, SILENCE_MS = 90000 };

struct fleet_client {
	fleet_ask *ask;
	void *context;
	struct fleet_settings settings;
	u8 ca_key[P384_KEY_SIZE];
	struct tls_identity *identity;
	struct tls_client *tls;
	u8 *room; /* FLEET_ANSWER_MAX bytes */
	size_t used;
	u32 status;
};

static enum err connect_again(struct fleet_client *c, char why[TLS_WHY_SIZE])
{
	struct tls_settings s = {
		.host = c->settings.host,
		.port = c->settings.port,
		.name = c->settings.host,
		.ca_key = c->ca_key,
		.identity = c->identity,
		.timeout_ms = CONNECT_MS,
	};

	u8 byte;
	size_t n;

	/* An idle connection has nothing to say but that it ends. */
	if (c->tls && tls_read(c->tls, &byte, sizeof(byte), 0, &n) != ERR_NET_TIMEOUT) {
		tls_close(c->tls);
		c->tls = NULL;
	}
	return c->tls ? OK : tls_connect(&s, &c->tls, why);
}

/* fleet_ask over TLS. */
static enum err ask_server(void *context, struct http_request *q, struct http_answer *a, char why[TLS_WHY_SIZE])
{
	struct fleet_client *c = context;
	enum err e = connect_again(c, why);

	q->host = c->settings.host;
	q->silence_ms = SILENCE_MS;
	if (!e)
		e = http_ask(c->tls, q, a);
	if (e || !a->head.keep_alive) {
		tls_close(c->tls);
		c->tls = NULL;
	}
	return e;
}

struct fleet_client *fleet_client_on(fleet_ask *ask, void *context)
{
	struct fleet_client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->room = malloc(FLEET_ANSWER_MAX);
	c->ask = ask;
	c->context = context ? context : c;
	if (c->room)
		return c;
	free(c);
	return NULL;
}

void fleet_close(struct fleet_client *c)
{
	if (!c)
		return;
	tls_close(c->tls);
	tls_identity_free(c->identity);
	free(c->room);
	free(c);
}

/* NAME.crt beside NAME.pem, as `signetd --init` leaves the first approver's. False: path has another name. */
static bool certificate_beside(const char *path, char out[PATH_MAX])
{
	size_t n = strlen(path), suffix = sizeof(".pem") - 1;

	if (n < suffix || strcmp(path + n - suffix, ".pem") != 0)
		return false;
	memcpy(out, path, n - suffix);
	memcpy(out + n - suffix, ".crt", sizeof(".crt"));
	return access(out, R_OK) == 0;
}

static enum err load_pair(const char *path, const struct passphrase *passphrase, struct tls_identity **out)
{
	char beside[PATH_MAX];
	enum err e = tls_identity_load(path, path, passphrase, out);

	return e == ERR_KEY_FILE && certificate_beside(path, beside) ? tls_identity_load(beside, path, passphrase, out)
	                                                             : e;
}

static enum exit_code load_identity(const struct args *args, struct fleet_client *c)
{
	const char *file = option_value(args, "operator-passphrase-file"), *path = c->settings.operator_file;
	struct passphrase passphrase = { 0 };
	enum err e = passphrase_read(file, &passphrase);

	if (e)
		return complain(e, key_file_advice(e, file), "cannot read a passphrase from %s", file);
	e = load_pair(path, &passphrase, &c->identity);
	passphrase_wipe(&passphrase);
	if (!e)
		return EXIT_OK;
	return complain_file(e,
	        e == ERR_KEY_PASSPHRASE ? "give the right passphrase with --operator-passphrase-file FILE"
	                : e == ERR_KEY_MODE
	                ? key_file_advice(e, path)
	                : "it holds a private key and its certificate, both PEM; an approver makes one by "
	                  "`signet operator add`",
	        "cannot use the operator's file", path);
}

static enum exit_code load_files(const struct args *args, struct fleet_client *c)
{
	enum err e = ca_key_load(c->settings.ca_file, c->ca_key);

	if (e)
		return complain_file(e, "take the fleet's fleet-ca.crt, which `signet keys export` leaves",
		        "cannot use the fleet CA", c->settings.ca_file);
	return load_identity(args, c);
}

enum exit_code fleet_open_settings(const struct args *args, const struct fleet_settings *s, struct fleet_client **out)
{
	enum exit_code code;

	*out = fleet_client_on(ask_server, NULL);
	if (!*out)
		return complain(ERR_NO_MEMORY, NULL, "cannot begin");
	(*out)->settings = *s;
	code = load_files(args, *out);
	if (code != EXIT_OK) {
		fleet_close(*out);
		*out = NULL;
	}
	return code;
}

enum exit_code fleet_open(const struct args *args, struct fleet_client **out)
{
	static struct fleet_settings settings;
	enum exit_code code = fleet_settings_read(args, &settings);

	*out = NULL;
	return code == EXIT_OK ? fleet_open_settings(args, &settings, out) : code;
}

enum exit_code fleet_run(
        const struct args *args, enum exit_code (*use)(struct fleet_client *c, const struct args *args))
{
	struct fleet_client *c;
	enum exit_code code = fleet_open(args, &c);

	if (code != EXIT_OK)
		return code;
	code = use(c, args);
	fleet_close(c);
	return code;
}

static enum exit_code say_unreachable(const struct fleet_client *c, enum err e, const char *why)
{
	const char *host = c->settings.host, *port = c->settings.port;

	(void)complain(e,
	        e == ERR_TLS_CERTIFICATE ? "check --ca and the server's name: somebody else may be answering there"
	                : e == ERR_TLS_PROTOCOL
	                ? "check that this is the operators' port, and that your certificate is not revoked"
	                : "check that signetd runs, and the address: --server, SIGNET_SERVER or fleet.ini",
	        "no answer from the fleet server at %s port %s%s%s", host, port, why[0] ? ": " : "", why);
	return e == ERR_IO || e == ERR_NO_MEMORY || e == ERR_INTERNAL ? EXIT_FAILED : EXIT_UNREACHABLE;
}

/* Codes of docs/fleet-api.md that say that the node did not answer. */
static bool is_silence(const char *code)
{
	return strcmp(code, "node-offline") == 0 || strcmp(code, "node-silent") == 0;
}

/* What says no by policy, whatever is asked again. */
static bool is_refusal(u32 status, const char *code)
{
	static const char *const codes[] = { "no-ticket", "uncertified", "image-refused", "guest-refused" };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return status == 401 || status == 403;
}

static enum exit_code say_refused(const struct fleet_client *c, yyjson_val *answer)
{
	yyjson_val *error = yyjson_obj_get(answer, "error");
	const char *code = answer_text(error, "code", ""), *advice = answer_text(error, "advice", "");

	if (code[0])
		note("%s (%s)", answer_text(error, "message", "the fleet server refused"), code);
	else
		note("the fleet server answered %u, and not why", c->status);
	if (advice[0])
		note("%s", advice);
	if (is_silence(code))
		return EXIT_UNREACHABLE;
	return is_refusal(c->status, code) ? EXIT_REFUSED : EXIT_FAILED;
}

/* Sends q and waits; the answer is in c->room. */
static enum exit_code exchange(struct fleet_client *c, struct http_request *q, struct http_answer *a)
{
	char why[TLS_WHY_SIZE] = "";
	enum err e = c->ask(c->context, q, a, why);

	c->status = a->head.status;
	c->used = a->used;
	return e ? say_unreachable(c, e, why) : EXIT_OK;
}

static bool succeeded(const struct fleet_client *c)
{
	return c->status >= 200 && c->status < 300;
}

/* The answer as JSON; an empty one is an empty object. NULL when it is none. */
static yyjson_doc *answer_of(const struct fleet_client *c)
{
	if (c->used == 0)
		return yyjson_read("{}", 2, 0);
	return yyjson_read((const char *)c->room, c->used, 0);
}

static enum exit_code take_answer(struct fleet_client *c, yyjson_doc **out)
{
	yyjson_doc *doc = answer_of(c);

	if (succeeded(c) && yyjson_is_obj(yyjson_doc_get_root(doc))) {
		if (out)
			*out = doc;
		else
			yyjson_doc_free(doc);
		return EXIT_OK;
	}
	enum exit_code code = succeeded(c) ? complain(ERR_HTTP_FORMAT, "compare the versions of signet and signetd",
	                                             "cannot read the fleet server's answer")
	                                   : say_refused(c, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	return code;
}

static enum exit_code ask_json(struct fleet_client *c, struct http_request *q, yyjson_doc **out)
{
	struct http_answer a = { .bytes = c->room, .room = FLEET_ANSWER_MAX };
	enum exit_code code;

	if (out)
		*out = NULL;
	code = exchange(c, q, &a);
	return code == EXIT_OK ? take_answer(c, out) : code;
}

__attribute__((format(printf, 2, 0))) static enum exit_code make_target(
        char target[FLEET_TARGET_SIZE], const char *fmt, va_list list)
{
	int n = vsnprintf(target, FLEET_TARGET_SIZE, fmt, list);

	if (n < 0 || n >= FLEET_TARGET_SIZE)
		return complain(ERR_RANGE, NULL, "a name is too long");
	return EXIT_OK;
}

enum exit_code fleet_get(struct fleet_client *c, yyjson_doc **out, const char *target, ...)
{
	char text[FLEET_TARGET_SIZE];
	struct http_request q = { .method = "GET", .target = text };
	va_list list;

	va_start(list, target);
	enum exit_code code = make_target(text, target, list);
	va_end(list);
	return code == EXIT_OK ? ask_json(c, &q, out) : code;
}

static enum exit_code send_text(struct fleet_client *c, struct http_request *q, yyjson_mut_doc *body, yyjson_doc **out)
{
	size_t n = 0;
	char *text = body ? yyjson_mut_write(body, 0, &n) : NULL;

	if (body && !text)
		return complain(ERR_NO_MEMORY, NULL, "cannot write the request");
	q->type = body ? HTTP_JSON : NULL;
	q->body = text;
	q->size = n;
	enum exit_code code = ask_json(c, q, out);
	free(text);
	return code;
}

enum exit_code fleet_send(
        struct fleet_client *c, const char *method, yyjson_mut_doc *body, yyjson_doc **out, const char *target, ...)
{
	char text[FLEET_TARGET_SIZE];
	struct http_request q = { .method = method, .target = text };
	va_list list;

	va_start(list, target);
	enum exit_code code = make_target(text, target, list);
	va_end(list);
	if (code == EXIT_OK)
		code = send_text(c, &q, body, out);
	yyjson_mut_doc_free(body);
	return code;
}

static void advance(void *context, u64 bytes)
{
	progress_add(context, bytes);
}

enum exit_code fleet_put_file(
        struct fleet_client *c, int file, u64 length, const char *what, yyjson_doc **out, const char *target, ...)
{
	char text[FLEET_TARGET_SIZE];
	struct progress bar;
	struct http_request q = { .method = "PUT",
		.target = text,
		.type = HTTP_BYTES,
		.file = file,
		.size = length,
		.sent = advance,
		.context = &bar };
	va_list list;

	va_start(list, target);
	enum exit_code code = make_target(text, target, list);
	va_end(list);
	if (code != EXIT_OK)
		return code;
	progress_begin(&bar, what, length);
	code = ask_json(c, &q, out);
	progress_end(&bar);
	return code;
}

enum exit_code fleet_get_bytes(struct fleet_client *c, u8 *to, size_t room, size_t *n, const char *target, ...)
{
	char text[FLEET_TARGET_SIZE];
	struct http_request q = { .method = "GET", .target = text };
	struct http_answer a = { .bytes = c->room, .room = FLEET_ANSWER_MAX };
	va_list list;

	va_start(list, target);
	enum exit_code code = make_target(text, target, list);
	va_end(list);
	if (code == EXIT_OK)
		code = exchange(c, &q, &a);
	if (code != EXIT_OK)
		return code;
	if (!succeeded(c))
		return take_answer(c, NULL);
	if (c->used > room)
		return complain(ERR_HTTP_LENGTH, NULL, "cannot take the fleet server's answer");
	memcpy(to, c->room, c->used);
	*n = c->used;
	return EXIT_OK;
}

enum exit_code fleet_has(struct fleet_client *c, bool *there, const char *absent_code, const char *target, ...)
{
	char text[FLEET_TARGET_SIZE];
	struct http_request q = { .method = "GET", .target = text };
	struct http_answer a = { .bytes = c->room, .room = FLEET_ANSWER_MAX };
	va_list list;

	va_start(list, target);
	enum exit_code code = make_target(text, target, list);
	va_end(list);
	if (code == EXIT_OK)
		code = exchange(c, &q, &a);
	if (code != EXIT_OK)
		return code;
	*there = succeeded(c);
	yyjson_doc *doc = answer_of(c);
	yyjson_val *error = yyjson_obj_get(yyjson_doc_get_root(doc), "error");
	bool absent = c->status == 404 && strcmp(answer_text(error, "code", ""), absent_code) == 0;

	yyjson_doc_free(doc);
	return *there || absent ? EXIT_OK : take_answer(c, NULL);
}
