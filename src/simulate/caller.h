/* The simulated caller, and the line between his mouth and our ear.
 *
 * He listens to what the carrier played (never to what we sent), answers questions in phrases with pauses, talks over the
 * agent, nods, coughs, stays silent, presses keys, says "hello?" into a dead line and hangs up. What he says is a list of
 * sounds, each a stretch of samples of his own track; from these come the voice levels and what the recogniser can hear.
 * The line takes his audio to the worker in chunks of 32 ms, late, in bursts, or not at all. One thread, virtual time.
 */
#ifndef SIMULATE_CALLER_H
#define SIMULATE_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "simulate/script.h"
#include "simulate/world.h"
#include "voice/output.h"

struct scene;

enum sound_flag {
	SOUND_PHRASE_END = 1, /* a pause follows */
	SOUND_TURN_END = 2,   /* and no more of this answer */
	SOUND_NOISE = 4,      /* no word */
	SOUND_NOD = 8,
	SOUND_STOP = 16,
	SOUND_ANSWER = 32,    /* belongs to the answer to a question */
	SOUND_SPELLED = 64,   /* of digits, letters or an address, with a long pause inside */
	SOUND_YES_NO = 128,
	SOUND_EXTRA = 256,    /* said while a tool ran, or right after */
	SOUND_LOST = 512      /* the line took some of it away */
};

struct sound {
	uint64_t from, to; /* samples of the caller's track */
	const char *word;  /* NULL: noise */
	uint32_t len;
	uint32_t flags;
	uint32_t said;     /* which of his sayings it belongs to, from 1 */
};

enum { SOUNDS = 1024, SOUNDS_KEPT = 512 };

struct caller {
	struct scene *scene;
	struct dice dice, line, parting, more; /* more: what he says behind a plain answer */
	struct sound sounds[SOUNDS]; /* a ring: sound n at n % SOUNDS */
	uint32_t sound_count;        /* made so far */
	uint32_t sound_next;         /* the first that is not delivered to its end */
	uint32_t said;
	uint64_t media_us;           /* when he spoke sample 0 */
	uint64_t position;           /* samples that have left the line */
	uint64_t free_us;            /* his mouth is free from then on */
	uint64_t latency_us;
	uint64_t burst_until_us, jitter_until_us;
	uint64_t missed;             /* samples that no worker was there for */
	struct event chunk, think, act, keys, hangup, cue, part;
	enum cue_kind acting;
	const char *act_text;
	uint32_t act_flags;
	const char *key_next;
	uint32_t cue_next;
	int asked;                   /* the question he heard and has not answered; -1 */
	int last_answered;
	bool must_repeat;            /* the agent did not hear him */
	bool goodbye;                /* the agent said goodbye */
	bool mute;                   /* says nothing any more, for the time being */
	bool away;                   /* the telephone lies somewhere: what is heard is the room */
	bool gone;                   /* hung up */
	uint8_t hellos;
	uint64_t quiet_us;           /* nothing was said since */
	uint64_t part_us;            /* so long is the noise that he makes over the agent's last words; 0: he says a word; */
	bool part_away;              /* and he is away then */
	uint32_t parted;             /* such noises so far */
	uint32_t interruptions, nods, coughs, silences, key_presses;
};

void caller_init(struct caller *c, struct scene *scene);
void caller_parting_init(struct caller *c); /* the part of caller_parting.c; by caller_init */
void caller_start(struct caller *c); /* the media stream begins now */
void caller_stop(struct caller *c);

/* The line was deaf and is heard again: what he said meanwhile comes at once, or is lost. */
void caller_line_back(struct caller *c, bool lost);

/* What he notices. */
void caller_hears_agent(struct caller *c);                               /* the agent begins to speak after a silence */
void caller_heard(struct caller *c, const char *text, size_t len);      /* one utterance, to its end */
void caller_hears_silence(struct caller *c);                             /* the agent's sound stopped */
void caller_tool_runs(struct caller *c);
void caller_tool_returned(struct caller *c);
void caller_hears_parting(struct caller *c, enum end_reason why);        /* the agent's last words begin, or are about to (caller_parting.c) */

void caller_cough(struct caller *c, uint64_t length_us); /* a sound without words, from now on; none while he talks */
uint64_t caller_say(struct caller *c, const char *text, uint32_t flags); /* from now or when his mouth is free; returns when it will be said */

bool caller_talks(const struct caller *c, uint64_t at_us); /* his mouth is open, his pauses inside a saying included */
uint64_t caller_sample(const struct caller *c, uint64_t at_us);
uint64_t caller_time(const struct caller *c, uint64_t sample); /* when it was spoken */

/* The voice level of one chunk, as a VAD would give it. */
uint16_t caller_level(struct caller *c, uint64_t position);
/* What his track sounds like, in calls whose audio is recorded: µ-law. */
void caller_ulaw(const struct caller *c, uint64_t position, uint8_t *ulaw, size_t samples);

static inline const struct sound *caller_sound(const struct caller *c, uint32_t n)
{
	return &c->sounds[n % SOUNDS];
}

#endif
