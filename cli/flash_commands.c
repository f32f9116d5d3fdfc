/* The table of `signet flash`. Trust: none needed. */
#include "cli/image_commands.h"
#include "cli/image_common.h"

static const struct option_spec make_options[] = {
	{ .name = "boot", .argument = "DIR", .required = true, .help = "boot files, as `signet boot build` made them" },
	{ .name = "slot-a", .argument = "IMAGE", .required = true, .help = "signed image for slot A" },
	{ .name = "slot-b", .argument = "IMAGE", .help = "signed image for slot B (left empty)" },
	{ .name = "authority", .argument = "FILE", .help = "write authority, as `signet keys authorize` made it" },
	{ .name = "slot-size", .argument = "SIZE", .help = "size of each slot, to be sure: the boot files say it" },
	{ .name = "size",
	        .argument = "SIZE",
	        .help = "size of an image file (as small as it can be, with 16 MiB of data)" },
	{ .name = "yes", .help = "erase the block device TARGET" },
	OPTIONS_END,
};

static const struct option_spec slot_options[] = { OPTIONS_TRUST, OPTIONS_END };
static const struct option_spec inspect_options[] = { OPTIONS_TRUST, OPTION_JSON, OPTIONS_END };

const struct command flash_commands[] = {
	{ .name = "make",
	        .operands = "TARGET",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Make a bootable flash disk in an image file or on a block device",
	        .details = "Images are judged as the stage in the boot files would judge them, before they are written "
	                   "and where they lie. A device that is in use is never written; the same inputs make the "
	                   "same image file.",
	        .options = make_options,
	        .run = flash_make_command },
	{ .name = "slot",
	        .operands = "TARGET a|b IMAGE",
	        .operands_min = 3,
	        .operands_max = 3,
	        .help = "Write a signed image into one slot",
	        .details = "The slot's header is cleared first and written last: an interrupted write leaves an empty "
	                   "slot. On a provisioned machine the slot's state in the TPM is not touched.",
	        .options = slot_options,
	        .run = flash_slot_command },
	{ .name = "authority",
	        .operands = "TARGET FILE",
	        .operands_min = 2,
	        .operands_max = 2,
	        .help = "Replace the write authority",
	        .run = flash_authority_command },
	{ .name = "inspect",
	        .operands = "TARGET",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Show what lies in the slots of a flash disk, and which would boot",
	        .details = "Reads an image file or a block device, also one in use. With a trusted key, images are "
	                   "judged as the stage would judge them, and the order is told in which a machine without "
	                   "boot state takes them. The states of an enrolled node's slots are in its TPM, not here: "
	                   "`signet node show`.",
	        .options = inspect_options,
	        .run = flash_inspect_command },
	{ 0 },
};
