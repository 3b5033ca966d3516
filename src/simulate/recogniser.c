/* Streams of the recogniser: partials while words come, a final a moment after a phrase has ended or when it is asked for. */
#include "simulate/recogniser.h"

#include <string.h>

#include "base/num.h"
#include "simulate/scene.h"

static void stream_arm(struct stt_stream *s)
{
	struct world *w = &s->recogniser->scene->world;
	uint64_t next = s->partial_us;

	if (s->final_us && (!next || s->final_us < next))
		next = s->final_us;
	if (next)
		world_at(w, &s->event, next);
	else
		world_forget(w, &s->event);
}

static void stream_end(struct stt_stream *s)
{
	usage_tell_audio(s->events->used, s->arg, "simulated", "recogniser", s->pushed, &s->counted, true);
	world_forget(&s->recogniser->scene->world, &s->event);
	s->used = false;
	if (s->slot)
		*s->slot = NULL;
}

static void stream_die(struct stt_stream *s, enum err why)
{
	const struct stt_events *events = s->events;
	void *arg = s->arg;

	stream_end(s);
	events->ended(arg, why);
}

/* ---- understanding ---- */

static void word_take(struct stt_stream *s, const struct sound *sound)
{
	if (!s->len)
		s->segment_from = sound->from;
	s->segment_to = sound->to;
	if (s->len + sound->len + 1 >= RECOGNISER_TEXT)
		return;
	if (s->len)
		s->text[s->len++] = ' ';
	memcpy(s->text + s->len, sound->word, sound->len);
	s->len += sound->len;
}

/* What is left of that time, which began with the sound's last sample. */
static uint64_t fixed_wait(const struct stt_stream *s, const struct sound *sound, uint64_t us)
{
	return num_over(us, (s->to - sound->to) * S_US / CALL_RATE_HZ);
}

static void phrase_ended(struct stt_stream *s, const struct sound *sound)
{
	struct recogniser *r = s->recogniser;
	uint64_t now = r->scene->world.now_us, wait = dice_ms(&r->dice, 100, 300);

	if (fault_strikes(&r->scene->plan, FAULT_STT_LATE, now))
		wait = dice_ms(&r->dice, 500, 2000);
	if (r->scene->options.fixed.is_set)
		wait = fixed_wait(s, sound, r->scene->options.fixed.stt_us);
	s->phrase_over = true;
	s->turn_over = (sound->flags & SOUND_TURN_END) != 0;
	s->final_us = now + wait;
}

/* A cough: mostly nothing, sometimes a final without words. */
static void noise_heard(struct stt_stream *s, const struct sound *sound)
{
	struct recogniser *r = s->recogniser;

	if (s->len || !dice_chance(&r->dice, 20))
		return;
	s->segment_from = sound->from;
	s->segment_to = sound->to;
	s->phrase_over = true;
	s->final_us = r->scene->world.now_us + dice_ms(&r->dice, 150, 400);
}

static void word_heard(struct stt_stream *s, const struct sound *sound)
{
	struct recogniser *r = s->recogniser;
	uint64_t now = r->scene->world.now_us;

	if ((sound->flags & SOUND_NOD) && dice_chance(&r->dice, 30))
		return; /* a nod that it takes for no word */
	if (!s->len || s->phrase_over)
		s->final_us = 0; /* the phrase goes on: its final will have more words */
	s->phrase_over = false;
	word_take(s, sound);
	s->word_us = now;
	if (!s->partial_us)
		s->partial_us = now + dice_ms(&r->dice, 80, 250);
	if (r->scene->options.fixed.is_set)
		s->partial_us = now + fixed_wait(s, sound, r->scene->options.fixed.stt_us / 2);
	if (sound->flags & SOUND_PHRASE_END)
		phrase_ended(s, sound);
}

/* Where the line lost something there is silence: it ends the phrase. */
static void silence_heard(struct stt_stream *s, const struct sound *sound)
{
	if (s->len && !s->phrase_over)
		phrase_ended(s, sound);
}

/* Everything that has now been pushed to its end. Words that began before the stream's first sample are lost to it. */
static void understand(struct stt_stream *s)
{
	const struct caller *c = &s->recogniser->scene->caller;
	bool news = false;

	while (s->next < c->sound_count && caller_sound(c, s->next)->to <= s->to) {
		const struct sound *sound = caller_sound(c, s->next++);

		if (sound->from < s->base)
			continue;
		news = true;
		if (sound->flags & SOUND_LOST)
			silence_heard(s, sound);
		else if (sound->word)
			word_heard(s, sound);
		else
			noise_heard(s, sound);
	}
	if (news)
		stream_arm(s);
}

/* ---- telling ---- */

static uint64_t stream_position(const struct stt_stream *s, uint64_t sample)
{
	uint64_t base;

	return session_given(s->recogniser->scene->session, sample, &base);
}

static void final_tell(struct stt_stream *s)
{
	struct recogniser *r = s->recogniser;
	uint64_t now = r->scene->world.now_us;
	bool empty = fault_strikes(&r->scene->plan, FAULT_STT_EMPTY, now);
	enum transcript_kind kind = s->turn_over && dice_chance(&r->dice, 60) ? TRANSCRIPT_END : TRANSCRIPT_FINAL;
	char text[RECOGNISER_TEXT];
	uint32_t len = empty ? 0 : s->len;

	memcpy(text, s->text, len);
	s->len = 0;
	s->final_us = s->partial_us = 0;
	s->phrase_over = s->turn_over = false;
	stream_arm(s);
	if (fault_strikes(&r->scene->plan, FAULT_STT_MISSING, now))
		return;
	s->events->transcript(s->arg, kind, text, len, stream_position(s, s->segment_from), stream_position(s, s->segment_to));
}

static void partial_tell(struct stt_stream *s)
{
	char text[RECOGNISER_TEXT];

	s->partial_us = 0;
	stream_arm(s);
	if (!s->len)
		return;
	memcpy(text, s->text, s->len);
	s->events->transcript(s->arg, TRANSCRIPT_PARTIAL, text, s->len, stream_position(s, s->segment_from),
		stream_position(s, s->segment_to));
}

static bool harmed(struct stt_stream *s)
{
	struct recogniser *r = s->recogniser;
	uint64_t now = r->scene->world.now_us;

	if (fault_strikes(&r->scene->plan, FAULT_STT_STALL, now))
		s->silent = true;
	if (fault_strikes(&r->scene->plan, FAULT_STT_DEAD, now)) {
		stream_die(s, ERR_CLOSED);
		return true;
	}
	if (fault_strikes(&r->scene->plan, FAULT_STT_GARBAGE, now)) {
		stream_die(s, ERR_FORMAT);
		return true;
	}
	return s->silent;
}

static void on_stream(void *arg)
{
	struct stt_stream *s = arg;
	uint64_t now = s->recogniser->scene->world.now_us;

	if (s->silent || harmed(s))
		return;
	if (s->final_us && s->final_us <= now)
		final_tell(s);
	else if (s->partial_us && s->partial_us <= now)
		partial_tell(s);
	else
		stream_arm(s);
}

/* ---- the table ---- */

static enum err stt_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct recogniser *r = vendor;
	struct stt_stream *s = NULL;
	uint32_t i;

	(void)language;
	*sp = NULL;
	for (i = 0; i < RECOGNISER_STREAMS && !s; i++)
		if (!r->streams[i].used)
			s = &r->streams[i];
	if (!s)
		return ERR_LIMIT;
	if (fault_strikes(&r->scene->plan, FAULT_STT_REFUSED, r->scene->world.now_us))
		return ERR_UNAVAILABLE;
	s->recogniser = r;
	s->used = true;
	s->silent = s->phrase_over = s->turn_over = false;
	s->pushed = s->base = s->to = s->final_us = s->partial_us = s->word_us = 0;
	s->counted = 0;
	s->next = s->len = 0;
	s->events = events;
	s->arg = arg;
	s->slot = sp;
	s->event = (struct event){ on_stream, s, 0 };
	*sp = s;
	return ERR_NONE;
}

/* The first sound that does not end before `sample`. */
static uint32_t sound_from(const struct caller *c, uint64_t sample)
{
	uint32_t n = c->sound_count > SOUNDS ? c->sound_count - SOUNDS : 0;

	while (n < c->sound_count && caller_sound(c, n)->to <= sample)
		n++;
	return n;
}

/* More of the past has come: its first part stood elsewhere, and is understood anew with the rest. */
static void stream_forget(struct stt_stream *s)
{
	s->len = 0;
	s->phrase_over = s->turn_over = false;
	s->final_us = s->partial_us = s->word_us = 0;
	stream_arm(s);
}

/* Where the stream's first sample lies. A session that is only just being opened has left nothing out. */
static uint64_t base_of(const struct stt_stream *s, uint64_t end)
{
	const struct session *session = s->recogniser->scene->session;
	uint64_t base = end - s->pushed;

	if (session)
		(void)session_given(session, end, &base);
	return base;
}

/* Audio carries no position: the last sample pushed is the last one that came from the line, or, while a stream is given
 * the past (in parts: where that wraps in the session's ring, where a silence of it is left out), the whole of what was pushed ends there. */
static void stt_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	uint64_t end = scene_audio_end(s->recogniser->scene);

	(void)ulaw;
	s->pushed += samples;
	usage_tell_audio(s->events->used, s->arg, "simulated", "recogniser", s->pushed, &s->counted, false);
	if (s->pushed <= end && (s->to != end - samples || s->pushed == samples)) {
		if (s->to == end)
			stream_forget(s);
		s->base = base_of(s, end);
		s->next = sound_from(&s->recogniser->scene->caller, s->base);
	}
	s->to = end;
	judge_stt_pushed(&s->recogniser->scene->judge, s->base);
	understand(s);
}

static void stt_finalize(struct stt_stream *s)
{
	struct recogniser *r = s->recogniser;
	uint64_t now = r->scene->world.now_us, soonest = now + dice_ms(&r->dice, 40, 110);

	if (r->scene->options.fixed.is_set)
		soonest = now + r->scene->options.fixed.stt_us;
	if (!s->len)
		return;
	if (s->final_us && s->final_us <= soonest)
		return;
	if (fault_recent(&r->scene->plan, FAULT_STT_LATE, now, 2 * S_US))
		return;
	if (soonest < s->word_us + 100 * MS_US)
		soonest = s->word_us + 100 * MS_US;
	s->final_us = soonest;
	stream_arm(s);
}

static void stt_cancel(struct stt_stream **sp)
{
	if (!*sp)
		return;
	(*sp)->slot = NULL;
	stream_end(*sp);
	*sp = NULL;
}

const struct stt simulated_stt = { .name = "simulated", .start = stt_start, .push = stt_push, .finalize = stt_finalize, .cancel = stt_cancel };

void recogniser_init(struct recogniser *r, struct scene *scene)
{
	uint32_t i;

	r->scene = scene;
	dice_init(&r->dice, scene->seed, scene->call, ACTOR_RECOGNISER);
	for (i = 0; i < RECOGNISER_STREAMS; i++)
		r->streams[i].used = false;
}
