HV_PURE_SRCS += hv/vmx/caps.c hv/vmx/controls.c
