/* Keys: files and their modes, PKCS#8, signing, and chains of key manifests. */
#include "keys/access.h"
#include "keys/certificate.h"
#include "keys/chain.h"
#include "keys/esl.h"
#include "keys/files.h"
#include "keys/generate.h"
#include "keys/pkcs8.h"

#include "image/message.h"
#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct passphrase none;
static const struct passphrase right = { "correct horse", 13 };
static const struct passphrase wrong = { "battery staple", 14 };

static int make_directory(void **state)
{
	char *dir = strdup("/tmp/signet-keys-XXXXXX");

	*state = dir;
	return dir && mkdtemp(dir) ? 0 : -1;
}

static int remove_directory(void **state)
{
	directory_remove(*state);
	free(*state);
	return 0;
}

static const char *in(const char *dir, const char *name)
{
	static char path[PATH_MAX];

	assert_int_equal(path_make(path, sizeof(path), "%s/%s", dir, name), OK);
	return path;
}

static void save_new_key(const char *path, enum key_type type, const struct passphrase *p)
{
	mbedtls_pk_context key;

	mbedtls_pk_init(&key);
	assert_int_equal(private_key_make(type, &key), OK);
	assert_int_equal(private_key_save(&key, p, path), OK);
	mbedtls_pk_free(&key);
}

static void a_saved_key_signs_what_its_public_half_verifies(void **state)
{
	const char *path = in(*state, "k.pem");
	u8 digest[SHA384_SIZE] = { 1 }, signature[P384_SIGNATURE_SIZE], again[P384_SIGNATURE_SIZE];
	struct signer *s;

	save_new_key(path, KEY_EC_P384, &none);
	assert_int_equal(signer_open(path, &none, &s), OK);
	assert_int_equal(signer_algorithm(s), ALGORITHM_P384);
	assert_int_equal(signer_sign(s, digest, signature), OK);
	assert_int_equal(ecdsa_p384_verify(signer_public_key(s), digest, signature), OK);
	assert_int_equal(signer_sign(s, digest, again), OK);
	assert_memory_equal(signature, again, sizeof(signature));
	digest[0] ^= 1;
	assert_int_equal(ecdsa_p384_verify(signer_public_key(s), digest, signature), ERR_SIGNATURE_WRONG);
	signer_close(s);
}

static void a_policy_key_is_p256(void **state)
{
	const char *path = in(*state, "k.pem");
	u8 id[SHA256_SIZE];
	struct signer *s;

	save_new_key(path, KEY_EC_P256, &none);
	assert_int_equal(signer_open(path, &none, &s), OK);
	assert_int_equal(signer_algorithm(s), ALGORITHM_P256);
	assert_int_equal(signer_size(s), 64);
	assert_true(bytes_are_zero(signer_public_key(s) + 64, 32));
	sha256_of(signer_public_key(s), 64, id);
	assert_memory_equal(signer_id(s), id, sizeof(id));
	signer_close(s);
}

static void an_rsa_key_is_no_signer(void **state)
{
	const char *path = in(*state, "k.pem");
	struct signer *s;

	save_new_key(path, KEY_RSA_2048, &none);
	assert_int_equal(signer_open(path, &none, &s), ERR_KEY_FILE);
}

static void only_the_right_passphrase_opens(void **state)
{
	const char *path = in(*state, "k.pem");
	char text[64] = { 0 };
	struct signer *s;
	FILE *f;

	save_new_key(path, KEY_EC_P384, &right);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
	assert_int_equal(signer_open(path, &none, &s), ERR_KEY_PASSPHRASE);
	assert_int_equal(signer_open(path, &wrong, &s), ERR_KEY_PASSPHRASE);
	assert_int_equal(signer_open(path, &right, &s), OK);
	signer_close(s);
}

static void a_key_others_can_read_is_refused(void **state)
{
	const char *path = in(*state, "k.pem");
	static const mode_t bad[] = { 0640, 0620, 0604, 0601, 0660, 0666 };
	struct signer *s;

	save_new_key(path, KEY_EC_P384, &none);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(chmod(path, bad[i]), 0);
		assert_int_equal(signer_open(path, &none, &s), ERR_KEY_MODE);
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(signer_open(path, &none, &s), OK);
	signer_close(s);
}

static void what_is_no_key_is_refused(void **state)
{
	const char *path = in(*state, "k.pem");
	struct signer *s;

	assert_int_equal(signer_open(path, &none, &s), ERR_KEY_FILE);
	assert_int_equal(file_create(path, "no key", 6, SECRET_MODE), OK);
	assert_int_equal(signer_open(path, &none, &s), ERR_KEY_FILE);
	assert_int_equal(signer_open(*state, &none, &s), ERR_KEY_FILE);
}

static void a_passphrase_is_the_first_line_of_a_private_file(void **state)
{
	const char *path = in(*state, "pass");
	struct passphrase p;

	assert_int_equal(file_create(path, "secret\nsecond\n", 14, SECRET_MODE), OK);
	assert_int_equal(passphrase_read(path, &p), OK);
	assert_string_equal(p.text, "secret");
	assert_int_equal(p.length, 6);
	assert_true(bytes_are_zero((const u8 *)p.text + 6, sizeof(p.text) - 6));
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(passphrase_read(path, &p), ERR_KEY_MODE);
	unlink(path);
	assert_int_equal(passphrase_read(path, &p), ERR_KEY_PASSPHRASE);
	assert_int_equal(file_create(path, "\nsecond\n", 8, SECRET_MODE), OK);
	assert_int_equal(passphrase_read(path, &p), ERR_KEY_PASSPHRASE);
	assert_int_equal(passphrase_read(NULL, &p), OK);
	assert_int_equal(p.length, 0);
}

static void nothing_is_overwritten(void **state)
{
	const char *path = in(*state, "f");
	u8 bytes[8];
	size_t n;

	assert_int_equal(file_create(path, "first", 5, SECRET_MODE), OK);
	assert_int_equal(file_create(path, "other", 5, SECRET_MODE), ERR_KEY_EXISTS);
	assert_int_equal(secret_read(path, bytes, sizeof(bytes), &n), OK);
	assert_string_equal((const char *)bytes, "first");
	/* Room for the content, none for the NUL. */
	assert_int_equal(secret_read(path, bytes, 5, &n), ERR_KEY_FILE);
	assert_int_equal(secret_read(path, bytes, 6, &n), OK);
}

/* A key set with its signers, made in a folder of its own. */
struct people {
	struct key_set set;
	struct signers roots;
	char dir[PATH_MAX];
};

static void people_make(struct people *p, const char *parent, const char *name, u32 roots, u32 threshold)
{
	memset(p, 0, sizeof(*p));
	p->set.version = 1;
	p->set.root_threshold = threshold;
	p->set.release_threshold = 1;
	assert_int_equal(path_make(p->dir, sizeof(p->dir), "%s/%s", parent, name), OK);
	assert_int_equal(mkdir(p->dir, 0700), 0);
	for (u32 i = 1; i <= roots; i++)
		assert_int_equal(chain_key_make(p->dir, ROLE_ROOT, i, &none, &p->set), OK);
	assert_int_equal(chain_key_make(p->dir, ROLE_RELEASE, 1, &none, &p->set), OK);
	assert_int_equal(chain_key_make(p->dir, ROLE_POLICY, 1, &none, &p->set), OK);
	assert_int_equal(signers_open(p->dir, ROLE_ROOT, &none, &p->roots, NULL, 0), OK);
	assert_int_equal(p->roots.count, roots);
}

static void join(struct signers *to, const struct signers *from)
{
	for (u32 i = 0; i < from->count; i++)
		to->each[to->count++] = from->each[i];
}

/* Signed by whoever is in signers, whether that is enough or not. */
static size_t manifest_by(const struct key_set *set, const struct signers *signers, u8 *out)
{
	size_t room = signature_list_size(signers->count);
	size_t body = keys_body_encode(set, (u32)room, out);
	u8 digest[SHA384_SIZE], signature[P384_SIGNATURE_SIZE];

	memset(out + body, 0, room);
	keys_message_digest(out, body, digest);
	for (u32 i = 0; i < signers->count; i++) {
		assert_int_equal(signer_sign(signers->each[i], digest, signature), OK);
		assert_int_equal(signature_list_insert(out + body, room, signer_id(signers->each[i]), signature), OK);
	}
	return body + room;
}

static void a_chain_needs_old_and_new_roots(void **state)
{
	static u8 chain[2 * KEY_MANIFEST_MAX];
	static struct people old, new;
	struct signers both = { .count = 0 };
	struct key_set first, set;
	size_t n, more;

	people_make(&old, *state, "old", 2, 2);
	people_make(&new, *state, "new", 2, 2);
	new.set.version = 2;
	first = old.set;
	assert_int_equal(key_manifest_make(NULL, &first, &old.roots, chain, &n), OK);

	join(&both, &old.roots);
	join(&both, &new.roots);
	set = first;
	more = manifest_by(&new.set, &both, chain + n);
	assert_int_equal(keys_chain_walk(chain, n + more, &set, NULL), OK);
	assert_int_equal(set.version, 2);

	set = first;
	more = manifest_by(&new.set, &old.roots, chain + n);
	assert_int_equal(keys_chain_walk(chain, n + more, &set, NULL), ERR_SIGNATURE_MISSING);
	set = first;
	more = manifest_by(&new.set, &new.roots, chain + n);
	assert_int_equal(keys_chain_walk(chain, n + more, &set, NULL), ERR_SIGNATURE_MISSING);

	set = first;
	new.set.version = 3;
	more = manifest_by(&new.set, &both, chain + n);
	assert_int_equal(keys_chain_walk(chain, n + more, &set, NULL), ERR_KEYS_CHAIN);
	signers_close(&old.roots);
	signers_close(&new.roots);
}

static void the_maker_refuses_what_the_walk_would_refuse(void **state)
{
	static u8 out[KEY_MANIFEST_MAX];
	static struct people old, new;
	struct signers both = { .count = 0 }, few;
	struct key_set next;
	size_t n;

	people_make(&old, *state, "old", 2, 2);
	people_make(&new, *state, "new", 2, 2);
	new.set.version = 2;
	join(&both, &old.roots);
	join(&both, &new.roots);
	next = new.set;
	assert_int_equal(key_manifest_make(&old.set, &next, &both, out, &n), OK);
	next = new.set;
	assert_int_equal(key_manifest_make(&old.set, &next, &old.roots, out, &n), ERR_SIGNATURE_MISSING);
	next = new.set;
	assert_int_equal(key_manifest_make(&old.set, &next, &new.roots, out, &n), ERR_SIGNATURE_MISSING);
	few = old.roots;
	few.count = 1;
	next = old.set;
	assert_int_equal(key_manifest_make(NULL, &next, &few, out, &n), ERR_SIGNATURE_MISSING);
	next = old.set;
	next.root_threshold = 3;
	assert_int_equal(key_manifest_make(NULL, &next, &old.roots, out, &n), ERR_KEYS_FORMAT);
	signers_close(&old.roots);
	signers_close(&new.roots);
}

static void a_key_opens_once_however_often_it_lies_about(void **state)
{
	static struct people p;
	struct signers twice = { .count = 0 };

	people_make(&p, *state, "one", 2, 1);
	assert_int_equal(signers_add(p.dir, ROLE_ROOT, &none, &twice, NULL, 0), OK);
	assert_int_equal(signers_add(p.dir, ROLE_ROOT, &none, &twice, NULL, 0), OK);
	assert_int_equal(twice.count, 2);
	signers_close(&twice);
	signers_close(&p.roots);
}

static void files_with_other_names_are_no_keys(void **state)
{
	static const char *const others[] = { "root-.pem", "root-01.pem", "root-1.pem.bak", "root--1.pem", "root-0.pem",
		"root-1234567.pem", "roots-1.pem", "root-x.pem" };
	u32 numbers[16];

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(file_create(in(*state, others[i]), "", 0, SECRET_MODE), OK);
	assert_int_equal(store_numbers(*state, "root", ".pem", numbers, 16), 0);
	assert_int_equal(file_create(in(*state, "root-10.pem"), "", 0, SECRET_MODE), OK);
	assert_int_equal(file_create(in(*state, "root-9.pem"), "", 0, SECRET_MODE), OK);
	assert_int_equal(store_numbers(*state, "root", ".pem", numbers, 16), 2);
	assert_int_equal(numbers[0], 9);
	assert_int_equal(numbers[1], 10);
}

static void a_signature_list_has_its_layout(void **state)
{
	u8 out[ESL_OVERHEAD + 3];
	size_t n = 0;

	(void)state;
	assert_int_equal(esl_add(out, sizeof(out) - 1, &n, guid_owner, (const u8 *)"abc", 3), ERR_RANGE);
	assert_int_equal(n, 0);
	assert_int_equal(esl_add(out, sizeof(out), &n, guid_owner, (const u8 *)"abc", 3), OK);
	assert_int_equal(n, sizeof(out));
	assert_int_equal(load_le32(out + 16), sizeof(out));
	assert_int_equal(load_le32(out + 20), 0);
	assert_int_equal(load_le32(out + 24), GUID_SIZE + 3);
	assert_memory_equal(out + 28, guid_owner, GUID_SIZE);
	assert_memory_equal(out + ESL_OVERHEAD, "abc", 3);
	assert_int_equal(esl_add(out, sizeof(out), &n, guid_owner, (const u8 *)"abc", 3), ERR_RANGE);
}

static void an_organisation_cannot_rewrite_the_name(void **state)
{
	(void)state;
	assert_true(organisation_valid("Example GmbH & Co. (2)"));
	assert_false(organisation_valid(""));
	assert_false(organisation_valid("a,CN=b"));
	assert_false(organisation_valid("a=b"));
	assert_false(organisation_valid("a\nb"));
	assert_false(organisation_valid(" a"));
	assert_false(organisation_valid("\xc3\xa9"));
	assert_true(organisation_valid("123456789012345678901234567890123456789012345678"));
	assert_false(organisation_valid("1234567890123456789012345678901234567890123456789"));
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(a_saved_key_signs_what_its_public_half_verifies),
		WITH_DIRECTORY(a_policy_key_is_p256),
		WITH_DIRECTORY(an_rsa_key_is_no_signer),
		WITH_DIRECTORY(only_the_right_passphrase_opens),
		WITH_DIRECTORY(a_key_others_can_read_is_refused),
		WITH_DIRECTORY(what_is_no_key_is_refused),
		WITH_DIRECTORY(a_passphrase_is_the_first_line_of_a_private_file),
		WITH_DIRECTORY(nothing_is_overwritten),
		WITH_DIRECTORY(a_chain_needs_old_and_new_roots),
		WITH_DIRECTORY(the_maker_refuses_what_the_walk_would_refuse),
		WITH_DIRECTORY(a_key_opens_once_however_often_it_lies_about),
		WITH_DIRECTORY(files_with_other_names_are_no_keys),
		cmocka_unit_test(a_signature_list_has_its_layout),
		cmocka_unit_test(an_organisation_cannot_rewrite_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
