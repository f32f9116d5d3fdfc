/*
 * MSRs of the service VM beyond what every guest has: what an OS that owns a machine touches, answered by one table.
 * Everything else is #GP. Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_SERVICE_MSR_H
#define SIGNET_HV_SERVICE_MSR_H

#include "lib/types.h"

/* False: #GP. */
bool service_msr_read(u32 msr, u64 *value);
/* False: #GP. Nothing that may be written has an effect. */
bool service_msr_may_write(u32 msr);

#endif
