/* Attacks on what an image holds: rows 1, 3, 6, 7, 15 and 18. */
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct forge forged;
static struct forge other;
static struct verified_image image;

static int set_up(void **state)
{
	(void)state;
	forge_init(&forged);
	assert_int_equal(forge_verify(&forged, &image), OK);
	return 0;
}

static u8 *manifest(struct forge *f)
{
	return f->image + f->layout.manifest_offset;
}

static u8 *component_entry(struct forge *f, u32 i)
{
	return manifest(f) + MANIFEST_FIXED_SIZE + i * COMPONENT_SIZE;
}

static enum err verify_content(const struct forge *f, u32 i)
{
	const struct component *c = &image.manifest.components[i];

	return image_verify_component(c, f->image + c->offset);
}

static void row01_manifest_changed_while_the_payload_fits(void **state)
{
	(void)state;
	static const u32 fields[] = { 16, 48, 80, 84, 88, 96, 104, 112, 144, 176 };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		manifest(&forged)[fields[i]] ^= 1;
		assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
		assert_int_equal(verify_content(&forged, 0), OK);
		manifest(&forged)[fields[i]] ^= 1;
	}
	assert_int_equal(forge_verdict(&forged), OK);
}

static void row01_payload_changed_while_the_manifest_holds(void **state)
{
	(void)state;
	for (u32 i = 0; i < image.manifest.component_count; i++) {
		const struct component *c = &image.manifest.components[i];
		const u64 places[] = { c->offset, c->offset + c->length / 2, c->offset + c->length - 1 };
		for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
			forged.image[places[k]] ^= 0x80;
			assert_int_equal(forge_verdict(&forged), OK);
			assert_int_equal(verify_content(&forged, i), ERR_IMAGE_CONTENT);
			forged.image[places[k]] ^= 0x80;
			assert_int_equal(verify_content(&forged, i), OK);
		}
	}
}

/* Nothing in a verified image points back into what was verified. */
static void row03_head_swapped_after_verification(void **state)
{
	(void)state;
	static struct verified_image before;
	u64 offset = image.manifest.components[0].offset;

	before = image;
	memset(forged.image, 0xEE, forged.layout.payload_offset);
	assert_memory_equal(&before, &image, sizeof(image));
	assert_int_equal(image_verify_component(&image.manifest.components[0], forged.image + offset), OK);
}

static void row03_content_swapped_before_its_final_place(void **state)
{
	(void)state;
	static u8 final_place[5000];
	const struct component *c = &image.manifest.components[0];

	/* Checked where it will run: a copy that changed on the way is found, the slot's own state does not matter. */
	memcpy(final_place, forged.image + c->offset, sizeof(final_place));
	assert_int_equal(image_verify_component(c, final_place), OK);
	forged.image[c->offset] ^= 1;
	assert_int_equal(image_verify_component(c, final_place), OK);
	memcpy(final_place, forged.image + c->offset, sizeof(final_place));
	assert_int_equal(image_verify_component(c, final_place), ERR_IMAGE_CONTENT);
}

static void row06_a_kind_listed_twice(void **state)
{
	(void)state;
	forge_component(&forged, 2, COMPONENT_FLEET_CONFIG, 200);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), ERR_IMAGE_MANIFEST);
	forge_component(&forged, 2, COMPONENT_MICROCODE, 200);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), OK);
}

static void row06_names_are_compared_whole(void **state)
{
	(void)state;
	static const char *const near[] = { "signe", "signet ", "signets", "Signet", "signet/", " signet" };
	struct image_policy policy = forge_policy();

	for (size_t i = 0; i < ARRAY_SIZE(near); i++) {
		set_up(NULL);
		strcpy(forged.manifest.product, near[i]);
		forge_seal(&forged);
		assert_int_equal(forge_verify(&forged, &image), OK);
		assert_int_equal(image_judge(&image, &policy), ERR_IMAGE_PRODUCT);
	}
	set_up(NULL);
	assert_int_equal(image_judge(&image, &policy), OK);
}

/* CVE-2020-10648's shape: the signature of one release put to the description of another. */
static void row07_signature_of_another_configuration(void **state)
{
	(void)state;
	forge_init(&other);
	other.manifest.flags = IMAGE_DEBUG;
	forge_seal(&other);
	assert_int_equal(forge_verdict(&other), OK);
	memcpy(other.image + other.layout.signatures_offset, forged.image + forged.layout.signatures_offset,
	        forged.layout.signatures_length);
	assert_int_equal(forge_verdict(&other), ERR_SIGNATURE_WRONG);
}

/* Two component descriptions exchanged: each digest still fits some component. */
static void row07_components_exchange_their_roles(void **state)
{
	(void)state;
	store_le32(component_entry(&forged, 0), COMPONENT_FLEET_CONFIG);
	store_le32(component_entry(&forged, 1), COMPONENT_HYPERVISOR);
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
}

static int make_other_release(void **state)
{
	set_up(state);
	forge_init(&other);
	strcpy(other.manifest.release, "2.0 test");
	other.payload[0] ^= 1;
	other.payload[8192] ^= 1;
	forge_seal(&other);
	assert_int_equal(forge_verdict(&other), OK);
	return 0;
}

static void row15_hypervisor_of_one_release_configuration_of_another(void **state)
{
	(void)state;
	const struct component *c = &image.manifest.components[1];

	memcpy(forged.image + c->offset, other.image + c->offset, c->length);
	assert_int_equal(forge_verdict(&forged), OK);
	assert_int_equal(verify_content(&forged, 0), OK);
	assert_int_equal(verify_content(&forged, 1), ERR_IMAGE_CONTENT);
	assert_int_equal(forge_verify(&other, &image), OK);
	assert_int_equal(verify_content(&other, 1), OK);
}

static void row15_description_of_one_component_taken_from_another_release(void **state)
{
	(void)state;
	memcpy(component_entry(&forged, 1), component_entry(&other, 1), COMPONENT_SIZE);
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
}

/* The keys region of another image with the same release keys: the manifest names the one it was made for. */
static void row15_image_under_another_key_manifest(void **state)
{
	(void)state;
	u8 named[SHA384_SIZE];

	memcpy(named, forged.manifest.keys_digest, sizeof(named));
	forge_rotate(&forged, FORGE_ROOTS);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), OK);
	memcpy(forged.manifest.keys_digest, named, sizeof(named));
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), ERR_KEYS_OTHER);
}

static void row18_text_cannot_carry_control_characters(void **state)
{
	(void)state;
	static const char *const texts[] = { "1.0\n", "1.0\r", "\x1b[2J", "1.0\t", "\x7f", "\x80", "\xc3\xa4" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		set_up(NULL);
		memset(forged.manifest.release, 0, sizeof(forged.manifest.release));
		strcpy(forged.manifest.release, texts[i]);
		forge_seal(&forged);
		assert_int_equal(forge_verdict(&forged), ERR_IMAGE_MANIFEST);
	}
}

/* Text that looks like a path is text: shown, compared, never opened. Components have kinds, not names. */
static void row18_text_like_a_path_is_only_text(void **state)
{
	(void)state;
	strcpy(forged.manifest.release, "../../etc/shadow");
	forge_seal(&forged);
	assert_int_equal(forge_verify(&forged, &image), OK);
	assert_string_equal(image.manifest.release, "../../etc/shadow");
	for (u32 i = 0; i < image.manifest.component_count; i++) {
		const char *name = component_name(image.manifest.components[i].kind);
		assert_non_null(name);
		assert_null(strpbrk(name, "/.\\"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(row01_manifest_changed_while_the_payload_fits, set_up),
		cmocka_unit_test_setup(row01_payload_changed_while_the_manifest_holds, set_up),
		cmocka_unit_test_setup(row03_head_swapped_after_verification, set_up),
		cmocka_unit_test_setup(row03_content_swapped_before_its_final_place, set_up),
		cmocka_unit_test_setup(row06_a_kind_listed_twice, set_up),
		cmocka_unit_test(row06_names_are_compared_whole),
		cmocka_unit_test_setup(row07_signature_of_another_configuration, set_up),
		cmocka_unit_test_setup(row07_components_exchange_their_roles, set_up),
		cmocka_unit_test_setup(row15_hypervisor_of_one_release_configuration_of_another, make_other_release),
		cmocka_unit_test_setup(
		        row15_description_of_one_component_taken_from_another_release, make_other_release),
		cmocka_unit_test_setup(row15_image_under_another_key_manifest, set_up),
		cmocka_unit_test(row18_text_cannot_carry_control_characters),
		cmocka_unit_test_setup(row18_text_like_a_path_is_only_text, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
