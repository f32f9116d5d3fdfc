/*
 * A TPM that answers anything: the first byte chooses the command, the rest is cut into responses.
 * Trust: test code.
 */
#include "lib/tpm/admin.h"
#include "lib/tpm/bank.h"
#include "lib/tpm/key.h"
#include "lib/tpm/nv.h"
#include "lib/tpm/session.h"
#include "update/nv_tpm.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n);

static struct tpm tpm;
static struct reader input;
static const u8 key[P256_KEY_SIZE] = { 1, 2, 3 };
static const struct tpm_auth_value value = { .size = 4, .bytes = "auth" };

/* One response: its length in two bytes, then its bytes; the header's size is made right unless the length is odd. */
static enum err submit(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length)
{
	(void)context;
	(void)command;
	(void)n;
	size_t size = read_be16(&input);
	if (size > input.left)
		size = input.left;
	if (input.failed || size > room)
		return ERR_TPM_TIMEOUT;
	read_copy(&input, response, size);
	if (size >= TPM_HEADER_SIZE && size % 2 == 0)
		store_be32(response + 2, (u32)size);
	*length = size;
	return OK;
}

static enum err run_banks(void)
{
	struct tpm_banks out;
	return tpm_pcr_banks(&tpm, &out);
}

static enum err run_pcr_read(void)
{
	struct tpm_bank_digest out;
	return tpm_pcr_read(&tpm, TPM_ALG_SHA384, 7, &out);
}

static enum err run_pcr_event(void)
{
	struct tpm_digests out;
	return tpm_pcr_event(&tpm, 12, key, sizeof(key), &out);
}

static enum err run_session(void)
{
	u32 session;
	return tpm_policy_session_start(&tpm, TPM_SE_POLICY, &session);
}

static enum err run_get_digest(void)
{
	u8 digest[SHA256_SIZE];
	return tpm_policy_get_digest(&tpm, 3, digest);
}

static enum err run_nv_public(void)
{
	struct tpm_nv_public public;
	struct tpm_name name;
	return tpm_nv_read_public(&tpm, NV_HANDLE_BASE, &public, &name);
}

static enum err run_nv_read(void)
{
	u8 out[STATE_RECORD_SIZE];
	return tpm_nv_read(&tpm, NV_HANDLE_BASE, out, sizeof(out));
}

static enum err run_load(void)
{
	u32 handle;
	return tpm_load_external(&tpm, key, &handle);
}

static enum err run_verify(void)
{
	struct tpm_ticket ticket;
	return tpm_verify_signature(&tpm, 3, key, key, &ticket);
}

static enum err run_random(void)
{
	u8 out[100];
	return tpm_get_random(&tpm, out, sizeof(out));
}

static enum err run_property(void)
{
	u32 property;
	return tpm_get_property(&tpm, TPM_PT_PERMANENT, &property);
}

static enum err run_plain(void)
{
	return tpm_hierarchy_change_auth(&tpm, TPM_RH_OWNER, NULL, &value);
}

/* The whole way of a boot: policy tried, four indices read. */
static enum err run_view(void)
{
	static struct authority authority = { .count = 1 };
	struct nv_tpm nv;
	struct nv_view view;
	memcpy(authority.policy_key, key, sizeof(key));
	enum err e = nv_tpm_init(&nv, &tpm, key, &authority);
	return e ? e : nv_read_view(&nv.store, &view);
}

static enum err (*const commands[])(void) = { run_banks, run_pcr_read, run_pcr_event, run_session, run_get_digest,
	run_nv_public, run_nv_read, run_load, run_verify, run_random, run_property, run_plain, run_view };

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	if (n == 0)
		return 0;
	tpm_init(&tpm, (struct tpm_transport){ .submit = submit });
	input = reader_on(bytes + 1, n - 1);
	enum err e = commands[bytes[0] % ARRAY_SIZE(commands)]();
	(void)e;
	return 0;
}
