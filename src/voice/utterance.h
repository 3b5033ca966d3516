/* Between speech.c (the queue) and utterance.c (one utterance), and for nobody else.
 *
 * Utterances live in the call's slots; a pointer to one holds until it is finished. All of it is the call's state, changed
 * within one step.
 */
#ifndef VOICE_UTTERANCE_H
#define VOICE_UTTERANCE_H

#include "voice/call_state.h"

static inline uint64_t samples_us(uint64_t samples)
{
	return samples * 1000000 / CALL_RATE_HZ;
}

/* speech.c: the queue, in speaking order. Cut ones have a slot, but no place in it. */
struct utterance *queue_at(struct call *call, unsigned int i);          /* NULL behind the last */
struct utterance *queue_find(struct call *call, uint32_t id);           /* cut ones too; NULL: over */
unsigned int queue_place(const struct call *call, const struct utterance *u); /* u is in it */
bool queue_room(const struct call *call, unsigned int spare); /* for one more, with so many left free */
struct utterance *queue_add(struct call *call, unsigned int at, enum utterance_kind kind, struct text text, uint32_t item); /* needs room */
void queue_remove(struct call *call, unsigned int at);
void queue_cut(struct call *call, struct utterance *u); /* it is over, with what was heard of it; marks on their way may tell of more */

/* utterance.c: what was heard of it */
unsigned int utterance_heard_words(const struct call *call, const struct utterance *u);
uint32_t utterance_heard_bytes(const struct call *call, const struct utterance *u);
uint32_t utterance_heard_samples(const struct call *call, const struct utterance *u); /* where it goes on: behind the last word heard */
uint32_t utterance_skip_space(const struct call *call, struct text text, uint32_t from);

/* utterance.c: what becomes of it */
void utterance_make(struct call *call, struct utterance *u);
void utterance_unmake(struct call *call, struct utterance *u);        /* it is to be made anew */
void utterance_unspeak(struct call *call, const struct utterance *u); /* the voice may forget it */
void utterance_play(struct call *call, struct utterance *u, uint32_t from);
void utterance_finish(struct call *call, struct utterance *u, bool cut); /* over: out of the queue, its slot is free */
void utterance_give_up(struct call *call, struct utterance *u, enum retry_what what);
void utterance_split(struct call *call, struct utterance *u, unsigned int n); /* behind word n, 1 or more */
void utterance_behead(struct call *call, struct utterance *u, unsigned int n); /* the same in a full queue: `u` becomes the rest */
void utterance_broken_off(struct call *call, struct utterance *u, bool died);
uint64_t utterance_sent_us(const struct utterance *u, uint32_t samples); /* when so much of it was played, as far as sending tells */
void utterance_clear_marks(struct call *call); /* from here on marks come back unplayed */
void utterance_held(struct call *call, const struct utterance *u); /* it will be, in the middle of what it says */
void utterance_resumed(struct call *call, const struct utterance *u); /* it plays again, from behind the last word that was heard */

#endif
