/* What the agent says: the queue of utterances, from text to what was heard.
 *
 *   ┌──────┐   a   ┌───────┐   b   ┌──────┐   c   ┌───────┐       g, h, i        ┌──────┐
 *   │ FREE │ ────► │ WAITS │ ────► │ MADE │ ────► │ PLAYS │ ───────────────────► │ FREE │
 *   └──────┘       │       │ ◄──── │      │ ◄──── │       │   i   ┌─────┐   l    │      │
 *                  │       │   k   │      │   e   │       │ ────► │ CUT │ ─────► │      │
 *                  └───────┘       └──────┘       └───────┘       └─────┘        └──────┘
 *                    │  ▲           │  └─┘ e       │  └─┘ d, f                     ▲
 *                    │  └───────────┼────── k ─────┘                               │
 *                    └──── i, j ────┴────── h, i, j ───────────────────────────────┘
 *
 *   a  text becomes an utterance                      speech_say: queue_add; the rest of one that was split: f
 *   b  few enough are ahead: OUT_SPEAK                speech_advance: make_ahead: utterance_make
 *   c  audio there, released, floor free: OUT_PLAY    speech_advance: play_ready: utterance_play (else it waits; held, if it is next)
 *   d  played again, from the last word heard         speech_resume, speech_timer: play_late, take_back (utterance.c); all: utterance_play
 *   e  its voice died before any was sent, or ended   utterance_broken_off, speech_news; both: make_again: utterance_make
 *      without a sound: made again (utterance.c)
 *   f  its voice died later: what there is stays,     utterance_broken_off, speech_attached; both: utterance_split: queue_add
 *      the rest is a new one, in WAITS
 *   g  all is played, or nobody says so in time       speech_played, speech_news, utterance_broken_off, speech_attached,
 *                                                     speech_timer (TIMER_MARK); all: utterance_finish
 *   h  no attempt is left                             make_again, play_late; both: utterance_give_up: utterance_finish; of a disclosure
 *                                                     the rest is made again, as in k, while the call may go on
 *   i  the floor was taken, the call ends · what it   speech_drop · speech_drop_waits · stale_advance (stale.c); all: queue_cut:
 *      fills is over · a result contradicts it        utterance_finish, from WAITS too; CUT if any was sent
 *   j  its answer, asked ahead, is thrown away        speech_drop_gen
 *   k  the audio was a dead worker's                  speech_attached; what was heard of it: f, or utterance_behead (utterance.c)
 *   l  a second for marks on their way (late_mark,    speech_advance: cuts_forget; queue_add: free_slot, when it needs the room
 *      utterance.c) is over
 * Hold stops the queue, not an utterance: speech_hold and speech_resume.
 *
 * Here: who stands in the queue and in which order, text cut into utterances, whose turn it is, hold, resume and drop, the
 * clocks of the head. What becomes of a single utterance (made, played, marked, its voice dies) is utterance.c's.
 */
#include "voice/pieces.h"
#include "voice/utterance.h"

#include <assert.h>
#include <string.h>

enum {
	CUT_KEEP_US = 1000000, CHARS_A_SECOND = 14, PLAY_TRIES = 2,
	ANSWER_SPARE = 2, /* an answer leaves room for a phrase, */
	SAY_SPARE = 1     /* and everything leaves room for the rest of an utterance whose voice dies */
};

/* ------------------------------------------------------------------ the queue */

static const struct utterance *look_at(const struct call *call, unsigned int i)
{
	return i < call->speech.count ? &call->speech.slots[call->speech.order[i]] : NULL;
}

/* What is being said, or is next. */
static const struct utterance *head(const struct call *call)
{
	return look_at(call, 0);
}

struct utterance *queue_at(struct call *call, unsigned int i)
{
	return (struct utterance *)look_at(call, i);
}

struct utterance *queue_find(struct call *call, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		if (call->speech.slots[i].state && call->speech.slots[i].id == id)
			return &call->speech.slots[i];
	return NULL;
}

const char *call_utterance(const struct call *call, uint32_t utterance, size_t *len)
{
	const struct utterance *u = queue_find((struct call *)call, utterance);

	*len = u ? u->text.len : 0;
	return u ? call_text(call, u->text) : "";
}

/* The one that was cut first makes room. */
static unsigned int free_slot(const struct call *call)
{
	const struct utterance *oldest = NULL;
	unsigned int i, slot = UTTERANCES_MAX;

	for (i = 0; i < UTTERANCES_MAX; i++) {
		const struct utterance *u = &call->speech.slots[i];

		if (u->state == UTTERANCE_FREE)
			return i;
		if (u->state != UTTERANCE_CUT || (oldest && oldest->cut_us <= u->cut_us))
			continue;
		oldest = u;
		slot = i;
	}
	return slot;
}

bool queue_room(const struct call *call, unsigned int spare)
{
	return call->speech.count + spare < UTTERANCES_MAX;
}

static void order_insert(struct call *call, unsigned int at, unsigned int slot)
{
	struct speech *s = &call->speech;

	assert(s->count < UTTERANCES_MAX && at <= s->count);
	memmove(&s->order[at + 1], &s->order[at], s->count - at);
	s->order[at] = (uint8_t)slot;
	s->count++;
}

void queue_remove(struct call *call, unsigned int at)
{
	struct speech *s = &call->speech;

	memmove(&s->order[at], &s->order[at + 1], (size_t)s->count - at - 1);
	s->count--;
}

struct utterance *queue_add(struct call *call, unsigned int at, enum utterance_kind kind, struct text text, uint32_t item)
{
	unsigned int slot = free_slot(call);
	struct utterance *u;

	assert(slot < UTTERANCES_MAX);
	u = &call->speech.slots[slot];
	memset(u, 0, offsetof(struct utterance, words));
	u->state = UTTERANCE_WAITS;
	u->kind = kind;
	u->id = ++call->speech.utterances;
	u->turn = call->dialogue.turn;
	u->text = text;
	u->item = item;
	u->tongue = call->dialogue.tongue;
	order_insert(call, at, slot);
	return u;
}

unsigned int queue_place(const struct call *call, const struct utterance *u)
{
	unsigned int i = 0;

	for (; look_at(call, i) != u; i++)
		assert(i < call->speech.count);
	return i;
}

void speech_item_moved(struct call *call, uint32_t from)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		call->speech.slots[i].item += call->speech.slots[i].item >= from; /* here and below free ones too: nobody reads theirs */
}

void speech_item_gone(struct call *call, uint32_t at)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		call->speech.slots[i].item -= call->speech.slots[i].item > at;
}

uint32_t speech_oldest_item(const struct call *call)
{
	uint32_t oldest = UINT32_MAX;
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		if (call->speech.slots[i].state)
			oldest = num_min32(oldest, call->speech.slots[i].item);
	return oldest;
}

void speech_items_forgotten(struct call *call, uint32_t count)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		call->speech.slots[i].item -= count;
}

void speech_say(struct call *call, enum utterance_kind kind, const char *text, size_t len, bool whole)
{
	struct text kept;
	struct utterance *u;
	uint32_t item;

	if (!len || !queue_room(call, SAY_SPARE))
		return;
	kept = call_keep(call, text, len);
	item = history_agent(call, kept, kind == SAY_FILLER || kind == SAY_KEYS);
	if (call->err)
		return;
	u = queue_add(call, call->speech.count, kind, kept, item);
	u->whole = whole;
}

/* Whatever answers is often talking, a menu: it does not keep them from being sent. */
bool speech_keys(struct call *call, const char *keys, size_t len)
{
	static const char told[] = "[keys sent]";
	uint32_t before = call->speech.count;
	struct utterance *u;

	speech_say(call, SAY_KEYS, told, sizeof(told) - 1, true);
	if (call->speech.count == before)
		return false;
	u = queue_at(call, before);
	u->keys = call_keep(call, keys, len);
	return true;
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

	while (g->cut < g->answer.len && queue_room(call, ANSWER_SPARE)) {
		bool last = !queue_room(call, ANSWER_SPARE + 1);
		struct piece piece = pieces_next(text + g->cut, g->answer.len - g->cut, !g->spoke, flush, flush && last);

		if (!piece.taken)
			return;
		if (piece.len) {
			uint32_t before = call->speech.count;

			speech_say(call, SAY_ANSWER, text + g->cut + piece.from, piece.len, false);
			if (call->speech.count == before)
				return;
			queue_at(call, call->speech.count - 1u)->gen = g->id;
			queue_at(call, call->speech.count - 1u)->stale = g->stale;
			if (!g->spoke)
				dialogue_begun(call);
			g->spoke = true;
			measure_at(call, AT_SPEAKABLE);
		}
		g->cut += (uint32_t)piece.taken;
	}
}

void speech_released(struct call *call, uint32_t gen)
{
	struct utterance *u;
	unsigned int i;

	for (i = 0; (u = queue_at(call, i)); i++)
		if (u->gen == gen)
			u->turn = call->dialogue.turn;
}

/* ------------------------------------------------------------------ clocks of the head */

static void clocks_stop(struct call *call)
{
	timer_stop(call, TIMER_VOICE);
	timer_stop(call, TIMER_PLAY);
	timer_stop(call, TIMER_MARK);
}

static void clock_put(struct call *call, enum timer timer, bool runs, uint64_t from_us, int64_t ms)
{
	if (runs)
		timer_set(call, timer, from_us + (uint64_t)ms * 1000);
	else
		timer_stop(call, timer);
}

/* Only what changes is touched: most steps change nothing. */
static void clocks(struct call *call)
{
	const struct call_settings *s = &call->settings;
	const struct utterance *u = head(call);
	uint64_t sent_us;
	bool plays;

	if (!u || call->quiet.lost || !guarded(call, GUARD_P13)) {
		clocks_stop(call);
		return;
	}
	sent_us = u->sent ? utterance_sent_us(u, u->samples) : 0;
	plays = u->state == UTTERANCE_PLAYS && !call->speech.held;
	if (!u->samples) /* the head is made, at least */
		clock_put(call, TIMER_VOICE, !u->done, u->made_us, s->tts_first_ms);
	else
		clock_put(call, TIMER_VOICE, !u->done, num_max(u->audio_us, sent_us), s->tts_gap_ms);
	clock_put(call, TIMER_PLAY, plays && !u->sent, u->play_us, s->play_start_ms);
	clock_put(call, TIMER_MARK, plays && u->sent && u->done, sent_us, s->play_mark_ms);
}

/* ------------------------------------------------------------------ hold, resume, drop */

void speech_hold(struct call *call)
{
	call->speech.held = true;
	call->speech.held_us = call->now_us;
	if (head(call))
		utterance_held(call, head(call));
	if (guarded(call, GUARD_P08))
		call_put(call, OUT_HOLD);
	utterance_clear_marks(call);
}

void queue_cut(struct call *call, struct utterance *u)
{
	bool sent = u->sent;

	utterance_finish(call, u, true);
	if (!sent)
		return;
	u->state = UTTERANCE_CUT;
	u->cut_us = call->now_us;
	call->speech.none_cut = false;
}

/* A filler for tools, or what a voice that died has left of one. */
static bool is_wait(const struct call *call, const struct utterance *u)
{
	const struct brief_phrases *waits = &call->brief.waits;
	unsigned int i;

	for (i = 0; i < waits->count && u->kind == SAY_FILLER; i++)
		if (memmem(waits->text[i], strlen(waits->text[i]), call_text(call, u->text), u->text.len))
			return true;
	return false;
}

/* What they fill is over, unless a tool has no result yet. */
void speech_drop_waits(struct call *call, bool begun)
{
	unsigned int i = call->speech.count;

	if (call->settings.call_rules < 4 || tools_open(call))
		return;
	while (i-- > 0) {
		struct utterance *u = queue_at(call, i);

		if (is_wait(call, u) && (begun || u->state != UTTERANCE_PLAYS))
			queue_cut(call, u);
	}
}

void speech_resume(struct call *call)
{
	struct utterance *u;
	unsigned int i;

	call->speech.held = false;
	timer_stop(call, TIMER_RESUME);
	call_note(call, NOTE_RESUME, speech_head(call), 0);
	call->outputs[call->output_count - 1].position = utterance_heard_samples(call, head(call)); /* what is held, is something */
	speech_drop_waits(call, true);
	stale_advance(call);
	if (head(call))
		utterance_resumed(call, head(call));
	for (i = 0; (u = queue_at(call, i)); i++)
		if (u->state == UTTERANCE_PLAYS)
			utterance_play(call, u, utterance_heard_samples(call, u));
}

void speech_drop(struct call *call)
{
	bool clear = speech_audible(call) && guarded(call, GUARD_P08);
	struct utterance *u;

	if (clear)
		call_put(call, OUT_HOLD);
	utterance_clear_marks(call);
	while ((u = queue_at(call, 0)))
		queue_cut(call, u);
	call->speech.held = false;
	timer_stop(call, TIMER_RESUME);
	clocks_stop(call);
}

void speech_drop_gen(struct call *call, uint32_t gen)
{
	unsigned int i = call->speech.count;

	while (i-- > 0) {
		struct utterance *u = queue_at(call, i);

		if (u->gen != gen)
			continue;
		utterance_unspeak(call, u);
		u->state = UTTERANCE_FREE;
		queue_remove(call, i);
		history_remove(call, u->item);
	}
}

/* ------------------------------------------------------------------ step by step */

static bool released(const struct call *call, const struct utterance *u)
{
	const struct gen *g = &call->dialogue.gen;

	return !(g->ahead && u->gen == g->id);
}

static void make_ahead(struct call *call)
{
	struct utterance *u;
	unsigned int i;

	for (i = 0; i <= call->settings.tts_ahead && (u = queue_at(call, i)); i++) {
		if (!released(call, u) && i > 0)
			return; /* of an answer that may be thrown away, one utterance is enough */
		if (u->state == UTTERANCE_WAITS)
			utterance_make(call, u);
	}
}

static void cuts_forget(struct call *call)
{
	bool none = true;
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX && !call->speech.none_cut; i++) {
		struct utterance *u = &call->speech.slots[i];

		if (u->state != UTTERANCE_CUT)
			continue;
		if (call->now_us >= u->cut_us + CUT_KEEP_US)
			u->state = UTTERANCE_FREE;
		else
			none = false;
	}
	call->speech.none_cut = none;
}

/* What is ready goes to the carrier; if the caller is just speaking it waits, held, as if it had begun. Not behind a silence that would end
 * the hold at once: a line that stalls in the caller's voice leaves its burst open. Behind what the caller hears it waits without a hold, until
 * it is next: a hold that clears nothing would have the resume play again what was on the wire. */
static void play_ready(struct call *call)
{
	uint64_t until_us = call->ear.last_voice_us + (uint64_t)call->settings.barge_resume_ms * 1000;
	struct utterance *u;
	unsigned int i;

	for (i = 0; (u = queue_at(call, i)); i++) {
		if (!u->samples || !released(call, u))
			return;
		if (u->state == UTTERANCE_MADE && floor_caller(call) && !u->whole && call->now_us < until_us) {
			if (i && call->settings.call_rules >= 3)
				return;
			call->speech.held = true;
			call->speech.held_us = call->now_us;
			timer_set(call, TIMER_RESUME, until_us);
			return;
		}
		if (u->state == UTTERANCE_MADE)
			utterance_play(call, u, 0);
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
	if (call->quiet.started && !call->speech.held && !call->quiet.lost && !answerer_holds(call))
		play_ready(call);
	clocks(call);
}

static void play_late(struct call *call, struct utterance *u)
{
	if (++u->play_tries >= PLAY_TRIES) {
		utterance_give_up(call, u, RETRY_PLAY);
		return;
	}
	call_note(call, NOTE_RETRY, RETRY_PLAY, u->play_tries + 1);
	utterance_play(call, u, utterance_heard_samples(call, u));
}

void speech_timer(struct call *call, enum timer timer)
{
	struct utterance *u = queue_at(call, 0);

	clocks_stop(call); /* one of them is enough; speech_advance sets them anew */
	if (!u)
		return;
	if (timer == TIMER_VOICE)
		utterance_broken_off(call, u, false);
	else if (timer == TIMER_PLAY)
		play_late(call, u);
	else
		utterance_finish(call, u, true); /* nobody says that it was played: what was proven counts */
}

/* The audio was the old worker's. What was not heard is made anew. */
void speech_attached(struct call *call)
{
	struct utterance *u;
	unsigned int i = 0;

	call->speech.held = false;
	while ((u = queue_at(call, i))) {
		uint32_t heard = utterance_skip_space(call, u->text, utterance_heard_bytes(call, u));
		unsigned int words = utterance_heard_words(call, u);

		if (heard == u->text.len) {
			utterance_finish(call, u, false);
			continue;
		}
		if (u->kind == SAY_KEYS && u->sent) { /* whoever counts them must not get some of them twice */
			utterance_finish(call, u, true);
			continue;
		}
		if (words && queue_room(call, 0)) {
			utterance_split(call, u, words);
			utterance_finish(call, u, false);
			continue;
		}
		if (words)
			utterance_behead(call, u, words);
		utterance_unmake(call, u);
		i++;
	}
	speech_drop_waits(call, false);
}

/* ------------------------------------------------------------------ what others ask */

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

bool speech_greets(const struct call *call)
{
	const struct utterance *u = head(call);

	return u && u->kind == SAY_GREETING;
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
	const struct utterance *u;
	uint64_t left = 0;
	unsigned int i;

	for (i = 0; (u = look_at(call, i)); i++) {
		uint64_t known = samples_us(u->samples - num_max32(u->played, u->from));
		uint64_t guess = u->done ? 0 : spoken_us(u->text.len);

		left += num_max(known, guess);
	}
	if (call->dialogue.gen.state == GEN_ASKED || call->dialogue.gen.state == GEN_TEXT)
		left += 1000000; /* more is on its way */
	return left;
}
