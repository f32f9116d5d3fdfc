/* Figures for Prometheus. Trust: pure. */
#include "signetd/metrics.h"

#include "signetd/route.h"

void metric_family(struct text *out, const char *name, const char *kind, const char *help)
{
	text_add(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

void metric_value(struct text *out, const char *name, const char *labels, u64 value)
{
	if (labels)
		text_add(out, "%s{%s} %llu\n", name, labels, (unsigned long long)value);
	else
		text_add(out, "%s %llu\n", name, (unsigned long long)value);
}

static void by_listener(struct text *out, const char *name, const char *kind, const char *help, const u64 *values)
{
	metric_family(out, name, kind, help);
	for (int i = 0; i < LISTENER_COUNT; i++)
		text_add(out, "%s{listener=\"%s\"} %llu\n", name, listener_name((enum listener)i),
		        (unsigned long long)values[i]);
}

static void answers(struct text *out, const struct counters *c)
{
	static const char name[] = "signetd_answers_total";

	metric_family(out, name, "counter", "Answers by listener and class of status.");
	for (int i = 0; i < LISTENER_COUNT; i++)
		for (int k = 2; k < 6; k++)
			text_add(out, "%s{listener=\"%s\",status=\"%dxx\"} %llu\n", name,
			        listener_name((enum listener)i), k, (unsigned long long)c->answers[i][k]);
}

void metrics_write_counters(struct text *out, const struct counters *c)
{
	by_listener(out, "signetd_connections", "gauge", "Open connections.", c->connections);
	by_listener(out, "signetd_connections_total", "counter", "Connections taken.", c->accepted);
	by_listener(out, "signetd_connections_refused_total", "counter", "Connections over a limit.",
	        c->refused_connections);
	by_listener(out, "signetd_handshakes_refused_total", "counter", "TLS handshakes over the rate.",
	        c->refused_handshakes);
	by_listener(
	        out, "signetd_handshakes_failed_total", "counter", "TLS handshakes that failed.", c->handshakes_failed);
	by_listener(
	        out, "signetd_timeouts_total", "counter", "Connections closed for being slow or silent.", c->timeouts);
	answers(out, c);
	metric_family(out, "signetd_throttled_total", "counter", "Requests over the rate.");
	metric_value(out, "signetd_throttled_total", NULL, c->throttled);
	metric_family(out, "signetd_parked", "gauge", "Requests that wait for something.");
	metric_value(out, "signetd_parked", NULL, c->parked);
	metric_family(
	        out, "signetd_pending_refused_total", "counter", "Nodes that found no place to wait for an approver.");
	metric_value(out, "signetd_pending_refused_total", NULL, c->pending_refused);
	metric_family(out, "signetd_pending_dropped_total", "counter", "Waiting nodes that made place for another.");
	metric_value(out, "signetd_pending_dropped_total", NULL, c->pending_dropped);
}
