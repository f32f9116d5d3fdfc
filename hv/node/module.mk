# What the hypervisor decides and measures, and its TPM.
HV_PURE_SRCS += $(addprefix hv/node/,gate.c tpm_filter.c event.c slots.c provision.c ticket.c tpm_port.c)
HV_SRCS += $(addprefix hv/node/,node.c random.c tpm.c)

# Of what stage and operators use, root mode shares these too.
HV_SHARED += $(addprefix attest/,event.c log.c log_write.c leaf.c ticket.c verdict.c launch.c) \
	$(addprefix update/,authority.c state.c decide.c plan.c nv.c nv_tpm.c provision.c) image/fleet.c
