/* Kinds of VM exits with their names for people, in the order in which the control port tells their counts. */
#ifndef SIGNET_LIB_CONTROL_EXIT_KINDS_H
#define SIGNET_LIB_CONTROL_EXIT_KINDS_H

#define EXIT_KINDS_LIST(X)                                                                                             \
	X(UNKNOWN, "unknown")                                                                                          \
	X(EXCEPTION, "exception")                                                                                      \
	X(MACHINE_CHECK, "machine-check")                                                                              \
	X(NMI, "nmi")                                                                                                  \
	X(INTERRUPT, "interrupt")                                                                                      \
	X(INTERRUPT_WINDOW, "interrupt-window")                                                                        \
	X(NMI_WINDOW, "nmi-window")                                                                                    \
	X(TRIPLE_FAULT, "triple-fault")                                                                                \
	X(INIT, "init")                                                                                                \
	X(TASK_SWITCH, "task-switch")                                                                                  \
	X(CPUID, "cpuid")                                                                                              \
	X(HLT, "hlt")                                                                                                  \
	X(INVD, "invd")                                                                                                \
	X(WBINVD, "wbinvd")                                                                                            \
	X(RDPMC, "rdpmc")                                                                                              \
	/* every instruction of VMX, SMX and SGX, and VMCALL: none of them is there for a guest */                     \
	X(VIRTUALIZATION, "virtualization")                                                                            \
	X(CR, "cr")                                                                                                    \
	X(IO, "io")                                                                                                    \
	X(RDMSR, "rdmsr")                                                                                              \
	X(WRMSR, "wrmsr")                                                                                              \
	X(MWAIT, "mwait")                                                                                              \
	X(MONITOR, "monitor")                                                                                          \
	X(MEMORY, "memory")                                                                                            \
	X(MISCONFIGURATION, "misconfiguration")                                                                        \
	X(TIMER, "timer")                                                                                              \
	X(XSETBV, "xsetbv")                                                                                            \
	X(ENTRY_FAILED, "entry-failed")

#endif
