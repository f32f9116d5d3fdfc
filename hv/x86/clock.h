/*
 * Time: the TSC, measured against a timer of known rate. CPUID's word for it is not taken: emulators and some firmware
 * give another.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_X86_CLOCK_H
#define SIGNET_HV_X86_CLOCK_H

#include "lib/err.h"

/*
 * Measures for 20 ms, against the ACPI PM timer (a port and the mask of its bits; port 0: none), else against PIT
 * channel 2. *source names the one it was. ERR_CLOCK when neither counts.
 */
enum err clock_calibrate(u16 pm_port, u32 pm_mask, const char **source) MUST_CHECK;

/* TSC ticks a second; 0 before calibration. */
u64 clock_rate(void);
u64 clock_ticks(u64 microseconds);
void clock_wait(u64 microseconds);

#endif
