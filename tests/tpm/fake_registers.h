/*
 * A TPM's registers as the PTP describes them, FIFO and CRB, with a clock that moves by being looked at and faults on
 * demand. What it does not do as the PTP says is the fault asked for.
 * Test code.
 */
#ifndef SIGNET_TESTS_TPM_FAKE_REGISTERS_H
#define SIGNET_TESTS_TPM_FAKE_REGISTERS_H

#include "lib/tpm/device.h"

enum fake_fault {
	FAULT_NONE,
	FAULT_READS_ONES, /* nothing on the bus */
	FAULT_READS_ZEROS,
	FAULT_GONE_EXECUTING, /* reads ones from the start of the command on */
	FAULT_LOCALITY, /* never granted */
	FAULT_NOT_READY, /* never ready for a command */
	FAULT_NEVER_DONE, /* the command takes for ever, but can be cancelled */
	FAULT_DEAF, /* as before, and cannot */
	FAULT_SIZE_SMALL, /* the header says fewer bytes than a header has */
	FAULT_SIZE_LARGE, /* more than fit anywhere */
	FAULT_ONES, /* the response is all ones */
	FAULT_ZEROS,
	FAULT_LONG, /* FIFO: more bytes than the header says */
	FAULT_SHORT, /* FIFO: fewer */
	FAULT_NO_BURST, /* FIFO: burst count stays zero */
	FAULT_EXPECT_EARLY, /* FIFO: lost a byte: expects more after the last */
	FAULT_EXPECT_LATE, /* FIFO: has enough before the last byte */
	FAULT_FATAL, /* CRB: fatal error bit */
	FAULT_BUFFER_OUTSIDE, /* CRB: buffers in other memory */
	FAULT_BUFFER_LONG, /* CRB: buffer reaches out of the register page */
	FAULT_BUFFER_SMALL, /* CRB: no room for the command */
	FAULT_RESPONSE_SMALL, /* CRB: the response is longer than its buffer */
	FAULTS,
};

enum { FAKE_FIFO = 0x0, FAKE_CRB = 0x1, FAKE_TIS13 = 0xF };

struct fake_tpm {
	u32 type; /* InterfaceType */
	enum fake_fault fault;
	u64 clock; /* microseconds */
	u32 burst;
	u32 execution_looks; /* how often the driver looks before a command is done */
	bool locality, ready, executing, complete, cancelled;
	u32 looks;
	size_t received, sent;
	u8 command[TPM_BUFFER_SIZE];
	size_t response_size;
	u8 response[TPM_BUFFER_SIZE];
};

/* Answers every command with response_size bytes of a well-formed response. */
void fake_tpm_init(struct fake_tpm *f, u32 type, size_t response_size);
struct tpm_registers fake_tpm_registers(struct fake_tpm *f);

#endif
