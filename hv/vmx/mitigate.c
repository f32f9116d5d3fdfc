/* Mitigations by one table of what enumerates them. Trust: in the TCB; pure over write_msr. SDM volume 4, table 2-2,
 * MSR 10Ah. */
#include "hv/vmx/mitigate.h"

#include "hv/vmx/vmcs.h"

enum { MSR_PRED_CMD = 0x49, PRED_CMD_IBPB = BIT(0), MSR_FLUSH_CMD = 0x10B, FLUSH_CMD_L1D = BIT(0) };
enum features_b { HAS_RTM = BIT(11) };
enum features_d { HAS_MD_CLEAR = BIT(10), HAS_SPEC_CTRL = BIT(26), HAS_FLUSH_CMD = BIT(28) };
enum capabilities {
	RDCL_NO = BIT(0),
	IBRS_ALL = BIT(1),
	SKIP_L1DFL = BIT(3), /* only under another hypervisor, which flushes for us */
	MDS_NO = BIT(5),
	PSCHANGE_MC_NO = BIT(6),
	TAA_NO = BIT(8),
	STALE_DATA_NO = 7 << 13,
	FB_CLEAR = BIT(17),
	RFDS_NO = BIT(27),
	RFDS_CLEAR = BIT(28),
};

/*
 * A row applies where the processor has all of vulnerable_b and none of the capabilities safe (of a mask of several,
 * not all), and offers its means by features_d and capabilities, all of both.
 */
static const struct {
	u8 mitigation;
	bool optional; /* without its means there is no weakness to speak of */
	u32 vulnerable_b, features_d;
	u64 safe[2], capabilities;
} rows[] = {
	{ MITIGATE_L1D, false, 0, HAS_FLUSH_CMD, { RDCL_NO, SKIP_L1DFL }, 0 },
	{ MITIGATE_IBPB, false, 0, HAS_SPEC_CTRL, { 0 }, 0 },
	{ MITIGATE_VERW, false, 0, HAS_MD_CLEAR, { MDS_NO }, 0 },
	{ MITIGATE_VERW, false, HAS_RTM, HAS_MD_CLEAR, { TAA_NO }, 0 },
	{ MITIGATE_VERW, true, 0, 0, { STALE_DATA_NO }, FB_CLEAR },
	{ MITIGATE_VERW, true, 0, 0, { RFDS_NO }, RFDS_CLEAR },
	{ MITIGATE_IBRS, true, 0, HAS_SPEC_CTRL, { 0 }, IBRS_ALL },
	{ MITIGATE_CODE_PAGES, true, 0, 0, { PSCHANGE_MC_NO }, 0 },
};

static bool has_all(u64 value, u64 mask)
{
	return (value & mask) == mask;
}

static bool is_safe(u64 capabilities, const u64 safe[2])
{
	return (safe[0] && has_all(capabilities, safe[0])) || (safe[1] && has_all(capabilities, safe[1]));
}

struct mitigations mitigations_choose(const struct enumeration *e)
{
	struct mitigations m = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool there =
		        has_all(e->features_d, rows[i].features_d) && has_all(e->capabilities, rows[i].capabilities);

		if (!has_all(e->features_b, rows[i].vulnerable_b) || is_safe(e->capabilities, rows[i].safe))
			continue;
		m.on |= there ? rows[i].mitigation : 0;
		m.missing |= there || rows[i].optional ? 0 : rows[i].mitigation;
	}
	return m;
}

const char *mitigation_lack(u8 missing, u32 i)
{
	static const struct {
		u8 mitigation;
		const char *text;
	} lacks[] = {
		{ MITIGATE_L1D, "L1TF: no L1D_FLUSH_CMD; a guest may read others' memory out of the L1 data cache" },
		{ MITIGATE_IBPB, "Spectre v2: no IBPB; a guest may lead others astray and read their memory" },
		{ MITIGATE_VERW, "MDS, TAA: no MD_CLEAR; a guest may read what others last moved" },
	};

	for (u32 row = 0; row < ARRAY_SIZE(lacks); row++)
		if ((missing & lacks[row].mitigation) && i-- == 0)
			return lacks[row].text;
	return NULL;
}

void mitigate_load(u8 on, bool same_vm)
{
	if (on & MITIGATE_IBPB && !same_vm)
		write_msr(MSR_PRED_CMD, PRED_CMD_IBPB);
	if (on & MITIGATE_L1D)
		write_msr(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
}
