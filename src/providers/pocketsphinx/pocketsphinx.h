/* PocketSphinx: recognition of what a rule-book expects to hear, English, in the process; no account, no network.
 *
 * pocketsphinx_open makes a grammar of the flow (grammar.h) or of a list of phrases. `vendor` of pocketsphinx_stt is the struct
 * pocketsphinx; its streams end with it. Each stream has a thread and two decoders (hearer.h), which are loaded when it starts, as is a
 * dictionary of just the grammar's words: nothing is in memory while nobody calls, sound waits until all is ready. `asked`: digits,
 * amounts, days and times are heard where the flow's question that the agent's words end with asks for them (for all of them before the
 * first such words), from the next utterance on and until another question is asked.
 * Partials come while the caller speaks, every POCKETSPHINX_PARTIAL_MS of sound, each a whole sentence; what is not understood or none yet repeats the
 * partial before, or an empty one, and so does what is heard late. `finalize` gives a final of what was said since the last one (TRANSCRIPT_FINAL; empty
 * when it was not understood, or when there was nothing); so does POCKETSPHINX_CLOSE_MS of silence behind voice, unasked, and POCKETSPHINX_CLOSE_PART_MS
 * when what is heard is surely speech but no whole sentence: no partial shows that there is one. Behind digits that were asked for a final ends no sentence while
 * another may follow: the next final is its rest, until POCKETSPHINX_CLOSE_DIGITS_MS of silence. A stream never ends a turn by itself.
 * Where an option was asked for, words that may be another option's begin with HEARD_UNSURE (shapes.h).
 * start: ERR_NOTFOUND for a language that is not English, ERR_BUSY over POCKETSPHINX_MAX_STREAMS. ended: ERR_LIMIT when audio
 * waits beyond POCKETSPHINX_MAX_WAITING_SAMPLES, ERR_UNAVAILABLE when the dictionary or the decoders cannot be made. Loop thread, and nothing blocks on it
 * but pocketsphinx_close.
 */
#ifndef PROVIDERS_POCKETSPHINX_POCKETSPHINX_H
#define PROVIDERS_POCKETSPHINX_POCKETSPHINX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"
#include "providers/stt.h"

enum { POCKETSPHINX_MAX_STREAMS = 64, POCKETSPHINX_MAX_WAITING_SAMPLES = 60 * 8000, POCKETSPHINX_PARTIAL_MS = 200,
       POCKETSPHINX_CLOSE_MS = 1000, POCKETSPHINX_CLOSE_PART_MS = 400, POCKETSPHINX_CLOSE_DIGITS_MS = 1500 /* more digits may come */,
       POCKETSPHINX_SAID_BYTES = 1000 /* of the agent's words, their end */ };

struct pocketsphinx;

/* Nothing waits any more and everything was told (true), something does again (false): for a clock that skips. */
typedef void pocketsphinx_rests_h(void *arg, bool rests);

/* What stood behind a final, right before it: the grammar's best sentence, whether it was understood or not. */
struct pocketsphinx_judged {
	const char *text;  /* "" when there was no voice */
	double confidence; /* 0 to 1; understood from 0.5 on */
	bool is_unsure;    /* told with HEARD_UNSURE */
	double measures[4]; /* what it was made of (confidence.h) */
};

typedef void pocketsphinx_judged_h(void *arg, const struct pocketsphinx_judged *judged);

struct pocketsphinx_options {
	const char *models; /* the folder that holds en-us/ and cmudict-en-us.dict; NULL: where Debian puts it */
	const char *flow;   /* the rule-book's flow as JSON; or NULL and: */
	size_t flow_len;
	const char *const *phrases;
	size_t phrase_count;
	pocketsphinx_rests_h *rests;   /* may be NULL */
	pocketsphinx_judged_h *judged; /* may be NULL */
	void *arg;                     /* of both */
};

/* Options are borrowed for the call. ERR_UNAVAILABLE: no model there; ERR_FORMAT, ERR_USAGE, ERR_LIMIT: the flow
 * or the phrases; `detail` says what. */
enum err pocketsphinx_open(struct pocketsphinx **pp, uv_loop_t *loop, const struct pocketsphinx_options *options, struct err_detail *detail) MUST_USE;

/* Silences and ends all streams; waits for their threads (at most one piece of sound each). Its handle closes in the loop's next turns. NULL-safe. */
void pocketsphinx_close(struct pocketsphinx **pp);

size_t pocketsphinx_left_out(const struct pocketsphinx *p); /* phrases of the flow that cannot be English words */
size_t pocketsphinx_guessed(struct pocketsphinx *p); /* words whose pronunciation is a guess; 0 before a stream has loaded them */

extern const struct stt pocketsphinx_stt;

#endif
