/*
 * `signet-agent`: carries evidence, tickets and orders between the hypervisor and the fleet server (docs/agent.md).
 * Trust: runs in the service VM; see agent.h.
 */
#include "agent/agentd/guests.h"
#include "agent/agentd/results.h"
#include "agent/agentd/threads.h"
#include "agent/agentd/waiting.h"

#include "agent/blkd/disks.h"
#include "image/host/file.h"
#include "keys/random.h"
#include "lib/print.h"
#include "lib/tls/deadline.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_NO_HYPERVISOR = 3, EXIT_NO_FLEET = 4, EXIT_USAGE = 2 };
enum { HEALTH_MS = 10000 };

static struct agent agent;

void agent_waits(struct agent *a, const char *fmt, ...)
{
	static char said[RING_LINE_MAX];
	char text[RING_LINE_MAX];
	va_list args;

	va_start(args, fmt);
	(void)format_args(text, sizeof(text), fmt, args);
	va_end(args);
	if (strcmp(text, said) != 0)
		tell("%s", text);
	memcpy(said, text, sizeof(said));
	node_say(&a->node, text);
}

struct timespec agent_after_ms(u32 ms)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

enum agent_outcome agent_attest_now(struct agent *a, u32 timeout_ms, char verdict[VERDICT_NAME_SIZE])
{
	struct timespec until = agent_after_ms(timeout_ms);
	enum agent_outcome outcome = OUTCOME_UNREACHABLE;
	int status = 0;

	(void)pthread_mutex_lock(&a->lock);
	u32 wanted = waiting_for(a->attested, a->attesting);
	agent_ask(&a->state);
	(void)pthread_cond_broadcast(&a->changed);
	while (!waiting_is_over(wanted, a->attested) && status == 0)
		status = pthread_cond_timedwait(&a->changed, &a->lock, &until);
	memcpy(verdict, a->verdict, VERDICT_NAME_SIZE);
	if (waiting_is_over(wanted, a->attested))
		outcome = a->last;
	(void)pthread_mutex_unlock(&a->lock);
	return outcome;
}

/* Whether packets for this address find a way out of this machine, or stay on it because it is its own. */
static bool has_route(const struct address *address)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;
	bool routed = false;

	/* A name takes a server to look it up, which may be away. */
	if (getaddrinfo(address->host, address->port, &hints, &found) != 0)
		return false;
	int fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		routed = connect(fd, found->ai_addr, found->ai_addrlen) == 0;
		(void)close(fd);
	}
	freeaddrinfo(found);
	return routed;
}

/* An address that others may reach, a way to the fleet server, or one that was reached. */
static bool network_is_there(struct agent *a)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	(void)pthread_mutex_lock(&a->lock);
	found = a->own;
	(void)pthread_mutex_unlock(&a->lock);
	for (u32 i = 0; i < a->place.addresses.count && !found; i++)
		found = has_route(&a->place.addresses.at[i]);
	if (found || getifaddrs(&all) != 0)
		return found;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next)
		found = i->ifa_addr && i->ifa_addr->sa_family == AF_INET && !(i->ifa_flags & IFF_LOOPBACK);
	freeifaddrs(all);
	return found;
}

/*
 * A trial is well when this service VM runs, both its ports answer, and it has a network. Not when the fleet server
 * says so: an outage there must not throw a release away.
 */
static void be_healthy(struct agent *a)
{
	struct control_status status;

	if (a->trial_told || !a->state.prepared || !network_is_there(a) || node_read_status(&a->node, &status) ||
	        !status.trial_left)
		return;
	enum err e = node_get(&a->node, CONTROL_HEALTHY, NULL, 0, NULL, 0);
	tell("this trial is well: %s", e ? err_text(e) : "told to the hypervisor");
	a->trial_told = !e;
	if (e)
		return;
	/* The commit verdict comes for evidence that shows it. */
	(void)pthread_mutex_lock(&a->lock);
	agent_ask(&a->state);
	(void)pthread_mutex_unlock(&a->lock);
}

static enum agent_outcome carry_out(struct agent *a, enum agent_step step, u64 *again_ms)
{
	switch (step) {
	case STEP_PREPARE:
		return agent_prepare(a);
	case STEP_ENROL:
		return agent_enrol(a);
	case STEP_ATTEST:
		return agent_attest(a, again_ms);
	case STEP_WAIT:
	case AGENT_STEPS:
	default:
		return OUTCOME_DONE;
	}
}

static void take_step(struct agent *a, enum agent_step step)
{
	u32 random = 0;
	u64 again_ms = REST_MOST_MS;

	(void)!random_bytes((u8 *)&random, sizeof(random));
	(void)pthread_mutex_lock(&a->lock);
	a->attesting = step == STEP_ATTEST;
	agent_begin(&a->state, step);
	(void)pthread_mutex_unlock(&a->lock);
	enum agent_outcome outcome = carry_out(a, step, &again_ms);
	(void)pthread_mutex_lock(&a->lock);
	agent_after(&a->state, step, outcome, monotonic_ms(), again_ms, random);
	a->attesting = false;
	a->last = outcome;
	a->attested += step == STEP_ATTEST;
	(void)pthread_cond_broadcast(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
	/* Who waits for a verdict hears of the failure before it, too. */
	attest_answer(a, outcome != OUTCOME_DONE);
}

static void sleep_until_due(struct agent *a)
{
	(void)pthread_mutex_lock(&a->lock);
	u32 ms = agent_sleep(&a->state, monotonic_ms());
	if (ms > HEALTH_MS && !a->trial_told)
		ms = HEALTH_MS;
	struct timespec until = agent_after_ms(ms);
	if (ms)
		(void)pthread_cond_timedwait(&a->changed, &a->lock, &until);
	(void)pthread_mutex_unlock(&a->lock);
}

/* Without a fleet server there is nothing to do but to see whether the keys are there and the trial is well. */
static void run_alone(struct agent *a)
{
	agent_waits(a, "no fleet server in this image's fleet configuration");
	while (agent_prepare(a) != OUTCOME_DONE)
		(void)sleep(REST_MOST_MS / 1000);
	a->state.prepared = true;
	for (;;) {
		be_healthy(a);
		(void)sleep(HEALTH_MS / 1000);
	}
}

static void run(struct agent *a)
{
	for (;;) {
		be_healthy(a);
		(void)pthread_mutex_lock(&a->lock);
		enum agent_step step = agent_next(&a->state, monotonic_ms());
		(void)pthread_mutex_unlock(&a->lock);
		if (step == STEP_WAIT)
			sleep_until_due(a);
		else
			take_step(a, step);
	}
}

static int fail(const char *what, enum err e, int code)
{
	tell("%s: %s", what, err_text(e));
	return code;
}

/* Conditions wait on the clock that never jumps. */
static void set_up_locks(struct agent *a)
{
	pthread_condattr_t monotonic;

	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_mutex_init(&a->place.lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&a->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
}

/* Where the fleet server is; an image that names none is no error. */
static int find_fleet(struct agent *a)
{
	enum err e = node_read_fleet(&a->node, &a->fleet);

	if (e == ERR_FLEET_FORMAT)
		return fail("fleet configuration", e, EXIT_NO_FLEET);
	if (e)
		return fail("control port", e, EXIT_NO_HYPERVISOR);
	if (a->fleet.addresses[0] && addresses_read(&a->place.addresses, a->fleet.addresses))
		return fail("the fleet server's addresses", ERR_FLEET_FORMAT, EXIT_NO_FLEET);
	memcpy(a->place.ca_key, a->fleet.ca_key, sizeof(a->place.ca_key));
	return EXIT_SUCCESS;
}

static int set_up(struct agent *a)
{
	char folder[PATH_MAX];

	set_up_locks(a);
	node_use(&a->node, a->options.control);
	int code = find_fleet(a);
	if (code)
		return code;
	enum err e = tls_identity_make(&a->place.identity);
	if (!e)
		e = path_join(folder, a->options.run, "commands");
	if (!e)
		e = results_load(folder);
	link_open(&a->link, &a->place);
	guests_reattach(&a->node, &a->options);
	if (!e && a->place.addresses.count)
		e = worker_start(a);
	if (!e && a->place.addresses.count)
		e = poll_start(a);
	return e ? fail("start", e, EXIT_FAILURE) : EXIT_SUCCESS;
}

static const struct {
	const char *name, *help;
	size_t at;
	const char *otherwise;
} options[] = {
	{ "--control", "PATH   control port, or a Unix socket in its place", offsetof(struct agent_options, control),
	        NULL },
	{ "--tcti", "CONF      how to reach the TPM (" TSS_PORT ")", offsetof(struct agent_options, tcti), TSS_PORT },
	{ "--parts", "DIR      where files of the flash disk's partitions' names stand (the disk itself)",
	        offsetof(struct agent_options, parts), NULL },
	{ "--store", "DIR      what outlives this boot (/store)", offsetof(struct agent_options, store), "/store" },
	{ "--run", "DIR        what outlives this process (/run/signet)", offsetof(struct agent_options, run),
	        "/run/signet" },
	{ "--disks", "DIR      where the block server looks (" DISKS_FOLDER ")", offsetof(struct agent_options, disks),
	        DISKS_FOLDER },
};

static void set_option(struct agent_options *o, size_t which, const char *value)
{
	memcpy((u8 *)o + options[which].at, (const void *)&value, sizeof(value));
}

static int usage(void)
{
	(void)fputs("usage: signet-agent [OPTION VALUE] ...\n"
	            "Carries evidence, tickets and orders between the hypervisor and the fleet server.\n",
	        stderr);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		(void)fprintf(stderr, "  %s %s\n", options[i].name, options[i].help);
	return EXIT_USAGE;
}

static bool take_options(struct agent_options *o, int argc, char *argv[])
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		set_option(o, i, options[i].otherwise);
	o->control = access(CONTROL_SOCKET, F_OK) == 0 ? CONTROL_SOCKET : CONTROL_PORT;
	for (int i = 1; i < argc; i += 2) {
		size_t which = 0;

		while (which < ARRAY_SIZE(options) && strcmp(argv[i], options[which].name) != 0)
			which++;
		if (which == ARRAY_SIZE(options) || i + 1 == argc)
			return false;
		set_option(o, which, argv[i + 1]);
	}
	return true;
}

int main(int argc, char *argv[])
{
	if (!take_options(&agent.options, argc, argv))
		return usage();
	(void)signal(SIGPIPE, SIG_IGN);
	int code = set_up(&agent);
	if (code)
		return code;
	if (agent.place.addresses.count)
		run(&agent);
	else
		run_alone(&agent);
	return EXIT_FAILURE;
}
