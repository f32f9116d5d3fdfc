HV_PURE_SRCS += hv/vm/event.c hv/vm/vm.c hv/vm/vcpu.c hv/vm/walk.c
