/* Lines of a call for whoever may not see what was truly said: personal data masked (redact/), one map a call, so that the same value has the
 * same placeholder in all lines of one reading from the beginning. Keys are shown as dots, and so is what was keyed wherever it comes again: what a
 * tool gets and answers, what is read back. Not for sharing: one reading, one thread.
 */
#ifndef CONDUCTOR_TIMELINE_MASK_H
#define CONDUCTOR_TIMELINE_MASK_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct line_mask;

enum err line_mask_new(struct line_mask **mp) MUST_USE;
void line_mask_free(struct line_mask **mp); /* wipes it; NULL-safe */

/* Appends the line (without its line feed) masked; lines in the order they are shown, also those that are not. What cannot be looked at is left out
 * whole. The error sticks in `out`. */
void line_mask_put(struct line_mask *m, const char *line, size_t len, struct buf *out);

#endif
