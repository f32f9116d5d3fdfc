/* The table of `signet image`. Trust: none needed. */
#include "cli/image_commands.h"

#include "cli/fleet_settings.h"
#include "cli/image_common.h"
#include "keys/commands.h"

static const struct option_spec build_options[] = {
	{ .name = "component",
	        .argument = "KIND=FILE",
	        .required = true,
	        .repeatable = true,
	        .help = "hypervisor, service-kernel, service-initramfs, fleet-config, microcode or stage" },
	{ .name = "memory-length",
	        .argument = "KIND=SIZE",
	        .repeatable = true,
	        .help = "memory the component takes when loaded, where that is more than its file" },
	{ .name = "load-address",
	        .argument = "KIND=ADDRESS",
	        .repeatable = true,
	        .help = "physical address it must be loaded to" },
	{ .name = "keys", .argument = "DIR", .help = "key directory whose key manifests go in (keys)" },
	{ .name = "keys-chain",
	        .argument = "FILE",
	        .repeatable = true,
	        .help = "key manifests, instead of a key directory" },
	{ .name = "product", .argument = "TEXT", .help = "name of the product (signet)" },
	{ .name = "release", .argument = "TEXT", .required = true, .help = "name of the release, as 1.2.0" },
	{ .name = "svn", .argument = "N", .required = true, .help = "security version number" },
	{ .name = "created", .argument = "TIME", .help = "time of creation (SOURCE_DATE_EPOCH, else now)" },
	{ .name = "expiry", .argument = "TIME", .help = "time it expires, or +Nd for N days after creation (never)" },
	{ .name = "hardware-class", .argument = "TEXT", .help = "machines it is for (any)" },
	{ .name = "min-stage-version", .argument = "N", .help = "oldest stage that may start it (1)" },
	{ .name = "development", .help = "mark as development image; implied by a development key directory" },
	{ .name = "debug", .help = "mark as debug build" },
	{ .name = "build-id", .argument = "HEX", .help = "up to 32 bytes that name the source, as a commit's hash" },
	{ .name = "output", .argument = "FILE", .required = true, .help = "the image to make" },
	OPTIONS_END,
};

static const struct option_spec sign_options[] = {
	{ .name = "key", .argument = "FILE", .repeatable = true, .help = "release key to sign with" },
	{ .name = "keys", .argument = "DIR", .help = "sign with every release key of this key directory" },
	{ .name = "attach",
	        .argument = "FILE",
	        .repeatable = true,
	        .help = "take over the signatures of a signed request" },
	{ .name = "request-out", .argument = "FILE", .help = "write a request to be signed elsewhere" },
	{ .name = "output", .argument = "FILE", .help = "write here instead of replacing IMAGE" },
	OPTION_PASSPHRASE,
	OPTIONS_END,
};

static const struct option_spec verify_options[] = {
	OPTIONS_TRUST,
	{ .name = "floor", .argument = "N", .help = "lowest security version number that may start" },
	{ .name = "key-floor", .argument = "N", .help = "lowest version of its key manifest" },
	{ .name = "stage-version", .argument = "N", .help = "version of the stage that would start it" },
	{ .name = "hardware-class", .argument = "TEXT", .help = "class of the machine it is for" },
	{ .name = "allow-development", .help = "accept a development image" },
	{ .name = "allow-debug", .help = "accept a debug image" },
	{ .name = "now", .argument = "TIME", .help = "judge expiry as of this time" },
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec inspect_options[] = { OPTIONS_TRUST, OPTION_JSON, OPTIONS_END };

static const struct option_spec pcrs_options[] = {
	{ .name = "boot",
	        .argument = "DIR",
	        .required = true,
	        .help = "boot files of the stage that starts the image" },
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec publish_options[] = {
	{ .name = "whole", .help = "all of it, so that nodes can be updated to it; otherwise its head alone" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec list_options[] = { OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

const struct command image_commands[] = {
	{ .name = "build",
	        .operands = "",
	        .help = "Put an unsigned image together",
	        .details = "The same files and options give the same image, bit for bit. Times are Unix seconds, "
	                   "YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ, sizes may end in K, M or G.",
	        .options = build_options,
	        .run = image_build_command },
	{ .name = "sign",
	        .operands = "IMAGE",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Add signatures to an image or to a signing request",
	        .details = "A signing request is the head of an image alone: small enough to carry to where the keys "
	                   "are. Sign it there as if it were the image, one machine after another or each its own "
	                   "copy; --attach brings the signatures home. What is signed is shown first.",
	        .options = sign_options,
	        .run = image_sign_command },
	{ .name = "verify",
	        .operands = "IMAGE",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Judge an image as the stage would, every byte of it",
	        .details =
	                "With --boot the demands are those of that stage; options add to them. Exit code 5: refused.",
	        .options = verify_options,
	        .run = image_verify_command },
	{ .name = "inspect",
	        .operands = "IMAGE",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Show what an image or signing request says",
	        .details =
	                "Signatures are judged only against keys you name; without them the image speaks for itself.",
	        .options = inspect_options,
	        .run = image_inspect_command },
	{ .name = "pcrs",
	        .operands = "IMAGE",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Foretell PCR 4 and PCR 12 of a machine that boots it",
	        .details = "PCR 4 is that of firmware which starts the boot files' EFI binary first and nothing else.",
	        .options = pcrs_options,
	        .run = image_pcrs_command },
	{ .name = "publish",
	        .operands = "IMAGE",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Make an image known to the fleet server",
	        .details = "What its nodes' PCR 12 must hold follows from its head, so nothing else is needed to "
	                   "appraise them.",
	        .options = publish_options,
	        .run = image_publish_command },
	{ .name = "list",
	        .operands = "",
	        .help = "List the images that the fleet server knows",
	        .options = list_options,
	        .run = image_list_command },
	{ 0 },
};
