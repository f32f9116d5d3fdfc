/*
 * `signetd`: the fleet server.
 * Trust: runs as a user of its own, with one folder.
 */
#include "cli/output.h"
#include "cli/version.h"
#include "signetd/descriptors.h"
#include "signetd/fleet.h"
#include "signetd/init.h"
#include "signetd/journal.h"
#include "signetd/net/loop.h"
#include "signetd/net/tls.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
        "usage: signetd DIR                     serve from the data folder DIR\n"
        "       signetd --init DIR [OPTION ...] make DIR: fleet CA, leaves, certificates, signetd.ini\n"
        "           --name FLEET                what people call the fleet\n"
        "           --host NAME[,IP]            in the server's certificate; may be given several times\n"
        "           --approver NAME             the first approver: DIR/approver.pem and .crt\n"
        "           --ca-key FILE --ca-cert FILE  a fleet CA of `signet keys init`, instead of a new one\n"
        "           --ca-passphrase-file FILE   what its key is locked with\n"
        "       signetd --new-approver NAME DIR certify another approver while no server runs on DIR\n"
        "       signetd --check-config DIR      read DIR/signetd.ini and what it names, as a start does\n"
        "       signetd --version | --help\n"
        "\n"
        "       --accept-broken-audit           with DIR: start although the audit log was tampered with\n"
        "\n"
        "SIGHUP reads signetd.ini again, SIGTERM ends. Exit status: 0 done, 1 failed, 2 wrong usage.\n"
        "docs/signetd.md says more.\n";

enum action { SERVE, INIT, APPROVER, CHECK, VERSION, HELP };

struct invocation {
	enum action action;
	bool accept_broken_audit;
	struct init_options init;
};

enum {
	OPTION_NAME = 256,
	OPTION_HOST,
	OPTION_APPROVER,
	OPTION_CA_KEY,
	OPTION_CA_PASSPHRASE,
	OPTION_CA_CERT,
	OPTION_ACCEPT
};

static const struct option options[] = {
	{ "init", no_argument, NULL, INIT },
	{ "new-approver", required_argument, NULL, APPROVER },
	{ "check-config", no_argument, NULL, CHECK },
	{ "version", no_argument, NULL, VERSION },
	{ "help", no_argument, NULL, HELP },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "host", required_argument, NULL, OPTION_HOST },
	{ "approver", required_argument, NULL, OPTION_APPROVER },
	{ "ca-key", required_argument, NULL, OPTION_CA_KEY },
	{ "ca-passphrase-file", required_argument, NULL, OPTION_CA_PASSPHRASE },
	{ "ca-cert", required_argument, NULL, OPTION_CA_CERT },
	{ "accept-broken-audit", no_argument, NULL, OPTION_ACCEPT },
	{ 0 },
};

static bool take_host(struct init_options *o, const char *host)
{
	if (o->host_count == INIT_HOSTS_MAX)
		return false;
	o->hosts[o->host_count++] = host;
	return true;
}

static bool take_option(struct invocation *v, int option)
{
	switch (option) {
	case APPROVER:
		v->init.approver = optarg;
		/* fallthrough */
	case INIT:
	case CHECK:
	case VERSION:
	case HELP:
		v->action = (enum action)option;
		return true;
	case OPTION_NAME:
		v->init.name = optarg;
		return true;
	case OPTION_HOST:
		return take_host(&v->init, optarg);
	case OPTION_APPROVER:
		v->init.approver = optarg;
		return true;
	case OPTION_CA_KEY:
		v->init.ca_key = optarg;
		return true;
	case OPTION_CA_PASSPHRASE:
		v->init.ca_passphrase = optarg;
		return true;
	case OPTION_CA_CERT:
		v->init.ca_certificate = optarg;
		return true;
	case OPTION_ACCEPT:
		v->accept_broken_audit = true;
		return true;
	default:
		return false;
	}
}

static bool read_arguments(int argc, char *argv[], struct invocation *v)
{
	bool needs_folder;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(v, option))
			return false;
	needs_folder = v->action != VERSION && v->action != HELP;
	if (argc - optind != (needs_folder ? 1 : 0))
		return false;
	v->init.folder = needs_folder ? argv[optind] : NULL;
	return true;
}

static enum err serve(const struct invocation *v)
{
	struct server s = { .clock = &clock_system, .accept_broken_audit = v->accept_broken_audit };
	enum err e;

	if (snprintf(s.folder, sizeof(s.folder), "%s", v->init.folder) >= (int)sizeof(s.folder))
		return ERR_ARGUMENT;
	e = server_open(&s);
	if (e)
		return e;
	e = descriptors_ensure(&s.config);
	if (e) {
		server_close(&s);
		return e;
	}
	journal_set((enum journal_level)s.config.log_level, !isatty(STDERR_FILENO));
	e = loop_serve(&s, server_reload);
	server_close(&s);
	if (!e)
		journal(JOURNAL_NOTICE, "ended");
	return e;
}

static enum err check_configuration(const struct invocation *v)
{
	struct server s = { .clock = &clock_system };
	enum err e;

	if (snprintf(s.folder, sizeof(s.folder), "%s", v->init.folder) >= (int)sizeof(s.folder))
		return ERR_ARGUMENT;
	e = server_configuration(s.folder, &s.config);
	return e ? e : fleet_check(&s);
}

static enum err act(const struct invocation *v)
{
	switch (v->action) {
	case SERVE:
		return serve(v);
	case INIT:
		return init_folder(&v->init, &clock_system);
	case APPROVER:
		return init_approver(v->init.folder, v->init.approver, &clock_system);
	case CHECK:
		return check_configuration(v);
	case VERSION:
		(void)puts("signetd " SIGNET_VERSION);
		return OK;
	case HELP:
		break;
	}
	(void)fputs(usage, stdout);
	return OK;
}

int main(int argc, char *argv[])
{
	struct invocation v = { .action = SERVE };
	enum err e;

	journal_set(JOURNAL_INFO, !isatty(STDERR_FILENO));
	if (!read_arguments(argc, argv, &v)) {
		(void)fputs(usage, stderr);
		return EXIT_USAGE_ERROR;
	}
	if (tls_start())
		return EXIT_FAILED;
	e = act(&v);
	/* An option that cannot be is wrong usage; what a server that ran could not use is not. */
	if (e == ERR_ARGUMENT && v.action != SERVE)
		return EXIT_USAGE_ERROR;
	return e ? EXIT_FAILED : EXIT_OK;
}
