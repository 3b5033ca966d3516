/* What stands behind a number. See parts.h. */
#ifndef VOICE_SPOKEN_UNITS_H
#define VOICE_SPOKEN_UNITS_H

#include "voice/spoken/parts.h"

/* "lakh", "cr", "million": its term and bytes, a blank before it included; 0: none. `letters`: also "L", "K", "M", which only money has. */
size_t scale_read(const struct reading *r, size_t at, bool letters, enum term *scale);

/* The figure and its scale: "one point five lakh"; without one (`scale_taken` 0) the figure alone. */
void scaled_put(struct buf *b, const struct tongue *t, const struct figure *f, size_t scale_taken, enum term scale);

size_t unit_read(const struct reading *r, size_t at, bool one, struct buf *words); /* bytes, a blank before it included */
bool counted_at(const struct reading *r, size_t at); /* what follows is paid or counted: " rupees" */
size_t per_read(const struct reading *r, struct buf *words); /* at a '/': "/month" */

#endif
