/*
 * 16550A serial port towards a byte sink. A byte is gone when it is written, so that no guest waits for a line.
 * Trust: in the TCB; pure. Everything written to it is the guest's.
 */
#ifndef SIGNET_HV_DEV_UART_H
#define SIGNET_HV_DEV_UART_H

#include "hv/dev/bus.h"
#include "hv/dev/irq.h"

enum { UART_FIFO = 16, UART_PORTS = 8, UART_GSI = 4, UART_COM1 = 0x3F8 };

struct uart_sink {
	/* What it has no room for is lost for this guest, not waited for. */
	void (*put)(void *context, u8 byte);
	void *context;
};

struct uart {
	u8 reg[UART_PORTS]; /* what was written to each, as far as it is kept */
	u8 divisor[2];
	bool transmit_interrupt; /* the holding register fell empty, and nobody has looked since */
	u8 input[UART_FIFO];
	u32 input_first, input_count;
	struct uart_sink sink;
	struct irq_line irq; /* level */
};

void uart_init(struct uart *u, struct irq_line irq, struct uart_sink sink);
/* UART_PORTS of them. */
extern const struct bus_ops uart_ops;

/* A byte for the guest. False: no room, the caller keeps it. */
bool uart_receive(struct uart *u, u8 byte) MUST_CHECK;

#endif
