/*
 * One request as a handler sees it, and its one answer. No socket is seen from here: the event loop stands behind
 * struct call_ops, and tests stand there with their own. Trust: parameters, query and body come from outside; the
 * router has bounded them, and nothing more.
 */
#ifndef SIGNET_SIGNETD_CALL_H
#define SIGNET_SIGNETD_CALL_H

#include "lib/crypto/crypto.h"
#include "lib/types.h"

#include <stdatomic.h>
#include <yyjson.h>

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE };
enum listener { LISTENER_NODES, LISTENER_OPERATORS, LISTENER_METRICS, LISTENER_COUNT };
/* Each may do what those before it may. */
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_APPROVER };

enum {
	CALL_PARAMETERS_MAX = 3,
	CALL_QUERY_MAX = 8,
	PARAMETER_MAX = 128,
	CALLER_ADDRESS_SIZE = 48,
	OPERATOR_NAME_SIZE = 64,
	SERIAL_TEXT_SIZE = 41, /* 20 bytes in hexadecimal: RFC 5280, 4.1.2.2 */
	CODE_SIZE = 32,
	NOTE_SIZE = 256,
};

struct server;
struct route;
struct blob_writer;

/* Who asks. On the nodes' listener a TLS key alone: what it stands for is the handler's to know. */
struct caller {
	char address[CALLER_ADDRESS_SIZE];
	u8 network[16]; /* as limits know him: signetd/net/admission.h */
	bool has_key;
	u8 key_hash[SHA256_SIZE]; /* of the SubjectPublicKeyInfo; the TLS handshake proved its possession */
	enum role role; /* ROLE_NONE but for operators */
	char name[OPERATOR_NAME_SIZE];
	char serial[SERIAL_TEXT_SIZE];
};

struct query {
	char name[PARAMETER_MAX + 1];
	char value[PARAMETER_MAX + 1];
};

/* `Range: bytes=FIRST-LAST`, one range; last is UINT64_MAX when open. A suffix (`bytes=-N`) has first UINT64_MAX. */
struct byte_range {
	bool given;
	u64 first, last;
};

struct answer {
	u32 status; /* 0: none yet */
	const char *type;
	u8 *bytes; /* malloc'ed; NULL when a file or nothing is sent */
	size_t length;
	int file; /* closed with the call; -1: none */
	u64 file_length; /* whole */
	char code[CODE_SIZE]; /* of an error, for the audit log */
};

struct call;

/*
 * Work that takes long, apart from the loop. run() is on a thread of its own and touches nothing but *w; then() is on
 * the loop again, as a handler is: what it stores and the audit entry of its answer are one transaction. drop() frees
 * w, after then() or in its place.
 */
struct work {
	void (*run)(struct work *w);
	void (*then)(struct call *c, struct work *w);
	void (*drop)(struct work *w);
	struct call *call; /* NULL: its connection died */
	atomic_bool given_up; /* the same for run(), which had better end: the server's end waits for it */
};

struct call_ops {
	/* The answer of a parked call is there. */
	void (*ready)(struct call *c);
	/* Takes w. False: it was not taken. */
	bool (*work)(struct call *c, struct work *w);
};

struct parking {
	bool parked;
	u64 milliseconds;
	void (*begin)(struct call *c);
	void (*on_time)(struct call *c);
	void (*on_gone)(struct call *c);
};

struct call {
	struct server *server;
	const struct call_ops *ops;
	void *connection; /* of whoever stands behind ops */
	const struct route *route;
	struct caller who;
	char parameters[CALL_PARAMETERS_MAX][PARAMETER_MAX + 1]; /* as {names} stand in the pattern; decoded */
	struct query query[CALL_QUERY_MAX];
	u32 query_count;
	struct byte_range range;
	const u8 *body; /* BODY_BYTES */
	size_t body_length;
	yyjson_val *json; /* BODY_JSON: the outermost object */
	struct blob_writer *upload; /* BODY_FILE: written, neither finished nor in its place (signetd/blobs.h) */
	struct answer answer;
	struct parking parking;
	u64 ordered; /* fleet_now() when a node was given the order that this waits for */
	bool begun; /* what is ordered from here on may be told to nodes */
	u64 begun_entry; /* of the audit log; 0: none */
	char note[NOTE_SIZE]; /* for the audit log */
	void *state; /* the handler's own, from parking to answer or on_gone */
};

/* The value of a query parameter, or NULL. */
const char *call_query(const struct call *c, const char *name);

/*
 * A handler gives exactly one answer, now or after call_park. Each of these is an answer; of two the first counts. One
 * without memory becomes 500.
 */
/* Takes the document, also on failure. */
void answer_json(struct call *c, u32 status, yyjson_mut_doc *doc);
/* {} with 200. */
void answer_done(struct call *c);
/* Copies. type is a constant. */
void answer_bytes(struct call *c, u32 status, const char *type, const u8 *bytes, size_t n);
/* The bytes of an open file, or the range that was asked for: 200, 206 or 416. Takes the descriptor. */
void answer_file(struct call *c, int file, u64 length);
/* {"error": {...}}; code: at most CODE_SIZE - 1 characters of docs/fleet-api.md. */
void answer_error(struct call *c, u32 status, const char *code, const char *advice, const char *fmt, ...)
        __attribute__((format(printf, 5, 6)));
/* 500 and a line in the log; for storage that failed and the like. */
void answer_failure(struct call *c, enum err e, const char *what);

/*
 * To be answered later: c stays until it is answered. begin (may be NULL) does what the call waits for: for a request
 * that is audited once its entry is on the disk, so that nothing is ordered that the audit log would not tell of if the
 * server died. on_time is called once after that many milliseconds, and must answer or park again; on_gone (may be
 * NULL) when the connection died or nothing was begun: c is not to be touched after it returns. The server's end is
 * such a death.
 */
void call_park(struct call *c, u64 milliseconds, void (*begin)(struct call *c), void (*on_time)(struct call *c),
        void (*on_gone)(struct call *c));

/* Parks c for the work, which is given up when the connection dies. Takes w. */
void call_work(struct call *c, struct work *w);

/* What the audit log says beside method, path and status: whom it was about, in words. Cut to NOTE_SIZE. */
void call_note(struct call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

const char *method_name(enum method m);
/* "viewer", "operator", "approver"; "none". */
const char *role_words(enum role r);
/* ROLE_NONE when it is none. */
enum role role_of(const char *words);

#endif
