/* Inside the sandbox's OpenAI: what openai.c (errors, routes), chat.c (requests, who answers), chat_say.c (what is said, as chunks or as one completion)
 * and audio.c (texts that are spoken) share.
 *
 *   taken ─llm_us, tts_us─► speaking ─its end─► over
 *
 * Facts: the shared protocol notes on OpenAI-compatible servers, checked 2026-11-21, sections 1 to 4 and 6. Loop thread.
 */
#ifndef SANDBOX_OPENAI_OPENAI_H
#define SANDBOX_OPENAI_OPENAI_H

#include "sandbox/openai/chat_read.h"
#include "sandbox/openai/rules.h"
#include "sandbox/speech.h"
#include "sandbox/vendor.h"

enum { OPENAI_BODY_MAX_BYTES = 10 << 20, OPENAI_ID_MAX = 32, CHAT_TEXT_MAX = 1 << 20 };

/* One answer of a model's. */
struct chat_answer {
	struct chat_answer *next, **place;
	struct vendor *vendor;
	struct harm harm;
	struct http_request *request; /* until it is answered or begun */
	struct outlet out;
	struct clock_timer timer;
	json_t *body;                 /* the request */
	bool streams, tells_usage;
	char id[OPENAI_ID_MAX];
	json_int_t created;
	struct conversation talk;
	struct llm_answer *answer;
	json_t *scripted;
	/* what is said */
	struct buf text;
	json_t *calls;                /* of tools */
	bool has_begun, has_ended;
	uint64_t said_bytes, limit;   /* in tokens; 0: any number */
	uint64_t prompt_tokens;
};

/* One text that is spoken. */
struct audio_answer {
	struct audio_answer *next, **place;
	struct vendor *vendor;
	struct harm harm;
	struct http_request *request;
	struct outlet out;
	struct clock_timer timer;
	struct speech speech;
	const char *language;
	char text[SPEECH_TEXT_MAX + 1];
	size_t len;
};

struct openai_state {
	struct chat_answer *chats;
	struct audio_answer *audios;
};

/* ---- openai.c ---- */

void openai_refuse_with(struct vendor *v, struct http_request *r, const struct openai_refusal *refusal, uint64_t retry_after_ms);

/* The request's body where there is a key and the rules take it; NULL: it has been replied to. */
json_t *openai_body(struct vendor *v, struct http_request *r, bool (*judge)(const json_t *body, struct openai_refusal *refusal));

/* {"error":{…}} */
json_t *openai_error(const struct openai_refusal *refusal);

/* ---- chat.c, audio.c ---- */

void chat_hear(struct http_request *r, void *vendor);
void chats_end(struct vendor *v);   /* all of them, at once */
void audio_hear(struct http_request *r, void *vendor);
void audios_end(struct vendor *v);

/* ---- chat_say.c ---- */

void chat_say_text(struct chat_answer *a, const char *text, size_t len);
void chat_say_tool(struct chat_answer *a, const char *name, size_t name_len, const char *args, size_t len);
void chat_say_end(struct chat_answer *a, const char *finish_reason); /* NULL: what follows from what was said */
void chat_say_failed(struct chat_answer *a, unsigned int status, const char *message);

#endif
