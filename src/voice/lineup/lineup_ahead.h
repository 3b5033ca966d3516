/* A recogniser's stream that is opened before anybody listens: while the phone rings.
 *
 *   open ─► held, new every AHEAD_RENEW_US ─► the session's first start takes it ─► every other start goes through
 *
 * The one who rings may ring for long, and vendors close streams without sound (Deepgram: 10 s), which would count as failures of the account. So a
 * held one is closed and opened again before that. It has a lease like any other (lineup.h). One that fails meanwhile is told nobody: the start
 * behind it opens another. Positions begin with the first sample pushed, as always. Loop thread; its memory is the owner's, zeroed is closed.
 */
#ifndef VOICE_LINEUP_AHEAD_H
#define VOICE_LINEUP_AHEAD_H

#include "base/clock.h"
#include "providers/stt.h"

enum {
	AHEAD_RENEW_US = 7000000,
	AHEAD_PAUSE_US = 20000, /* from closing one to the next: sooner, it would seem to have stalled (lineup_stt.c) */
	AHEAD_LANGUAGE_MAX = 16
};

struct lineup_ahead {
	struct clock *clock;
	const struct stt *stt;
	void *vendor;
	char language[AHEAD_LANGUAGE_MAX];
	struct stt_stream *held; /* NULL: none just now, or it was taken */
	struct clock_timer renew;
};

/* All borrowed until the close. The vendor of lineup_ahead_stt is then `a`. */
void lineup_ahead_open(struct lineup_ahead *a, struct clock *clock, const struct stt *stt, void *vendor, const char *language);
void lineup_ahead_close(struct lineup_ahead *a); /* the held one; streams that were taken are the session's */

extern const struct stt lineup_ahead_stt;

#endif
