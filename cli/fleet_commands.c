/* `signet fleet`. Trust: runs as the operator; a configuration that is shown may be anything. */
#include "cli/fleet_connect.h"
#include "cli/fleet_file.h"
#include "cli/fleet_settings.h"
#include "cli/image_common.h"
#include "cli/json.h"
#include "image/host/file.h"
#include "keys/certificate.h"
#include "lib/bytes.h"

#include <string.h>

static const struct option_spec make_options[] = {
	{ .name = "out", .argument = "FILE", .required = true, .help = "the configuration to make" },
	{ .name = "name", .argument = "TEXT", .help = "name of the fleet (fleet)" },
	{ .name = "ca", .argument = "FILE", .help = "certificate or public key of the fleet CA, as fleet-ca.crt" },
	{ .name = "epoch", .argument = "N", .help = "lowest epoch of keys the CA has signed (0)" },
	{ .name = "address",
	        .argument = "HOST:PORT",
	        .repeatable = true,
	        .help = "where the fleet server is; the first that answers is taken" },
	{ .name = "ungated", .help = "guests start without a ticket; development images alone" },
	{ .name = "console-port", .argument = "PORT", .help = "serial line of the hypervisor, as 0x3f8 (the stage's)" },
	{ .name = "console-baud", .argument = "BAUD", .help = "its speed (115200)" },
	{ .name = "service-arguments", .argument = "TEXT", .help = "added to the service kernel's command line" },
	{ .name = "vlan", .argument = "N", .help = "VLAN of guests on the uplink, 1 to 4094 (none)" },
	OPTIONS_END,
};

static const struct option_spec show_options[] = { OPTION_JSON, OPTIONS_END };

static const struct option_spec connect_options[] = {
	{ .name = "unchecked", .help = "keep it without asking the server whether it works" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec status_options[] = { OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

static const struct option_spec audit_options[] = {
	{ .name = "after", .argument = "N", .help = "begin behind the entry of that number (0)" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static enum exit_code take_text(
        const struct args *args, const char *option, const char *fallback, char *to, size_t room)
{
	const char *text = option_value(args, option);
	size_t n = strlen(text ? text : fallback);

	if (n >= room)
		return usage_error(args, "--%s takes at most %zu characters", option, room - 1);
	memcpy(to, text ? text : fallback, n);
	return EXIT_OK;
}

static enum exit_code take_addresses(const struct args *args, struct fleet *f)
{
	const char *address;
	size_t used = 0;

	for (u32 i = 0; (address = option_value_at(args, "address", i)); i++) {
		size_t n = strlen(address);

		if (!strrchr(address, ':') || strpbrk(address, ", "))
			return usage_error(args, "--address takes HOST:PORT, not '%s'", address);
		if (n + 2 > sizeof(f->addresses) - used)
			return usage_error(args, "the addresses are longer than %d characters", FLEET_TEXT_SIZE - 1);
		if (i)
			f->addresses[used++] = ',';
		memcpy(f->addresses + used, address, n);
		used += n;
	}
	return EXIT_OK;
}

static enum exit_code take_number(const struct args *args, const char *option, u64 fallback, u64 max, u32 *to)
{
	u64 value;
	enum exit_code code = option_number(args, option, fallback, 0, max, &value);

	if (code == EXIT_OK)
		*to = (u32)value;
	return code;
}

static enum exit_code take_numbers(const struct args *args, struct fleet *f)
{
	bool console = option_given(args, "console-port");
	enum exit_code code = take_number(args, "epoch", 0, UINT32_MAX, &f->epoch);

	if (code == EXIT_OK)
		code = take_number(args, "vlan", 0, VLAN_MAX, &f->vlan);
	if (code == EXIT_OK)
		code = take_number(args, "console-port", 0, FLEET_PORT_MAX, &f->console_port);
	if (code == EXIT_OK)
		code = take_number(
		        args, "console-baud", console ? FLEET_BAUD_MAX : 0, FLEET_BAUD_MAX, &f->console_baud);
	if (code == EXIT_OK && f->console_baud && (!f->console_port || FLEET_BAUD_MAX % f->console_baud))
		return usage_error(args, "--console-baud needs --console-port and divides %d", FLEET_BAUD_MAX);
	return code;
}

static enum exit_code take_options(const struct args *args, struct fleet *f)
{
	const char *ca = option_value(args, "ca");
	enum exit_code code = take_text(args, "name", "fleet", f->name, sizeof(f->name));

	if (code == EXIT_OK)
		code = take_text(args, "service-arguments", "", f->arguments, sizeof(f->arguments));
	if (code == EXIT_OK)
		code = take_addresses(args, f);
	if (code == EXIT_OK)
		code = take_numbers(args, f);
	if (code != EXIT_OK)
		return code;
	f->ungated = option_given(args, "ungated");
	if (!ca)
		return f->epoch ? usage_error(args, "--epoch needs --ca") : EXIT_OK;
	enum err e = ca_key_load(ca, f->ca_key);
	return e ? complain_file(e, "`signetd --init DIR` leaves DIR/fleet-ca.crt", "cannot use CA", ca) : EXIT_OK;
}

static enum exit_code make_command(const struct args *args)
{
	static struct fleet f;
	static u8 bytes[FLEET_LENGTH_MAX];
	const char *out = option_value(args, "out");
	size_t n;
	enum exit_code code = take_options(args, &f);

	if (code != EXIT_OK)
		return code;
	enum err e = fleet_encode(&f, bytes, &n);
	if (e)
		return complain(e, "names and arguments are printable ASCII, a name is not empty", "cannot make it");
	e = file_write(out, bytes, n);
	if (e)
		return complain_file(e, NULL, "cannot write", out);
	printf("Wrote fleet configuration %s\n", out);
	if (f.ungated)
		puts("  UNGATED: guests start without a ticket; only development images may carry it");
	else if (bytes_are_zero(f.ca_key, P384_KEY_SIZE))
		puts("  without a CA nobody can let a guest start: no --ca, no --ungated");
	return EXIT_OK;
}

static void show_json(const struct fleet *f)
{
	struct json j = json_on(stdout);
	bool ca = !bytes_are_zero(f->ca_key, P384_KEY_SIZE);

	json_object(&j, NULL);
	json_text(&j, "name", f->name);
	json_text(&j, "addresses", f->addresses);
	if (ca)
		json_hex(&j, "caKey", f->ca_key, P384_KEY_SIZE);
	else
		json_text(&j, "caKey", NULL);
	json_number(&j, "epoch", f->epoch);
	json_bool(&j, "ungated", f->ungated);
	json_number(&j, "consolePort", f->console_port);
	json_number(&j, "consoleBaud", f->console_baud);
	json_text(&j, "serviceArguments", f->arguments);
	json_number(&j, "vlan", f->vlan);
	json_end_object(&j);
}

static void show_text(const struct fleet *f)
{
	printf("Fleet              %s\n", f->name);
	printf("Fleet server       %s\n", f->addresses[0] ? f->addresses : "none");
	printf("Fleet CA           ");
	if (bytes_are_zero(f->ca_key, P384_KEY_SIZE))
		printf("none");
	else
		for (u32 i = 0; i < P384_KEY_SIZE; i++)
			printf("%02x", f->ca_key[i]);
	printf("\nLowest epoch       %u\n", f->epoch);
	printf("Guests             %s\n", f->ungated ? "UNGATED: start without a ticket" : "need a ticket");
	if (f->console_port)
		printf("Serial line        0x%x at %u baud\n", f->console_port, f->console_baud);
	else
		puts("Serial line        the stage's");
	printf("Service arguments  %s\n", f->arguments[0] ? f->arguments : "none");
	printf("VLAN               %u%s\n", f->vlan, f->vlan ? "" : ", untagged");
}

static enum exit_code show_command(const struct args *args)
{
	static struct fleet f;
	static _Alignas(8) u8 bytes[FLEET_LENGTH_MAX];
	const char *path = operand(args, 0);
	size_t n = 0;
	enum err e = file_read(path, bytes, sizeof(bytes), &n);

	if (!e)
		e = fleet_read(&f, bytes, n, true);
	if (e)
		return complain_file(e, "`signet fleet make` makes one", "cannot use fleet configuration", path);
	if (option_given(args, "json"))
		show_json(&f);
	else
		show_text(&f);
	return EXIT_OK;
}

const struct command fleet_commands[] = {
	{ .name = "make",
	        .operands = "",
	        .help = "Make the fleet configuration of an image",
	        .details =
	                "It says whose node a machine is, where the fleet server is, and whether guests need a ticket. "
	                "`signet image build --component fleet-config=FILE` takes it.",
	        .options = make_options,
	        .run = make_command },
	{ .name = "show",
	        .operands = "FILE",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Show a fleet configuration",
	        .options = show_options,
	        .run = show_command },
	{ .name = "connect",
	        .operands = "",
	        .help = "Keep where the fleet server is and who you are to it",
	        .details = "Asks the server whether it works, then writes fleet.ini, in $XDG_CONFIG_HOME/signet or "
	                   "~/.config/signet, from which other commands take what neither their options nor the "
	                   "environment say.",
	        .options = connect_options,
	        .run = fleet_connect_command },
	{ .name = "status",
	        .operands = "",
	        .help = "Show how the fleet is, and what expires when",
	        .options = status_options,
	        .run = fleet_status_command },
	{ .name = "audit",
	        .operands = "",
	        .help = "Show the audit log: who asked for what",
	        .options = audit_options,
	        .run = fleet_audit_command },
	{ .name = NULL },
};
