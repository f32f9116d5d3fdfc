/* A vCPU of a small VM over the fake VMCS: 64 KiB of memory at 0, one port and one MMIO device that remember. */
#ifndef SIGNET_TESTS_FAKE_VCPU_H
#define SIGNET_TESTS_FAKE_VCPU_H

#include "hv/vmx/vmx.h"
#include "tests/unit/fake_vmcs.h"

enum { MEMORY = 0x10000, DEVICE_PORT = 0x100, DEVICE_MMIO = 0xF000000, DEVICE_LENGTH = 0x100 };

struct access {
	u64 offset, value;
	u32 size;
	bool write;
};

extern struct fake_guest {
	struct vcpu vcpu;
	struct vcpu_hardware hardware;
	struct vmx_machine machine;
	struct vm vm;
	struct vm_policy policy;
	u8 memory[MEMORY] __attribute__((aligned(4096)));
	struct access access[256];
	u32 accesses;
	u64 answer; /* what the device reads as */
	u32 notified; /* vCPUs by index */
} fake;

/* 64-bit code at CPL 0, paging off in the page-table sense: linear addresses are physical until a test turns it on. */
void fake_guest_reset(void);

/* VM entry takes value as a guest's CR4. */
bool fake_takes_cr4(u64 value);

#endif
