/* `callfunnel vad F.wav`: the probability of voice in each chunk of a recording, as the reference vectors print it.
 *
 * Exit status: 0 done, 1 the file is there but is not what it should be (or streams of one batch differ), 2 wrong usage,
 * 3 the file, the model or the instruction set is not there. Takes the first channel of two and says so; a last chunk
 * that is not whole is left out. Refuses to guess a rate: only 8 and 16 kHz, or --rate.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audio/silero.h"
#include "audio/wav.h"
#include "base/config.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/wav_told.h"

enum { BATCH_MAX = 1024, ROUNDS_MAX = 1000000, LINE_MAX_BYTES = 1024 };

#define RATE_OF_FILE INT64_MIN

struct vad_flags {
	int64_t rate_hz; /* RATE_OF_FILE: the file's */
	int64_t batch;   /* 0: one stream, alone */
	int64_t rounds;  /* 0: print; else measure */
	const char *isa;
	bool is_live;
};

/* One channel of sound and the streams that listen to it; owns all of it. */
struct vad_run {
	struct cli *cli;
	struct silero_model *model;
	int16_t *samples;
	size_t chunks;
	size_t chunk_samples;
	uint32_t rate_hz;
	size_t streams;
	bool is_cut;   /* the file ends inside its samples */
	bool is_alone; /* silero_step; else silero_step_batch */
	struct silero *states;
	struct silero **state_list;
	const int16_t **chunk_list;
	float *probs;
};

static int fail(struct cli *cli, enum err err, const struct err_detail *detail)
{
	bool is_content = err == ERR_FORMAT || err == ERR_TRUNCATED || err == ERR_CORRUPT || err == ERR_LIMIT;

	return cli_fail(cli, is_content ? CLI_NOT_SO : CLI_MISSING, err, detail->where, detail->hint, "%s",
		detail->message[0] ? detail->message : err_name(err));
}

/* ---- the sound ---- */

static int choose_rate(struct cli *cli, const struct vad_flags *f, const char *file, uint32_t file_hz, uint32_t *rate_hz)
{
	bool is_given = f->rate_hz != RATE_OF_FILE;

	*rate_hz = !is_given ? file_hz : f->rate_hz > 0 && f->rate_hz <= WAV_MAX_RATE_HZ ? (uint32_t)f->rate_hz : 0;
	if (silero_chunk_samples(*rate_hz))
		return CLI_FINE;
	if (is_given)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "vad", "allowed: 8000, 16000", "--rate: found \"%" PRId64 "\"", f->rate_hz);
	return cli_fail(cli, CLI_USAGE, ERR_USAGE, file, "give --rate 8000 or --rate 16000 to have it converted",
		"voice detection hears 8000 and 16000 Hz, the file has %" PRIu32, file_hz);
}

static int take_sound(struct vad_run *run, const struct vad_flags *f, const char *file, const struct wav *w)
{
	size_t count;
	enum err err;
	int status = choose_rate(run->cli, f, file, w->rate_hz, &run->rate_hz);

	if (status)
		return status;
	err = wav_channel(w, 0, run->rate_hz, &run->samples, &count);
	if (err)
		return cli_fail(run->cli, err == ERR_LIMIT ? CLI_NOT_SO : CLI_MISSING, err, file, NULL, "cannot convert: %s",
			err_name(err));
	if (w->rate_hz != run->rate_hz)
		fprintf(stderr, "note: converted from %" PRIu32 " to %" PRIu32 " Hz\n", w->rate_hz, run->rate_hz);
	if (w->channels > 1)
		fprintf(stderr, "note: the first of %u channels\n", w->channels);
	run->chunk_samples = silero_chunk_samples(run->rate_hz);
	run->chunks = count / run->chunk_samples;
	return CLI_FINE;
}

static int load_sound(struct vad_run *run, const struct vad_flags *f, const char *file)
{
	struct err_detail detail = { 0 };
	struct wav w;
	enum err err = wav_read(file, &w, &detail);
	int status;

	if (err)
		return fail(run->cli, err, &detail);
	wav_told(file, &w);
	run->is_cut = w.is_cut;
	status = take_sound(run, f, file, &w);
	wav_fini(&w);
	return status;
}

/* ---- the model ---- */

static int load_model(struct vad_run *run, const struct vad_flags *f)
{
	struct err_detail detail = { 0 };
	char path[SILERO_PATH_MAX];
	enum silero_isa isa;
	enum err err;

	if (!silero_isa_find(f->isa, &isa))
		return cli_fail(run->cli, CLI_USAGE, ERR_USAGE, "vad", "allowed: generic, avx2, avx512, best", "--isa: found \"%s\"",
			f->isa);
	err = silero_model_find(config_text(run->cli->config, "vad.model_file"), path, &detail);
	if (!err)
		err = silero_model_open(&run->model, path, isa, &detail);
	if (err == ERR_CORRUPT) /* a file that is needed and not there, however many others have its name */
		return cli_fail(run->cli, CLI_MISSING, err, detail.where, detail.hint, "%s", detail.message);
	return err ? fail(run->cli, err, &detail) : CLI_FINE;
}

static int make_streams(struct vad_run *run, const struct vad_flags *f)
{
	size_t i;

	run->is_alone = !f->batch;
	run->streams = f->batch ? (size_t)f->batch : 1;
	run->states = calloc(run->streams, sizeof(*run->states));
	run->state_list = calloc(run->streams, sizeof(struct silero *));
	run->chunk_list = calloc(run->streams, sizeof(*run->chunk_list));
	run->probs = calloc(run->streams, sizeof(*run->probs));
	if (!run->states || !run->state_list || !run->chunk_list || !run->probs)
		return cli_fail(run->cli, CLI_MISSING, ERR_NOMEM, "vad", NULL, "no memory for %zu streams", run->streams);
	for (i = 0; i < run->streams; i++) {
		run->state_list[i] = &run->states[i];
		silero_init(&run->states[i], run->rate_hz, f->is_live);
	}
	return CLI_FINE;
}

static void run_fini(struct vad_run *run)
{
	silero_model_close(&run->model);
	free(run->samples);
	free(run->states);
	free(run->state_list);
	free(run->chunk_list);
	free(run->probs);
}

/* ---- listening ---- */

static const int16_t *chunk_at(const struct vad_run *run, size_t chunk)
{
	return run->samples + chunk % run->chunks * run->chunk_samples;
}

/* Stream i hears chunk + i * apart. */
static void step(struct vad_run *run, size_t chunk, size_t apart)
{
	size_t i;

	if (run->is_alone) {
		run->probs[0] = silero_step(run->model, &run->states[0], chunk_at(run, chunk));
		return;
	}
	for (i = 0; i < run->streams; i++)
		run->chunk_list[i] = chunk_at(run, chunk + i * apart);
	silero_step_batch(run->model, run->state_list, run->chunk_list, run->probs, run->streams);
}

static void print_prob(const struct vad_run *run, size_t chunk)
{
	struct buf line;

	if (!run->cli->json) {
		printf("%zu,%zu,%.9g\n", chunk, chunk * run->chunk_samples, (double)run->probs[0]);
		return;
	}
	buf_init(&line, LINE_MAX_BYTES);
	json_open(&line, '{');
	json_pair_u64(&line, "chunk", chunk);
	json_pair_u64(&line, "start_sample", chunk * run->chunk_samples);
	json_put_key(&line, "prob");
	json_put_real(&line, (double)run->probs[0], 9);
	if (run->is_cut)
		json_pair_bool(&line, "truncated", true);
	json_close(&line, '}');
	puts(buf_str(&line));
	buf_fini(&line);
}

static int print_all(struct vad_run *run)
{
	size_t chunk, i;

	if (!run->cli->json)
		puts("chunk,start_sample,prob");
	for (chunk = 0; chunk < run->chunks; chunk++) {
		step(run, chunk, 0);
		for (i = 1; i < run->streams; i++)
			if (run->probs[i] != run->probs[0])
				return cli_fail(run->cli, CLI_NOT_SO, ERR_CORRUPT, "vad",
					"this is a fault of the program or the processor: try another --isa and report it",
					"chunk %zu: streams 0 and %zu of one batch differ", chunk, i);
		print_prob(run, chunk);
	}
	return CLI_FINE;
}

/* ---- measuring ---- */

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The whole file `rounds` times, without a reset in between; the streams of a batch are at different places of it. */
static int measure(struct vad_run *run, uint64_t rounds)
{
	uint64_t steps = rounds * run->chunks, i, start;
	struct buf line;
	double ns;

	if (!run->chunks)
		return cli_fail(run->cli, CLI_NOT_SO, ERR_TRUNCATED, "vad", "give a longer file", "not one whole chunk to measure with");
	start = cpu_ns();
	for (i = 0; i < steps; i++)
		step(run, i % run->chunks, 7);
	ns = (double)(cpu_ns() - start) / (double)(steps * run->streams);
	if (!run->cli->json) {
		printf("%.0f ns of CPU a chunk: %s, %" PRIu32 " Hz, %s %zu, %" PRIu64 " steps\n", ns,
			silero_isa_name(silero_model_isa(run->model)), run->rate_hz, run->is_alone ? "alone," : "batch of",
			run->streams, steps);
		return CLI_FINE;
	}
	buf_init(&line, LINE_MAX_BYTES);
	json_open(&line, '{');
	json_put_key(&line, "ns_per_chunk");
	json_put_real(&line, ns, 1);
	json_pair_string(&line, "isa", silero_isa_name(silero_model_isa(run->model)));
	json_pair_u64(&line, "rate_hz", run->rate_hz);
	json_pair_u64(&line, "batch", run->is_alone ? 0 : run->streams);
	json_pair_u64(&line, "steps", steps);
	json_pair_bool(&line, "truncated", run->is_cut);
	json_close(&line, '}');
	puts(buf_str(&line));
	buf_fini(&line);
	return CLI_FINE;
}

/* ---- the command ---- */

static int vad(struct vad_run *run, const struct vad_flags *f, const char *file)
{
	int status = load_model(run, f);

	if (!status)
		status = load_sound(run, f, file);
	if (!status)
		status = make_streams(run, f);
	if (status)
		return status;
	return f->rounds ? measure(run, (uint64_t)f->rounds) : print_all(run);
}

int cmd_vad(struct cli *cli, int argc, char **argv)
{
	struct vad_flags f = { .rate_hz = RATE_OF_FILE, .isa = "best" };
	struct vad_run run = { .cli = cli };
	const struct flag flags[] = {
		{ .name = "rate", .type = FLAG_INT, .value = &f.rate_hz, .arg = "R",
			.help = "8000 or 16000 (the file's); another than the file's is converted to." },
		{ .name = "isa", .type = FLAG_STRING, .value = &f.isa, .arg = "generic|avx2|avx512|best",
			.help = "The instruction set (the best there is)." },
		{ .name = "batch", .type = FLAG_INT, .value = &f.batch, .arg = "N", .min = 1, .max = BATCH_MAX,
			.help = "As N streams in one batch, which must all agree." },
		{ .name = "live", .type = FLAG_BOOL, .value = &f.is_live,
			.help = "With the rule of live calls: reset after two seconds of quiet." },
		{ .name = "bench", .type = FLAG_INT, .value = &f.rounds, .arg = "N", .min = 1, .max = ROUNDS_MAX,
			.help = "Print only the CPU time of a chunk, over N times the file." },
		{ .name = NULL },
	};
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	if (argc != 2)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "vad", "callfunnel vad F.wav [--rate R] [--isa I] [--batch N]",
			"one file is expected");
	status = vad(&run, &f, argv[1]);
	run_fini(&run);
	return status;
}
