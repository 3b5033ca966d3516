/* A request's blocks, as every adapter of a model reads them: what is left out, which result belongs to which use of a tool, and the words of our
 * own that stand among the call's. The one file beside the kinds that a vendor's folder may include with llm_tools.h.
 *
 * '<' of anybody's words and of results is written "&lt;", so that nobody but the call's own machinery can write an <event> tag. Pure.
 */
#ifndef PROVIDERS_LLM_BLOCKS_H
#define PROVIDERS_LLM_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "providers/llm.h"

enum { LLM_NAME_MAX_BYTES = 64, LLM_ID_MAX_BYTES = 40 };

/* What the call's machinery says to a model. */
#define LLM_NOTE_BEGINS "The call has begun."
#define LLM_NOTE_SILENT "The caller has said nothing since."
#define LLM_NOTE_CONTINUE "Your words broke off there. Go on exactly behind them and repeat nothing."
#define LLM_NOTE_SHORT "The caller has waited for longer than usual. One short sentence comes first, with what matters most, and little behind it."
#define LLM_NO_RESULT "there is no result"
#define LLM_RESULT_UNKNOWN "The outcome is not known: it may or may not have been done. "
#define LLM_INTERRUPTED " \xe2\x80\x94" /* a dash, which a voice passes over should the model copy it */

/* How messages are written, for the model; the same in every request. */
extern const char llm_notation[];

/* The block's text without blanks around it; borrowed. */
void llm_block_words(const struct llm_block *b, const char **text, size_t *len);
bool llm_block_is_blank(const struct llm_block *b);

/* The inside of a JSON string, '<' as "&lt;". */
void llm_words_put(struct buf *out, const char *text, size_t len);

/* A sentence that is not over: no mark stands at its end that ends one, in any of the scripts that are spoken here. `text` is not empty. */
bool llm_sentence_is_open(const char *text, size_t len);

/* Does the caller speak next from `at` on, whatever the call's machinery says meanwhile? */
bool llm_caller_is_next(const struct llm_block *blocks, size_t count, size_t at);

/* Was this very use told before? Vendors take an id only once. */
bool llm_use_is_known(const struct llm_block *blocks, size_t at);

/* The result of a use, from `from` on; NULL: there is none. */
const struct llm_block *llm_result_find(const struct llm_block *blocks, size_t count, size_t from, const struct llm_block *use);

/* "call_TURN_INDEX". */
void llm_use_id(const struct llm_block *use, char id[LLM_ID_MAX_BYTES]);

/* The tool's name as it can be sent back: a model may have made up one that may not. */
void llm_use_name(const struct llm_block *use, char name[LLM_NAME_MAX_BYTES + 1]);

#endif
