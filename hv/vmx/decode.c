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

static void decode_nothing(struct exit *x)
{
	(void)x;
}

static void decode_exception(struct exit *x)
{
	u32 info = (u32)vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);

	x->exception.vector = (u8)(info & INTERRUPTION_VECTOR);
	x->exception.has_error = info & INTERRUPTION_ERROR_CODE;
	x->exception.error = x->exception.has_error ? (u32)vmcs_read(VMCS_EXIT_ERROR_CODE) : 0;
	if ((info & INTERRUPTION_TYPE) >> INTERRUPTION_TYPE_SHIFT == EVENT_NMI)
		x->kind = EXIT_NMI;
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

/* What is not here is EXIT_UNKNOWN: nobody asked the processor for it. */
static const struct {
	u8 kind; /* enum exit_kind */
	bool instruction; /* one caused it, and its length is there (SDM 28.2.5) */
	void (*decode)(struct exit *x);
} reasons[REASONS] = {
	[REASON_EXCEPTION_NMI] = { EXIT_EXCEPTION, false, decode_exception },
	[REASON_EXTERNAL_INTERRUPT] = { EXIT_INTERRUPT, false, decode_interrupt },
	[REASON_TRIPLE_FAULT] = { EXIT_TRIPLE_FAULT, false, decode_nothing },
	[REASON_INIT] = { EXIT_INIT, false, decode_nothing },
	[REASON_SIPI] = { EXIT_SIPI, false, decode_sipi },
	[REASON_INTERRUPT_WINDOW] = { EXIT_INTERRUPT_WINDOW, false, decode_nothing },
	[REASON_NMI_WINDOW] = { EXIT_NMI_WINDOW, false, decode_nothing },
	[REASON_TASK_SWITCH] = { EXIT_TASK_SWITCH, true, decode_nothing },
	[REASON_CPUID] = { EXIT_CPUID, true, decode_nothing },
	[REASON_GETSEC] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_HLT] = { EXIT_HLT, true, decode_nothing },
	[REASON_INVD] = { EXIT_INVD, true, decode_nothing },
	[REASON_RDPMC] = { EXIT_RDPMC, true, decode_nothing },
	[REASON_VMCALL] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_VMCLEAR] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_VMLAUNCH] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_VMPTRLD] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_VMPTRST] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_VMREAD] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_VMRESUME] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_VMWRITE] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_VMXOFF] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_VMXON] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_CR_ACCESS] = { EXIT_CR, true, decode_cr },
	[REASON_DR_ACCESS] = { EXIT_DR, true, decode_nothing },
	[REASON_IO] = { EXIT_IO, true, decode_io },
	[REASON_RDMSR] = { EXIT_RDMSR, true, decode_nothing },
	[REASON_WRMSR] = { EXIT_WRMSR, true, decode_nothing },
	[REASON_MWAIT] = { EXIT_MWAIT, true, decode_nothing },
	[REASON_MONITOR] = { EXIT_MONITOR, true, decode_nothing },
	[REASON_PAUSE] = { EXIT_PAUSE, true, decode_nothing },
	[REASON_EPT_VIOLATION] = { EXIT_MEMORY, false, decode_memory },
	[REASON_EPT_MISCONFIGURATION] = { EXIT_MISCONFIGURATION, false, decode_misconfiguration },
	[REASON_INVEPT] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_PREEMPTION_TIMER] = { EXIT_TIMER, false, decode_nothing },
	[REASON_INVVPID] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_WBINVD] = { EXIT_WBINVD, true, decode_nothing },
	[REASON_XSETBV] = { EXIT_XSETBV, true, decode_nothing },
	[REASON_VMFUNC] = { EXIT_VIRTUALIZATION, true, decode_nothing },
	[REASON_ENCLS] = { EXIT_VIRTUALIZATION, true, decode_nothing },
};

void vmx_decode(struct exit *x)
{
	u32 reason = (u32)vmcs_read(VMCS_EXIT_REASON), basic = reason & REASON_BASIC;

	x->kind = EXIT_UNKNOWN;
	x->length = 0;
	x->reason = reason;
	x->qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
	if (reason & REASON_ENTRY_FAILED) {
		x->kind = EXIT_ENTRY_FAILED;
	} else if (basic < REASONS && reasons[basic].decode) {
		x->kind = reasons[basic].kind;
		if (reasons[basic].instruction)
			x->length = (u8)vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
		reasons[basic].decode(x);
	}
}
