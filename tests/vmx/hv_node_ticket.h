/* A node under tickets, step by step (hv_node_ticket.c). Trust: test code only. */
#ifndef SIGNET_TESTS_VMX_HV_NODE_TICKET_H
#define SIGNET_TESTS_VMX_HV_NODE_TICKET_H

#include "lib/types.h"

/* Only in a worker job, lock not held. False: nothing is left to do. */
bool ticket_step(void);

#endif
