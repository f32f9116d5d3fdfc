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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_ROOM = 64, DATE_ROOM = 16, NUMBERS_MAX = 1024 };

struct row {
	u32 rank; /* of the role */
	const char *role;
	char name[NAME_ROOM];
	const char *algorithm;
	const char *state;
	char expires[DATE_ROOM]; /* YYYY-MM-DD, "" when it does not expire */
	char file[NAME_ROOM]; /* of the private key, "" when it is not here */
	u8 id[KEY_ID_SIZE]; /* of a certificate: SHA-256 of its DER */
};

/* All of them, to be sorted before any is shown. */
struct rows {
	struct row *each;
	size_t count, room;
	bool failed; /* no memory */
};

static void put_row(struct rows *to, const struct row *row)
{
	enum { FIRST = 32 };

	if (to->count == to->room) {
		size_t room = to->room ? 2 * to->room : FIRST;
		struct row *more = realloc(to->each, room * sizeof(*more));

		if (!more) {
			to->failed = true;
			return;
		}
		to->each = more;
		to->room = room;
	}
	to->each[to->count++] = *row;
}

static void print_row(const struct row *row)
{
	char id[2 * KEY_ID_SIZE + 1];

	hex_encode(id, row->id, KEY_ID_SIZE);
	printf("%-9s %-9s %-8s %-11s %-22s %s\n", row->role, row->algorithm, row->state,
	        row->expires[0] ? row->expires : "-", row->file[0] ? row->file : "-", id);
}

static void json_row(struct json *j, const struct row *row)
{
	json_object(j, NULL);
	json_text(j, "role", row->role);
	json_text(j, "algorithm", row->algorithm);
	json_text(j, "state", row->state);
	json_text(j, "expires", row->expires[0] ? row->expires : NULL);
	json_text(j, "file", row->file[0] ? row->file : NULL);
	json_hex(j, "id", row->id, KEY_ID_SIZE);
	json_end_object(j);
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

static void put_listed(struct rows *to, const char *dir, const struct public_key *key)
{
	struct row row = {
		.rank = key->role,
		.role = role_name(key->role),
		.algorithm = algorithm_name(key->algorithm),
		.state = "current",
	};
	u32 number = key_file_number(dir, key->role, key->id);

	memcpy(row.id, key->id, KEY_ID_SIZE);
	if (number && path_make(row.name, sizeof(row.name), "%s-%u", row.role, number) == OK)
		find_file(dir, "", row.name, row.file);
	put_row(to, &row);
}

/* Keys with a file that the newest manifest does not list. */
static void put_unlisted(
        struct rows *to, const char *dir, const char *below, const struct key_set *set, enum key_role role)
{
	u32 numbers[NUMBERS_MAX];
	char folder[PATH_MAX];
	struct public_key key;
	u32 count;

	if (path_make(folder, sizeof(folder), "%s/%s", dir, below) != OK)
		return;
	count = store_numbers(folder, role_name(role), ".pub", numbers, NUMBERS_MAX);
	for (u32 i = 0; i < count; i++) {
		struct row row = { .rank = role, .role = role_name(role) };

		if (public_key_load(folder, role, numbers[i], &key) != OK || key_set_find(set, role, key.id))
			continue;
		row.algorithm = algorithm_name(key.algorithm);
		row.state = key_set_revoked(set, key.id) ? "revoked" : below[0] ? "retired" : "unlisted";
		memcpy(row.id, key.id, KEY_ID_SIZE);
		if (path_make(row.name, sizeof(row.name), "%s-%u", row.role, numbers[i]) == OK)
			find_file(dir, below, row.name, row.file);
		put_row(to, &row);
	}
}

/* Behind the roles of key manifests. */
static u32 rank_of(const struct certificate_role *role)
{
	return ROLE_POLICY + 1 + (u32)(role - certificate_roles);
}

static void put_certificate(
        struct rows *to, const char *dir, const char *below, const char *name, const struct certificate_role *role)
{
	struct row row = { .rank = rank_of(role), .role = role->name, .state = below[0] ? "retired" : "current" };
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
		(void)snprintf(row.name, sizeof(row.name), "%s", name);
		put_row(to, &row);
	}
	mbedtls_x509_crt_free(&crt);
}

static void put_retired_certificates(struct rows *to, const char *dir, const struct certificate_role *role)
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

static void put_all(struct rows *to, const char *dir, const struct key_set *set)
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

/* By role, then by name with its number as a number; what is retired stands where it was before. */
static int compare(const void *first, const void *second)
{
	const struct row *a = first, *b = second;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	int order = strverscmp(a->name, b->name);
	return order ? order : memcmp(a->id, b->id, KEY_ID_SIZE);
}

static enum err rows_read(const char *dir, const struct key_set *set, struct rows *out)
{
	*out = (struct rows){ .each = NULL };
	put_all(out, dir, set);
	if (out->failed) {
		free(out->each);
		return ERR_NO_MEMORY;
	}
	if (out->count)
		qsort(out->each, out->count, sizeof(*out->each), compare);
	return OK;
}

static void list_for_person(const char *dir, const struct key_set *set, const struct rows *rows)
{
	char id[2 * KEY_ID_SIZE + 1];

	printf("%s: key manifest %llu%s; any %u of %u root keys sign, any %u of %u release keys sign\n\n", dir,
	        (unsigned long long)set->version, store_is_development(dir) ? " (development)" : "",
	        set->root_threshold, key_set_count(set, ROLE_ROOT), set->release_threshold,
	        key_set_count(set, ROLE_RELEASE));
	printf("%-9s %-9s %-8s %-11s %-22s %s\n", "ROLE", "ALGORITHM", "STATE", "EXPIRES", "PRIVATE KEY", "ID");
	for (size_t i = 0; i < rows->count; i++)
		print_row(&rows->each[i]);
	if (set->revoked_count)
		puts("\nRevoked ids:");
	for (u32 i = 0; i < set->revoked_count; i++) {
		hex_encode(id, set->revoked[i], KEY_ID_SIZE);
		printf("  %s\n", id);
	}
}

static void list_as_json(const char *dir, const struct key_set *set, const struct rows *rows)
{
	struct json j = json_on(stdout);

	json_object(&j, NULL);
	json_text(&j, "directory", dir);
	json_number(&j, "version", set->version);
	json_bool(&j, "development", store_is_development(dir));
	json_number(&j, "rootThreshold", set->root_threshold);
	json_number(&j, "releaseThreshold", set->release_threshold);
	json_array(&j, "keys");
	for (size_t i = 0; i < rows->count; i++)
		json_row(&j, &rows->each[i]);
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
	struct rows rows;
	enum exit_code code = key_directory_open(dir, &set);

	if (code != EXIT_OK)
		return code;
	enum err e = rows_read(dir, &set, &rows);
	if (e)
		return complain(e, NULL, "cannot list %s", dir);
	if (option_given(args, "json"))
		list_as_json(dir, &set, &rows);
	else
		list_for_person(dir, &set, &rows);
	free(rows.each);
	return EXIT_OK;
}
