/*
 * The events of PCR12, which follow from stage and image alone (docs/measurements.md): built by the stage that measures
 * them and by `signet image pcrs`, which foretells them. Trust: in the TCB; pure.
 */
#ifndef SIGNET_IMAGE_EVENTS_H
#define SIGNET_IMAGE_EVENTS_H

#include "attest/event.h"
#include "image/anchor.h"
#include "image/verify.h"

/* In the order they are measured; keys once for each key manifest that holds, component once for each component. */
void event_of_stage(const struct anchor *anchor, u32 stage_version, struct event *out);
void event_of_keys(u64 version, const u8 digest[SHA384_SIZE], struct event *out);
void event_of_manifest(const struct verified_image *image, struct event *out);
void event_of_component(const struct component *c, struct event *out);
void event_of_separator(struct event *out);

#endif
