/* The commands of signetctl. Trust: none needed. */
#include "agent/signetctl/ctl.h"

static const struct option_spec port_only[] = { OPTION_PORT, OPTIONS_END };
static const struct option_spec port_json[] = { OPTION_PORT, OPTION_JSON, OPTIONS_END };
static const struct option_spec attach_options[] = { OPTION_PORT, OPTION_DISKS, OPTIONS_END };
static const struct option_spec create_options[] = {
	OPTION_PORT,
	OPTION_DISKS,
	{ .name = "start", .help = "start it when it is loaded" },
	OPTIONS_END,
};
static const struct option_spec stop_options[] = {
	OPTION_PORT,
	{ .name = "now", .help = "do not ask the guest: end it at once" },
	OPTIONS_END,
};
static const struct option_spec destroy_options[] = {
	OPTION_PORT,
	OPTION_DISKS,
	{ .name = "now", .help = "end it first if it runs" },
	OPTIONS_END,
};
static const struct option_spec console_options[] = {
	OPTION_PORT,
	{ .name = "no-follow", .help = "print what the guest has written, and leave" },
	OPTIONS_END,
};

static const struct option_spec update_options[] = {
	OPTION_PORT,
	{ .name = "parts", .argument = "DIR", .help = "folder of partitions in the flash disk's place" },
	OPTIONS_END,
};

static const struct command commands[] = {
	{ "status", "", 0, 0, "Show the node: boot session, slot, memory, trial", NULL, port_json, command_status },
	{ "list", "", 0, 0, "List guests with memory, processor time and exits", NULL, port_json, command_list },
	{ "create", "FILE", 1, 1, "Make a guest of a guest file and load it",
	        "A guest that could not be loaded whole is destroyed again. docs/signetctl.md describes the file.",
	        create_options, command_create },
	{ "attach", "FILE", 1, 1, "Serve a running guest's disks again after a restart of the service VM", NULL,
	        attach_options, command_attach },
	{ "start", "GUEST", 1, 1, "Measure a loaded guest and start it", NULL, port_only, command_start },
	{ "stop", "GUEST", 1, 1, "Press a guest's power button", NULL, stop_options, command_stop },
	{ "destroy", "GUEST", 1, 1, "Give a guest's memory back", NULL, destroy_options, command_destroy },
	{ "console", "GUEST", 1, 1, "Use a guest's console; Ctrl-] leaves",
	        "Prints what the guest has written so far, then goes on until Ctrl-] or the guest's end. Without a "
	        "terminal, standard input is sent as it is and its end ends nothing.",
	        console_options, command_console },
	{ "exits", "GUEST", 1, 1, "Count a guest's exits by kind", NULL, port_json, command_exits },
	{ "log", "", 0, 0, "Write the measured event log (TCG) to standard output", NULL, port_only, command_log },
	{ "messages", "", 0, 0, "Print what the hypervisor has said", NULL, port_only, command_messages },
	{ "slots", "", 0, 0, "Show both slots' states", NULL, port_json, command_slots },
	{ "challenge", "", 0, 0, "Ask for a challenge, for evidence that is carried by hand",
	        "It is in the evidence and in the ticket that answers it. The challenge before is void.", port_only,
	        command_challenge },
	{ "ticket", "FILE", 1, 1, "Hand over a ticket that was carried by hand",
	        "It counts for this boot, once, and for the last challenge alone.", port_only, command_ticket },
	{ "update", "apply IMAGE", 2, 2, "Install a signed image into the other slot, without a fleet server",
	        "Checked as the fleet server would, and by the stage again. It starts with the next boot, on trial: "
	        "only an attested boot is committed. After a cut the same command goes on where it was.",
	        update_options, command_update },
	{ "address", "TEXT", 1, 1, "Show the service VM's address on the node's screen", NULL, port_only,
	        command_address },
	{ "reboot", "", 0, 0, "Reset the node", NULL, port_only, command_reboot },
	{ "poweroff", "", 0, 0, "Switch the node off", NULL, port_only, command_poweroff },
	{ .name = NULL },
};

const struct command_group ctl_group = { "", "Guests and the node, by order to the hypervisor", commands };
