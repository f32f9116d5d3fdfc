/*
 * The decisions of this boot, as handed over.
 * Trust: test code only.
 */
#include "tests/payload/report.h"
#include "tests/payload/tree.h"

#include "lib/print.h"

static void report_nv(const void *tree)
{
	int nv = tree_need(tree, "/nv");
	say("payload: nv state=%s writable=%u image-floor=%lu key-floor=%lu", tree_text(tree, nv, "state"),
	        tree_u32(tree, nv, "writable"), tree_u64(tree, nv, "image-floor"), tree_u64(tree, nv, "key-floor"));
}

/* Frame buffer and console are optional: a server may have neither. */
static void report_output(const void *tree)
{
	int screen = tree_node(tree, "/framebuffer");
	if (screen >= 0) {
		struct span s = tree_span(tree, screen, "reg");
		say("payload: framebuffer address=0x%lx length=0x%lx width=%u height=%u stride=%u format=%u", s.address,
		        s.length, tree_u32(tree, screen, "width"), tree_u32(tree, screen, "height"),
		        tree_u32(tree, screen, "stride"), tree_u32(tree, screen, "format"));
	}
	int console = tree_node(tree, "/console");
	if (console >= 0)
		say("payload: console port=0x%x baud=%u", tree_u32(tree, console, "port"),
		        tree_u32(tree, console, "baud"));
}

void report_stage(const void *tree, u64 started)
{
	int stage = tree_need(tree, "/stage");
	say("payload: stage version=%u slot=%s reason=%u reason-text=\"%s\"", tree_u32(tree, stage, "version"),
	        tree_text(tree, stage, "slot"), tree_u32(tree, stage, "reason"), tree_text(tree, stage, "reason-text"));
	say("payload: stage ticks=%lu", started - tree_u64(tree, stage, "entered"));
	say("payload: platform firmware=%s secure-boot=%u tpm=%s", tree_text(tree, stage, "firmware"),
	        tree_u32(tree, stage, "secure-boot"), tree_text(tree, tree_need(tree, "/tpm"), "interface"));
	report_nv(tree);
	report_output(tree);
}
