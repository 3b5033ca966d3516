/* What the agent says: every utterance from text to what was heard.
 *
 *   WAITS ──speech_advance: few enough ahead──► MADE ──audio there, released, floor free──► PLAYS ──all marks──► free
 *     ▲            OUT_SPEAK                      │ ▲            OUT_PLAY                      │
 *     │                                           │ └── again, other take ── audio late ───────┤ (make_again, split)
 *     └──── speech_drop: yield ──► CUT (a second for marks on their way) ──► free ◄────────────┘
 *
 * Heard: a word is heard when a mark says that its last sample was played. After a clear the carrier returns every mark that
 * was queued; such a mark counts only if it comes no sooner than its audio could have been played (played_take). History
 * items follow: an utterance in work stands there with its whole text, a cut one with what was heard.
 *
 * A voice that dies: before any of its audio was sent, the whole text goes to a new stream; later, the utterance is split
 * behind the last whole word there is audio for, and the rest becomes an utterance of its own (split).
 */
#include "voice/call_state.h"
#include "voice/pieces.h"

#include <assert.h>
#include <string.h>

enum { CUT_KEEP_US = 1000000, CHARS_A_SECOND = 14, PLAY_TRIES = 2, ESTIMATE_PART = 8 };

static uint64_t samples_us(uint64_t samples)
{
	return samples * 1000000 / CALL_RATE_HZ;
}

/* ------------------------------------------------------------------ the queue */

static struct utterance *at_order(struct call *call, unsigned int i)
{
	return &call->speech.slots[call->speech.order[i]];
}

static const struct utterance *head(const struct call *call)
{
	return call->speech.count ? &call->speech.slots[call->speech.order[0]] : NULL;
}

static struct utterance *find(struct call *call, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		if (call->speech.slots[i].state && call->speech.slots[i].id == id)
			return &call->speech.slots[i];
	return NULL;
}

static int free_slot(struct call *call)
{
	unsigned int i;
	int oldest = -1;

	for (i = 0; i < UTTERANCES_MAX; i++) {
		struct utterance *u = &call->speech.slots[i];

		if (u->state == UTTERANCE_FREE)
			return (int)i;
		if (u->state == UTTERANCE_CUT && (oldest < 0 || u->cut_us < call->speech.slots[oldest].cut_us))
			oldest = (int)i;
	}
	return oldest;
}

static bool room(const struct call *call)
{
	return call->speech.count < UTTERANCES_MAX;
}

static void order_insert(struct call *call, unsigned int at, int slot)
{
	struct speech *s = &call->speech;

	assert(s->count < UTTERANCES_MAX && at <= s->count);
	memmove(&s->order[at + 1], &s->order[at], s->count - at);
	s->order[at] = (uint8_t)slot;
	s->count++;
}

static void order_remove(struct call *call, unsigned int at)
{
	struct speech *s = &call->speech;

	memmove(&s->order[at], &s->order[at + 1], (size_t)s->count - at - 1);
	s->count--;
}

static struct utterance *add(struct call *call, unsigned int at, enum utterance_kind kind, struct text text, uint32_t item)
{
	int slot = free_slot(call);
	struct utterance *u;

	assert(slot >= 0);
	u = &call->speech.slots[slot];
	memset(u, 0, offsetof(struct utterance, words));
	u->state = UTTERANCE_WAITS;
	u->kind = kind;
	u->id = ++call->speech.utterances;
	u->turn = call->dialogue.turn;
	u->text = text;
	u->item = item;
	order_insert(call, at, slot);
	return u;
}

static unsigned int place(const struct call *call, const struct utterance *u)
{
	unsigned int i = 0;

	while (i < call->speech.count && &call->speech.slots[call->speech.order[i]] != u)
		i++;
	assert(i < call->speech.count);
	return i;
}

void speech_item_moved(struct call *call, uint32_t from)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		if (call->speech.slots[i].state && call->speech.slots[i].item >= from)
			call->speech.slots[i].item++;
}

void speech_item_gone(struct call *call, uint32_t at)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		if (call->speech.slots[i].state && call->speech.slots[i].item > at)
			call->speech.slots[i].item--;
}

uint32_t speech_oldest_item(const struct call *call)
{
	uint32_t oldest = UINT32_MAX;
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		if (call->speech.slots[i].state && call->speech.slots[i].item < oldest)
			oldest = call->speech.slots[i].item;
	return oldest;
}

void speech_items_forgotten(struct call *call, uint32_t count)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		if (call->speech.slots[i].state)
			call->speech.slots[i].item -= count;
}

void speech_say(struct call *call, enum utterance_kind kind, const char *text, size_t len, bool whole)
{
	struct text kept;
	struct utterance *u;
	uint32_t item;

	if (!len || !room(call))
		return;
	kept = call_keep(call, text, len);
	item = history_agent(call, kept, kind == SAY_FILLER);
	if (call->err)
		return;
	u = add(call, call->speech.count, kind, kept, item);
	u->whole = whole;
}

/* The next phrase of a list: never the same twice running while there are two. */
void speech_phrase(struct call *call, enum utterance_kind kind, const struct brief_phrases *phrases, uint8_t *turn)
{
	const char *text;

	if (!phrases->count)
		return;
	text = phrases->text[*turn % phrases->count];
	*turn = (uint8_t)((*turn + 1) % phrases->count);
	speech_say(call, kind, text, strlen(text), false);
}

/* ------------------------------------------------------------------ text into utterances */

void speech_cut(struct call *call, bool flush)
{
	struct gen *g = &call->dialogue.gen;
	const char *text = (const char *)g->answer.data;

	while (g->cut < g->answer.len && room(call)) {
		bool last = call->speech.count == UTTERANCES_MAX - 1;
		struct piece piece = pieces_next(text + g->cut, g->answer.len - g->cut, !g->spoke, flush, flush && last);

		if (!piece.taken)
			return;
		if (piece.len) {
			uint32_t before = call->speech.count;

			speech_say(call, SAY_ANSWER, text + g->cut + piece.from, piece.len, false);
			if (call->speech.count == before)
				return;
			at_order(call, call->speech.count - 1u)->gen = g->id;
			g->spoke = true;
			measure_at(call, AT_SPEAKABLE);
		}
		g->cut += (uint32_t)piece.taken;
	}
}

void speech_released(struct call *call, uint32_t gen)
{
	unsigned int i;

	for (i = 0; i < call->speech.count; i++)
		if (at_order(call, i)->gen == gen)
			at_order(call, i)->turn = call->dialogue.turn;
}

/* ------------------------------------------------------------------ heard */

/* Where a word surely has ended. An estimate is off by a little, and by more the longer the utterance has gone on. */
static uint64_t word_end(const struct call *call, const struct utterance *u, unsigned int word)
{
	uint64_t end = u->words[word].end_samples;
	uint64_t margin = (uint64_t)call->settings.tts_margin_ms * CALL_RATE_HZ / 1000;

	if (u->exact)
		return end;
	return end + (end / ESTIMATE_PART > margin ? end / ESTIMATE_PART : margin);
}

/* Samples that must have been played for a word to be heard. */
static uint64_t word_due(const struct call *call, const struct utterance *u, unsigned int word)
{
	uint64_t due = word_end(call, u, word);

	return u->done && due > u->samples ? u->samples : due;
}

/* Words heard so far. */
static unsigned int heard_words(const struct call *call, const struct utterance *u)
{
	unsigned int n = 0;

	while (n < u->word_count && word_due(call, u, n) <= u->played)
		n++;
	return n;
}

static uint32_t heard_bytes(const struct call *call, const struct utterance *u)
{
	unsigned int n = heard_words(call, u);
	uint32_t end;

	if (u->done && u->samples && u->played >= u->samples)
		return u->text.len;
	end = n ? u->words[n - 1].text_end : 0;
	return end > u->text.len ? u->text.len : end;
}

/* Where a held utterance goes on: behind the last word heard. */
static uint32_t heard_samples(const struct call *call, const struct utterance *u)
{
	unsigned int n = heard_words(call, u);
	uint32_t end = n ? u->words[n - 1].end_samples : 0;

	return end > u->samples ? u->samples : end; /* a voice may tell of words before it gives their sound */
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
	uint32_t bytes = cut ? heard_bytes(call, u) : u->text.len;

	call_note_text(call, NOTE_HEARD, u->id, cut, (struct text){ u->text.at, bytes });
	call->outputs[call->output_count - 1].turn = u->turn;
}

/* ------------------------------------------------------------------ clocks of the head */

static void clocks(struct call *call)
{
	const struct utterance *u = head(call);

	timer_stop(call, TIMER_VOICE);
	timer_stop(call, TIMER_PLAY);
	timer_stop(call, TIMER_MARK);
	if (!u || call->quiet.lost || !guarded(call, GUARD_P13))
		return;
	if (u->state != UTTERANCE_WAITS && !u->done) {
		uint64_t dry = u->sent ? u->sent_us + samples_us(u->samples > u->sent_at ? u->samples - u->sent_at : 0) : 0;
		uint64_t since = u->audio_us > dry ? u->audio_us : dry;

		if (!u->samples)
			timer_set(call, TIMER_VOICE, u->made_us + (uint64_t)call->settings.tts_first_ms * 1000);
		else
			timer_set(call, TIMER_VOICE, since + (uint64_t)call->settings.tts_gap_ms * 1000);
	}
	if (u->state != UTTERANCE_PLAYS || call->speech.held)
		return;
	if (!u->sent)
		timer_set(call, TIMER_PLAY, u->play_us + (uint64_t)call->settings.play_start_ms * 1000);
	else if (u->done)
		timer_set(call, TIMER_MARK, u->sent_us + samples_us(u->samples > u->sent_at ? u->samples - u->sent_at : 0) + (uint64_t)call->settings.play_mark_ms * 1000);
}

/* A question of the agent's own says what kind of answer to expect. */
static void expect(struct call *call, const struct utterance *u)
{
	struct words_expect e = words_expect(call_text(call, u->text), u->text.len);

	if ((u->kind == SAY_ANSWER || u->kind == SAY_GREETING) && e.kind != EXPECT_ANY)
		call->listen.expect = e;
}

static void play(struct call *call, struct utterance *u, uint32_t from)
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

/* ------------------------------------------------------------------ making */

static void make(struct call *call, struct utterance *u)
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
	out->text = call_text(call, u->text);
	out->text_len = u->text.len;
}

static void unspeak(struct call *call, const struct utterance *u)
{
	if (u->state != UTTERANCE_WAITS)
		call_put(call, OUT_UNSPEAK)->utterance = u->id;
}

/* The head, or any other, is over; history keeps what was heard of it. */
static void finish(struct call *call, struct utterance *u, bool cut)
{
	unsigned int at = place(call, u);

	note_heard(call, u, cut);
	item_set(call, u, cut ? heard_bytes(call, u) : u->text.len);
	unspeak(call, u);
	u->state = UTTERANCE_FREE;
	order_remove(call, at);
	if (call->speech.count && !at && !cut) {
		at_order(call, 0)->bound_us = call->now_us;
		at_order(call, 0)->play_us = call->now_us;
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
	unsigned int i;

	if (u->state != UTTERANCE_PLAYS || !u->sent || call->speech.held)
		return;
	call_put(call, OUT_HOLD);
	for (i = 0; i < call->speech.count && at_order(call, i) != u; i++)
		play(call, at_order(call, i), heard_samples(call, at_order(call, i)));
}

static void give_up(struct call *call, struct utterance *u, enum retry_what what)
{
	bool answer = u->kind == SAY_ANSWER;

	call_note(call, NOTE_FAILED, what, u->id);
	take_back(call, u);
	finish(call, u, true);
	if (answer)
		call->dialogue.failures++;
	if (call->dialogue.failures >= (uint32_t)call->settings.call_failures)
		quiet_end(call, END_FAILED, false, false);
}

static void make_again(struct call *call, struct utterance *u)
{
	if (u->attempts >= (uint32_t)call->settings.tts_attempts) {
		give_up(call, u, RETRY_VOICE);
		return;
	}
	call_note(call, NOTE_RETRY, RETRY_VOICE, u->attempts + 1);
	take_back(call, u);
	call_put(call, OUT_UNSPEAK)->utterance = u->id;
	make(call, u);
}

/* Words there is whole audio for. */
static unsigned int made_words(const struct call *call, const struct utterance *u)
{
	unsigned int n = 0;

	while (n < u->word_count && word_end(call, u, n) <= u->samples)
		n++;
	return n;
}

static uint32_t skip_space(const struct call *call, struct text text, uint32_t from)
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
static void split(struct call *call, struct utterance *u, unsigned int n)
{
	uint32_t end = u->words[n - 1].text_end > u->text.len ? u->text.len : u->words[n - 1].text_end;
	uint32_t from = skip_space(call, u->text, end);
	struct text rest = { u->text.at + from, u->text.len - from };
	struct item item = call->dialogue.items[u->item];
	struct utterance *next;
	uint32_t attempts = u->attempts, gen = u->gen, turn = u->turn;

	u->text.len = end;
	u->samples = word_end(call, u, n - 1) < u->samples ? (uint32_t)word_end(call, u, n - 1) : u->samples;
	u->played = u->played < u->samples ? u->played : u->samples;
	u->from = u->from < u->samples ? u->from : u->samples;
	u->word_count = (uint16_t)n;
	trim(call, u);
	item_set(call, u, end);
	if (!rest.len || !room(call) || !guarded(call, GUARD_P05))
		return;
	item.text = rest;
	next = add(call, place(call, u) + 1, u->kind, rest, history_insert(call, u->item + 1, &item));
	next->attempts = attempts;
	next->gen = gen;
	next->turn = turn;
	next->whole = u->whole;
	call_note(call, NOTE_RETRY, RETRY_VOICE, attempts + 1);
}

/* No more audio will come for it, and it is not said to be done. */
static void broken_off(struct call *call, struct utterance *u, bool died)
{
	unsigned int n = made_words(call, u);
	unsigned int last = died ? n : u->word_count; /* a voice that only forgot its end is believed more */

	if (last && last == u->word_count && skip_space(call, u->text, u->words[last - 1].text_end) + 1 >= u->text.len) {
		trim(call, u); /* all words are there: only the end was not told */
		if (u->played >= u->samples)
			finish(call, u, false);
		return;
	}
	if (!guarded(call, GUARD_P05) && u->state == UTTERANCE_PLAYS) {
		trim(call, u);
		return;
	}
	if (!n || !(u->sent || heard_words(call, u))) {
		make_again(call, u);
		return;
	}
	split(call, u, n);
	if (u->played == u->samples)
		finish(call, u, false);
}

void speech_news(struct call *call, const struct call_input *in)
{
	struct utterance *u = find(call, in->utterance);

	if (!u || u->synth_take != in->take || u->done || u->state == UTTERANCE_CUT)
		return;
	if (in->position > u->samples && in->position <= UINT32_MAX) {
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
		finish(call, u, false);
}

void speech_failed(struct call *call, const struct call_input *in)
{
	struct utterance *u = find(call, in->utterance);

	if (!u || u->synth_take != in->take || u->done || u->state == UTTERANCE_CUT)
		return;
	broken_off(call, u, true);
}

/* ------------------------------------------------------------------ playing */

void speech_sent(struct call *call, const struct call_input *in)
{
	struct utterance *u = find(call, in->utterance);

	if (!u || u->state != UTTERANCE_PLAYS || u->take != in->take || in->position > UINT32_MAX)
		return;
	u->sent = true;
	u->sent_us = call->now_us;
	u->sent_at = (uint32_t)in->position;
	u->play_tries = 0;
	if (u->kind == SAY_ANSWER)
		measure_at(call, AT_SENT);
}

/* When a mark behind `samples` would come at the soonest, had its audio been played. */
static uint64_t mark_soonest(const struct call *call, const struct utterance *u, uint32_t samples)
{
	uint64_t lag = call->speech.lag_us ? call->speech.lag_us - 1 : 0;
	uint64_t sent = u->sent_us + lag + samples_us(samples > u->sent_at ? samples - u->sent_at : 0);
	uint64_t anchor = u->anchored ? u->anchor_us + samples_us(samples > u->anchor ? samples - u->anchor : 0) : 0;
	uint64_t bound = u->bound_us && !u->anchored ? u->bound_us + samples_us(samples - u->from) : 0;
	uint64_t soonest = sent > anchor ? sent : anchor;

	return soonest > bound ? soonest : bound;
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

static void lag_learn(struct call *call, const struct utterance *u, uint32_t samples)
{
	uint64_t way = u->sent_us + samples_us(samples > u->sent_at ? samples - u->sent_at : 0);
	uint64_t lag = call->now_us > way ? call->now_us - way + 1 : 1;

	if (!call->speech.lag_us || lag < call->speech.lag_us)
		call->speech.lag_us = lag;
}

static void played_take(struct call *call, struct utterance *u, uint32_t samples)
{
	if (!u->anchored && !u->cleared && place(call, u) == 0)
		lag_learn(call, u, samples);
	u->anchored = true;
	u->anchor = samples;
	u->anchor_us = call->now_us;
	if (samples > u->played)
		u->played = samples;
}

/* A mark that was on its way when the utterance was cut. */
static void late_mark(struct call *call, struct utterance *u, uint32_t samples)
{
	uint32_t before = heard_bytes(call, u);

	if (samples > u->played)
		u->played = samples;
	if (heard_bytes(call, u) == before)
		return;
	item_set(call, u, heard_bytes(call, u));
	note_heard(call, u, true);
}

void speech_played(struct call *call, const struct call_input *in)
{
	struct utterance *u = find(call, in->utterance);
	uint32_t samples;

	if (!u || u->take != in->take || !u->sent || in->position <= u->from)
		return;
	samples = in->position > u->samples ? u->samples : (uint32_t)in->position;
	if (!mark_holds(call, u, samples))
		return;
	if (u->state == UTTERANCE_CUT) {
		late_mark(call, u, samples);
		return;
	}
	played_take(call, u, samples);
	if (u->kind == SAY_ANSWER)
		measure_at(call, AT_PLAYED);
	if (u->done && u->played >= u->samples)
		finish(call, u, false);
}

/* ------------------------------------------------------------------ hold, resume, drop */

/* From here on marks come back unplayed: what is queued gets the time before which it cannot have been played. */
static void clear_marks(struct call *call)
{
	uint64_t bound = 0;
	unsigned int i;

	for (i = 0; i < call->speech.count; i++) {
		struct utterance *u = at_order(call, i);

		if (u->state != UTTERANCE_PLAYS || u->cleared)
			continue;
		u->cleared = true;
		if (bound > u->bound_us)
			u->bound_us = bound;
		bound = mark_soonest(call, u, u->samples);
	}
}

void speech_hold(struct call *call)
{
	call->speech.held = true;
	call->speech.held_us = call->now_us;
	if (guarded(call, GUARD_P08))
		call_put(call, OUT_HOLD);
	clear_marks(call);
}

void speech_resume(struct call *call)
{
	unsigned int i;

	call->speech.held = false;
	timer_stop(call, TIMER_RESUME);
	call_note(call, NOTE_RESUME, speech_head(call), 0);
	if (call->speech.count)
		call->outputs[call->output_count - 1].position = heard_samples(call, at_order(call, 0));
	for (i = 0; i < call->speech.count; i++) {
		struct utterance *u = at_order(call, i);

		if (u->state == UTTERANCE_PLAYS)
			play(call, u, heard_samples(call, u));
	}
}

static bool is_playing(const struct call *call)
{
	const struct utterance *u = head(call);

	return u && u->state == UTTERANCE_PLAYS && !call->speech.held;
}

void speech_drop(struct call *call)
{
	bool clear = is_playing(call) && guarded(call, GUARD_P08);

	if (clear)
		call_put(call, OUT_HOLD);
	clear_marks(call);
	while (call->speech.count) {
		struct utterance *u = at_order(call, 0);
		bool sent = u->state == UTTERANCE_PLAYS && u->sent;

		finish(call, u, true);
		if (!sent)
			continue;
		u->state = UTTERANCE_CUT;
		u->cut_us = call->now_us;
	}
	call->speech.held = false;
	timer_stop(call, TIMER_RESUME);
}

void speech_drop_gen(struct call *call, uint32_t gen)
{
	unsigned int i = call->speech.count;

	while (i-- > 0) {
		struct utterance *u = at_order(call, i);

		if (u->gen != gen || u->kind != SAY_ANSWER)
			continue;
		unspeak(call, u);
		u->state = UTTERANCE_FREE;
		order_remove(call, i);
		history_remove(call, u->item);
	}
	if (!call->speech.count)
		call->speech.held = false;
}

/* ------------------------------------------------------------------ the mouth, step by step */

static bool released(const struct call *call, const struct utterance *u)
{
	const struct gen *g = &call->dialogue.gen;

	return !(g->state != GEN_NONE && g->ahead && u->kind == SAY_ANSWER && u->gen == g->id);
}

static void make_ahead(struct call *call)
{
	int64_t allowed = 1 + call->settings.tts_ahead;
	unsigned int i;

	for (i = 0; i < call->speech.count; i++) {
		struct utterance *u = at_order(call, i);

		if (!released(call, u) && i > 0)
			return; /* of an answer that may be thrown away, one utterance is enough */
		if (u->state == UTTERANCE_WAITS && allowed > 0)
			make(call, u);
		allowed--;
	}
}

static void cuts_forget(struct call *call)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++) {
		struct utterance *u = &call->speech.slots[i];

		if (u->state == UTTERANCE_CUT && call->now_us >= u->cut_us + CUT_KEEP_US)
			u->state = UTTERANCE_FREE;
	}
}

/* What is ready goes to the carrier; if the caller is just speaking it waits, held, as if it had begun. */
static void play_ready(struct call *call)
{
	unsigned int i;

	for (i = 0; i < call->speech.count; i++) {
		struct utterance *u = at_order(call, i);

		if (u->state == UTTERANCE_WAITS || !u->samples || !released(call, u))
			return;
		if (u->state == UTTERANCE_MADE && floor_caller(call) && !u->whole) {
			call->speech.held = true;
			call->speech.held_us = call->now_us;
			timer_set(call, TIMER_RESUME, call->ear.last_voice_us + (uint64_t)call->settings.barge_resume_ms * 1000);
			return;
		}
		if (u->state == UTTERANCE_MADE)
			play(call, u, 0);
		if (!u->done)
			return;
	}
}

void speech_advance(struct call *call)
{
	const struct gen *g = &call->dialogue.gen;

	cuts_forget(call);
	if (g->state == GEN_TEXT || g->state == GEN_DONE)
		speech_cut(call, g->state == GEN_DONE);
	make_ahead(call);
	if (call->quiet.started && !call->speech.held && !call->quiet.lost)
		play_ready(call);
	clocks(call);
}

static void play_late(struct call *call, struct utterance *u)
{
	if (++u->play_tries >= PLAY_TRIES) {
		give_up(call, u, RETRY_PLAY);
		return;
	}
	call_note(call, NOTE_RETRY, RETRY_PLAY, u->play_tries + 1);
	play(call, u, heard_samples(call, u));
}

void speech_timer(struct call *call, enum timer timer)
{
	struct utterance *u;

	if (!call->speech.count)
		return;
	u = at_order(call, 0);
	if (timer == TIMER_VOICE)
		broken_off(call, u, false);
	else if (timer == TIMER_PLAY)
		play_late(call, u);
	else
		finish(call, u, true); /* nobody says that it was played: what was proven counts */
}

/* The audio was the old worker's. What was not heard is made anew. */
void speech_attached(struct call *call)
{
	unsigned int i = 0;

	call->speech.held = false;
	while (i < call->speech.count) {
		struct utterance *u = at_order(call, i);
		uint32_t heard = skip_space(call, u->text, heard_bytes(call, u));
		unsigned int words = heard_words(call, u);

		if (heard == u->text.len) {
			finish(call, u, false);
			continue;
		}
		if (u->state != UTTERANCE_WAITS && words) {
			split(call, u, words);
			finish(call, u, false);
			continue;
		}
		unspeak(call, u);
		u->state = UTTERANCE_WAITS;
		u->played = 0;
		u->samples = 0;
		u->word_count = 0;
		u->done = false;
		u->sent = false;
		i++;
	}
}

bool speech_unreleased(const struct call *call)
{
	const struct utterance *u = head(call);

	return u && !released(call, u);
}

uint32_t speech_head(const struct call *call)
{
	return call->speech.count ? head(call)->id : 0;
}

bool speech_idle(const struct call *call)
{
	return !call->speech.count;
}

bool speech_audible(const struct call *call)
{
	const struct utterance *u = head(call);

	return u && u->state == UTTERANCE_PLAYS && !call->speech.held;
}

bool speech_begun(const struct call *call)
{
	const struct utterance *u = head(call);

	return u && u->sent;
}

bool speech_whole(const struct call *call)
{
	const struct utterance *u = head(call);

	return u && u->whole;
}

static uint64_t spoken_us(uint32_t chars)
{
	return (uint64_t)chars * 1000000 / CHARS_A_SECOND;
}

uint64_t speech_left_us(const struct call *call)
{
	uint64_t left = 0;
	unsigned int i;

	for (i = 0; i < call->speech.count; i++) {
		const struct utterance *u = &call->speech.slots[call->speech.order[i]];
		uint32_t played = u->played > u->from ? u->played : u->from;
		uint64_t known = u->samples > played ? samples_us(u->samples - played) : 0;
		uint64_t guess = u->done ? 0 : spoken_us(u->text.len);

		left += known > guess ? known : guess;
	}
	if (call->dialogue.gen.state == GEN_ASKED || call->dialogue.gen.state == GEN_TEXT)
		left += 1000000; /* more is on its way */
	return left;
}
