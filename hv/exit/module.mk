HV_PURE_SRCS += hv/exit/table.c hv/exit/cpuid.c hv/exit/cr.c hv/exit/exception.c hv/exit/io.c hv/exit/io_string.c \
	hv/exit/msr.c hv/exit/xsetbv.c hv/exit/instruction.c hv/exit/memory.c
