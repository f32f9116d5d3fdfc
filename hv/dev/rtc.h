/*
 * MC146818 real-time clock with its CMOS memory, ports 70h and 71h, IRQ 8.
 * It starts at the time it is given and then runs on the VM's clock: what a guest sets stays in its own VM, and no
 * decision of the hypervisor hangs on it.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_RTC_H
#define SIGNET_HV_DEV_RTC_H

#include "hv/dev/bus.h"
#include "hv/dev/clock.h"
#include "hv/dev/irq.h"

enum { RTC_CMOS_SIZE = 128, RTC_CENTURY = 0x32 };

struct rtc {
	u8 cmos[RTC_CMOS_SIZE]; /* the time registers in it are as old as the last look at them */
	u8 index;
	u64 base; /* seconds since 1970 at the clock's since */
	u64 since; /* ns */
	u64 seen; /* second for which UF was last set */
	u64 period_from; /* ns: grid of the periodic interrupt */
	struct clock *clock;
	struct timer timer;
	struct irq_line irq;
};

/* seconds: since 1970, until the year 9999. */
enum err rtc_init(struct rtc *r, struct clock *clock, struct irq_line irq, u64 seconds) MUST_CHECK;
enum err rtc_attach(struct rtc *r, struct bus *bus) MUST_CHECK;

#endif
