/*
 * A node of a small fleet: a TPM, a policy key that approves its PCR7, and the boot state in NV.
 * Test code for a host: a step that fails ends the test.
 */
#ifndef SIGNET_TESTS_TPM_NODE_H
#define SIGNET_TESTS_TPM_NODE_H

#include "tests/tpm/swtpm.h"
#include "tests/tpm/test_key.h"
#include "update/nv_tpm.h"
#include "update/provision.h"

struct node {
	struct swtpm swtpm;
	char dir[64];
	struct test_key key;
	struct authority authority;
	struct nv_tpm nv;
	struct tpm *tpm; /* swtpm's */
};

/* PCR7 after a boot whose Secure Boot state is told by these words. */
#define OUR_FIRMWARE "the owner's keys, Secure Boot on"
#define NEW_FIRMWARE "the owner's keys, Secure Boot on, new dbx"
#define OTHER_SYSTEM "Secure Boot off"

/* A TPM fresh from the factory; our firmware is approved. */
void node_open(struct node *n);
void node_close(struct node *n);

/* Power-on under this firmware; fills n->nv. */
void node_boot(struct node *n, const char *firmware);
/* The same without looking at NV: what any other system can do. */
void node_power_on(struct node *n, const char *firmware);

/* Signs the approval of this firmware into the authority. */
void node_approve(struct node *n, const char *firmware);
/* Policy digest of a boot under this firmware. */
void firmware_digest(const char *firmware, u8 out[SHA256_SIZE]);

/* Slot A good, slot B empty, floors 5 and 2; owner's and lockout values to go with it. */
struct provision_request node_request(void);
void node_enrol(struct node *n);

#endif
