/* Inside the sandbox: the person on a carrier's line, while a media socket is open. He hears the agent, and says what his phone's script has.
 *
 *   the agent's sound ─► person_hear ─► a clock of when it will have been played ─► person_mark_due: marks whose sound was heard
 *   person_step: his next step, once the agent has been silent for long enough ─► person_say: 20 ms of him at a time
 *
 * What is played nobody hears: it is a clock alone. Embedded in its owner; phones, phone and `step` are borrowed (the step is the call's, for it
 * outlives a socket). Loop thread, no memory of its own.
 */
#ifndef SANDBOX_PERSON_H
#define SANDBOX_PERSON_H

#include "sandbox/phone.h"

enum {
	PERSON_FRAME = 160,        /* µ-law samples: 20 ms */
	PERSON_FRAME_US = 20000,
	PERSON_MARKS_MAX = 1024,
	PERSON_MARK_NAME_MAX = 64
};

struct person_mark {
	char name[PERSON_MARK_NAME_MAX];
	uint64_t at_us;
};

struct person {
	const struct phones *phones;
	const struct phone *phone;
	size_t *step;              /* of the phone's script */
	uint64_t played_us;        /* all that was queued is played then */
	struct person_mark marks[PERSON_MARKS_MAX];
	size_t mark_first, mark_count;
	bool has_heard;            /* the agent, since the person last began to speak */
	const struct recording *playing;
	size_t at;                 /* of it */
};

void person_init(struct person *p, const struct phones *phones, const struct phone *phone, size_t *step);

/* ---- what he hears ---- */

void person_hear(struct person *p, uint64_t sound_us, uint64_t now_us);
void person_mark(struct person *p, const char *name, uint64_t now_us); /* NULL, or one too many: passed over */
void person_clear(struct person *p, uint64_t now_us);                  /* what is queued is dropped: its marks are due */
void person_forget_marks(struct person *p);

/* The next mark that is due, taken off; borrowed until the next call here. NULL: none. */
const char *person_mark_due(struct person *p, uint64_t now_us);

/* ---- what he says ---- */

/* His next step, when it is time. False: he hangs up. */
bool person_step(struct person *p, uint64_t now_us);

/* The next 20 ms of him, or of silence. */
void person_say(struct person *p, uint8_t frame[PERSON_FRAME]);

#endif
