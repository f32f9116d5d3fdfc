HV_PURE_SRCS += hv/vm/event.c hv/vm/message.c hv/vm/vm.c hv/vm/vcpu.c
HV_SRCS += hv/vm/life.c
