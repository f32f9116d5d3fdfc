/*
 * A node with a TPM.
 * Test code for a host.
 */
#include "tests/tpm/node.h"

#include "lib/tpm/bank.h"
#include "lib/tpm/policy.h"
#include "lib/tpm/startup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void measure(struct node *n, const char *firmware)
{
	struct tpm_digests d = { .count = 1, .bank = { { .alg = TPM_ALG_SHA256, .size = SHA256_SIZE } } };
	sha256_of((const u8 *)firmware, strlen(firmware), d.bank[0].digest);
	assert_int_equal(tpm_pcr_extend(n->tpm, PCR_SECURE_BOOT, &d), OK);
}

void firmware_digest(const char *firmware, u8 out[SHA256_SIZE])
{
	static const u8 reset[SHA256_SIZE];
	u8 event[SHA256_SIZE], pcr[SHA256_SIZE];
	sha256_of((const u8 *)firmware, strlen(firmware), event);
	sha256_of_two(reset, sizeof(reset), event, sizeof(event), pcr);
	policy_pcr_digest(PCR_SECURE_BOOT, pcr, out);
}

void node_approve(struct node *n, const char *firmware)
{
	struct authority_entry entry;
	u8 hash[SHA256_SIZE];
	firmware_digest(firmware, entry.approved);
	policy_approval_hash(entry.approved, n->authority.node_id, hash);
	test_key_sign(&n->key, hash, entry.signature);
	assert_int_equal(authority_add(&n->authority, &entry), OK);
}

void node_open(struct node *n)
{
	memset(n, 0, sizeof(*n));
	strcpy(n->dir, "build/tests/tpm-XXXXXX");
	assert_non_null(mkdtemp(n->dir));
	assert_int_equal(swtpm_start(&n->swtpm, n->dir), OK);
	n->tpm = &n->swtpm.tpm;
	test_key_make(&n->key, 1);
	memcpy(n->authority.policy_key, n->key.public, P256_KEY_SIZE);
	memset(n->authority.node_id, 0x4E, NODE_ID_SIZE);
	node_approve(n, OUR_FIRMWARE);
}

void node_close(struct node *n)
{
	static const char *const files[] = { "tpm2-00.permall", "tpm2-00.volatilestate", ".lock" };
	char path[128];
	swtpm_stop(&n->swtpm);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", n->dir, files[i]);
		unlink(path);
	}
	rmdir(n->dir);
}

void node_power_on(struct node *n, const char *firmware)
{
	assert_int_equal(swtpm_reset(&n->swtpm), OK);
	assert_int_equal(tpm_startup(n->tpm), OK);
	measure(n, firmware);
}

void node_boot(struct node *n, const char *firmware)
{
	node_power_on(n, firmware);
	assert_int_equal(nv_tpm_init(&n->nv, n->tpm, n->key.public, &n->authority), OK);
}

struct provision_request node_request(void)
{
	struct provision_request r = {
		.first = { .image_floor = 5, .key_floor = 2 },
		.owner = { .size = 32 },
		.lockout = { .size = 32 },
	};
	r.first.slot[SLOT_A].state = SLOT_GOOD;
	memset(r.first.slot[SLOT_A].digest, 0xA1, SHA384_SIZE);
	memset(r.owner.bytes, 0x11, sizeof(r.owner.bytes));
	memset(r.lockout.bytes, 0x22, sizeof(r.lockout.bytes));
	/* TPMs strip trailing zeros: a random value may well end in one. */
	r.owner.bytes[31] = 0;
	return r;
}

void node_enrol(struct node *n)
{
	struct provision_request r = node_request();
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(provision(&n->nv, &r), OK);
}
