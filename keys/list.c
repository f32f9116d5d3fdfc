/*
 * `signet keys list`: what is in a key directory, from public halves alone.
 * Trust: the operator's own files; the chain is verified.
 */
#include "cli/json.h"
#include "keys/certificate.h"
#include "keys/chain.h"
#include "keys/commands.h"
#include "keys/files.h"
#include "keys/generate.h"
#include "lib/print.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_ROOM = 64, DATE_ROOM = 16, NUMBERS_MAX = 1024 };

struct row {
	const char *role;
	const char *algorithm;
	const char *state;
	char expires[DATE_ROOM]; /* YYYY-MM-DD, "" when it does not expire */
	char file[NAME_ROOM]; /* of the private key, "" when it is not here */
	u8 id[KEY_ID_SIZE]; /* of a certificate: SHA-256 of its DER */
};

/* Where rows go: lines for a person, or JSON. */
struct sink {
	struct json *json; /* NULL: for a person */
};

static void put_row(const struct sink *to, const struct row *row)
{
	char id[2 * KEY_ID_SIZE + 1];

	if (!to->json) {
		hex_encode(id, row->id, KEY_ID_SIZE);
		printf("%-9s %-9s %-8s %-11s %-22s %s\n", row->role, row->algorithm, row->state,
		        row->expires[0] ? row->expires : "-", row->file[0] ? row->file : "-", id);
		return;
	}
	json_object(to->json, NULL);
	json_text(to->json, "role", row->role);
	json_text(to->json, "algorithm", row->algorithm);
	json_text(to->json, "state", row->state);
	json_text(to->json, "expires", row->expires[0] ? row->expires : NULL);
	json_text(to->json, "file", row->file[0] ? row->file : NULL);
	json_hex(to->json, "id", row->id, KEY_ID_SIZE);
	json_end_object(to->json);
}

static const char *algorithm_name(enum signature_algorithm algorithm)
{
	return algorithm == ALGORITHM_P256 ? "P-256" : "P-384";
}

/* Names the private key's file when it is there: roots may be kept elsewhere. */
static void find_file(const char *dir, const char *below, const char *name, char out[NAME_ROOM])
{
	char path[PATH_MAX];

	if (path_make(path, sizeof(path), "%s/%s%s.pem", dir, below, name) != OK || access(path, F_OK) != 0 ||
	        path_make(out, NAME_ROOM, "%s%s.pem", below, name) != OK)
		out[0] = '\0';
}

static void put_listed(const struct sink *to, const char *dir, const struct public_key *key)
{
	struct row row = {
		.role = role_name(key->role), .algorithm = algorithm_name(key->algorithm), .state = "current"
	};
	u32 number = key_file_number(dir, key->role, key->id);
	char name[NAME_ROOM];

	memcpy(row.id, key->id, KEY_ID_SIZE);
	if (number && path_make(name, sizeof(name), "%s-%u", row.role, number) == OK)
		find_file(dir, "", name, row.file);
	put_row(to, &row);
}

/* Keys with a file that the newest manifest does not list. */
static void put_unlisted(
        const struct sink *to, const char *dir, const char *below, const struct key_set *set, enum key_role role)
{
	u32 numbers[NUMBERS_MAX];
	char folder[PATH_MAX], name[NAME_ROOM];
	struct public_key key;
	u32 count;

	if (path_make(folder, sizeof(folder), "%s/%s", dir, below) != OK)
		return;
	count = store_numbers(folder, role_name(role), ".pub", numbers, NUMBERS_MAX);
	for (u32 i = 0; i < count; i++) {
		struct row row = { .role = role_name(role) };

		if (public_key_load(folder, role, numbers[i], &key) != OK || key_set_find(set, role, key.id))
			continue;
		row.algorithm = algorithm_name(key.algorithm);
		row.state = key_set_revoked(set, key.id) ? "revoked" : below[0] ? "retired" : "unlisted";
		memcpy(row.id, key.id, KEY_ID_SIZE);
		if (path_make(name, sizeof(name), "%s-%u", row.role, numbers[i]) == OK)
			find_file(dir, below, name, row.file);
		put_row(to, &row);
	}
}

static void put_certificate(const struct sink *to, const char *dir, const char *below, const char *name,
        const struct certificate_role *role)
{
	struct row row = { .role = role->name, .state = below[0] ? "retired" : "current" };
	char folder[PATH_MAX], path[PATH_MAX];
	mbedtls_x509_crt crt;

	mbedtls_x509_crt_init(&crt);
	if (path_make(folder, sizeof(folder), "%s/%s", dir, below) == OK &&
	        store_path(folder, name, ".crt", path, sizeof(path)) == OK && certificate_load(path, &crt) == OK) {
		row.algorithm = role->type == KEY_RSA_2048 ? "RSA-2048" : "P-384";
		(void)snprintf(row.expires, sizeof(row.expires), "%04u-%02u-%02u", (unsigned)crt.valid_to.year % 10000,
		        (unsigned)crt.valid_to.mon % 100, (unsigned)crt.valid_to.day % 100);
		sha256_of(crt.raw.p, crt.raw.len, row.id);
		find_file(dir, below, name, row.file);
		put_row(to, &row);
	}
	mbedtls_x509_crt_free(&crt);
}

static void put_retired_certificates(const struct sink *to, const char *dir, const struct certificate_role *role)
{
	u32 numbers[NUMBERS_MAX];
	char folder[PATH_MAX], name[NAME_ROOM];
	u32 count;

	if (path_make(folder, sizeof(folder), "%s/" RETIRED, dir) != OK)
		return;
	count = store_numbers(folder, role->name, ".crt", numbers, NUMBERS_MAX);
	for (u32 i = 0; i < count; i++)
		if (path_make(name, sizeof(name), "%s-%u", role->name, numbers[i]) == OK)
			put_certificate(to, dir, RETIRED "/", name, role);
}

static void put_rows(const struct sink *to, const char *dir, const struct key_set *set)
{
	for (u32 i = 0; i < set->key_count; i++)
		put_listed(to, dir, &set->keys[i]);
	for (size_t i = 0; i < certificate_role_count; i++)
		put_certificate(to, dir, "", certificate_roles[i].name, &certificate_roles[i]);
	for (u32 role = ROLE_ROOT; role <= ROLE_POLICY; role++) {
		put_unlisted(to, dir, "", set, (enum key_role)role);
		put_unlisted(to, dir, RETIRED "/", set, (enum key_role)role);
	}
	for (size_t i = 0; i < certificate_role_count; i++)
		put_retired_certificates(to, dir, &certificate_roles[i]);
}

static void list_for_person(const char *dir, const struct key_set *set)
{
	char id[2 * KEY_ID_SIZE + 1];

	printf("%s: key manifest %llu%s; any %u of %u root keys sign, any %u of %u release keys sign\n\n", dir,
	        (unsigned long long)set->version, store_is_development(dir) ? " (development)" : "",
	        set->root_threshold, key_set_count(set, ROLE_ROOT), set->release_threshold,
	        key_set_count(set, ROLE_RELEASE));
	printf("%-9s %-9s %-8s %-11s %-22s %s\n", "ROLE", "ALGORITHM", "STATE", "EXPIRES", "PRIVATE KEY", "ID");
	put_rows(&(struct sink){ NULL }, dir, set);
	if (set->revoked_count)
		puts("\nRevoked ids:");
	for (u32 i = 0; i < set->revoked_count; i++) {
		hex_encode(id, set->revoked[i], KEY_ID_SIZE);
		printf("  %s\n", id);
	}
}

static void list_as_json(const char *dir, const struct key_set *set)
{
	struct json j = json_on(stdout);

	json_object(&j, NULL);
	json_text(&j, "directory", dir);
	json_number(&j, "version", set->version);
	json_bool(&j, "development", store_is_development(dir));
	json_number(&j, "rootThreshold", set->root_threshold);
	json_number(&j, "releaseThreshold", set->release_threshold);
	json_array(&j, "keys");
	put_rows(&(struct sink){ &j }, dir, set);
	json_end_array(&j);
	json_array(&j, "revoked");
	for (u32 i = 0; i < set->revoked_count; i++)
		json_hex(&j, NULL, set->revoked[i], KEY_ID_SIZE);
	json_end_array(&j);
	json_end_object(&j);
}

enum exit_code keys_list(const struct args *args)
{
	const char *dir = operand(args, 0) ? operand(args, 0) : KEYS_DIRECTORY_DEFAULT;
	struct key_set set;
	enum exit_code code = key_directory_open(dir, &set);

	if (code != EXIT_OK)
		return code;
	if (option_given(args, "json"))
		list_as_json(dir, &set);
	else
		list_for_person(dir, &set);
	return EXIT_OK;
}
