/*
 * IN and OUT: the VM's device bus answers, or nobody does. INS and OUTS no driver of these devices has use for.
 * Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"

__attribute__((flatten)) enum exit_result handle_io(struct vcpu *v, const struct exit *x)
{
	const struct exit_io *io = &x->io;

	if (!io->size)
		return vcpu_stop(v, x, "a port access of a size that does not exist");
	if (io->string)
		return vcpu_raise(v, VECTOR_GP, 0);
	if (io->in)
		vcpu_set_gpr(v, RAX, bus_read(&v->vm->bus, BUS_PORT, io->port, io->size), io->size);
	else
		bus_write(&v->vm->bus, BUS_PORT, io->port, io->size, v->gpr[RAX]);
	return EXIT_SKIP;
}
