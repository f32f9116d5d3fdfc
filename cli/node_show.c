/* Nodes for people: the list, and one of them. Trust: answers are outside text. */
#include "cli/node_commands.h"

#include <stdlib.h>

static void add_node(struct columns *t, yyjson_val *node)
{
	char ago[AGO_TEXT];
	bool online = answer_bool(node, "online");

	columns_add(t, "%.*s", SHORT_ID, answer_text(node, "id", ""));
	columns_add(t, "%s", answer_text(node, "hostname", ""));
	columns_add(t, "%s", answer_text(node, "state", ""));
	columns_add(t, "%s", verdict_of(node));
	columns_add(t, "%s", answer_text(node, "class", ""));
	columns_add(t, "%s", answer_text(node, "release", ""));
	if (yyjson_is_uint(yyjson_obj_get(node, "svn")))
		columns_add(t, "%llu", (unsigned long long)answer_number(node, "svn", 0));
	else
		columns_add(t, "-");
	columns_add(t, "%s", online ? "online" : format_ago(ago, answer_time(node, "lastSeen"), now_seconds()));
}

void nodes_print(const struct args *args, yyjson_val *answer)
{
	static const char *const headings[] = { "NODE", "HOST", "STATE", "VERDICT", "CLASS", "RELEASE", "SVN", "SEEN" };
	struct columns t;
	size_t at, max;
	yyjson_val *node;

	(void)args;
	columns_begin(&t, headings, ARRAY_SIZE(headings), BIT(6));
	yyjson_arr_foreach(yyjson_obj_get(answer, "nodes"), at, max, node)
		add_node(&t, node);
	(void)columns_end(&t, stdout);
}

static void print_certificate(yyjson_val *certificate)
{
	char when[WHEN_TEXT];

	if (!yyjson_is_obj(certificate)) {
		print_field("EK certificate", "none: nobody certifies that this is a TPM");
		return;
	}
	print_field("EK certificate", "%s", answer_text(certificate, "subject", "?"));
	print_field("  issued by", "%s", answer_text(certificate, "issuer", "?"));
	print_field("  until", "%s", format_when(when, answer_time(certificate, "notAfter")));
	print_field("  trusted", "%s",
	        answer_bool(certificate, "trusted") ? "yes, by a configured CA"
	                                            : "NO: it leads to no configured CA, or is for another EK");
}

void events_print(yyjson_val *events)
{
	size_t at, max;
	yyjson_val *event;

	yyjson_arr_foreach(events, at, max, event) {
		printf("  %4llu  PCR %-2llu  ", (unsigned long long)answer_number(event, "index", 0),
		        (unsigned long long)answer_number(event, "pcr", 0));
		print_plain(stdout, answer_text(event, "text", answer_text(event, "typeName", "?")));
		putchar('\n');
	}
}

static void print_verdict(yyjson_val *node)
{
	yyjson_val *appraisal = yyjson_obj_get(node, "appraisal"), *verdict = yyjson_obj_get(node, "verdict");
	char when[WHEN_TEXT];

	if (!yyjson_is_obj(appraisal)) {
		print_field("Appraisal", "none yet");
		return;
	}
	print_field("Appraisal", "%llu, %s", (unsigned long long)answer_number(appraisal, "number", 0),
	        format_when(when, answer_time(appraisal, "time")));
	print_field("  verdict", "%s: %s", answer_text(verdict, "name", "?"), answer_text(verdict, "text", ""));
	if (answer_number(verdict, "code", 0))
		print_field("  what to do", "%s", answer_text(verdict, "advice", ""));
}

static void print_lease(yyjson_val *lease)
{
	char when[WHEN_TEXT];

	if (yyjson_is_obj(lease))
		print_field("Lease", "until %s", format_when(when, answer_time(lease, "until")));
	else
		print_field("Lease", "none: no new guest starts");
}

static void print_slots(yyjson_val *slots)
{
	size_t at, max;
	yyjson_val *slot;

	yyjson_arr_foreach(slots, at, max, slot) {
		const char *cause = answer_text(slot, "cause", "");

		print_field(at ? "  slot b" : "  slot a", "%s%s%s, SVN %llu, manifest %.*s",
		        answer_text(slot, "state", "?"), cause[0] ? ": " : "", cause,
		        (unsigned long long)answer_number(slot, "svn", 0), SHORT_ID, answer_text(slot, "manifest", ""));
	}
}

static void print_report(yyjson_val *report)
{
	size_t at, max;
	yyjson_val *key, *value;

	if (!yyjson_is_obj(report))
		return;
	print_field("It says itself", "%s", "");
	yyjson_obj_foreach(report, at, max, key, value) {
		if (yyjson_equals_str(key, "slots")) {
			print_slots(value);
			continue;
		}
		char label[24], *text = yyjson_is_str(value) ? NULL : yyjson_val_write(value, 0, NULL);

		(void)snprintf(label, sizeof(label), "  %s", yyjson_get_str(key));
		print_field(label, "%s", yyjson_is_str(value) ? yyjson_get_str(value) : text ? text : "");
		free(text);
	}
}

void node_print(const struct args *args, yyjson_val *node)
{
	yyjson_val *floors = yyjson_obj_get(node, "floors"), *baseline = yyjson_obj_get(node, "baseline");
	char when[WHEN_TEXT];

	(void)args;
	print_field("Node", "%s", answer_text(node, "id", "?"));
	print_field("Host name", "%s", answer_text(node, "hostname", "?"));
	print_field(
	        "State", "%s, %s", answer_text(node, "state", "?"), answer_bool(node, "online") ? "online" : "offline");
	print_field("Last seen", "%s", format_when(when, answer_time(node, "lastSeen")));
	print_field("Class", "%s", answer_text(node, "class", "none"));
	print_field("Release", "%s, SVN %llu", answer_text(node, "release", "unknown"),
	        (unsigned long long)answer_number(node, "svn", 0));
	print_field("Lowest SVN", "%llu, key manifest %llu", (unsigned long long)answer_number(floors, "image", 0),
	        (unsigned long long)answer_number(floors, "key", 0));
	print_certificate(yyjson_obj_get(node, "ekCertificate"));
	print_field("Firmware", "%s", answer_text(node, "firmware", "unknown"));
	if (yyjson_is_obj(baseline))
		print_field("  as baseline", "%llu of its class has it, since %s",
		        (unsigned long long)answer_number(baseline, "number", 0),
		        format_when(when, answer_time(baseline, "since")));
	print_field("PCR 7", "%s", answer_text(node, "pcr7", "unknown: no evidence yet"));
	events_print(yyjson_obj_get(node, "secureBoot"));
	print_lease(yyjson_obj_get(node, "lease"));
	print_verdict(node);
	print_report(yyjson_obj_get(node, "report"));
}
