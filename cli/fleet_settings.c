/* Settings of the way to the fleet server. Trust: see the header. */
#include "cli/fleet_settings.h"

#include "cli/image_common.h"
#include "image/host/file.h"
#include "keys/files.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum setting { SETTING_SERVER, SETTING_OPERATOR, SETTING_CA, SETTINGS };

/* One name for option and line of the file. */
static const struct {
	const char *name, *variable, *what;
} settings[SETTINGS] = {
	[SETTING_SERVER] = { "server", "SIGNET_SERVER", "where the fleet server is" },
	[SETTING_OPERATOR] = { "operator", "SIGNET_OPERATOR", "your key and certificate" },
	[SETTING_CA] = { "ca", "SIGNET_CA", "the fleet CA" },
};

/* fleet.ini as it was read. */
struct ini_text {
	char path[PATH_MAX];
	char value[SETTINGS][PATH_MAX];
	int bad_line;
};

/* A setting and where it was found, for messages. */
struct found {
	const char *value, *from;
};

bool server_parse(const char *text, char host[SOCKET_HOST_SIZE], char port[SOCKET_PORT_SIZE])
{
	char with_port[SOCKET_HOST_SIZE + SOCKET_PORT_SIZE + 4];
	int n = snprintf(with_port, sizeof(with_port), "%s:" FLEET_PORT_DEFAULT, text);

	if (n < 0 || (size_t)n >= sizeof(with_port) || strpbrk(text, " \t/@"))
		return false;
	return socket_address_split(text, strlen(text), host, port) ||
	        socket_address_split(with_port, (size_t)n, host, port);
}

enum err fleet_ini_path(char out[PATH_MAX])
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && config[0])
		return path_make(out, PATH_MAX, "%s/signet/fleet.ini", config);
	if (!home || !home[0])
		return ERR_ARGUMENT;
	return path_make(out, PATH_MAX, "%s/.config/signet/fleet.ini", home);
}

/* For ini_parse(): 0 is a bad line. */
static int take_line(void *context, const char *section, const char *name, const char *value)
{
	struct ini_text *ini = context;
	size_t n = strlen(value);

	for (u32 i = 0; i < SETTINGS; i++) {
		if (strcmp(name, settings[i].name) != 0 || section[0] || n == 0 || n >= PATH_MAX || ini->value[i][0])
			continue;
		memcpy(ini->value[i], value, n + 1);
		return 1;
	}
	return 0;
}

/* No file is no error. */
static enum exit_code read_ini(struct ini_text *ini)
{
	struct stat st;

	if (fleet_ini_path(ini->path) != OK || (stat(ini->path, &st) != 0 && errno == ENOENT))
		return EXIT_OK;
	ini->bad_line = ini_parse(ini->path, take_line, ini);
	if (ini->bad_line == 0)
		return EXIT_OK;
	if (ini->bad_line < 0)
		return complain_file(ERR_IO, "`signet fleet connect` writes it anew", "cannot read", ini->path);
	return complain(ERR_KEY_FILE,
	        "it holds server, operator and ca, each once; `signet fleet connect` writes it anew",
	        "line %d of %s is of no use", ini->bad_line, ini->path);
}

static struct found find(const struct args *args, const struct ini_text *ini, enum setting which)
{
	const char *option = option_value(args, settings[which].name), *variable = getenv(settings[which].variable);

	if (option)
		return (struct found){ option, "the command line" };
	if (variable && variable[0])
		return (struct found){ variable, settings[which].variable };
	return (struct found){ ini->value[which], ini->path };
}

static enum exit_code find_all(const struct args *args, const struct ini_text *ini, struct found out[SETTINGS])
{
	for (u32 i = 0; i < SETTINGS; i++) {
		out[i] = find(args, ini, (enum setting)i);
		if (out[i].value[0])
			continue;
		note("%s: neither --%s nor %s nor fleet.ini says it", settings[i].what, settings[i].name,
		        settings[i].variable);
		note("`signet fleet connect --server HOST:PORT --operator FILE --ca FILE` keeps it for all commands");
		return EXIT_USAGE_ERROR;
	}
	return EXIT_OK;
}

static enum exit_code take_path(const struct found *f, enum setting which, char out[PATH_MAX])
{
	size_t n = strlen(f->value);

	if (n >= PATH_MAX) {
		note("%s gives a path that is too long for %s", f->from, settings[which].what);
		return EXIT_USAGE_ERROR;
	}
	memcpy(out, f->value, n + 1);
	return EXIT_OK;
}

enum exit_code fleet_settings_read(const struct args *args, struct fleet_settings *out)
{
	static struct ini_text ini;
	struct found found[SETTINGS];
	enum exit_code code;

	ini = (struct ini_text){ 0 };
	*out = (struct fleet_settings){ 0 };
	code = read_ini(&ini);
	if (code == EXIT_OK)
		code = find_all(args, &ini, found);
	if (code != EXIT_OK)
		return code;
	if (!server_parse(found[SETTING_SERVER].value, out->host, out->port)) {
		note("%s names the fleet server as '%s', which is no HOST:PORT", found[SETTING_SERVER].from,
		        found[SETTING_SERVER].value);
		return EXIT_USAGE_ERROR;
	}
	code = take_path(&found[SETTING_OPERATOR], SETTING_OPERATOR, out->operator_file);
	return code == EXIT_OK ? take_path(&found[SETTING_CA], SETTING_CA, out->ca_file) : code;
}

/* Every folder on the way to path. */
static enum err make_folders(const char *path)
{
	char folder[PATH_MAX];
	enum err e = path_make(folder, sizeof(folder), "%s", path);

	for (char *slash = strchr(folder + 1, '/'); !e && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, DIRECTORY_MODE) != 0 && errno != EEXIST)
			e = ERR_IO;
		*slash = '/';
	}
	return e;
}

enum err fleet_ini_write(const char *path, const struct fleet_settings *s)
{
	char text[2 * PATH_MAX + SOCKET_HOST_SIZE + 64];
	bool bracketed = strchr(s->host, ':') != NULL;
	enum err e = make_folders(path);
	int n = snprintf(text, sizeof(text), "server = %s%s%s:%s\noperator = %s\nca = %s\n", bracketed ? "[" : "",
	        s->host, bracketed ? "]" : "", s->port, s->operator_file, s->ca_file);

	return e ? e : file_write(path, (const u8 *)text, (size_t)n);
}
