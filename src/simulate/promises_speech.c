/* Checks of what is said: P08, P13, and the half of P14 that is about sentences; and the utterances as the outputs tell of them.
 * Reads inputs and outputs, the frames, marks and clears on the carrier's wire, and the ear's true record. */
#include <string.h>

#include "simulate/promises_parts.h"
#include "simulate/scene.h"

/* ---- utterances as the outputs tell of them ---- */

struct judged_utterance *judge_utterance(struct judge *j, uint32_t id)
{
	uint32_t i;

	for (i = j->utterance_count; i > 0 && j->utterance_count - i < 64; i--)
		if (j->utterances[i - 1].id == id)
			return &j->utterances[i - 1];
	return NULL;
}

uint32_t judge_open_utterances(struct judge *j)
{
	uint32_t i;

	if (!j->open_stale)
		return j->open_count;
	j->open_stale = false;
	j->open_count = 0;
	for (i = j->utterance_count; i > 0 && j->utterance_count - i < 64; i--)
		j->open_count += !j->utterances[i - 1].settled;
	return j->open_count;
}

static bool phrase_in(const struct brief_phrases *p, const char *text, size_t len)
{
	uint32_t i;

	for (i = 0; i < p->count; i++)
		if (strlen(p->text[i]) >= len && !memcmp(p->text[i], text, len))
			return true;
	return false;
}

/* The end of one, and not the whole. */
static bool phrase_ends(const struct brief_phrases *p, const char *text, size_t len)
{
	uint32_t i;

	for (i = 0; i < p->count; i++) {
		size_t whole = strlen(p->text[i]);

		if (whole > len && !memcmp(p->text[i] + whole - len, text, len))
			return true;
	}
	return false;
}

/* A filler for tools, whole. */
static bool is_wait(const struct brief_phrases *waits, const char *text, size_t len)
{
	uint32_t i;

	for (i = 0; i < waits->count; i++)
		if (strlen(waits->text[i]) == len && !memcmp(waits->text[i], text, len))
			return true;
	return false;
}

/* What a voice that died has left of a filler for tools, for all one can tell: the end of one, and one of the last few that were ordered is a filler. */
static bool is_wait_rest(const struct judge *j, const char *text, size_t len)
{
	bool wait = false;
	uint32_t i;

	for (i = j->utterance_count; i > 0 && j->utterance_count - i < 4; i--)
		wait = wait || j->utterances[i - 1].phrase;
	return wait && phrase_ends(&j->scene->brief.waits, text, len);
}

bool judge_is_phrase(const struct judge *j, const char *text, size_t len)
{
	const struct brief *b = &j->scene->brief;

	return phrase_in(&b->fillers, text, len) || phrase_in(&b->waits, text, len) || phrase_in(&b->prompts, text, len) ||
	       phrase_in(&b->unheard, text, len) || phrase_in(&b->apology, text, len) || phrase_in(&b->goodbye, text, len) ||
	       phrase_in(&b->keys, text, len);
}

bool judge_is_phrase_part(const struct judge *j, const char *text, size_t len)
{
	const struct brief *b = &j->scene->brief;

	return judge_is_phrase(j, text, len) || phrase_ends(&b->unheard, text, len) || phrase_ends(&b->prompts, text, len) || phrase_ends(&b->fillers, text, len);
}

const struct spoken *judge_spoken(const struct judge *j, uint32_t sound)
{
	return sound < j->scene->talker.sound_count ? &j->scene->talker.sounds[sound] : NULL;
}

static void speak_ordered(struct judge *j, const struct call_output *o)
{
	uint32_t sound = talker_sound_of(&j->scene->talker, o->utterance);
	struct judged_utterance *u = judge_utterance(j, o->utterance);
	const struct spoken *s = judge_spoken(j, sound);
	bool rest = is_wait_rest(j, o->text, o->text_len);
	uint64_t asked_us = u && !u->settled ? u->asked_us : j->answer_us;
	uint64_t known_us = u && !u->settled ? u->known_us : judge_known_since(j, o->text, o->text_len);

	if (!s)
		return;
	if (u && s->before == TALKER_NONE)
		u->unspoken = u->settled = true; /* another text under its number: what is left of one that was split, after an attach */
	if (!u || u->settled) {
		if (j->utterance_count == JUDGE_UTTERANCES)
			return;
		u = &j->utterances[j->utterance_count++];
	}
	*u = (struct judged_utterance){ .id = o->utterance, .sound = sound, .words = (uint16_t)s->word_count, .asked_us = asked_us };
	u->known_us = known_us;
	u->phrase = judge_is_phrase(j, o->text, o->text_len);
	u->wait = is_wait(&j->scene->brief.waits, o->text, o->text_len);
	u->wait_rest = rest;
	u->unheard = is_wait(&j->scene->brief.unheard, o->text, o->text_len) || j->unheard_us == judge_now(j);
	u->whole = j->scene->brief.greeting_whole && strlen(j->scene->brief.greeting) >= o->text_len &&
		   !memcmp(j->scene->brief.greeting + strlen(j->scene->brief.greeting) - o->text_len, o->text, o->text_len);
}

/* ---- P08: the wire --------------------------------------------------------------------------------------------------------
 *
 * At no time is more than 400 ms of audio ahead of what real time can have played. After the step that holds or gives up the
 * floor while audio is out, the next thing on the wire is a clear, and no frame follows until the outputs order some to be
 * played. The frames (their bytes tell what they are) follow one another as they were ordered, and the marks say what they
 * said. Exercised by each clear. */

void judge_wire_settled(struct judge *j)
{
	if (j->clear_due)
		judge_fail(j, P08, "the floor was taken and no clear was sent");
	j->clear_due = false;
}

static void floor_taken(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;

	if (!c->up || c->ended || j->clear_due || j->clear_said == judge_now(j))
		return;
	if (c->wire_ahead_to_us > judge_now(j) && c->order_count) {
		j->clear_said = judge_now(j);
		judge_fail(j, P08, "the floor was taken and nothing was cleared");
	}
}

static void hold_ordered(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;
	uint32_t i;

	for (i = j->utterance_count; i > 0 && j->utterance_count - i < 64; i--) {
		struct judged_utterance *u = &j->utterances[i - 1];

		if (u->settled || u->cleared_us)
			continue;
		u->cleared_us = judge_now(j);
		u->holds_us[u->hold_count++ % 4] = judge_now(j);
	}
	j->clear_due = c->up && c->wire_ahead_to_us > judge_now(j);
	judge_watch_held(j);
}

void judge_clear(struct judge *j)
{
	judge_exercise(j, P08);
	j->clear_due = false;
	judge_watch_cleared(j);
}

static void frame_first(struct judge *j, const struct play_order *order, uint32_t position)
{
	struct judged_utterance *u = order ? judge_utterance(j, order->utterance) : NULL;

	if (!u || u->begun || position)
		return;
	u->begun = true;
	judge_results_frame(j, u);
}

void judge_frame(struct judge *j, const struct play_order *order, uint32_t sound, uint32_t position, uint64_t ahead_us)
{
	j->frame_us = judge_now(j);
	j->first_frame = true;
	if (j->clear_due)
		judge_fail(j, P08, "a frame was sent where a clear was due");
	if (ahead_us > 400 * MS_US)
		judge_fail(j, P08, "%llu ms of audio are ahead", (unsigned long long)(ahead_us / MS_US));
	if (!order && !j->ended)
		judge_fail(j, P08, "a frame was sent that nobody ordered");
	if (order && (sound != order->sound || position != order->position))
		judge_fail(j, P08, "a frame is of sound %u from %u, ordered was sound %u from %u", sound, position, order->sound, order->position);
	j->starving_us = 0;
	frame_first(j, order, position);
	judge_agent_sounds(j);
}

void judge_mark(struct judge *j, const struct mark *mark, const struct mark *last)
{
	if (!last || last->utterance != mark->utterance || mark->samples > last->samples || mark->samples + 160 < last->samples)
		judge_fail(j, P08, "a mark says sample %u of utterance %u, the frames say %u of %u", mark->samples, mark->utterance,
			last ? last->samples : 0, last ? last->utterance : 0);
}

/* ---- P13: speaking means sound ---------------------------------------------------------------------------------------------
 *
 * While the outputs have ordered an utterance to be played and there is audio of it, and the wire has run dry, a frame goes
 * out within 300 ms. And no utterance is stuck: with the wire dry, none held and one unfinished, the outputs do something
 * within 2.5 s (another attempt, the next utterance, giving up). Exempt: late marks, an answer that was asked for ahead while the
 * turn may still go on, and what judge_quiet_call says.
 * Exercised by each utterance that is played, once. */

static bool head_has_audio(const struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;

	return c->order_count && c->orders[0].position < talker_made(&j->scene->talker, c->orders[0].sound);
}

static void starving_time(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;
	uint64_t now = judge_now(j);

	if (!head_has_audio(j) || c->wire_ahead_to_us > now || !c->up || j->ended || j->lost_us) {
		j->starving_us = 0;
		j->starving_said = false;
		return;
	}
	if (!j->starving_us)
		j->starving_us = now;
	if (now > j->starving_us + 300 * MS_US && !j->starving_said) {
		j->starving_said = true;
		judge_fail(j, P13, "utterance %u was to be played, there is audio, and no frame was sent for 300 ms", c->orders[0].utterance);
	}
}

static void stuck_time(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;
	uint64_t now = judge_now(j);
	bool busy = judge_open_utterances(j) && !j->held && !judge_answer_ahead(j);

	if (!busy || judge_quiet_call(j) || head_has_audio(j) || c->wire_ahead_to_us > now || judge_faults(j, FAULT_BIT(FAULT_MARKS_LATE), 14 * S_US) ||
		j->output_us == now || j->voice_us + 1 * S_US > now) {
		j->stuck_us = now;
		j->stuck_said = false;
		return;
	}
	if (now > j->stuck_us + 2500 * MS_US && !j->stuck_said) {
		j->stuck_said = true;
		judge_fail(j, P13, "an utterance is stuck: nothing was sent or tried for 2.5 s");
	}
}

/* ---- P14: sentences ---------------------------------------------------------------------------------------------------------
 *
 * In one turn of the caller's no sentence of three words or more is heard whole twice. Exempt: the brief's phrases (of those that fill a wait none
 * is said twice running: promises_dialogue.c), what was on
 * its way when a worker died, and, for half a minute, the answers to what the model asked a tool twice; and one that was noted as cut, in whichever of its
 * pieces, when the agent said behind it that he had not understood, and that one behind that. A sentence that was made in pieces is
 * the same when all of them are. Exercised by each that was heard whole. */

/* The piece before it belongs to the same sentence. */
static bool goes_on(const struct talker *t, uint32_t sound)
{
	const struct spoken *before = sound ? &t->sounds[sound - 1] : NULL;

	return before && before->turn == t->sounds[sound].turn && before->text_len && !strchr(".?!", talker_text(t, before)[before->text_len - 1]);
}

static bool is_same(const struct talker *t, uint32_t a, uint32_t b)
{
	const struct spoken *x = &t->sounds[a], *y = &t->sounds[b];

	while (x->text_len == y->text_len && !memcmp(talker_text(t, x), talker_text(t, y), x->text_len)) {
		if (!goes_on(t, a) || !goes_on(t, b))
			return true;
		x = &t->sounds[--a];
		y = &t->sounds[--b];
	}
	return false;
}

/* As far as the outputs knew that piece, or one behind it in the sentence, was cut; or the sentence was never said to its end. */
static bool was_cut(struct judge *j, uint32_t sound)
{
	const struct talker *t = &j->scene->talker;
	const struct judged_utterance *u;

	for (; sound < j->unheard_sound; sound++) {
		u = judge_utterance(j, t->sounds[sound].utterance);
		if (u && u->cut)
			return true;
		if (sound + 1 == t->sound_count || !goes_on(t, sound + 1))
			return false;
	}
	return true;
}

/* The first time was cut; the agent did not understand why, said so, and said the sentence again. */
static bool said_again(struct judge *j, uint32_t first, uint32_t again)
{
	return j->scene->settings.call_rules >= 4 && first < j->unheard_sound && again >= j->unheard_sound && was_cut(j, first);
}

void judge_sentence(struct judge *j, uint32_t sound)
{
	const struct talker *t = &j->scene->talker;
	const struct spoken *s = &t->sounds[sound];
	uint32_t i;

	judge_results_sentence(j, sound);
	if (s->word_count < 3 || judge_is_phrase(j, talker_text(t, s), s->text_len) || (j->attached_us && s->turn == j->attached_turn) ||
		judge_asked_twice(j))
		return;
	judge_exercise(j, P14);
	for (i = sound; i > 0; i--) {
		const struct spoken *o = &t->sounds[i - 1];

		if (o->turn != s->turn)
			break;
		if (o->all_heard && is_same(t, i - 1, sound) && !said_again(j, i - 1, sound)) {
			judge_fail(j, P14, "\"%.*s\" was heard twice in one turn", (int)(s->text_len < 80 ? s->text_len : 80), talker_text(t, s));
			return;
		}
	}
}

/* ---- the step ---- */

void judge_speech_input(struct judge *j, const struct call_input *in)
{
	uint32_t i;

	judge_watch_input(j, in);
	if (in->type != IN_ATTACHED)
		return;
	j->attached_turn = j->turn;
	for (i = 0; i < j->utterance_count; i++)
		j->utterances[i].old = j->utterances[i].settled;
}

static void speech_note(struct judge *j, const struct call_output *o)
{
	judge_voice_note(j, o);
	switch (o->kind) {
	case NOTE_HEARD:
		judge_heard_noted(j, o);
		break;
	case NOTE_HOLD:
		j->floor_note = true;
		j->held = true;
		break;
	case NOTE_RESUME:
		j->held = false;
		j->resumed_us = judge_now(j);
		break;
	case NOTE_TURN:
		judge_watch_turn(j, o);
		break;
	case NOTE_NOD:
		judge_watch_nod(j, o);
		break;
	case NOTE_YIELD:
		j->floor_note = true;
		j->held = false;
		judge_watch_yielded(j);
		break;
	default:
		break;
	}
}

void judge_speech_output(struct judge *j, const struct call_output *o)
{
	struct judged_utterance *u;

	j->open_stale = j->open_stale || o->type == OUT_SPEAK || o->type == OUT_UNSPEAK || o->type == OUT_NOTE;
	switch (o->type) {
	case OUT_SPEAK:
		speak_ordered(j, o);
		judge_voice_ordered(j, o->utterance);
		break;
	case OUT_UNSPEAK:
		u = judge_utterance(j, o->utterance);
		if (u && u->sound == talker_sound_of(&j->scene->talker, o->utterance))
			u->unspoken = u->settled = true;
		break;
	case OUT_PLAY:
		u = judge_utterance(j, o->utterance);
		if (u && !u->playing)
			judge_exercise(j, P13);
		if (u && (!u->playing || j->resumed_us == judge_now(j)))
			judge_tool_filler(j, u);
		if (u) {
			u->playing = true;
			u->cleared_us = 0;
		}
		judge_watch_played(j, o);
		break;
	case OUT_HOLD:
		hold_ordered(j);
		break;
	case OUT_ASK:
		judge_watch_asked(j, o);
		break;
	case OUT_HANGUP:
		j->hung_up = o->kind != END_CALLER && o->kind != END_LOST;
		if (o->kind == END_AGENT)
			judge_results_ending(j);
		break;
	case OUT_NOTE:
		speech_note(j, o);
		break;
	default:
		break;
	}
}

void judge_speech_time(struct judge *j)
{
	if (j->floor_note)
		floor_taken(j);
	j->floor_note = false;
	starving_time(j);
	stuck_time(j);
	judge_voice_time(j);
	judge_watch_time(j);
}

void judge_speech_end(struct judge *j)
{
	carrier_settle(&j->scene->carrier, UINT64_MAX);
	judge_heard_end(j);
	judge_voice_end(j);
}
