/*
 * What a hypervisor component starts with (docs/format.md, "Hypervisor component"): read by the stage, which enters it,
 * and by whoever builds an image, so that nothing is built that no stage would start.
 * Trust: in the TCB; pure. The stage reads it only once the component's digest holds.
 */
#ifndef SIGNET_IMAGE_HYPERVISOR_H
#define SIGNET_IMAGE_HYPERVISOR_H

#include "image/format.h"
#include "lib/err.h"

struct hypervisor_header {
	u32 entry; /* from the component's start; behind the header, inside the component */
	u64 memory_length; /* at least the component's length; to be compared with the manifest's */
};

/*
 * content: the component's start, of which length bytes, or HYPERVISOR_HEADER_SIZE where that is less, are readable;
 * length: of the whole component. ERR_IMAGE_HYPERVISOR.
 */
enum err hypervisor_header_read(const u8 *content, u64 length, struct hypervisor_header *out) MUST_CHECK;

#endif
