/* `callfunnel audio g711|resample|dtmf F`: the DSP of live calls, on a file.
 *
 * Exit status: 0 done, 1 the file is there but is not what it should be, 2 wrong usage, 3 a file cannot be read or written.
 * Files are read whole (wav.h's ceiling); results of two-channel files are per channel. Refuses to guess: what is no WAV is only
 * taken as bare G.711 codes when --decode says so.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/dtmf.h"
#include "audio/g711.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include "base/disk.h"
#include "base/json.h"
#include "base/target.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/outfile.h"
#include "cli/wav_told.h"

enum { LINE_MAX_BYTES = 16 * 1024 };

struct audio_flags {
	const char *law;
	bool encode;
	bool decode;
	int64_t rate_hz;
	const char *out;
};

static int fail(struct cli *cli, enum err err, const struct err_detail *detail)
{
	bool is_content = err == ERR_FORMAT || err == ERR_TRUNCATED || err == ERR_CORRUPT || err == ERR_LIMIT;

	return cli_fail(cli, err == ERR_USAGE ? CLI_USAGE : is_content ? CLI_NOT_SO : CLI_MISSING, err, detail->where, detail->hint, "%s", detail->message);
}

static int refuse(struct cli *cli, const char *hint, const char *message)
{
	return cli_fail(cli, CLI_USAGE, ERR_USAGE, "audio", hint, "%s", message);
}

static void print_line(struct buf *line)
{
	puts(buf_str(line));
	buf_fini(line);
}

/* --- resample --- */

/* Replaces w's samples by those at `to_hz`. */
static enum err wav_resample(struct wav *w, uint32_t to_hz, size_t *delay_samples)
{
	struct wav out = { .channels = w->channels, .rate_hz = to_hz, .bits = 16, .format_tag = 1, .is_cut = w->is_cut };
	struct resampler *r;
	int16_t *in = NULL, *piece = NULL;
	size_t room, c, i;
	enum err err = resampler_new(&r, w->rate_hz, to_hz);

	if (err)
		return err;
	*delay_samples = resampler_delay_samples(r);
	room = resampler_room(r, w->frames) + resampler_drain_room(r);
	if (room > WAV_MAX_BYTES / sizeof(int16_t) / w->channels) {
		resampler_free(&r);
		return ERR_LIMIT;
	}
	in = malloc((w->frames + 1) * sizeof(*in));
	piece = malloc(room * sizeof(*piece));
	out.samples = malloc(room * w->channels * sizeof(*out.samples));
	if (!in || !piece || !out.samples)
		err = ERR_NOMEM;
	for (c = 0; !err && c < w->channels; c++) {
		for (i = 0; i < w->frames; i++)
			in[i] = w->samples[i * w->channels + c];
		out.frames = resampler_push(r, in, w->frames, piece);
		out.frames += resampler_drain(r, piece + out.frames);
		for (i = 0; i < out.frames; i++)
			out.samples[i * w->channels + c] = piece[i];
	}
	resampler_free(&r);
	free(in);
	free(piece);
	if (err) {
		wav_fini(&out);
		return err;
	}
	wav_fini(w);
	*w = out;
	return ERR_NONE;
}

static int report_resampled(struct cli *cli, const char *file, const struct wav *w, uint32_t from_hz, size_t delay_samples,
	const char *out)
{
	struct buf line;

	if (!cli->json) {
		printf("%s: %zu samples at %" PRIu32 " Hz, was %" PRIu32 " Hz; ", out, w->frames, w->rate_hz, from_hz);
		printf("live it would run %zu samples (%.1f ms) behind\n", delay_samples,
			(double)delay_samples * 1000 / w->rate_hz);
		return CLI_FINE;
	}
	buf_init(&line, LINE_MAX_BYTES);
	json_open(&line, '{');
	json_pair_string(&line, "file", file);
	json_pair_string(&line, "out", out);
	json_pair_u64(&line, "from_hz", from_hz);
	json_pair_u64(&line, "rate_hz", w->rate_hz);
	json_pair_u64(&line, "channels", w->channels);
	json_pair_u64(&line, "samples", w->frames);
	json_pair_u64(&line, "delay_samples", delay_samples);
	json_pair_bool(&line, "truncated", w->is_cut);
	json_close(&line, '}');
	print_line(&line);
	return CLI_FINE;
}

static int audio_resample(struct cli *cli, const struct audio_flags *flags, const char *file)
{
	struct err_detail detail = { 0 };
	struct wav w;
	uint32_t from_hz;
	size_t delay_samples;
	enum err err;

	if (!flags->rate_hz || !flags->out)
		return refuse(cli, "callfunnel audio resample F.wav --rate R -o OUT.wav", "--rate and -o are needed");
	err = wav_read(file, &w, &detail);
	if (err)
		return fail(cli, err, &detail);
	wav_told(file, &w);
	from_hz = w.rate_hz;
	err = wav_resample(&w, (uint32_t)flags->rate_hz, &delay_samples);
	if (err)
		snprintf(detail.message, sizeof(detail.message), "cannot resample: %s", err_name(err));
	else
		err = wav_write(flags->out, w.samples, w.frames, w.channels, w.rate_hz, NULL, 0, &detail);
	if (!err)
		report_resampled(cli, file, &w, from_hz, delay_samples, flags->out);
	wav_fini(&w);
	return err ? fail(cli, err, &detail) : CLI_FINE;
}

/* --- g711 --- */

/* What a pass through G.711 did. */
struct companded {
	size_t samples;
	int peak;       /* the largest magnitude afterwards */
	int peak_error; /* the largest difference */
	double signal, noise;
};

static bool parse_law(const char *text, enum g711_law *law)
{
	*law = !strcmp(text, "a") || !strcmp(text, "alaw") ? G711_ALAW : G711_ULAW;
	return *law == G711_ALAW || !strcmp(text, "mu") || !strcmp(text, "ulaw");
}

static void measure(struct companded *c, const int16_t *before, const int16_t *after, size_t count)
{
	size_t i;

	*c = (struct companded){ .samples = count };
	for (i = 0; i < count; i++) {
		int error = abs(after[i] - before[i]);

		c->peak = abs(after[i]) > c->peak ? abs(after[i]) : c->peak;
		c->peak_error = error > c->peak_error ? error : c->peak_error;
		c->signal += (double)before[i] * before[i];
		c->noise += (double)error * error;
	}
}

static void report_human(const char *file, const char *law, const struct wav *w, const struct companded *c, bool is_decode,
	const char *out)
{
	printf("%s: %s-law, %zu samples", file, law, c->samples);
	if (w->channels > 1)
		printf(" in %u channels", w->channels);
	printf(" at %" PRIu32 " Hz, ", w->rate_hz);
	if (is_decode)
		printf("peak %d", c->peak);
	else
		printf("peak error %d", c->peak_error);
	if (!is_decode && c->noise > 0)
		printf(", signal to noise %.1f dB", 10 * log10(c->signal / c->noise));
	if (out)
		printf(", written to %s", out);
	putchar('\n');
}

static void report_companded(struct cli *cli, const char *file, enum g711_law law, const struct wav *w, const struct companded *c,
	bool is_decode, const char *out)
{
	const char *name = law == G711_ALAW ? "a" : "mu";
	struct buf line;

	if (!cli->json) {
		report_human(file, name, w, c, is_decode, out);
		return;
	}
	buf_init(&line, LINE_MAX_BYTES);
	json_open(&line, '{');
	json_pair_string(&line, "file", file);
	json_pair_string(&line, "law", name);
	json_pair_u64(&line, "rate_hz", w->rate_hz);
	json_pair_u64(&line, "channels", w->channels);
	json_pair_u64(&line, "samples", c->samples);
	json_pair_i64(&line, "peak", c->peak);
	if (!is_decode) {
		json_pair_i64(&line, "peak_error", c->peak_error);
		json_put_key(&line, "snr_db");
		json_put_real(&line, c->noise > 0 ? 10 * log10(c->signal / c->noise) : HUGE_VAL, 2);
	}
	json_pair_bool(&line, "truncated", w->is_cut);
	json_pair_string(&line, "out", out);
	json_close(&line, '}');
	print_line(&line);
}

static enum err write_codes(const char *path, const uint8_t *codes, size_t count, struct err_detail *detail)
{
	char target[DISK_PATH_MAX];
	enum err err = target_find(target, path, detail);

	if (err)
		return err;
	err = target_replace(target, codes, count);
	if (err) {
		snprintf(detail->where, sizeof(detail->where), "%.150s", path);
		snprintf(detail->message, sizeof(detail->message), "cannot write: %s", err_name(err));
	}
	return err;
}

/* The file there and back through G.711. With --encode the codes are written, else what they sound like. */
static enum err compand(const struct audio_flags *flags, enum g711_law law, struct wav *w, struct companded *c,
	struct err_detail *detail)
{
	size_t count = w->frames * w->channels;
	uint8_t *codes = malloc(count + 1);
	int16_t *after = malloc((count + 1) * sizeof(*after));
	enum err err = ERR_NONE;

	if (!codes || !after) {
		snprintf(detail->message, sizeof(detail->message), "no memory");
		err = ERR_NOMEM;
	} else {
		g711_encode(law, codes, w->samples, count);
		g711_decode(law, after, codes, count);
		measure(c, w->samples, after, count);
	}
	if (!err && flags->out && flags->encode)
		err = write_codes(flags->out, codes, count, detail);
	else if (!err && flags->out)
		err = wav_write(flags->out, after, w->frames, w->channels, w->rate_hz, NULL, 0, detail);
	free(codes);
	free(after);
	return err;
}

static int g711_forth(struct cli *cli, const struct audio_flags *flags, enum g711_law law, const char *file)
{
	struct err_detail detail = { 0 };
	struct companded c;
	struct wav w;
	size_t delay_samples;
	enum err err = wav_read(file, &w, &detail);

	if (err)
		return fail(cli, err, &detail);
	wav_told(file, &w);
	if (flags->encode && w.channels > 1) {
		wav_fini(&w);
		return cli_fail(cli, CLI_NOT_SO, ERR_FORMAT, file, "give a file of one channel", "bare G.711 codes hold one channel, not two");
	}
	if (flags->encode && w.rate_hz != G711_RATE_HZ)
		err = wav_resample(&w, G711_RATE_HZ, &delay_samples);
	if (err)
		snprintf(detail.message, sizeof(detail.message), "cannot resample: %s", err_name(err));
	else
		err = compand(flags, law, &w, &c, &detail);
	if (!err)
		report_companded(cli, file, law, &w, &c, false, flags->out);
	wav_fini(&w);
	return err ? fail(cli, err, &detail) : CLI_FINE;
}

/* Also the kinds of it that are not read here: as bare codes they would be noise. */
static bool is_riff(const struct buf *b)
{
	return b->len >= 4 && (!memcmp(b->data, "RIFF", 4) || !memcmp(b->data, "RIFX", 4) || !memcmp(b->data, "RF64", 4) || !memcmp(b->data, "BW64", 4));
}

/* Bare codes, or a WAV that holds G.711 (its own law counts then). */
static enum err load_codes(const char *file, enum g711_law *law, struct wav *w, struct err_detail *detail)
{
	struct buf b;
	enum err err;

	buf_init(&b, WAV_MAX_BYTES / sizeof(int16_t));
	*w = (struct wav){ .channels = 1, .rate_hz = G711_RATE_HZ };
	err = disk_load(&disk_real, file, &b);
	if (!err && is_riff(&b)) {
		err = wav_name_file(detail, file, wav_parse(b.data, b.len, w, detail));
		*law = w->format_tag == 6 ? G711_ALAW : w->format_tag == 7 ? G711_ULAW : *law;
	} else if (!err && b.len) {
		w->samples = malloc(b.len * sizeof(*w->samples));
		w->frames = b.len;
		err = w->samples ? ERR_NONE : ERR_NOMEM;
		if (!err)
			g711_decode(*law, w->samples, b.data, b.len);
	}
	buf_fini(&b);
	if (err && !detail->message[0])
		snprintf(detail->message, sizeof(detail->message), "cannot read: %s", err_name(err));
	if (err && !detail->where[0])
		snprintf(detail->where, sizeof(detail->where), "%.150s", file);
	return err;
}

static int g711_back(struct cli *cli, const struct audio_flags *flags, enum g711_law law, const char *file)
{
	struct err_detail detail = { 0 };
	struct companded c;
	struct wav w;
	enum err err = load_codes(file, &law, &w, &detail);

	if (!err)
		wav_told(file, &w);
	if (!err)
		measure(&c, w.samples, w.samples, w.frames * w.channels);
	if (!err && flags->out)
		err = wav_write(flags->out, w.samples, w.frames, w.channels, w.rate_hz, NULL, 0, &detail);
	if (!err)
		report_companded(cli, file, law, &w, &c, true, flags->out);
	wav_fini(&w);
	return err ? fail(cli, err, &detail) : CLI_FINE;
}

static int audio_g711(struct cli *cli, const struct audio_flags *flags, const char *file)
{
	enum g711_law law;

	if (!parse_law(flags->law, &law))
		return refuse(cli, "allowed: mu, a", "--law names no law of G.711");
	if (flags->encode && flags->decode)
		return refuse(cli, "give one of them, or none for there and back", "--encode and --decode are opposites");
	return flags->decode ? g711_back(cli, flags, law, file) : g711_forth(cli, flags, law, file);
}

/* --- dtmf --- */

/* Where a digit is printed. */
struct dtmf_listing {
	struct cli *cli;
	unsigned int channel;
	unsigned int channels;
	uint32_t file_hz;
	bool is_cut;
};

static void print_digit(void *arg, const struct dtmf_event *event)
{
	const struct dtmf_listing *l = arg;
	uint64_t at_ms = event->start_sample * 1000 / DTMF_RATE_HZ;
	uint64_t duration_ms = (uint64_t)event->samples * 1000 / DTMF_RATE_HZ;
	char digit[2] = { event->digit, 0 };
	struct buf line;

	if (!event->is_end)
		return;
	if (!l->cli->json) {
		printf("%s  %" PRIu64 ".%03" PRIu64 " s  %" PRIu64 " ms", digit, at_ms / 1000, at_ms % 1000, duration_ms);
		printf(l->channels > 1 ? "  channel %u\n" : "\n", l->channel);
		return;
	}
	buf_init(&line, LINE_MAX_BYTES);
	json_open(&line, '{');
	json_pair_string(&line, "digit", digit);
	json_pair_u64(&line, "at_ms", at_ms);
	json_pair_u64(&line, "at_sample", event->start_sample * l->file_hz / DTMF_RATE_HZ);
	json_pair_u64(&line, "duration_ms", duration_ms);
	json_pair_i64(&line, "level_dbm0", event->level_dbm0);
	json_pair_u64(&line, "channel", l->channel);
	if (l->is_cut)
		json_pair_bool(&line, "truncated", true);
	json_close(&line, '}');
	print_line(&line);
}

static enum err list_digits(struct cli *cli, const struct wav *w, uint32_t file_hz)
{
	struct dtmf_listing l = { .cli = cli, .channels = w->channels, .file_hz = file_hz, .is_cut = w->is_cut };
	struct dtmf_detector *d;
	size_t i;
	enum err err = dtmf_detector_new(&d, print_digit, &l);

	if (err)
		return err;
	for (l.channel = 0; l.channel < w->channels; l.channel++) {
		for (i = 0; i < w->frames; i++)
			dtmf_detector_push(d, &w->samples[i * w->channels + l.channel], 1);
		dtmf_detector_finish(d);
	}
	dtmf_detector_free(&d);
	return ERR_NONE;
}

static int audio_dtmf(struct cli *cli, const struct audio_flags *flags, const char *file)
{
	struct err_detail detail = { 0 };
	struct wav w;
	uint32_t file_hz;
	size_t delay_samples;
	enum err err = wav_read(file, &w, &detail);

	(void)flags;
	if (err)
		return fail(cli, err, &detail);
	wav_told(file, &w);
	file_hz = w.rate_hz;
	if (w.rate_hz != DTMF_RATE_HZ)
		err = wav_resample(&w, DTMF_RATE_HZ, &delay_samples);
	if (!err)
		err = list_digits(cli, &w, file_hz);
	wav_fini(&w);
	if (err)
		snprintf(detail.message, sizeof(detail.message), "cannot listen: %s", err_name(err));
	return err ? fail(cli, err, &detail) : CLI_FINE;
}

/* --- the command --- */

static const struct {
	const char *name;
	int (*run)(struct cli *cli, const struct audio_flags *flags, const char *file);
} actions[] = {
	{ "g711", audio_g711 },
	{ "resample", audio_resample },
	{ "dtmf", audio_dtmf },
};

int cmd_audio(struct cli *cli, int argc, char **argv)
{
	struct audio_flags f = { .law = "mu" };
	const struct flag flags[] = {
		{ .name = "law", .type = FLAG_STRING, .value = &f.law, .arg = "mu|a", .help = "g711: which law (mu)." },
		{ .name = "encode", .type = FLAG_BOOL, .value = &f.encode,
			.help = "g711: F.wav to bare codes at 8 kHz; with neither: there and back, and what that cost." },
		{ .name = "decode", .type = FLAG_BOOL, .value = &f.decode, .help = "g711: bare codes (or a G.711 WAV) to a WAV." },
		{ .name = "rate", .type = FLAG_INT, .value = &f.rate_hz, .arg = "HZ", .help = "resample: the rate wanted.",
			.min = RESAMPLE_MIN_HZ, .max = RESAMPLE_MAX_HZ },
		{ .name = "out", .letter = 'o', .type = FLAG_STRING, .value = &f.out, .arg = "OUT",
			.help = "The file to write; g711 without it prints the summary alone." },
		{ .name = NULL },
	};
	int status = cli_flags(cli, flags, &argc, argv);
	char target[DISK_PATH_MAX];
	size_t i;

	if (status)
		return status;
	if (argc != 3)
		return refuse(cli, "callfunnel audio g711|resample|dtmf F", "one action and one file are expected");
	status = f.out ? outfile_find(cli, target, f.out) : CLI_FINE;
	if (status)
		return status;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(argv[1], actions[i].name))
			return actions[i].run(cli, &f, argv[2]);
	return refuse(cli, "callfunnel audio g711|resample|dtmf F", "no such action");
}
