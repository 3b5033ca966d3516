/* What the vendor says: one text message as a struct. Pure, no memory of its own, any thread.
 *
 * Both protocols in one: v1 has Results, UtteranceEnd, Metadata, Error; v2 has Connected, TurnInfo, Warning, Error. Types and events that are not known, and
 * those that we have no use for, are DEEPGRAM_OTHER. Times are seconds of sound that the vendor received; here in µs. Optional in the vendor's own types,
 * so absent is false or unknown: is_final, speech_final, from_finalize, words and their times, trigger, languages. Words of an Error that repeat
 * what was sent are not read.
 */
#ifndef PROVIDERS_DEEPGRAM_DEEPGRAM_READ_H
#define PROVIDERS_DEEPGRAM_DEEPGRAM_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	DEEPGRAM_MESSAGE_MAX_BYTES = 256 * 1024, /* Flux repeats the words of a whole turn */
	DEEPGRAM_TEXT_MAX_BYTES = 16 * 1024,
	DEEPGRAM_ID_MAX = 64,
	DEEPGRAM_MAX_S = 7 * 24 * 3600, /* of a stream: a time beyond it is none */
};

enum deepgram_kind { DEEPGRAM_OTHER = 0, DEEPGRAM_RESULTS, DEEPGRAM_UTTERANCE_END, DEEPGRAM_CONNECTED, DEEPGRAM_TURN, DEEPGRAM_WARNING, DEEPGRAM_ERROR };

enum deepgram_turn { DEEPGRAM_TURN_START = 1, DEEPGRAM_TURN_UPDATE, DEEPGRAM_TURN_EAGER, DEEPGRAM_TURN_RESUMED, DEEPGRAM_TURN_END };

struct deepgram_event {
	enum deepgram_kind kind;
	enum deepgram_turn turn;   /* TURN */
	bool is_final, is_speech_final, is_from_finalize; /* RESULTS */
	bool is_manual;            /* TURN_END: ForceEndTurn brought it */
	uint64_t from_us, to_us;   /* RESULTS, TURN: the sound that it is about */
	bool has_words;            /* the times of its words are there; UTTERANCE_END: of the last one */
	uint64_t first_us, last_us;
	const char *text;          /* RESULTS, TURN: no NUL in it; lies in the message or in `plain` */
	size_t len;
	char code[DEEPGRAM_ID_MAX];    /* ERROR, WARNING: "NET-0001", "SchemaError"; empty when it is none */
	char request[DEEPGRAM_ID_MAX]; /* the vendor's name of the stream; empty when it is not said */
	char plain[DEEPGRAM_TEXT_MAX_BYTES];
};

/* ERR_FORMAT, ERR_TRUNCATED: it is no JSON object with a type, or its type's fields are missing or of another kind; ERR_LIMIT: it is larger or
 * deeper than is read. */
enum err deepgram_read(const void *data, size_t len, struct deepgram_event *e) MUST_USE;

#endif
