/*
 * Another system on the machine, which wants to write our NV state: it has the node's write authority, stolen from the
 * flash, and tries every way there is without a secret. Each line shows the TPM's response code.
 * Trust: test code only; plays the attacker.
 */
#include "tests/payload/device.h"
#include "tests/payload/machine.h"

#include "lib/bytes.h"
#include "lib/crypto/crypto.h"
#include "lib/fatal.h"
#include "lib/print.h"
#include "lib/stack_guard.h"
#include "lib/tpm/nv.h"
#include "lib/tpm/policy.h"
#include "lib/tpm/session.h"
#include "lib/tpm/types_beyond.h"
#include "update/nv.h"

#include <string.h>

_Noreturn void nvprobe_main(void);

/* Room that the test fills with a write authority (docs/format.md) before it signs this program. */
enum { AUTHORITY_ROOM = 4096, NODE_ID = 16, POLICY_KEY = 48, ENTRIES = 112, ENTRY_SIZE = 96, ENTRIES_MAX = 16 };

struct loot {
	char mark[16];
	u8 authority[AUTHORITY_ROOM];
};
/* volatile: the compiler must not conclude that it is zero. */
static volatile const struct loot loot __attribute__((section(".authority"), used)) = { .mark = "nvprobe-loot" };
static u8 authority[AUTHORITY_ROOM];

static const u8 garbage[STATE_RECORD_SIZE] = { 0xAA };
static const struct tpm_auth_value empty;
static u8 heap[16384];

static const u16 sizes[NV_INDEXES] = { STATE_RECORD_SIZE, STATE_RECORD_SIZE, FLOOR_RECORD_SIZE, FLOOR_RECORD_SIZE };

static void show(const char *attempt, u32 index, struct tpm *tpm, enum err e)
{
	u32 code = e == ERR_TPM_REFUSED ? tpm->response_code : 0;
	say("nvprobe: %s 0x%x rc=0x%x %s", attempt, index, code, e ? err_text(e) : "DONE");
}

static void write_by_password(struct tpm *tpm, u32 index, u16 size)
{
	show("write-by-password", index, tpm, tpm_nv_write(tpm, index, TPM_RS_PW, garbage, size));
}

/* NV_Write in the owner's name rather than the index's own. */
static void write_as(struct tpm *tpm, const char *attempt, u32 hierarchy, u32 index, u16 size)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_Write);
	write_be32(&c.w, hierarchy);
	write_be32(&c.w, index);
	tpm_command_authorize(&c, TPM_RS_PW, &empty);
	write_be16(&c.w, size);
	write_bytes(&c.w, garbage, size);
	write_be16(&c.w, 0);
	show(attempt, index, tpm, tpm_command_run_plain(&c));
}

static enum err approve(struct tpm *tpm, u32 session, const u8 *entry)
{
	u8 hash[SHA256_SIZE];
	u32 key;
	struct tpm_ticket ticket;
	struct tpm_name name;
	enum err e = tpm_load_external(tpm, authority + POLICY_KEY, &key);
	if (e)
		return e;
	policy_approval_hash(entry, authority + NODE_ID, hash);
	policy_key_name(authority + POLICY_KEY, &name);
	e = tpm_verify_signature(tpm, key, hash, entry + SHA256_SIZE, &ticket);
	if (!e)
		e = tpm_policy_authorize(tpm, session, entry, authority + NODE_ID, &name, &ticket);
	/* The answer that counts is the one before this. */
	u32 code = tpm->response_code;
	enum err flushed = tpm_flush_context(tpm, key);
	if (e)
		tpm->response_code = code;
	return e ? e : flushed;
}

static void write_in_session(struct tpm *tpm, u32 session, const u8 *entry, u32 index, u16 size)
{
	enum err e = tpm_policy_pcr(tpm, session, TPM_ALG_SHA256, BIT(7));
	if (!e)
		e = approve(tpm, session, entry);
	show("authorize", index, tpm, e);
	show("write-by-policy", index, tpm, tpm_nv_write(tpm, index, session, garbage, size));
}

static void write_by_policy(struct tpm *tpm, u32 index, u16 size)
{
	u32 count = load_le32(authority + 12);
	for (u32 i = 0; i < count && i < ENTRIES_MAX; i++) {
		u32 session;
		enum err e = tpm_policy_session_start(tpm, TPM_SE_POLICY, &session);
		if (e) {
			show("session", index, tpm, e);
			return;
		}
		write_in_session(tpm, session, authority + ENTRIES + i * ENTRY_SIZE, index, size);
		/* A write that is let through has ended its session already. */
		if (tpm_flush_context(tpm, session))
			say("nvprobe: the session had ended");
	}
}

static void undefine(struct tpm *tpm, const char *what, u32 hierarchy, u32 index)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_UndefineSpace);

	write_be32(&c.w, hierarchy);
	write_be32(&c.w, index);
	tpm_command_authorize(&c, TPM_RS_PW, &empty);
	show(what, index, tpm, tpm_command_run_plain(&c));
}

static void redefine(struct tpm *tpm, u32 index, u16 size)
{
	struct tpm_nv_public p = {
		.index = index,
		.name_alg = TPM_ALG_SHA256,
		.attributes = TPMA_NV_AUTHWRITE | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA,
		.size = size,
	};
	undefine(tpm, "undefine", TPM_RH_OWNER, index);
	show("define", index, tpm, tpm_nv_define(tpm, &empty, &p));
}

static void attack(struct tpm *tpm)
{
	for (u32 i = 0; i < NV_INDEXES; i++) {
		u32 index = NV_HANDLE_BASE + i;
		write_by_password(tpm, index, sizes[i]);
		write_as(tpm, "write-as-owner", TPM_RH_OWNER, index, sizes[i]);
		write_as(tpm, "write-as-platform", TPM_RH_PLATFORM, index, sizes[i]);
		undefine(tpm, "undefine-as-platform", TPM_RH_PLATFORM, index);
		redefine(tpm, index, sizes[i]);
		write_by_policy(tpm, index, sizes[i]);
	}
}

_Noreturn void nvprobe_main(void)
{
	static struct tpm tpm;
	stack_guard_seed(time_stamp());
	serial_use(COM1);
	fatal_set(machine_halt);
	crypto_heap_init(heap, sizeof(heap));
	for (size_t i = 0; i < sizeof(authority); i++)
		authority[i] = loot.authority[i];
	enum err e = tpm_open(&tpm);
	if (e)
		fatal(err_text(e));
	attack(&tpm);
	say("nvprobe: done");
	machine_halt();
}
