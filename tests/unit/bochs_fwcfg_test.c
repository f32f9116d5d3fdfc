/*
 * The test bed's firmware configuration: the device as firmware reads it, and ACPI tables as firmware links them.
 * Test code for a host.
 */
#include "tools/bochs-plugins/fwcfg/contents.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16, RAM_SIZE = 32768, CPUS = 3 };

static u8 ram[RAM_SIZE];
static struct fwcfg fwcfg;
static struct contents contents;

static void ram_read(void *context, u64 address, u8 *to, size_t n)
{
	(void)context;
	assert_true(range_inside(address, n, sizeof(ram)));
	memcpy(to, ram + address, n);
}

static void ram_write(void *context, u64 address, const u8 *from, size_t n)
{
	(void)context;
	assert_true(range_inside(address, n, sizeof(ram)));
	memcpy(ram + address, from, n);
}

static u8 dsdt[100] = "DSDT";

static void make_dsdt(void)
{
	u8 total = 0;
	store_le32(dsdt + 4, sizeof(dsdt));
	dsdt[9] = 0;
	for (size_t i = 0; i < sizeof(dsdt); i++)
		total = (u8)(total + dsdt[i]);
	dsdt[9] = (u8)-total;
}

static int set_up(void **state)
{
	(void)state;
	memset(ram, 0xEE, sizeof(ram));
	make_dsdt();
	fwcfg_init(&fwcfg, (struct fwcfg_memory){ .read = ram_read, .write = ram_write });
	assert_true(contents_fill(&contents, &fwcfg, MIB(1024), CPUS, dsdt, sizeof(dsdt)));
	return 0;
}

static void read_item(u16 key, u8 *to, size_t n)
{
	fwcfg_write(&fwcfg, FWCFG_PORT_SELECT, key, 2);
	for (size_t i = 0; i < n; i++)
		to[i] = (u8)fwcfg_read(&fwcfg, FWCFG_PORT_DATA, 1);
}

/* The request lies at address 0 of guest memory. Gives the control word that the device leaves. */
static u32 request(u32 control, u32 length, u64 address)
{
	u8 at[8];
	store_be32(ram, control);
	store_be32(ram + 4, length);
	store_be64(ram + 8, address);
	store_be64(at, 0);
	fwcfg_write(&fwcfg, FWCFG_PORT_DMA, load_le32(at), 4);
	fwcfg_write(&fwcfg, FWCFG_PORT_DMA + 4, load_le32(at + 4), 4);
	return load_be32(ram);
}

/* Finds a file as firmware does; copies it to `to`. 0: there is none. */
static size_t read_file(const char *name, u8 *to, size_t room)
{
	u8 directory[sizeof(fwcfg.directory)];
	read_item(FWCFG_DIRECTORY, directory, sizeof(directory));
	for (u32 i = 0; i < load_be32(directory); i++) {
		const u8 *entry = directory + 4 + (size_t)i * FWCFG_DIRECTORY_ENTRY;
		size_t size = load_be32(entry);
		if (strcmp((const char *)entry + 8, name) != 0)
			continue;
		assert_true(size <= room);
		read_item(load_be16(entry + 4), to, size);
		return size;
	}
	return 0;
}

static void who_asks_finds_it(void **state)
{
	(void)state;
	u8 bytes[8];
	read_item(FWCFG_SIGNATURE, bytes, 6);
	assert_memory_equal(bytes, "QEMU\0\0", 6);
	read_item(FWCFG_ID, bytes, 4);
	assert_int_equal(load_le32(bytes), 3);
	assert_int_equal(fwcfg_read(&fwcfg, FWCFG_PORT_DMA, 4), load_le32((const u8 *)"QEMU"));
	assert_int_equal(fwcfg_read(&fwcfg, FWCFG_PORT_DMA + 4, 4), load_le32((const u8 *)" CFG"));
}

static void memory_and_processors(void **state)
{
	(void)state;
	u8 bytes[64];
	read_item(FWCFG_CPUS, bytes, 2);
	assert_int_equal(load_le16(bytes), CPUS);
	assert_int_equal(read_file("etc/e820", bytes, sizeof(bytes)), E820_ENTRY);
	assert_int_equal(load_le64(bytes), 0);
	assert_int_equal(load_le64(bytes + 8), MIB(1024));
	assert_int_equal(load_le32(bytes + 16), 1);
	assert_int_equal(read_file("etc/msr_feature_control", bytes, sizeof(bytes)), 8);
	assert_int_equal(load_le64(bytes), 5);
	assert_int_equal(read_file("etc/e82", bytes, sizeof(bytes)), 0);
}

static void unknown_items_are_zeros(void **state)
{
	(void)state;
	u8 bytes[4] = { 1, 1, 1, 1 };
	read_item(0x7777, bytes, sizeof(bytes));
	assert_int_equal(load_le32(bytes), 0);
	assert_int_equal(request(0x7777u << 16 | DMA_SELECT | DMA_READ, 4, 100), 0);
	assert_int_equal(load_le32(ram + 100), 0);
	assert_int_equal(ram[104], 0xEE);
}

static void dma_reads_and_skips(void **state)
{
	(void)state;
	static u8 item[1500];
	for (size_t i = 0; i < sizeof(item); i++)
		item[i] = (u8)(i * 3 + 1);
	assert_true(fwcfg_add(&fwcfg, 0x100, item, sizeof(item)));
	assert_int_equal(request(0x100u << 16 | DMA_SELECT | DMA_SKIP, 10, 0), 0);
	assert_int_equal(request(DMA_READ, 1000, 64), 0);
	assert_memory_equal(ram + 64, item + 10, 1000);
	assert_int_equal(ram[1064], 0xEE);
	/* The rest, and zeros behind it. */
	assert_int_equal(request(DMA_READ, 600, 64), 0);
	assert_memory_equal(ram + 64, item + 1010, 490);
	assert_true(bytes_are_zero(ram + 554, 110));
	assert_int_equal(request(DMA_SKIP, 0xFFFFFFFF, 0), 0);
	assert_int_equal(request(DMA_WRITE, 1, 64), DMA_ERROR);
}

static void a_reset_selects_nothing(void **state)
{
	(void)state;
	fwcfg_write(&fwcfg, FWCFG_PORT_SELECT, FWCFG_SIGNATURE, 2);
	fwcfg_reset(&fwcfg);
	assert_int_equal(fwcfg_read(&fwcfg, FWCFG_PORT_DATA, 1), 0);
}

/* A file where the loader's ALLOCATE has put it. */
struct placed {
	char name[FWCFG_NAME];
	u32 address;
	size_t size;
};

static struct placed placed[2];

static const struct placed *find(const u8 *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(placed); i++)
		if (strcmp(placed[i].name, (const char *)name) == 0)
			return &placed[i];
	fail_msg("a loader command names %s, which is nowhere", (const char *)name);
	return NULL;
}

static void allocate(const u8 *command, size_t index)
{
	struct placed *p = &placed[index];
	u32 align = load_le32(command + 60);
	p->address = index ? 8192 : 4096;
	assert_true(is_aligned(p->address, align));
	strcpy(p->name, (const char *)command + 4);
	p->size = read_file(p->name, ram + p->address, 8192);
	assert_true(p->size > 0);
}

static void add_pointer(const u8 *command)
{
	const struct placed *to = find(command + 4);
	u32 offset = load_le32(command + 116);
	assert_int_equal(command[120], 4);
	assert_true(range_inside(offset, 4, to->size));
	u8 *at = ram + to->address + offset;
	store_le32(at, load_le32(at) + find(command + 60)->address);
}

static u8 sum(const u8 *bytes, size_t n)
{
	u8 total = 0;
	for (size_t i = 0; i < n; i++)
		total = (u8)(total + bytes[i]);
	return total;
}

static void add_checksum(const u8 *command)
{
	const struct placed *p = find(command + 4);
	u32 offset = load_le32(command + 60), start = load_le32(command + 64), length = load_le32(command + 68);
	assert_true(range_inside(start, length, p->size) && range_inside(offset, 1, p->size));
	u8 *at = ram + p->address + offset;
	*at = (u8)(*at - sum(ram + p->address + start, length));
}

/* What firmware does with the script. */
static void obey(void)
{
	static u8 script[LOADER_COMMANDS * LOADER_COMMAND];
	size_t n = read_file(ACPI_LOADER_FILE, script, sizeof(script)), files = 0;
	assert_true(n > 0 && n % LOADER_COMMAND == 0);
	for (const u8 *command = script; command < script + n; command += LOADER_COMMAND) {
		switch (load_le32(command)) {
		case 1:
			assert_true(files < ARRAY_SIZE(placed));
			allocate(command, files++);
			break;
		case 2:
			add_pointer(command);
			break;
		case 3:
			add_checksum(command);
			break;
		default:
			fail_msg("unknown loader command");
		}
	}
}

static const u8 *table(u32 address, const char *signature)
{
	assert_true(range_inside(address, 36, sizeof(ram)));
	const u8 *t = ram + address;
	assert_memory_equal(t, signature, 4);
	assert_int_equal(sum(t, load_le32(t + 4)), 0);
	return t;
}

static void tables_are_linked(void **state)
{
	(void)state;
	obey();
	const u8 *rsdp = ram + placed[0].address;
	assert_memory_equal(rsdp, "RSD PTR ", 8);
	assert_int_equal(sum(rsdp, ACPI_RSDP_SIZE), 0);
	const u8 *rsdt = table(load_le32(rsdp + 16), "RSDT");
	const u8 *fadt = table(load_le32(rsdt + 36), "FACP");
	const u8 *madt = table(load_le32(rsdt + 40), "APIC");
	assert_int_equal(load_le32(rsdt + 4), 44);
	assert_memory_equal(table(load_le32(fadt + 40), "DSDT"), dsdt, sizeof(dsdt));
	u32 facs = load_le32(fadt + 36);
	assert_true(is_aligned(facs, 64) && range_inside(facs, 64, sizeof(ram)));
	assert_memory_equal(ram + facs, "FACS", 4);
	/* Where the specification has them: SCI, PM1a event and control, timer, flags, reset register and value. */
	assert_int_equal(load_le16(fadt + 46), 9);
	assert_int_equal(load_le32(fadt + 56), 0xB000);
	assert_int_equal(load_le32(fadt + 64), 0xB004);
	assert_int_equal(load_le32(fadt + 76), 0xB008);
	assert_int_equal(load_le32(fadt + 112) & BIT(10), BIT(10));
	assert_int_equal(load_le64(fadt + 120), 0xCF9);
	assert_int_equal(fadt[128], 6);
	assert_int_equal(load_le32(madt + 36), 0xFEE00000);
}

static void each_processor_has_its_entry(void **state)
{
	(void)state;
	obey();
	const u8 *rsdt = table(load_le32(ram + placed[0].address + 16), "RSDT");
	const u8 *madt = table(load_le32(rsdt + 40), "APIC");
	u32 size = load_le32(madt + 4), processors = 0, io_apics = 0, at = 44;
	for (; at < size; at += madt[at + 1]) {
		assert_true(madt[at + 1] >= 2);
		if (madt[at] == 0)
			assert_int_equal(madt[at + 3], processors++);
		if (madt[at] == 1 && load_le32(madt + at + 4) == 0xFEC00000)
			io_apics++;
	}
	assert_int_equal(at, size);
	assert_int_equal(processors, CPUS);
	assert_int_equal(io_apics, 1);
}

/* The window as Bochs' BIOS has it, and one of another device, which stays. */
static void the_window_begins_where_firmware_places_devices(void **state)
{
	static const u8 bios[] = { 0x87, 23, 0, 0, 12, 1, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0xFF, 0xFF, 0xBF, 0xFE, 0, 0, 0, 0,
		0, 0, 0xC0, 0x3E };
	static const u64 sizes[] = { MIB(512), MIB(2048), MIB(2560) };
	static const u32 begins[] = { 0x80000000, 0x80000000, 0xA0000000 };
	u8 with_window[128] = "DSDT";

	(void)state;
	memcpy(with_window + 50, bios, sizeof(bios));
	memcpy(with_window + 90, bios, sizeof(bios));
	store_le32(with_window + 90 + 10, 0xFED00000);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		static struct contents c;
		static struct fwcfg f;

		fwcfg_init(&f, (struct fwcfg_memory){ .read = ram_read, .write = ram_write });
		assert_true(contents_fill(&c, &f, sizes[i], 1, with_window, sizeof(with_window)));
		const u8 *found = c.acpi.tables + 64; /* behind the FACS */
		assert_int_equal(load_le32(found + 60), begins[i]);
		assert_int_equal(load_le32(found + 64), 0xFEBFFFFF);
		assert_int_equal(load_le32(found + 72), 0xFEC00000 - begins[i]);
		assert_int_equal(load_le32(found + 100), 0xFED00000);
		assert_int_equal(sum(found, sizeof(with_window)), 0);
	}
}

static void the_dsdt_is_found_whole_or_not_at_all(void **state)
{
	(void)state;
	static u8 rom[1024];
	size_t size = 0;
	memset(rom, 0, sizeof(rom));
	memcpy(rom + 100, "DSDT", 5); /* a string of the BIOS, no table */
	memcpy(rom + 300, dsdt, sizeof(dsdt));
	assert_ptr_equal(acpi_find_dsdt(rom, sizeof(rom), &size), rom + 300);
	assert_int_equal(size, sizeof(dsdt));
	assert_null(acpi_find_dsdt(rom, 300 + sizeof(dsdt) - 1, &size));
	rom[350] ^= 1;
	assert_null(acpi_find_dsdt(rom, sizeof(rom), &size));
}

static void limits(void **state)
{
	(void)state;
	static u8 large[ACPI_TABLES_MAX];
	struct fwcfg *f = &fwcfg;
	fwcfg_init(f, f->memory);
	assert_false(contents_fill(&contents, f, RAM_MAX + 1, 1, dsdt, sizeof(dsdt)));
	assert_false(contents_fill(&contents, f, RAM_MAX, 0, dsdt, sizeof(dsdt)));
	assert_false(contents_fill(&contents, f, RAM_MAX, ACPI_CPUS_MAX + 1, dsdt, sizeof(dsdt)));
	assert_false(contents_fill(&contents, f, RAM_MAX, 1, large, sizeof(large)));
	assert_true(contents_fill(&contents, f, RAM_MAX, ACPI_CPUS_MAX, large, sizeof(large) / 2));
	assert_false(fwcfg_add_file(f, "a name that is far too long for the fifty-six bytes of a field", dsdt, 1));
	for (u32 i = f->files; i < FWCFG_FILES; i++)
		assert_true(fwcfg_add_file(f, "one more", dsdt, 1));
	assert_false(fwcfg_add_file(f, "one too many", dsdt, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_asks_finds_it, set_up),
		cmocka_unit_test_setup(memory_and_processors, set_up),
		cmocka_unit_test_setup(unknown_items_are_zeros, set_up),
		cmocka_unit_test_setup(dma_reads_and_skips, set_up),
		cmocka_unit_test_setup(a_reset_selects_nothing, set_up),
		cmocka_unit_test_setup(tables_are_linked, set_up),
		cmocka_unit_test_setup(each_processor_has_its_entry, set_up),
		cmocka_unit_test_setup(the_window_begins_where_firmware_places_devices, set_up),
		cmocka_unit_test_setup(the_dsdt_is_found_whole_or_not_at_all, set_up),
		cmocka_unit_test_setup(limits, set_up),
	};
	return cmocka_run_group_tests_name("bochs_fwcfg", tests, NULL, NULL);
}
