/*
 * `signet keys authorize`: the write authority of one node, into a file.
 * Trust: see keys/approve.h.
 */
#include "image/host/file.h"
#include "keys/approve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum exit_code write_authority(const char *path, const struct authority *a)
{
	u8 bytes[AUTHORITY_SIZE_MAX];
	size_t n = authority_encode(a, bytes);

	if (file_write(path, bytes, n) != OK)
		return complain(
		        ERR_IO, "check the path and your rights there", "cannot write %s: %s", path, strerror(errno));
	printf("Wrote %s: the node may write its boot state under %u value%s of PCR 7.\n", path, a->count,
	        a->count == 1 ? "" : "s");
	printf("Next: `signet flash authority TARGET %s` puts it onto the node's flash disk.\n", path);
	return EXIT_OK;
}

enum exit_code keys_authorize(const struct args *args)
{
	struct pcr7_values values = { 0 };
	u8 node[NODE_ID_SIZE];
	struct authority a;
	struct key_session s;
	enum exit_code code;

	if (!parse_hex(option_value(args, "node-id"), node, sizeof(node)))
		return usage_error(args, "--node-id takes 64 hexadecimal digits");
	code = pcr7_from_options(args, &values);
	if (code == EXIT_OK)
		code = key_session_open(args, &s);
	if (code != EXIT_OK)
		return code;
	code = authority_sign(&s, node, &values, &a);
	key_session_close(&s);
	return code == EXIT_OK ? write_authority(option_value(args, "out"), &a) : code;
}
