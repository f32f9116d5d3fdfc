/*
 * The table of `signet keys`.
 * Trust: none needed.
 */
#include "keys/commands.h"

static const struct option_spec init_options[] = {
	{ .name = "roots", .argument = "N", .help = "root keys to make, 1 to 16 (3; development: 1)" },
	{ .name = "root-threshold", .argument = "K", .help = "root keys that must sign (2; development: 1)" },
	{ .name = "releases", .argument = "N", .help = "release keys to make, 1 to 16 (3; development: 1)" },
	{ .name = "release-threshold", .argument = "K", .help = "release keys that must sign (2; development: 1)" },
	{ .name = "development",
	        .help = "development keys: their images are marked, and a production fleet refuses them" },
	{ .name = "organisation", .argument = "TEXT", .help = "organisation named in the certificates (Signet)" },
	OPTION_PASSPHRASE,
	OPTIONS_END,
};

static const struct option_spec list_options[] = { OPTION_JSON, OPTIONS_END };

static const struct option_spec rotate_options[] = {
	{ .name = "role",
	        .argument = "ROLE",
	        .required = true,
	        .help = "root, release, policy, pk, kek, db or fleet-ca" },
	{ .name = "key",
	        .argument = "N",
	        .help = "key to replace, where the role has several: its id, or 2 for release-2.pem" },
	OPTION_ROOTS,
	OPTION_PASSPHRASE,
	OPTIONS_END,
};

static const struct option_spec revoke_options[] = {
	{ .name = "id", .argument = "ID", .required = true, .help = "id of the key, as `signet keys list` shows it" },
	OPTION_ROOTS,
	OPTION_PASSPHRASE,
	OPTIONS_END,
};

static const struct option_spec export_options[] = {
	{ .name = "out", .argument = "DIR", .required = true, .help = "where the files go; made when missing" },
	{ .name = "with-microsoft-option-rom-ca",
	        .help = "let db admit what Microsoft signed for third parties, as option ROMs of network and RAID "
	                "cards" },
	{ .name = "microsoft-ca",
	        .argument = "FILE",
	        .repeatable = true,
	        .help = "certificate to admit by that, instead of the installed python3-virt-firmware's" },
	OPTION_PASSPHRASE,
	OPTIONS_END,
};

static const struct option_spec authorize_options[] = {
	{ .name = "node-id", .argument = "HEX", .required = true, .help = "the node's id, 64 hexadecimal digits" },
	{ .name = "pcr7",
	        .argument = "HEX",
	        .required = true,
	        .repeatable = true,
	        .help = "SHA-256 bank value of PCR 7 under which the node may write its boot state" },
	{ .name = "out", .argument = "FILE", .required = true, .help = "the write authority to make" },
	OPTION_PASSPHRASE,
	OPTIONS_END,
};

const struct command keys_commands[] = {
	{ .name = "init",
	        .operands = "DIR",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Make all keys of a fleet in a new directory",
	        .details = "Makes root and release keys, the Secure Boot keys PK, KEK and db, the fleet CA, the policy "
	                   "key and the first key manifest. DIR must not exist; nothing half-made stays.",
	        .options = init_options,
	        .run = keys_init },
	{ .name = "list",
	        .operands = "[DIR]",
	        .operands_max = 1,
	        .help = "Show the keys of a directory",
	        .details = "Reads public halves only and needs no passphrase. DIR is keys unless given.",
	        .options = list_options,
	        .run = keys_list },
	{ .name = "rotate",
	        .operands = "DIR",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Replace a key by a new one",
	        .details = "For root, release and policy keys this makes the next key manifest, signed by the roots "
	                   "before it and by its own. The old private key goes to DIR/retired.",
	        .options = rotate_options,
	        .run = keys_rotate },
	{ .name = "revoke",
	        .operands = "DIR",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Revoke a root or release key",
	        .details = "Makes the next key manifest, which lists the key as revoked. The private key goes to "
	                   "DIR/retired.",
	        .options = revoke_options,
	        .run = keys_revoke },
	{ .name = "export",
	        .operands = "DIR",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Write what firmware and other machines need",
	        .details =
	                "Writes PK, KEK and db as .cer, .esl and .auth for firmware set-up, the fleet CA's "
	                "certificate, the policy public key and the chain of key manifests. No private key leaves DIR.",
	        .options = export_options,
	        .run = keys_export },
	{ .name = "authorize",
	        .operands = "DIR",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Sign the write authority of one node",
	        .details = "Lets one node write its boot state in TPM NV while its PCR 7 (SHA-256 bank) has one of the "
	                   "given values.",
	        .options = authorize_options,
	        .run = keys_authorize },
	{ 0 },
};
