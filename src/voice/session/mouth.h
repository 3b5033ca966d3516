/* The mouth: keeps what the agent has to say, and gives it to the carrier frame by frame, hardly ahead of real time.
 *
 *   voice ──mouth_audio──► utterance's audio ──mouth_play──► queue ──mouth_pump──► 20 ms frames and marks ──► carrier
 *                                                               ▲ mouth_hold: clear, queue empty, audio kept
 *
 * The carrier never has more than MOUTH_LEAD_US of sound that real time cannot have played, because what it has queued is what
 * a caller who interrupts still hears. Frames leave in bursts of at most MOUTH_BURST, so that wake-ups are few.
 * A carrier that takes chunks (media.h, held) gets the same frames; its adapter holds them back until a chunk is full, or until the mouth says that
 * nothing follows: at the end of what there is to say, and before the carrier runs dry because a voice is slow.
 * Owned by the session, its thread; no clock of its own: `now_us` comes in. It decides nothing: what is spoken, held or
 * forgotten is the core's word. Memory: a second of audio at a time, kept for reuse; ceilings below.
 */
#ifndef VOICE_MOUTH_H
#define VOICE_MOUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "providers/media.h"
#include "providers/shapes.h"

enum {
	MOUTH_FRAME_SAMPLES = 160,   /* 20 ms */
	MOUTH_FRAME_US = 20000,
	MOUTH_BURST = 4,             /* frames a pump */
	MOUTH_LEAD_US = 240000,      /* never more ahead than this; P08 allows 400 ms */
	MOUTH_REFILL_US = 160000,    /* the next burst goes out when it has fallen to this */
	MOUTH_CHUNKED_US = 120000,   /* both more by so much for a carrier that takes chunks, of which the last is still being filled */
	MOUTH_HELD_US = 40000,       /* a chunk that nothing fills goes out so long after the carrier was to have it */
	MOUTH_MARK_SAMPLES = 1600,   /* a mark at least every 200 ms */
	MOUTH_NEWS_SAMPLES = 1600,   /* news at most every 200 ms of audio */
	MOUTH_UTTERANCES = 24,
	MOUTH_WORDS = 64,
	MOUTH_SECONDS = 90           /* ceiling of an utterance */
};

struct mouth;

/* What one pump gave to the carrier of one take, without a hole. */
struct mouth_frames {
	uint32_t utterance, take;
	uint32_t position;   /* in the utterance, of the first sample */
	uint64_t start_us;   /* when real time plays the first sample, if the carrier is next door */
	const uint8_t *ulaw; /* NULL: sound that nobody recorded */
	size_t samples;
	size_t padding;      /* silence behind them, to fill the last frame */
	bool first;          /* the take begins with them */
};

/* Both are called from inside mouth_pump and must not call the mouth. */
struct mouth_events {
	void (*sent)(void *arg, uint32_t utterance, uint32_t take, uint32_t position); /* the frame at `position` is out: the first of a take, or the first after it had run dry */
	void (*frames)(void *arg, const struct mouth_frames *frames);                  /* may be NULL */
};

enum err mouth_new(struct mouth **mp, const struct mouth_events *events, void *arg) MUST_USE;
void mouth_free(struct mouth **mp); /* NULL-safe */

/* Where frames go from now on; NULL: nowhere, they wait. What the old socket had queued counts as gone. */
void mouth_media(struct mouth *m, const struct media *media, void *socket);

/* ---- what there is to say ---- */

/* Begins an utterance's audio anew under this take; older audio of it is gone, also from the queue. ERR_LIMIT: too many. */
enum err mouth_speak(struct mouth *m, uint32_t utterance, uint32_t take) MUST_USE;

/* What is said of an utterance or take that is not there changes nothing. ERR_LIMIT: longer than MOUTH_SECONDS; ERR_NOMEM. */
enum err mouth_audio(struct mouth *m, uint32_t utterance, uint32_t take, const uint8_t *ulaw, size_t samples) MUST_USE;

/* Further words, in order; ones that go backwards are straightened; those over MOUTH_WORDS lengthen the last. */
void mouth_words(struct mouth *m, uint32_t utterance, uint32_t take, const struct speech_word *words, size_t count, bool exact);
void mouth_done(struct mouth *m, uint32_t utterance, uint32_t take);

/* No more audio will come; what lies behind `samples` is dropped, unless it was sent. */
void mouth_trim(struct mouth *m, uint32_t utterance, uint32_t samples);
void mouth_forget(struct mouth *m, uint32_t utterance);
void mouth_reset(struct mouth *m); /* everything; nothing is told to the carrier */

/* News for the core, when there are any worth a step: the first audio, MOUTH_NEWS_SAMPLES more, words, the end. `now`: even
 * less is enough. True once for each news. */
struct mouth_news {
	uint32_t samples;
	const struct speech_word *words; /* all of them; hold until the mouth is told more */
	size_t count;
	bool exact, done;
};
bool mouth_news(struct mouth *m, uint32_t utterance, uint32_t take, bool now, struct mouth_news *news);

/* The same of all there is, told or not; false: no such utterance. */
bool mouth_peek(const struct mouth *m, uint32_t utterance, uint32_t take, struct mouth_news *all);

/* ---- saying it ---- */

/* Behind what is queued, from that sample on. The same utterance queued under an older take is taken out. */
void mouth_play(struct mouth *m, uint32_t utterance, uint32_t take, uint32_t from);

/* Clears the carrier; the queue is empty. */
void mouth_hold(struct mouth *m, uint64_t now_us);

/* Sends what may be sent now. */
void mouth_pump(struct mouth *m, uint64_t now_us);

/* When mouth_pump has something to do; UINT64_MAX: not before it is told more. */
uint64_t mouth_next_us(const struct mouth *m, uint64_t now_us);

/* The utterance at the head waits for audio that is not there yet. */
bool mouth_is_dry(const struct mouth *m, uint32_t *utterance, uint32_t *take);

/* For the simulator: without its guard the mouth runs seconds ahead and clears nothing. */
void mouth_sabotage(struct mouth *m);

#endif
