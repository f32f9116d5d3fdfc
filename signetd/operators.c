/*
 * Operators.
 * Trust: names come from outside, and are checked before they become part of a certificate.
 */
#include "signetd/operators.h"

#include "signetd/journal.h"

#include <stdio.h>
#include <string.h>

enum { DAY = 86400, HOUR = 3600 };

enum err operator_issue(struct server *s, const char *name, enum role role, const char *issuer, mbedtls_pk_context *key,
        char pem[ISSUE_PEM_MAX], struct operator_record *record)
{
	u64 now = s->clock->wall(s->clock);
	struct issue i = {
		.use = ISSUE_CLIENT,
		.common_name = name,
		.unit = role_words(role),
		.from = now - HOUR,
		.to = now + s->config.operator_days * DAY,
	};
	enum err e = role == ROLE_NONE || !subject_text_valid(name) ? ERR_ARGUMENT : issue_serial(i.serial);

	if (!e)
		e = leaves_certify(s->leaves, &i, key, pem);
	if (e)
		return e;
	*record = (struct operator_record){ .role = role, .issued = now, .expires = i.to };
	serial_text(i.serial, sizeof(i.serial), record->serial, sizeof(record->serial));
	(void)snprintf(record->name, sizeof(record->name), "%s", name);
	(void)snprintf(record->issuer, sizeof(record->issuer), "%s", issuer);
	return s->storage->operators->add(s->storage, record);
}

enum standing operator_standing(struct server *s, const struct caller *who)
{
	struct operator_record r;
	enum err e = s->storage->operators->find(s->storage, who->serial, &r);

	if (e || r.role != who->role || strcmp(r.name, who->name) != 0)
		return STANDING_UNKNOWN;
	return r.revoked ? STANDING_REVOKED : STANDING_GOOD;
}

struct tally {
	u64 now, soon;
	u64 valid, ending;
	bool say;
};

static enum err count_one(void *context, const struct operator_record *r)
{
	struct tally *t = context;
	char when[TIME_TEXT_SIZE];

	if (r->revoked || r->expires <= t->now)
		return OK;
	t->valid++;
	if (r->expires > t->soon)
		return OK;
	t->ending++;
	time_text(r->expires, when);
	if (t->say)
		journal(JOURNAL_WARNING,
		        "the certificate of %s \"%s\" ends at %s: `signet operator add` makes a new one",
		        role_words(r->role), r->name, when);
	return OK;
}

static struct tally tally(struct server *s, bool say)
{
	struct tally t = { .now = s->clock->wall(s->clock), .say = say };

	t.soon = t.now + s->config.warn_days * DAY;
	if (s->storage->operators->read(s->storage, count_one, &t))
		journal(JOURNAL_ERROR, "operators could not be counted");
	return t;
}

/* Once a day, by the day's number: nothing to remember but that. */
static void tick(struct server *s)
{
	static u64 day;
	u64 today = s->clock->wall(s->clock) / DAY;

	if (today == day)
		return;
	day = today;
	(void)tally(s, true);
}

static void status(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *object)
{
	struct tally t = tally(s, false);
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, object, "operators");

	(void)yyjson_mut_obj_add_uint(doc, o, "valid", t.valid);
	(void)yyjson_mut_obj_add_uint(doc, o, "endingSoon", t.ending);
}

static void metrics(struct server *s, struct text *out)
{
	struct tally t = tally(s, false);

	metric_family(out, "signetd_operators", "gauge", "Operators with a valid certificate.");
	metric_value(out, "signetd_operators", NULL, t.valid);
	metric_family(out, "signetd_operators_ending", "gauge", "Of those, certificates that end within warn-days.");
	metric_value(out, "signetd_operators_ending", NULL, t.ending);
}

const struct part operators_part = { "operators", NULL, NULL, tick, status, metrics };
