/*
 * The service VM's TPM port.
 * Trust: in the TCB; every byte is the service VM's.
 */
#include "hv/node/tpm_port.h"

#include "hv/node/slots.h"
#include "hv/node/tpm.h"
#include "hv/node/tpm_filter.h"
#include "hv/sched/worker.h"
#include "hv/x86/lock.h"

#include "lib/tpm/session.h"

#include <string.h>

static struct {
	struct job job;
	struct tpm_filter filter; /* the worker's */
	tpm_port_answer *answer;
	bool busy; /* command and response are the worker's */
	bool closing; /* what is loaded will be flushed; no command is taken before that */
	size_t length; /* of what was sent; more than fits is refused */
	u8 command[TPM_BUFFER_SIZE], response[TPM_BUFFER_SIZE];
} port;

static size_t refuse(u32 code)
{
	tpm_refusal(code, port.response);
	return TPM_REFUSAL_SIZE;
}

static size_t execute(void)
{
	const struct tpm_transport *t = &node_tpm()->transport;
	size_t n;
	u32 refusal;

	port.filter.enrolling = !slots_provisioned();
	refusal = tpm_filter_command(&port.filter, port.command, port.length);
	if (refusal)
		return refuse(refusal);
	if (t->submit(t->context, port.command, port.length, port.response, sizeof(port.response), &n)) {
		tpm_filter_no_response(&port.filter);
		return refuse(TPM_RC_FAILURE);
	}
	tpm_filter_response(&port.filter, port.response, n);
	return n;
}

/* One that is gone already, by a session's own rules, is refused; there is nothing to do about any other refusal. */
static void flush_all(void)
{
	for (u32 handle; (handle = tpm_filter_take(&port.filter));) {
		enum err e = tpm_flush_context(node_tpm(), handle);

		(void)e;
	}
}

static void run(struct job *job)
{
	bool execution, closing;
	size_t n = 0;

	(void)job;
	hv_lock();
	execution = port.busy && !port.closing;
	hv_unlock();
	if (execution)
		n = execute();
	hv_lock();
	closing = port.closing;
	if (execution && !closing) {
		port.busy = false;
		port.answer(port.response, n);
	}
	hv_unlock();
	if (!closing)
		return;
	flush_all();
	hv_lock();
	port.closing = port.busy = false;
	port.answer(port.response, 0);
	hv_unlock();
}

void tpm_port_init(tpm_port_answer *answer)
{
	port.answer = answer;
	port.job.run = run;
}

void tpm_port_close(void)
{
	port.closing = true;
	worker_submit(&port.job);
}

/* A service VM that died has closed nothing. */
void tpm_port_open(void)
{
	tpm_port_close();
}

bool tpm_port_command(const u8 *command, size_t n)
{
	if (port.busy || port.closing)
		return false;
	port.length = n;
	memcpy(port.command, command, n < sizeof(port.command) ? n : sizeof(port.command));
	port.busy = true;
	worker_submit(&port.job);
	return true;
}
