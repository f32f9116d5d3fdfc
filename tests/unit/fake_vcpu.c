/* See fake_vcpu.h. */
#include "tests/unit/fake_vcpu.h"

#include "hv/dev/lapic_regs.h"

#include <string.h>

struct fake_guest fake;

static void record(u64 offset, u32 size, bool write, u64 value)
{
	if (fake.accesses < ARRAY_SIZE(fake.access))
		fake.access[fake.accesses++] =
		        (struct access){ .offset = offset, .size = size, .write = write, .value = value };
}

static u64 device_read(void *device, u64 offset, u32 size)
{
	(void)device;
	record(offset, size, false, 0);
	return fake.answer;
}

static void device_write(void *device, u64 offset, u32 size, u64 value)
{
	(void)device;
	record(offset, size, true, value);
}

static const struct bus_ops device = { device_read, device_write, 1 | 2 | 4 | 8 };

/* Tells what it was asked. */
static void answer_cpuid(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_result *r)
{
	(void)v;
	*r = (struct cpuid_result){ .eax = leaf, .ebx = ~leaf, .ecx = subleaf, .edx = 7 };
}

static bool read_one_msr(u32 msr, u64 *value)
{
	*value = 0x1122334455667788;
	return msr == 0x1234;
}

static bool may_write_one_msr(u32 msr)
{
	return msr == 0x1234;
}

bool fake_takes_cr4(u64 value)
{
	const struct vmx_caps *caps = &fake.machine.caps;

	return (value & caps->cr4_fixed0) == caps->cr4_fixed0 && (value & ~caps->cr4_fixed1) == 0;
}

void vcpu_notify(struct vcpu *v)
{
	vcpu_set_attention(v);
	fake.notified |= 1u << v->index;
}

static void ipi(void *context, const struct apic_message *m)
{
	(void)context, (void)m;
}

static void end(void *context, u8 vector)
{
	(void)context, (void)vector;
}

void fake_guest_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(&fake_vmcs, 0, sizeof(fake_vmcs));
	fake.policy = (struct vm_policy){
		.cpuid = answer_cpuid, .read_msr = read_one_msr, .may_write_msr = may_write_one_msr, .xcr0 = 0xE7
	};
	fake.vm = (struct vm){ .policy = &fake.policy, .ept.host_end = 1ull << 46, .memory_count = 1 };
	fake.vm.memory[0] = (struct vm_memory){ .length = MEMORY, .window = fake.memory };
	fake.machine.caps = (struct vmx_caps){
		.cr0_fixed0 = 0x80000021, .cr0_fixed1 = 0xFFFFFFFF, .cr4_fixed0 = 0x2000, .cr4_fixed1 = 0x3767FF
	};
	fake.machine.xcr0 = 0xE7;
	fake.hardware.machine = &fake.machine;
	fake.vcpu = (struct vcpu){ .vm = &fake.vm, .hardware = &fake.hardware, .due = NO_EVENT };
	lapic_init(&fake.vcpu.lapic, &(struct lapic_config){ .tsc_khz = 1000000, .ipi = { ipi, NULL }, .eoi = end });
	fake.vcpu.lapic.reg[REG_SVR] |= SVR_ENABLED;
	fake.vcpu.deadline = LAPIC_NEVER;
	for (u32 space = 0; space < BUS_SPACES; space++) {
		struct bus_region r = { space == BUS_PORT ? DEVICE_PORT : DEVICE_MMIO, DEVICE_LENGTH, &device, NULL };
		if (bus_add(&fake.vm.bus, space, &r) != OK)
			return;
	}
	vcpu_set(&fake.vcpu, VCPU_EFER, EFER_LME | EFER_LMA);
	vcpu_set(&fake.vcpu, VCPU_CR0, CR0_PE | CR0_ET | CR0_NE);
	vcpu_set(&fake.vcpu, VCPU_CR4, CR4_PAE);
	vcpu_set(&fake.vcpu, VCPU_RFLAGS, RFLAGS_FIXED);
	vcpu_set(&fake.vcpu, VCPU_CS_ACCESS, 0xA09B);
}
