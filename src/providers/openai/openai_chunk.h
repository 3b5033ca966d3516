/* One chunk of the stream of a chat completion, or the body of an error: which of the fields that we look at it has, and where they stand.
 *
 * Nothing is allocated: fields point into the bytes given, which stay borrowed. Fields that we do not know are passed over, and of several
 * choices all but the first. Facts: the shared protocol notes on OpenAI-compatible servers, sections 2 and 4. No state, any thread.
 */
#ifndef PROVIDERS_OPENAI_OPENAI_CHUNK_H
#define PROVIDERS_OPENAI_OPENAI_CHUNK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/json_scan.h"

enum { OPENAI_PIECES_MAX = 16 }; /* of tools, in one chunk */

enum openai_field {
	CHUNK_CONTENT = 0, CHUNK_REFUSAL, CHUNK_FINISH,
	CHUNK_PROMPT, CHUNK_CACHED, CHUNK_OUTPUT,        /* of `usage` */
	CHUNK_ERROR, CHUNK_ERROR_TYPE, CHUNK_ERROR_CODE, /* an object or a text; what is in the object */
	CHUNK_OBJECT, CHUNK_TYPE, CHUNK_CODE,            /* vLLM's older errors have them at the top */
	CHUNK_COUNT
};

enum openai_piece_field { PIECE_INDEX = 0, PIECE_ID, PIECE_NAME, PIECE_ARGS, PIECE_COUNT };

/* A piece of a tool's call. */
struct openai_piece {
	struct json_item fields[PIECE_COUNT];
};

struct openai_chunk {
	struct json_item fields[CHUNK_COUNT]; /* kind JSON_SCAN_END: it is not there */
	bool has_choice;                      /* usage and errors come without one */
	size_t piece_count;
	struct openai_piece pieces[OPENAI_PIECES_MAX];
};

/* ERR_FORMAT, ERR_TRUNCATED: not UTF-8, or no JSON object; ERR_LIMIT: too deep, or more pieces of tools than OPENAI_PIECES_MAX. */
enum err openai_chunk_read(struct openai_chunk *c, const void *data, size_t len) MUST_USE;

/* Is it a text that says this? */
bool openai_item_is(const struct json_item *item, const char *text);

/* Does it tell of a failure? */
bool openai_chunk_is_error(const struct openai_chunk *c);

/* What a failure is called, its code before its type, when that is a text; NULL: nothing, or nothing short enough for `size`. */
const struct json_item *openai_chunk_error_name(const struct openai_chunk *c, size_t size);

#endif
