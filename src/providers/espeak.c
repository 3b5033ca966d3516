/* espeak-ng behind tts.h. See espeak.h.
 *
 * All on the loop's thread. A run of the program is a struct tts_utterance; the list of voices is one too, without a slot. It is freed
 * when its handles are closed, and the struct espeak when the last of them is.
 */
#include "providers/espeak.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audio/g711.h"
#include "audio/resample.h"
#include "base/buf.h"

enum { HEADER_BYTES = 44, LANGUAGE_MAX = 32, LIST_MAX_BYTES = 256 * 1024, READ_BYTES = 16384, SOUNDING_BYTES = 4096, WORDS_MAX = ESPEAK_MAX_TEXT_BYTES / 2 + 1 };

struct tts_utterance {
	struct espeak *e;
	struct tts_utterance *next;
	struct tts_utterance **slot;
	struct tts_events events;
	void *arg;
	bool is_list, is_waiting, is_silenced, has_process, has_exited, at_end;
	int64_t status;
	unsigned int open_handles;
	uv_process_t process;
	uv_pipe_t in, out;
	uv_timer_t timer;
	uv_write_t write;
	char language[LANGUAGE_MAX];
	char text[ESPEAK_MAX_TEXT_BYTES + 1];
	struct resampler *resampler;
	struct buf raw; /* the list; the header; an odd byte */
	size_t samples;
	enum err err;
	char chunk[READ_BYTES];
};

struct espeak {
	uv_loop_t *loop;
	char program[256];
	struct tts_utterance *first;
	unsigned int count;
	struct buf voices; /* " af am … " */
	bool has_voices, is_closing;
};

static uint32_t le32(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24; }

/* ---- a run of the program ---- */

static void espeak_free_when_empty(struct espeak *e)
{
	if (e->is_closing && !e->first) {
		buf_fini(&e->voices);
		free(e);
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct tts_utterance *u = handle->data;
	struct espeak *e = u->e;
	struct tts_utterance **at = &e->first;

	if (--u->open_handles)
		return;
	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	e->count--;
	resampler_free(&u->resampler);
	buf_fini(&u->raw);
	free(u);
	espeak_free_when_empty(e);
}

static void handle_close(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

/* The process handle stays until the child is reaped. */
static void run_stop(struct tts_utterance *u)
{
	handle_close((uv_handle_t *)&u->in);
	handle_close((uv_handle_t *)&u->out);
	handle_close((uv_handle_t *)&u->timer);
	if (u->has_process && !u->has_exited)
		uv_process_kill(&u->process, SIGKILL);
}

static void silence(struct tts_utterance *u)
{
	if (u->slot)
		usage_tell_text(u->events.used, u->arg, "local", "espeak", u->text, strlen(u->text));
	if (u->slot)
		*u->slot = NULL;
	u->slot = NULL;
	u->is_silenced = true;
}

static void voices_take(struct tts_utterance *list, enum err err);

static void finish(struct tts_utterance *u, enum err err)
{
	bool was_silenced = u->is_silenced;

	silence(u);
	run_stop(u);
	if (was_silenced)
		return;
	if (u->is_list)
		voices_take(u, err);
	else if (err)
		u->events.failed(u->arg, err);
	else
		u->events.done(u->arg);
}

/* Times by letters: each word ends where its share of the text does. */
static void words_say(struct tts_utterance *u)
{
	static const char blanks[] = " \t\r\n";
	struct speech_word *words = calloc(WORDS_MAX, sizeof(*words));
	size_t len = strlen(u->text), count = 0;

	for (size_t at = strspn(u->text, blanks); words && at < len && count < WORDS_MAX; at += strspn(u->text + at, blanks)) {
		at += strcspn(u->text + at, blanks);
		words[count].text_end = (uint16_t)at;
		words[count++].end_samples = (uint32_t)((uint64_t)u->samples * at / len);
	}
	if (count)
		u->events.words(u->arg, words, count, false);
	free(words);
}

static void run_end(struct tts_utterance *u)
{
	if (!u->has_exited || !u->at_end || u->is_silenced)
		return;
	if (!u->err && u->status)
		u->err = ERR_UNAVAILABLE;
	if (!u->err && !u->is_list && !u->samples)
		u->err = ERR_FORMAT;
	if (!u->err && !u->is_list)
		words_say(u);
	if (!u->is_silenced)
		finish(u, u->err);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
	struct tts_utterance *u = process->data;

	u->has_exited = true;
	u->status = signal ? signal : status;
	handle_close((uv_handle_t *)process);
	run_end(u);
}

/* ---- its sound ---- */

static enum err header_take(struct tts_utterance *u)
{
	const uint8_t *h = u->raw.data;
	enum err err;

	if (memcmp(h, "RIFF", 4) || memcmp(h + 8, "WAVEfmt ", 8) || le32(h + 16) != 16 || memcmp(h + 36, "data", 4))
		return ERR_FORMAT;
	if (le32(h + 20) != (1u << 16 | 1u) || h[34] != 16 || h[35]) /* PCM, one channel, 16 bits */
		return ERR_FORMAT;
	if (le32(h + 24) < 8000 || le32(h + 24) > 48000)
		return ERR_FORMAT;
	err = resampler_new(&u->resampler, le32(h + 24), G711_RATE_HZ);
	buf_cut(&u->raw, 0, HEADER_BYTES);
	return err;
}

static enum err sound_give(struct tts_utterance *u, bool is_last)
{
	size_t count = u->raw.len / 2, n;
	size_t room = resampler_room(u->resampler, count) + resampler_drain_room(u->resampler) + 1;
	int16_t *in = calloc(count + 1, sizeof(*in)), *out = calloc(room, sizeof(*out));
	uint8_t *ulaw = malloc(room);
	enum err err = in && out && ulaw ? ERR_NONE : ERR_NOMEM;

	if (!err) {
		for (size_t i = 0; i < count; i++)
			in[i] = (int16_t)(uint16_t)(u->raw.data[2 * i] | u->raw.data[2 * i + 1] << 8);
		if (count)
			buf_cut(&u->raw, 0, 2 * count);
		n = resampler_push(u->resampler, in, count, out);
		if (is_last)
			n += resampler_drain(u->resampler, out + n);
		g711_encode(G711_ULAW, ulaw, out, n);
		u->samples += n;
		if (u->samples > ESPEAK_MAX_SAMPLES)
			err = ERR_LIMIT;
		else if (n)
			u->events.audio(u->arg, ulaw, n);
	}
	free(in);
	free(out);
	free(ulaw);
	return err;
}

static enum err bytes_take(struct tts_utterance *u, size_t count)
{
	enum err err = ERR_NONE;

	buf_append(&u->raw, u->chunk, count);
	if (u->raw.err || u->is_list)
		return u->raw.err;
	if (!u->resampler && u->raw.len >= HEADER_BYTES)
		err = header_take(u);
	return !err && u->resampler ? sound_give(u, false) : err;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct tts_utterance *u = handle->data;

	(void)suggested;
	*buf = uv_buf_init(u->chunk, sizeof(u->chunk));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct tts_utterance *u = stream->data;
	enum err err = ERR_NONE;

	(void)buf;
	if (count > 0)
		err = bytes_take(u, (size_t)count);
	else if (count < 0) {
		u->at_end = true;
		if (u->resampler)
			err = sound_give(u, true);
	}
	if (u->is_silenced)
		return;
	if (err)
		finish(u, err);
	else if (count < 0)
		run_end(u);
}

static void on_written(uv_write_t *write, int status)
{
	struct tts_utterance *u = write->data;

	(void)status; /* a child that does not read fails by its status */
	handle_close((uv_handle_t *)&u->in);
}

static void on_timer(uv_timer_t *timer)
{
	finish(timer->data, ERR_TIMEOUT);
}

/* ---- starting ---- */

static int run_spawn(struct tts_utterance *u)
{
	char list[] = "--voices", quiet[] = "--stdout", in[] = "--stdin", coding[] = "-b1", voice[] = "-v";
	char *listing[] = { u->e->program, list, NULL };
	char *speaking[] = { u->e->program, quiet, in, coding, voice, u->language, NULL };
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&u->in },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&u->out },
		{ .flags = UV_IGNORE },
	};
	uv_process_options_t options = { .file = u->e->program, .args = u->is_list ? listing : speaking, .stdio = stdio, .stdio_count = 3,
		.exit_cb = on_exit_of };
	uv_buf_t text = uv_buf_init(u->text, (unsigned int)strlen(u->text));
	int status = uv_spawn(u->e->loop, &u->process, &options);

	u->is_waiting = false;
	u->has_process = true; /* a handle to close, even when the program could not be started */
	u->open_handles++;
	if (status) {
		u->has_exited = true;
		handle_close((uv_handle_t *)&u->process);
		return status;
	}
	uv_read_start((uv_stream_t *)&u->out, on_alloc, on_read);
	u->write.data = u;
	if (u->is_list || uv_write(&u->write, (uv_stream_t *)&u->in, &text, 1, on_written))
		handle_close((uv_handle_t *)&u->in);
	return 0;
}

static struct tts_utterance *run_new(struct espeak *e)
{
	struct tts_utterance *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->e = e;
	u->is_waiting = true;
	u->open_handles = 3;
	buf_init(&u->raw, LIST_MAX_BYTES);
	uv_pipe_init(e->loop, &u->in, 0);
	uv_pipe_init(e->loop, &u->out, 0);
	uv_timer_init(e->loop, &u->timer);
	uv_timer_start(&u->timer, on_timer, ESPEAK_DEADLINE_MS, 0);
	u->process.data = u->in.data = u->out.data = u->timer.data = u;
	u->next = e->first;
	e->first = u;
	e->count++;
	return u;
}

/* The listed language for `wanted`: itself, its part before '-', or the first that is a kind of it. */
static bool voice_find(struct espeak *e, const char *wanted, char *found)
{
	size_t whole = strlen(wanted), part = strcspn(wanted, "-_");
	const char *best = NULL;
	int best_rank = 0;

	for (const char *at = buf_str(&e->voices); *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");
		int rank = 0;

		if (len >= LANGUAGE_MAX)
			continue;
		if (len == whole && !strncasecmp(at, wanted, len))
			rank = 3;
		else if (len == part && !strncasecmp(at, wanted, len))
			rank = 2;
		else if (len > part && at[part] == '-' && !strncasecmp(at, wanted, part))
			rank = 1;
		if (rank > best_rank) {
			best_rank = rank;
			best = at;
		}
	}
	if (best)
		snprintf(found, LANGUAGE_MAX, "%.*s", (int)strcspn(best, " "), best);
	return best && best[0] != '-';
}

/* The second column of each line but the first. */
static void voices_read(struct espeak *e, const char *list)
{
	for (const char *line = strchr(list, '\n'); line; line = strchr(line + 1, '\n')) {
		char language[LANGUAGE_MAX];

		if (sscanf(line + 1, "%*d %31s", language) == 1)
			buf_printf(&e->voices, "%s ", language);
	}
}

static struct tts_utterance *next_waiting(struct espeak *e)
{
	struct tts_utterance *u = e->first;

	while (u && (!u->is_waiting || u->is_silenced))
		u = u->next;
	return u;
}

static void voices_take(struct tts_utterance *list, enum err err)
{
	struct espeak *e = list->e;
	struct tts_utterance *u;

	if (!err)
		voices_read(e, buf_str(&list->raw));
	e->has_voices = true;
	while ((u = next_waiting(e))) {
		char wanted[LANGUAGE_MAX];

		memcpy(wanted, u->language, sizeof(wanted));
		if (!voice_find(e, wanted, u->language))
			finish(u, err ? err : ERR_NOTFOUND);
		else if (run_spawn(u))
			finish(u, ERR_UNAVAILABLE);
	}
}

static enum err espeak_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct espeak *e = vendor;
	struct tts_utterance *u;
	char voice[LANGUAGE_MAX];

	*up = NULL;
	if (!len || memchr(text, 0, len))
		return ERR_USAGE;
	if (len > ESPEAK_MAX_TEXT_BYTES)
		return ERR_LIMIT;
	if (strlen(language) >= LANGUAGE_MAX || !*language || (e->has_voices && !voice_find(e, language, voice)))
		return ERR_NOTFOUND;
	if (e->count >= ESPEAK_MAX_UTTERANCES)
		return ERR_BUSY;
	u = run_new(e);
	if (!u)
		return ERR_NOMEM;
	memcpy(u->text, text, len);
	for (char *at = u->text; (at = strchr(at, '[')); at++)
		*at = ' '; /* "[[" would begin phonemes */
	snprintf(u->language, sizeof(u->language), "%s", e->has_voices ? voice : language);
	if (e->has_voices && run_spawn(u)) {
		silence(u);
		run_stop(u);
		return ERR_UNAVAILABLE;
	}
	u->slot = up;
	u->events = *events;
	u->arg = arg;
	*up = u;
	return ERR_NONE;
}

static void espeak_cancel(struct tts_utterance **up)
{
	struct tts_utterance *u = up ? *up : NULL;

	if (u) {
		silence(u);
		run_stop(u);
	}
}

const struct tts espeak_tts = { .name = "espeak", .start = espeak_start, .cancel = espeak_cancel };

/* ---- opening and closing ---- */

void espeak_close(struct espeak **ep)
{
	struct espeak *e = *ep;

	if (!e)
		return;
	*ep = NULL;
	e->is_closing = true;
	for (struct tts_utterance *u = e->first; u; u = u->next) {
		silence(u);
		run_stop(u);
	}
	espeak_free_when_empty(e);
}

enum err espeak_open(struct espeak **ep, uv_loop_t *loop, const char *program, struct err_detail *detail)
{
	struct espeak *e = calloc(1, sizeof(*e));
	struct tts_utterance *list;

	*ep = NULL;
	if (!e)
		return ERR_NOMEM;
	e->loop = loop;
	snprintf(e->program, sizeof(e->program), "%s", program ? program : "espeak-ng");
	buf_init(&e->voices, LIST_MAX_BYTES);
	list = run_new(e);
	if (list) {
		list->is_list = true;
		if (!run_spawn(list)) {
			*ep = e;
			return ERR_NONE;
		}
	}
	if (detail) {
		*detail = (struct err_detail){ 0 };
		snprintf(detail->message, sizeof(detail->message), "the program %.200s cannot be started", e->program);
		snprintf(detail->hint, sizeof(detail->hint), "install the package espeak-ng");
	}
	espeak_close(&e);
	return ERR_UNAVAILABLE;
}
