HV_PURE_SRCS += hv/sched/sched.c
