/* Exit reason and qualification into struct exit (SDM volume 3C, 28.2.1). Trust: in the TCB; pure over vmcs_read. */
#include "hv/vmx/vmcs.h"
#include "hv/vmx/vmx.h"

enum io_qualification { IO_SIZE = 7, IO_IN = BIT(3), IO_STRING = BIT(4), IO_REP = BIT(5), IO_PORT_SHIFT = 16 };
enum memory_qualification {
	MEMORY_READ = BIT(0),
	MEMORY_WRITE = BIT(1),
	MEMORY_FETCH = BIT(2),
	MEMORY_MAPPED = 7 << 3,
	MEMORY_HAS_LINEAR = BIT(7),
	MEMORY_TRANSLATED = BIT(8),
};

static void decode_exception(struct exit *x)
{
	u32 info = (u32)vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);

	x->exception.vector = (u8)(info & INTERRUPTION_VECTOR);
	x->exception.error = info & INTERRUPTION_ERROR_CODE ? (u32)vmcs_read(VMCS_EXIT_ERROR_CODE) : 0;
	switch ((info & INTERRUPTION_TYPE) >> INTERRUPTION_TYPE_SHIFT) {
	case EVENT_NMI:
		x->kind = EXIT_NMI;
		break;
	case EVENT_PRIVILEGED_EXCEPTION: /* a trap, but RIP is still at it */
		x->length = (u8)vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
		break;
	default:
		break;
	}
}

static void decode_interrupt(struct exit *x)
{
	x->vector = (u8)(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTERRUPTION_VECTOR);
}

static void decode_sipi(struct exit *x)
{
	x->vector = (u8)x->qualification;
}

static void decode_cr(struct exit *x)
{
	u64 q = x->qualification;

	x->cr = (struct exit_cr){ .number = q & 15, .access = q >> 4 & 3, .gpr = q >> 8 & 15, .lmsw = (u16)(q >> 16) };
}

static void decode_io(struct exit *x)
{
	/* Instruction information 9:7: 0, 1, 2 for 16, 32, 64 bits (SDM table 28-8). */
	static const u8 address_sizes[8] = { 2, 4, 8 };
	u64 q = x->qualification;

	x->io = (struct exit_io){ .port = (u16)(q >> IO_PORT_SHIFT),
		.size = (u8)((q & IO_SIZE) + 1),
		.in = q & IO_IN,
		.string = q & IO_STRING,
		.rep = q & IO_REP };
	if (!x->io.string)
		return;
	x->io.address_size = address_sizes[vmcs_read(VMCS_EXIT_INSTRUCTION_INFO) >> 7 & 7];
	x->io.linear = vmcs_read(VMCS_GUEST_LINEAR_ADDRESS);
}

static void decode_memory(struct exit *x)
{
	u64 q = x->qualification;

	x->memory = (struct exit_memory){ .guest = vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS),
		.read = q & MEMORY_READ,
		.write = q & MEMORY_WRITE,
		.fetch = q & MEMORY_FETCH,
		.mapped = q & MEMORY_MAPPED,
		.has_linear = q & MEMORY_HAS_LINEAR };
	if (!x->memory.has_linear)
		return;
	x->memory.linear = vmcs_read(VMCS_GUEST_LINEAR_ADDRESS);
	x->memory.walking = !(q & MEMORY_TRANSLATED);
}

static void decode_misconfiguration(struct exit *x)
{
	x->memory = (struct exit_memory){ .guest = vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS) };
}

/* What an exit has to tell beside its reason (SDM 28.2.5, 28.2.1): reading what nobody needs costs every exit. */
enum reads { NOTHING, LENGTH = BIT(0), QUALIFICATION = BIT(1), BOTH = LENGTH | QUALIFICATION };

struct reason {
	u8 kind; /* enum exit_kind */
	u8 reads; /* enum reads */
	void (*decode)(struct exit *x); /* or NULL */
};

/* What is not here is EXIT_UNKNOWN: nobody asked the processor for it. */
static const struct reason reasons[REASONS] = {
	[REASON_EXCEPTION_NMI] = { EXIT_EXCEPTION, QUALIFICATION, decode_exception },
	[REASON_EXTERNAL_INTERRUPT] = { EXIT_INTERRUPT, NOTHING, decode_interrupt },
	[REASON_TRIPLE_FAULT] = { EXIT_TRIPLE_FAULT, NOTHING, NULL },
	[REASON_INIT] = { EXIT_INIT, NOTHING, NULL },
	[REASON_SIPI] = { EXIT_SIPI, QUALIFICATION, decode_sipi },
	[REASON_INTERRUPT_WINDOW] = { EXIT_INTERRUPT_WINDOW, NOTHING, NULL },
	[REASON_NMI_WINDOW] = { EXIT_NMI_WINDOW, NOTHING, NULL },
	[REASON_TASK_SWITCH] = { EXIT_TASK_SWITCH, BOTH, NULL },
	[REASON_CPUID] = { EXIT_CPUID, LENGTH, NULL },
	[REASON_GETSEC] = { EXIT_VIRTUALIZATION, LENGTH, NULL },
	[REASON_HLT] = { EXIT_HLT, LENGTH, NULL },
	[REASON_INVD] = { EXIT_INVD, LENGTH, NULL },
	[REASON_RDPMC] = { EXIT_RDPMC, LENGTH, NULL },
	[REASON_VMCALL... REASON_VMXON] = { EXIT_VIRTUALIZATION, LENGTH, NULL },
	[REASON_CR_ACCESS] = { EXIT_CR, BOTH, decode_cr },
	[REASON_DR_ACCESS] = { EXIT_DR, BOTH, NULL },
	[REASON_IO] = { EXIT_IO, BOTH, decode_io },
	[REASON_RDMSR] = { EXIT_RDMSR, LENGTH, NULL },
	[REASON_WRMSR] = { EXIT_WRMSR, LENGTH, NULL },
	[REASON_MWAIT] = { EXIT_MWAIT, LENGTH, NULL },
	[REASON_MONITOR] = { EXIT_MONITOR, LENGTH, NULL },
	[REASON_PAUSE] = { EXIT_PAUSE, LENGTH, NULL },
	[REASON_EPT_VIOLATION] = { EXIT_MEMORY, QUALIFICATION, decode_memory },
	[REASON_EPT_MISCONFIGURATION] = { EXIT_MISCONFIGURATION, NOTHING, decode_misconfiguration },
	[REASON_INVEPT] = { EXIT_VIRTUALIZATION, LENGTH, NULL },
	[REASON_PREEMPTION_TIMER] = { EXIT_TIMER, NOTHING, NULL },
	[REASON_INVVPID] = { EXIT_VIRTUALIZATION, LENGTH, NULL },
	[REASON_WBINVD] = { EXIT_WBINVD, LENGTH, NULL },
	[REASON_XSETBV] = { EXIT_XSETBV, LENGTH, NULL },
	[REASON_VMFUNC] = { EXIT_VIRTUALIZATION, LENGTH, NULL },
	[REASON_ENCLS] = { EXIT_VIRTUALIZATION, LENGTH, NULL },
};
static const struct reason unknown = { EXIT_UNKNOWN, QUALIFICATION, NULL },
                           entry_failed = { EXIT_ENTRY_FAILED, QUALIFICATION, NULL };

static const struct reason *find(u32 reason)
{
	if (reason < REASONS)
		return &reasons[reason];
	return reason & REASON_ENTRY_FAILED ? &entry_failed : &unknown;
}

void vmx_decode(struct exit *x)
{
	u32 number = (u32)vmcs_read(VMCS_EXIT_REASON);
	const struct reason *r = find(number);

	x->kind = r->kind;
	x->reason = number;
	x->length = r->reads & LENGTH ? (u8)vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH) : 0;
	x->qualification = r->reads & QUALIFICATION ? vmcs_read(VMCS_EXIT_QUALIFICATION) : 0;
	if (r->decode)
		r->decode(x);
}
