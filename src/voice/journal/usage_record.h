/* What one provider was used for in a call, as the journal has it: a METER record of its own kind.
 *
 * A record tells of one answer of a model, one utterance given to a voice, or a stretch of one stream to a recogniser. Each is written once, by
 * the worker that had it, when it is known; what was under way when a worker was killed is not. A record that is `wasted` counts nothing
 * anew: it says that so much of what other records counted was for nothing: an answer that was thrown away or lost against another attempt,
 * words that nobody heard. So what a call used is the sum of the others, and what of it was useful is that less the sum of these.
 * Nothing in it is personal. It begins like a struct record_meter, whose readers see a meter that they do not know. Pure, any thread.
 */
#ifndef VOICE_USAGE_RECORD_H
#define VOICE_USAGE_RECORD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/usage.h"

enum usage_what { USAGE_ANSWER = 1, USAGE_UTTERANCE, USAGE_STREAM, USAGE_WHATS };

struct record_usage {
	uint64_t at_us;
	uint32_t what;  /* enum usage_what */
	uint32_t turn;
	uint32_t index; /* gen, utterance, stream */
	bool is_wasted;
	char vendor[USAGE_NAME_MAX], model[USAGE_NAME_MAX], member[USAGE_NAME_MAX];
	bool is_estimated;
	uint64_t units[USAGE_UNITS];
	char prices[48]; /* the version of the prices in force (prices.h) */
};

const char *usage_what_name(enum usage_what what); /* "answer" */

/* The numbers and names as an adapter tells them; too long a name is cut. */
void record_usage_take(struct record_usage *r, const struct usage *u);
struct usage record_usage_of(const struct record_usage *r); /* borrows its names */

void record_usage_encode(const struct record_usage *r, struct buf *b);

/* ERR_NOTFOUND: it is another meter's; ERR_FORMAT, ERR_TRUNCATED. Units that are not known are passed over. */
enum err record_usage_decode(struct record_usage *r, const void *data, size_t len) MUST_USE;

#endif
