/* Every port, read and written, some of them in every size: nobody is there, and it reads as ones. CPUID: every leaf.
 */
#include "tests/guest/guest.h"

enum { LEAF1_C_VMX = BIT(5), LEAF1_C_MONITOR = BIT(3), LEAF1_C_SMX = BIT(6), LEAF1_C_HYPERVISOR = 1u << 31 };
enum { LEAVES = 0x200, SAMPLES = 2000 };

void case_ports(void)
{
	static const u32 sizes[] = { 1, 2, 4 };

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 size = sizes[i], ones = size == 4 ? ~0u : (1u << 8 * size) - 1;

		/* The last ones alone are all tried in all sizes: there the address space ends. */
		for (u32 port = 0; port < 0x10000; port += size > 1 && port < 0xFFF0 ? 0x10 : 1) {
			if (port + size > PORT_CASE && port < PORTS_END)
				continue;
			out((u16)port, 0, size);
			expect("in", port, ones, in((u16)port, size));
		}
	}
}

static bool all_zero(struct leaf r)
{
	return !(r.a | r.b | r.c | r.d);
}

void case_cpuid_leaves(void)
{
	static const u32 bases[] = { 0, 0x40000000, 0x80000000, 0x20000000, 0xC0000000, 0xFFFFFE00 };
	struct leaf one = leaf_of(1, 0), hypervisor = leaf_of(0x40000000, 0);

	expect("VMX, SMX, MONITOR", 1, 0, one.c & (LEAF1_C_VMX | LEAF1_C_SMX | LEAF1_C_MONITOR));
	expect("hypervisor bit", 1, LEAF1_C_HYPERVISOR, one.c & LEAF1_C_HYPERVISOR);
	expect("name", 0x40000000, 0x6E676953, hypervisor.b); /* "Sign" */
	for (u32 i = 0; i < ARRAY_SIZE(bases); i++)
		for (u32 n = 0; n < LEAVES; n++) {
			u32 leaf = bases[i] + n;
			struct leaf a = leaf_of(leaf, n), b = leaf_of(leaf, n);
			expect("same again", leaf, 0, (a.a ^ b.a) | (a.b ^ b.b) | (a.c ^ b.c) | (a.d ^ b.d));
			/* SGX, processor trace, performance counters. */
			if (leaf == 0x12 || leaf == 0x14 || leaf == 0xA || leaf >= 0xC0000000)
				expect("empty", leaf, true, all_zero(a));
		}
	for (u32 n = 0; n < SAMPLES; n++)
		(void)leaf_of((u32)random_number(), (u32)random_number());
}
