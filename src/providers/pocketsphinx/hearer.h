/* Hears one stream: telephone sound in, words with a confidence out. Synchronous; belongs to one thread at a time.
 *
 *   sound ─► gate (silence costs nothing) ─► grammar decoder ─┐
 *                                         └► phone decoder ───┴─► words, confidence
 *
 * The grammar always answers with one of its sentences. What tells whether that was said is a second decoder that may follow any
 * phones: where it explains the sound much better, the sentence was not said (confidence.h). An utterance goes from the first voice to hearer_final;
 * what hearer_told names is no more in its hearings.
 */
#ifndef PROVIDERS_POCKETSPHINX_HEARER_H
#define PROVIDERS_POCKETSPHINX_HEARER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "providers/pocketsphinx/model.h"

enum { HEARER_TEXT_BYTES = 512, HEARER_MAX_FRAMES = 3000 /* of voice in one utterance; what comes behind is not heard */ };

struct hearer;
struct grammar_facts;

/* A sentence and its measures. Scores are the library's logarithms a frame of 10 ms; positions are samples since the first one pushed. */
struct hearing {
	char text[HEARER_TEXT_BYTES]; /* the grammar's best sentence; "" when there was no voice */
	uint64_t from_sample, to_sample;
	unsigned int to_frame; /* of the utterance: where its last word ends */
	unsigned int frames, words, word_frames;
	unsigned int phone_frames; /* where the phones hear speech */
	double fit;          /* of the words: 0 if every frame were what the model likes best there, below it otherwise */
	double lead;         /* how much better the phones explain everything, a frame of speech */
	double lead_middle;  /* the same of the words' frames, the median: a bad end or a short bad word does not move it */
	bool is_machine;     /* there is a phrase of answering machines in it, */
	double machine_lead; /* and this is the best heard one's mean lead */
	bool is_whole;       /* nothing has to follow: the text is a sentence of the grammar */
	bool goes_on;        /* digits were asked for, and another may follow */
	bool is_number;      /* they were, and all words are digits */
	unsigned int leads;  /* its words that announce a number ("the number is") */
	bool is_option;      /* the answer to a question for one of several */
	int32_t score;       /* of the whole sentence: the library's logarithm */
	bool has_rival;      /* some sentence of the other options could be heard for it, too: */
	double rival_lead;   /* so much less likely is the best of them, a frame of the words */
	bool is_rest;        /* other words of the utterance were told before these */
	bool has_numbers;    /* the grammar that it was heard with */
	double confidence;   /* 0 to 1 (confidence.h) */
	bool is_unsure;      /* understood, and yet it may be another option */
};

/* Loads the acoustic model twice (20 MB, 0.1 s): not on a loop's thread. `m` is borrowed for its whole life. */
enum err hearer_open(struct hearer **hp, const struct model *m) MUST_USE;
void hearer_close(struct hearer **hp); /* NULL-safe */

/* What is heard next is one of this graph's sentences (the model's own, at first); of the same words. Between utterances. */
enum err hearer_expect(struct hearer *h, const struct buf *graph, const struct grammar_facts *facts) MUST_USE;
bool hearer_is_idle(const struct hearer *h); /* between utterances */

enum err hearer_push(struct hearer *h, const uint8_t *ulaw, size_t count) MUST_USE;

/* The sentence so far, which need not be whole; false when there is none. */
bool hearer_partial(struct hearer *h, struct hearing *out);

/* How long it has been silent behind the voice of an utterance; 0 when there is none. */
unsigned int hearer_silence_ms(const struct hearer *h);

/* These words were told: what is heard next is what follows them, in the same sentence. */
void hearer_told(struct hearer *h, const struct hearing *told);

/* The sentence of all that was pushed since the last final, behind what was told; the next utterance begins behind it. */
void hearer_final(struct hearer *h, struct hearing *out);

/* Hears the utterance of the last final once more, as a sentence of this graph (of the same words), and says how far that is behind: `rival_lead`
 * and `is_unsure` of `told`, which is that final's. Before the next sound; takes half as long as hearing it did. */
enum err hearer_compare(struct hearer *h, const struct buf *graph, struct hearing *told) MUST_USE;

#endif
