/* Exit reason and qualification into struct exit (SDM volume 3C, 28.2.1). Trust: in the TCB; pure over vmcs_read. */
#include "hv/vmx/vmcs.h"
#include "hv/vmx/vmx.h"

enum io_qualification { IO_SIZE = 7, IO_IN = BIT(3), IO_STRING = BIT(4), IO_PORT_SHIFT = 16 };
enum memory_qualification {
	MEMORY_WRITE = BIT(1),
	MEMORY_FETCH = BIT(2),
	MEMORY_HAS_LINEAR = BIT(7),
	MEMORY_TRANSLATED = BIT(8),
};

static void decode_qualification(struct exit *x)
{
	x->qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
}

static void decode_exception(struct exit *x)
{
	u32 info = (u32)vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);

	decode_qualification(x);
	x->exception.vector = (u8)(info & INTERRUPTION_VECTOR);
	x->exception.error = info & INTERRUPTION_ERROR_CODE ? (u32)vmcs_read(VMCS_EXIT_ERROR_CODE) : 0;
	x->exception.int1 = (info & INTERRUPTION_TYPE) >> INTERRUPTION_TYPE_SHIFT == EVENT_PRIVILEGED_EXCEPTION;
	if ((info & INTERRUPTION_TYPE) >> INTERRUPTION_TYPE_SHIFT == EVENT_NMI)
		x->kind = EXIT_NMI;
	else if (x->exception.vector == VECTOR_MC)
		x->kind = EXIT_MACHINE_CHECK;
}

static void decode_interrupt(struct exit *x)
{
	x->vector = (u8)(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTERRUPTION_VECTOR);
}

static void decode_cr(struct exit *x)
{
	u64 q = x->qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);

	x->cr = (struct exit_cr){ .number = q & 15, .access = q >> 4 & 3, .gpr = q >> 8 & 15 };
}

static void decode_io(struct exit *x)
{
	static const u8 sizes[8] = { 1, 2, 0, 4 };
	u64 q = x->qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);

	x->io = (struct exit_io){
		.port = (u16)(q >> IO_PORT_SHIFT), .size = sizes[q & IO_SIZE], .in = q & IO_IN, .string = q & IO_STRING
	};
}

static void decode_memory(struct exit *x)
{
	u64 q = x->qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);

	x->memory = (struct exit_memory){ .guest = vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS),
		.write = q & MEMORY_WRITE,
		.fetch = q & MEMORY_FETCH,
		.has_linear = q & MEMORY_HAS_LINEAR,
		.walking = q & MEMORY_HAS_LINEAR && !(q & MEMORY_TRANSLATED) };
}

struct reason {
	u8 kind; /* enum exit_kind */
	void (*decode)(struct exit *x); /* NULL: there is nothing to tell beside the reason */
};

/* What is not here is EXIT_UNKNOWN: nobody asked the processor for it. */
static const struct reason reasons[REASONS] = {
	[REASON_EXCEPTION_NMI] = { EXIT_EXCEPTION, decode_exception },
	[REASON_EXTERNAL_INTERRUPT] = { EXIT_INTERRUPT, decode_interrupt },
	[REASON_TRIPLE_FAULT] = { EXIT_TRIPLE_FAULT, NULL },
	[REASON_INIT] = { EXIT_INIT, NULL },
	[REASON_INTERRUPT_WINDOW] = { EXIT_INTERRUPT_WINDOW, NULL },
	[REASON_NMI_WINDOW] = { EXIT_NMI_WINDOW, NULL },
	[REASON_TASK_SWITCH] = { EXIT_TASK_SWITCH, decode_qualification },
	[REASON_CPUID] = { EXIT_CPUID, NULL },
	[REASON_GETSEC] = { EXIT_VIRTUALIZATION, NULL },
	[REASON_HLT] = { EXIT_HLT, NULL },
	[REASON_INVD] = { EXIT_INVD, NULL },
	[REASON_RDPMC] = { EXIT_RDPMC, NULL },
	[REASON_VMCALL... REASON_VMXON] = { EXIT_VIRTUALIZATION, NULL },
	[REASON_CR_ACCESS] = { EXIT_CR, decode_cr },
	[REASON_IO] = { EXIT_IO, decode_io },
	[REASON_RDMSR] = { EXIT_RDMSR, NULL },
	[REASON_WRMSR] = { EXIT_WRMSR, NULL },
	[REASON_MWAIT] = { EXIT_MWAIT, NULL },
	[REASON_MONITOR] = { EXIT_MONITOR, NULL },
	[REASON_ENTRY_MACHINE_CHECK] = { EXIT_MACHINE_CHECK, NULL },
	[REASON_EPT_VIOLATION] = { EXIT_MEMORY, decode_memory },
	[REASON_EPT_MISCONFIGURATION] = { EXIT_MISCONFIGURATION, NULL },
	[REASON_INVEPT] = { EXIT_VIRTUALIZATION, NULL },
	[REASON_PREEMPTION_TIMER] = { EXIT_TIMER, NULL },
	[REASON_INVVPID] = { EXIT_VIRTUALIZATION, NULL },
	[REASON_WBINVD] = { EXIT_WBINVD, NULL },
	[REASON_XSETBV] = { EXIT_XSETBV, NULL },
	[REASON_VMFUNC] = { EXIT_VIRTUALIZATION, NULL },
	[REASON_ENCLS] = { EXIT_VIRTUALIZATION, NULL },
};
static const struct reason unknown = { EXIT_UNKNOWN, decode_qualification },
                           entry_failed = { EXIT_ENTRY_FAILED, decode_qualification };

static const struct reason *find(u32 reason)
{
	if (__builtin_expect(reason < REASONS, true))
		return &reasons[reason];
	if (reason == (REASON_ENTRY_FAILED | REASON_ENTRY_MACHINE_CHECK))
		return &reasons[REASON_ENTRY_MACHINE_CHECK];
	return reason & REASON_ENTRY_FAILED ? &entry_failed : &unknown;
}

void vmx_decode(struct exit *x)
{
	u32 number = (u32)vmcs_read(VMCS_EXIT_REASON);
	const struct reason *r = find(number);

	x->kind = r->kind;
	x->reason = number;
	if (r->decode)
		r->decode(x);
	else
		x->qualification = 0;
}
