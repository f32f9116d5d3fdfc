/*
 * A good boot of a good node.
 * Test code.
 */
#include "tests/adversarial/scene.h"

#include "attest/replay.h"
#include "keys/esl.h"
#include "keys/variable.h"

#include <stdlib.h>
#include <string.h>

enum {
	EV_POST_CODE = 1,
	EV_SEPARATOR = 4,
	EV_EFI_VARIABLE_BOOT = 0x80000002,
	EV_EFI_APPLICATION = 0x80000003,
	VARIABLE_MAX = 256,
};

static void must(bool good)
{
	if (!good)
		abort();
}

static void measure(struct scene *s, u32 pcr, u32 type, const struct bytes_view *hashed, const void *data, size_t n)
{
	struct tpm_digests d = { .count = 2 };

	d.bank[0] = (struct tpm_bank_digest){ .alg = TPM_ALG_SHA256, .size = SHA256_SIZE };
	d.bank[1] = (struct tpm_bank_digest){ .alg = TPM_ALG_SHA384, .size = SHA384_SIZE };
	sha256_of(hashed->bytes, hashed->n, d.bank[0].digest);
	sha384_of(hashed->bytes, hashed->n, d.bank[1].digest);
	must(log_append(&s->log, pcr, type, &d, data, (u32)n) == OK);
}

void scene_measure(struct scene *s, u32 pcr, u32 type, const void *data, size_t n)
{
	const struct bytes_view all = { data, n };

	measure(s, pcr, type, &all, data, n);
}

static void write_wide(struct writer *w, const char *text)
{
	for (; *text; text++)
		write_le16(w, (u8)*text);
}

void scene_variable(struct scene *s, const char *name, const void *content, size_t n)
{
	const struct bytes_view hashed = { content, n };
	u8 data[VARIABLE_MAX];
	struct writer w = writer_on(data, sizeof(data));

	write_bytes(&w, guid_global, GUID_SIZE);
	write_le64(&w, strlen(name));
	write_le64(&w, n);
	write_wide(&w, name);
	write_bytes(&w, content, n);
	must(!w.failed);
	measure(s, 1, EV_EFI_VARIABLE_BOOT, &hashed, data, w.used);
}

void scene_boot_entry(struct scene *s, const char *name, const char *description)
{
	static const u8 path[] = { 4, 4, 8, 0, 'a', 0, 0, 0, 0x7f, 0xff, 4, 0 };
	u8 option[VARIABLE_MAX];
	struct writer w = writer_on(option, sizeof(option));

	write_le32(&w, 1);
	write_le16(&w, sizeof(path));
	write_wide(&w, description);
	write_le16(&w, 0);
	write_bytes(&w, path, sizeof(path));
	must(!w.failed);
	scene_variable(s, name, option, w.used);
}

void scene_event(struct scene *s, u32 pcr, const struct event *e)
{
	u8 tagged[EVENT_TAGGED_SIZE];

	event_encode(e, tagged);
	scene_measure(s, pcr, EV_EVENT_TAG, tagged, sizeof(tagged));
}

void scene_decide(struct scene *s, enum event_kind kind, const u8 *digest, size_t n, u64 first, u64 second)
{
	struct event e;

	event_init(&e, kind, "decided");
	if (n)
		memcpy(e.digest, digest, n);
	e.value[0] = first;
	e.value[1] = second;
	scene_event(s, PCR_DECISIONS, &e);
}

void scene_firmware(struct scene *s)
{
	static const struct tpm_banks banks = { .count = 2, .alg = { TPM_ALG_SHA256, TPM_ALG_SHA384 } };
	static const u8 separator[4];

	must(log_create(&s->log, s->log_bytes, sizeof(s->log_bytes), &banks) == OK);
	scene_measure(s, 0, EV_POST_CODE, "firmware 1.0", 12);
	scene_variable(s, "BootOrder", "\1\0", 2);
	scene_boot_entry(s, "Boot0001", "flash key");
	for (u32 pcr = 0; pcr < 8; pcr++)
		scene_measure(s, pcr, EV_SEPARATOR, separator, sizeof(separator));
	scene_measure(s, 4, EV_EFI_APPLICATION, "loader and stage", 16);
}

void scene_image(struct scene *s)
{
	struct event e;

	for (u32 i = 0; i < reference_event_count(&s->reference); i++) {
		reference_event(&s->reference, i, FORGE_STAGE_VERSION, &e);
		scene_event(s, PCR_IMAGE, &e);
	}
}

void scene_decisions(struct scene *s)
{
	u8 state[SHA384_SIZE];

	sha384_of(s->nv_content[NV_STATE_0], STATE_RECORD_SIZE, state);
	scene_decide(s, EVENT_SLOT, s->reference.image.manifest_digest, SHA384_SIZE, 1, 3);
	scene_decide(s, EVENT_NV_STATE, state, SHA384_SIZE, 10, 1);
	scene_decide(s, EVENT_FIRMWARE, NULL, 0, 1, 1);
	scene_decide(s, EVENT_SESSION, s->claim.session, ATTEST_ID_SIZE, 0, 0);
	scene_decide(s, EVENT_GATE, NULL, 0, 0, 0);
	scene_decide(s, EVENT_BUILD, NULL, 0, 0, 0);
	scene_decide(s, EVENT_DMA, NULL, 0, 1, 0);
}

void scene_replay(struct scene *s)
{
	struct replay p;
	struct writer w = writer_on(s->values, sizeof(s->values));

	must(replay_log(&p, s->log_bytes, s->log.bytes.used) == OK);
	for (u32 pcr = 0; pcr < TPM_PCRS; pcr++)
		if (EVIDENCE_PCRS & BIT(pcr))
			write_bytes(&w, p.bank[REPLAY_SHA256].pcr[pcr], SHA256_SIZE);
}

struct soft_attest scene_certification(const struct scene *s, u32 index)
{
	const struct bytes_view name = { s->node.nv_name[index].bytes, s->node.nv_name[index].size };
	const struct bytes_view content = { s->nv_content[index],
		index <= NV_STATE_1 ? STATE_RECORD_SIZE : FLOOR_RECORD_SIZE };

	return soft_certify(&name, &content, s->qualifying);
}

static void certify(struct scene *s, u32 index, const struct soft_attest *a)
{
	soft_sign(SOFT_AK, a, &s->nv[index]);
	s->parts.nv[index] = soft_view(&s->nv[index]);
}

void scene_sign(struct scene *s)
{
	claim_encode(&s->claim, s->encoded_claim);
	claim_qualifying(s->encoded_claim, s->qualifying);
	struct soft_attest quote = soft_quote(s->values, sizeof(s->values), s->qualifying);
	soft_sign(SOFT_AK, &quote, &s->quote);
	s->parts = (struct evidence){
		.claim = { s->encoded_claim, CLAIM_SIZE },
		.ak = s->node.ak,
		.quote = soft_view(&s->quote),
		.pcrs = { s->values, sizeof(s->values) },
		.head = { s->image.image, (size_t)s->image.layout.payload_offset },
		.log = { s->log_bytes, s->log.bytes.used },
	};
	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++) {
		struct soft_attest a = scene_certification(s, i);
		if (i != NV_STATE_1)
			certify(s, i, &a);
	}
}

void scene_pack(struct scene *s)
{
	must(evidence_build(&s->parts, s->evidence, sizeof(s->evidence), &s->length) == OK);
}

enum verdict scene_judge(struct scene *s)
{
	return appraise(s->evidence, s->length, &s->terms, &s->result);
}

enum verdict scene_judge_quote(struct scene *s, const struct soft_attest *a)
{
	soft_sign(SOFT_AK, a, &s->quote);
	s->parts.quote = soft_view(&s->quote);
	scene_pack(s);
	return scene_judge(s);
}

enum verdict scene_judge_certification(struct scene *s, u32 index, const struct soft_attest *a)
{
	certify(s, index, a);
	scene_pack(s);
	return scene_judge(s);
}

enum verdict scene_outcome(struct scene *s)
{
	scene_replay(s);
	scene_sign(s);
	scene_pack(s);
	return scene_judge(s);
}

static void init_node(struct scene *s)
{
	struct boot_state state = { .sequence = SCENE_STATE_SEQUENCE, .image_floor = 10, .key_floor = 1 };

	boot_state_encode(&state, s->nv_content[NV_STATE_0]);
	floor_encode(10, s->nv_content[NV_IMAGE_FLOOR]);
	floor_encode(1, s->nv_content[NV_KEY_FLOOR]);
	memset(s->node.id, 0x11, sizeof(s->node.id));
	s->node.ak = (struct bytes_view){ s->ak, soft_public(SOFT_AK, s->ak) };
	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++) {
		s->node.nv_name[i].size = 2 + SHA256_SIZE;
		memset(s->node.nv_name[i].bytes, (int)(0xA0 + i), 2 + SHA256_SIZE);
	}
	s->node.image_floor = 10;
	s->node.key_floor = 1;
	s->node.state_sequence = SCENE_STATE_SEQUENCE;
}

static void init_claim(struct scene *s)
{
	memset(&s->claim, 0, sizeof(s->claim));
	memset(s->claim.nonce, 0x77, ATTEST_ID_SIZE);
	memset(s->claim.challenge, 0x66, ATTEST_ID_SIZE);
	memcpy(s->claim.node, s->node.id, ATTEST_ID_SIZE);
	memset(s->claim.session, 0x55, ATTEST_ID_SIZE);
	memset(s->claim.tls_key, 0x33, SHA256_SIZE);
	memcpy(s->claim.manifest, s->reference.image.manifest_digest, SHA384_SIZE);
}

void scene_init(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	forge_init(&s->image);
	s->anchor.keys = s->image.anchor;
	memset(s->anchor.digest, 0xAC, sizeof(s->anchor.digest));
	must(reference_make(s->image.image, (size_t)s->image.layout.payload_offset, &s->anchor, &s->reference) == OK);
	init_node(s);
	init_claim(s);
	s->terms = (struct appraisal_terms){
		.now = FORGE_CREATED + 1000,
		.node = &s->node,
		.reference = &s->reference,
		.baselines = { &s->baseline, 1 },
		.policy = &s->policy,
	};
	memcpy(s->terms.nonce, s->claim.nonce, sizeof(s->terms.nonce));
	memcpy(s->terms.tls_key, s->claim.tls_key, sizeof(s->terms.tls_key));
	scene_firmware(s);
	must(baseline_of(s->log_bytes, s->log.bytes.used, &s->baseline) == OK);
	s->baseline.number = 1;
	scene_image(s);
	scene_decisions(s);
	scene_replay(s);
	scene_sign(s);
	scene_pack(s);
}
