/* The recognisers and voices of a call in several languages: each start goes to those who serve its language.
 *
 * A language without a recogniser (or voice) of its own is heard (said) by those of the first one, in that one's language: a call goes on with what there is.
 * What is under way stays where it was started. Loop thread; memory and members are the owner's, zeroed is empty.
 */
#ifndef VOICE_LINEUP_TONGUES_H
#define VOICE_LINEUP_TONGUES_H

#include <stddef.h>

#include "providers/stt.h"
#include "providers/tts.h"

enum { LINEUP_TONGUES_MAX = 8 };

struct lineup_tongue {
	const char *language;  /* borrowed; NUL at its end */
	const struct stt *stt; /* NULL: nobody hears it */
	void *stt_vendor;
	const struct tts *tts; /* NULL: nobody says it */
	void *tts_vendor;
};

struct lineup_tongues {
	struct lineup_tongue at[LINEUP_TONGUES_MAX]; /* the first has all that the call has */
	size_t count;
};

/* The vendor of these is a struct lineup_tongues with at least one. */
extern const struct stt lineup_tongues_stt;
extern const struct tts lineup_tongues_tts;

#endif
