/*
 * The service VM's end of the control port: asks, and reads what comes back. Defines variables: for one source of a
 * program. Test code for a host.
 */
#ifndef SIGNET_TESTS_UNIT_HV_CONTROL_BED_H
#define SIGNET_TESTS_UNIT_HV_CONTROL_BED_H

#include "tests/unit/hv_control_fakes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { RECEIVE = 0, TRANSMIT = 1, HEAD = sizeof(struct control_header) };

static struct driver driver;
static u32 read; /* bytes that the service VM has read of the port, buffer by buffer */
static u8 frame[CONTROL_REQUEST_MAX];

static inline int fresh(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(fake_changes, 0, sizeof(fake_changes));
	memset(&guest_network, 0, sizeof(guest_network));
	read = 0;
	assert_int_equal(service_up(&driver), OK);
	driver_post(&driver, RECEIVE, 64, CONTROL_REPLY_MAX);
	service_opens(&driver, PORT_CONTROL);
	return 0;
}

static inline u32 make(u16 kind, u32 tag, const void *body, u32 n)
{
	const struct control_header head = { HEAD + n, CONTROL_VERSION, kind, tag, 0 };

	memcpy(frame, &head, HEAD);
	if (n)
		memcpy(frame + HEAD, body, n);
	return HEAD + n;
}

static inline void ask(u16 kind, u32 tag, const void *body, u32 n)
{
	u32 length = make(kind, tag, body, n);

	driver_send(&driver, TRANSMIT, frame, length);
}

/* The next frame from the hypervisor, each in one buffer of that size; of length 0 when there is none. */
static inline const struct control_header *next(void)
{
	static const struct control_header none;

	if (driver_used(&driver, RECEIVE) == read)
		return &none;
	const struct control_header *head = (const void *)driver_buffer(&driver, RECEIVE, read);
	assert_int_equal(driver_received(&driver, RECEIVE, read), head->length);
	read++;
	return head;
}

static inline const void *expect(u16 kind, u32 tag, enum err status, u32 body)
{
	const struct control_header *head = next();

	assert_int_not_equal(head->length, 0);
	assert_int_equal(head->kind, kind | CONTROL_REPLY);
	assert_int_equal(head->tag, tag);
	assert_int_equal(head->status, status);
	assert_int_equal(head->version, CONTROL_VERSION);
	assert_int_equal(head->length, HEAD + body);
	return head + 1;
}

static inline void expect_change(u32 guest, u32 what)
{
	const struct control_header *head = next();

	assert_int_not_equal(head->length, 0);
	assert_int_equal(head->kind, CONTROL_CHANGED);
	assert_int_equal(head->tag, 0);
	const struct control_changed *change = (const void *)(head + 1);
	assert_int_equal(change->id, guest);
	assert_int_equal(change->what, what);
}

#endif
