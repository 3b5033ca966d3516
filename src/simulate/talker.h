/* The simulated voice (a TTS vendor), and the record of what its sounds are: which words, truly when, and which of them the
 * ear has heard. The record outlives the vendor's streams and is what the judge measures by. One thread, virtual time.
 */
#ifndef SIMULATE_TALKER_H
#define SIMULATE_TALKER_H

#include <stdbool.h>
#include <stdint.h>

#include "providers/tts.h"
#include "simulate/world.h"

struct scene;

enum {
	TALKER_SOUNDS = 1024,      /* a call */
	TALKER_WORDS = 16384,
	TALKER_TEXT = 256 * 1024,
	TALKER_STREAMS = 32,
	TALKER_NONE = 0xffffffff
};

struct spoken_word {
	uint32_t start, end; /* samples: the truth */
	uint32_t heard_to;   /* the ear has its samples from `start` to here */
	uint16_t text_from, text_to;
	uint64_t begun_us;   /* when the ear first had a sample of it, the last time that it was begun; 0: not yet */
	uint64_t again_us;   /* when its beginning sounded last, also after it was heard whole: the outputs took it for unheard; 0: not yet */
	uint64_t heard_us;   /* when the ear had it, as far as the voice's word times can tell; 0: not yet */
	uint64_t whole_us;   /* when it truly had its last sample */
};

struct spoken {
	uint32_t utterance, take;
	uint32_t text, text_len; /* in the talker's texts */
	uint32_t word, word_count;
	uint32_t made;           /* samples the vendor has given us */
	uint32_t trimmed;        /* of these so many are to be played; UINT32_MAX: all */
	uint32_t total;          /* and would give, all in all */
	uint32_t before;         /* an earlier sound of the same utterance and text, or TALKER_NONE */
	uint32_t turn;           /* the caller's turn it was said in */
	uint32_t worker;         /* how many had died before: what a dead one's audio let the ear hear, its successor does not know */
	bool done, failed, started, exact;
	bool frail;              /* its stream breaks off, or may be taken for broken: the mouth then cuts it at an estimate */
	bool all_heard;
	bool understood;         /* the ear has its last word, as far as the voice's word times can tell */
};

struct heard_word {
	uint16_t sound, word;
};

enum talker_harm { HARM_NONE = 0, HARM_EARLY, HARM_MID, HARM_NO_DONE, HARM_STALL, HARM_SLOW };

struct tts_utterance { /* one stream of the vendor */
	struct talker *talker;
	bool used;
	uint32_t sound;
	uint32_t words_told;
	uint32_t harm_at; /* samples */
	enum talker_harm harm;
	const struct tts_events *events;
	void *arg;
	struct tts_utterance **slot;
	struct event event;
};

struct talker {
	struct scene *scene;
	struct dice dice;
	struct spoken sounds[TALKER_SOUNDS];
	uint32_t sound_count;
	struct spoken_word words[TALKER_WORDS];
	uint32_t word_count;
	uint32_t text_len;
	uint32_t heard_count;
	struct heard_word heard[TALKER_WORDS]; /* words in the order in which the ear had them whole */
	uint32_t ordered_first; /* sounds ordered (by the outputs) from here on have not been started with the vendor */
	struct tts_utterance streams[TALKER_STREAMS];
	char texts[TALKER_TEXT];
};

extern const struct tts simulated_tts; /* its vendor is a struct talker */

void talker_init(struct talker *t, struct scene *scene);

/* The outputs order an utterance: its sound gets a number, the vendor is started next. TALKER_NONE when the record is full. */
uint32_t talker_ordered(struct talker *t, uint32_t utterance, uint32_t take, const char *text, size_t len);

uint32_t talker_made(const struct talker *t, uint32_t sound); /* … and may be played */
void talker_trim(struct talker *t, uint32_t sound, uint32_t position);
void talker_heard(struct talker *t, uint32_t sound, uint32_t from, uint32_t to, uint64_t run_from_us, uint32_t run_position);

static inline const char *talker_text(const struct talker *t, const struct spoken *s)
{
	return t->texts + s->text;
}

/* When that word of the sound's text began to be heard, in this sound or an earlier one of the same text; 0: it was not. */
uint64_t talker_word_begun(const struct talker *t, uint32_t sound, uint32_t word);
uint64_t talker_word_again(const struct talker *t, uint32_t sound, uint32_t word); /* when its beginning sounded last */

/* The latest sound of an utterance, or TALKER_NONE. */
uint32_t talker_sound_of(const struct talker *t, uint32_t utterance);

/* Counts it as heard though it was not: what the outputs say may be wrong where nobody could know (promises_speech.c). */
void talker_grant(struct talker *t, uint32_t sound, uint32_t word);

/* Was that word of the sound's text heard, in this sound or an earlier one of the same text, by `at_us`? */
bool talker_word_heard(const struct talker *t, uint32_t sound, uint32_t word, uint64_t at_us);

#endif
