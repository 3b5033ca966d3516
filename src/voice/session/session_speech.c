/* Voices and the mouth: text to a voice, its audio to the mouth, news of it to the core, frames to the carrier in time. Owns
 * the voices' operations; what is spoken, held or forgotten is the core's word. */
#include "voice/session/session_state.h"

#include <stdio.h>
#include <string.h>

#include "audio/dtmf.h"
#include "audio/g711.h"

static void speech_news_feed(struct session *s, uint32_t utterance, uint32_t take, bool at_once)
{
	struct mouth_news news;
	struct call_input *in;

	if (!mouth_news(s->mouth, utterance, take, at_once, &news))
		return;
	in = session_input(s, IN_SPEECH);
	in->utterance = utterance;
	in->take = take;
	in->position = news.samples;
	in->kind = news.done ? SPEECH_DONE : SPEECH_MORE;
	in->exact = news.exact;
	in->word_count = news.count;
	memcpy(in->words, news.words, news.count * sizeof(in->words[0]));
	session_feed(s);
}

void session_pump(struct session *s)
{
	bool outer = s->busy;
	uint32_t utterance, take;

	s->busy = true;
	mouth_pump(s->mouth, session_now(s));
	if (mouth_is_dry(s->mouth, &utterance, &take))
		speech_news_feed(s, utterance, take, true);
	if (outer)
		return;
	if (s->queue.len || s->queue.err)
		session_drain(s);
	s->busy = false;
}

static void sent_h(void *arg, uint32_t utterance, uint32_t take, uint32_t position)
{
	struct session *s = arg;
	struct call_input *in = session_input(s, IN_SENT);

	in->utterance = utterance;
	in->take = take;
	in->position = position;
	session_feed(s);
}

/* The caller's sample that is said at this time. */
static uint64_t sample_at(const struct session *s, uint64_t at_us)
{
	return at_us > s->media_us ? (at_us - s->media_us) * CALL_RATE_HZ / 1000000 : 0;
}

static void frames_h(void *arg, const struct mouth_frames *f)
{
	struct session *s = arg;

	if (s->io.sounds && f->ulaw)
		s->io.sounds(s->io.arg, sample_at(s, f->start_us), f->ulaw, f->samples);
	session_write_agent(s, f);
}

const struct mouth_events session_mouth_events = { .sent = sent_h, .frames = frames_h };

/* The voice died: the core hears of all there is, then that no more will come. What becomes of it is the core's word. */
static void voice_broken(struct session *s, const struct voicing *v)
{
	uint32_t utterance = v->utterance, take = v->take;
	struct call_input *in;

	speech_news_feed(s, utterance, take, true); /* `v` may serve another utterance from here on */
	in = session_input(s, IN_SPEECH_FAILED);
	in->utterance = utterance;
	in->take = take;
	session_feed(s);
	session_pump(s);
}

static void voice_audio_h(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct voicing *v = arg;
	struct session *s = v->s;
	enum err err = mouth_audio(s->mouth, v->utterance, v->take, ulaw, samples);

	if (err) {
		session_log_failed(s, RETRY_VOICE, err);
		s->io.tts->cancel(&v->op);
		voice_broken(s, v);
	} else {
		speech_news_feed(s, v->utterance, v->take, false);
		session_pump(s);
	}
	session_settle(s);
}

/* Words of what is said as words of the text. One that ends nothing of it (the "lakh" of 1,50,000) is left out. */
static void words_mean(struct voicing *v, const struct speech_word *words, size_t count, bool exact)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct speech_word w = words[i];

		w.text_end = (uint16_t)spoken_meant(&v->spoken, (const char *)v->text.data, v->text.len, w.text_end);
		if (w.text_end > v->meant)
			mouth_words(v->s->mouth, v->utterance, v->take, &w, 1, exact);
		v->meant = w.text_end > v->meant ? w.text_end : v->meant;
	}
}

static void voice_words_h(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct voicing *v = arg;

	if (v->s->io.tts->verbatim || v->spoken.is_same)
		mouth_words(v->s->mouth, v->utterance, v->take, words, count, exact);
	else
		words_mean(v, words, count, exact);
	speech_news_feed(v->s, v->utterance, v->take, false);
	session_settle(v->s);
}

static void voice_done_h(void *arg)
{
	struct voicing *v = arg;

	session_well(v->s, RETRY_VOICE);
	mouth_done(v->s->mouth, v->utterance, v->take);
	speech_news_feed(v->s, v->utterance, v->take, true);
	session_pump(v->s);
	session_settle(v->s);
}

static void voice_failed_h(void *arg, enum err why)
{
	struct voicing *v = arg;

	session_log_failed(v->s, RETRY_VOICE, why);
	voice_broken(v->s, v);
	session_settle(v->s);
}

static const struct tts_events tts_events = { .audio = voice_audio_h, .words = voice_words_h, .done = voice_done_h, .failed = voice_failed_h,
	.used = session_voice_used };

void session_voices_cancel(struct session *s, uint32_t utterance, bool all)
{
	unsigned int i;

	for (i = 0; i < VOICES_MAX; i++)
		if (s->voices[i].op && (all || s->voices[i].utterance == utterance))
			s->io.tts->cancel(&s->voices[i].op);
}

/* ---- what is said ---- */

/* The tail of the utterance before this one; this one's is kept for the next. One that is made again finds the same. */
static const struct said_tail *tail_before(struct session *s, const struct call_output *out)
{
	struct said_tail *newest = &s->tails[1];
	size_t len = out->text_len < TAIL_BYTES ? out->text_len : TAIL_BYTES;

	if (newest->utterance != out->utterance || !newest->len) {
		s->tails[0] = *newest;
		newest->utterance = out->utterance;
		newest->len = len;
		memcpy(newest->text, out->text + out->text_len - len, len);
	}
	return &s->tails[0];
}

static enum err spoken_find(struct session *s, struct voicing *v, const struct call_output *out)
{
	const struct brief *brief = call_get_brief(s->call);
	struct spoken_saying sayings[BRIEF_SAYINGS_MAX];
	const struct said_tail *before = tail_before(s, out);
	char language[BRIEF_LANGUAGE_MAX];
	struct spoken_how how = { .language = session_language(s, out, language), .before = before->text, .before_len = before->len, .sayings = sayings,
		.saying_count = brief->saying_count };
	size_t i;

	for (i = 0; i < how.saying_count; i++)
		sayings[i] = (struct spoken_saying){ .word = brief->sayings[i].word, .say = brief->sayings[i].say,
			.ipa = brief->sayings[i].ipa[0] ? brief->sayings[i].ipa : NULL };
	return spoken_make(&v->spoken, &how, (const char *)v->text.data, v->text.len);
}

/* All of its sound is in the mouth, and one word stands for the whole. */
static void whole_said(struct session *s, const struct call_output *out, const struct speech_word *all)
{
	mouth_words(s->mouth, out->utterance, out->take, all, 1, true);
	mouth_done(s->mouth, out->utterance, out->take);
	speech_news_feed(s, out->utterance, out->take, true);
}

/* Nothing of it is said, an emoji: a frame of silence stands for it, so that it is over and counts as heard. */
static enum err silence_say(struct session *s, const struct call_output *out)
{
	const struct speech_word all = { .end_samples = MOUTH_FRAME_SAMPLES, .text_end = (uint16_t)out->text_len };
	uint8_t silence[MOUTH_FRAME_SAMPLES];
	enum err err;

	memset(silence, G711_ULAW_SILENCE, sizeof(silence));
	err = mouth_audio(s->mouth, out->utterance, out->take, silence, sizeof(silence));
	if (!err)
		whole_said(s, out, &all);
	return err;
}

/* All of it at once: the mouth keeps time. */
static enum err tones_make(struct session *s, const struct call_output *out, struct dtmf_sender *sender, uint32_t *samples)
{
	int16_t sound[MOUTH_FRAME_SAMPLES];
	uint8_t ulaw[MOUTH_FRAME_SAMPLES];
	enum err err = ERR_NONE;
	size_t count;

	for (*samples = 0; !err && (count = dtmf_sender_pop(sender, sound, MOUTH_FRAME_SAMPLES)); *samples += (uint32_t)count) {
		for (size_t i = 0; i < count; i++)
			ulaw[i] = g711_ulaw_encode(sound[i]);
		err = mouth_audio(s->mouth, out->utterance, out->take, ulaw, count);
	}
	return err;
}

/* Keys of a telephone as tones, in the agent's own track: a carrier that is told to send some takes the call away from us. */
static enum err keys_say(struct session *s, const struct call_output *out)
{
	struct speech_word all = { .text_end = (uint16_t)out->number };
	struct dtmf_sender *sender;
	char keys[BRIEF_KEYS_MAX + 1];
	enum err err = dtmf_sender_new(&sender, NULL);

	snprintf(keys, sizeof(keys), "%.*s", (int)out->text_len, out->text);
	if (!err)
		err = dtmf_sender_push(sender, keys);
	if (!err)
		err = tones_make(s, out, sender, &all.end_samples);
	dtmf_sender_free(&sender);
	if (!err)
		whole_said(s, out, &all);
	return err;
}

/* Gives it to the voice: as it is said, unless the voice wants it as it is written. */
static enum err voice_start(struct session *s, struct voicing *v, const struct call_output *out)
{
	char language[BRIEF_LANGUAGE_MAX];
	const char *text = out->text;
	size_t len = out->text_len;
	enum err err;

	v->utterance = out->utterance;
	v->take = out->take;
	v->meant = 0;
	buf_reset(&v->text);
	buf_append(&v->text, text, len);
	if (!s->io.tts->verbatim) {
		err = v->text.err ? v->text.err : spoken_find(s, v, out);
		if (err)
			return err;
		text = (const char *)v->spoken.text.data;
		len = v->spoken.text.len;
		if (!len)
			return silence_say(s, out);
	}
	ledger_said(&s->ledger, out->utterance, (uint32_t)out->text_len);
	err = s->io.tts->start(s->io.tts_vendor, &v->op, session_language(s, out, language), text, len, &tts_events, v);
	s->usage.tts_characters += err ? 0 : len;
	return err;
}

void session_speak(struct session *s, const struct call_output *out)
{
	struct voicing *v = s->voices, *end = s->voices + VOICES_MAX;
	struct call_input *in;
	enum err err;

	session_voices_cancel(s, out->utterance, false);
	err = mouth_speak(s->mouth, out->utterance, out->take);
	while (v < end && v->op)
		v++;
	if (!err && v == end)
		err = ERR_LIMIT;
	if (!err)
		err = out->kind == SPEAK_KEYS ? keys_say(s, out) : voice_start(s, v, out);
	if (!err)
		return;
	session_log_failed(s, RETRY_VOICE, err);
	in = session_input(s, IN_SPEECH_FAILED);
	in->utterance = out->utterance;
	in->take = out->take;
	session_feed(s);
}

void session_hold(struct session *s)
{
	mouth_hold(s->mouth, session_now(s));
	if (s->deaf)
		s->io.media->clear(s->io.socket); /* the mouth has no media then, and what the socket has queued may still be played */
	if (s->io.silenced)
		s->io.silenced(s->io.arg, sample_at(s, session_now(s)));
	session_write_played(s, PLAYED_CLEARED, NULL);
}
