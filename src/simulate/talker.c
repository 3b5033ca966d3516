/* The voice's streams (audio faster than real time, in pieces, with word times) and its record of sounds. */
#include "simulate/talker.h"

#include <string.h>

#include "base/num.h"
#include "simulate/scene.h"
#include "simulate/sound.h"

enum { PIECE = 3200, DRIFT_MAX = 1440 /* 180 ms: adapters that estimate anchor themselves to the audio they got */ };

/* ---- the record ---- */

uint32_t talker_made(const struct talker *t, uint32_t sound)
{
	const struct spoken *s = sound < t->sound_count ? &t->sounds[sound] : NULL;

	if (!s)
		return 0;
	return s->made < s->trimmed ? s->made : s->trimmed;
}

void talker_trim(struct talker *t, uint32_t sound, uint32_t position)
{
	if (sound < t->sound_count)
		t->sounds[sound].trimmed = position;
}

uint32_t talker_sound_of(const struct talker *t, uint32_t utterance)
{
	uint32_t i;

	for (i = t->sound_count; i > 0; i--)
		if (t->sounds[i - 1].utterance == utterance)
			return i - 1;
	return TALKER_NONE;
}

/* How long a word takes, by its letters and what follows it, at this voice's pace. */
static uint32_t word_samples(const char *word, size_t len, uint32_t pace)
{
	uint32_t ms = 150 + 42 * (uint32_t)(len < 14 ? len : 14);
	char last = word[len - 1];

	if (last == '.' || last == '?' || last == '!')
		ms += 180;
	else if (last == ',')
		ms += 120;
	return ms * pace / 100 * 8;
}

static void words_make(struct talker *t, struct spoken *s, uint32_t pace)
{
	const char *text = talker_text(t, s);
	uint32_t at = 0, sample = 0;

	s->word = t->word_count;
	while (at < s->text_len && t->word_count < TALKER_WORDS && s->word_count < 200) {
		uint32_t from, len = 0;
		struct spoken_word *w = &t->words[t->word_count];

		while (at < s->text_len && text[at] == ' ')
			at++;
		from = at;
		while (at + len < s->text_len && text[at + len] != ' ')
			len++;
		if (!len)
			break;
		at += len;
		*w = (struct spoken_word){ .start = sample, .end = sample + word_samples(text + from, len, pace), .heard_to = sample,
			.text_from = (uint16_t)from, .text_to = (uint16_t)at };
		sample = w->end;
		t->word_count++;
		s->word_count++;
	}
	s->total = sample;
}

static uint32_t earlier_sound(const struct talker *t, uint32_t utterance, const char *text, size_t len)
{
	uint32_t before = talker_sound_of(t, utterance);
	const struct spoken *s = before != TALKER_NONE ? &t->sounds[before] : NULL;

	return s && s->worker == t->scene->deaths && s->text_len == len && !memcmp(talker_text(t, s), text, len) ? before : TALKER_NONE;
}

uint32_t talker_ordered(struct talker *t, uint32_t utterance, uint32_t take, const char *text, size_t len)
{
	struct spoken *s = &t->sounds[t->sound_count];

	if (t->sound_count == TALKER_SOUNDS || t->text_len + len > TALKER_TEXT)
		return TALKER_NONE;
	*s = (struct spoken){ .utterance = utterance, .take = take, .text = t->text_len, .text_len = (uint32_t)len,
		.trimmed = UINT32_MAX };
	s->worker = t->scene->deaths;
	s->before = earlier_sound(t, utterance, text, len);
	s->turn = judge_turn_answered(&t->scene->judge);
	memcpy(t->texts + t->text_len, text, len);
	t->text_len += (uint32_t)len;
	s->exact = dice_chance(&t->dice, 50);
	words_make(t, s, 90 + dice_below(&t->dice, 21));
	return t->sound_count++;
}

bool talker_word_heard(const struct talker *t, uint32_t sound, uint32_t word, uint64_t at_us)
{
	for (; sound != TALKER_NONE; sound = t->sounds[sound].before) {
		const struct spoken_word *w = &t->words[t->sounds[sound].word + word];

		if (w->heard_us && w->heard_us <= at_us)
			return true;
	}
	return false;
}

uint64_t talker_word_begun(const struct talker *t, uint32_t sound, uint32_t word)
{
	uint64_t begun = 0;

	for (; sound != TALKER_NONE; sound = t->sounds[sound].before) {
		const struct spoken_word *w = &t->words[t->sounds[sound].word + word];

		begun = w->begun_us ? w->begun_us : begun;
	}
	return begun;
}

uint64_t talker_word_again(const struct talker *t, uint32_t sound, uint32_t word)
{
	uint64_t again = 0;

	for (; sound != TALKER_NONE; sound = t->sounds[sound].before)
		again = num_max(again, t->words[t->sounds[sound].word + word].again_us);
	return again;
}

static void word_heard(struct talker *t, struct spoken *s, struct spoken_word *w, uint64_t at_us)
{
	if (w->heard_us)
		return;
	w->heard_us = at_us;
	if (t->heard_count == TALKER_WORDS)
		return;
	t->heard[t->heard_count++] = (struct heard_word){ (uint16_t)(s - t->sounds), (uint16_t)((uint32_t)(w - t->words) - s->word) };
}

void talker_grant(struct talker *t, uint32_t sound, uint32_t word)
{
	struct spoken *s = &t->sounds[sound];

	if (word < s->word_count)
		word_heard(t, s, &t->words[s->word + word], t->scene->world.now_us);
}

/* Where a word counts as heard: its end; with estimated times, where a broken utterance was cut, less the estimate's error. */
static uint32_t word_enough(const struct spoken *s, const struct spoken_word *w)
{
	if (s->exact || !s->frail)
		return w->end;
	return w->end - w->start > DRIFT_MAX ? w->end - DRIFT_MAX : w->start + 1;
}

/* One that was cut before it could be understood, and is said again from its beginning, begins then. */
static void word_begins(struct spoken_word *w, uint32_t from, uint32_t to, uint64_t run_from_us, uint32_t run_position)
{
	uint32_t first = from > w->start ? from : w->start;
	bool starts = first == w->start, anew = starts && !w->heard_us;
	uint64_t at_us = run_from_us + (uint64_t)(first - run_position) * 125;

	if (first >= to || first >= w->end)
		return;
	if (!w->begun_us || anew)
		w->begun_us = at_us;
	if (starts)
		w->again_us = at_us;
}

/* One that was trimmed at an estimate, because its voice never said that it is done, is never heard to its last sample. */
static bool last_heard(const struct talker *t, const struct spoken *s)
{
	return s->word_count && t->words[s->word + s->word_count - 1].heard_us;
}

static void sound_understood(struct talker *t, struct spoken *s, uint32_t sound)
{
	if (s->understood)
		return;
	s->understood = true;
	judge_order_heard(&t->scene->judge, sound);
}

/* The ear heard [from, to). Words that thereby are complete are written down with the moment. */
void talker_heard(struct talker *t, uint32_t sound, uint32_t from, uint32_t to, uint64_t run_from_us, uint32_t run_position)
{
	struct spoken *s = &t->sounds[sound];
	uint32_t i;

	for (i = 0; i < s->word_count; i++) {
		struct spoken_word *w = &t->words[s->word + i];
		uint32_t enough = word_enough(s, w);

		if (w->start >= to)
			break;
		word_begins(w, from, to, run_from_us, run_position);
		if (w->end <= from || from > w->heard_to || to <= w->heard_to)
			continue;
		w->heard_to = to < w->end ? to : w->end;
		if (w->heard_to == w->end)
			w->whole_us = run_from_us + (uint64_t)(w->end - run_position) * 125;
		if (w->heard_to >= enough)
			word_heard(t, s, w, run_from_us + (uint64_t)(enough > run_position ? enough - run_position : 0) * 125);
	}
	if (to >= s->total || last_heard(t, s))
		sound_understood(t, s, sound);
	if (to >= s->total && !s->all_heard) {
		s->all_heard = true;
		judge_sentence(&t->scene->judge, sound);
		caller_heard(&t->scene->caller, talker_text(t, s), s->text_len);
	}
}

/* ---- the streams ---- */

static void stream_end(struct tts_utterance *u)
{
	const struct spoken *s = &u->talker->sounds[u->sound];

	usage_tell_text(u->events->used, u->arg, "simulated", "voice", talker_text(u->talker, s), s->text_len);
	world_forget(&u->talker->scene->world, &u->event);
	u->used = false;
	if (u->slot)
		*u->slot = NULL;
}

static void stream_fail(struct tts_utterance *u)
{
	const struct tts_events *events = u->events;
	void *arg = u->arg;

	u->talker->sounds[u->sound].failed = true;
	stream_end(u);
	events->failed(arg, ERR_CLOSED);
}

/* Word times of what is made so far: true, or an estimate that is up to a tenth off. */
static void words_tell(struct tts_utterance *u)
{
	const struct talker *t = u->talker;
	const struct spoken *s = &t->sounds[u->sound];
	struct speech_word words[INPUT_WORDS_MAX];
	size_t count = 0;

	while (u->words_told < s->word_count && count < INPUT_WORDS_MAX) {
		const struct spoken_word *w = &t->words[s->word + u->words_told];
		uint32_t end = w->end;

		if (!s->exact) {
			uint32_t off = w->end / 10 < DRIFT_MAX ? w->end / 10 : DRIFT_MAX;

			end = u->sound % 2 ? w->end + off : w->end - off;
			end = end < s->total ? end : s->total;
		}
		if (end > s->made)
			break;
		words[count++] = (struct speech_word){ .end_samples = end, .text_end = w->text_to };
		u->words_told++;
	}
	if (count)
		u->events->words(u->arg, words, count, s->exact);
}

static void piece_give(struct tts_utterance *u, uint32_t samples)
{
	struct spoken *s = &u->talker->sounds[u->sound];
	uint8_t ulaw[PIECE];

	sound_fill(ulaw, samples, u->sound, s->made);
	s->made += samples;
	u->events->audio(u->arg, ulaw, samples);
}

static void stream_done(struct tts_utterance *u)
{
	const struct tts_events *events = u->events;
	void *arg = u->arg;

	u->talker->sounds[u->sound].done = true;
	stream_end(u);
	events->done(arg);
}

/* What it told may have led to its own end, and the place to another's use. */
static bool still(const struct tts_utterance *u, uint32_t sound)
{
	return u->used && u->sound == sound;
}

/* The next piece, the harm that was drawn for here, or the end. */
static void on_stream(void *arg)
{
	struct tts_utterance *u = arg;
	struct talker *t = u->talker;
	struct spoken *s = &t->sounds[u->sound];
	uint32_t left = s->total - s->made, samples = left < PIECE ? left : PIECE, sound = u->sound;

	if (u->harm == HARM_EARLY || (u->harm == HARM_MID && s->made >= u->harm_at)) {
		judge_voice_died(&t->scene->judge, u->sound);
		stream_fail(u);
		return;
	}
	if (u->harm == HARM_STALL && s->made >= u->harm_at)
		return;
	if (!left) {
		words_tell(u);
		if (still(u, sound) && u->harm != HARM_NO_DONE)
			stream_done(u);
		return;
	}
	piece_give(u, samples);
	if (still(u, sound))
		words_tell(u);
	if (still(u, sound)) /* four times as fast as it plays, or half as fast */
		world_after(&t->scene->world, &u->event, (uint64_t)samples * (u->harm == HARM_SLOW ? 250 : 30));
}

static enum talker_harm harm_draw(struct talker *t, struct fault_plan *p, uint64_t now)
{
	enum talker_harm harm = HARM_NONE;

	(void)t;
	if (fault_strikes(p, FAULT_TTS_EARLY, now))
		harm = HARM_EARLY;
	if (fault_strikes(p, FAULT_TTS_MID, now))
		harm = HARM_MID;
	if (fault_strikes(p, FAULT_TTS_NO_DONE, now))
		harm = HARM_NO_DONE;
	if (fault_strikes(p, FAULT_TTS_STALL, now))
		harm = HARM_STALL;
	if (fault_strikes(p, FAULT_TTS_SLOW, now))
		harm = HARM_SLOW;
	return harm;
}

static struct tts_utterance *stream_free(struct talker *t)
{
	uint32_t i;

	for (i = 0; i < TALKER_STREAMS; i++)
		if (!t->streams[i].used)
			return &t->streams[i];
	return NULL;
}

/* The sound that the outputs ordered with this text and that has not been started. */
static uint32_t ordered_find(struct talker *t, const char *text, size_t len)
{
	uint32_t i;

	for (i = t->ordered_first; i < t->sound_count; i++) {
		struct spoken *s = &t->sounds[i];

		if (s->started || s->text_len != len || memcmp(talker_text(t, s), text, len) != 0)
			continue;
		s->started = true;
		while (t->ordered_first < t->sound_count && t->sounds[t->ordered_first].started)
			t->ordered_first++;
		return i;
	}
	return TALKER_NONE;
}

static enum err tts_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct talker *t = vendor;
	uint64_t now = t->scene->world.now_us;
	uint32_t sound = ordered_find(t, text, len);
	struct tts_utterance *u = stream_free(t);
	uint64_t latency = dice_ms(&t->dice, 80, 260);

	(void)language;
	if (t->scene->options.fixed.is_set)
		latency = t->scene->options.fixed.tts_us;
	*up = NULL;
	if (sound == TALKER_NONE || !u)
		return ERR_LIMIT;
	if (fault_strikes(&t->scene->plan, FAULT_TTS_REFUSED, now)) {
		t->sounds[sound].failed = true;
		judge_voice_died(&t->scene->judge, sound);
		return ERR_UNAVAILABLE;
	}
	*u = (struct tts_utterance){ .talker = t, .used = true, .sound = sound, .events = events, .arg = arg, .slot = up };
	u->harm = harm_draw(t, &t->scene->plan, now);
	t->sounds[sound].frail = u->harm != HARM_NONE && u->harm != HARM_EARLY;
	u->harm_at = t->sounds[sound].total * (20 + dice_below(&t->dice, 60)) / 100;
	u->event = (struct event){ on_stream, u, 0 };
	world_after(&t->scene->world, &u->event, latency);
	*up = u;
	return ERR_NONE;
}

static void tts_cancel(struct tts_utterance **up)
{
	if (!*up)
		return;
	(*up)->slot = NULL;
	stream_end(*up);
	*up = NULL;
}

const struct tts simulated_tts = { .name = "simulated", .verbatim = true, .start = tts_start, .cancel = tts_cancel };

void talker_init(struct talker *t, struct scene *scene)
{
	uint32_t i;

	t->scene = scene;
	dice_init(&t->dice, scene->seed, scene->call, ACTOR_VOICE);
	t->sound_count = t->word_count = t->text_len = t->ordered_first = t->heard_count = 0;
	for (i = 0; i < TALKER_STREAMS; i++)
		t->streams[i].used = false;
}
