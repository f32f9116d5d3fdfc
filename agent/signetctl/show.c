/* Commands that show the node and its guests. Trust: see ctl.h. */
#include "agent/signetctl/ctl.h"
#include "attest/ticket.h"
#include "cli/json.h"
#include "cli/units.h"

static const struct {
	u32 flag;
	const char *json;
	const char *words;
} flags[] = {
	{ CONTROL_UNGATED, "ungated", "UNGATED: guests start without a ticket" },
	{ CONTROL_DEVELOPMENT, "development", "development image" },
	{ CONTROL_PROVISIONED, "provisioned", "provisioned" },
	{ CONTROL_NV_WRITABLE, "nvWritable", "boot state writable" },
	{ CONTROL_DMA_PROTECTED, "dmaProtected", "DMA protected" },
	{ CONTROL_MEASURED_FIRMWARE, "measuredFirmware", "firmware measured" },
	{ CONTROL_SECURE_BOOT, "secureBoot", "Secure Boot" },
	{ CONTROL_TICKETED, "ticketInForce", "a ticket is in force" },
	{ CONTROL_LEASE_OVER, "leaseOver", "THE LEASE IS OVER: no guest starts" },
	{ CONTROL_CHALLENGED, "challengeOpen", "a challenge waits for its ticket" },
};

static void print_hex(const char *label, const u8 *bytes, size_t n)
{
	printf("%-12s ", label);
	for (size_t i = 0; i < n; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
}

static const char *rule_text(u32 rule)
{
	static const char *const texts[] = {
		"none", [TICKET_KEEP] = "keep", [TICKET_PAUSE] = "pause", [TICKET_STOP] = "stop"
	};

	return rule < ARRAY_SIZE(texts) ? texts[rule] : "unknown";
}

static void status_json(const struct control_status *s)
{
	struct json j = json_on(stdout);

	json_object(&j, NULL);
	json_text(&j, "product", s->product);
	json_text(&j, "release", s->release);
	json_number(&j, "svn", s->svn);
	json_text(&j, "slot", s->slot ? "b" : "a");
	json_text(&j, "reason", s->reason_text);
	json_hex(&j, "session", s->session, sizeof(s->session));
	json_hex(&j, "node", s->node, sizeof(s->node));
	json_hex(&j, "manifest", s->manifest, sizeof(s->manifest));
	json_number(&j, "uptimeNanoseconds", s->uptime);
	json_number(&j, "trialSecondsLeft", s->trial_left);
	json_number(&j, "memory", s->memory);
	json_number(&j, "memoryFree", s->memory_free);
	json_number(&j, "processors", s->processors);
	json_number(&j, "guests", s->guests);
	json_number(&j, "serviceRestarts", s->restarts);
	json_number(&j, "droppedWrites", s->dropped);
	json_number(&j, "ticketSequence", s->ticket_sequence);
	json_text(&j, "ticketRule", rule_text(s->rule));
	json_number(&j, "leaseSecondsLeft", s->lease_left);
	json_number(&j, "challengeAgeSeconds", s->challenge_age);
	json_number(&j, "epoch", s->epoch);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		json_bool(&j, flags[i].json, s->flags & flags[i].flag);
	json_end_object(&j);
}

static void status_text(const struct control_status *s)
{
	char size[SIZE_TEXT], time[32];

	printf("%-12s %s %s, svn %u, slot %c (%s)\n", "release", s->product, s->release, s->svn, s->slot ? 'b' : 'a',
	        s->reason_text);
	printf("%-12s %s\n", "up for", format_seconds(time, s->uptime));
	if (s->trial_left)
		printf("%-12s reset in %llu s unless it is reported healthy\n", "trial",
		        (unsigned long long)s->trial_left);
	printf("%-12s %u\n%-12s %s", "processors", s->processors, "memory", format_size(size, s->memory));
	printf(" for guests, %s free\n", format_size(size, s->memory_free));
	if (s->ticket_sequence)
		printf("%-12s %llu, lease %llu s more, then %s\n", "ticket", (unsigned long long)s->ticket_sequence,
		        (unsigned long long)s->lease_left, rule_text(s->rule));
	else
		printf("%-12s none in this boot\n", "ticket");
	printf("%-12s %u\n%-12s %u\n", "guests", s->guests, "restarts", s->restarts);
	print_hex("session", s->session, sizeof(s->session));
	print_hex("node", s->node, sizeof(s->node));
	print_hex("manifest", s->manifest, sizeof(s->manifest));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (s->flags & flags[i].flag)
			printf("%-12s %s\n", "", flags[i].words);
}

static enum exit_code show_status(struct channel *c, const struct args *args)
{
	struct control_status s;
	enum err e = channel_get(c, CONTROL_STATUS, NULL, 0, &s, sizeof(s));

	if (e)
		return ctl_complain(c, e, "cannot get the node's status");
	s.product[sizeof(s.product) - 1] = s.release[sizeof(s.release) - 1] = '\0';
	s.reason_text[sizeof(s.reason_text) - 1] = '\0';
	(option_given(args, "json") ? status_json : status_text)(&s);
	return EXIT_OK;
}

enum exit_code command_status(const struct args *args)
{
	return ctl_run(args, show_status);
}

static void guest_json(struct json *j, const struct control_guest *g)
{
	json_object(j, NULL);
	json_number(j, "id", g->id);
	json_text(j, "name", g->name);
	json_text(j, "state", guest_state_text(g->state));
	json_text(j, "reason", g->reason);
	json_number(j, "vcpus", g->vcpus);
	json_number(j, "memory", g->memory);
	json_number(j, "disks", g->disks);
	json_number(j, "nets", g->nets);
	json_number(j, "cpuNanoseconds", g->cpu_time);
	json_number(j, "exits", g->exits);
	json_number(j, "consoleBytes", g->console_end);
	json_hex(j, "digest", g->digest, sizeof(g->digest));
	json_end_object(j);
}

static void guest_row(const struct control_guest *g)
{
	char size[SIZE_TEXT], time[32];

	printf("%-4u %-20s %-9s %5u %10s %11s %12llu  %s\n", g->id, g->name, guest_state_text(g->state), g->vcpus,
	        format_size(size, g->memory), format_seconds(time, g->cpu_time), (unsigned long long)g->exits,
	        g->reason);
}

static enum exit_code show_list(struct channel *c, const struct args *args)
{
	bool as_json = option_given(args, "json");
	struct json j = json_on(stdout);
	struct control_guest g = { 0 };
	enum err e;

	if (as_json)
		json_array(&j, NULL);
	else
		printf("%-4s %-20s %-9s %5s %10s %11s %12s  %s\n", "id", "name", "state", "vcpus", "memory", "cpu time",
		        "exits", "reason");
	for (u32 id = 1; (e = guest_from(c, id, &g)) == OK && g.id != UINT32_MAX; id = g.id + 1) {
		if (as_json)
			guest_json(&j, &g);
		else
			guest_row(&g);
	}
	if (as_json)
		json_end_array(&j);
	return e == ERR_RANGE ? EXIT_OK : ctl_complain(c, e, "cannot list guests");
}

enum exit_code command_list(const struct args *args)
{
	return ctl_run(args, show_list);
}
