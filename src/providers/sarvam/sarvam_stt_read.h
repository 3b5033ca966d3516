/* What Sarvam's realtime recogniser says: one text message as a struct. Pure, no memory of its own, any thread.
 *
 * Messages are named by "event"; names that are not known, and those that we have no use for (pong, config.updated), are SARVAM_STT_OTHER. Times are
 * seconds of sound that the vendor received; here in µs. Words of an error that repeat what was sent are not read.
 */
#ifndef PROVIDERS_SARVAM_SARVAM_STT_READ_H
#define PROVIDERS_SARVAM_SARVAM_STT_READ_H

#include "providers/sarvam/sarvam_parts.h"

enum {
	SARVAM_STT_MESSAGE_MAX_BYTES = 64 * 1024,
	SARVAM_STT_MAX_S = 7 * 24 * 3600, /* of a stream: a time beyond it is none */
	SARVAM_UTTERANCES_MAX = 1000000000, /* an index beyond it is none */
};

enum sarvam_stt_kind { SARVAM_STT_OTHER = 0, SARVAM_STT_BEGIN, SARVAM_STT_SPEECH, SARVAM_STT_SILENCE, SARVAM_STT_PARTIAL, SARVAM_STT_FINAL, SARVAM_STT_ERROR,
	SARVAM_STT_END };

struct sarvam_stt_event {
	enum sarvam_stt_kind kind;
	bool has_utterance;
	uint32_t utterance;       /* SPEECH, SILENCE, PARTIAL, FINAL: counted by the vendor, from 0 */
	bool has_times;           /* FINAL: both were there, in order */
	uint64_t from_us, to_us;
	const char *text;         /* PARTIAL, FINAL: no NUL in it; lies in the message or in `plain` */
	size_t len;
	bool is_fatal;            /* ERROR: also when it is not said */
	enum err err;             /* ERROR: what it comes to, as `ended` says (sarvam_stt.h) */
	char code[SARVAM_ID_MAX]; /* ERROR: "invalid_config"; empty when it is none */
	char request[SARVAM_ID_MAX]; /* BEGIN, END: the vendor's name of the stream; empty when it is not said */
	char plain[SARVAM_TEXT_MAX_BYTES];
};

/* ERR_FORMAT, ERR_TRUNCATED: it is no JSON object with an event, or a transcript without text; ERR_LIMIT: it is larger or deeper than is read. */
enum err sarvam_stt_read(const void *data, size_t len, struct sarvam_stt_event *e) MUST_USE;

#endif
