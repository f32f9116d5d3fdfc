HV_PURE_SRCS += $(addprefix hv/exit/,table.c cpuid.c cr.c exception.c io.c msr.c xsetbv.c instruction.c memory.c)
