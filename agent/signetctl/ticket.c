/* Challenge and ticket for who carries evidence by hand. Trust: see ctl.h. The hypervisor judges tickets. */
#include "attest/ticket.h"
#include "agent/signetctl/ctl.h"
#include "image/host/file.h"

static enum exit_code ask_challenge(struct channel *c, const struct args *args)
{
	u8 challenge[CONTROL_CHALLENGE_SIZE];
	enum err e = channel_get(c, CONTROL_CHALLENGE, NULL, 0, challenge, sizeof(challenge));

	(void)args;
	if (e)
		return ctl_complain(c, e, "there is no challenge");
	for (size_t i = 0; i < sizeof(challenge); i++)
		printf("%02x", challenge[i]);
	putchar('\n');
	return EXIT_OK;
}

enum exit_code command_challenge(const struct args *args)
{
	return ctl_run(args, ask_challenge);
}

static enum exit_code hand_over(struct channel *c, const struct args *args)
{
	const char *path = operand(args, 0);
	u8 ticket[TICKET_SIZE];
	size_t n;
	enum err e = file_read(path, ticket, sizeof(ticket), &n);

	if (!e && n != sizeof(ticket))
		e = ERR_TICKET_FORMAT;
	if (e)
		return complain(e, "the fleet server writes one", "cannot use ticket %s", path);
	e = channel_get(c, CONTROL_TICKET, ticket, sizeof(ticket), NULL, 0);
	return e ? ctl_complain(c, e, "the hypervisor does not take this ticket") : EXIT_OK;
}

enum exit_code command_ticket(const struct args *args)
{
	return ctl_run(args, hand_over);
}
