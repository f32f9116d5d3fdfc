/*
 * The event log in hexadecimal, between two marks.
 * Trust: test code only.
 */
#include "tests/payload/report.h"
#include "tests/payload/tree.h"

#include "lib/print.h"

enum { LINE_BYTES = 64 };

void report_log(const void *tree)
{
	struct span s = tree_span(tree, tree_need(tree, "/event-log"), "reg");
	if (!s.length || !memory_is_stage(tree, s.address, s.length)) {
		fault("outside stage memory:", "event log");
		return;
	}
	say("payload: log begin address=0x%lx length=%lu", s.address, s.length);
	for (u64 at = 0; at < s.length; at += LINE_BYTES) {
		char hex[2 * LINE_BYTES + 1];
		u64 n = s.length - at < LINE_BYTES ? s.length - at : LINE_BYTES;
		hex_encode(hex, (const u8 *)(uintptr_t)(s.address + at), n);
		say("payload: log %s", hex);
	}
	say("payload: log end");
}
