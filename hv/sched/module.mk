HV_PURE_SRCS += hv/sched/sched.c
HV_SRCS += $(addprefix hv/sched/,dispatch.c worker.c worker_switch.S)
