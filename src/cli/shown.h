/* A recorded call as it is told: read from the journal's timeline, meters and ends, printed for people or as JSON.
 *
 * What `show` and `call` share. Neither steps nor sound are looked at. A record that cannot be read is counted and passed over.
 * Main thread.
 */
#ifndef CLI_SHOWN_H
#define CLI_SHOWN_H

#include "cli/costs.h"
#include "cli/source.h"
#include "voice/journal/steps.h"

/* An event; its texts are in `texts`. */
struct shown_event {
	struct record_event e;
	size_t name, text;  /* offsets */
	bool old;           /* said better by a later one */
};

struct shown {
	bool started, ended;
	bool end_sealed;    /* it ended, how cannot be read */
	enum err sealed;    /* why the first payload that did not open did not; 0: all did */
	uint64_t opened;
	struct record_start start;
	struct brief brief;
	struct record_end end;
	unsigned int workers;
	uint64_t unread, gaps;
	uint64_t begun_us;  /* by the clock of the worker that began it */
	uint64_t last_us;   /* of the call's time: the last that is known */
	uint64_t meters[METERS];
	struct costs costs;
	struct shown_event *events;
	size_t count, cap;
	struct buf texts;
};

void shown_init(struct shown *s);
void shown_fini(struct shown *s);

/* Everything that the journal has of the call. What journal_read_call says; ERR_LIMIT: too many events; what keyring_find says when
 * not one record opens (then `detail` says why). */
enum err shown_read(struct shown *s, const struct call_source *source, struct err_detail *detail) MUST_USE;

/* One event more, as it happens. */
enum err shown_add(struct shown *s, const struct record_event *e) MUST_USE;

/* The members of the call's object, without its brackets. */
void shown_json(struct buf *b, const struct shown *s, const char *name);

void shown_text(struct buf *b, const struct shown *s, const char *name);
void shown_event_text(struct buf *b, const struct shown *s, const struct shown_event *event); /* one line, or nothing */

/* The arguments of the tool with which the agent ended the call; NULL: it did not. */
const char *shown_outcome(const struct shown *s, size_t *len);

#endif
