/*
 * What stands behind the control port, faked: guests that remember the last order, a worker that runs when told to, a
 * TPM that answers when told to. Defines functions: for one source of a program. Test code for a host.
 */
#ifndef SIGNET_TESTS_UNIT_HV_CONTROL_FAKES_H
#define SIGNET_TESTS_UNIT_HV_CONTROL_FAKES_H

#include "hv/boot/layout.h"
#include "hv/boot/smp.h"
#include "hv/control/block.h"
#include "hv/control/control.h"
#include "hv/control/messages.h"
#include "hv/control/ports.h"
#include "hv/guest/guest.h"
#include "hv/node/node.h"
#include "hv/node/provision.h"
#include "hv/node/slots.h"
#include "hv/node/ticket.h"
#include "hv/node/tpm_port.h"
#include "hv/sched/worker.h"
#include "hv/service/machine.h"
#include "hv/x86/clock.h"
#include "tests/unit/hv_ports_driver.h"

struct layout layout;
struct smp smp;
struct net_switch guest_network;

static struct {
	enum err answer; /* of the guest or node function called next */
	u32 calls; /* of any of them */
	struct control_create shape;
	u32 id, part, how, n;
	u64 offset;
	u8 bytes[CONTROL_REQUEST_MAX];
	u32 guests;
	bool done_at_once; /* guest_start() reports before it returns */
	u32 console; /* bytes that its console holds */
	u32 power; /* 1 + what was asked of the machine last */
	struct job *job;
	struct control_stage stage;
	struct control_provision provision;
	bool tpm_open, tpm_busy;
	u32 tpm_commands, tpm_length;
	tpm_port_answer *tpm_answer;
	u64 ticks; /* of the clock in a microsecond; 0: few */
} fake;

u64 clock_ticks(u64 microseconds)
{
	return microseconds * (fake.ticks ? fake.ticks : 1);
}

const struct guest_observer *guest_observer;

/* Of guests 1 and up; those that are not there have never changed. */
enum { FAKE_GUESTS = 8 };
static struct guest_changes fake_changes[FAKE_GUESTS + 1];

struct guest_changes *guest_changes(u32 *id)
{
	*id = *id ? *id : 1;
	return *id <= FAKE_GUESTS ? &fake_changes[*id] : NULL;
}

enum err guest_create(const struct control_create *shape, u32 *id)
{
	fake.calls++;
	fake.shape = *shape;
	*id = 7;
	return fake.answer;
}

enum err guest_load(u32 id, u32 part, u64 offset, const u8 *bytes, u32 n)
{
	fake.calls++;
	fake.id = id;
	fake.part = part;
	fake.offset = offset;
	fake.n = n;
	memcpy(fake.bytes, bytes, n);
	return fake.answer;
}

enum err guest_start(u32 id)
{
	fake.calls++;
	fake.id = id;
	if (fake.done_at_once)
		guest_observer->done(CONTROL_START, id, ERR_GATE_TICKET);
	return fake.answer;
}

enum err guest_stop(u32 id, u32 how)
{
	fake.calls++;
	fake.id = id;
	fake.how = how;
	guest_observer->changed(id, CONTROL_STATE);
	return fake.answer;
}

enum err guest_destroy(u32 id)
{
	fake.calls++;
	fake.id = id;
	return fake.answer;
}

enum err guest_next(u32 id, struct control_guest *out)
{
	if (id > fake.guests)
		return ERR_RANGE;
	*out = (struct control_guest){ .id = id ? id : 1, .vcpus = 2, .name = "g" };
	return OK;
}

enum err guest_exits(u32 id, struct control_exits *out)
{
	*out = (struct control_exits){ .count = id };
	return fake.answer;
}

enum err guest_console_read(u32 id, struct control_bytes *at, u8 *to, u32 room)
{
	if (id <= FAKE_GUESTS)
		fake_changes[id].told = 0;
	fake.id = id;
	at->end = fake.console;
	at->length = room < fake.console - at->offset ? room : fake.console - (u32)at->offset;
	memset(to, 'c', at->length);
	return fake.answer;
}

enum err guest_console_write(u32 id, const u8 *bytes, u32 n)
{
	return guest_load(id, 0, 0, bytes, n);
}

void node_status(struct control_status *out)
{
	memcpy(out->product, "product", 8);
	out->slot = 1;
}

size_t node_log_read(u64 offset, u8 *out, size_t room, u64 *end)
{
	*end = 100000;
	if (offset >= *end)
		return 0;
	size_t n = room < *end - offset ? room : *end - offset;
	memset(out, (int)offset, n);
	return n;
}

size_t node_fleet_read(u64 offset, u8 *out, size_t room, u64 *end)
{
	*end = 5000;
	if (offset >= *end)
		return 0;
	size_t n = room < *end - offset ? room : *end - offset;
	memset(out, 'f', n);
	return n;
}

void slots_report(struct control_slots *out)
{
	*out = (struct control_slots){ .running = 1 };
}

enum err slots_stage(const struct control_stage *order)
{
	fake.calls++;
	fake.stage = *order;
	return fake.answer;
}

enum err slots_healthy(void)
{
	fake.calls++;
	return fake.answer;
}

enum err node_provision(const struct control_provision *order, const u8 *authority, size_t n)
{
	fake.calls++;
	fake.provision = *order;
	fake.n = (u32)n;
	if (n)
		memcpy(fake.bytes, authority, n);
	return fake.answer;
}

enum err ticket_challenge(u8 out[CONTROL_CHALLENGE_SIZE])
{
	fake.calls++;
	memset(out, (int)fake.calls, CONTROL_CHALLENGE_SIZE);
	return fake.answer;
}

enum err ticket_take(const u8 *bytes, size_t n)
{
	fake.calls++;
	fake.n = (u32)n;
	memcpy(fake.bytes, bytes, n);
	return fake.answer;
}

enum err slots_commit(const u8 *bytes, size_t n)
{
	return ticket_take(bytes, n);
}

void worker_submit(struct job *job)
{
	fake.job = job;
}

static inline void fake_work(void)
{
	struct job *job = fake.job;

	fake.job = NULL;
	if (job)
		job->run(job);
}

void tpm_port_init(tpm_port_answer *answer)
{
	fake.tpm_answer = answer;
}

void tpm_port_open(void)
{
	fake.tpm_open = true;
	fake.tpm_busy = false;
}

void tpm_port_close(void)
{
	fake.tpm_open = false;
}

/* What is shorter than a header is answered at once, as a filter may do. */
bool tpm_port_command(const u8 *command, size_t n)
{
	if (fake.tpm_busy)
		return false;
	fake.tpm_commands++;
	fake.tpm_length = (u32)n;
	if (n < 10)
		fake.tpm_answer((const u8 *)"malformed!", 10);
	else
		fake.tpm_busy = command != NULL;
	return true;
}

static inline void fake_tpm_done(u32 n)
{
	static u8 response[4096];

	memset(response, 'r', sizeof(response));
	fake.tpm_busy = false;
	fake.tpm_answer(response, n);
}

static inline void nowhere(void *controller, u32 pin, bool level)
{
	(void)controller, (void)pin, (void)level;
}

void machine_power(enum power_event event)
{
	fake.power = 1 + event;
}

/* The service VM starts: its devices are made, its driver has found them. */
static inline enum err service_up(struct driver *d)
{
	const struct ports_place place = { .bus = &d->bus,
		.memory = driver_memory(d),
		.console = DEVICE_MMIO,
		.uplink = DEVICE_MMIO + 0x1000,
		.console_line = driver_line(d),
		.uplink_line = { nowhere, NULL, 0 } };

	driver_new(d);
	enum err e = ports_attach(&place);
	driver_begin(d, DRIVER_QUEUES);
	return e;
}

static inline void service_opens(struct driver *d, enum port port)
{
	driver_control(d, port, 6, 1);
}

static inline void service_closes(struct driver *d, enum port port)
{
	driver_control(d, port, 6, 0);
}

#endif
