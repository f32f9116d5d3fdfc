/*
 * nvtool: the boot state in a swtpm's state directory, seen and changed from a host, for tests that boot whole
 * machines. Starts swtpm itself; the directory must not be in use. Test code for a host.
 */
#include "tests/tpm/nvtool.h"

#include "lib/print.h"
#include "lib/tpm/bank.h"
#include "lib/tpm/policy.h"
#include "lib/tpm/startup.h"
#include "lib/tpm/types_beyond.h"
#include "tests/tpm/extra.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
        "usage: nvtool COMMAND --state DIR [--authority FILE] [--policy-key FILE] [--pcr7 FILE] ...\n"
        "  show       print what the TPM holds, as lines `name value`\n"
        "  provision  define and fill the four indices, set owner's and lockout authorization\n"
        "  set-state  overwrite the older state record, and the floors that are given\n"
        "  undefine   remove index --index 0..3 under --owner-auth\n"
        "  clear      TPM2_Clear through the platform hierarchy\n"
        "  pcr7       print the SHA-256 value of PCR 7 and its PolicyPCR digest\n"
        "--pcr7       the boot's PCR 7 extensions, SHA-256, one in hexadecimal a line\n"
        "--authority  write authority (docs/format.md); --policy-key: 64 raw bytes, else the authority's\n"
        "--image-floor N, --key-floor N, --slot-a SLOT, --slot-b SLOT, --owner-auth HEX, --lockout-auth HEX\n"
        "SLOT is empty, writing, staged:DIGEST, trying:TRIES:DIGEST, unconfirmed:DIGEST, good:DIGEST or "
        "bad:CAUSE:DIGEST.\n"
        "exit: 0 done, 1 error, 2 usage, 5 the write policy is not satisfied\n";

enum { EXIT_USAGE = 2, EXIT_POLICY = 5 };

_Noreturn void die(enum err e, const char *what)
{
	fprintf(stderr, "nvtool: %s: %s\n", what, err_text(e));
	exit(e == ERR_NV_POLICY ? EXIT_POLICY : EXIT_FAILURE);
}

static void say_refusal(const struct tpm *tpm, enum err e)
{
	if (e == ERR_TPM_REFUSED)
		fprintf(stderr, "nvtool: TPM response 0x%x to command 0x%x\n", tpm->response_code, tpm->command_code);
}

static void must(const struct machine *m, enum err e, const char *what)
{
	if (!e)
		return;
	say_refusal(&m->swtpm.tpm, e);
	die(e, what);
}

/* Brings PCR7 to where the boot of interest had it. */
static void extend_pcr7(struct machine *m, const struct options *o)
{
	struct tpm_digests d = { .count = 1, .bank = { { .alg = TPM_ALG_SHA256, .size = SHA256_SIZE } } };
	for (u32 i = 0; i < o->extension_count; i++) {
		memcpy(d.bank[0].digest, o->extension[i], SHA256_SIZE);
		must(m, tpm_pcr_extend(&m->swtpm.tpm, PCR_SECURE_BOOT, &d), "extending PCR 7");
	}
}

static void start(struct machine *m, const struct options *o)
{
	enum err e = swtpm_start(&m->swtpm, o->state);
	if (e)
		die(e, "starting swtpm");
	must(m, tpm_startup(&m->swtpm.tpm), "TPM2_Startup");
	extend_pcr7(m, o);
	must(m, nv_tpm_init(&m->nv, &m->swtpm.tpm, o->policy_key, o->has_authority ? &o->authority : NULL), "policy");
}

static void stop(struct machine *m)
{
	must(m, tpm_shutdown(&m->swtpm.tpm), "TPM2_Shutdown");
	swtpm_stop(&m->swtpm);
}

static void print_hex(const char *name, const u8 *bytes, size_t n)
{
	char text[2 * SHA384_SIZE + 1];
	hex_encode(text, bytes, n);
	printf("%s %s\n", name, text);
}

static void print_slot(const char *name, const struct slot_record *r)
{
	char text[2 * SHA384_SIZE + 1];
	hex_encode(text, r->digest, SHA384_SIZE);
	printf("%s %s\n%s-tries %u\n%s-cause %u\n%s-digest %s\n", name, slot_state_name(r->state), name, r->tries, name,
	        (u32)r->cause, name, text);
}

static enum err show(struct machine *m, const struct options *o)
{
	static const char *const status[] = { "unprovisioned", "provisioned", "state-lost" };
	struct nv_view v;
	(void)o;
	enum err e = nv_read_view(&m->nv.store, &v);
	if (e)
		return e;
	printf("nv %s\nwritable %u\nimage-floor %llu\nkey-floor %llu\n", status[v.status], v.writable,
	        (unsigned long long)v.image_floor, (unsigned long long)v.key_floor);
	if (v.status != NV_PROVISIONED)
		return OK;
	printf("sequence %llu\nnewest %u\n", (unsigned long long)v.state.sequence, v.newest);
	print_slot("slot-a", &v.state.slot[SLOT_A]);
	print_slot("slot-b", &v.state.slot[SLOT_B]);
	return OK;
}

static enum err run_provision(struct machine *m, const struct options *o)
{
	return provision(&m->nv, &o->request);
}

static enum err set_floor(struct machine *m, enum nv_index index, bool given, u64 value)
{
	u8 record[FLOOR_RECORD_SIZE];
	floor_encode(value, record);
	return given ? m->nv.store.write(&m->nv, index, record, sizeof(record)) : OK;
}

/* As told, past every rule of the boot chain: floors may fall, any state may follow any other. */
static enum err set_state(struct machine *m, const struct options *o)
{
	struct nv_view v;
	u8 record[STATE_RECORD_SIZE];
	struct boot_state next = o->request.first, unused;
	enum err e = nv_read_view(&m->nv.store, &v);
	if (e)
		return e;
	if (v.status == NV_UNPROVISIONED)
		return ERR_NV_ABSENT;
	next.sequence = v.state.sequence + 1;
	if (!o->image_floor_given)
		next.image_floor = v.image_floor;
	if (!o->key_floor_given)
		next.key_floor = v.key_floor;
	for (u32 i = 0; i < SLOTS; i++)
		if (!o->slot_given[i])
			next.slot[i] = v.state.slot[i];
	boot_state_encode(&next, record);
	e = boot_state_decode(record, sizeof(record), &unused);
	if (!e)
		e = m->nv.store.write(&m->nv, v.newest ? NV_STATE_0 : NV_STATE_1, record, sizeof(record));
	if (!e)
		e = set_floor(m, NV_IMAGE_FLOOR, o->image_floor_given, next.image_floor);
	if (!e)
		e = set_floor(m, NV_KEY_FLOOR, o->key_floor_given, next.key_floor);
	return e;
}

static enum err undefine(struct machine *m, const struct options *o)
{
	return tpm_nv_undefine(&m->swtpm.tpm, &o->request.owner, NV_HANDLE_BASE + o->index);
}

static enum err clear(struct machine *m, const struct options *o)
{
	(void)o;
	return tpm_clear(&m->swtpm.tpm, TPM_RH_PLATFORM, NULL);
}

static enum err show_pcr7(struct machine *m, const struct options *o)
{
	struct tpm_bank_digest value;
	u8 digest[SHA256_SIZE];
	(void)o;
	enum err e = tpm_pcr_read(&m->swtpm.tpm, TPM_ALG_SHA256, PCR_SECURE_BOOT, &value);
	if (e)
		return e;
	policy_pcr_digest(PCR_SECURE_BOOT, value.digest, digest);
	print_hex("pcr7", value.digest, SHA256_SIZE);
	print_hex("policy", digest, sizeof(digest));
	return OK;
}

static const struct {
	const char *name;
	enum err (*run)(struct machine *m, const struct options *o);
} commands[] = {
	{ "show", show },
	{ "provision", run_provision },
	{ "set-state", set_state },
	{ "undefine", undefine },
	{ "clear", clear },
	{ "pcr7", show_pcr7 },
};

static int run(size_t command, const struct options *o)
{
	static struct machine m;
	start(&m, o);
	enum err e = commands[command].run(&m, o);
	say_refusal(&m.swtpm.tpm, e);
	stop(&m);
	if (e)
		die(e, commands[command].name);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct options o;
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0 && options_parse(argc - 2, argv + 2, &o))
			return run(i, &o);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
