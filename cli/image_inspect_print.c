/* The report of `signet image inspect`. Trust: texts of a parsed manifest are printable ASCII. */
#include "cli/image_common.h"
#include "cli/image_inspect.h"
#include "cli/json.h"
#include "cli/units.h"
#include "keys/store.h"
#include "lib/bytes.h"
#include "lib/print.h"

static void print_hex(const char *label, const u8 *bytes, size_t n)
{
	char hex[2 * SHA384_SIZE + 1];

	hex_encode(hex, bytes, n);
	printf("%s%s\n", label, hex);
}

static void print_manifest(const struct inspection *i)
{
	const struct manifest *m = &i->manifest;
	char text[TIME_TEXT], size[SIZE_TEXT];

	printf("%s: %s of %s %s\n", i->path, i->file.head_only ? "signing request" : "image", m->product, m->release);
	printf("  SVN              %u\n", m->svn);
	printf("  flags            %s\n", flags_text(m->flags));
	printf("  hardware class   %s\n", m->hardware_class);
	printf("  needs stage      version %u or later\n", m->min_stage_version);
	printf("  created          %s\n", format_time(text, m->created));
	printf("  expires          %s\n", m->expiry ? format_time(text, m->expiry) : "never");
	printf("  size             %s (%llu bytes)\n", format_size(size, i->file.layout.image_length),
	        (unsigned long long)i->file.layout.image_length);
	if (!bytes_are_zero(m->build_id, sizeof(m->build_id)))
		print_hex("  build id         ", m->build_id, sizeof(m->build_id));
	print_hex("  manifest digest  ", i->manifest_digest, SHA384_SIZE);
	print_hex("  signed digest    ", i->message_digest, SHA384_SIZE);
	print_hex("  Merkle root      ", m->merkle_root, SHA384_SIZE);
}

static void print_components(const struct manifest *m)
{
	char size[SIZE_TEXT], memory[SIZE_TEXT];

	puts("components");
	for (u32 n = 0; n < m->component_count; n++) {
		const struct component *c = &m->components[n];
		printf("  %-18s %s, %s in memory, at ", component_name(c->kind), format_size(size, c->length),
		        format_size(memory, c->memory_length));
		if (c->load_address)
			printf("0x%llx\n", (unsigned long long)c->load_address);
		else
			puts("any address");
		print_hex("    SHA-384 ", c->digest, SHA384_SIZE);
	}
}

static void print_keys(const struct key_set *keys)
{
	char hex[2 * KEY_ID_SIZE + 1];

	printf("key manifest, version %llu: %u root and %u release signatures needed\n",
	        (unsigned long long)keys->version, keys->root_threshold, keys->release_threshold);
	for (u32 n = 0; n < keys->key_count; n++) {
		hex_encode(hex, keys->keys[n].id, KEY_ID_SIZE);
		printf("  %-8s %s\n", role_name(keys->keys[n].role), hex);
	}
	for (u32 n = 0; n < keys->revoked_count; n++)
		print_hex("  revoked  ", keys->revoked[n], KEY_ID_SIZE);
}

static void print_signatures(const struct inspection *i)
{
	char hex[2 * KEY_ID_SIZE + 1];

	printf("signatures: %u\n", i->signatures.count);
	for (u32 n = 0; n < i->signatures.count; n++) {
		const char *worth = inspection_worth(i, n);
		hex_encode(hex, i->signatures.entries[n].key_id, KEY_ID_SIZE);
		printf("  %s  %s\n", hex, worth ? worth : "not judged");
	}
	if (!i->trusted)
		puts("verdict: none; name whom you trust with --boot, --anchor or --keys");
	else if (i->verdict)
		printf("verdict: refused: %s (error %d)\n", err_text(i->verdict), (int)i->verdict);
	else
		puts("verdict: the signatures hold; `signet image verify` judges policy and payload too");
}

void inspection_print(const struct inspection *i)
{
	print_manifest(i);
	print_components(&i->manifest);
	print_keys(&i->keys);
	print_signatures(i);
}

static void json_components(struct json *j, const struct manifest *m)
{
	json_array(j, "components");
	for (u32 n = 0; n < m->component_count; n++) {
		const struct component *c = &m->components[n];
		json_object(j, NULL);
		json_text(j, "kind", component_name(c->kind));
		json_number(j, "offset", c->offset);
		json_number(j, "length", c->length);
		json_number(j, "loadAddress", c->load_address);
		json_number(j, "memoryLength", c->memory_length);
		json_hex(j, "sha384", c->digest, SHA384_SIZE);
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_signatures(struct json *j, const struct inspection *i)
{
	json_array(j, "signatures");
	for (u32 n = 0; n < i->signatures.count; n++) {
		json_object(j, NULL);
		json_hex(j, "keyId", i->signatures.entries[n].key_id, KEY_ID_SIZE);
		json_text(j, "worth", inspection_worth(i, n));
		json_end_object(j);
	}
	json_end_array(j);
	json_text(j, "verdict", !i->trusted ? NULL : i->verdict ? err_text(i->verdict) : "signatures hold");
}

void inspection_print_json(const struct inspection *i)
{
	const struct manifest *m = &i->manifest;
	struct json j = json_on(stdout);

	json_object(&j, NULL);
	json_bool(&j, "signingRequest", i->file.head_only);
	json_text(&j, "product", m->product);
	json_text(&j, "release", m->release);
	json_number(&j, "svn", m->svn);
	json_bool(&j, "development", m->flags & IMAGE_DEVELOPMENT);
	json_bool(&j, "debug", m->flags & IMAGE_DEBUG);
	json_text(&j, "hardwareClass", m->hardware_class);
	json_number(&j, "minStageVersion", m->min_stage_version);
	json_number(&j, "created", m->created);
	json_number(&j, "expiry", m->expiry);
	json_number(&j, "length", i->file.layout.image_length);
	json_hex(&j, "buildId", m->build_id, sizeof(m->build_id));
	json_hex(&j, "manifestDigest", i->manifest_digest, SHA384_SIZE);
	json_hex(&j, "signedDigest", i->message_digest, SHA384_SIZE);
	json_hex(&j, "merkleRoot", m->merkle_root, SHA384_SIZE);
	json_components(&j, m);
	json_number(&j, "keyManifest", i->keys.version);
	json_number(&j, "releaseThreshold", i->keys.release_threshold);
	json_signatures(&j, i);
	json_end_object(&j);
}
