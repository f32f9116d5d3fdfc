# One TPM driver, marshalling and command set for stage, hypervisor and host.
PURE_SRCS += $(addprefix lib/tpm/,tpm.c marshal.c public.c startup.c admin.c bank.c pcr.c session.c policy.c policy_pcr.c nv.c key.c \
	device.c fifo.c crb.c)
STAGE_SRCS += lib/tpm/mmio.c
