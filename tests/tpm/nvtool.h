/*
 * What nvtool was asked to do, and the TPM it does it to.
 * Test code for a host.
 */
#ifndef SIGNET_TESTS_TPM_NVTOOL_H
#define SIGNET_TESTS_TPM_NVTOOL_H

#include "tests/tpm/swtpm.h"
#include "update/provision.h"

enum { EXTENSIONS_MAX = 64 };

struct options {
	const char *state;
	u32 index;
	bool has_authority;
	struct authority authority;
	u8 policy_key[P256_KEY_SIZE];
	u32 extension_count;
	u8 extension[EXTENSIONS_MAX][SHA256_SIZE];
	bool image_floor_given, key_floor_given, slot_given[SLOTS];
	struct provision_request request;
};

struct machine {
	struct swtpm swtpm;
	struct nv_tpm nv;
};

/* False on anything it does not understand; files that cannot be used end the program. */
bool options_parse(int count, char **words, struct options *o);

_Noreturn void die(enum err e, const char *what);

#endif
