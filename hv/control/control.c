/*
 * Framing and dispatch of control requests. Trust: in the TCB; pure.
 */
#include "hv/control/control.h"

#include "hv/control/ports.h"
#include "hv/guest/guest.h"
#include "lib/bytes.h"

#include <string.h>

enum { HEAD = sizeof(struct control_header), REST = CONTROL_REQUEST_MAX - HEAD };
enum { ID = sizeof(struct control_guest_id), READ = sizeof(struct control_read) };
enum { CREATE = sizeof(struct control_create), LOAD = sizeof(struct control_load), STOP = sizeof(struct control_stop) };
enum { CONSOLE = sizeof(struct control_console_read), POWER = sizeof(struct control_power) };
enum { STAGE = sizeof(struct control_stage), PROVISION = sizeof(struct control_provision) };
enum { TICKET = CONTROL_TICKET_SIZE, VERDICT = CONTROL_VERDICT_SIZE, HELLO = sizeof(struct control_hello) };
enum { STATUS = sizeof(struct control_status), SLOTS_TOLD = sizeof(struct control_slots) };
enum { GUEST = sizeof(struct control_guest), EXITS = sizeof(struct control_exits) };

/* When the answer comes: at once, or by control_done(), about the guest that the body begins with or about none. */
enum when { NOW, LATER_GUEST, LATER };

struct row {
	u16 kind;
	u16 least, most; /* bytes of the body */
	u16 answer; /* bytes of the answer's; 0: none, or the handler says */
	u16 when; /* enum when */
	control_handler *handle;
};

/* Unknown is denied: what has no row, and what does not fit its row, reaches no handler. */
static const struct row rows[] = {
	{ CONTROL_HELLO, 0, 0, HELLO, NOW, control_hello },
	{ CONTROL_STATUS, 0, 0, STATUS, NOW, control_status },
	{ CONTROL_LOG, READ, READ, 0, NOW, control_log },
	{ CONTROL_MESSAGES, READ, READ, 0, NOW, control_messages },
	{ CONTROL_GUESTS, ID, ID, GUEST, NOW, control_guests },
	{ CONTROL_EXITS, ID, ID, EXITS, NOW, control_exits },
	{ CONTROL_CREATE, CREATE, CREATE, ID, NOW, control_create },
	{ CONTROL_LOAD, LOAD, REST, 0, NOW, control_load },
	{ CONTROL_START, ID, ID, 0, LATER_GUEST, control_start },
	{ CONTROL_STOP, STOP, STOP, 0, NOW, control_stop },
	{ CONTROL_DESTROY, ID, ID, 0, LATER_GUEST, control_destroy },
	{ CONTROL_CONSOLE_READ, CONSOLE, CONSOLE, 0, NOW, control_console_read },
	{ CONTROL_CONSOLE_WRITE, ID, REST, 0, NOW, control_console_write },
	{ CONTROL_SLOTS, 0, 0, SLOTS_TOLD, NOW, control_slots },
	{ CONTROL_STAGE, STAGE, STAGE, 0, LATER, control_order },
	{ CONTROL_HEALTHY, 0, 0, 0, LATER, control_order },
	{ CONTROL_PROVISION, PROVISION, REST, 0, LATER, control_order },
	{ CONTROL_POWER, POWER, POWER, 0, NOW, control_power },
	{ CONTROL_CHALLENGE, 0, 0, 0, LATER, control_order },
	{ CONTROL_TICKET, TICKET, TICKET, 0, LATER, control_order },
	{ CONTROL_VERDICT, VERDICT, VERDICT, 0, LATER, control_order },
	{ CONTROL_WAITS, 0, CONTROL_WORDS_MAX, 0, NOW, control_words },
	{ CONTROL_FLEET, READ, READ, 0, NOW, control_fleet },
	{ CONTROL_ADDRESS, 0, CONTROL_WORDS_MAX, 0, NOW, control_words },
};

/* A request whose answer is not known yet. */
struct waiting {
	struct control_header head; /* the answer's; length 0: free */
	u32 guest;
	bool done;
	u32 size;
	u8 body[CONTROL_CHALLENGE_SIZE];
};

static struct {
	bool open, acting;
	u32 taken; /* bytes of the request so far */
	u32 size, sent; /* of the answer */
	union {
		struct control_header head;
		u8 bytes[CONTROL_REQUEST_MAX];
		u64 align;
	} request;
	union {
		struct control_header head;
		u8 bytes[CONTROL_REPLY_MAX];
		u64 align;
	} answer;
	struct waiting waiting[CONTROL_WAITING_MAX];
} c;

static bool put(const struct control_header *head, u32 body)
{
	c.answer.head = *head;
	c.answer.head.length = c.size = HEAD + body;
	c.sent = 0;
	return true;
}

/* The next change to tell of; false: none. */
static bool take_change(struct control_changed *out)
{
	struct guest_changes *g;

	for (u32 id = 0; (g = guest_changes(&id)); id++) {
		u32 what = g->pending & BIT(CONTROL_STATE) ? CONTROL_STATE : CONTROL_CONSOLE_OUTPUT;

		if (!g->pending)
			continue;
		g->pending &= ~BIT(what);
		g->told |= BIT(what) & BIT(CONTROL_CONSOLE_OUTPUT);
		*out = (struct control_changed){ .id = id, .what = what };
		return true;
	}
	return false;
}

static bool put_next(void)
{
	static const struct control_header event = { .version = CONTROL_VERSION, .kind = CONTROL_CHANGED };
	struct control_changed change;

	for (u32 i = 0; i < CONTROL_WAITING_MAX; i++) {
		struct waiting *w = &c.waiting[i];
		if (w->head.length && w->done) {
			memcpy(c.answer.bytes + HEAD, w->body, w->size);
			w->head.length = 0;
			return put(&w->head, w->size);
		}
	}
	if (!take_change(&change))
		return false;
	memcpy(c.answer.bytes + HEAD, &change, sizeof(change));
	return put(&event, sizeof(change));
}

/* Sends what waits, one frame after the other, as far as the driver has buffers. */
static void send(void)
{
	if (!c.open || c.acting)
		return;
	do {
		c.sent += console_send(&service_console, PORT_CONTROL, c.answer.bytes + c.sent, c.size - c.sent);
	} while (c.sent == c.size && put_next());
}

static const struct row *find_row(const struct control_header *head)
{
	if (head->version < CONTROL_VERSION_LOWEST || head->version > CONTROL_VERSION)
		return NULL;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].kind == head->kind)
			return &rows[i];
	return NULL;
}

static struct waiting *find_waiting(u16 kind, u32 guest)
{
	for (u32 i = 0; i < CONTROL_WAITING_MAX; i++) {
		struct waiting *w = &c.waiting[i];
		if (kind ? w->head.length && !w->done && w->head.kind == kind && w->guest == guest : !w->head.length)
			return w;
	}
	return NULL;
}

/* Its place among the waiting is taken first: it may be done before its handler is. */
static enum err handle_later(const struct row *row, struct control_call *call)
{
	struct waiting *w = find_waiting(0, 0);

	if (!w)
		return ERR_CONTROL_BUSY;
	*w = (struct waiting){ .head = c.answer.head, .guest = row->when == LATER_GUEST ? call->guest : 0 };
	enum err e = row->handle(call);
	if (e)
		w->head.length = 0;
	return e;
}

static void act(void)
{
	struct control_header head = c.request.head;
	const struct row *row = find_row(&head);
	struct control_call call = { .kind = head.kind,
		.body = c.request.bytes + HEAD,
		.size = head.length - HEAD,
		.guest = head.length >= HEAD + ID ? load_le32(c.request.bytes + HEAD) : 0,
		.answer = c.answer.bytes + HEAD,
		.answer_size = row ? row->answer : 0,
		.room = CONTROL_REPLY_MAX - HEAD };
	enum err e = ERR_CONTROL_KIND;

	head.kind |= CONTROL_REPLY;
	c.answer.head = head;
	c.acting = true;
	if (row && (head.status || call.size < row->least || call.size > row->most))
		e = ERR_RANGE;
	else if (row)
		e = row->when == NOW ? row->handle(&call) : handle_later(row, &call);
	c.acting = false;
	head.status = (u32)e;
	if (e || row->when == NOW)
		put(&head, e ? 0 : call.answer_size);
	send();
}

static u32 take(const u8 *bytes, u32 n, bool last)
{
	u32 done = 0;

	(void)last;
	while (done < n && c.sent == c.size) {
		u32 wanted = (c.taken < HEAD ? HEAD : c.request.head.length) - c.taken;
		u32 piece = n - done < wanted ? n - done : wanted;
		memcpy(c.request.bytes + c.taken, bytes + done, piece);
		c.taken += piece;
		done += piece;
		if (c.taken < HEAD)
			continue;
		/* Where the next frame begins hangs on it. */
		if (c.request.head.length < HEAD || c.request.head.length > CONTROL_REQUEST_MAX) {
			console_refuse(&service_console, PORT_CONTROL);
			return n;
		}
		if (c.taken == c.request.head.length) {
			c.taken = 0;
			act();
		}
	}
	return done;
}

static void room(void)
{
	send();
	if (c.sent == c.size)
		console_resume(&service_console, PORT_CONTROL);
}

void control_answer(u16 kind, u32 guest, enum err e, const u8 *body)
{
	struct waiting *w = find_waiting(kind | CONTROL_REPLY, guest);

	if (!w)
		return;
	w->head.status = (u32)e;
	w->done = true;
	w->size = body && !e ? sizeof(w->body) : 0;
	if (w->size)
		memcpy(w->body, body, w->size);
	send();
}

void control_done(u16 kind, u32 guest, enum err e)
{
	control_answer(kind, guest, e, NULL);
}

void control_changed(u32 guest, enum control_change what)
{
	u32 id = guest;
	struct guest_changes *g = guest_changes(&id);

	if (!c.open || !g || id != guest)
		return;
	g->pending |= BIT(what) & ~g->told;
	send();
}

/* Whoever opens the port has asked nothing yet. */
static void closed(void)
{
	struct guest_changes *g;

	memset(&c, 0, sizeof(c));
	for (u32 id = 0; (g = guest_changes(&id)); id++)
		*g = (struct guest_changes){ 0 };
}

static void opened(void)
{
	closed();
	c.open = true;
}

const struct console_user control_port = {
	.name = "signet.control",
	.opened = opened,
	.closed = closed,
	.bytes = take,
	.room = room,
};
