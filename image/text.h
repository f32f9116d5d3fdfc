/*
 * Text fields: printable ASCII, at least one character, padded with zeros to TEXT_SIZE bytes.
 * Trust: in the TCB; pure. Text is shown to people and compared whole; it never names a file or anything else to open.
 */
#ifndef SIGNET_IMAGE_TEXT_H
#define SIGNET_IMAGE_TEXT_H

#include "image/format.h"
#include "lib/bytes.h"

/* out becomes a C string; anything but one proper text field fails the reader. */
void text_read(struct reader *r, char out[TEXT_SIZE + 1]);

/* text: a C string of at most TEXT_SIZE characters. */
void text_write(struct writer *w, const char text[TEXT_SIZE + 1]);

#endif
