/*
 * Records in JSON.
 * Trust: decides nothing.
 */
#include "signetd/records.h"

#include "attest/explain.h"
#include "lib/bytes.h"
#include "signetd/body.h"
#include "signetd/certificate_time.h"

#include <mbedtls/x509_crt.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WORDS = 512, PCR7_ONLY = BIT(7), EV_S_CRTM_VERSION = 8 };

void record_verdict(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, enum verdict v)
{
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, to, name);

	(void)yyjson_mut_obj_add_uint(doc, o, "code", (u64)v);
	(void)yyjson_mut_obj_add_str(doc, o, "name", verdict_name(v));
	(void)yyjson_mut_obj_add_str(doc, o, "text", verdict_words(v));
	(void)yyjson_mut_obj_add_str(doc, o, "advice", verdict_advice(v));
}

static void put_text_or_null(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, const char *text)
{
	if (text[0])
		(void)yyjson_mut_obj_add_strcpy(doc, to, name, text);
	else
		(void)yyjson_mut_obj_add_null(doc, to, name);
}

static void put_number_or_null(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, bool there, u64 value)
{
	if (there)
		(void)yyjson_mut_obj_add_uint(doc, to, name, value);
	else
		(void)yyjson_mut_obj_add_null(doc, to, name);
}

enum err record_log(struct server *s, const u8 node[ATTEST_ID_SIZE], u64 number, u8 **bytes, struct bytes_view *log)
{
	struct evidence shown;
	size_t n;
	enum err e = s->storage->appraisals->evidence(s->storage, node, number, bytes, &n);

	if (e)
		return e;
	e = evidence_parse(*bytes, n, &shown);
	if (e) {
		free(*bytes);
		*bytes = NULL;
		return e;
	}
	*log = shown.log;
	return OK;
}

static void put_event(yyjson_mut_doc *doc, yyjson_mut_val *list, u32 index, const struct log_event *e, const u8 *digest)
{
	struct event_words words;
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);

	event_words(e, &words);
	(void)yyjson_mut_obj_add_uint(doc, o, "index", index);
	(void)yyjson_mut_obj_add_uint(doc, o, "pcr", e->pcr);
	(void)yyjson_mut_obj_add_uint(doc, o, "type", e->type);
	(void)yyjson_mut_obj_add_strcpy(doc, o, "typeName", words.type);
	(void)json_put_hex(doc, o, "digest", digest, SHA256_SIZE);
	(void)yyjson_mut_obj_add_strcpy(doc, o, "text", words.what);
}

bool record_events(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct bytes_view *log, u32 pcrs)
{
	struct boot_variables variables = { false };
	struct log_reader r;
	struct log_event e;
	u16 size;

	if (log_open(&r, log->bytes, log->n) != OK)
		return false;
	for (u32 index = 0; !log_at_end(&r); index++) {
		if (log_next(&r, &e) != OK)
			return false;
		const u8 *digest = log_digest(&r.format, &e, TPM_ALG_SHA256, &size);
		bool counts = baseline_counts(&variables, &r.format, &e);
		if (digest && counts && (pcrs & BIT(e.pcr)))
			put_event(doc, list, index, &e, digest);
	}
	return true;
}

static void put_digest_or_null(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, const u8 digest[SHA256_SIZE])
{
	if (bytes_are_zero(digest, SHA256_SIZE))
		(void)yyjson_mut_obj_add_null(doc, to, name);
	else
		(void)json_put_hex(doc, to, name, digest, SHA256_SIZE);
}

static void put_explained(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct explanation *x)
{
	(void)yyjson_mut_obj_add_strcpy(doc, o, "expectedText", x->expected);
	(void)yyjson_mut_obj_add_strcpy(doc, o, "foundText", x->found);
	(void)yyjson_mut_obj_add_strcpy(doc, o, "advice", x->advice);
}

static void put_difference(
        struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct appraisal_entry *a, const char *class)
{
	const struct appraisal appraisal = { .verdict = a->verdict, .difference = a->difference };
	struct baseline_entry baseline;
	struct bytes_view log;
	struct bytes_view approved = { NULL, 0 };
	struct explanation x;
	u8 *evidence = NULL;
	u8 *approved_log = NULL;
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, to, "difference");

	(void)yyjson_mut_obj_add_uint(doc, o, "index", a->difference.index);
	(void)yyjson_mut_obj_add_uint(doc, o, "pcr", a->difference.pcr);
	put_digest_or_null(doc, o, "expected", a->difference.expected);
	put_digest_or_null(doc, o, "found", a->difference.found);
	/* The one that it was compared with then; its events have no words any more once it is revoked. */
	bool has_baseline = s->storage->baselines->find(
	                            s->storage, class, a->baseline, &baseline, &approved_log, &approved.n) == OK;
	approved.bytes = approved_log;
	if (record_log(s, a->node, a->number, &evidence, &log) == OK) {
		explain(&appraisal, &log, has_baseline ? &approved : NULL, &x);
		put_explained(doc, o, &x);
	} else {
		(void)yyjson_mut_obj_add_null(doc, o, "expectedText");
		(void)yyjson_mut_obj_add_null(doc, o, "foundText");
	}
	free(evidence);
	free(approved_log);
}

static void class_of(struct server *s, const u8 *node, char out[NODE_CLASS_SIZE])
{
	struct node_entry *n = malloc(sizeof(*n));

	out[0] = '\0';
	if (n && s->storage->nodes->find(s->storage, node, n) == OK)
		memcpy(out, n->hardware_class, NODE_CLASS_SIZE);
	free(n);
}

void record_appraisal(
        struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct appraisal_entry *a, bool whole)
{
	char class[NODE_CLASS_SIZE];

	(void)yyjson_mut_obj_add_uint(doc, to, "number", a->number);
	json_put_time(doc, to, "time", a->time);
	record_verdict(doc, to, "verdict", a->verdict);
	put_text_or_null(doc, to, "release", a->release);
	put_number_or_null(doc, to, "svn", a->release[0], a->svn);
	if (!whole)
		return;
	(void)json_put_hex(doc, to, "node", a->node, sizeof(a->node));
	(void)json_put_hex(doc, to, "nonce", a->nonce, sizeof(a->nonce));
	(void)json_put_hex(doc, to, "tlsKey", a->tls_key, sizeof(a->tls_key));
	(void)yyjson_mut_obj_add_strcpy(doc, to, "state", a->state);
	(void)yyjson_mut_obj_add_bool(doc, to, "ticket", a->ticket);
	put_number_or_null(doc, to, "baseline", a->baseline, a->baseline);
	class_of(s, a->node, class);
	if (a->difference.known)
		put_difference(s, doc, to, a, class);
	else
		(void)yyjson_mut_obj_add_null(doc, to, "difference");
}

void record_baseline(yyjson_mut_doc *doc, yyjson_mut_val *to, const struct baseline_use *b)
{
	const struct baseline_entry *e = &b->entry;

	(void)yyjson_mut_obj_add_strcpy(doc, to, "class", e->hardware_class);
	(void)yyjson_mut_obj_add_uint(doc, to, "number", e->number);
	(void)json_put_hex(doc, to, "node", e->node, sizeof(e->node));
	(void)yyjson_mut_obj_add_uint(doc, to, "appraisal", e->appraisal);
	(void)yyjson_mut_obj_add_strcpy(doc, to, "approvedBy", e->approver);
	json_put_time(doc, to, "approvedAt", e->approved);
	(void)yyjson_mut_obj_add_uint(doc, to, "count", e->count);
	(void)yyjson_mut_obj_add_uint(doc, to, "nodes", b->nodes);
	json_put_time(doc, to, "since", b->since);
}

static void put_matched(yyjson_mut_doc *doc, yyjson_mut_val *to, const struct node_entry *n)
{
	if (!n->baseline) {
		(void)yyjson_mut_obj_add_null(doc, to, "baseline");
		return;
	}
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, to, "baseline");
	(void)yyjson_mut_obj_add_uint(doc, o, "number", n->baseline);
	json_put_time(doc, o, "since", n->baseline_since);
}

static void put_summary(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct node_entry *n)
{
	const struct live_node *l = live_find(s, n->id);

	(void)json_put_hex(doc, to, "id", n->id, sizeof(n->id));
	(void)yyjson_mut_obj_add_strcpy(doc, to, "hostname", n->hostname);
	(void)yyjson_mut_obj_add_str(doc, to, "state", node_state_words(n));
	put_text_or_null(doc, to, "class", n->hardware_class);
	put_text_or_null(doc, to, "release", n->release);
	put_number_or_null(doc, to, "svn", n->release[0], n->svn);
	if (n->appraised)
		record_verdict(doc, to, "verdict", n->verdict);
	else
		(void)yyjson_mut_obj_add_null(doc, to, "verdict");
	u64 seen = l && l->seen ? l->seen_wall : n->appraised_at;
	json_put_time(doc, to, "lastSeen", seen);
	(void)yyjson_mut_obj_add_bool(doc, to, "online", l && live_is_online(s, l));
}

static void put_names(yyjson_mut_doc *doc, yyjson_mut_val *o, const mbedtls_x509_crt *crt)
{
	char words[NAME_WORDS];

	if (mbedtls_x509_dn_gets(words, sizeof(words), &crt->subject) < 0)
		words[0] = '\0';
	(void)yyjson_mut_obj_add_strcpy(doc, o, "subject", words);
	if (mbedtls_x509_dn_gets(words, sizeof(words), &crt->issuer) < 0)
		words[0] = '\0';
	(void)yyjson_mut_obj_add_strcpy(doc, o, "issuer", words);
	json_put_time(doc, o, "notAfter", certificate_end(crt));
}

static void put_certificate(yyjson_mut_doc *doc, yyjson_mut_val *to, const struct node_entry *n)
{
	mbedtls_x509_crt crt;

	(void)yyjson_mut_obj_add_str(doc, to, "ekCertificateFinding", ek_finding_words(n->ek_finding));
	if (n->ek_finding == EK_ABSENT || n->ek_finding == EK_UNREADABLE) {
		(void)yyjson_mut_obj_add_null(doc, to, "ekCertificate");
		return;
	}
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, to, "ekCertificate");
	mbedtls_x509_crt_init(&crt);
	/* It was readable when it came; its names alone are shown. */
	(void)mbedtls_x509_crt_parse_der(&crt, n->certificate, n->certificate_size);
	put_names(doc, o, &crt);
	mbedtls_x509_crt_free(&crt);
	(void)yyjson_mut_obj_add_bool(doc, o, "trusted", n->ek_finding == EK_TRUSTED);
}

/* The first version that the log names. */
static void put_firmware(yyjson_mut_doc *doc, yyjson_mut_val *to, const struct bytes_view *log)
{
	struct log_reader r;
	struct log_event e;
	struct event_words words = { .what = "" };

	if (log_open(&r, log->bytes, log->n) == OK)
		while (!words.what[0] && !log_at_end(&r) && log_next(&r, &e) == OK)
			if (e.type == EV_S_CRTM_VERSION)
				event_words(&e, &words);
	put_text_or_null(doc, to, "firmware", words.what);
}

static void put_boot(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct node_entry *n)
{
	struct bytes_view log = { NULL, 0 };
	u8 *evidence = NULL;
	yyjson_mut_val *events;

	if (n->has_pcr7)
		(void)json_put_hex(doc, to, "pcr7", n->pcr7, sizeof(n->pcr7));
	else
		(void)yyjson_mut_obj_add_null(doc, to, "pcr7");
	events = yyjson_mut_obj_add_arr(doc, to, "secureBoot");
	if (n->appraised && record_log(s, n->id, n->appraisal, &evidence, &log) == OK)
		(void)record_events(doc, events, &log, PCR7_ONLY);
	put_firmware(doc, to, &log);
	free(evidence);
}

static void put_lease(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct node_entry *n)
{
	u64 now = fleet_wall(s);

	if (n->lease_until <= now) {
		(void)yyjson_mut_obj_add_null(doc, to, "lease");
		return;
	}
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, to, "lease");
	(void)yyjson_mut_obj_add_uint(doc, o, "seconds", n->lease_until - now);
	json_put_time(doc, o, "until", n->lease_until);
}

static void put_last_appraisal(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct node_entry *n)
{
	struct appraisal_entry a;

	if (!n->appraised || s->storage->appraisals->find(s->storage, n->id, n->appraisal, &a) != OK) {
		(void)yyjson_mut_obj_add_null(doc, to, "appraisal");
		return;
	}
	record_appraisal(s, doc, yyjson_mut_obj_add_obj(doc, to, "appraisal"), &a, true);
}

static void put_live(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct node_entry *n)
{
	const struct live_node *l = live_find(s, n->id);
	yyjson_doc *report = l && l->report ? yyjson_read(l->report, strlen(l->report), 0) : NULL;

	if (report)
		(void)yyjson_mut_obj_add_val(doc, to, "report", yyjson_val_mut_copy(doc, yyjson_doc_get_root(report)));
	else
		(void)yyjson_mut_obj_add_null(doc, to, "report");
	yyjson_doc_free(report);
	if (!l || !l->refused)
		return;
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, to, "refused");
	(void)yyjson_mut_obj_add_uint(doc, o, "count", l->refused);
	record_verdict(doc, o, "verdict", l->refused_verdict);
}

void record_node(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct node_entry *n, bool whole)
{
	put_summary(s, doc, to, n);
	if (!whole)
		return;
	(void)json_put_base64(doc, to, "ek", n->ek, n->ek_size);
	(void)json_put_base64(doc, to, "ak", n->ak, n->ak_size);
	if (bytes_are_zero(n->policy_key, sizeof(n->policy_key)))
		(void)yyjson_mut_obj_add_null(doc, to, "policyKey");
	else
		(void)json_put_base64(doc, to, "policyKey", n->policy_key, sizeof(n->policy_key));
	put_certificate(doc, to, n);
	put_boot(s, doc, to, n);
	yyjson_mut_val *floors = yyjson_mut_obj_add_obj(doc, to, "floors");
	(void)yyjson_mut_obj_add_uint(doc, floors, "image", n->image_floor);
	(void)yyjson_mut_obj_add_uint(doc, floors, "key", n->key_floor);
	(void)yyjson_mut_obj_add_bool(doc, to, "provisioned", n->provisioned);
	if (n->held)
		record_verdict(doc, to, "held", n->held);
	put_matched(doc, to, n);
	put_lease(s, doc, to, n);
	put_last_appraisal(s, doc, to, n);
	put_live(s, doc, to, n);
}
