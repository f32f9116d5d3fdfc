/* The service VM's ACPI tables (ACPI 6.5, chapter 5). Trust: in the TCB; pure. */
#include "hv/service/acpi.h"

#include <string.h>

enum { FADT_FACS = 36, FADT_SMI_COMMAND = 48, FADT_SMI_ENABLE = 52, FADT_PM1_EVENT = 56, FADT_PM1_CONTROL = 64 };
enum { FADT_TIMER = 76, FADT_GPE = 80, FADT_PM1_EVENT_LENGTH = 88, FADT_GPE_LENGTH = 92, FADT_CST_CONTROL = 95 };
enum { FADT_C2_LATENCY = 96, FADT_C3_LATENCY = 98, FADT_BOOT_FLAGS = 109, FADT_FLAGS = 112, FADT_RESET = 116 };
enum { FADT_RESET_VALUE = 128, FADT_X_FACS = 132, FADT_LEAST = 116, FADT_MOST = 276, FLAG_RESET = BIT(10) };
enum { BOOT_NO_VGA = BIT(2), BOOT_NO_MSI = BIT(3) };
enum { NO_C_STATE = 0xFFF }; /* more than an OS takes for usable */
enum { SPACE_IO = 1, RESET_PORT = 0xCF9, RESET_ALL = 6, FACS_SIZE = 64, FACS_LENGTH = 4, FACS_VERSION = 32 };
enum { FACS_ALIGN = 64 };

enum { MADT_HEAD = ACPI_HEADER_SIZE + 8, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_PCAT_COMPATIBLE = 1 };
enum { OVERRIDE_LENGTH = 10, IOAPIC_LENGTH = 12, OUR_IOAPIC_ID = 15 };

/* It has neither header nor checksum as other tables have them. */
static u64 build_facs(struct acpi_maker *m)
{
	struct writer *w = &m->w;

	write_zero(w, align_up(w->used, FACS_ALIGN) - w->used);
	size_t start = w->used;
	write_zero(w, FACS_SIZE);
	if (!w->failed) {
		memcpy(w->start + start, "FACS", 4);
		store_le32(w->start + start + FACS_LENGTH, FACS_SIZE);
		w->start[start + FACS_VERSION] = 2;
	}
	return m->at + start;
}

/* No SMI, no sleep states but by PM1 control, no C-states, reset by the port that is handled. */
static void change_fadt(u8 *f, u32 length, u64 facs)
{
	store_le32(f + FADT_FACS, (u32)facs);
	memset(f + FADT_SMI_COMMAND, 0, FADT_PM1_EVENT - FADT_SMI_COMMAND);
	f[FADT_CST_CONTROL] = 0;
	store_le16(f + FADT_C2_LATENCY, NO_C_STATE);
	store_le16(f + FADT_C3_LATENCY, NO_C_STATE);
	store_le16(f + FADT_BOOT_FLAGS, load_le16(f + FADT_BOOT_FLAGS) | BOOT_NO_VGA | BOOT_NO_MSI);
	store_le32(f + FADT_FLAGS, load_le32(f + FADT_FLAGS) & ~(u32)FLAG_RESET);
	if (length <= FADT_RESET_VALUE)
		return;
	store_le32(f + FADT_FLAGS, load_le32(f + FADT_FLAGS) | FLAG_RESET);
	store_le32(f + FADT_RESET, SPACE_IO | 8 << 8);
	store_le64(f + FADT_RESET + 4, RESET_PORT);
	f[FADT_RESET_VALUE] = RESET_ALL;
	if (range_inside(FADT_X_FACS, 8, length))
		store_le64(f + FADT_X_FACS, 0);
}

static u64 build_fadt(struct acpi_maker *m, const struct acpi_table *fadt, u64 facs)
{
	u32 length = fadt->length < FADT_MOST ? fadt->length : FADT_MOST;

	acpi_table_begin(m, "FACP", fadt->bytes[8]);
	write_bytes(&m->w, fadt->bytes + ACPI_HEADER_SIZE, length - ACPI_HEADER_SIZE);
	if (!m->w.failed)
		change_fadt(m->w.start + m->table, length, facs);
	return acpi_table_end(m);
}

/* Its I/O APICs and the overrides of ISA interrupts; NMI sources are not the service VM's. */
static void madt_copied(struct writer *w, const struct acpi_table *madt, u32 ioapics)
{
	struct reader r = reader_on(madt->bytes + MADT_HEAD, madt->length - MADT_HEAD);

	while (r.left && !r.failed) {
		const u8 *entry = r.at;
		u8 type = read_u8(&r), length = read_u8(&r);

		if (length < 2 || !read_bytes(&r, length - 2u))
			return;
		bool ioapic = type == MADT_IOAPIC && length == IOAPIC_LENGTH && ioapics;
		if (ioapic || (type == MADT_OVERRIDE && length == OVERRIDE_LENGTH))
			write_bytes(w, entry, length);
		ioapics -= ioapic;
	}
}

enum err service_acpi_build(const struct service_acpi *s, u64 at, u8 out[SERVICE_ACPI_SIZE])
{
	struct acpi_table fadt = acpi_find(s->table, s->tables, "FACP"), madt = acpi_find(s->table, s->tables, "APIC");
	struct acpi_maker m;

	if (fadt.length < FADT_LEAST || madt.length < MADT_HEAD)
		return ERR_ACPI;
	acpi_begin(&m, at, out, SERVICE_ACPI_SIZE);
	acpi_list(&m, build_fadt(&m, &fadt, build_facs(&m)));
	acpi_madt_begin(&m, MADT_PCAT_COMPATIBLE, 1);
	madt_copied(&m.w, &madt, s->ioapics);
	acpi_madt_ioapic(&m, OUR_IOAPIC_ID, s->ioapic_base, s->gsi_base);
	acpi_list(&m, acpi_table_end(&m));
	acpi_table_begin(&m, "SSDT", 2);
	aml_virtio_devices(&m.w, s->virtio, SERVICE_VIRTIO);
	acpi_list(&m, acpi_table_end(&m));
	/* Of the others it hears nothing: TPM2, DMAR, MCFG, HPET, BERT, EINJ, ERST, WSMT and the rest. */
	for (u32 i = 0; i < s->tables; i++) {
		if (memcmp(s->table[i].bytes, "SSDT", 4) == 0)
			acpi_list(&m, s->table[i].address);
	}
	return acpi_end(&m);
}

void service_acpi_ports(const struct acpi_table *fadt, struct acpi_ports *p)
{
	const u8 *f = fadt->bytes;

	*p = (struct acpi_ports){ 0 };
	if (fadt->length < FADT_LEAST)
		return;
	for (u32 i = 0; i < 2; i++) {
		p->event[i] = load_le16(f + FADT_PM1_EVENT + 4 * i);
		p->control[i] = load_le16(f + FADT_PM1_CONTROL + 4 * i);
		p->gpe[i] = load_le16(f + FADT_GPE + 4 * i);
		p->gpe_length[i] = f[FADT_GPE_LENGTH + i];
	}
	p->event_length = f[FADT_PM1_EVENT_LENGTH];
	p->timer = load_le16(f + FADT_TIMER);
	p->smi = load_le16(f + FADT_SMI_COMMAND);
	p->enable = f[FADT_SMI_ENABLE];
}

bool service_acpi_off(const struct acpi_table *dsdt, u8 *type)
{
	static const u8 name[] = { '_', 'S', '5', '_', 0x12 };

	for (u32 at = ACPI_HEADER_SIZE; range_inside(at, sizeof(name), dsdt->length); at++) {
		u32 after = at + (u32)sizeof(name);
		struct reader r = reader_on(dsdt->bytes + after, dsdt->length - after);

		if (memcmp(dsdt->bytes + at, name, sizeof(name)) != 0)
			continue;
		/* Package length, of one to four bytes; number of elements; the first: a byte or one of two opcodes. */
		(void)read_bytes(&r, (read_u8(&r) >> 6) + 1u);
		u8 opcode = read_u8(&r);
		*type = opcode == 0x0A ? read_u8(&r) & 7 : opcode;
		return !r.failed && (opcode == 0x0A || opcode <= 1);
	}
	return false;
}
