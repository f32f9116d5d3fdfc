/*
 * `signet keys export`: what firmware, stage builders and fleet servers need, and no private key.
 * Trust: signs Secure Boot variables with PK and KEK; those keys reach sbvarsign through memory, never a file.
 */
#include "image/host/file.h"
#include "keys/certificate.h"
#include "keys/chain.h"
#include "keys/commands.h"
#include "keys/esl.h"
#include "keys/files.h"
#include "keys/generate.h"
#include "keys/pkcs8.h"
#include "keys/tool.h"

#include <errno.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

struct export
{
	const struct args *args;
	const struct key_session *session;
	const char *out;
};

static enum err add_certificate(
        const char *path, const u8 owner[GUID_SIZE], u8 *esl, size_t *n, const char *copy /* as DER; may be NULL */)
{
	mbedtls_x509_crt crt;
	enum err e;

	mbedtls_x509_crt_init(&crt);
	e = certificate_load(path, &crt);
	if (e == OK)
		e = esl_add(esl, ESL_MAX, n, owner, crt.raw.p, crt.raw.len);
	if (e == OK && copy)
		e = file_write(copy, crt.raw.p, crt.raw.len);
	mbedtls_x509_crt_free(&crt);
	return e;
}

static const char *microsoft_ca(const struct export *x, u32 n)
{
	if (option_given(x->args, "microsoft-ca"))
		return option_value_at(x->args, "microsoft-ca", n);
	return n < ARRAY_SIZE(microsoft_defaults) ? microsoft_defaults[n] : NULL;
}

static enum exit_code add_microsoft(const struct export *x, u8 *esl, size_t *n)
{
	const char *path;

	for (u32 i = 0; (path = microsoft_ca(x, i)) != NULL; i++) {
		enum err e = add_certificate(path, guid_microsoft, esl, n, NULL);

		if (e != OK)
			return complain(e,
			        "install python3-virt-firmware, or name the certificate with --microsoft-ca FILE",
			        "cannot read certificate %s", path);
	}
	return EXIT_OK;
}

/* The private key, decrypted, in memory that only this process and its child see: the child inherits the descriptor. */
static enum err secret_in_memory(const char *path, const struct passphrase *passphrase, int *fd)
{
	static const struct passphrase none;
	char pem[KEY_PEM_MAX];
	size_t n = 0;
	mbedtls_pk_context key;
	enum err e;

	mbedtls_pk_init(&key);
	e = private_key_load(path, passphrase, &key);
	if (e == OK)
		e = pkcs8_write(&key, &none, pem, &n);
	mbedtls_pk_free(&key);
	if (e != OK)
		return e;
	*fd = memfd_create("key", 0);
	e = *fd < 0 ? ERR_IO : write_at(*fd, 0, pem, n);
	if (e != OK && *fd >= 0)
		(void)close(*fd);
	mbedtls_platform_zeroize(pem, sizeof(pem));
	return e;
}

/* A signed update of the variable: dir/signer.{pem,crt} vouches for esl_path. */
static enum err sign_variable(const struct export *x, const char *dir, const char *signer, const char *name,
        const char *esl_path, const char *auth)
{
	char key[PATH_MAX], certificate[PATH_MAX], secret[32];
	const char *const argv[] = { "sbvarsign", "--key", secret, "--cert", certificate, "--attr",
		"NON_VOLATILE,BOOTSERVICE_ACCESS,RUNTIME_ACCESS,TIME_BASED_AUTHENTICATED_WRITE_ACCESS", "--output",
		auth, name, esl_path, NULL };
	int fd;
	enum err e = store_path(dir, signer, ".pem", key, sizeof(key));

	if (e == OK)
		e = store_path(dir, signer, ".crt", certificate, sizeof(certificate));
	if (e == OK)
		e = secret_in_memory(key, &x->session->passphrase, &fd);
	if (e != OK)
		return e;
	e = path_make(secret, sizeof(secret), "/proc/self/fd/%d", fd);
	if (e == OK)
		e = tool_run(argv);
	(void)close(fd);
	return e;
}

/* For machines that already have an older PK of ours: only its holder may put the new one in. */
static enum err sign_pk_update(const struct export *x, const char *esl_path)
{
	char retired[PATH_MAX], name[64], auth[PATH_MAX];
	u32 numbers[128];
	u32 count;
	enum err e = path_make(retired, sizeof(retired), "%s/" RETIRED, x->session->dir);

	if (e != OK)
		return e;
	count = store_numbers(retired, "pk", ".crt", numbers, ARRAY_SIZE(numbers));
	for (u32 i = 0; e == OK && i < count; i++) {
		e = path_make(name, sizeof(name), "pk-%u", numbers[i]);
		if (e == OK)
			e = path_make(auth, sizeof(auth), "%s/PK-from-%s.auth", x->out, name);
		if (e == OK)
			e = sign_variable(x, retired, name, "PK", esl_path, auth);
	}
	return e;
}

static enum exit_code export_variable(const struct export *x, const struct variable *v)
{
	static u8 esl[ESL_MAX];
	size_t n = 0;
	char path[PATH_MAX], cer[PATH_MAX], list[PATH_MAX], auth[PATH_MAX];
	enum err e = store_path(x->session->dir, v->key, ".crt", path, sizeof(path));

	if (e == OK)
		e = store_path(x->out, v->name, ".cer", cer, sizeof(cer));
	if (e == OK)
		e = store_path(x->out, v->name, ".esl", list, sizeof(list));
	if (e == OK)
		e = store_path(x->out, v->name, ".auth", auth, sizeof(auth));
	if (e == OK)
		e = add_certificate(path, guid_owner, esl, &n, cer);
	if (e == OK && strcmp(v->name, "db") == 0 && option_given(x->args, "with-microsoft-option-rom-ca")) {
		enum exit_code code = add_microsoft(x, esl, &n);

		if (code != EXIT_OK)
			return code;
	}
	if (e == OK)
		e = file_write(list, esl, n);
	if (e == OK)
		e = sign_variable(x, x->session->dir, v->signer, v->name, list, auth);
	if (e == OK && strcmp(v->name, "PK") == 0)
		e = sign_pk_update(x, list);
	return e == OK ? EXIT_OK : complain(e, key_advice(e), "cannot export %s", v->name);
}

static enum err copy_file(const struct export *x, const char *from, const char *to)
{
	u8 bytes[KEY_PEM_MAX];
	char source[PATH_MAX], target[PATH_MAX];
	size_t n;
	enum err e = store_path(x->session->dir, from, "", source, sizeof(source));

	if (e == OK)
		e = store_path(x->out, to, "", target, sizeof(target));
	if (e == OK)
		e = file_read(source, bytes, sizeof(bytes), &n);
	return e == OK ? file_write(target, bytes, n) : e;
}

static enum err export_policy_key(const struct export *x)
{
	const u8 *key = key_set_policy_key(&x->session->set);
	char path[PATH_MAX], name[64];
	u8 id[KEY_ID_SIZE];
	enum err e = store_path(x->out, "policy-key.bin", "", path, sizeof(path));

	sha256_of(key, P256_KEY_SIZE, id);
	if (e == OK)
		e = path_make(name, sizeof(name), "policy-%u.pub", key_file_number(x->session->dir, ROLE_POLICY, id));
	if (e == OK)
		e = copy_file(x, name, "policy.pub");
	return e == OK ? file_write(path, key, P256_KEY_SIZE) : e;
}

static enum err export_chain(const struct export *x)
{
	static u8 region[IMAGE_KEYS_MAX];
	char path[PATH_MAX];
	size_t n;
	enum err e = store_path(x->out, "key-manifests.bin", "", path, sizeof(path));

	if (e == OK)
		e = store_read_chain(x->session->dir, region, &n);
	return e == OK ? file_write(path, region, n) : e;
}

/* As PEM too, which tools for virtual firmware and EFI signing ask for. */
static enum err copy_certificate(const struct export *x, const struct variable *v)
{
	char from[16], to[16];
	enum err e = path_make(from, sizeof(from), "%s.crt", v->key);

	if (e == OK)
		e = path_make(to, sizeof(to), "%s.crt", v->name);
	return e == OK ? copy_file(x, from, to) : e;
}

static enum exit_code export_rest(const struct export *x)
{
	enum err e = copy_file(x, "fleet-ca.crt", "fleet-ca.crt");

	if (e == OK)
		e = export_policy_key(x);
	if (e == OK)
		e = export_chain(x);
	for (size_t i = 0; e == OK && i < ARRAY_SIZE(variables); i++)
		e = copy_certificate(x, &variables[i]);
	return e == OK ? EXIT_OK : complain(e, key_advice(e), "cannot export to %s", x->out);
}

static void report(const struct export *x)
{
	printf("Wrote PK, KEK and db (.crt, .cer, .esl, .auth), fleet-ca.crt, policy.pub, policy-key.bin, "
	       "key-manifests.bin "
	       "to %s\n",
	        x->out);
	puts("Next: in the firmware's set-up, enrol db, then KEK, then PK, and switch Secure Boot on.");
	if (option_given(x->args, "with-microsoft-option-rom-ca"))
		note("db admits whatever Microsoft signed for third parties, boot loaders among it; PCR 7 tells them "
		     "apart");
}

static enum exit_code export_all(const struct export *x)
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
	code = export_all(&(struct export){ args, &s, option_value(args, "out") });
	key_session_close(&s);
	return code;
}
