/*
 * 16550A serial port towards a byte sink. Output is paced at the sender's side: a guest that writes faster than its
 * line finds the transmitter busy, and what it forces through is dropped and counted. Trust: in the TCB; pure.
 * Everything written to it is the guest's.
 */
#ifndef SIGNET_HV_DEV_UART_H
#define SIGNET_HV_DEV_UART_H

#include "hv/dev/bus.h"
#include "hv/dev/clock.h"
#include "hv/dev/irq.h"

enum { UART_FIFO = 16, UART_PORTS = 8 };

struct uart_sink {
	/* False: no room. The byte is lost for this guest, not waited for. */
	bool (*put)(void *context, u8 byte);
	void *context;
};

struct uart {
	u8 ier, fcr, lcr, mcr, scratch, msr_deltas;
	u16 divisor;
	bool transmit_interrupt; /* the holding register fell empty, and nobody has looked since */
	bool overrun;
	u8 input[UART_FIFO];
	u32 input_first, input_count;
	u64 byte_ns; /* what one byte costs on this line */
	u64 busy_until;
	u64 sent, dropped;
	struct uart_sink sink;
	struct clock *clock;
	struct timer timer;
	struct irq_line irq; /* level */
};

/* byte_ns: at most so fast does output go on, whatever divisor the guest chose. */
enum err uart_init(
        struct uart *u, struct clock *clock, struct irq_line irq, struct uart_sink sink, u64 byte_ns) MUST_CHECK;
enum err uart_attach(struct uart *u, struct bus *bus, u16 port) MUST_CHECK;

/* A byte for the guest. False: no room, the caller keeps it. */
bool uart_receive(struct uart *u, u8 byte) MUST_CHECK;

#endif
