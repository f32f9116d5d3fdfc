/*
 * Publishing an image at the fleet server: its head alone, which is what reference values follow from, or all of it,
 * which nodes can be updated to. Trust: the fleet server verifies it anew.
 */
#ifndef SIGNET_CLI_IMAGE_PUBLISH_H
#define SIGNET_CLI_IMAGE_PUBLISH_H

#include "cli/fleet_common.h"
#include "image/host/image_file.h"

enum { IMAGE_DIGEST_TEXT = 2 * SHA384_SIZE + 1 };

/* SHA-384 of the manifest, as the fleet server names an image; hexadecimal. */
void image_digest_text(const struct image_file *f, char out[IMAGE_DIGEST_TEXT]);

/* Says what is wrong. *out is the server's answer, to be freed. */
enum exit_code image_upload(
        struct fleet_client *c, const struct image_file *f, bool whole, yyjson_doc **out) MUST_CHECK;

#endif
