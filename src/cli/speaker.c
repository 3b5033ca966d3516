#include "cli/speaker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"
#include "audio/wav.h"
#include "base/json.h"
#include "cli/wav_told.h"
#include "voice/session/session.h"

enum { FRAME_SAMPLES = 160, FRAME_US = 20000, RATE_HZ = 8000, LEVEL_VOICE = 65535, LINE_READ_MAX = 1 << 20 };

/* ------------------------------------------------------------------ recordings */

static enum err to_ulaw(struct saying *s, const struct wav *wav)
{
	int16_t *mono;
	enum err err = wav_channel(wav, 0, RATE_HZ, &mono, &s->samples);

	if (err)
		return err;
	s->ulaw = malloc(s->samples + 1);
	if (s->ulaw)
		g711_encode(G711_ULAW, s->ulaw, mono, s->samples);
	free(mono);
	return s->ulaw ? ERR_NONE : ERR_NOMEM;
}

static void key_press(struct speaker *c, char key)
{
	if (c->call && strchr("0123456789*#", key))
		session_digit(worker_call_session(c->call), key);
}

static void on_key(void *arg, const struct dtmf_event *event)
{
	if (!event->is_end)
		key_press(arg, event->digit);
}

/* Who says nothing at all was not meant to. */
static enum err refuse_silence(const char *path, struct err_detail *detail)
{
	snprintf(detail->message, sizeof(detail->message), "there is no sound in it");
	snprintf(detail->where, sizeof(detail->where), "%.150s", path);
	snprintf(detail->hint, sizeof(detail->hint), "record it again; a caller who is silent needs no recording");
	return ERR_FORMAT;
}

enum err speaker_add(struct speaker *c, const char *path, int64_t at_ms, struct err_detail *detail)
{
	struct saying *s = &c->sayings[c->count];
	struct wav wav;
	enum err err;

	if (c->count == SPEAKER_SAYINGS)
		return ERR_LIMIT;
	err = c->keys ? ERR_NONE : dtmf_detector_new(&c->keys, on_key, c);
	if (!err)
		err = wav_read(path, &wav, detail);
	if (err)
		return err;
	wav_told(path, &wav);
	*s = (struct saying){ .path = path, .at_ms = at_ms, .began_ms = -1, .is_cut = wav.is_cut };
	err = wav.frames ? wav.frames / wav.rate_hz <= SPEAKER_SECONDS_MAX ? to_ulaw(s, &wav) : ERR_LIMIT : refuse_silence(path, detail);
	wav_fini(&wav);
	c->count += !err;
	return err;
}

/* Sound goes out by frames: less than one behind its time is on time. */
static void saying_began(struct saying *s, uint64_t ms)
{
	uint64_t late_ms = s->at_ms >= 0 ? ms - (uint64_t)s->at_ms : 0;

	s->began_ms = (int64_t)ms;
	s->late_ms = late_ms * 1000 >= FRAME_US ? late_ms : 0;
	if (s->late_ms)
		fprintf(stderr, "warning: %s: begins at %" PRIu64 " ms, %" PRIu64 " ms late: what is said before it was not over\n", s->path, ms, s->late_ms);
}

static void saying_next(struct speaker *c)
{
	struct saying *s = c->next < c->count ? &c->sayings[c->next] : NULL;
	uint64_t ms = c->frames * FRAME_US / 1000;

	if (!s || (s->at_ms >= 0 ? ms < (uint64_t)s->at_ms : c->unanswered || c->waits_frames * FRAME_US < SPEAKER_THINKS_MS * 1000))
		return;
	saying_began(s, ms);
	c->speaks = s;
	c->said_samples = 0;
	c->waits_frames = 0;
	c->next++;
}

static void keys_listen(struct speaker *c, const uint8_t frame[FRAME_SAMPLES])
{
	int16_t samples[FRAME_SAMPLES];

	g711_decode(G711_ULAW, samples, frame, FRAME_SAMPLES);
	dtmf_detector_push(c->keys, samples, FRAME_SAMPLES);
}

static void frame_of_saying(struct speaker *c, uint8_t frame[FRAME_SAMPLES])
{
	size_t left, n;

	if (!c->speaks)
		saying_next(c);
	if (!c->speaks)
		return;
	left = c->speaks->samples - c->said_samples;
	n = left < FRAME_SAMPLES ? left : FRAME_SAMPLES;
	memcpy(frame, c->speaks->ulaw + c->said_samples, n);
	keys_listen(c, frame);
	c->said_samples += n;
	if (n == left) {
		c->speaks = NULL;
		c->unanswered = true;
	}
}

/* ------------------------------------------------------------------ lines */

/* A line that says nothing: whoever types has another one, and the call waits for it. */
static void line_wrong(const struct speaker *c, const char *what, const char *allowed)
{
	fprintf(stderr, "error: line %" PRIu64 " of what is typed: %s\n  %s\n", c->lines_read, what, allowed);
}

static void press(struct speaker *c, const char *keys)
{
	if (!*keys || keys[strspn(keys, "0123456789*#")]) {
		line_wrong(c, "these are no keys", "/press takes 0 to 9, * and #, as in /press 12#");
		return;
	}
	for (; *keys; keys++)
		key_press(c, *keys);
	c->passed = true;
}

static void hangup(struct speaker *c)
{
	c->is_done = true;
	session_hangup(worker_call_session(c->call));
}

static void line_take(struct speaker *c, char *line)
{
	size_t len = strcspn(line, "\r\n");

	line[len] = '\0';
	while (len && line[len - 1] == ' ')
		line[--len] = '\0';
	if (!strcmp(line, "/hangup"))
		hangup(c);
	else if (!strcmp(line, "/press") || !strncmp(line, "/press ", 7))
		press(c, line[6] ? line + 7 : "");
	else if (line[0] == '/')
		line_wrong(c, "there is no such command", "/press 12# presses keys, /hangup ends the call; what is said does not begin with a slash");
	else if (!len)
		c->passed = true;
	else
		c->voice_samples = typed_say(c->typed, line, len);
}

/* A line of at most `room` - 1 bytes; what is more is read and dropped, and counted in *len. An input that never ends a line is left after
 * LINE_READ_MAX bytes. False: the input is over. */
static bool line_get(FILE *in, char *line, size_t room, size_t *len)
{
	int byte = 0;

	*len = 0;
	while (*len < LINE_READ_MAX && (byte = getc(in)) != EOF && byte != '\n') {
		if (*len < room - 1)
			line[*len] = (char)byte;
		(*len)++;
	}
	line[*len < room ? *len : room - 1] = '\0';
	return byte != EOF || *len;
}

/* A person is asked again; a script means what it says, and cannot be told in time. */
static void line_refuse(struct speaker *c, size_t len)
{
	if (c->prompts) {
		fprintf(stderr, "this line has %zu bytes, more than the %d that can be said at once\n", len, TYPED_LINE_MAX_BYTES);
		return;
	}
	c->refused_line = c->lines_read;
	hangup(c);
}

static void line_read(struct speaker *c)
{
	char line[TYPED_LINE_MAX_BYTES + 2]; /* with a '\r' */
	size_t len;
	bool more;

	if (c->prompts) {
		fputs("you> ", stdout);
		fflush(stdout);
	}
	clock_stop(c->clock);
	more = line_get(c->lines, line, sizeof(line), &len);
	c->lines_read += more;
	if (!more)
		hangup(c);
	else if (len >= sizeof(line) || strcspn(line, "\r") > TYPED_LINE_MAX_BYTES)
		line_refuse(c, len);
	else if (!utf8_is_valid(line, len) || memchr(line, '\0', len))
		line_wrong(c, "this is no text", "a line is UTF-8 without zero bytes");
	else
		line_take(c, line);
	clock_go(c->clock);
}

/* The level of each chunk of silence that goes in: nobody could tell from the sound that something is said. */
static void levels_tell(struct speaker *c)
{
	uint64_t position = session_caller_position(worker_call_session(c->call));

	while (c->call && c->level_at + VOICE_CHUNK_SAMPLES <= position) {
		uint64_t at = c->level_at;
		bool voice = c->voice_samples != 0;

		c->level_at += VOICE_CHUNK_SAMPLES;
		c->voice_samples -= c->voice_samples < VOICE_CHUNK_SAMPLES ? c->voice_samples : VOICE_CHUNK_SAMPLES;
		session_voice(worker_call_session(c->call), at, voice ? LEVEL_VOICE : 0);
	}
}

static void line_next(struct speaker *c)
{
	if (c->is_done || c->voice_samples || c->waits_frames * FRAME_US < SPEAKER_THINKS_MS * 1000)
		return;
	c->waits_frames = 0;
	line_read(c);
}

/* ------------------------------------------------------------------ time */

static void agent_looks(struct speaker *c)
{
	bool waits = call_waits(session_call(worker_call_session(c->call)));

	if (!waits)
		c->passed = false;
	c->waits_frames = waits && !c->passed ? c->waits_frames + 1 : 0;
	c->unanswered = c->unanswered && line_is_silent(c->line);
}

static void tick(void *arg)
{
	struct speaker *c = arg;
	uint8_t frame[FRAME_SAMPLES];

	memset(frame, G711_ULAW_SILENCE, sizeof(frame));
	agent_looks(c);
	if (c->typed)
		line_next(c);
	else
		frame_of_saying(c, frame);
	line_echo_add(c->line, c->began_us + (c->frames + 1) * FRAME_US, frame, FRAME_SAMPLES);
	if (c->call)
		worker_call_audio(c->call, frame, FRAME_SAMPLES);
	if (c->call && c->typed)
		levels_tell(c);
	c->frames++;
	if (c->call)
		clock_timer_set(&c->tick, c->clock, c->began_us + c->frames * FRAME_US, tick, c);
}

void speaker_begin(struct speaker *c, struct worker_call *call, struct line *line)
{
	c->call = call;
	c->line = line;
	c->began_us = clock_now_us(c->clock);
	clock_timer_set(&c->tick, c->clock, c->began_us + FRAME_US, tick, c);
}

void speaker_end(struct speaker *c)
{
	c->call = NULL;
	clock_timer_stop(&c->tick);
}

void speaker_init(struct speaker *c, struct clock *clock)
{
	memset(c, 0, sizeof(*c));
	c->clock = clock;
}

void speaker_fini(struct speaker *c)
{
	size_t i;

	speaker_end(c);
	for (i = 0; i < c->count; i++)
		free(c->sayings[i].ulaw);
	c->count = 0;
	dtmf_detector_free(&c->keys);
}
