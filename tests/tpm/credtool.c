/*
 * Enrolment's calculations for scripts, beside a real TPM: makes a credential file as tpm2_activatecredential reads it,
 * judges an EK certificate, tells the node id.
 * Test code for a host.
 */
#include "attest/quote.h"
#include "keys/random.h"
#include "lib/print.h"
#include "signetd/credential.h"
#include "signetd/ek.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_ROOM = 16384 };

struct content {
	u8 bytes[FILE_ROOM];
	size_t n;
};

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "credtool: %s\n", what);
	exit(1);
}

static void must(bool good, const char *what)
{
	if (!good)
		fail(what);
}

static void load(const char *path, struct content *out)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		fail(path);
	out->n = fread(out->bytes, 1, sizeof(out->bytes), f);
	bool whole = ferror(f) == 0;
	must(fclose(f) == 0 && whole, path);
}

static void save(const char *path, const u8 *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f)
		fail(path);
	bool whole = fwrite(bytes, 1, n, f) == n;
	must(fclose(f) == 0 && whole, path);
}

/* tpm2-tools keep TPM2B_PUBLIC in files; the network carries its content. */
static void load_public(const char *path, struct content *out)
{
	load(path, out);
	must(out->n > 2 && load_be16(out->bytes) == out->n - 2, path);
	out->n -= 2;
	memmove(out->bytes, out->bytes + 2, out->n);
}

static void load_ek(const char *path, struct ek_public *ek)
{
	static struct content c;

	load_public(path, &c);
	must(ek_public_read(c.bytes, c.n, ek) == OK, "not an EK of a known template");
}

static void print_hex(const u8 *bytes, size_t n)
{
	char text[2 * TPM_NAME_MAX + 1];

	hex_encode(text, bytes, n);
	must(puts(text) >= 0, "output");
}

/* credtool make EK AK SECRET OUT */
static void make(char **names)
{
	static const struct credential_random random = { random_source, NULL };
	static struct content ak;
	static struct content secret;
	struct ek_public ek;
	struct tpm_name name;
	struct credential c;
	u8 file[sizeof(c) + 16];
	struct writer w = writer_on(file, sizeof(file));

	load_ek(names[0], &ek);
	load_public(names[1], &ak);
	load(names[2], &secret);
	must(ak_public_check(ak.bytes, ak.n, &name) == OK, "not an AK of ours");
	must(secret.n == CREDENTIAL_SECRET_SIZE, "the secret has another length");
	must(credential_make(&ek, &name, secret.bytes, &random, &c) == OK, "credential");
	write_be32(&w, 0xBADCC0DE);
	write_be32(&w, 1);
	write_tpm2b(&w, c.blob, c.blob_size);
	write_tpm2b(&w, c.seed, c.seed_size);
	must(!w.failed, "room");
	save(names[3], file, w.used);
}

/* credtool node EK: node id and Name */
static void node(char **names)
{
	struct ek_public ek;
	u8 id[ATTEST_ID_SIZE];

	load_ek(names[0], &ek);
	ek_node_id(&ek, id);
	print_hex(id, sizeof(id));
	print_hex(ek.name.bytes, ek.name.size);
}

/* credtool judge FOLDER CERTIFICATE EK */
static void judge(char **names)
{
	static struct content certificate;
	struct ek_public ek;
	struct ek_authorities *authorities = NULL;
	char bad[64];

	must(ek_authorities_load(names[0], &authorities, bad, sizeof(bad)) == OK, "authorities");
	load(names[1], &certificate);
	load_ek(names[2], &ek);
	must(puts(ek_finding_words(ek_certificate_judge(authorities, certificate.bytes, certificate.n, &ek))) >= 0,
	        "output");
	ek_authorities_free(authorities);
}

/* credtool quote AK MESSAGE SIGNATURE VALUES NONCE: the verdict on the quote part of evidence */
static void quote(char **names)
{
	static struct content part[5];
	struct tpm_ecc_public ak = { .attributes = 0 };
	struct attested a;
	u8 signature[TPM_SIGNATURE_SIZE];

	load_public(names[0], &part[0]);
	for (int i = 1; i < 5; i++)
		load(names[i], &part[i]);
	struct reader r = reader_on(part[0].bytes, part[0].n);
	read_ecc_public(&r, &ak);
	must(reader_done(&r), "not an AK of ours");
	r = reader_on(part[2].bytes, part[2].n);
	read_ecdsa_signature(&r, signature);
	const struct signed_view s = { { part[1].bytes, part[1].n }, signature };
	const struct bytes_view values = { part[3].bytes, part[3].n };
	enum verdict v = reader_done(&r) ? attested_verify(&s, ak.key) : VERDICT_SIGNATURE;
	if (!v)
		v = attested_read(&s.attest, TPM_ST_ATTEST_QUOTE, &a);
	if (!v)
		v = quote_covers(&a.quote, &values);
	if (!v && (a.extra.n != part[4].n || memcmp(a.extra.bytes, part[4].bytes, part[4].n) != 0))
		v = VERDICT_QUALIFYING;
	must(puts(verdict_name(v)) >= 0, "output");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		void (*run)(char **names);
	} commands[] = { { "make", 4, make }, { "node", 1, node }, { "judge", 3, judge }, { "quote", 5, quote } };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (argc != commands[i].arguments + 2 || strcmp(argv[1], commands[i].name) != 0)
			continue;
		commands[i].run(argv + 2);
		return 0;
	}
	must(false, "make EK AK SECRET OUT | node EK | judge FOLDER CERTIFICATE EK | quote ...");
}
