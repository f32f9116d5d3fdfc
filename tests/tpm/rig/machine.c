/*
 * The machine under the hypervisor's pure part: the TPM, the worker, the alarms, the clock, and its end.
 * Test code for a host.
 */
#include "hv/boot/console.h"
#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/boot/smp.h"
#include "hv/control/messages.h"
#include "hv/dev/lapic.h"
#include "hv/node/tpm.h"
#include "hv/sched/dispatch.h"
#include "hv/sched/worker.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"
#include "lib/fatal.h"
#include "lib/print.h"
#include "tests/tpm/rig/rig.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { JOBS_MAX = 32, POOL_LENGTH = 16 << 20, MEASURE_NS = 50000000, SECOND_NS = 1000000000 };
/* Memory for guests that is counted, and never there. */
#define GUEST_PAGES ((16ull << 30) / POOL_PAGE)

struct layout layout;
struct smp smp = { .count = 2, .up = 2 };

static struct tpm *own_tpm;
static struct job *jobs[JOBS_MAX];
static u32 job_count;
static u64 rate; /* TSC ticks a second */
static struct {
	u64 at;
	void (*call)(void);
} alarms[ALARMS] = { { LAPIC_NEVER, NULL }, { LAPIC_NEVER, NULL } };

static u64 nanoseconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * SECOND_NS + (u64)t.tv_nsec;
}

static u64 measure_rate(void)
{
	u64 start = nanoseconds(), ticks = read_time_stamp(), now;

	do
		now = nanoseconds();
	while (now - start < MEASURE_NS);
	return (read_time_stamp() - ticks) * (SECOND_NS / 1000) / ((now - start) / 1000);
}

void machine_start(struct tpm *tpm)
{
	own_tpm = tpm;
	rate = measure_rate();
	messages_keep();
	pool_init(&layout.pool, (u64)stage_memory(POOL_LENGTH), POOL_LENGTH);
	layout.pool.free += GUEST_PAGES;
	layout.pool.count += GUEST_PAGES;
}

enum err node_tpm_start(void)
{
	return OK;
}

struct tpm *node_tpm(void)
{
	return own_tpm;
}

void crypto_heap_init(u8 *heap, size_t n)
{
	memset(heap, 0, n);
}

bool console_serial(u32 port, u32 baud)
{
	(void)port, (void)baud;
	return true;
}

u64 clock_rate(void)
{
	return rate;
}

u64 clock_ticks(u64 microseconds)
{
	return microseconds * (rate / 1000) / 1000;
}

void worker_submit(struct job *job)
{
	if (job->queued)
		return;
	if (job_count == JOBS_MAX)
		die("the worker", "too many jobs");
	job->queued = true;
	jobs[job_count++] = job;
}

void worker_yield(void)
{
}

void dispatch_alarm(enum alarm alarm, u64 tsc, void (*call)(void))
{
	alarms[alarm].at = tsc;
	alarms[alarm].call = call;
}

static void ring(void)
{
	hv_lock();
	for (u32 i = 0; i < ALARMS; i++) {
		if (alarms[i].at > read_time_stamp())
			continue;
		alarms[i].at = LAPIC_NEVER;
		alarms[i].call();
	}
	hv_unlock();
}

void machine_turn(void)
{
	ring();
	while (job_count) {
		struct job *job = jobs[0];

		for (u32 i = 1; i < job_count; i++)
			jobs[i - 1] = jobs[i];
		job_count--;
		job->queued = false;
		job->run(job);
	}
}

int machine_milliseconds(int most)
{
	u64 next = LAPIC_NEVER, now = read_time_stamp();

	for (u32 i = 0; i < ALARMS; i++)
		next = alarms[i].at < next ? alarms[i].at : next;
	if (next <= now)
		return 0;
	next = (next - now) / (rate / 1000) + 1;
	return next < (u64)most ? (int)next : most;
}

_Noreturn void restart(const char *reason)
{
	say("hypervisor: %s", reason);
	exit(EXIT_REBOOT);
}

_Noreturn void stop(enum err e)
{
	say("stop %u: %s", (u32)e, err_text(e));
	exit(EXIT_STOPPED);
}

void must(enum err e)
{
	if (e)
		stop(e);
}
