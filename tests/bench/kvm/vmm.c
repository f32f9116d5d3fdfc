/*
 * The peer's side of tests/guest: the very same program as one guest of KVM, with an eventfd in the kernel where KVM
 * offers one, so that what is measured is the kernel's own fastest answer. The first process of a Linux that runs
 * nothing else. Test code for a guest operating system.
 */
#include "lib/types.h"
#include "tests/guest/cases.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SETTLE_SECONDS = 25, CPUID_ENTRIES = 128, LARGE = 0x83, TABLE = 0x03, CODE_64 = 0xB, DATA = 0x3 };
enum { CR0_LONG = 0x80000031, CR4_PAE = 0x20, EFER_LONG = 0x500, QUEUE_NOTIFY = 0x50, TSC_DEADLINE_TIMER = BIT(24) };

extern const uint8_t program_start[], program_end[];
__asm__(".section .rodata\n"
        "program_start: .incbin \"build/tests/guest/long.bin\"\n"
        "program_end:\n"
        ".text\n");

static _Noreturn void die(const char *what)
{
	printf("kvm: cannot %s: %m\n", what);
	fflush(stdout);
	for (;;)
		pause();
}

static int must(int result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

static void load_module(const char *path, const char *parameters)
{
	int fd = must(open(path, O_RDONLY), path);

	must((int)syscall(SYS_finit_module, fd, parameters, 0), "load a module of KVM");
	close(fd);
}

static void start_system(void)
{
	must(mount("none", "/dev", "devtmpfs", 0, NULL), "mount /dev");
	int console = must(open("/dev/console", O_RDWR), "open the console");
	dup2(console, STDOUT_FILENO);
	load_module("/irqbypass.ko", "");
	load_module("/kvm.ko", "");
	load_module("/kvm-intel.ko", "enable_apicv=0");
	/* What a kernel does after it has started is over by then. */
	sleep(SETTLE_SECONDS);
}

static void add_memory(int vm)
{
	void *ram = mmap(NULL, GUEST_RAM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct kvm_userspace_memory_region region = { .memory_size = GUEST_RAM, .userspace_addr = (uintptr_t)ram };

	if (ram == MAP_FAILED)
		die("get memory");
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "give memory");
	memcpy((uint8_t *)ram + GUEST_CODE, program_start, (uintptr_t)program_end - (uintptr_t)program_start);
	/* One gigabyte as it is, as tests/vmx/hv_tests.c does it. */
	uint64_t *tables = (uint64_t *)ram + GUEST_TABLES / sizeof(uint64_t);
	tables[0] = (GUEST_TABLES + 4096) | TABLE;
	tables[512] = (GUEST_TABLES + 8192) | TABLE;
	for (uint64_t i = 0; i < 512; i++)
		tables[1024 + i] = i << 21 | LARGE;
}

/* length 0: any, and the kernel does not look at the instruction. */
static void add_eventfd(int vm, uint64_t address, uint32_t length, uint32_t flags)
{
	struct kvm_ioeventfd e = {
		.addr = address, .len = length, .fd = must(eventfd(0, EFD_NONBLOCK), "make an eventfd"), .flags = flags
	};

	must(ioctl(vm, KVM_IOEVENTFD, &e), "hand the kernel an eventfd");
}

static void show_processor(int kvm, int vcpu)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + CPUID_ENTRIES * sizeof(c->entries[0]));

	if (!c)
		die("get memory");
	c->nent = CPUID_ENTRIES;
	must(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c), "ask for CPUID");
	/* KVM has it with its interrupt controllers, and leaves it to its user to say so. */
	for (u32 i = 0; i < c->nent; i++)
		c->entries[i].ecx |= c->entries[i].function == 1 ? TSC_DEADLINE_TIMER : 0;
	must(ioctl(vcpu, KVM_SET_CPUID2, c), "set CPUID");
	free(c);
}

static void set_registers(int vcpu)
{
	struct kvm_regs r = { .rip = GUEST_CODE, .rsp = GUEST_STACK, .rflags = 2 };
	struct kvm_segment data = {
		.limit = UINT32_MAX, .selector = 0x18, .type = DATA, .present = 1, .s = 1, .db = 1, .g = 1
	};
	struct kvm_sregs s;

	must(ioctl(vcpu, KVM_GET_SREGS, &s), "get registers");
	s.cr0 = CR0_LONG;
	s.cr3 = GUEST_TABLES;
	s.cr4 = CR4_PAE;
	s.efer = EFER_LONG;
	s.ds = s.es = s.ss = s.fs = s.gs = data;
	s.cs = (struct kvm_segment){
		.limit = UINT32_MAX, .selector = 0x10, .type = CODE_64, .present = 1, .s = 1, .l = 1, .g = 1
	};
	must(ioctl(vcpu, KVM_SET_SREGS, &s), "set registers");
	must(ioctl(vcpu, KVM_SET_REGS, &r), "set registers");
}

/* False: the program has ended. What it reads elsewhere than here is nothing. */
static bool answer(struct kvm_run *run)
{
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	if (run->exit_reason == KVM_EXIT_MMIO)
		return true;
	if (run->exit_reason != KVM_EXIT_IO) {
		printf("kvm: an exit for reason %u\n", run->exit_reason);
		return false;
	}
	if (run->io.direction == KVM_EXIT_IO_IN) {
		uint32_t value = run->io.port == PORT_CASE ? CASE_costs : 0;
		memcpy(data, &value, run->io.size);
	} else if (run->io.port == PORT_TEXT) {
		putchar(data[0]);
	}
	return !(run->io.direction == KVM_EXIT_IO_OUT && run->io.port == PORT_END);
}

int main(void)
{
	start_system();
	int kvm = must(open("/dev/kvm", O_RDWR), "open /dev/kvm");
	int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "make a VM");
	must(ioctl(vm, KVM_SET_TSS_ADDR, 0xFFFBD000), "place the task state");
	must(ioctl(vm, KVM_CREATE_IRQCHIP, 0), "make interrupt controllers");
	int vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "make a vCPU");
	add_memory(vm);
	add_eventfd(vm, PORT_KEPT, 4, KVM_IOEVENTFD_FLAG_PIO);
	add_eventfd(vm, GUEST_DEVICE, 0, 0);
	add_eventfd(vm, GUEST_DEVICE + 8, 4, 0);
	add_eventfd(vm, GUEST_VIRTIO + QUEUE_NOTIFY, 0, 0);
	show_processor(kvm, vcpu);
	set_registers(vcpu);
	int size = must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "ask for a size");
	struct kvm_run *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		die("map a vCPU");
	do
		must(ioctl(vcpu, KVM_RUN, 0), "run");
	while (answer(run));
	puts("kvm: done");
	fflush(stdout);
	for (;;)
		pause();
}
