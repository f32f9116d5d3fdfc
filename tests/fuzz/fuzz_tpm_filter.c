/*
 * The TPM port's filter, fed a row of commands and answers (each: two bytes of length, then so many). What passes names
 * nothing that was not loaded through the port, extends and writes nothing, and what is loaded is never more than there
 * is room for. Trust: test code.
 */
#include "hv/node/tpm_filter.h"
#include "lib/bytes.h"
#include "lib/tpm/types_beyond.h"
#include "tests/fuzz/fuzz.h"

static const u32 never[] = { TPM_CC_PCR_Extend, TPM_CC_PCR_Event, TPM_CC_NV_Write, TPM_CC_NV_DefineSpace,
	TPM_CC_NV_UndefineSpace, TPM_CC_HierarchyChangeAuth, TPM_CC_Startup, TPM_CC_LoadExternal };

static bool holds(const u32 *list, u32 count, u32 handle)
{
	for (u32 i = 0; i < count; i++) {
		if (list[i] == handle)
			return true;
	}
	return false;
}

static void check_passed(const struct tpm_filter *f, const u8 *command, size_t n)
{
	u32 code = load_be32(command + 6), handle = n >= 14 ? load_be32(command + 10) : 0;

	must(load_be32(command + 2) == n && n <= 4096);
	must(!holds(never, ARRAY_SIZE(never), code));
	if (code == TPM_CC_ReadPublic || code == TPM_CC_FlushContext || code == TPM_CC_Quote)
		must(handle >> 24 == 0x81 || holds(f->held, FILTER_HELD_MAX, handle));
	if (code == TPM_CC_EvictControl)
		must(f->enrolling && load_be32(command + n - 4) == TPM_AK_HANDLE);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	struct reader r = reader_on(bytes, n);
	struct tpm_filter f = { .enrolling = n % 2 };
	u32 given = 0;

	while (r.left) {
		u16 size = read_le16(&r);
		const u8 *command = read_bytes(&r, size);
		const u8 *response = read_bytes(&r, 14);

		if (r.failed)
			break;
		if (tpm_filter_command(&f, command, size))
			continue;
		check_passed(&f, command, size);
		tpm_filter_response(&f, response, 14);
	}
	while (tpm_filter_take(&f))
		given++;
	must(given <= FILTER_OBJECTS_MAX + FILTER_SESSIONS_MAX);
	return 0;
}
