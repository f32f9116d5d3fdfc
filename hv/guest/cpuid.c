/*
 * Guest CPUID. Bits are named in the comments as the SDM does (volume 2, CPUID). Trust: in the TCB; pure.
 */
#include "hv/guest/cpuid.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct cpuid_result) == 16 && offsetof(struct cpuid_result, ebx) == 4, "signature()");

#define LEAF_EXTENDED 0x80000000u
enum { ONE_SUBLEAF = 0, ANY_SUBLEAF = 1, LEAF_MAX = 0x16, LEAF_EXTENDED_MAX = 8, SIGNATURE_LEAVES = 1 };

/* Bits and fields by leaf. */
enum { F1_X2APIC = BIT(21), F1_TSC_DEADLINE = BIT(24), F1_XSAVE = BIT(26), F1_OSXSAVE = BIT(27) };
enum { F1_HYPERVISOR = 1u << 31, F1_HTT = BIT(28), F1_APIC_ID_SHIFT = 24, F1_COUNT_SHIFT = 16 };
enum { F6_ARAT = BIT(2), F7_TSC_ADJUST = BIT(1), LEVEL_SMT = 1 << 8, LEVEL_CORE = 2 << 8 };
enum { FE1_RDTSCP = BIT(27), FE7_INVARIANT_TSC = BIT(8) };
enum { FD1_ALLOWED = BIT(0) | BIT(1) | BIT(2) }; /* XSAVEOPT, XSAVEC, XGETBV of XCR0 in use */
enum { XSAVE_LEGACY = 512 + 64, XSAVE_ALIGNED = BIT(1), XSAVE_FIRST = 2, XSAVE_END = 8 };

struct mask {
	u32 leaf;
	u32 subleaves;
	struct cpuid_result keep;
};

static const struct mask masks[] = {
	{ 0x00, ANY_SUBLEAF, { 0, ~0u, ~0u, ~0u } },
	/*
	 * ECX: SSE3, PCLMULQDQ, SSSE3, FMA, CMPXCHG16B, PCID, SSE4.1, SSE4.2, x2APIC, MOVBE, POPCNT, TSC deadline, AES,
	 * XSAVE, AVX, F16C, RDRAND. Not MONITOR, VMX, SMX, EIST, TM2, debug store, performance and SDBG.
	 * EDX: FPU, DE, PSE, TSC, MSR, PAE, CX8, APIC, SEP, PGE, CMOV, PAT, PSE-36, CLFSH, MMX, FXSR, SSE, SSE2, SS.
	 * Not VME, MCE, MTRR, MCA, PSN, DS, ACPI, TM, PBE.
	 */
	{ 0x01, ANY_SUBLEAF, { 0x0FFF3FFF, 0x0000FF00, 0x77FA3203, 0x0F8BAB7D } },
	{ 0x02, ANY_SUBLEAF, { ~0u, ~0u, ~0u, ~0u } },
	/* Type, level and sizes of caches; not how many share them, as that is a matter of our scheduling. */
	{ 0x04, ANY_SUBLEAF, { 0x000003FF, ~0u, ~0u, 0x00000007 } },
	/*
	 * EBX: FSGSBASE, BMI1, AVX2, SMEP, BMI2, ERMS, INVPCID, AVX512 F and DQ, RDSEED, ADX, SMAP, AVX512 IFMA,
	 * CLFLUSHOPT, CLWB, AVX512 CD, SHA, AVX512 BW and VL. Not SGX, HLE, RTM, PQM, MPX, RDT, PT.
	 * ECX: AVX512 VBMI, UMIP, AVX512 VBMI2, GFNI, VAES, VPCLMULQDQ, AVX512 VNNI, BITALG, VPOPCNTDQ.
	 * EDX: FSRM, MD_CLEAR. Not what has MSRs that no vCPU has of its own: IBRS/IBPB, STIBP, SSBD.
	 */
	{ 0x07, ONE_SUBLEAF, { 0, 0xF1BF07A9, 0x00005F46, 0x00000410 } },
	{ 0x0D, ONE_SUBLEAF, { GUEST_XCR0, 0, 0, 0 } },
	{ 0x80000000, ANY_SUBLEAF, { 0, ~0u, ~0u, ~0u } },
	/* ECX: LAHF, LZCNT, PREFETCHW. EDX: SYSCALL, NX, 1 GiB pages, RDTSCP, LM. */
	{ 0x80000001, ANY_SUBLEAF, { 0, 0, 0x00000121, 0x2C100800 } },
	{ 0x80000002, ANY_SUBLEAF, { ~0u, ~0u, ~0u, ~0u } },
	{ 0x80000003, ANY_SUBLEAF, { ~0u, ~0u, ~0u, ~0u } },
	{ 0x80000004, ANY_SUBLEAF, { ~0u, ~0u, ~0u, ~0u } },
	{ 0x80000006, ANY_SUBLEAF, { 0, 0, ~0u, 0 } },
	{ 0x80000008, ANY_SUBLEAF, { 0x0000FFFF, 0, 0, 0 } },
};

/* A leaf above the processor's highest would answer with another leaf's content. */
static bool host_has(const struct cpuid_view *v, u32 leaf)
{
	return leaf <= v->host(leaf & LEAF_EXTENDED, 0).eax;
}

static struct cpuid_result allowed(const struct cpuid_view *v, u32 leaf, u32 subleaf)
{
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		const struct cpuid_result *keep = &masks[i].keep;
		if (masks[i].leaf != leaf || (masks[i].subleaves == ONE_SUBLEAF && subleaf) || !host_has(v, leaf))
			continue;
		struct cpuid_result r = v->host(leaf, subleaf);
		return (struct cpuid_result){ r.eax & keep->eax, r.ebx & keep->ebx, r.ecx & keep->ecx,
			r.edx & keep->edx };
	}
	return (struct cpuid_result){ 0 };
}

static void features(const struct cpuid_view *v, struct cpuid_result *r)
{
	r->ebx |= v->apic_id << F1_APIC_ID_SHIFT | (v->vcpus & 0xFF) << F1_COUNT_SHIFT;
	/* The local APIC is a model: what it has does not hang on the processor. */
	r->ecx |= F1_X2APIC | F1_TSC_DEADLINE | F1_HYPERVISOR;
	if (v->osxsave && r->ecx & F1_XSAVE)
		r->ecx |= F1_OSXSAVE;
	if (v->vcpus > 1)
		r->edx |= F1_HTT;
}

static u32 bits_for(u32 count)
{
	u32 bits = 0;

	while (1u << bits < count)
		bits++;
	return bits;
}

/* One thread a core, all cores in one package. */
static struct cpuid_result topology(const struct cpuid_view *v, u32 subleaf)
{
	struct cpuid_result r = { .ecx = subleaf & 0xFF, .edx = v->apic_id };

	if (subleaf == 0) {
		r.ebx = 1;
		r.ecx |= LEVEL_SMT;
	} else if (subleaf == 1) {
		r.eax = bits_for(v->vcpus);
		r.ebx = v->vcpus;
		r.ecx |= LEVEL_CORE;
	}
	return r;
}

/* Bytes of an area that holds the components of mask: in the standard format each has its place. */
static u32 xsave_size(const struct cpuid_view *v, u64 mask, bool compact)
{
	u32 size = XSAVE_LEGACY;

	for (u32 i = XSAVE_FIRST; i < XSAVE_END; i++) {
		struct cpuid_result r = mask >> i & 1 ? v->host(0xD, i) : (struct cpuid_result){ 0 };
		if (compact)
			size = (r.ecx & XSAVE_ALIGNED ? (u32)align_up(size, 64) : size) + r.eax;
		else if (r.ebx + r.eax > size)
			size = r.ebx + r.eax;
	}
	return size;
}

static struct cpuid_result xsave(const struct cpuid_view *v, u32 subleaf)
{
	struct cpuid_result r = allowed(v, 0xD, 0), none = { 0 };
	u32 components = r.eax;

	if (!(allowed(v, 1, 0).ecx & F1_XSAVE))
		return none;
	if (subleaf == 0) {
		r.ebx = xsave_size(v, v->xcr0 & components, false);
		r.ecx = xsave_size(v, components, false);
	} else if (subleaf == 1) {
		r.eax = v->host(0xD, 1).eax & FD1_ALLOWED;
		r.ebx = xsave_size(v, v->xcr0 & components, true);
	} else {
		return subleaf < XSAVE_END && components >> subleaf & 1 ? v->host(0xD, subleaf) : none;
	}
	return r;
}

static struct cpuid_result signature(u32 last, const char name[static 12])
{
	struct cpuid_result r = { .eax = last };

	memcpy(&r.ebx, name, sizeof(r) - sizeof(r.eax));
	return r;
}

struct cpuid_result guest_cpuid(const struct cpuid_view *v, u32 leaf, u32 subleaf)
{
	struct cpuid_result r = allowed(v, leaf, subleaf);
	u32 khz = (u32)(v->tsc_hz / 1000);

	switch (leaf) {
	case 0x0:
		r.eax = LEAF_MAX;
		return r;
	case 0x1:
		features(v, &r);
		return r;
	case 0x6:
		return (struct cpuid_result){ .eax = F6_ARAT };
	case 0x7:
		/* With it Linux trusts the TSC without a watchdog, which would be the jiffies that a busy node delays.
		 */
		r.ebx |= subleaf ? 0 : F7_TSC_ADJUST;
		return r;
	case 0xB:
		return topology(v, subleaf);
	case 0xD:
		return xsave(v, subleaf);
	case 0x15:
		return (struct cpuid_result){ GUEST_CRYSTAL_HZ / 1000, khz, GUEST_CRYSTAL_HZ, 0 };
	case 0x16:
		return (struct cpuid_result){ khz / 1000, khz / 1000, GUEST_CRYSTAL_HZ / 1000000, 0 };
	case CPUID_SIGNATURE:
		return signature(CPUID_SIGNATURE, "SignetSignet");
	case CPUID_KVM_SIGNATURE:
		/* Stock Linux keeps x2APIC only under a hypervisor it knows; of KVM's features there are none. */
		return signature(CPUID_KVM_SIGNATURE + SIGNATURE_LEAVES, "KVMKVMKVM\0\0");
	case LEAF_EXTENDED:
		r.eax = LEAF_EXTENDED + LEAF_EXTENDED_MAX;
		return r;
	case LEAF_EXTENDED + 1:
		r.edx &= v->rdtscp ? ~0u : ~(u32)FE1_RDTSCP;
		return r;
	case LEAF_EXTENDED + 7:
		return (struct cpuid_result){ .edx = FE7_INVARIANT_TSC };
	default:
		return r;
	}
}
