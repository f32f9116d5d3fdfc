/*
 * `signet keys export`: what firmware, stage builders and fleet servers need, and no private key.
 * Trust: signs Secure Boot variables with PK and KEK.
 */
#include "image/host/file.h"
#include "keys/certificate.h"
#include "keys/chain.h"
#include "keys/commands.h"
#include "keys/files.h"
#include "keys/generate.h"
#include "keys/pkcs8.h"
#include "keys/variable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { ESL_MAX = 65536 };

/* Each variable and the key whose holder may change it. */
static const struct variable {
	const char *name; /* of the variable, and of the files made */
	const char *key;
	const char *signer;
} variables[] = {
	{ "PK", "pk", "pk" },
	{ "KEK", "kek", "pk" },
	{ "db", "db", "kek" },
};

static const char *const microsoft_defaults[] = {
	"/usr/lib/python3/dist-packages/virt/firmware/certs/MicrosoftCorporationUEFICA2011.pem",
	"/usr/lib/python3/dist-packages/virt/firmware/certs/MicrosoftUEFICA2023.pem",
};

/* EFI signature lists, one behind the other: the content of a variable. */
struct esl {
	u8 bytes[ESL_MAX];
	size_t n;
};

struct export_job {
	const struct args *args;
	const struct key_session *session;
	const char *out;
};

static enum err add_certificate(
        const char *path, const u8 owner[GUID_SIZE], struct esl *esl, const char *copy /* as DER; may be NULL */)
{
	mbedtls_x509_crt crt;
	enum err e;

	mbedtls_x509_crt_init(&crt);
	e = certificate_load(path, &crt);
	if (!e)
		e = esl_add(esl->bytes, ESL_MAX, &esl->n, owner, crt.raw.p, crt.raw.len);
	if (!e && copy)
		e = file_write(copy, crt.raw.p, crt.raw.len);
	mbedtls_x509_crt_free(&crt);
	return e;
}

static const char *microsoft_ca(const struct export_job *x, u32 n)
{
	if (option_given(x->args, "microsoft-ca"))
		return option_value_at(x->args, "microsoft-ca", n);
	return n < ARRAY_SIZE(microsoft_defaults) ? microsoft_defaults[n] : NULL;
}

static enum exit_code add_microsoft(const struct export_job *x, struct esl *esl)
{
	const char *path;

	for (u32 i = 0; (path = microsoft_ca(x, i)) != NULL; i++) {
		enum err e = add_certificate(path, guid_microsoft, esl, NULL);

		if (e)
			return complain(e,
			        "install python3-virt-firmware, or name the certificate with --microsoft-ca FILE",
			        "cannot read certificate %s", path);
	}
	return EXIT_OK;
}

/* Content of a variable, signed for firmware by whoever may change it: dir/signer.{pem,crt}. */
static enum err sign_update(const struct export_job *x, const char *dir, const char *signer,
        const struct variable_update *u, u8 *auth, size_t *n)
{
	char path[PATH_MAX];
	mbedtls_pk_context key;
	mbedtls_x509_crt crt;
	enum err e = store_path(dir, signer, ".pem", path, sizeof(path));

	mbedtls_pk_init(&key);
	mbedtls_x509_crt_init(&crt);
	if (!e)
		e = private_key_load(path, &x->session->passphrase, &key);
	if (!e)
		e = store_path(dir, signer, ".crt", path, sizeof(path));
	if (!e)
		e = certificate_load(path, &crt);
	if (!e)
		e = variable_sign(u, &key, &crt, auth, n);
	mbedtls_x509_crt_free(&crt);
	mbedtls_pk_free(&key);
	return e;
}

static enum err write_auth(const struct export_job *x, const char *dir, const char *signer, const char *file,
        const char *name, const struct esl *esl)
{
	static u8 auth[VARIABLE_OVERHEAD_MAX + ESL_MAX];
	const struct variable_update update = {
		.name = name,
		.guid = strcmp(name, "db") == 0 ? guid_database : guid_global,
		.when = time(NULL),
		.content = esl->bytes,
		.length = esl->n,
	};
	char path[PATH_MAX];
	size_t n;
	enum err e = store_path(x->out, file, ".auth", path, sizeof(path));

	if (!e)
		e = sign_update(x, dir, signer, &update, auth, &n);
	return e ? e : file_write(path, auth, n);
}

/* For machines that already have an older PK of ours: only its holder may put the new one in. */
static enum err write_pk_updates(const struct export_job *x, const struct esl *esl)
{
	char retired[PATH_MAX], name[64], file[80];
	u32 numbers[128];
	u32 count;
	enum err e = path_make(retired, sizeof(retired), "%s/" RETIRED, x->session->dir);

	if (e)
		return e;
	count = store_numbers(retired, "pk", ".crt", numbers, ARRAY_SIZE(numbers));
	for (u32 i = 0; !e && i < count; i++) {
		e = path_make(name, sizeof(name), "pk-%u", numbers[i]);
		if (!e)
			e = path_make(file, sizeof(file), "PK-from-%s", name);
		if (!e)
			e = write_auth(x, retired, name, file, "PK", esl);
	}
	return e;
}

static enum err write_certificate(const struct export_job *x, const struct variable *v, struct esl *esl)
{
	char path[PATH_MAX], cer[PATH_MAX];
	enum err e = store_path(x->session->dir, v->key, ".crt", path, sizeof(path));

	if (!e)
		e = store_path(x->out, v->name, ".cer", cer, sizeof(cer));
	return e ? e : add_certificate(path, guid_owner, esl, cer);
}

static enum err write_variable(const struct export_job *x, const struct variable *v, const struct esl *esl)
{
	char path[PATH_MAX];
	enum err e = store_path(x->out, v->name, ".esl", path, sizeof(path));

	if (!e)
		e = file_write(path, esl->bytes, esl->n);
	if (!e)
		e = write_auth(x, x->session->dir, v->signer, v->name, v->name, esl);
	return !e && strcmp(v->name, "PK") == 0 ? write_pk_updates(x, esl) : e;
}

static enum exit_code complain_export(const struct export_job *x, enum err e, const char *what)
{
	const char *cause = e == ERR_IO && errno ? strerror(errno) : NULL;

	return complain(
	        e, key_advice(e), "cannot export %s to %s%s%s", what, x->out, cause ? ": " : "", cause ? cause : "");
}

static enum exit_code export_variable(const struct export_job *x, const struct variable *v)
{
	static struct esl esl;
	enum exit_code code = EXIT_OK;
	enum err e;

	esl.n = 0;
	e = write_certificate(x, v, &esl);
	if (!e && strcmp(v->name, "db") == 0 && option_given(x->args, "with-microsoft-option-rom-ca"))
		code = add_microsoft(x, &esl);
	if (code != EXIT_OK)
		return code;
	if (!e)
		e = write_variable(x, v, &esl);
	return e ? complain_export(x, e, v->name) : EXIT_OK;
}

static enum err copy_file(const struct export_job *x, const char *from, const char *to)
{
	u8 bytes[KEY_PEM_MAX];
	char source[PATH_MAX], target[PATH_MAX];
	size_t n;
	enum err e = store_path(x->session->dir, from, "", source, sizeof(source));

	if (!e)
		e = store_path(x->out, to, "", target, sizeof(target));
	if (!e)
		e = file_read(source, bytes, sizeof(bytes), &n);
	return e ? e : file_write(target, bytes, n);
}

static enum err export_policy_key(const struct export_job *x)
{
	const u8 *key = key_set_policy_key(&x->session->set);
	char path[PATH_MAX], name[64];
	u8 id[KEY_ID_SIZE];
	enum err e = store_path(x->out, "policy-key.bin", "", path, sizeof(path));

	sha256_of(key, P256_KEY_SIZE, id);
	if (!e)
		e = path_make(name, sizeof(name), "policy-%u.pub", key_file_number(x->session->dir, ROLE_POLICY, id));
	if (!e)
		e = copy_file(x, name, "policy.pub");
	return e ? e : file_write(path, key, P256_KEY_SIZE);
}

static enum err export_chain(const struct export_job *x)
{
	static u8 region[IMAGE_KEYS_MAX];
	char path[PATH_MAX];
	size_t n;
	enum err e = store_path(x->out, "key-manifests.bin", "", path, sizeof(path));

	if (!e)
		e = store_read_chain(x->session->dir, region, &n);
	return e ? e : file_write(path, region, n);
}

/* As PEM too, which tools for virtual firmware and EFI signing ask for. */
static enum err copy_certificate(const struct export_job *x, const struct variable *v)
{
	char from[16], to[16];
	enum err e = path_make(from, sizeof(from), "%s.crt", v->key);

	if (!e)
		e = path_make(to, sizeof(to), "%s.crt", v->name);
	return e ? e : copy_file(x, from, to);
}

static enum exit_code export_rest(const struct export_job *x)
{
	enum err e = copy_file(x, "fleet-ca.crt", "fleet-ca.crt");

	if (!e)
		e = export_policy_key(x);
	if (!e)
		e = export_chain(x);
	for (size_t i = 0; !e && i < ARRAY_SIZE(variables); i++)
		e = copy_certificate(x, &variables[i]);
	return e ? complain_export(x, e, "certificates and key manifests") : EXIT_OK;
}

static void report(const struct export_job *x)
{
	printf("Wrote PK, KEK and db (.crt, .cer, .esl, .auth), fleet-ca.crt, policy.pub, policy-key.bin, "
	       "key-manifests.bin "
	       "to %s\n",
	        x->out);
	puts("Next: in the firmware's set-up, enrol db, then KEK, then PK, and switch Secure Boot on.");
	if (option_given(x->args, "with-microsoft-option-rom-ca"))
		note("db admits whatever Microsoft signed for third parties, boot loaders among it; in a machine with "
		     "such a card PCR 7 need not tell them from ours (SECURITY.md, known limits)");
}

static enum exit_code export_all(const struct export_job *x)
{
	enum exit_code code = EXIT_OK;

	if (mkdir(x->out, 0755) != 0 && errno != EEXIST)
		return complain(
		        ERR_IO, "check the path and your rights there", "cannot make %s: %s", x->out, strerror(errno));
	for (size_t i = 0; code == EXIT_OK && i < ARRAY_SIZE(variables); i++)
		code = export_variable(x, &variables[i]);
	if (code == EXIT_OK)
		code = export_rest(x);
	if (code == EXIT_OK)
		report(x);
	return code;
}

enum exit_code keys_export(const struct args *args)
{
	struct key_session s;
	enum exit_code code;

	if (option_given(args, "microsoft-ca") && !option_given(args, "with-microsoft-option-rom-ca"))
		return usage_error(args, "--microsoft-ca needs --with-microsoft-option-rom-ca");
	code = key_session_open(args, &s);
	if (code != EXIT_OK)
		return code;
	code = export_all(&(struct export_job){ args, &s, option_value(args, "out") });
	key_session_close(&s);
	return code;
}
