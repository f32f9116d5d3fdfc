/*
 * The image's components: each is hashed again where it lies now, and must be what the manifest promised.
 * Trust: test code only.
 */
#include "tests/payload/machine.h"
#include "tests/payload/report.h"
#include "tests/payload/tree.h"

#include "lib/bytes.h"
#include "lib/crypto/crypto.h"
#include "lib/print.h"

#include <libfdt.h>

/* The payload itself is the hypervisor component, and its data changes as it runs. */
static bool runs_now(u64 address)
{
	extern const u8 payload_head[];
	return address == (u64)(uintptr_t)payload_head;
}

static const char *judge(const void *tree, int node, struct span s, u64 memory_length)
{
	u8 digest[SHA384_SIZE];
	const u8 *content = (const u8 *)(uintptr_t)s.address;
	if (!memory_is_stage(tree, s.address, memory_length))
		return "outside-stage-memory";
	if (runs_now(s.address))
		return "running";
	sha384_of(content, s.length, digest);
	if (!digest_equal(digest, tree_bytes(tree, node, "sha384", SHA384_SIZE), SHA384_SIZE))
		return "differs";
	return bytes_are_zero(content + s.length, memory_length - s.length) ? "good" : "tail-not-zero";
}

static void report_component(const void *tree, int node)
{
	const char *name = fdt_get_name(tree, node, NULL);
	struct span s = tree_span(tree, node, "reg");
	u64 memory_length = tree_u64(tree, node, "memory-length");
	u64 start = time_stamp();
	const char *verdict = memory_length < s.length ? "short-memory" : judge(tree, node, s, memory_length);
	u64 ticks = time_stamp() - start;
	say("payload: component %s address=0x%lx length=%lu memory=%lu ticks=%lu %s", name, s.address, s.length,
	        memory_length, ticks, verdict);
	if (verdict[0] != 'g' && verdict[0] != 'r')
		fault("component", name);
}

void report_image(const void *tree)
{
	char hex[2 * SHA384_SIZE + 1];
	int node, image = tree_need(tree, "/image");
	hex_encode(hex, tree_bytes(tree, image, "manifest-digest", SHA384_SIZE), SHA384_SIZE);
	say("payload: image product=%s release=\"%s\" svn=%u flags=%u", tree_text(tree, image, "product"),
	        tree_text(tree, image, "release"), tree_u32(tree, image, "svn"), tree_u32(tree, image, "flags"));
	say("payload: manifest %s", hex);
	fdt_for_each_subnode(node, tree, image) report_component(tree, node);
}
