/*
 * Writes the .auth files that lie on its volume to the Secure Boot variables, as an owner's enrolment program would,
 * and shows firmware's answers and what the variables hold afterwards.
 * Trust: test code only; firmware judges the files.
 */
#include "tests/payload/enrol_efi.h"
#include "tests/payload/machine.h"

#include "lib/crypto/crypto.h"
#include "lib/fatal.h"
#include "lib/print.h"

_Noreturn void enrol_main(efi_handle image, const struct efi_system_table *system);

enum {
	CONTENT_MAX = 65536,
	/* Non-volatile, boot service and runtime access, time-based authenticated write access. */
	ATTRIBUTES = 0x27,
};

static const struct efi_guid global_variable = { 0x8BE4DF61, 0x93CA, 0x11D2,
	{ 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C } };
static const struct efi_guid image_security_database = { 0xD719B2CB, 0x3D3A, 0x4596,
	{ 0xA3, 0xBC, 0xDA, 0xD0, 0x0E, 0x67, 0x65, 0x6F } };
static const struct efi_guid loaded_image = { 0x5B1B31A1, 0x9562, 0x11D2,
	{ 0x8E, 0x3F, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B } };
static const struct efi_guid simple_file_system = { 0x964E5B22, 0x6459, 0x11D2,
	{ 0x8E, 0x39, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B } };

/* From the lowest to the highest: each is signed by the holder of the next, PK by its own. */
static const struct variable {
	const char *label;
	const u16 *name;
	const u16 *file;
	const struct efi_guid *vendor;
} variables[] = {
	{ "db", u"db", u"db.auth", &image_security_database },
	{ "KEK", u"KEK", u"KEK.auth", &global_variable },
	{ "PK", u"PK", u"PK.auth", &global_variable },
};
static u8 content[CONTENT_MAX];

static void must(efi_status status, const char *what)
{
	if (status == EFI_SUCCESS)
		return;
	say("enrol: %s: status=0x%lx", what, status);
	machine_halt();
}

static struct efi_file *open_volume(efi_handle image, const struct efi_system_table *system)
{
	void *loaded, *files;
	struct efi_file *root;

	must(system->boot->handle_protocol(image, &loaded_image, &loaded), "loaded image");
	must(system->boot->handle_protocol(((struct efi_loaded_image *)loaded)->device, &simple_file_system, &files),
	        "file system");
	must(((struct efi_file_system *)files)->open_volume(files, &root), "volume");
	return root;
}

static void write_variable(struct efi_file *root, const struct efi_system_table *system, const struct variable *v)
{
	const struct efi_writing_services *services = (const void *)system->runtime;
	struct efi_file *file;
	u64 n = sizeof(content);

	if (root->open(root, &file, v->file, EFI_FILE_MODE_READ, 0) != EFI_SUCCESS)
		return;
	must(file->read(file, &n, content), v->label);
	must(file->close(file), v->label);
	say("enrol: write %s status=0x%lx", v->label,
	        services->set_variable(v->name, v->vendor, ATTRIBUTES, n, content));
}

static void show_variable(const struct efi_runtime_services *services, const struct variable *v)
{
	u8 hash[SHA256_SIZE];
	char text[2 * SHA256_SIZE + 1];
	u64 n = sizeof(content);

	if (services->get_variable(v->name, v->vendor, NULL, &n, content) != EFI_SUCCESS)
		n = 0;
	sha256_of(content, n, hash);
	hex_encode(text, hash, sizeof(hash));
	say("enrol: holds %s %s", v->label, text);
}

static u8 flag(const struct efi_runtime_services *services, const u16 *name)
{
	u8 value;
	u64 n = sizeof(value);

	must(services->get_variable(name, &global_variable, NULL, &n, &value), "mode");
	return value;
}

/*
 * In set-up mode db and KEK are open to anybody until PK is in, so it comes last. In user mode each file is signed by
 * the next variable's new holder, so PK comes first.
 */
static void write_variables(struct efi_file *root, const struct efi_system_table *system, bool setup)
{
	u32 last = ARRAY_SIZE(variables) - 1;

	for (u32 i = 0; i <= last; i++)
		write_variable(root, system, &variables[setup ? i : last - i]);
}

_Noreturn void enrol_main(efi_handle image, const struct efi_system_table *system)
{
	const struct efi_runtime_services *services = system->runtime;

	serial_use(COM1);
	fatal_set(machine_halt);
	/* Firmware's text may have left off within a line of the same serial port. */
	say("enrol");
	say("enrol: before setup-mode=%u secure-boot=%u", flag(services, u"SetupMode"), flag(services, u"SecureBoot"));
	write_variables(open_volume(image, system), system, flag(services, u"SetupMode") == 1);
	for (u32 i = 0; i < ARRAY_SIZE(variables); i++)
		show_variable(services, &variables[i]);
	say("enrol: after setup-mode=%u secure-boot=%u", flag(services, u"SetupMode"), flag(services, u"SecureBoot"));
	say("enrol: done");
	machine_halt();
}
