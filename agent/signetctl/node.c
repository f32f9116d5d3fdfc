/* Commands about the node's slots and power. Trust: see ctl.h. */
#include "agent/signetctl/ctl.h"
#include "cli/json.h"
#include "update/state.h"

#include <string.h>

static const char *slot_state_text(u32 state)
{
	static const char *const texts[SLOT_STATES] = {
		[SLOT_EMPTY] = "empty",
		[SLOT_WRITING] = "writing",
		[SLOT_STAGED] = "staged",
		[SLOT_TRYING] = "trying",
		[SLOT_UNCONFIRMED] = "unconfirmed",
		[SLOT_GOOD] = "good",
		[SLOT_BAD] = "bad",
	};

	return state < ARRAY_SIZE(texts) ? texts[state] : "unknown";
}

static const char *cause_text(const struct control_slot *slot)
{
	static const char *const texts[SLOT_CAUSES] = {
		[CAUSE_NONE] = "",
		[CAUSE_TRIAL_EXHAUSTED] = "no try left and never healthy",
		[CAUSE_VERIFICATION] = "did not verify",
		[CAUSE_REFUSED] = "refused by policy",
	};

	return slot->cause < ARRAY_SIZE(texts) ? texts[slot->cause] : "unknown";
}

static void slots_json(const struct control_slots *s)
{
	struct json j = json_on(stdout);

	json_array(&j, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(s->slot); i++) {
		json_object(&j, NULL);
		json_text(&j, "slot", i ? "b" : "a");
		json_bool(&j, "running", i == s->running);
		json_text(&j, "state", slot_state_text(s->slot[i].state));
		json_number(&j, "tries", s->slot[i].tries);
		json_text(&j, "cause", cause_text(&s->slot[i]));
		json_number(&j, "svn", s->slot[i].svn);
		json_hex(&j, "manifest", s->slot[i].digest, sizeof(s->slot[i].digest));
		json_end_object(&j);
	}
	json_end_array(&j);
}

static void slots_text(const struct control_slots *s)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->slot); i++) {
		const struct control_slot *slot = &s->slot[i];

		printf("slot %c: %s%s%s, tries %u, svn %u%s, manifest ", i ? 'b' : 'a', slot_state_text(slot->state),
		        slot->cause ? ": " : "", cause_text(slot), slot->tries, slot->svn,
		        i == s->running ? ", running" : "");
		for (size_t k = 0; k < sizeof(slot->digest); k++)
			printf("%02x", slot->digest[k]);
		putchar('\n');
	}
}

static enum exit_code show_slots(struct channel *c, const struct args *args)
{
	struct control_slots s;
	enum err e = channel_get(c, CONTROL_SLOTS, NULL, 0, &s, sizeof(s));

	if (e)
		return ctl_complain(c, e, "cannot get the slots' states");
	(option_given(args, "json") ? slots_json : slots_text)(&s);
	return EXIT_OK;
}

enum exit_code command_slots(const struct args *args)
{
	return ctl_run(args, show_slots);
}

static enum exit_code order_power(struct channel *c, enum control_power_how how)
{
	struct control_power order = { .how = (u32)how };
	enum err e = channel_get(c, CONTROL_POWER, &order, sizeof(order), NULL, 0);

	return e ? ctl_complain(c, e, "the hypervisor did not take the order") : EXIT_OK;
}

static enum exit_code reboot_node(struct channel *c, const struct args *args)
{
	(void)args;
	return order_power(c, CONTROL_REBOOT);
}

static enum exit_code power_off_node(struct channel *c, const struct args *args)
{
	(void)args;
	return order_power(c, CONTROL_POWER_OFF);
}

static enum exit_code say_address(struct channel *c, const struct args *args)
{
	const char *text = operand(args, 0);
	size_t n = strlen(text);

	if (n > CONTROL_WORDS_MAX)
		return complain(ERR_RANGE, NULL, "more than %d characters", CONTROL_WORDS_MAX);
	enum err e = channel_ask(c, CONTROL_ADDRESS, &(struct frame_body){ .bytes = text, .size = (u32)n });
	return e ? ctl_complain(c, e, "the hypervisor did not take the address") : EXIT_OK;
}

enum exit_code command_address(const struct args *args)
{
	return ctl_run(args, say_address);
}

enum exit_code command_reboot(const struct args *args)
{
	return ctl_run(args, reboot_node);
}

enum exit_code command_poweroff(const struct args *args)
{
	return ctl_run(args, power_off_node);
}
