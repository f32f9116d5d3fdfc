/*
 * `signet attest verify`: saved evidence, appraised by the library that the fleet server uses, without a network.
 * Trust: evidence is outside bytes; boot files and record are the operator's own.
 */
#include "attest/explain.h"
#include "cli/attest_commands.h"
#include "cli/attest_record.h"
#include "cli/image_common.h"
#include "cli/json.h"
#include "keys/files.h"
#include "lib/bytes.h"
#include "update/nv_tpm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RECORD_MAX = 4 << 20 };

struct inquest {
	u8 evidence[EVIDENCE_SIZE_MAX];
	size_t n;
	struct evidence parts; /* zeros when it cannot be read */
	struct claim claim;
	struct attest_record record;
	struct trust trust;
	struct reference reference;
	enum err reference_error;
	struct node_record node;
	struct appraisal_policy policy;
	struct appraisal_terms terms;
	struct appraisal result;
};

static enum exit_code read_evidence(const char *path, struct inquest *q)
{
	enum err e = file_read(path, q->evidence, sizeof(q->evidence), &q->n);

	if (e)
		return complain_file(e, "`signet attest save` makes such a file", "cannot read evidence", path);
	/* What cannot be read, the appraisal refuses by name. */
	if (evidence_parse(q->evidence, q->n, &q->parts) == OK)
		claim_decode(q->parts.claim.bytes, &q->claim);
	else
		q->parts = (struct evidence){ 0 };
	return EXIT_OK;
}

static enum exit_code parse_record(const char *path, struct inquest *q)
{
	u8 *text = malloc(RECORD_MAX);
	size_t n = 0;
	enum err e = text ? file_read(path, text, RECORD_MAX, &n) : ERR_NO_MEMORY;

	if (!e && !attest_record_parse((const char *)text, n, &q->record))
		e = ERR_KEY_FILE;
	free(text);
	return e ? complain_file(e == ERR_KEY_FILE ? ERR_ARGUMENT : e,
	                   "`signet attest save` makes one with the evidence", "cannot use record", path)
	         : EXIT_OK;
}

/* One that is named must be there; the one beside the evidence may be. */
static enum exit_code read_record(const struct args *args, struct inquest *q)
{
	const char *named = option_value(args, "record");
	char beside[PATH_MAX];

	if (named)
		return parse_record(named, q);
	if (path_make(beside, sizeof(beside), "%s.json", operand(args, 0)) != OK || access(beside, F_OK) != 0)
		return EXIT_OK;
	return parse_record(beside, q);
}

static enum exit_code read_anchor(const struct args *args, struct inquest *q)
{
	const char *boot = option_value(args, "boot");
	enum err e = trust_of_boot(boot, &q->trust);

	if (!e && !q->trust.whole)
		e = ERR_BOOT_ANCHOR;
	return e ? complain_file(e, "`signet boot build` makes boot files", "cannot use the anchor in", boot) : EXIT_OK;
}

static void take_policy(const struct args *args, struct appraisal_policy *p)
{
	p->image_flags = option_given(args, "allow-development") ? IMAGE_FLAGS_KNOWN : 0;
	p->bios = option_given(args, "allow-bios");
	p->secure_boot_off = option_given(args, "allow-secure-boot-off");
	p->no_dma_protection = option_given(args, "allow-no-dma-protection");
	p->ungated = option_given(args, "allow-ungated");
	p->no_baseline = option_given(args, "any-firmware");
}

static void make_reference(struct inquest *q)
{
	q->reference_error = ERR_EVIDENCE_FORMAT;
	if (q->parts.head.n)
		q->reference_error =
		        reference_make(q->parts.head.bytes, q->parts.head.n, &q->trust.anchor, &q->reference);
}

/* Without a record the evidence speaks for itself in what only the fleet server knows. */
static void make_node(struct inquest *q)
{
	const struct attest_record *r = &q->record;
	const struct bytes_view saved = { r->ak, r->ak_size };

	memcpy(q->node.id, r->known ? r->node : q->claim.node, sizeof(q->node.id));
	q->node.ak = r->known ? saved : q->parts.ak;
	q->node.baseline = r->matched;
	q->node.image_floor = r->image_floor;
	q->node.key_floor = r->key_floor;
	if (!bytes_are_zero(r->policy_key, sizeof(r->policy_key)))
		nv_tpm_names(r->policy_key, q->node.id, q->node.nv_name);
	else if (!q->reference_error)
		nv_tpm_names(key_set_policy_key(&q->reference.image.keys), q->node.id, q->node.nv_name);
}

static void make_terms(struct inquest *q, u64 now)
{
	const struct attest_record *r = &q->record;

	q->terms = (struct appraisal_terms){
		.now = now,
		.node = &q->node,
		.reference = q->reference_error ? NULL : &q->reference,
		.baselines = { r->baselines, r->baseline_count },
		.policy = &q->policy,
	};
	memcpy(q->terms.nonce, r->known ? r->nonce : q->claim.nonce, sizeof(q->terms.nonce));
	memcpy(q->terms.tls_key, r->known ? r->tls_key : q->claim.tls_key, sizeof(q->terms.tls_key));
}

static const char *const unvouched[] = {
	"that the attestation key is the enrolled one of a real TPM",
	"that the evidence is fresh, and came from the node's own connection",
	"the node's minimum versions",
};

static void json_difference(struct json *j, const struct difference *d, const struct explanation *x)
{
	if (!d->known) {
		json_text(j, "difference", NULL);
		return;
	}
	json_object(j, "difference");
	json_number(j, "index", d->index);
	json_number(j, "pcr", d->pcr);
	json_hex(j, "expected", d->expected, SHA256_SIZE);
	json_hex(j, "found", d->found, SHA256_SIZE);
	json_text(j, "expectedText", x->expected);
	json_text(j, "foundText", x->found);
	json_end_object(j);
}

static void print_json(const struct inquest *q, const struct explanation *x)
{
	const struct appraisal *a = &q->result;
	struct json j = json_on(stdout);

	json_object(&j, NULL);
	json_object(&j, "verdict");
	json_number(&j, "code", a->verdict);
	json_text(&j, "name", verdict_name(a->verdict));
	json_text(&j, "text", verdict_words(a->verdict));
	json_text(&j, "advice", x->advice);
	json_end_object(&j);
	json_difference(&j, &a->difference, x);
	json_hex(&j, "node", q->claim.node, sizeof(q->claim.node));
	json_hex(&j, "session", q->claim.session, sizeof(q->claim.session));
	json_hex(&j, "manifest", q->claim.manifest, sizeof(q->claim.manifest));
	if (a->baseline)
		json_number(&j, "baseline", a->baseline);
	else
		json_text(&j, "baseline", NULL);
	json_text(&j, "release", q->reference_error ? NULL : q->reference.image.manifest.release);
	json_array(&j, "unvouched");
	for (size_t i = 0; !q->record.known && i < ARRAY_SIZE(unvouched); i++)
		json_text(&j, NULL, unvouched[i]);
	json_end_array(&j);
	json_end_object(&j);
}

static void print_text(const struct inquest *q, const struct explanation *x)
{
	const struct appraisal *a = &q->result;

	print_field("Verdict", "%s: %s", verdict_name(a->verdict), verdict_words(a->verdict));
	if (!q->reference_error)
		print_field("Image", "%s %s, SVN %u", q->reference.image.manifest.product,
		        q->reference.image.manifest.release, q->reference.image.manifest.svn);
	else
		print_field("Image", "%s (error %d)", err_text(q->reference_error), (int)q->reference_error);
	if (a->baseline)
		print_field("Baseline", "%llu of its class", (unsigned long long)a->baseline);
	if (a->difference.known)
		print_field("First difference", "event %u of the log, PCR %u", a->difference.index, a->difference.pcr);
	if (x->expected[0])
		print_field("  expected", "%s", x->expected);
	if (x->found[0])
		print_field("  found", "%s", x->found);
	if (a->verdict)
		print_field("What to do", "%s", x->advice);
	for (size_t i = 0; !q->record.known && i < ARRAY_SIZE(unvouched); i++)
		print_field(i ? "" : "Nobody vouches for", "%s", unvouched[i]);
}

static enum exit_code judge(const struct args *args, struct inquest *q)
{
	const char *text = option_value(args, "now");
	u64 now = q->record.known ? q->record.time : now_seconds();
	struct explanation x = { 0 };

	if (text && !parse_time(text, &now))
		return usage_error(args, "--now takes a time as 2026-12-31 or Unix seconds, not '%s'", text);
	take_policy(args, &q->policy);
	make_reference(q);
	make_node(q);
	make_terms(q, now);
	enum verdict v = appraise(q->evidence, q->n, &q->terms, &q->result);

	explain(&q->result, &q->parts.log, NULL, &x);
	(option_given(args, "json") ? print_json : print_text)(q, &x);
	return v ? EXIT_REFUSED : EXIT_OK;
}

enum exit_code attest_verify(const struct args *args)
{
	static struct inquest q;
	enum exit_code code = read_evidence(operand(args, 0), &q);

	if (code == EXIT_OK)
		code = read_record(args, &q);
	if (code == EXIT_OK)
		code = read_anchor(args, &q);
	return code == EXIT_OK ? judge(args, &q) : code;
}
