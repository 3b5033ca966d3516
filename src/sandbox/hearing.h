/* What a recogniser of the sandbox hears: a client's sound in, its words out, whatever protocol they are told in.
 *
 * Sound becomes µ-law at 8000 Hz, in frames of 20 ms; a frame is voice or not by its loudness. Scripted words come with the voice that they are
 * said in: one entry of the vendor's script an utterance. Otherwise the lent recogniser's. Positions are samples at 8000 Hz from the first.
 * hearing_final asks for a final; it comes once for each that was asked for, maybe inside. Events may end the hearing (hearing_stop), not free it.
 * Embedded in its owner. Loop thread.
 */
#ifndef SANDBOX_HEARING_H
#define SANDBOX_HEARING_H

#include "audio/resample.h"
#include "sandbox/vendor.h"

enum {
	HEARING_HZ = 8000,
	HEARING_FRAME = 160,      /* samples, 20 ms */
	HEARING_LOUD = 400,       /* the mean of a frame's samples from which it is voice */
	HEARING_VOICE_FRAMES = 3, /* so many of them begin an utterance */
	HEARING_TEXT_MAX = 4096
};

enum hearing_encoding { HEARING_MULAW, HEARING_ALAW, HEARING_LINEAR16 };

/* Why a final was asked for. */
enum hearing_why { FINAL_UNASKED = 0, FINAL_ENDPOINT, FINAL_FINALIZE, FINAL_CLOSE, FINAL_EAGER };

struct hearing_words {
	char text[HEARING_TEXT_MAX];
	size_t len;
	uint64_t from, to;
};

struct hearing_events {
	void (*voice)(void *arg);                                    /* an utterance begins */
	void (*frame)(void *arg);                                    /* 20 ms more were heard */
	void (*partial)(void *arg, const struct hearing_words *w);
	void (*final)(void *arg, const struct hearing_words *w, enum hearing_why why);
	void (*ended)(void *arg);                                    /* the recogniser; it hears no words any more */
};

struct hearing {
	struct vendor *vendor;
	const struct hearing_events *events;
	void *arg;
	enum hearing_encoding encoding;
	struct resampler *resampler; /* NULL: the rate is ours */
	uint8_t frame[HEARING_FRAME];
	size_t frame_len;
	uint64_t heard;              /* samples */
	unsigned int loud;           /* frames in a row */
	bool in_voice;               /* since the last silence that ended one, which is for the owner to say */
	uint64_t voice_from, voice_to;
	struct stt_stream *stream;
	json_t *scripted;            /* what is being said, or NULL */
	bool final_asked, is_over;
	enum hearing_why why;
};

/* ERR_NOMEM. No event comes from inside. */
enum err hearing_open(struct hearing *h, struct vendor *v, const char *language, enum hearing_encoding encoding, uint32_t rate_hz,
	const struct hearing_events *events, void *arg) MUST_USE;
void hearing_fini(struct hearing *h);  /* one that is zeroed is fine */

void hearing_sound(struct hearing *h, const uint8_t *data, size_t len);
void hearing_stop(struct hearing *h);  /* sound is passed over from here on, also the rest of what came */

void hearing_final(struct hearing *h, enum hearing_why why); /* unless one was asked for */
void hearing_nothing(struct hearing *h);                     /* the final that does not come, empty */

double hearing_seconds(uint64_t samples);
uint64_t hearing_quiet_ms(const struct hearing *h);          /* since the last voice */

/* Whether a text may stand in a script of words to hear. */
bool hearing_script_fits(const json_t *answer);

#define HEARING_SCRIPT_HINT "a text of at most 4095 bytes: the words of the next utterance"

#endif
