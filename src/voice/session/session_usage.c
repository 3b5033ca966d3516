/* What the providers of a call tell of what they took, as records of the journal; the call's own words on what became of it. Decides nothing: which of it
 * was for nothing is the ledger's. */
#include "voice/session/session_state.h"

#include <stdio.h>

#include "base/prices.h"

enum { USED_MAX_BYTES = 512 }; /* four names and a dozen numbers */

static bool ledger_put_h(void *arg, const struct record_usage *record)
{
	return session_write_usage(arg, record);
}

static bool ledger_lives_h(void *arg, uint32_t utterance)
{
	const struct session *s = arg;
	size_t len;

	(void)call_utterance(s->call, utterance, &len);
	return len != 0;
}

void session_usage_init(struct session *s)
{
	s->ledger.put = ledger_put_h;
	s->ledger.lives = ledger_lives_h;
	s->ledger.arg = s;
	buf_init(&s->used, USED_MAX_BYTES);
}

static struct record_usage record_of(const struct session *s, enum usage_what what, uint32_t index, const struct usage *u)
{
	struct record_usage r = { .at_us = session_now(s), .what = (uint32_t)what, .turn = call_turn(s->call), .index = index };

	snprintf(r.prices, sizeof(r.prices), "%s", prices_version());
	record_usage_take(&r, u);
	return r;
}

/* Nobody in the core knows of it, so the meters learn it here: a model's as tokens, what it read included, a voice's as text it was given. */
static void lost(struct session *s, const struct record_usage *r)
{
	struct session_usage *u = &s->usage;
	unsigned int i;

	for (i = USAGE_INPUT_TOKENS; i <= USAGE_OUTPUT_TOKENS; i++)
		u->wasted_tokens += r->units[i];
	u->tts_characters += r->units[USAGE_TEXT_BYTES];
	u->model_requests += r->what == USAGE_ANSWER;
	u->model_tokens += r->is_estimated ? 0 : r->units[USAGE_OUTPUT_TOKENS];
	ledger_lost(&s->ledger, r);
}

void session_answer_used(void *arg, const struct usage *usage)
{
	struct asking *a = arg;
	const struct record_usage r = record_of(a->s, USAGE_ANSWER, a->gen, usage);

	if (usage->is_lost)
		lost(a->s, &r);
	else
		ledger_answer(&a->s->ledger, &r, a->spoke);
}

void session_voice_used(void *arg, const struct usage *usage)
{
	struct voicing *v = arg;
	const struct record_usage r = record_of(v->s, USAGE_UTTERANCE, v->utterance, usage);

	if (usage->is_lost)
		lost(v->s, &r);
	else
		ledger_utterance(&v->s->ledger, &r);
}

void session_stream_used(void *arg, const struct usage *usage)
{
	struct listening *l = arg;
	const struct record_usage r = record_of(l->s, USAGE_STREAM, l->stream, usage);

	ledger_stream(&l->s->ledger, &r);
}

void session_usage_note(struct session *s, const struct call_output *out)
{
	if (out->kind == NOTE_DISCARD)
		ledger_discard(&s->ledger, out->index);
	else if (out->kind == NOTE_HEARD)
		ledger_heard(&s->ledger, out->index, (uint32_t)out->text_len);
}
