/* One utterance: made, played, heard, made again. Its states and their edges are drawn in speech.c; these are taken here:
 *
 *   WAITS ──b: utterance_make──► MADE ──c: utterance_play──► PLAYS ──g: utterance_finish · h: utterance_give_up──► FREE
 *                                ▲ │ ▲                        │ │ ▲
 *             e: make_again ─────┴─┘ └───── e: make_again ────┘ └─┘ d: utterance_play (take_back) · f: utterance_split, the rest WAITS
 *
 * Heard: a word is heard when a mark says that its last sample was played. After a clear the carrier returns every mark that
 * was queued; such a mark counts only if it comes no sooner than its audio could have been played (mark_holds). History
 * items follow: an utterance in work stands there with its whole text, a cut one with what was heard.
 *
 * A voice that dies: before any of its audio was sent, the whole text goes to a new stream; later, the utterance is split
 * behind the last whole word there is audio for, and the rest becomes an utterance of its own (utterance_split).
 */
#include "voice/utterance.h"

#include <assert.h>
#include <string.h>

enum { ESTIMATE_PART = 8, FORGOT_SAMPLES = CALL_RATE_HZ / 5 };

/* ------------------------------------------------------------------ heard */

/* Where a word surely has ended. An estimate is off by a little, and by more the longer the utterance has gone on. */
static uint64_t word_end(const struct call *call, const struct utterance *u, unsigned int word)
{
	uint64_t end = u->words[word].end_samples;
	uint64_t margin = (uint64_t)call->settings.tts_margin_ms * CALL_RATE_HZ / 1000;

	if (u->exact)
		return end;
	return end + num_max(end / ESTIMATE_PART, margin);
}

/* Words heard so far. */
unsigned int utterance_heard_words(const struct call *call, const struct utterance *u)
{
	unsigned int n = 0;

	while (n < u->word_count && word_end(call, u, n) <= u->played)
		n++;
	return n;
}

uint32_t utterance_heard_bytes(const struct call *call, const struct utterance *u)
{
	unsigned int n = utterance_heard_words(call, u);

	if (u->done && u->samples && u->played >= u->samples)
		return u->text.len;
	return n ? num_min32(u->words[n - 1].text_end, u->text.len) : 0;
}

/* Where a held utterance goes on: behind the last word heard. */
uint32_t utterance_heard_samples(const struct call *call, const struct utterance *u)
{
	unsigned int n = utterance_heard_words(call, u);

	return n ? num_min32(u->words[n - 1].end_samples, u->samples) : 0; /* a voice may tell of words before it gives their sound */
}

static void item_set(struct call *call, const struct utterance *u, uint32_t bytes)
{
	struct item *item = &call->dialogue.items[u->item];

	assert(u->item < call->dialogue.item_count && item->type == BLOCK_AGENT);
	if (!guarded(call, GUARD_P04))
		bytes = u->text.len;
	item->text = (struct text){ u->text.at, bytes };
}

static void note_heard(struct call *call, const struct utterance *u, bool cut)
{
	uint32_t bytes = cut ? utterance_heard_bytes(call, u) : u->text.len;

	call_note_text(call, NOTE_HEARD, u->id, cut, (struct text){ u->text.at, bytes });
	call->outputs[call->output_count - 1].turn = u->turn;
}

/* ------------------------------------------------------------------ made, played, over */

/* A question of the agent's own says what kind of answer to expect. */
static void expect(struct call *call, const struct utterance *u)
{
	struct words_expect e = endpoint_asked(call, u->text);

	if ((u->kind == SAY_ANSWER || u->kind == SAY_GREETING) && e.kind != EXPECT_ANY) {
		call->listen.expect = e;
		call->listen.who = call->settings.call_rules >= 4 && words_who(call_text(call, u->text), u->text.len);
		call->listen.expect_by = call->settings.call_rules >= 4 ? u->id : 0;
	}
}

/* Cut before its question began: nothing answers that. */
static void expect_no_more(struct call *call, const struct utterance *u)
{
	struct listen *l = &call->listen;

	if (call->settings.call_rules < 4 || l->expect_by != u->id || utterance_heard_bytes(call, u) > words_question(call_text(call, u->text), u->text.len))
		return;
	l->expect = (struct words_expect){ EXPECT_ANY, 0 };
	l->who = false;
}

void utterance_play(struct call *call, struct utterance *u, uint32_t from)
{
	struct call_output *out = call_put(call, OUT_PLAY);

	expect(call, u);
	u->state = UTTERANCE_PLAYS;
	u->take++;
	u->from = from;
	u->sent = false;
	u->cleared = false;
	u->anchored = false;
	u->bound_us = 0;
	u->play_us = call->now_us;
	out->utterance = u->id;
	out->take = u->take;
	out->position = from;
}

void utterance_make(struct call *call, struct utterance *u)
{
	struct call_output *out = call_put(call, OUT_SPEAK);

	u->state = UTTERANCE_MADE;
	u->synth_take = ++u->take;
	u->attempts++;
	u->samples = 0;
	u->played = 0;
	u->word_count = 0;
	u->done = false;
	u->sent = false;
	u->anchored = false;
	u->cleared = false;
	u->from = 0;
	u->made_us = call->now_us;
	u->audio_us = 0;
	out->utterance = u->id;
	out->take = u->take;
	out->text = call_text(call, u->keys.len ? u->keys : u->text);
	out->text_len = u->keys.len ? u->keys.len : u->text.len;
	out->kind = u->keys.len ? SPEAK_KEYS : SPEAK_TEXT;
	out->number = u->keys.len ? u->text.len : 0;
	language_name(call, u->tongue, out);
}

void utterance_unspeak(struct call *call, const struct utterance *u)
{
	if (u->state != UTTERANCE_WAITS)
		call_put(call, OUT_UNSPEAK)->utterance = u->id;
}

/* The sentence that matters: the last that asks, else the last. From which byte on. */
static size_t sentence_from(const struct call *call, const struct utterance *u, bool *asks, bool *over)
{
	const char *text = call_text(call, u->text);
	size_t last = words_sentence(text, u->text.len, over), question = words_question(text, u->text.len);

	*asks = question < u->text.len;
	return *asks ? question : last;
}

/* When it began to sound, by what has gone out in this take: at the soonest. */
static uint64_t begun_us(const struct utterance *u, size_t from)
{
	uint32_t at = 0;
	unsigned int i;

	for (i = 0; i < u->word_count && u->words[i].text_end <= from; i++)
		at = u->words[i].end_samples;
	return utterance_sent_us(u, at);
}

/* What is held in the middle of that sentence plays again from there, later: when it began is known now. */
void utterance_held(struct call *call, const struct utterance *u)
{
	struct listen *l = &call->listen;
	bool asks, over;
	uint64_t begun;

	if (call->settings.call_rules < 4 || !u->sent || l->begun == u->id)
		return;
	begun = begun_us(u, sentence_from(call, u, &asks, &over));
	if (begun >= call->now_us)
		return;
	l->begun = u->id;
	l->begun_us = begun;
}

/* Of which no word was heard, that plays again as a whole, and begins then. */
void utterance_resumed(struct call *call, const struct utterance *u)
{
	struct listen *l = &call->listen;
	bool asks, over;

	if (l->begun == u->id && utterance_heard_bytes(call, u) <= sentence_from(call, u, &asks, &over))
		l->begun = 0;
}

/* It had run dry and is sent on: of what was sent before, the time is known now and not later. Had the sentence begun, the end of its first word is told. */
static void sent_on(struct call *call, const struct utterance *u)
{
	struct listen *l = &call->listen;
	bool asks, over;
	size_t from;

	if (call->settings.call_rules < 4 || l->begun == u->id)
		return;
	from = sentence_from(call, u, &asks, &over);
	if (from && (!u->word_count || u->words[u->word_count - 1].text_end <= from))
		return;
	l->begun = u->id;
	l->begun_us = begun_us(u, from);
}

/* A sentence that asks was heard, maybe in several utterances: what was said before it began is no answer to it. */
static void asked(struct call *call, const struct utterance *u)
{
	struct listen *l = &call->listen;
	bool asks, over;
	uint64_t begun;
	size_t from;

	if (call->settings.call_rules < 4 || (u->kind != SAY_ANSWER && u->kind != SAY_GREETING))
		return;
	from = sentence_from(call, u, &asks, &over);
	if (!from && l->sentence_us)
		begun = l->sentence_us;
	else
		begun = l->begun == u->id ? l->begun_us : begun_us(u, from);
	if (asks)
		l->asked_us = begun;
	l->sentence_us = over ? 0 : begun;
}

/* The head, or any other, is over; history keeps what was heard of it. */
void utterance_finish(struct call *call, struct utterance *u, bool cut)
{
	unsigned int at = queue_place(call, u);

	note_heard(call, u, cut);
	item_set(call, u, cut ? utterance_heard_bytes(call, u) : u->text.len);
	if (cut) {
		call->listen.sentence_us = 0;
		expect_no_more(call, u);
	} else {
		asked(call, u);
	}
	utterance_unspeak(call, u);
	u->state = UTTERANCE_FREE;
	queue_remove(call, at);
	if (u->kind == SAY_KEYS)
		tools_keys_over(call, !cut);
	if (call->speech.count && !at && !cut) {
		queue_at(call, 0)->bound_us = call->now_us;
		queue_at(call, 0)->play_us = call->now_us;
	}
	if (!call->speech.count) {
		call->speech.held = false;
		dialogue_silence(call);
		endpoint_update(call);
	}
}

/* What was sent of it is cleared at the carrier; what is cleared along with it, because it was queued before, plays again. */
static void take_back(struct call *call, const struct utterance *u)
{
	unsigned int i, at = queue_place(call, u);

	if (!u->sent || call->speech.held)
		return;
	call_put(call, OUT_HOLD);
	for (i = 0; i < at; i++)
		utterance_play(call, queue_at(call, i), utterance_heard_samples(call, queue_at(call, i)));
}

/* What has audio has none any more, and is made from the beginning. */
void utterance_unmake(struct call *call, struct utterance *u)
{
	utterance_unspeak(call, u);
	u->state = UTTERANCE_WAITS;
	u->played = 0;
	u->samples = 0;
	u->word_count = 0;
	u->done = false;
	u->sent = false;
}

/* What must be disclosed is owed before anything else: its rest is said again, and a call in which it cannot be said ends. While the phone rings
 * nothing is owed yet (quiet_answered greets again). */
static bool disclosed_again(struct call *call, struct utterance *u)
{
	unsigned int words = utterance_heard_words(call, u);

	if (call->settings.call_rules < 4 || u->kind != SAY_GREETING || !u->whole || !call->quiet.started || call->quiet.ending)
		return false;
	if (++call->dialogue.failures >= (uint32_t)call->settings.call_failures) {
		quiet_end(call, END_FAILED, true, false);
		return false;
	}
	if (words)
		utterance_behead(call, u, words);
	utterance_unmake(call, u);
	u->attempts = 0;
	u->play_tries = 0;
	return true;
}

void utterance_give_up(struct call *call, struct utterance *u, enum retry_what what)
{
	bool answer = u->kind == SAY_ANSWER;

	call_note(call, NOTE_FAILED, what, u->id);
	take_back(call, u);
	if (disclosed_again(call, u))
		return;
	utterance_finish(call, u, true);
	if (answer)
		call->dialogue.failures++;
	if (call->dialogue.failures >= (uint32_t)call->settings.call_failures)
		quiet_end(call, END_FAILED, false, false);
}

/* ------------------------------------------------------------------ a voice that dies */

static void make_again(struct call *call, struct utterance *u)
{
	if (u->attempts >= (uint32_t)call->settings.tts_attempts) {
		utterance_give_up(call, u, RETRY_VOICE);
		return;
	}
	call_note(call, NOTE_RETRY, RETRY_VOICE, u->attempts + 1);
	take_back(call, u);
	call_put(call, OUT_UNSPEAK)->utterance = u->id;
	utterance_make(call, u);
}

/* Words there is whole audio for. */
static unsigned int made_words(const struct call *call, const struct utterance *u)
{
	unsigned int n = 0;

	while (n < u->word_count && word_end(call, u, n) <= u->samples)
		n++;
	return n;
}

uint32_t utterance_skip_space(const struct call *call, struct text text, uint32_t from)
{
	const char *t = call_text(call, text);

	while (from < text.len && t[from] == ' ')
		from++;
	return from;
}

/* No more audio is to be had: what there is, is all. */
static void trim(struct call *call, struct utterance *u)
{
	struct call_output *out = call_put(call, OUT_TRIM);

	u->done = true;
	out->utterance = u->id;
	out->position = u->samples;
}

/* The voice died behind word `n`: what there is audio for is one utterance, the rest another. */
void utterance_split(struct call *call, struct utterance *u, unsigned int n)
{
	uint32_t end = num_min32(u->words[n - 1].text_end, u->text.len);
	uint32_t from = utterance_skip_space(call, u->text, end);
	struct text rest = { u->text.at + from, u->text.len - from };
	struct item item = call->dialogue.items[u->item];
	struct utterance *next;
	uint32_t attempts = u->attempts, gen = u->gen, turn = u->turn;

	u->text.len = end;
	u->samples = (uint32_t)num_min(word_end(call, u, n - 1), u->samples);
	u->played = num_min32(u->played, u->samples);
	u->from = num_min32(u->from, u->samples);
	u->word_count = (uint16_t)n;
	trim(call, u);
	item_set(call, u, end);
	if (!rest.len || !queue_room(call, 0) || !guarded(call, GUARD_P05))
		return;
	item.text = rest;
	next = queue_add(call, queue_place(call, u) + 1, u->kind, rest, history_insert(call, u->item + 1, &item));
	next->attempts = attempts;
	next->gen = gen;
	next->turn = turn;
	next->stale = u->stale;
	next->whole = u->whole;
	call_note(call, NOTE_RETRY, RETRY_VOICE, attempts + 1);
}

/* The first `n` words are over. Where there is no room for the rest as one of its own, the rest takes this one's place. */
void utterance_behead(struct call *call, struct utterance *u, unsigned int n)
{
	uint32_t end = num_min32(u->words[n - 1].text_end, u->text.len);
	uint32_t from = utterance_skip_space(call, u->text, end);
	struct item heard = call->dialogue.items[u->item];
	struct text whole = u->text;

	u->text.len = end;
	note_heard(call, u, false);
	heard.text = u->text;
	history_insert(call, u->item, &heard);
	u->text = (struct text){ whole.at + from, whole.len - from };
	item_set(call, u, u->text.len);
	call_note(call, NOTE_RETRY, RETRY_VOICE, u->attempts + 1);
}

/* The voice has told its own times, and there is less sound than they take: it did not only forget its end. */
static bool lacks_sound(const struct call *call, const struct utterance *u)
{
	return call->settings.call_rules >= 4 && u->exact && u->word_count && u->words[u->word_count - 1].end_samples > u->samples + FORGOT_SAMPLES;
}

/* No more audio will come for it, and it is not said to be done. */
void utterance_broken_off(struct call *call, struct utterance *u, bool died)
{
	unsigned int n = made_words(call, u);
	unsigned int last = died || lacks_sound(call, u) ? n : u->word_count; /* a voice that only forgot its end is believed more */

	if (last && last == u->word_count && utterance_skip_space(call, u->text, u->words[last - 1].text_end) + 1 >= u->text.len) {
		trim(call, u); /* all words are there: only the end was not told */
		if (u->played >= u->samples)
			utterance_finish(call, u, false);
		return;
	}
	if (!guarded(call, GUARD_P05) && u->state == UTTERANCE_PLAYS) {
		trim(call, u);
		return;
	}
	if (!n || !(u->sent || utterance_heard_words(call, u))) {
		make_again(call, u);
		return;
	}
	if (!queue_room(call, 0) && queue_place(call, u))
		return; /* TIMER_VOICE looks at it again when it is its turn: what was before it has left room for its rest */
	utterance_split(call, u, n);
	if (u->played == u->samples)
		utterance_finish(call, u, false);
}

/* Calls of before have no use for it, and their snapshots nothing of it. */
static void voice_timed(struct call *call, const struct utterance *u)
{
	struct speech *s = &call->speech;

	if (call->settings.turn_budget_ms && !u->samples)
		s->voice_us = num_max(call->now_us - u->made_us, s->voice_us - s->voice_us / 4);
}

void speech_news(struct call *call, const struct call_input *in)
{
	struct utterance *u = queue_find(call, in->utterance);

	if (!u || u->synth_take != in->take || u->done || u->state == UTTERANCE_CUT)
		return;
	if (in->position > u->samples && in->position <= UINT32_MAX) {
		voice_timed(call, u);
		u->samples = (uint32_t)in->position;
		u->audio_us = call->now_us;
		if (u->kind == SAY_ANSWER)
			measure_at(call, AT_AUDIO);
	}
	if (in->word_count >= u->word_count) {
		memcpy(u->words, in->words, in->word_count * sizeof(u->words[0]));
		u->word_count = (uint16_t)in->word_count;
		u->exact = in->exact;
	}
	u->done = in->kind == SPEECH_DONE;
	if (u->done && !u->samples)
		make_again(call, u); /* the end of nothing */
	else if (u->done && u->played >= u->samples)
		utterance_finish(call, u, false);
}

void speech_failed(struct call *call, const struct call_input *in)
{
	struct utterance *u = queue_find(call, in->utterance);

	if (!u || u->synth_take != in->take || u->done || u->state == UTTERANCE_CUT)
		return;
	utterance_broken_off(call, u, true);
}

/* ------------------------------------------------------------------ marks */

void speech_sent(struct call *call, const struct call_input *in)
{
	struct utterance *u = queue_find(call, in->utterance);

	if (!u || u->state != UTTERANCE_PLAYS || u->take != in->take || in->position > UINT32_MAX)
		return;
	if (u->sent)
		sent_on(call, u);
	u->sent = true;
	u->sent_us = call->now_us;
	u->sent_at = (uint32_t)in->position;
	u->play_tries = 0;
	quiet_said(call);
	if (u->kind == SAY_ANSWER)
		measure_at(call, AT_SENT);
}

/* When the carrier, which was given one second a second, has played up to here. */
uint64_t utterance_sent_us(const struct utterance *u, uint32_t samples)
{
	return u->sent_us + samples_us(num_over(samples, u->sent_at));
}

/* When a mark behind `samples` would come at the soonest, had its audio been played. */
static uint64_t mark_soonest(const struct call *call, const struct utterance *u, uint32_t samples)
{
	uint64_t lag = num_over(call->speech.lag_us, 1);
	uint64_t sent = utterance_sent_us(u, samples) + lag;
	uint64_t anchor = u->anchored ? u->anchor_us + samples_us(num_over(samples, u->anchor)) : 0;
	uint64_t bound = u->bound_us && !u->anchored ? u->bound_us + samples_us(samples - u->from) : 0;

	return num_max(num_max(sent, anchor), bound);
}

/* Does this mark prove that its audio was played? After a clear, only when it comes no sooner than that could be. */
static bool mark_holds(const struct call *call, const struct utterance *u, uint32_t samples)
{
	if (!u->cleared)
		return true;
	if (!u->anchored && !call->speech.lag_us)
		return false;
	return call->now_us >= mark_soonest(call, u, samples);
}

/* What was sent before the voice ran dry and sending began again teaches nothing: nobody knows when that was. */
static void lag_learn(struct call *call, const struct utterance *u, uint32_t samples)
{
	uint64_t lag = num_over(call->now_us, utterance_sent_us(u, samples)) + 1;

	if (samples <= u->sent_at)
		return;
	call->speech.lag_us = call->speech.lag_us ? num_min(lag, call->speech.lag_us) : lag;
}

static void played_take(struct call *call, struct utterance *u, uint32_t samples)
{
	if (!u->anchored && queue_place(call, u) == 0)
		lag_learn(call, u, samples);
	u->anchored = true;
	u->anchor = samples;
	u->anchor_us = call->now_us;
	u->played = num_max32(u->played, samples);
}

/* A mark that was on its way when the utterance was cut. */
static void late_mark(struct call *call, struct utterance *u, uint32_t samples)
{
	uint32_t before = utterance_heard_bytes(call, u);

	u->played = num_max32(u->played, samples);
	if (utterance_heard_bytes(call, u) == before)
		return;
	item_set(call, u, utterance_heard_bytes(call, u));
	note_heard(call, u, true);
	again_heard(call, u);
}

void speech_played(struct call *call, const struct call_input *in)
{
	struct utterance *u = queue_find(call, in->utterance);
	uint32_t samples;

	if (!u || u->take != in->take || !u->sent || in->position <= u->from)
		return;
	samples = (uint32_t)num_min(in->position, u->samples);
	if (!mark_holds(call, u, samples))
		return;
	if (u->state == UTTERANCE_CUT) {
		late_mark(call, u, samples);
		return;
	}
	if (samples > u->played)
		quiet_said(call);
	played_take(call, u, samples);
	if (u->kind == SAY_ANSWER)
		measure_at(call, AT_PLAYED);
	if (u->done && u->played >= u->samples)
		utterance_finish(call, u, false);
}

/* From here on marks come back unplayed: what is queued gets the time before which it cannot have been played. */
void utterance_clear_marks(struct call *call)
{
	struct utterance *u;
	uint64_t bound = 0;
	unsigned int i;

	for (i = 0; (u = queue_at(call, i)); i++) {
		u->cleared = true;
		u->bound_us = num_max(u->bound_us, bound);
		bound = mark_soonest(call, u, u->samples);
	}
}
