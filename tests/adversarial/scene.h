/*
 * A good boot of a good node, step by step, each open to forgery: what was measured, what the TPM then holds, what it
 * signs, and what is sent.
 * Test code.
 */
#ifndef SIGNET_TESTS_SCENE_H
#define SIGNET_TESTS_SCENE_H

#include "attest/appraise.h"
#include "attest/log_write.h"
#include "tests/adversarial/forge.h"
#include "tests/adversarial/software_tpm.h"
#include "update/nv.h"

enum { SCENE_LOG_ROOM = 65536, SCENE_STATE_SEQUENCE = 9 };

struct scene {
	struct forge image;
	struct anchor anchor;
	struct reference reference;
	struct baseline baseline;
	struct node_record node;
	struct appraisal_policy policy;
	struct appraisal_terms terms;
	struct claim claim;

	u8 log_bytes[SCENE_LOG_ROOM];
	struct log log;
	u8 values[EVIDENCE_PCR_COUNT * SHA256_SIZE];
	u8 ak[EVIDENCE_AK_MAX];
	u8 encoded_claim[CLAIM_SIZE], qualifying[SHA256_SIZE];
	u8 nv_content[EVIDENCE_NV_COUNT][STATE_RECORD_SIZE];
	struct soft_signed quote, nv[EVIDENCE_NV_COUNT];

	struct evidence parts;
	u8 evidence[EVIDENCE_SIZE_MAX];
	size_t length;
	struct appraisal result;
};

/* Everything, up to evidence that is appraised as good. */
void scene_init(struct scene *s);

/* The log so far: firmware's part, then the image's and the boot's. Each begins where the one before ended. */
void scene_firmware(struct scene *s);
void scene_image(struct scene *s);
void scene_decisions(struct scene *s);
void scene_measure(struct scene *s, u32 pcr, u32 type, const void *data, size_t n);
/* A boot variable in PCR1, measured as EDK2 does: the content alone. */
void scene_variable(struct scene *s, const char *name, const void *content, size_t n);
/* A load option of the firmware's boot menu, with that description. */
void scene_boot_entry(struct scene *s, const char *name, const char *description);
void scene_event(struct scene *s, u32 pcr, const struct event *e);
void scene_decide(struct scene *s, enum event_kind kind, const u8 *digest, size_t n, u64 first, u64 second);

/* The PCRs that follow from the log; what the TPM signs of them and of claim and NV; the parts of the evidence. */
void scene_replay(struct scene *s);
void scene_sign(struct scene *s);

/* Builds s->evidence from s->parts. */
void scene_pack(struct scene *s);
/* Appraises s->evidence. */
enum verdict scene_judge(struct scene *s);
/* With the quote, or one index's certification, as a test changed it, and the rest as it was signed. */
enum verdict scene_judge_quote(struct scene *s, const struct soft_attest *a);
enum verdict scene_judge_certification(struct scene *s, u32 index, const struct soft_attest *a);
/* What the TPM certifies of that index. */
struct soft_attest scene_certification(const struct scene *s, u32 index);
/* All from the log on, as a TPM would. */
enum verdict scene_outcome(struct scene *s);

#endif
