/* Inside the sandbox's Anthropic: what messages.c (requests, who answers) and messages_say.c (what is said, as events or as one message) share.
 *
 *   taken ─llm_us─► speaking ─say_end─► over
 *
 * Facts: the shared protocol notes on Anthropic, section 3 (the stream) and 7 (errors, headers). Loop thread.
 */
#ifndef SANDBOX_ANTHROPIC_MESSAGES_H
#define SANDBOX_ANTHROPIC_MESSAGES_H

#include "sandbox/anthropic/messages_read.h"
#include "sandbox/anthropic/prompt_cache.h"
#include "sandbox/vendor.h"

enum { SAY_ID_MAX = 32, SAY_TEXT_MAX = 1 << 20 };

/* One answer. */
struct saying_message {
	struct messages *all;
	struct saying_message *next, **place;
	struct vendor *vendor;
	uint64_t number;              /* of asked.h */
	struct harm harm;
	struct http_request *request; /* until it is answered or begun */
	struct outlet out;
	bool is_open;                 /* the outlet is */
	struct clock_timer timer;
	json_t *body;                 /* the request */
	const struct message_model *model;
	bool streams;                 /* events; else one message */
	char id[SAY_ID_MAX], request_id[SAY_ID_MAX];
	struct prompt_usage usage;
	struct conversation talk;
	struct llm_answer *answer;
	json_t *scripted;
	/* what is said */
	json_t *content;              /* of the whole message */
	struct buf text;              /* of the text block that is open */
	bool text_is_open, has_tools, has_ended;
	size_t said_bytes;
	uint64_t max_tokens;
};

struct messages {
	struct prompt_cache *cache;
	struct saying_message *first;
};

/* messages_say.c */
void say_begin(struct saying_message *m);
void say_text(struct saying_message *m, const char *text, size_t len);
void say_tool(struct saying_message *m, const char *name, size_t name_len, const char *input, size_t len);
void say_end(struct saying_message *m, const char *stop_reason); /* NULL: what follows from what was said */
void say_failed(struct saying_message *m, unsigned int status, const char *message);

/* {"type":"error",…} into `out`. */
void error_put(struct buf *out, unsigned int status, const char *message, const char *request_id);

#endif
