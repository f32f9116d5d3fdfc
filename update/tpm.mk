# The boot state's home in a TPM.
PURE_SRCS += update/authority.c update/nv_tpm.c update/nv_names.c update/provision.c
