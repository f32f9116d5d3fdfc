/*
 * Nothing but references: proves at build time that base, crypto and libfdt link into a static position-independent
 * image without an OS. Never run.
 * Trust: none; not part of any product.
 */
#include "lib/crypto/crypto.h"
#include "lib/err.h"
#include "lib/fatal.h"
#include "lib/print.h"
#include "lib/stack_guard.h"

#include <libfdt.h>

void _start(void);

static u8 heap[16384];
static u8 tree[512];

static void write_tree(void)
{
	if (fdt_create(tree, sizeof(tree)) || fdt_finish_reservemap(tree) || fdt_begin_node(tree, "") ||
	        fdt_property_u32(tree, "value", 1) || fdt_end_node(tree) || fdt_finish(tree))
		fatal("no tree");
	int node = fdt_path_offset(tree, "/");
	say("%p", fdt_getprop(tree, node, "value", NULL));
}

void _start(void)
{
	u8 digest[SHA384_SIZE];
	stack_guard_seed(1);
	crypto_heap_init(heap, sizeof(heap));
	sha384_of(heap, sizeof(heap), digest);
	sha256_of(heap, sizeof(heap), digest);
	write_tree();
	fatal(err_text(ecdsa_p384_verify(heap, digest, heap)));
}
