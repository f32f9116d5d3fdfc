/*
 * A guest's definition as operators give it (docs/fleet-api.md): checked, and the launch measurement that follows from
 * it.
 * Trust: comes from an operator; pure.
 */
#ifndef SIGNET_SIGNETD_GUEST_DEFINITION_H
#define SIGNET_SIGNETD_GUEST_DEFINITION_H

#include "signetd/storage_guests.h"

#include <yyjson.h>

/*
 * Fills name, digest, autostart and definition; node is the caller's. False: why says, in words, what does not fit.
 */
bool guest_definition_read(yyjson_val *object, struct guest_entry *out, char *why, size_t room);

#endif
