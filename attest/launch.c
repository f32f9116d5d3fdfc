/* The launch record, fixed and without a choice in its encoding. Trust: in the TCB; pure. */
#include "attest/launch.h"

#include "lib/bytes.h"

#include <assert.h>

static const u8 domain[32] = "SIGNET guest launch 1";
static_assert(sizeof(domain) + 3 * SHA384_SIZE + 8 + 4 * 4 == LAUNCH_RECORD_SIZE, "docs/measurements.md");

void launch_digest(const struct launch *l, u8 digest[SHA384_SIZE])
{
	u8 record[LAUNCH_RECORD_SIZE];
	struct writer w = writer_on(record, sizeof(record));

	write_bytes(&w, domain, sizeof(domain));
	write_bytes(&w, l->kernel, SHA384_SIZE);
	write_bytes(&w, l->initramfs, SHA384_SIZE);
	write_bytes(&w, l->command_line, SHA384_SIZE);
	write_le64(&w, l->memory);
	write_le32(&w, l->vcpus);
	write_le32(&w, l->disks);
	write_le32(&w, l->nets);
	write_zero(&w, 4);
	sha384_of(record, sizeof(record), digest);
}
