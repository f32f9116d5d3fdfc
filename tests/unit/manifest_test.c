/* Manifests: one encoding, and every rule of docs/format.md that a signer could break. */
#include "image/manifest.h"
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct forge forged;
static struct manifest parsed;
static u8 bytes[IMAGE_MANIFEST_MAX];
static size_t length;

static int set_up(void **state)
{
	(void)state;
	forge_init(&forged);
	length = forged.layout.manifest_length;
	memcpy(bytes, forged.image + forged.layout.manifest_offset, length);
	return 0;
}

static enum err parse(void)
{
	return manifest_parse(bytes, length, &forged.layout, &parsed);
}

static void a_manifest_survives_both_ways(void **state)
{
	(void)state;
	u8 again[IMAGE_MANIFEST_MAX];

	assert_int_equal(parse(), OK);
	assert_string_equal(parsed.product, "signet");
	assert_string_equal(parsed.release, "1.0 test");
	assert_string_equal(parsed.hardware_class, "server-1");
	assert_int_equal(parsed.svn, 12);
	assert_int_equal(parsed.component_count, 2);
	assert_int_equal(parsed.components[1].offset, forged.layout.payload_offset + 8192);
	assert_int_equal(manifest_encode(&parsed, again), length);
	assert_memory_equal(again, bytes, length);
}

static void any_other_length_is_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < length + 100; n++)
		assert_int_equal(
		        manifest_parse(bytes, n, &forged.layout, &parsed), n == length ? OK : ERR_IMAGE_MANIFEST);
}

enum { FIRST = MANIFEST_FIXED_SIZE, SECOND = MANIFEST_FIXED_SIZE + COMPONENT_SIZE };

static const struct {
	const char *what;
	u32 offset;
	u32 value;
} malformed[] = {
	{ "magic", 0, 0 },
	{ "length", 8, 0 },
	{ "no component", 12, 0 },
	{ "one component", 12, 1 },
	{ "three components", 12, 3 },
	{ "seventeen components", 12, COMPONENTS_MAX + 1 },
	{ "component count near 2^32", 12, 0xFFFFFFFF },
	{ "text that starts late", 16, 0 },
	{ "bytes behind a text's end", 16 + 28, 0x41000000 },
	{ "control character", 16, 0x0A0A0A0A },
	{ "delete character", 48, 0x7F7F7F7F },
	{ "above ASCII", 144, 0xC3A4C3A4 },
	{ "SVN beyond the maximum", 80, SVN_MAX + 1 },
	{ "SVN 2^31", 80, 0x80000000 },
	{ "unknown flag", 84, 4 },
	{ "highest flag", 84, 0x80000000 },
	{ "leaf size", 92, 4096 },
	{ "leaf count", 272, 2 },
	{ "leaf count, upper half", 276, 1 },
	{ "reserved", 280, 1 },
	{ "kind 0", FIRST, 0 },
	{ "kind unknown", SECOND, COMPONENT_KIND_END },
	{ "kind 32 above a known one", SECOND, COMPONENT_FLEET_CONFIG + 32 },
	{ "kind near 2^32", SECOND, 0xFFFFFFFF },
	{ "no hypervisor", FIRST, COMPONENT_MICROCODE },
	{ "two hypervisors", SECOND, COMPONENT_HYPERVISOR },
	{ "component reserved", FIRST + 4, 1 },
	{ "component reserved at the end", FIRST + 88, 1 },
	{ "reserved at the manifest's end", SECOND + 88, 1 },
	{ "offset inside the head", FIRST + 8, 0 },
	{ "offset beyond 2^32", FIRST + 12, 1 },
	{ "offset near 2^64", SECOND + 12, 0xFFFFFFFF },
	{ "length 0", SECOND + 16, 0 },
	{ "length into the next page", SECOND + 16, 4097 },
	{ "length beyond 2^32", SECOND + 20, 1 },
	{ "length near 2^64", SECOND + 20, 0xFFFFFFFF },
	{ "first overlaps the second", FIRST + 16, 8193 },
	{ "gap before the second", FIRST + 16, 4096 },
	{ "memory smaller than content", FIRST + 32, 4999 },
	{ "memory beyond 1 GiB", FIRST + 32, 0x40000001 },
	{ "memory beyond 2^32", FIRST + 36, 1 },
	{ "load address near 2^64", FIRST + 28, 0xFFFFFFFF },
	{ "hypervisor's load address off 2 MiB", FIRST + 24, 0xFFF00000 },
	{ "load address off a page", SECOND + 24, 0x1800 },
};

static void malformed_manifests_are_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		set_up(state);
		/* A load address ends below 2^64 together with its memory. */
		store_le32(bytes + FIRST + 24, 0xFFE00000);
		store_le32(bytes + FIRST + 32, 0x200001);
		assert_int_equal(parse(), OK);
		store_le32(bytes + malformed[i].offset, malformed[i].value);
		if (parse() != ERR_IMAGE_MANIFEST)
			fail_msg("accepted: %s", malformed[i].what);
	}
}

/* The outermost values that are still allowed. */
static void limits_themselves_are_allowed(void **state)
{
	(void)state;
	store_le32(bytes + 80, SVN_MAX);
	store_le32(bytes + 84, IMAGE_FLAGS_KNOWN);
	memset(bytes + 16, '~', TEXT_SIZE);
	memset(bytes + 48, ' ', TEXT_SIZE);
	store_le64(bytes + SECOND + 32, COMPONENT_MEMORY_MAX);
	store_le64(bytes + SECOND + 24, (UINT64_MAX - COMPONENT_MEMORY_MAX) & ~(u64)(IMAGE_ALIGN - 1));
	store_le32(bytes + SECOND + 16, 4096);
	store_le64(bytes + 96, UINT64_MAX);
	store_le64(bytes + 104, UINT64_MAX);
	assert_int_equal(parse(), OK);
	assert_int_equal(strlen(parsed.product), TEXT_SIZE);
	assert_true(parsed.expiry == UINT64_MAX);
	/* Memory that ends with the last byte there is. */
	store_le64(bytes + SECOND + 32, 2 * IMAGE_ALIGN - 1);
	store_le64(bytes + SECOND + 24, UINT64_MAX - (2 * IMAGE_ALIGN - 1));
	assert_int_equal(parse(), OK);
	store_le64(bytes + SECOND + 32, 2 * IMAGE_ALIGN);
	assert_int_equal(parse(), ERR_IMAGE_MANIFEST);
}

static void another_payload_than_the_headers_is_refused(void **state)
{
	(void)state;
	forged.layout.payload_length += IMAGE_ALIGN;
	assert_int_equal(parse(), ERR_IMAGE_MANIFEST);
	forged.layout.payload_length -= 2 * IMAGE_ALIGN;
	assert_int_equal(parse(), ERR_IMAGE_MANIFEST);
	forged.layout.payload_length += IMAGE_ALIGN;
	assert_int_equal(parse(), OK);
}

static void no_text_is_empty(void **state)
{
	static const u32 texts[] = { 16, 48, 144 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		set_up(state);
		memset(bytes + texts[i], 0, TEXT_SIZE);
		assert_int_equal(parse(), ERR_IMAGE_MANIFEST);
		bytes[texts[i]] = 'x';
		assert_int_equal(parse(), OK);
	}
}

/* At the payload's very end, where nothing but its length is wrong. */
static void no_component_is_empty(void **state)
{
	(void)state;
	forge_component(&forged, 2, COMPONENT_MICROCODE, 0);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), ERR_IMAGE_MANIFEST);
	forge_component(&forged, 2, COMPONENT_MICROCODE, 1);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), OK);
}

static void components_are_found_by_kind(void **state)
{
	(void)state;
	assert_int_equal(parse(), OK);
	const struct component *c = manifest_find(&parsed, COMPONENT_FLEET_CONFIG);
	assert_non_null(c);
	assert_int_equal(c->length, 300);
	assert_null(manifest_find(&parsed, COMPONENT_STAGE));
	assert_string_equal(component_name(c->kind), "fleet-config");
	assert_null(component_name(0));
	assert_null(component_name(COMPONENT_KIND_END));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_manifest_survives_both_ways, set_up),
		cmocka_unit_test_setup(any_other_length_is_refused, set_up),
		cmocka_unit_test(malformed_manifests_are_refused),
		cmocka_unit_test_setup(limits_themselves_are_allowed, set_up),
		cmocka_unit_test_setup(another_payload_than_the_headers_is_refused, set_up),
		cmocka_unit_test(no_text_is_empty),
		cmocka_unit_test_setup(no_component_is_empty, set_up),
		cmocka_unit_test_setup(components_are_found_by_kind, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
