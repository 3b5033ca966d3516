/* The messages of Sarvam's voice, read: bytes in, one event out. Facts: shared notes, sarvam.md, section 1 (server messages).
 *
 * Pure: no loop, no clock, no state but the event, whose memory is kept from message to message. What comes is outside bytes.
 */
#ifndef PROVIDERS_SARVAM_SARVAM_TTS_READ_H
#define PROVIDERS_SARVAM_SARVAM_TTS_READ_H

#include "base/buf.h"
#include "providers/sarvam/sarvam_parts.h"

enum { SARVAM_TTS_MESSAGE_MAX_BYTES = 1 << 20 };

/* OTHER: what is not known, and events that are not `final`: passed over. */
enum sarvam_tts_kind { SARVAM_TTS_OTHER = 0, SARVAM_TTS_AUDIO, SARVAM_TTS_FINAL, SARVAM_TTS_ERROR };

struct sarvam_tts_event {
	enum sarvam_tts_kind kind;
	struct buf audio;         /* AUDIO: as the codec has it */
	bool is_packed;           /* AUDIO: it is said to be, or is, a file or packed sound: neither codec of ours */
	enum err err;             /* ERROR: what it comes to, as `failed` says (sarvam_tts.h) */
	bool names_language;      /* ERROR: its words have the name of a language's field in them */
	struct buf text;          /* strings without their escapes; of no use outside */
};

void sarvam_tts_event_init(struct sarvam_tts_event *e);
void sarvam_tts_event_fini(struct sarvam_tts_event *e);

/* ERR_FORMAT, ERR_TRUNCATED: no JSON object with a type, or sound that is no base64; ERR_LIMIT: over SARVAM_TTS_MESSAGE_MAX_BYTES, or nested too
 * deep; ERR_NOMEM. */
enum err sarvam_tts_read(struct sarvam_tts_event *e, const void *data, size_t len) MUST_USE;

/* What a socket's close code stands for. */
enum err sarvam_tts_close_err(unsigned int code);

#endif
