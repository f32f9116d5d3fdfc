/*
 * The machine's ports and power, as the policies of hv/service reach them.
 * Trust: in the TCB; hardware access. Lock held.
 */
#ifndef SIGNET_HV_SERVICE_MACHINE_H
#define SIGNET_HV_SERVICE_MACHINE_H

#include "hv/service/ports.h"

extern const struct port_access machine_ports;

/* Firmware lets go of the power management events, if it has not yet. Waits for at most a second. ports
 * stays: machine_power() goes by it. */
void machine_take_power(const struct service_ports *ports);
/* Resets the whole machine or switches it off; where that fails, or nobody knows how, nothing happens. */
void machine_power(enum power_event event);

#endif
