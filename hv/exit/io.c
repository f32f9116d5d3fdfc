/*
 * IN and OUT: the VM's device bus answers, or nobody does. INS and OUTS no driver of these devices has use for.
 * Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"
#include "hv/x86/lock.h"

__attribute__((noinline)) static enum exit_result refuse(struct vcpu *v, const struct exit *x)
{
	return x->io.size ? vcpu_raise(v, VECTOR_GP, 0)
	                  : vcpu_stop(v, x, "a port access of a size that does not exist");
}

__attribute__((flatten)) enum exit_result handle_io(struct vcpu *v, const struct exit *x)
{
	const struct exit_io *io = &x->io;
	u64 value = 0;

	if (!io->size || io->string)
		return refuse(v, x);
	hv_lock();
	if (io->in)
		value = bus_read(&v->vm->bus, BUS_PORT, io->port, io->size);
	else
		bus_write(&v->vm->bus, BUS_PORT, io->port, io->size, v->gpr[RAX]);
	hv_unlock();
	if (io->in)
		vcpu_set_gpr(v, RAX, value, io->size);
	return EXIT_SKIP;
}
