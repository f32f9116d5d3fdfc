/* CR0, CR4 and CR8: what a guest sees, what the processor gets, and every combination that would fail VM entry. */
#include "hv/exit/handlers.h"
#include "hv/x86/lock.h"
#include "tests/unit/fake_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define V (&fake.vcpu)
enum { CS_64 = 0xA09B, CS_32 = 0xC09B, CR0_BOOT = CR0_PE | CR0_ET | CR0_NE };
#define CR0_PAGING ((u64)CR0_BOOT | CR0_PG)

static int set_up(void **state)
{
	(void)state;
	fake_guest_reset();
	return 0;
}

static enum exit_result write_cr(u8 number, u64 value)
{
	struct exit x = { .kind = EXIT_CR, .cr = { .number = number, .access = CR_WRITE, .gpr = RBX } };

	V->gpr[RBX] = value;
	V->due = NO_EVENT;
	return exit_handle(V, &x);
}

/* The state before, one write, and whether it is let through. */
static const struct {
	u64 cr0, cr3, cr4, efer, value;
	u32 cs;
	u8 number;
	bool good;
} cases[] = {
	/* CR0: reserved bits, NW without CD, paging without protection */
	{ CR0_BOOT, 0, 0, 0, CR0_BOOT | CR0_CD, CS_32, 0, true },
	{ CR0_BOOT, 0, 0, 0, CR0_BOOT | CR0_CD | CR0_NW, CS_32, 0, true },
	{ CR0_BOOT, 0, 0, 0, CR0_BOOT | CR0_NW, CS_32, 0, false },
	{ CR0_BOOT, 0, 0, 0, CR0_ET, CS_32, 0, true },
	{ CR0_BOOT, 0, 0, 0, CR0_ET | CR0_PG, CS_32, 0, false },
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR0_PAGING | 1ull << 32, CS_64, 0, false },
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR0_PAGING | CR0_CD, CS_64, 0, true },
	/* into and out of long mode */
	{ CR0_BOOT, 0, CR4_PAE, EFER_LME, CR0_PAGING, CS_32, 0, true },
	{ CR0_BOOT, 0, 0, EFER_LME, CR0_PAGING, CS_32, 0, false },
	{ CR0_BOOT, 0, CR4_PAE, EFER_LME, CR0_PAGING, CS_64, 0, false },
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR0_BOOT, CS_32, 0, true },
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR0_BOOT, CS_64, 0, false },
	{ CR0_PAGING, 0, CR4_PAE | CR4_PCIDE, EFER_LME | EFER_LMA, CR0_BOOT, CS_32, 0, false },
	/* CR4: what is not offered, what long mode needs, when PCIDs may come */
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR4_PAE | CR4_MCE | CR4_SMEP, CS_64, 4, true },
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR4_PAE | CR4_VMXE, CS_64, 4, false },
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR4_PAE | CR4_LA57, CS_64, 4, false },
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR4_PAE | CR4_PKE, CS_64, 4, false },
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR4_PAE | 1ull << 63, CS_64, 4, false },
	{ CR0_PAGING, 0, CR4_PAE, EFER_LME | EFER_LMA, CR4_MCE, CS_64, 4, false },
	{ CR0_BOOT, 0, CR4_PAE, 0, CR4_MCE, CS_32, 4, true },
	{ CR0_PAGING, 0x1000, CR4_PAE, EFER_LME | EFER_LMA, CR4_PAE | CR4_PCIDE, CS_64, 4, true },
	{ CR0_PAGING, 0x1001, CR4_PAE, EFER_LME | EFER_LMA, CR4_PAE | CR4_PCIDE, CS_64, 4, false },
	{ CR0_BOOT, 0, 0, 0, CR4_PCIDE, CS_32, 4, false },
	/* paging of other modes, with PAE and without */
	{ CR0_BOOT, 0x2000, CR4_PAE, 0, CR0_PAGING, CS_32, 0, false },
	{ CR0_BOOT, 0x2000, 0, 0, CR0_PAGING, CS_32, 0, false },
};

static void begin(size_t i)
{
	fake_guest_reset();
	vcpu_set(V, VCPU_EFER, cases[i].efer);
	vcpu_set(V, VCPU_CR0, cases[i].cr0);
	vcpu_set(V, VCPU_CR3, cases[i].cr3);
	vcpu_set(V, VCPU_CR4, cases[i].cr4);
	vcpu_set(V, VCPU_CS_ACCESS, cases[i].cs);
}

/* What entry checks, whatever the guest wrote (SDM 27.3.1.1). */
static void assert_enterable(void)
{
	u64 cr0 = fake_vmcs.field[VMCS_GUEST_CR0], cr4 = fake_vmcs.field[VMCS_GUEST_CR4];
	u64 efer = fake_vmcs.field[VMCS_GUEST_EFER];
	bool ia32e = fake_vmcs.field[VMCS_ENTRY_CONTROLS] & VMENTRY_IA32E_GUEST;

	assert_true(vmx_cr0_valid(&fake.machine.caps, cr0) && fake_takes_cr4(cr4));
	assert_int_equal(cr0 & (CR0_CD | CR0_NW), 0);
	assert_int_equal(ia32e, !!(efer & EFER_LMA));
	assert_int_equal(!!(efer & EFER_LMA), efer & EFER_LME && cr0 & CR0_PG);
	assert_true(ia32e || !(cr0 & CR0_PG));
	assert_true(ia32e ? cr4 & CR4_PAE : !(cr4 & CR4_PCIDE));
	assert_true(cr4 & CR4_MCE);
}

static void each_write_is_let_through_or_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum vcpu_register reg = cases[i].number ? VCPU_CR4 : VCPU_CR0;
		u64 before = cases[i].number ? cases[i].cr4 : cases[i].cr0;

		begin(i);
		enum exit_result r = write_cr(cases[i].number, cases[i].value);
		if ((r == EXIT_SKIP) != cases[i].good)
			fail_msg("case %zu", i);
		assert_int_equal(vcpu_get(V, reg), cases[i].good ? cases[i].value : before);
		assert_int_equal(V->due.type, cases[i].good ? EVENT_NONE : EVENT_EXCEPTION);
		assert_enterable();
	}
}

static void random_writes_never_leave_a_state_entry_refuses(void **state)
{
	static const u64 bits0[] = { CR0_PE, CR0_ET, CR0_NE, CR0_WP, CR0_AM, CR0_NW, CR0_CD, CR0_PG, CR0_TS, CR0_MP };
	static const u64 bits4[] = { CR4_PAE, CR4_PGE, CR4_PSE, CR4_MCE, CR4_PCIDE, CR4_SMEP, CR4_VMXE, CR4_LA57 };
	u64 seed = 7, taken = 0;

	(void)state;
	begin(8);
	for (u32 i = 0; i < 20000; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		u32 pick = (u32)(seed >> 33);
		vcpu_set(V, VCPU_CS_ACCESS, pick & 0x10000 ? CS_64 : CS_32);
		if (pick & 0x20000)
			taken += write_cr(0, vcpu_get(V, VCPU_CR0) ^ bits0[pick % 10]) == EXIT_SKIP;
		else if (pick & 0x40000)
			taken += write_cr(4, vcpu_get(V, VCPU_CR4) ^ bits4[pick % 8]) == EXIT_SKIP;
		else {
			struct exit x = { .kind = EXIT_WRMSR };
			V->gpr[RCX] = MSR_EFER;
			V->gpr[RAX] = vcpu_get(V, VCPU_EFER) ^ (pick & 0x80000 ? EFER_LME : EFER_NXE);
			V->gpr[RDX] = 0;
			V->due = NO_EVENT;
			taken += exit_handle(V, &x) == EXIT_SKIP;
		}
		assert_enterable();
	}
	assert_in_range(taken, 5000, 19000);
}

static void guests_see_what_they_wrote(void **state)
{
	(void)state;
	/* As processors come out of reset, without NE. */
	assert_int_equal(write_cr(0, CR0_PE | CR0_CD | CR0_NW), EXIT_SKIP);
	assert_int_equal(vcpu_get(V, VCPU_CR0), CR0_PE | CR0_ET | CR0_CD | CR0_NW);
	assert_int_equal(fake_vmcs.field[VMCS_GUEST_CR0], CR0_BOOT);
	assert_int_equal(fake_vmcs.field[VMCS_CR0_MASK] & (CR0_PE | CR0_TS | CR0_WP), 0);
	assert_int_equal(fake_vmcs.field[VMCS_CR0_MASK] & CR0_PG, CR0_PG);
	assert_int_equal(vcpu_get(V, VCPU_CR4), CR4_PAE);
	assert_int_equal(fake_vmcs.field[VMCS_GUEST_CR4], CR4_PAE | CR4_MCE | CR4_VMXE);
	assert_int_equal(fake_vmcs.field[VMCS_CR4_MASK] & (CR4_MCE | CR4_VMXE | CR4_PKE), CR4_MCE | CR4_VMXE | CR4_PKE);
}

static void translations_are_dropped_with_the_tables(void **state)
{
	(void)state;
	begin(7);
	assert_int_equal(write_cr(0, CR0_PAGING), EXIT_SKIP);
	assert_true(V->flush && vcpu_get(V, VCPU_EFER) & EFER_LMA);
}

/* In the place of the one lock: who asked for it sees the priority as it was, who gives it up as it is. */
static u32 locked_at, unlocked_at;

void hv_lock(void)
{
	locked_at = lapic_get_cr8(&V->lapic);
}

void hv_unlock(void)
{
	unlocked_at = lapic_get_cr8(&V->lapic);
}

static void task_priority_goes_to_the_local_apic(void **state)
{
	struct exit read = { .kind = EXIT_CR, .cr = { .number = 8, .access = CR_READ, .gpr = RSP } };

	(void)state;
	assert_int_equal(write_cr(8, 15), EXIT_SKIP);
	assert_int_equal(lapic_get_cr8(&V->lapic), 15);
	/* Others look at it under the lock. */
	assert_true(locked_at == 0 && unlocked_at == 15);
	/* What had to wait may come now, and somebody has to look. */
	assert_true(vcpu_has_attention(V));
	assert_int_equal(write_cr(8, 16), EXIT_RETRY);
	assert_int_equal(lapic_get_cr8(&V->lapic), 15);
	assert_int_equal(exit_handle(V, &read), EXIT_SKIP);
	assert_int_equal(vcpu_get(V, VCPU_RSP), 15);
}

static void what_nobody_asked_for_stops(void **state)
{
	static const struct exit_cr others[] = { { .access = CR_LMSW }, { .access = CR_CLTS }, { .number = 3 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(exit_handle(V, &(struct exit){ .kind = EXIT_CR, .cr = others[i] }), EXIT_STOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_write_is_let_through_or_faults, set_up),
		cmocka_unit_test_setup(random_writes_never_leave_a_state_entry_refuses, set_up),
		cmocka_unit_test_setup(guests_see_what_they_wrote, set_up),
		cmocka_unit_test_setup(translations_are_dropped_with_the_tables, set_up),
		cmocka_unit_test_setup(task_priority_goes_to_the_local_apic, set_up),
		cmocka_unit_test_setup(what_nobody_asked_for_stops, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
