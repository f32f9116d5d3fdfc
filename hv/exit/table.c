/* What becomes of each kind of exit: one table, and the handlers too small for files. Trust: in the TCB; pure. */
#include "hv/exit/handlers.h"

#include "lib/fatal.h"

/* The run loop takes the machine's interrupts and NMIs; a real INIT is a stray, and none of the VM's doing. */
static enum exit_result leave(struct vcpu *v, const struct exit *x)
{
	(void)v, (void)x;
	return EXIT_LEAVE;
}

/* The processor told of damage: nothing here goes on. The report shows what the processor knows of it. */
static enum exit_result machine_check(struct vcpu *v, const struct exit *x)
{
	(void)v, (void)x;
	fatal("a machine check in a guest");
}

/* A window opened, or a time has come. */
static enum exit_result look(struct vcpu *v, const struct exit *x)
{
	(void)x;
	vcpu_set_attention(v);
	return EXIT_RETRY;
}

static enum exit_result block(struct vcpu *v, const struct exit *x)
{
	(void)x;
	v->deaf = !(vcpu_get(v, VCPU_RFLAGS) & RFLAGS_IF);
	v->state = VCPU_HALTED;
	vcpu_complete(v);
	return EXIT_BLOCK;
}

/* Its row says by what: #UD is for what is not there, by what CPUID says. */
static enum exit_result raise(struct vcpu *v, const struct exit *x)
{
	return vcpu_raise(v, exit_table[x->kind].vector, 0);
}

/* INVD would throw away what others wrote; to the guest writing back first is the same. */
static enum exit_result caches(struct vcpu *v, const struct exit *x)
{
	(void)x;
	if (v->vm->policy->passes_wbinvd)
		vcpu_write_back_caches(v);
	return EXIT_SKIP;
}

/* Its row says why. */
static enum exit_result end(struct vcpu *v, const struct exit *x)
{
	return vcpu_stop(v, x, exit_table[x->kind].reason);
}

const struct exit_row exit_table[EXIT_KINDS] = {
	[EXIT_UNKNOWN] = { .handle = end, .reason = "an exit nobody asked for" },
	[EXIT_EXCEPTION] = { .handle = handle_exception },
	[EXIT_MACHINE_CHECK] = { .handle = machine_check, .alone = true },
	[EXIT_NMI] = { .handle = leave, .alone = true },
	[EXIT_INTERRUPT] = { .handle = leave, .alone = true },
	[EXIT_INTERRUPT_WINDOW] = { .handle = look, .alone = true },
	[EXIT_NMI_WINDOW] = { .handle = look, .alone = true },
	[EXIT_TRIPLE_FAULT] = { .handle = end, .reason = "triple fault" },
	[EXIT_INIT] = { .handle = leave, .alone = true },
	[EXIT_TASK_SWITCH] = { .handle = end, .reason = "a task switch, which no guest here has use for" },
	[EXIT_CPUID] = { .handle = handle_cpuid, .alone = true },
	[EXIT_HLT] = { .handle = block },
	[EXIT_INVD] = { .handle = caches, .alone = true },
	[EXIT_WBINVD] = { .handle = caches, .alone = true },
	[EXIT_RDPMC] = { .handle = raise, .vector = VECTOR_GP, .alone = true },
	[EXIT_VIRTUALIZATION] = { .handle = raise, .vector = VECTOR_UD, .alone = true },
	[EXIT_CR] = { .handle = handle_cr, .alone = true },
	[EXIT_IO] = { .handle = handle_io, .alone = true },
	[EXIT_RDMSR] = { .handle = handle_rdmsr, .alone = true },
	[EXIT_WRMSR] = { .handle = handle_wrmsr, .alone = true },
	[EXIT_MWAIT] = { .handle = raise, .vector = VECTOR_UD, .alone = true },
	[EXIT_MONITOR] = { .handle = raise, .vector = VECTOR_UD, .alone = true },
	[EXIT_MEMORY] = { .handle = handle_memory },
	[EXIT_MISCONFIGURATION] = { .handle = end, .reason = "an EPT entry is malformed: a defect of the hypervisor" },
	[EXIT_TIMER] = { .handle = leave, .alone = true }, /* so it does with its own */
	[EXIT_XSETBV] = { .handle = handle_xsetbv, .alone = true },
	[EXIT_ENTRY_FAILED] = { .handle = end, .reason = "the processor refused its state" },
};
