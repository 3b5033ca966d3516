/* `callfunnel say TEXT [--lang L] (-o F.wav | --print)`: a text as the offline voices speak it on the telephone (8000 Hz, through µ-law), or its
 * spoken form, which is what every voice is given (voice/spoken/). Main thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audio/g711.h"
#include "audio/wav.h"
#include "base/json.h"
#include "base/wording.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/outfile.h"
#include "providers/espeak.h"
#include "providers/flite.h"
#include "voice/spoken/spoken.h"

enum { RATE_HZ = 8000, SOUND_MAX_BYTES = 300 * RATE_HZ, DOCUMENT_MAX_BYTES = 1024 * 1024 };

struct saying {
	struct tts_utterance *op;
	struct buf ulaw;
	bool is_over;
	enum err err;
};

static void audio_h(void *arg, const uint8_t *ulaw, size_t samples)
{
	buf_append(&((struct saying *)arg)->ulaw, ulaw, samples);
}

static void words_h(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	(void)arg;
	(void)words;
	(void)count;
	(void)exact;
}

static void done_h(void *arg)
{
	((struct saying *)arg)->is_over = true;
}

static void failed_h(void *arg, enum err why)
{
	struct saying *s = arg;

	s->is_over = true;
	s->err = why;
}

static enum err speak(uv_loop_t *loop, const struct tts *tts, void *vendor, const char *language, const struct buf *text, struct saying *s)
{
	static const struct tts_events events = { .audio = audio_h, .words = words_h, .done = done_h, .failed = failed_h };
	enum err err = tts->start(vendor, &s->op, language, (const char *)text->data, text->len, &events, s);

	while (!err && !s->is_over)
		(void)uv_run(loop, UV_RUN_ONCE);
	return err ? err : s->err ? s->err : s->ulaw.err;
}

static enum err say(const char *language, const struct buf *text, struct saying *s, struct err_detail *detail)
{
	bool english = language_is(language, "en");
	struct flite *flite = NULL;
	struct espeak *espeak = NULL;
	uv_loop_t loop;
	enum err err;

	if (uv_loop_init(&loop))
		return ERR_UNAVAILABLE;
	err = english ? flite_open(&flite, &loop) : espeak_open(&espeak, &loop, NULL, detail);
	if (!err)
		err = speak(&loop, english ? &flite_tts : &espeak_tts, english ? (void *)flite : (void *)espeak, language, text, s);
	flite_close(&flite);
	espeak_close(&espeak);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	return err;
}

static enum err write_wav(const struct saying *s, const char *path, struct err_detail *detail)
{
	int16_t *samples = malloc((s->ulaw.len + 1) * sizeof(*samples));
	enum err err = ERR_NOMEM;

	if (samples) {
		g711_decode(G711_ULAW, samples, s->ulaw.data, s->ulaw.len);
		err = wav_write(path, samples, s->ulaw.len, 1, RATE_HZ, NULL, 0, detail);
	}
	free(samples);
	return err;
}

static void tell(struct cli *cli, const char *path, size_t samples)
{
	struct buf b;

	if (!cli->json) {
		printf("%s: %zu.%03zu s\n", path, samples / RATE_HZ, samples % RATE_HZ / 8);
		return;
	}
	buf_init(&b, 4096);
	json_open(&b, '{');
	json_pair_string(&b, "file", path);
	json_pair_u64(&b, "rate_hz", RATE_HZ);
	json_pair_u64(&b, "samples", samples);
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

static int refuse(struct cli *cli, enum err err, const char *language, const struct err_detail *detail)
{
	const char *hint = detail->hint;

	if (err == ERR_NOTFOUND && !detail->message[0])
		return cli_fail(cli, CLI_MISSING, err, "--lang", "`callfunnel doctor` says which voices are there; --print needs none", "there is no voice for %s", language);
	if (!*hint && detail->where[0])
		hint = "name a file that can be written, in a folder that is there";
	return cli_fail(cli, err == ERR_USAGE || err == ERR_LIMIT ? CLI_USAGE : CLI_MISSING, err, detail->where, hint, "it cannot be said: %s",
		detail->message[0] ? detail->message : err_name(err));
}

/* ---- its spoken form ---- */

static enum err spoken_find(struct spoken *s, const char *language, const char *text)
{
	const struct spoken_how how = { .language = language };
	enum err err;

	spoken_init(s);
	err = *text ? spoken_make(s, &how, text, strlen(text)) : ERR_USAGE;
	return !err && !s->text.len ? ERR_FORMAT : err; /* an emoji: there is nothing to be said */
}

static void spoken_tell(struct cli *cli, const char *language, const char *text, struct buf *spoken)
{
	struct buf b;

	if (!cli->json) {
		puts(buf_str(spoken));
		return;
	}
	buf_init(&b, DOCUMENT_MAX_BYTES);
	json_open(&b, '{');
	json_pair_string(&b, "text", text);
	json_pair_string(&b, "language", language);
	json_pair_string(&b, "spoken", buf_str(spoken));
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

static int print_spoken(struct cli *cli, const char *language, const char *text)
{
	const struct err_detail detail = { .message = "" };
	struct spoken spoken;
	enum err err = spoken_find(&spoken, language, text);

	if (!err)
		spoken_tell(cli, language, text, &spoken.text);
	spoken_fini(&spoken);
	return err ? refuse(cli, err, language, &detail) : CLI_FINE;
}

/* ---- its sound ---- */

static bool is_wav(const char *path)
{
	size_t len = strlen(path);

	return len >= 4 && !strcasecmp(path + len - 4, ".wav");
}

static int save_sound(struct cli *cli, const char *language, const char *text, const char *path)
{
	struct err_detail detail = { .message = "" };
	struct saying s = { .op = NULL };
	struct spoken spoken;
	char target[DISK_PATH_MAX];
	int status = outfile_find(cli, target, path);
	enum err err;

	if (status)
		return status;
	if (!is_wav(path))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, path, "name a file that ends in .wav", "only WAV files are written");
	buf_init(&s.ulaw, SOUND_MAX_BYTES);
	err = spoken_find(&spoken, language, text);
	if (!err)
		err = say(language, &spoken.text, &s, &detail);
	if (!err)
		err = write_wav(&s, path, &detail);
	if (!err)
		tell(cli, path, s.ulaw.len);
	buf_fini(&s.ulaw);
	spoken_fini(&spoken);
	return err ? refuse(cli, err, language, &detail) : CLI_FINE;
}

int cmd_say(struct cli *cli, int argc, char **argv)
{
	const char *language = "en-US", *path = NULL;
	bool print = false;
	const struct flag flags[] = {
		{ .name = "lang", .type = FLAG_STRING, .value = &language, .arg = "L", .help = "The language (en-US)." },
		{ .name = "output", .letter = 'o', .type = FLAG_STRING, .value = &path, .arg = "F.wav", .help = "The file to write." },
		{ .name = "print", .type = FLAG_BOOL, .value = &print, .help = "Print the spoken form instead: the words that a voice is given." },
		{ .name = NULL },
	};
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	if (argc != 2)
		return cli_fail_words(cli, "say", argc < 2 ? "what is to be said?" : "one text, in quotes");
	if (print == (path != NULL))
		return cli_fail_words(cli, "say", "a file to write (-o), or --print");
	return print ? print_spoken(cli, language, argv[1]) : save_sound(cli, language, argv[1], path);
}
