/* Records beside saved evidence. Trust: see the header. */
#include "cli/attest_record.h"

#include <string.h>

static void copy_member(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, yyjson_val *from)
{
	yyjson_val *value = yyjson_obj_get(from, name);

	(void)yyjson_mut_obj_add_val(doc, to, name, value ? yyjson_val_mut_copy(doc, value) : yyjson_mut_null(doc));
}

char *attest_record_text(yyjson_val *appraisal, yyjson_val *node, yyjson_val *baseline, size_t *n)
{
	static const char *const of_appraisal[] = { "node", "number", "time", "nonce", "tlsKey", "verdict" };
	static const char *const of_node[] = { "hostname", "class", "ak", "policyKey", "floors" };
	yyjson_mut_doc *doc = body_new();
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);

	for (size_t i = 0; i < ARRAY_SIZE(of_appraisal); i++)
		copy_member(doc, root, of_appraisal[i], appraisal);
	for (size_t i = 0; i < ARRAY_SIZE(of_node); i++)
		copy_member(doc, root, of_node[i], node);
	(void)yyjson_mut_obj_add_val(
	        doc, root, "baseline", baseline ? yyjson_val_mut_copy(doc, baseline) : yyjson_mut_null(doc));
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

static bool take_baseline(yyjson_val *baseline, struct attest_record *out)
{
	yyjson_val *events = yyjson_obj_get(baseline, "events"), *event;
	size_t at, max;

	if (yyjson_is_null(baseline))
		return true;
	if (!yyjson_is_arr(events) || yyjson_arr_size(events) > BASELINE_EVENTS_MAX)
		return false;
	yyjson_arr_foreach(events, at, max, event)
		if (!take_event(event, &out->baseline.events[out->baseline.count++]))
			return false;
	out->has_baseline = true;
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
	        answer_hex(root, "tlsKey", out->tls_key, sizeof(out->tls_key)) &&
	        take_baseline(yyjson_obj_get(root, "baseline"), out);
}

bool attest_record_parse(const char *text, size_t n, struct attest_record *out)
{
	yyjson_doc *doc = yyjson_read(text, n, 0);

	*out = (struct attest_record){ 0 };
	bool good = take_all(yyjson_doc_get_root(doc), out);

	yyjson_doc_free(doc);
	return good;
}
