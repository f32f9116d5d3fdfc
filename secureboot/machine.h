/*
 * A platform with what the glue around the pure stage needs besides: the TPM, and page tables for the jump.
 * Trust: in the TCB.
 */
#ifndef SIGNET_SECUREBOOT_MACHINE_H
#define SIGNET_SECUREBOOT_MACHINE_H

#include "secureboot/identity.h"
#include "secureboot/platform.h"

struct machine {
	struct platform platform;
	struct tpm *tpm;
	/* Identity map of all RAM (docs/handoff.md), in force at the latest when the hypervisor is entered. */
	u64 page_tables;
};

/* machine.c */
struct paging_features machine_paging(void);
/* Descriptors, exception handling and FS base of our own: from then on nothing of a firmware's is used. */
void machine_take_over(void);
/* Microseconds or longer: only time-outs hang on it, and they come out too long rather than too short. */
u64 machine_now(void *context);
/* A value for the stack protector that differs from boot to boot. */
u64 machine_random(void);

#endif
