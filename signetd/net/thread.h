/*
 * Long work apart from the event loop, by libuv's pool of threads.
 * Trust: what runs there is the server's own.
 */
#ifndef SIGNET_SIGNETD_NET_THREAD_H
#define SIGNET_SIGNETD_NET_THREAD_H

#include "signetd/call.h"

#include <uv.h>

/* w->run on a thread, then done on the loop, which ends no sooner. False: nothing will happen. */
bool thread_run(uv_loop_t *loop, struct work *w, void (*done)(struct work *w)) MUST_CHECK;

#endif
