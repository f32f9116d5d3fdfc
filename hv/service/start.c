/* The service VM's life. Trust: in the TCB; hardware access. */
#include "hv/service/service.h"

#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/boot/smp.h"
#include "hv/control/ports.h"
#include "hv/guest/cpuid.h"
#include "hv/guest/linux.h"
#include "hv/guest/msr.h"
#include "hv/guest/state.h"
#include "hv/node/event.h"
#include "hv/node/node.h"
#include "hv/sched/dispatch.h"
#include "hv/vm/vcpu.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/apic.h"
#include "hv/x86/clock.h"
#include "hv/x86/ioapic.h"
#include "hv/x86/lock.h"

#include "lib/print.h"

enum { RESTART_PAUSE_MS = 1000, SERVICE_PAGES = (sizeof(struct service) + 4095) / 4096 };

/*
 * No login and no input: what it says goes to the console. Its own end, a panic's too, is a triple fault, so that it
 * comes back and the machine stays. ACPI's idle states are ports that are not there.
 */
static const char command_line[] = "console=ttyS0,115200 panic=1 reboot=t idle=halt";

static struct service *service;

static void stopped(struct vm *vm)
{
	say("service VM: off: %s", vm->reason);
	service_irq_stop();
	ports_detach();
	node_event(EVENT_SERVICE, NULL, ports_starts, 0, vm->reason);
	worker_submit(&service->job);
}

static const struct vm_policy policy = {
	.cpuid = guest_answer_cpuid,
	.read_msr = service_msr_read,
	.may_write_msr = service_msr_may_write,
	.stopped = stopped,
	.xcr0 = GUEST_XCR0,
	.passes_wbinvd = true,
};

static u8 *ram_at(u64 address)
{
	return (u8 *)(uintptr_t)address;
}

static enum err load(struct service *s, struct vmx_entry *entry)
{
	const struct boot_component *kernel = &s->info->component[COMPONENT_SERVICE_KERNEL];
	const struct boot_component *initramfs = &s->info->component[COMPONENT_SERVICE_INITRAMFS];
	struct service_load l = { .kernel = ram_at(kernel->content.base),
		.kernel_length = kernel->content.length,
		.initramfs = ram_at(initramfs->content.base),
		.initramfs_length = initramfs->content.length,
		.command_line = s->command_line,
		.at = ram_at };
	enum err e = service_plan(s);

	if (!e)
		e = service_load_place(&l, &s->plan);
	if (!e)
		e = service_load_fill(&l, &s->plan);
	if (!e)
		e = service_acpi_build(&s->acpi, l.block + BLOCK_ACPI, ram_at(l.block + BLOCK_ACPI));
	*entry = (struct vmx_entry){ .mode = VMX_START_LONG,
		.rip = l.layout.entry,
		.rsp = l.block + SERVICE_BLOCK_SIZE,
		.cr3 = l.block + BLOCK_TABLES,
		.gdt = l.block + BLOCK_GDT,
		.gdt_limit = LINUX_GDT_LIMIT,
		.rsi = l.block + BLOCK_ZERO_PAGE };
	return e;
}

/* Lock held. */
static enum err run(struct service *s, const struct vmx_entry *entry)
{
	enum err e = vm_create(&policy, 1, &s->vm);

	if (e)
		return e;
	e = service_assemble(s);
	if (!e)
		e = vm_start(s->vm, entry);
	if (e && vm_destroy(s->vm))
		panic("a service VM that never ran cannot be unmade");
	s->vm = e ? NULL : s->vm;
	return e;
}

static void wait(u32 milliseconds)
{
	u64 start = read_time_stamp();

	while (read_time_stamp() - start < clock_ticks(milliseconds * 1000ull))
		worker_yield();
}

static bool is_as_measured(const struct boot_component *c)
{
	u8 digest[SHA384_SIZE];

	hash_in_pieces(ram_at(c->content.base), c->content.length, digest);
	return digest_equal(digest, c->digest, SHA384_SIZE);
}

/* The lock only where others look: devices and RAM are nobody's while there is no service VM. */
static void start_again(struct job *job)
{
	struct service *s = service;
	struct vmx_entry entry;

	hv_lock();
	enum err e = s->vm ? vm_destroy(s->vm) : OK;
	s->vm = NULL;
	hv_unlock();
	wait(RESTART_PAUSE_MS);
	pci_reset(&s->pci, wait);
	if (!is_as_measured(&s->info->component[COMPONENT_SERVICE_KERNEL]) ||
	        !is_as_measured(&s->info->component[COMPONENT_SERVICE_INITRAMFS]))
		panic("the service VM's measured copy has changed");
	if (!e)
		e = load(s, &entry);
	hv_lock();
	if (!e)
		e = run(s, &entry);
	/* Guests may have all that there is, and give it back. */
	if (e == ERR_NO_MEMORY)
		worker_submit(job);
	else if (e)
		panic(err_text(e));
	else
		say("service VM: started again, %u starts", ports_starts);
	hv_unlock();
}

void service_start(const struct boot_info *info)
{
	struct vmx_entry entry;
	enum err e;

	if (!info->component[COMPONENT_SERVICE_KERNEL].content.length) {
		say("hypervisor: no service VM in this image");
		return;
	}
	hv_lock();
	service = (struct service *)(uintptr_t)pool_take(&layout.pool, SERVICE_PAGES, POOL_PAGE);
	if (!service)
		stop(ERR_NO_MEMORY);
	service->info = info;
	service->job.run = start_again;
	(void)format(service->command_line, sizeof(service->command_line), "%s signet.vlan=%u %s", command_line,
	        node_fleet()->vlan, node_fleet()->arguments);
	e = service_find(service);
	if (!e)
		e = load(service, &entry);
	if (!e)
		e = run(service, &entry);
	must(e);
	dispatch_on_interrupt(service_irq_take);
	hv_unlock();
}
