/*
 * usage: seed_node DIRECTORY
 * Writes a fleet configuration that is accepted, and a row of TPM commands that pass.
 */
#include "cli/fleet_file.h"
#include "lib/bytes.h"
#include "tests/fuzz/seed.h"
#include "tests/unit/tpm_sample.h"

#include <string.h>

static u8 tree[FLEET_LENGTH_MAX];
static struct sample s;
static u8 row[SAMPLE_ROOM];
static size_t used;

static void add(u32 handle)
{
	size_t n = sample_end(&s);

	store_le16(row + used, (u16)n);
	memcpy(row + used + 2, s.bytes, n);
	used += 2 + n;
	sample_response(row + used, TPM_RC_SUCCESS, handle);
	used += 14;
}

static void add_key(u32 handle)
{
	sample_begin(&s, TPM_ST_SESSIONS, TPM_CC_CreatePrimary);
	sample_handle(&s, TPM_RH_OWNER);
	sample_passwords(&s, 1);
	sample_sized(&s, 4);
	sample_sized(&s, 40);
	sample_sized(&s, 0);
	write_pcr_selection(&s.w, (struct tpm_pcr_selection){ .alg = TPM_ALG_SHA256, .pcrs = BIT(14) });
	add(handle);
}

static void add_session(u32 handle)
{
	sample_begin(&s, TPM_ST_NO_SESSIONS, TPM_CC_StartAuthSession);
	sample_handle(&s, TPM_RH_NULL);
	sample_handle(&s, TPM_RH_NULL);
	sample_sized(&s, 16);
	sample_sized(&s, 0);
	write_u8(&s.w, TPM_SE_POLICY);
	write_be16(&s.w, TPM_ALG_NULL);
	write_be16(&s.w, TPM_ALG_SHA256);
	add(handle);
}

static void add_quote(u32 key, u32 session)
{
	sample_begin(&s, TPM_ST_SESSIONS, TPM_CC_Quote);
	sample_handle(&s, key);
	write_be32(&s.w, 9);
	sample_session(&s, session, 0);
	sample_sized(&s, 32);
	write_be16(&s.w, TPM_ALG_NULL);
	write_be32(&s.w, 0);
	add(0);
}

static void add_persistent(u32 object)
{
	sample_begin(&s, TPM_ST_SESSIONS, TPM_CC_EvictControl);
	sample_handle(&s, TPM_RH_OWNER);
	sample_handle(&s, object);
	sample_passwords(&s, 1);
	sample_handle(&s, 0x81005100);
	add(0);
}

int main(int count, char **arguments)
{
	struct fleet fleet = {
		.name = "lab", .addresses = "a:1", .ca_key = { 1 }, .console_port = 0x3F8, .console_baud = 9600
	};
	size_t n;

	if (count != 2 || fleet_encode(&fleet, tree, &n))
		return 1;
	directory = arguments[1];
	seed("fuzz_fleet", "tree", tree, n);
	add_key(0x80000000);
	add_session(0x03000000);
	add_quote(0x80000000, 0x03000000);
	add_persistent(0x80000000);
	seed("fuzz_tpm_filter", "row", row, used);
	return 0;
}
