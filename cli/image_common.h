/*
 * What the commands on images, boot files and flash disks share: opening an image, choosing whom to trust, words for
 * failures. Trust: runs as the operator.
 */
#ifndef SIGNET_CLI_IMAGE_COMMON_H
#define SIGNET_CLI_IMAGE_COMMON_H

#include "cli/command.h"
#include "image/host/check.h"

/* Whom to trust; trust_from_options reads them. */
#define OPTIONS_TRUST                                                                                                  \
	{ .name = "boot", .argument = "DIR", .help = "trust the anchor of these boot files" },                         \
	        { .name = "anchor", .argument = "FILE", .help = "trust this anchor or key manifest" },                 \
	        { .name = "keys", .argument = "DIR", .help = "trust the newest key manifest of this key directory" }

/* Exactly one of the three, or none when *given may stay false (given not NULL). Says what is wrong. */
enum exit_code trust_from_options(const struct args *args, struct trust *out, bool *given) MUST_CHECK;

/* Says what is wrong. */
enum exit_code open_image(const char *path, struct image_file *out) MUST_CHECK;

/* Like complain, with the system's reason behind an I/O error. */
enum exit_code complain_file(enum err e, const char *todo, const char *doing, const char *path);

/* The same, for a verdict on an image: whatever is not the machine's failure is a refusal. */
enum exit_code complain_verdict(enum err e, const char *path, const char *where);

/* What a person can do about a refused image; NULL when its words say it all. */
const char *image_advice(enum err e);

/* A meter that moves a bar. */
struct meter meter_on(struct progress *bar);

/* "development", "debug", "development, debug" or "none". */
const char *flags_text(u32 flags);

#endif
