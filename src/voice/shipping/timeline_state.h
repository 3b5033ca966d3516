/* What timeline.c, timeline_notes.c and timeline_usage.c share: one record on its way into lines. */
#ifndef VOICE_TIMELINE_STATE_H
#define VOICE_TIMELINE_STATE_H

#include "voice/shipping/timeline.h"

enum { SAMPLES_PER_MS = 8, TELLING_TOOL_STATUSES = 3 };

struct telling {
	struct call_lines *l;
	const struct journal_header *h;
	struct buf *out;
	unsigned int part; /* of the next line */
};

/* A line's beginning, with its name; then its own members; then its end. */
struct buf *telling_open(struct telling *t, const char *type, uint64_t at_us);
void telling_close(struct telling *t);

void telling_ms(struct buf *b, const char *key, uint64_t us); /* in ms, with three decimals where there are any */
void telling_text(struct buf *b, const char *key, const char *text, size_t len);
const char *telling_name(const char *const *names, size_t count, uint64_t i); /* or "unknown" */

extern const char *const telling_tool_statuses[TELLING_TOOL_STATUSES]; /* of enum tool_status */

void telling_note(struct telling *t, const struct call_output *o, uint64_t at_us); /* timeline_notes.c */
void telling_usage(struct telling *t, const void *payload, size_t len); /* a METER record; timeline_usage.c */

#endif
