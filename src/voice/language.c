/* A call in several languages: it begins in one, and goes on in another when the tool for that asks for it.
 *
 *   said before  ──► stays what it was: its voice goes on to the end, also when it is held, plays again or another voice has to say it anew
 *   from here on ──► recogniser, voice, the call's own phrases and how words are pronounced are of the new language (brief_tongue_take)
 *
 * The stream of the old language is over, and a final that it still owed to the turn that ended with its words is not waited for.
 * What the caller has said behind it is heard again, by a recogniser of the new language. What must be disclosed is said in each language once, before anything else in it.
 * Which language is spoken is part of the state: another worker goes on in it.
 */
#include "voice/call_state.h"

#include <string.h>

#include "base/json_scan.h"

void language_name(const struct call *call, uint8_t tongue, struct call_output *out)
{
	if (call->brief.tongues_len)
		out->name = brief_tongue_at(&call->brief, tongue, &out->name_len);
}

/* The `language` among the arguments; 0: there is none, or none that a tag can be. */
static size_t wish_find(const struct call *call, struct text args, char *tag, size_t size)
{
	struct json_scan scan;
	struct json_item item;
	size_t len = 0;

	json_scan_init(&scan, call_text(call, args), args.len);
	while (json_scan_next(&scan, &item) != JSON_SCAN_END)
		if (item.kind == JSON_SCAN_STRING && item.depth == 1 && json_item_is(&item, "language") && json_scan_text(&item, tag, size, &len))
			return 0;
	return scan.err ? 0 : len;
}

/* What was said behind the last turn is heard again; where nothing was, from now on. A line that is away is listened to when it is back. */
static void hear_anew(struct call *call)
{
	struct listen *l = &call->listen;
	const struct ear *ear = &call->ear;
	uint64_t from = num_max(l->turn_sample, l->final_sample);

	buf_reset(&l->used); /* what it owes a final belongs to the old turn: a recogniser of another language would say it in other words */
	l->owed_count = 0;
	l->retries = 0;
	timer_stop(call, TIMER_STT);
	l->waiting = ear->last_voice_sample > from;
	l->voice_sample = num_max(l->voice_sample, from);
	if (!call->quiet.lost)
		endpoint_listen(call, l->waiting ? from : ear->end_sample);
}

static void disclose(struct call *call, int tongue, const char *disclosure)
{
	struct dialogue *d = &call->dialogue;
	uint8_t bit = (uint8_t)(1u << tongue);

	if (tongue && !(d->tongues_told & bit))
		speech_say(call, SAY_GREETING, disclosure, strlen(disclosure), true);
	d->tongues_told |= bit;
}

static const char told_tail[] = ": speak it, and nothing else";

/* For whoever reads English: a model. */
static struct text told(struct call *call, const char *head, const char *tail)
{
	struct buf *b = &call->scratch;

	buf_reset(b);
	buf_text(b, head);
	buf_text(b, call->brief.language);
	buf_text(b, tail);
	return call_keep(call, b->data, b->len);
}

/* At the head of a history whose beginning was forgotten: with it went what the tool said. */
void language_remind(struct call *call)
{
	struct item event = { .type = BLOCK_EVENT, .turn = call->dialogue.turn };

	if (!call->dialogue.tongue)
		return;
	event.text = told(call, EVENT_LANGUAGE, told_tail);
	history_insert(call, 0, &event);
}

struct text language_switch(struct call *call, struct text args, enum tool_status *status)
{
	char tag[BRIEF_LANGUAGE_MAX], disclosure[BRIEF_GREETING_MAX];
	size_t len = wish_find(call, args, tag, sizeof(tag));
	int tongue = brief_tongue_find(&call->brief, tag, len);

	*status = TOOL_OK;
	if (tongue >= 0 && tongue == call->dialogue.tongue)
		return told(call, "the call is in ", " already");
	if (tongue < 0 || tongue >= TONGUES_MAX || !brief_tongue_take(&call->brief, tongue, disclosure)) {
		*status = TOOL_ERROR;
		return told(call, "the call cannot go on in that language; it is still in ", "");
	}
	call->dialogue.tongue = (uint8_t)tongue;
	call_note_text(call, NOTE_LANGUAGE, (uint32_t)tongue, 0, call_keep_str(call, call->brief.language));
	disclose(call, tongue, disclosure);
	hear_anew(call);
	call_put(call, OUT_SNAPSHOT);
	return told(call, EVENT_LANGUAGE, told_tail);
}
