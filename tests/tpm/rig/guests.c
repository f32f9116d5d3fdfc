/*
 * VMs that run nothing under guests that are otherwise the hypervisor's own. The power button ends one, as a guest that
 * minds it would.
 * Test code for a host.
 */
#include "hv/boot/layout.h"
#include "hv/guest/state.h"
#include "hv/x86/lock.h"
#include "lib/print.h"
#include "tests/tpm/rig/rig.h"

#include <stdlib.h>
#include <string.h>

struct net_switch guest_network;

static struct vm *vms[VM_MAX];

enum err vm_create(const struct vm_policy *policy, u32 vcpus, struct vm **out)
{
	u32 i = 0;

	while (i < VM_MAX && vms[i])
		i++;
	if (i == VM_MAX)
		return ERR_NO_MEMORY;
	vms[i] = calloc(1, sizeof(struct vm));
	if (!vms[i])
		return ERR_NO_MEMORY;
	*vms[i] = (struct vm){ .policy = policy, .vcpu_count = vcpus, .id = (u16)(i + 1) };
	*out = vms[i];
	return OK;
}

/* Only the first piece is ever touched; of the rest the guest would be told. */
enum err vm_reserve_ram(struct vm *vm, u64 guest, u64 length)
{
	struct vm_memory m = { .guest = guest, .length = length };

	if (length / POOL_PAGE > layout.pool.free)
		return ERR_NO_MEMORY;
	if (!vm->memory_count) {
		m.window = calloc(1, length);
		if (!m.window)
			return ERR_NO_MEMORY;
		vm->memory[vm->memory_count++] = m;
	}
	layout.pool.free -= length / POOL_PAGE;
	return OK;
}

enum err vm_start(struct vm *vm, const struct vmx_entry *bsp)
{
	static const char text[] = "rig: this guest runs nothing\r\n";

	(void)bsp;
	vm->state = VM_RUNNING;
	for (const char *at = text; *at; at++)
		guest_console_put(vm->owner, (u8)*at);
	return OK;
}

void vm_stop(struct vm *vm, const char *reason)
{
	if (vm->state != VM_RUNNING)
		return;
	vm->state = VM_STOPPING;
	vm->reason = reason;
}

void vm_pause(struct vm *vm, bool paused)
{
	vm->paused = paused;
}

void guests_turn(void)
{
	hv_lock();
	for (u32 i = 0; i < VM_MAX; i++) {
		if (!vms[i] || vms[i]->state != VM_STOPPING)
			continue;
		vms[i]->state = VM_STOPPED;
		vms[i]->policy->stopped(vms[i]);
	}
	hv_unlock();
}

enum err vm_destroy(struct vm *vm)
{
	const struct guest *g = vm->owner;

	if (vm->state != VM_CREATED && vm->state != VM_STOPPED)
		return ERR_INTERNAL;
	if (vm->memory_count) {
		layout.pool.free += g->taken / POOL_PAGE;
		free(vm->memory[0].window);
	}
	vms[vm->id - 1] = NULL;
	free(vm);
	return OK;
}

u64 vm_cycles(const struct vm *vm)
{
	(void)vm;
	return 0;
}

u64 vm_exits(const struct vm *vm, u32 kind)
{
	(void)vm, (void)kind;
	return 0;
}

static void button(void *guest, u32 pin, bool level)
{
	struct guest *g = guest;

	(void)pin;
	if (level)
		vm_stop(g->vm, "powered off");
}

static void nowhere(void *controller, u32 pin, bool level)
{
	(void)controller, (void)pin, (void)level;
}

enum err guest_add_devices(struct guest *g)
{
	g->acpi = (struct guest_acpi){ .vcpus = g->shape.vcpus, .ioapic_base = 0xFEC00000, .ioapic_id = 1 };
	g->power = (struct power){ .line = { button, g, 0 } };
	uart_init(&g->uart, (struct irq_line){ nowhere, NULL, 0 }, (struct uart_sink){ guest_console_put, g });
	return OK;
}

void guest_remove_devices(struct guest *g)
{
	(void)g;
}

static void stopped(struct vm *vm)
{
	struct guest *g = vm->owner;

	g->state = CONTROL_GUEST_OFF;
	g->reason = vm->reason;
	say("guest %u: off: %s", g->id, g->reason);
	guest_observer->changed(g->id, CONTROL_STATE);
}

const struct vm_policy guest_policy = { .stopped = stopped };
