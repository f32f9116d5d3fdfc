/*
 * A node of a fleet without a machine: software keys, an event log that a good boot would leave, evidence as the agent
 * builds it, over the agent's own TLS and HTTP. Driven line by line from standard input; answers a line of JSON each.
 *   simnode HOST PORT CA-CERTIFICATE ANCHOR SEED
 *   simnode --anchor ANCHOR IMAGE    writes what the fleet has to trust, and an image signed for it
 * Test code.
 */
#include "attest/verdict.h"
#include "image/anchor.h"
#include "keys/certificate.h"
#include "keys/random.h"
#include "lib/http/client.h"
#include "lib/json/fields.h"
#include "lib/print.h"
#include "tests/adversarial/scene.h"
#include "tests/fleet/sim_hv.h"
#include "tests/fleet/sim_tpm.h"
#include "update/nv_tpm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_MAX_SIZE = 65536, BODY_MAX = 1 << 20, TIMEOUT = 60000, BRIEF = 500, TEXT_MAX_SIZE = 256 };

static struct scene s;
static struct {
	const char *host, *port;
	u8 ca_key[P384_KEY_SIZE];
	struct tls_identity *identity;
	struct tls_client *connection;
	u32 ak; /* SOFT_AK, or another one */
	u64 boots, attestations;
	u64 waited; /* microseconds for answers, since the last attestation began */
	u64 sequence; /* of the last ticket taken in this boot */
	bool provisioned, unconfirmed;
	bool late; /* provisioned in this boot */
	bool brief; /* the next request is broken off when it has no answer soon */
	char firmware[TEXT_MAX_SIZE];
	u8 body[BODY_MAX];
	struct http_answer answer;
	struct claim last_claim;
} sim;

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "simnode: %s\n", what);
	exit(1);
}

static void must(bool good, const char *what)
{
	if (!good)
		fail(what);
}

static void random_id(u8 id[ATTEST_ID_SIZE])
{
	must(random_bytes(id, ATTEST_ID_SIZE) == OK, "random");
}

static void boot(void)
{
	sim.boots++;
	sim.sequence = 0;
	sim.late = false;
	random_id(s.claim.session);
	random_id(s.claim.challenge);
	sim_measure_boot(&s,
	        &(struct sim_boot){ .count = sim.boots,
	                .provisioned = sim.provisioned,
	                .unconfirmed = sim.unconfirmed,
	                .late = sim.late,
	                .firmware = sim.firmware });
}

static bool connect_once(void)
{
	char why[TLS_WHY_SIZE];
	const struct tls_settings settings = { .host = sim.host,
		.port = sim.port,
		.name = "localhost",
		.ca_key = sim.ca_key,
		.identity = sim.identity,
		.timeout_ms = TIMEOUT };

	if (!sim.connection && tls_connect(&settings, &sim.connection, why) != OK)
		(void)fprintf(stderr, "simnode: %s\n", why);
	return sim.connection;
}

static void disconnect(void)
{
	tls_close(sim.connection);
	sim.connection = NULL;
}

static u64 microseconds(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "the time");
	return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

/* Status 0: no answer. */
static void ask(const char *method, const char *target, const char *type, const void *body, size_t n)
{
	const struct http_request q = { .method = method,
		.host = sim.host,
		.target = target,
		.type = type,
		.body = body,
		.size = n,
		.silence_ms = sim.brief ? BRIEF : TIMEOUT,
		.total_ms = 2 * TIMEOUT };

	u64 start = microseconds();

	for (int tries = sim.brief; tries < 2; tries++) {
		sim.answer = (struct http_answer){ .bytes = sim.body, .room = sizeof(sim.body) - 1 };
		if (connect_once() && http_ask(sim.connection, &q, &sim.answer) == OK)
			break;
		/* The server may have been restarted since the last request. */
		disconnect();
		sim.answer = (struct http_answer){ .used = 0 };
	}
	sim.waited += microseconds() - start;
	sim.body[sim.answer.used] = '\0';
	if (sim.answer.head.status && !sim.answer.head.keep_alive)
		disconnect();
}

static void ask_json(const char *target, yyjson_mut_doc *doc)
{
	size_t n;
	char *text = yyjson_mut_write(doc, 0, &n);

	must(text != NULL, "memory");
	yyjson_mut_doc_free(doc);
	ask("POST", target, HTTP_JSON, text, n);
	free(text);
}

static yyjson_mut_doc *object(yyjson_mut_val **root)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	*root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, *root);
	return doc;
}

static void tell(const char *more)
{
	const char *body = sim.answer.used && sim.body[0] == '{' ? (const char *)sim.body : "null";

	(void)printf("{\"status\": %u, \"body\": %s%s}\n", sim.answer.head.status, body, more);
	(void)fflush(stdout);
}

/* Of the last answer; freed by the caller. */
static yyjson_doc *answer_doc(void)
{
	return sim.answer.head.status == 200 ? yyjson_read((const char *)sim.body, sim.answer.used, 0) : NULL;
}

static void run_id(const char *words)
{
	char node[2 * ATTEST_ID_SIZE + 1];
	char pcr7[2 * SHA256_SIZE + 1];

	(void)words;
	hex_encode(node, s.node.id, ATTEST_ID_SIZE);
	hex_encode(pcr7, s.values + (size_t)7 * SHA256_SIZE, SHA256_SIZE);
	(void)printf("{\"node\": \"%s\", \"pcr7\": \"%s\"}\n", node, pcr7);
	(void)fflush(stdout);
}

static void send_enroll(void)
{
	u8 ek[TPM_PUBLIC_MAX];
	u8 ak[EVIDENCE_AK_MAX];
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = object(&root);
	size_t ek_size = sim_ek(ek);
	size_t ak_size = soft_public(sim.ak, ak);

	must(json_put_base64(doc, root, "ek", ek, ek_size) && json_put_base64(doc, root, "ak", ak, ak_size), "memory");
	(void)yyjson_mut_obj_add_null(doc, root, "ekCertificate");
	(void)yyjson_mut_obj_add_str(doc, root, "hostname", "simulated");
	ask_json("/node/v1/enroll", doc);
}

static void send_activation(yyjson_val *credential, bool wrong)
{
	u8 blob[CREDENTIAL_BLOB_MAX];
	u8 seed[CREDENTIAL_SEED_MAX];
	u8 secret[CREDENTIAL_SECRET_SIZE];
	yyjson_mut_val *root;
	size_t blob_size = field_base64(credential, "credential", blob, sizeof(blob));
	size_t seed_size = field_base64(credential, "secret", seed, sizeof(seed));

	must(sim_activate(blob, blob_size, seed, seed_size, sim.ak, secret), "the TPM refuses the credential");
	secret[0] ^= wrong;
	yyjson_mut_doc *doc = object(&root);
	must(json_put_hex(doc, root, "node", s.node.id, ATTEST_ID_SIZE) &&
	                json_put_base64(doc, root, "activation", secret, sizeof(secret)),
	        "memory");
	ask_json("/node/v1/activate", doc);
}

/* enroll [wrong] [other-ak] */
static void run_enroll(const char *words)
{
	u32 before = sim.ak;

	if (strstr(words, "other-ak"))
		sim.ak = SOFT_STRANGER_AK;
	send_enroll();
	yyjson_doc *credential = answer_doc();
	if (credential)
		send_activation(yyjson_doc_get_root(credential), strstr(words, "wrong"));
	yyjson_doc_free(credential);
	tell("");
	sim.ak = before;
}

static bool fetch_nonce(void)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = object(&root);

	must(json_put_hex(doc, root, "node", s.node.id, ATTEST_ID_SIZE), "memory");
	ask_json("/node/v1/nonce", doc);
	yyjson_doc *answer = answer_doc();
	bool there = answer &&
	        field_hex(yyjson_doc_get_root(answer), "nonce", s.claim.nonce, ATTEST_ID_SIZE) == ATTEST_ID_SIZE;
	yyjson_doc_free(answer);
	return there;
}

static void tell_verdict(void)
{
	char more[TEXT_MAX_SIZE];
	u32 guests = 0;
	yyjson_doc *answer = answer_doc();
	yyjson_val *root = yyjson_doc_get_root(answer);
	int ticket = sim_take_ticket(&s, sim.ca_key, root, &sim.sequence, &guests);

	/* Used: the hypervisor makes another one. */
	if (ticket == 0)
		random_id(s.claim.challenge);

	(void)snprintf(more, sizeof(more),
	        ", \"ticket\": %d, \"sequence\": %llu, \"guests\": %u, \"commit\": %d, \"waited\": %llu", ticket,
	        ticket ? 0ull : (unsigned long long)sim.sequence, guests, sim_take_commit(&s, sim.ca_key, root),
	        (unsigned long long)sim.waited);
	yyjson_doc_free(answer);
	tell(more);
}

static void send_evidence(void)
{
	ask("POST", "/node/v1/evidence", HTTP_BYTES, s.evidence, s.length);
	tell_verdict();
}

/* Clock and counters as a TPM's that was reset at each boot. */
static void sign(bool stranger)
{
	struct soft_attest a;
	struct bytes_view name;

	claim_encode(&s.claim, s.encoded_claim);
	scene_sign(&s);
	a = soft_quote(s.values, sizeof(s.values), s.qualifying);
	a.resets = (u32)(40 + sim.boots);
	a.clock += ++sim.attestations * 1000;
	soft_sign(stranger ? SOFT_STRANGER_AK : SOFT_AK, &a, &s.quote);
	s.parts.quote = soft_view(&s.quote);
	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++) {
		const struct bytes_view content = { s.nv_content[i],
			i <= NV_STATE_1 ? STATE_RECORD_SIZE : FLOOR_RECORD_SIZE };
		name = (struct bytes_view){ s.node.nv_name[i].bytes, s.node.nv_name[i].size };
		s.parts.nv[i] = (struct signed_view){ .signature = NULL };
		if (i == NV_STATE_1 || !sim.provisioned)
			continue;
		a = soft_certify(&name, &content, s.qualifying);
		a.resets = (u32)(40 + sim.boots);
		soft_sign(SOFT_AK, &a, &s.nv[i]);
		s.parts.nv[i] = soft_view(&s.nv[i]);
	}
}

/* attest [stranger] [cut-log] [other-node] [zero-nonce] */
static void run_attest(const char *words)
{
	sim.waited = 0;
	if (!fetch_nonce()) {
		tell("");
		return;
	}
	tls_identity_digest(sim.identity, s.claim.tls_key);
	if (strstr(words, "zero-nonce"))
		memset(s.claim.nonce, 0, sizeof(s.claim.nonce));
	sign(strstr(words, "stranger"));
	if (strstr(words, "cut-log"))
		s.parts.log.n -= 12 + 2 + 32 + 2 + 48 + 4 + EVENT_TAGGED_SIZE;
	scene_pack(&s);
	send_evidence();
}

/* again: the very bytes of the last attestation */
static void run_again(const char *words)
{
	(void)words;
	send_evidence();
}

/* boot [unconfirmed] [firmware=TEXT] */
static void run_boot(const char *words)
{
	const char *firmware = strstr(words, "firmware=");

	sim.unconfirmed = strstr(words, "unconfirmed");
	(void)snprintf(sim.firmware, sizeof(sim.firmware), "%s", firmware ? firmware + strlen("firmware=") : "");
	boot();
	run_id(words);
}

/* provision POLICY-KEY */
static void run_provision(const char *words)
{
	u8 key[P256_KEY_SIZE];

	must(hex_decode(words, key, sizeof(key)), "a policy key is 128 hexadecimal digits");
	nv_tpm_names(key, s.node.id, s.node.nv_name);
	sim.provisioned = sim.late = true;
	sim_measure_boot(&s,
	        &(struct sim_boot){ .count = sim.boots,
	                .provisioned = sim.provisioned,
	                .unconfirmed = sim.unconfirmed,
	                .late = sim.late,
	                .firmware = sim.firmware });
	run_id(words);
}

/* rekey: as an agent that was restarted */
static void run_rekey(const char *words)
{
	disconnect();
	tls_identity_free(sim.identity);
	must(tls_identity_make(&sim.identity) == OK, "a TLS key");
	run_id(words);
}

/* post TARGET JSON */
static void run_post(const char *words)
{
	char target[TEXT_MAX_SIZE];
	size_t n = strcspn(words, " ");

	must(n < sizeof(target) && words[n] == ' ', "post TARGET JSON");
	memcpy(target, words, n);
	target[n] = '\0';
	ask("POST", target, HTTP_JSON, words + n + 1, strlen(words + n + 1));
	tell("");
}

/* brief TARGET JSON: as an agent that breaks its poll off */
static void run_brief(const char *words)
{
	sim.brief = true;
	run_post(words);
	sim.brief = false;
}

/* get TARGET: how many bytes came */
static void run_get(const char *words)
{
	ask("GET", words, NULL, NULL, 0);
	(void)printf("{\"status\": %u, \"length\": %zu}\n", sim.answer.head.status, sim.answer.used);
	(void)fflush(stdout);
}

static const struct {
	const char *name;
	void (*run)(const char *words);
} commands[] = {
	{ "id", run_id },
	{ "enroll", run_enroll },
	{ "attest", run_attest },
	{ "again", run_again },
	{ "boot", run_boot },
	{ "provision", run_provision },
	{ "rekey", run_rekey },
	{ "post", run_post },
	{ "brief", run_brief },
	{ "get", run_get },
};

static void run_line(char *line)
{
	size_t n = strcspn(line, " \n");
	char *words = line + n + (line[n] == ' ');

	words[strcspn(words, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strlen(commands[i].name) == n && memcmp(commands[i].name, line, n) == 0) {
			commands[i].run(words);
			return;
		}
	must(false, "no such command");
}

static void make_anchor(struct anchor *a, u8 bytes[ANCHOR_SIZE])
{
	const u8 *manifest = s.image.region;

	*a = (struct anchor){ .keys = s.image.anchor };
	(void)format(a->hardware_class, sizeof(a->hardware_class), "server-1");
	must(anchor_encode(a, manifest, load_le32(manifest + 12), bytes) == OK, "an anchor");
	must(anchor_parse(bytes, a) == OK, "an anchor that is read again");
}

static void save(const char *path, const u8 *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f)
		fail(path);
	bool whole = fwrite(bytes, 1, n, f) == n;
	must(fclose(f) == 0 && whole, path);
}

static void load_ca(const char *path)
{
	mbedtls_x509_crt crt;
	size_t n;

	mbedtls_x509_crt_init(&crt);
	must(certificate_load(path, &crt) == OK && ec_public_bytes(&crt.pk, sim.ca_key, &n) == OK && n == P384_KEY_SIZE,
	        path);
	mbedtls_x509_crt_free(&crt);
}

static void become_node(const char *seed)
{
	struct ek_public ek;
	u8 public[TPM_PUBLIC_MAX];

	soft_seed(strtoull(seed, NULL, 10));
	s.node.ak = (struct bytes_view){ s.ak, soft_public(SOFT_AK, s.ak) };
	size_t public_size = sim_ek(public);
	must(ek_public_read(public, public_size, &ek) == OK, "an EK");
	ek_node_id(&ek, s.node.id);
	memcpy(s.claim.node, s.node.id, ATTEST_ID_SIZE);
	must(tls_identity_make(&sim.identity) == OK, "a TLS key");
}

int main(int argc, char **argv)
{
	static char line[LINE_MAX_SIZE];
	static u8 bytes[ANCHOR_SIZE];

	/* Keys follow from the seed, so it comes before anything that uses one. */
	if (argc == 6)
		soft_seed(strtoull(argv[5], NULL, 10));
	scene_init(&s);
	make_anchor(&s.anchor, bytes);
	if (argc == 4 && strcmp(argv[1], "--anchor") == 0) {
		save(argv[2], bytes, sizeof(bytes));
		save(argv[3], s.image.image, (size_t)s.image.layout.image_length);
		return 0;
	}
	must(argc == 6, "HOST PORT CA-CERTIFICATE ANCHOR SEED");
	must(reference_make(s.image.image, (size_t)s.image.layout.payload_offset, &s.anchor, &s.reference) == OK,
	        "reference");
	sim.host = argv[1];
	sim.port = argv[2];
	load_ca(argv[3]);
	become_node(argv[5]);
	boot();
	while (fgets(line, sizeof(line), stdin))
		run_line(line);
	disconnect();
	tls_identity_free(sim.identity);
	return 0;
}
