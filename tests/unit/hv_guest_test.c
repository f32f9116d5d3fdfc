/* Orders about guests, with a VM and a worker of our own: every field that is checked, every state, nothing left
 * behind. */
#include "attest/launch.h"
#include "hv/boot/layout.h"
#include "hv/guest/linux.h"
#include "hv/guest/state.h"
#include "hv/node/event.h"
#include "hv/node/gate.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/clock.h"
#include "hv/x86/lock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { RAM = 32 << 20, KERNEL = 0x1000, INITRAMFS = 70000, WORDS = 5, POOL = 1 << 20, LEFT_OVER = 0xDB };
#define HUGE_RAM (5ull << 30)

struct layout layout;
const struct vm_policy guest_policy;
static u8 *ram, *pool;
static struct vm vm;
static struct job *submitted;
static struct control_create shape;
static struct vmx_entry started_with;
static u32 vms, starts, done_count;
static u16 done_kind;
static enum err done_error, gate, devices;
static u8 measured[SHA384_SIZE];
static u64 free_before, ram_top, ram_added;

enum err vm_create(const struct vm_policy *policy, u32 vcpus, struct vm **out)
{
	assert_ptr_equal(policy, &guest_policy);
	memset(&vm, 0, sizeof(vm));
	vm.vcpu_count = vcpus;
	vms++;
	*out = &vm;
	return OK;
}

enum err vm_reserve_ram(struct vm *v, u64 guest, u64 length)
{
	assert_int_equal(guest, v->memory_count && ram_top == 3ull << 30 ? 4ull << 30 : ram_top);
	ram_top = guest + length;
	ram_added += length;
	if (!v->memory_count) {
		memset(ram, LEFT_OVER, length);
		v->memory[v->memory_count++] = (struct vm_memory){ .length = length, .window = ram };
	}
	return OK;
}

enum err vm_start(struct vm *v, const struct vmx_entry *bsp)
{
	(void)v;
	started_with = *bsp;
	starts++;
	return OK;
}

void vm_stop(struct vm *v, const char *reason)
{
	struct guest *g = v->owner;

	g->state = CONTROL_GUEST_OFF;
	g->reason = reason;
}

enum err vm_destroy(struct vm *v)
{
	(void)v;
	vms--;
	ram_top = 0;
	return OK;
}

u64 vm_cycles(const struct vm *v)
{
	(void)v;
	return 5000000000;
}

u64 vm_exits(const struct vm *v, u32 kind)
{
	(void)v;
	return kind;
}

u64 clock_rate(void)
{
	return 2000000000;
}

void worker_submit(struct job *job)
{
	assert_null(submitted);
	submitted = job;
}

void worker_yield(void)
{
}

void hv_lock(void)
{
}

void hv_unlock(void)
{
}

void vm_pause(struct vm *v, bool paused)
{
	v->paused = paused;
}

enum err node_admit_guest(const u8 digest[SHA384_SIZE], const struct ticket_load *load, u32 id, const char *name)
{
	(void)id;
	assert_int_equal(load->memory, load->guests * shape.memory);
	assert_string_equal(name, "one");
	memcpy(measured, digest, SHA384_SIZE);
	return gate;
}

enum err guest_add_devices(struct guest *g)
{
	g->acpi = (struct guest_acpi){ .vcpus = g->shape.vcpus, .ioapic_base = 0xFEC00000, .ioapic_id = 1 };
	return devices;
}

void guest_remove_devices(struct guest *g)
{
	(void)g;
}

static void changed(u32 id, enum control_change what)
{
	(void)id, (void)what;
}

static void done(u16 kind, u32 id, enum err e)
{
	(void)id;
	done_kind = kind;
	done_error = e;
	done_count++;
}

static void run_job(void)
{
	struct job *job = submitted;

	assert_non_null(job);
	submitted = NULL;
	job->run(job);
}

static int set_up(void **state)
{
	static const struct guest_observer observer = { changed, done };
	(void)state;
	ram = calloc(1, RAM);
	assert_non_null(ram);
	pool = aligned_alloc(POOL_PAGE, POOL);
	assert_non_null(pool);
	pool_init(&layout.pool, (u64)pool, POOL);
	/* What vm_reserve_ram() of ours gives out is counted, but not taken from there. */
	layout.pool.free += HUGE_RAM / POOL_PAGE;
	free_before = layout.pool.free;
	ram_top = 0;
	guest_observer = &observer;
	node_gate = (struct gate){ .ungated = true, .development = true, .measured = true };
	gate = devices = OK;
	vms = starts = done_count = 0;
	shape = (struct control_create){ .name = "one",
		.memory = RAM,
		.vcpus = 2,
		.disks = 1,
		.nets = 1,
		.kernel = KERNEL,
		.initramfs = INITRAMFS,
		.command_line = WORDS,
		.disk = { { 8, 1, 0 } },
		.net = { { { 2, 0, 0, 0, 0, 1 }, 0 } } };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(vms, 0);
	assert_int_equal(layout.pool.free, free_before);
	free(ram);
	free(pool);
	return 0;
}

static u32 make(void)
{
	u32 id = 0;

	assert_int_equal(guest_create(&shape, &id), OK);
	assert_int_not_equal(id, 0);
	return id;
}

static void destroy(u32 id)
{
	assert_int_equal(guest_destroy(id), OK);
	assert_int_equal(guest_destroy(id), ERR_RANGE);
	run_job();
	assert_int_equal(done_kind, CONTROL_DESTROY);
	assert_int_equal(done_error, OK);
}

static void refuse(void *field, size_t n, u64 value)
{
	u8 kept[8];
	u32 id = 77;

	memcpy(kept, field, n);
	memcpy(field, &value, n);
	assert_int_equal(guest_create(&shape, &id), ERR_ARGUMENT);
	assert_int_equal(id, 77);
	memcpy(field, kept, n);
}
#define REFUSE(field, value) refuse(&shape.field, sizeof(shape.field), value)

static void every_field_is_checked(void **state)
{
	(void)state;
	REFUSE(name[0], 0);
	REFUSE(name[1], '\n');
	REFUSE(name[9], 'x'); /* behind the end */
	REFUSE(memory, RAM + 4096);
	REFUSE(memory, 16 << 20);
	REFUSE(vcpus, 0);
	REFUSE(vcpus, GUEST_MOST_VCPUS + 1);
	REFUSE(disks, CONTROL_DISKS_MAX + 1);
	REFUSE(nets, CONTROL_NETS_MAX + 1);
	REFUSE(pad, 1);
	REFUSE(kernel, 0x3FF);
	REFUSE(command_line, 4096);
	REFUSE(disk[0].sectors, 0);
	REFUSE(disk[0].read_only, 2);
	REFUSE(disk[0].pad, 1);
	REFUSE(disk[1].sectors, 8); /* one more than there are */
	REFUSE(disk[1].read_only, 1);
	REFUSE(net[0].pad, 1);
	REFUSE(net[1].mac[5], 1);
	memset(shape.name, 'x', sizeof(shape.name));
	REFUSE(vcpus, 2); /* as it is: the name has no end */
	strcpy(shape.name, "one");
	memset(shape.name + 4, 0, sizeof(shape.name) - 4);
	destroy(make());
}

static void parts_larger_than_memory_are_refused(void **state)
{
	u32 id;
	(void)state;
	ram_added = 0;
	shape.kernel = RAM;
	assert_int_equal(guest_create(&shape, &id), ERR_NO_MEMORY);
	shape.kernel = UINT64_MAX;
	assert_int_equal(guest_create(&shape, &id), ERR_NO_MEMORY);
	shape.kernel = KERNEL;
	shape.initramfs = UINT64_MAX - 4096;
	assert_int_equal(guest_create(&shape, &id), ERR_NO_MEMORY);
	shape.initramfs = INITRAMFS;
	shape.memory = HUGE_RAM + RAM;
	assert_int_equal(guest_create(&shape, &id), ERR_NO_MEMORY);
	/* Within its memory, yet with no place below 2 GiB. */
	shape.memory = HUGE_RAM;
	shape.initramfs = 2ull << 30;
	assert_int_equal(guest_create(&shape, &id), ERR_NO_MEMORY);
	shape.initramfs = INITRAMFS;
	/* Nothing was taken for any of them. */
	assert_int_equal(ram_added, 0);
	shape.memory = RAM;
	devices = ERR_RANGE;
	assert_int_equal(guest_create(&shape, &id), ERR_RANGE);
}

static void load_all(u32 id, const u8 *kernel, const u8 *initramfs)
{
	assert_int_equal(guest_load(id, CONTROL_KERNEL, 0, kernel, 100), OK);
	assert_int_equal(guest_load(id, CONTROL_KERNEL, 100, kernel + 100, KERNEL - 100), OK);
	assert_int_equal(guest_load(id, CONTROL_INITRAMFS, 0, initramfs, INITRAMFS), OK);
	assert_int_equal(guest_load(id, CONTROL_COMMAND_LINE, 0, (const u8 *)"quiet", WORDS), OK);
}

static void fill_kernel(u8 *head)
{
	memset(head, 0, KERNEL);
	head[0x1F1] = 1;
	store_le16(head + 0x1FE, 0xAA55);
	head[0x201] = 0x66;
	store_le32(head + 0x202, 0x53726448); /* "HdrS" */
	store_le16(head + 0x206, 0x20F);
	head[0x211] = 1;
	store_le32(head + 0x22C, 0x7FFFFFFF);
	store_le32(head + 0x230, 0x200000);
	head[0x234] = 1;
	store_le16(head + 0x236, 1);
	store_le32(head + 0x238, 2047);
	store_le64(head + 0x258, 0x1000000);
	store_le32(head + 0x260, 0x400000);
}

static void parts_are_loaded_once_in_order(void **state)
{
	u8 bytes[KERNEL] = { 0 };
	u32 id = make();
	(void)state;
	assert_int_equal(guest_load(id + 1, CONTROL_KERNEL, 0, bytes, 1), ERR_RANGE);
	assert_int_equal(guest_load(id, CONTROL_PARTS, 0, bytes, 1), ERR_RANGE);
	assert_int_equal(guest_load(id, CONTROL_KERNEL, 1, bytes, 1), ERR_RANGE);
	assert_int_equal(guest_load(id, CONTROL_KERNEL, 0, bytes, KERNEL), OK);
	assert_int_equal(guest_load(id, CONTROL_KERNEL, 0, bytes, 1), ERR_RANGE);
	assert_int_equal(guest_load(id, CONTROL_KERNEL, KERNEL, bytes, 1), ERR_RANGE);
	assert_int_equal(guest_load(id, CONTROL_COMMAND_LINE, 0, bytes, WORDS + 1), ERR_RANGE);
	assert_int_equal(guest_start(id), ERR_GUEST_STATE);
	assert_int_equal(guest_stop(id, CONTROL_STOP_NOW), ERR_GUEST_STATE);
	destroy(id);
}

static void a_guest_is_measured_then_started(void **state)
{
	static u8 kernel[KERNEL], initramfs[INITRAMFS];
	struct launch l = { .memory = RAM, .vcpus = 2, .disks = 1, .nets = 1 };
	struct control_guest told;
	u8 expected[SHA384_SIZE];
	u32 id = make();
	(void)state;
	fill_kernel(kernel);
	memset(initramfs, 0x3C, sizeof(initramfs));
	load_all(id, kernel, initramfs);
	sha384_of(kernel, KERNEL, l.kernel);
	sha384_of(initramfs, INITRAMFS, l.initramfs);
	sha384_of((const u8 *)"quiet", WORDS, l.command_line);
	launch_digest(&l, expected);
	assert_int_equal(guest_start(id), OK);
	assert_int_equal(guest_start(id), ERR_GUEST_STATE);
	assert_int_equal(guest_load(id, CONTROL_KERNEL, KERNEL, kernel, 0), ERR_GUEST_STATE);
	assert_int_equal(guest_destroy(id), ERR_GUEST_STATE);
	run_job();
	assert_int_equal(done_kind, CONTROL_START);
	assert_int_equal(done_error, OK);
	assert_memory_equal(measured, expected, SHA384_SIZE);
	/* Nothing in its memory is of others. */
	for (u64 at = 0; at < RAM; at += sizeof(u64))
		assert_true(load_le64(ram + at) != LEFT_OVER * 0x0101010101010101ull);
	assert_int_equal(started_with.rip, 0x1000200);
	assert_int_equal(started_with.rsi, LINUX_ZERO_PAGE);
	assert_int_equal(guest_next(1, &told), OK);
	assert_int_equal(told.id, id);
	assert_int_equal(told.state, CONTROL_GUEST_RUNNING);
	assert_int_equal(told.cpu_time, 2500000000);
	assert_memory_equal(told.digest, expected, SHA384_SIZE);
	assert_int_equal(guest_destroy(id), ERR_GUEST_STATE);
	assert_int_equal(guest_stop(id, 2), ERR_RANGE);
	assert_int_equal(guest_stop(id, CONTROL_STOP_NOW), OK);
	assert_int_equal(guest_next(id, &told), OK);
	assert_int_equal(told.state, CONTROL_GUEST_OFF);
	assert_string_equal(told.reason, "stopped by order");
	assert_int_equal(guest_start(id), ERR_GUEST_STATE);
	destroy(id);
	assert_true(bytes_are_zero(ram, RAM));
	assert_int_equal(guest_next(1, &told), ERR_RANGE);
}

static void a_large_guest_gets_its_memory_around_the_hole(void **state)
{
	static u8 kernel[KERNEL], initramfs[INITRAMFS];
	(void)state;
	free(ram);
	ram = calloc(1, LINUX_ROOM + RAM);
	assert_non_null(ram);
	shape.memory = HUGE_RAM;
	u32 id = make();
	assert_in_range(ram_top, LINUX_ROOM, LINUX_ROOM + RAM);
	fill_kernel(kernel);
	load_all(id, kernel, initramfs);
	assert_int_equal(guest_start(id), OK);
	run_job();
	assert_int_equal(done_error, OK);
	assert_int_equal(ram_top, (1ull << 30) + HUGE_RAM);
	guest_find(id)->state = CONTROL_GUEST_OFF;
	destroy(id);
}

static void a_closed_gate_keeps_it_from_starting(void **state)
{
	static u8 kernel[KERNEL], initramfs[INITRAMFS];
	struct control_guest told;
	u32 id = make();
	(void)state;
	fill_kernel(kernel);
	load_all(id, kernel, initramfs);
	gate = ERR_GATE_TICKET;
	assert_int_equal(guest_start(id), OK);
	run_job();
	assert_int_equal(done_error, ERR_GATE_TICKET);
	assert_int_equal(starts, 0);
	assert_int_equal(guest_next(id, &told), OK);
	assert_int_equal(told.state, CONTROL_GUEST_OFF);
	assert_string_equal(told.reason, err_text(ERR_GATE_TICKET));
	/* What is no kernel does not start through an open one. */
	destroy(id);
	id = make();
	kernel[0x202] = 'h';
	gate = OK;
	load_all(id, kernel, initramfs);
	assert_int_equal(guest_start(id), OK);
	run_job();
	assert_int_equal(done_error, ERR_ARGUMENT);
	assert_int_equal(starts, 0);
	destroy(id);
}

/* Between the question and the first instruction. */
static void a_gate_that_closes_meanwhile_keeps_it_too(void **state)
{
	static u8 kernel[KERNEL], initramfs[INITRAMFS];
	u32 id = make();
	(void)state;
	fill_kernel(kernel);
	load_all(id, kernel, initramfs);
	node_gate.measured = false;
	assert_int_equal(guest_start(id), OK);
	run_job();
	assert_int_equal(done_error, ERR_BOOT_MEASURE);
	assert_int_equal(starts, 0);
	destroy(id);
}

static void a_paused_guest_can_be_stopped(void **state)
{
	static u8 kernel[KERNEL], initramfs[INITRAMFS];
	struct control_guest told;
	u32 id = make();
	(void)state;
	fill_kernel(kernel);
	load_all(id, kernel, initramfs);
	assert_int_equal(guest_start(id), OK);
	run_job();
	node_gate = (struct gate){ .measured = true, .lease_end = 1, .ticket = { .rule = TICKET_PAUSE } };
	guests_enforce();
	assert_int_equal(guest_next(id, &told), OK);
	assert_int_equal(told.state, CONTROL_GUEST_PAUSED);
	assert_int_equal(guest_destroy(id), ERR_GUEST_STATE);
	/* It cannot see its button. */
	assert_int_equal(guest_stop(id, CONTROL_STOP_BUTTON), ERR_GUEST_STATE);
	assert_int_equal(guest_stop(id, CONTROL_STOP_NOW), OK);
	destroy(id);
}

static void the_console_keeps_the_last_of_it(void **state)
{
	struct control_bytes at = { 0 };
	u8 bytes[100];
	u32 id = make();
	struct guest *g = guest_find(id);
	(void)state;
	for (u32 i = 0; i < GUEST_CONSOLE_SIZE + 10; i++)
		guest_console_put(g, (u8)i);
	u32 first = 0;
	struct guest_changes *changes = guest_changes(&first);
	assert_int_equal(first, id);
	changes->told = 1;
	assert_int_equal(guest_console_read(id, &at, bytes, sizeof(bytes)), OK);
	assert_int_equal(changes->told, 0);
	first++;
	assert_null(guest_changes(&first));
	assert_int_equal(at.offset, 10);
	assert_int_equal(at.end, GUEST_CONSOLE_SIZE + 10);
	assert_int_equal(at.length, sizeof(bytes));
	assert_int_equal(bytes[0], 10);
	at.offset = at.end - 3;
	assert_int_equal(guest_console_read(id, &at, bytes, sizeof(bytes)), OK);
	assert_int_equal(at.length, 3);
	assert_int_equal(bytes[2], (u8)(GUEST_CONSOLE_SIZE + 9));
	at.offset = at.end + 1;
	assert_int_equal(guest_console_read(id, &at, bytes, sizeof(bytes)), ERR_RANGE);
	assert_int_equal(guest_console_read(id + 1, &at, bytes, sizeof(bytes)), ERR_RANGE);
	destroy(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_field_is_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parts_larger_than_memory_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parts_are_loaded_once_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_guest_is_measured_then_started, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_large_guest_gets_its_memory_around_the_hole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_closed_gate_keeps_it_from_starting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gate_that_closes_meanwhile_keeps_it_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_paused_guest_can_be_stopped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_console_keeps_the_last_of_it, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
