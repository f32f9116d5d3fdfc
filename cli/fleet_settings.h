/*
 * Where the fleet server is, who we are to it and whom we believe: from options, the environment, or fleet.ini, in this
 * order. Trust: the operator's own words and files.
 */
#ifndef SIGNET_CLI_FLEET_SETTINGS_H
#define SIGNET_CLI_FLEET_SETTINGS_H

#include "cli/command.h"
#include "lib/tls/socket.h"

#include <limits.h>

#define FLEET_PORT_DEFAULT "7444"

/* Every command that asks the fleet server has these. */
#define OPTIONS_FLEET                                                                                                  \
	{ .name = "server", .argument = "HOST[:PORT]", .help = "the fleet server (SIGNET_SERVER, or fleet.ini)" },     \
	        { .name = "operator",                                                                                  \
		        .argument = "FILE",                                                                            \
		        .help = "your key and certificate, PEM (SIGNET_OPERATOR, or fleet.ini)" },                     \
	        { .name = "ca",                                                                                        \
		        .argument = "FILE",                                                                            \
		        .help = "the fleet CA's certificate or public key (SIGNET_CA, or fleet.ini)" },                \
	        { .name = "operator-passphrase-file",                                                                  \
		        .argument = "FILE",                                                                            \
		        .help = "first line unlocks your key; - for standard input" }

struct fleet_settings {
	char host[SOCKET_HOST_SIZE], port[SOCKET_PORT_SIZE];
	char operator_file[PATH_MAX], ca_file[PATH_MAX];
};

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT; the port is FLEET_PORT_DEFAULT when it is left out. */
bool server_parse(const char *text, char host[SOCKET_HOST_SIZE], char port[SOCKET_PORT_SIZE]);

/* Says what is missing or wrong, and where it came from. */
enum exit_code fleet_settings_read(const struct args *args, struct fleet_settings *out) MUST_CHECK;

/* $XDG_CONFIG_HOME/signet/fleet.ini, or the same under ~/.config. ERR_ARGUMENT: there is no home; ERR_RANGE. */
enum err fleet_ini_path(char out[PATH_MAX]) MUST_CHECK;

/* Writes it, and the folders it lies in. ERR_IO. */
enum err fleet_ini_write(const char *path, const struct fleet_settings *s) MUST_CHECK;

#endif
