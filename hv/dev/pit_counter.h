/*
 * One 8254 counter as a function of time. Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_PIT_COUNTER_H
#define SIGNET_HV_DEV_PIT_COUNTER_H

#include "hv/dev/pit.h"

/* A control word for this counter (not a latch or read-back command). */
void counter_control(struct pit_counter *c, u8 word);
void counter_write(struct pit_counter *c, u8 value, u64 now);
u8 counter_read(struct pit_counter *c, u64 now);
void counter_latch(struct pit_counter *c, u64 now);
void counter_latch_status(struct pit_counter *c, u64 now);
void counter_set_gate(struct pit_counter *c, bool gate, u64 now);
/* The OUT pin. */
bool counter_out(const struct pit_counter *c, u64 now);
/* When OUT next rises after now, or CLOCK_NEVER. */
u64 counter_next_rise(const struct pit_counter *c, u64 now);

#endif
