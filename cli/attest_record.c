/* Records beside saved evidence. Trust: see the header. */
#include "cli/attest_record.h"

#include <string.h>

static void copy_member(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, yyjson_val *from)
{
	yyjson_val *value = yyjson_obj_get(from, name);

	(void)yyjson_mut_obj_add_val(doc, to, name, value ? yyjson_val_mut_copy(doc, value) : yyjson_mut_null(doc));
}

char *attest_record_text(yyjson_val *appraisal, yyjson_val *node, yyjson_val *baselines, size_t *n)
{
	static const char *const of_appraisal[] = { "node", "number", "time", "nonce", "tlsKey", "verdict" };
	static const char *const of_node[] = { "hostname", "class", "ak", "policyKey", "floors" };
	yyjson_mut_doc *doc = body_new();
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);

	for (size_t i = 0; i < ARRAY_SIZE(of_appraisal); i++)
		copy_member(doc, root, of_appraisal[i], appraisal);
	for (size_t i = 0; i < ARRAY_SIZE(of_node); i++)
		copy_member(doc, root, of_node[i], node);
	(void)yyjson_mut_obj_add_uint(
	        doc, root, "matched", answer_number(yyjson_obj_get(node, "baseline"), "number", 0));
	copy_member(doc, root, "baselines", baselines);
	char *text = doc ? yyjson_mut_write(doc, YYJSON_WRITE_PRETTY, n) : NULL;

	yyjson_mut_doc_free(doc);
	return text;
}

static bool take_event(yyjson_val *event, struct baseline_event *out)
{
	yyjson_val *pcr = yyjson_obj_get(event, "pcr"), *type = yyjson_obj_get(event, "type");

	if (!yyjson_is_uint(pcr) || !yyjson_is_uint(type) || yyjson_get_uint(pcr) >= TPM_PCRS ||
	        yyjson_get_uint(type) > UINT32_MAX)
		return false;
	out->pcr = (u32)yyjson_get_uint(pcr);
	out->type = (u32)yyjson_get_uint(type);
	return answer_hex(event, "digest", out->digest, sizeof(out->digest));
}

static bool take_baseline(yyjson_val *baseline, u64 number, struct baseline *out)
{
	yyjson_val *events = yyjson_obj_get(baseline, "events"), *event;
	size_t at, max;

	if (!number || !yyjson_is_arr(events) || yyjson_arr_size(events) > BASELINE_EVENTS_MAX)
		return false;
	out->number = number;
	yyjson_arr_foreach(events, at, max, event)
		if (!take_event(event, &out->events[out->count++]))
			return false;
	return true;
}

/* A record of the time when a class had one baseline has that one alone, which is number 1 since. */
static bool take_single(yyjson_val *baseline, struct attest_record *out)
{
	if (yyjson_is_null(baseline))
		return true;
	out->baseline_count = 1;
	return take_baseline(baseline, 1, &out->baselines[0]);
}

static bool take_baselines(yyjson_val *root, struct attest_record *out)
{
	yyjson_val *list = yyjson_obj_get(root, "baselines"), *each;
	size_t at, max;

	if (!list)
		return take_single(yyjson_obj_get(root, "baseline"), out);
	if (yyjson_is_null(list))
		return true;
	if (!yyjson_is_arr(list) || yyjson_arr_size(list) > BASELINES_MAX)
		return false;
	yyjson_arr_foreach(list, at, max, each) {
		u64 number = answer_number(each, "number", 0);
		if ((at && number <= out->baselines[at - 1].number) ||
		        !take_baseline(each, number, &out->baselines[out->baseline_count++]))
			return false;
	}
	out->matched = answer_number(root, "matched", 0);
	return true;
}

static bool take_all(yyjson_val *root, struct attest_record *out)
{
	yyjson_val *floors = yyjson_obj_get(root, "floors");

	out->ak_size = answer_base64(root, "ak", out->ak, sizeof(out->ak));
	out->time = answer_time(root, "time");
	out->image_floor = answer_number(floors, "image", 0);
	out->key_floor = answer_number(floors, "key", 0);
	out->known = true;
	if (answer_base64(root, "policyKey", out->policy_key, sizeof(out->policy_key)) != sizeof(out->policy_key))
		memset(out->policy_key, 0, sizeof(out->policy_key));
	return out->time && out->ak_size && yyjson_is_uint(yyjson_obj_get(floors, "image")) &&
	        yyjson_is_uint(yyjson_obj_get(floors, "key")) &&
	        answer_hex(root, "node", out->node, sizeof(out->node)) &&
	        answer_hex(root, "nonce", out->nonce, sizeof(out->nonce)) &&
	        answer_hex(root, "tlsKey", out->tls_key, sizeof(out->tls_key)) && take_baselines(root, out);
}

bool attest_record_parse(const char *text, size_t n, struct attest_record *out)
{
	yyjson_doc *doc = yyjson_read(text, n, 0);

	memset(out, 0, sizeof(*out));
	bool good = take_all(yyjson_doc_get_root(doc), out);

	yyjson_doc_free(doc);
	return good;
}
