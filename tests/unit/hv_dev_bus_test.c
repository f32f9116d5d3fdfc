/* The device bus: who answers, what nobody answers, and timers on a VM's clock. */
#include "hv/dev/bus.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

struct probe {
	u64 offset, value, answer;
	u32 size, reads, writes;
};

static struct bus bus;
static struct probe a, b;

static u64 probe_read(void *device, u64 offset, u32 size)
{
	struct probe *p = device;
	p->offset = offset;
	p->size = size;
	p->reads++;
	return p->answer;
}

static void probe_write(void *device, u64 offset, u32 size, u64 value)
{
	struct probe *p = device;
	p->offset = offset;
	p->size = size;
	p->value = value;
	p->writes++;
}

static const struct bus_ops bytes_only = { probe_read, probe_write, 1 };
static const struct bus_ops words = { probe_read, probe_write, 4 };

static enum err add(enum bus_space space, u64 base, u64 length, const struct bus_ops *ops, struct probe *p)
{
	return bus_add(&bus, space, &(struct bus_region){ base, length, ops, p });
}

static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	bus_dropped = 0;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	return 0;
}

static void overlapping_regions_are_refused(void **state)
{
	(void)state;
	assert_int_equal(add(BUS_MMIO, 0x1000, 0x100, &words, &a), OK);
	assert_int_equal(add(BUS_MMIO, 0x1000, 0x100, &words, &b), ERR_RANGE);
	assert_int_equal(add(BUS_MMIO, 0x10FF, 1, &words, &b), ERR_RANGE);
	assert_int_equal(add(BUS_MMIO, 0xFFF, 2, &words, &b), ERR_RANGE);
	assert_int_equal(add(BUS_MMIO, 0, 0x4000, &words, &b), ERR_RANGE);
	assert_int_equal(add(BUS_MMIO, 0x1100, 0x100, &words, &b), OK);
	assert_int_equal(add(BUS_MMIO, 0xFFF, 1, &words, &b), OK);
	/* The same numbers in the other space are other addresses. */
	assert_int_equal(add(BUS_PORT, 0x1000, 0x100, &bytes_only, &b), OK);
}

static void regions_lie_within_their_space(void **state)
{
	(void)state;
	assert_int_equal(add(BUS_PORT, 0xFFFF, 1, &bytes_only, &a), OK);
	assert_int_equal(add(BUS_PORT, 0xFFFE, 4, &bytes_only, &a), ERR_RANGE);
	assert_int_equal(add(BUS_PORT, 0x10000, 1, &bytes_only, &a), ERR_RANGE);
	assert_int_equal(add(BUS_MMIO, UINT64_MAX - 3, 16, &words, &a), ERR_RANGE);
	assert_int_equal(add(BUS_MMIO, 0, 0, &words, &a), ERR_RANGE);
	for (u64 i = 0; i < BUS_REGIONS_MAX; i++)
		assert_int_equal(add(BUS_MMIO, (BUS_REGIONS_MAX - i) * 16, 16, &words, &a), OK);
	assert_int_equal(add(BUS_MMIO, 0x10000, 16, &words, &a), ERR_RANGE);
}

static void an_access_reaches_its_device_with_offset_and_size(void **state)
{
	(void)state;
	assert_int_equal(add(BUS_MMIO, 0x2000, 0x10, &words, &b), OK);
	assert_int_equal(add(BUS_MMIO, 0x1000, 0x10, &words, &a), OK);
	a.answer = 0xAAAABBBBCCCCDDDD;
	assert_int_equal(bus_read(&bus, BUS_MMIO, 0x100C, 4), 0xCCCCDDDD);
	assert_int_equal(a.offset, 0xC);
	bus_write(&bus, BUS_MMIO, 0x2004, 4, 0x1122334455667788);
	assert_int_equal(b.offset, 4);
	assert_int_equal(b.size, 4);
	assert_int_equal(b.value, 0x55667788);
	assert_int_equal(bus_dropped, 0);
}

static void what_nobody_claims_reads_ones_and_swallows_writes(void **state)
{
	(void)state;
	assert_int_equal(add(BUS_MMIO, 0x1000, 0x10, &words, &a), OK);
	static const struct {
		u64 address;
		u32 size;
	} strange[] = { { 0, 4 }, { 0x1010, 4 }, { UINT64_MAX, 1 }, { 0x1000, 8 }, { 0x1000, 1 }, { 0x1002, 4 },
		{ 0x100E, 4 }, { UINT64_MAX - 3, 8 } };
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
		u64 ones = strange[i].size == 8 ? UINT64_MAX : ((u64)1 << (8 * strange[i].size)) - 1;
		assert_int_equal(bus_read(&bus, BUS_MMIO, strange[i].address, strange[i].size), ones);
		bus_write(&bus, BUS_MMIO, strange[i].address, strange[i].size, 0);
	}
	assert_int_equal(bus_dropped, ARRAY_SIZE(strange));
	assert_int_equal(a.reads + a.writes, 0);
}

static void wide_port_accesses_become_bytes(void **state)
{
	(void)state;
	assert_int_equal(add(BUS_PORT, 0x60, 1, &bytes_only, &a), OK);
	assert_int_equal(add(BUS_PORT, 0x62, 1, &bytes_only, &b), OK);
	a.answer = 0x11;
	b.answer = 0x22;
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x60, 4), 0xFF22FF11);
	bus_write(&bus, BUS_PORT, 0x60, 4, 0x44332211);
	assert_int_equal(a.value, 0x11);
	assert_int_equal(b.value, 0x33);
	assert_int_equal(bus_dropped, 2);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0xFFFF, 4), 0xFFFFFFFF);
}

static void a_region_added_later_is_found(void **state)
{
	(void)state;
	b.answer = 7;
	assert_int_equal(add(BUS_PORT, 0x60, 4, &bytes_only, &a), OK);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x61, 1), 0);
	assert_int_equal(add(BUS_PORT, 0x40, 4, &bytes_only, &b), OK);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x61, 1), 0);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x41, 1), 7);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x3F, 1), 0xFF);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x44, 1), 0xFF);
	assert_true(a.reads == 2 && b.reads == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(overlapping_regions_are_refused, set_up),
		cmocka_unit_test_setup(regions_lie_within_their_space, set_up),
		cmocka_unit_test_setup(an_access_reaches_its_device_with_offset_and_size, set_up),
		cmocka_unit_test_setup(what_nobody_claims_reads_ones_and_swallows_writes, set_up),
		cmocka_unit_test_setup(a_region_added_later_is_found, set_up),
		cmocka_unit_test_setup(wide_port_accesses_become_bytes, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
