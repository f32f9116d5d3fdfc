/*
 * The fleet server as commands see it: requests, answers, and words for whatever goes wrong.
 * Trust: the server is certified by the fleet CA; its answers are bounded, and read as outside text all the same.
 */
#ifndef SIGNET_CLI_FLEET_CLIENT_H
#define SIGNET_CLI_FLEET_CLIENT_H

#include "cli/answer.h"
#include "cli/fleet_settings.h"
#include "lib/http/client.h"

enum { FLEET_TARGET_SIZE = 1024, FLEET_ANSWER_MAX = 8 << 20 };

struct fleet_client;

/* The exchange of one request for its answer; why says more about an error, for a person. */
typedef enum err fleet_ask(void *context, struct http_request *q, struct http_answer *a, char why[TLS_WHY_SIZE]);

/* Over TLS, by args' settings. Says what is wrong. */
enum exit_code fleet_open(const struct args *args, struct fleet_client **out) MUST_CHECK;
/* The same by settings that are known. */
enum exit_code fleet_open_settings(
        const struct args *args, const struct fleet_settings *s, struct fleet_client **out) MUST_CHECK;
/* Answered by ask, as tests do. NULL without memory. */
struct fleet_client *fleet_client_on(fleet_ask *ask, void *context);
/* NULL is fine. */
void fleet_close(struct fleet_client *c);

/* What most commands are: opens, uses, closes. */
enum exit_code fleet_run(
        const struct args *args, enum exit_code (*use)(struct fleet_client *c, const struct args *args)) MUST_CHECK;

/*
 * One request. EXIT_OK: *out is the answer, to be freed with yyjson_doc_free(); otherwise it is NULL, and what happened
 * was said: EXIT_UNREACHABLE when server or node do not answer, EXIT_REFUSED when they will not, EXIT_FAILED.
 */
enum exit_code fleet_get(struct fleet_client *c, yyjson_doc **out, const char *target, ...)
        __attribute__((format(printf, 3, 4))) MUST_CHECK;
/* body is freed; NULL: none. out NULL: nobody wants the answer. */
enum exit_code fleet_send(struct fleet_client *c, const char *method, yyjson_mut_doc *body, yyjson_doc **out,
        const char *target, ...) __attribute__((format(printf, 5, 6))) MUST_CHECK;
/* length bytes of an open file, from its beginning, with a bar. */
enum exit_code fleet_put_file(struct fleet_client *c, int file, u64 length, const char *what, yyjson_doc **out,
        const char *target, ...) __attribute__((format(printf, 6, 7))) MUST_CHECK;
/* Bytes instead of JSON, into room. */
enum exit_code fleet_get_bytes(struct fleet_client *c, u8 *to, size_t room, size_t *n, const char *target, ...)
        __attribute__((format(printf, 5, 6))) MUST_CHECK;
/* Asks whether something is there: *there false with EXIT_OK when the server answers 404 with this code. */
enum exit_code fleet_has(struct fleet_client *c, bool *there, const char *absent_code, const char *target, ...)
        __attribute__((format(printf, 4, 5))) MUST_CHECK;

#endif
