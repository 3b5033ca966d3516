/* Lets the offline recogniser hear the recordings of tests/vectors/recogniser.tsv and prints what it made of each, one line of JSON a
 * recording: half, whether it lies inside the grammar, its words, the grammar's sentence, confidence, measures, seconds of sound and of computing.
 * With --as-spoken the finals are asked for as a session does, in the pauses too, and `told` is what they say together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../tests/unit/recordings.h"
#include "base/json.h"
#include "providers/pocketsphinx/pocketsphinx.h"

enum { STEP_SAMPLES = 320, FINALIZE_SAMPLES = 1600 /* turn.finalize_ms, and what the voice detector comes late */, TURN_SAMPLES = 8 * 1900 };

struct bench {
	uv_loop_t loop;
	struct pocketsphinx *p;
	struct stt_stream *op;
	struct buf line;
	char heard[400];
	struct pocketsphinx_judged judged; /* the surest of its finals */
	char told[800], partial[400];
	size_t finals;
	bool rests, as_spoken, is_finalizing;
};

static void on_judged(void *arg, const struct pocketsphinx_judged *judged)
{
	struct bench *b = arg;

	if (judged->confidence <= b->judged.confidence)
		return;
	b->judged = *judged;
	snprintf(b->heard, sizeof(b->heard), "%s", judged->text);
}

static void judged_put(struct bench *b)
{
	json_pair_string(&b->line, "heard", b->heard);
	json_put_key(&b->line, "confidence");
	json_put_real(&b->line, b->judged.confidence, 3);
	json_put_key(&b->line, "measures");
	json_open(&b->line, '[');
	for (size_t i = 0; i < sizeof(b->judged.measures) / sizeof(b->judged.measures[0]); i++)
		json_put_real(&b->line, b->judged.measures[i], 3);
	json_close(&b->line, ']');
}

static void on_rests(void *arg, bool rests)
{
	((struct bench *)arg)->rests = rests;
}

static void on_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	struct bench *b = arg;
	size_t told = strlen(b->told);

	(void)from, (void)to;
	snprintf(b->partial, sizeof(b->partial), "%.*s", kind == TRANSCRIPT_PARTIAL ? (int)len : 0, text);
	if (kind == TRANSCRIPT_PARTIAL)
		return;
	if (len)
		snprintf(b->told + told, sizeof(b->told) - told, "%s%.*s", told ? " " : "", (int)len, text);
	b->finals++;
	b->is_finalizing = false;
}

static void on_ended(void *arg, enum err why)
{
	fprintf(stderr, "ended: %s\n", err_name(why));
	((struct bench *)arg)->finals++;
}

static double processor_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void wait_for_rest(struct bench *b)
{
	while (!b->rests)
		uv_run(&b->loop, UV_RUN_ONCE);
}

static bool is_loud(const uint8_t *ulaw, size_t count)
{
	int16_t sample;

	for (size_t i = 0; i < count; i++) {
		g711_decode(G711_ULAW, &sample, ulaw + i, 1);
		if (abs(sample) >= RECORDING_QUIET)
			return true;
	}
	return false;
}

/* As src/voice/endpoint.c: where a partial is left, a pause asks for its final. The turn lasts as one for digits does. */
static void speak(struct bench *b, const struct buf *ulaw)
{
	size_t silent = 0, at = 0;

	for (; at < ulaw->len || silent < TURN_SAMPLES; at += STEP_SAMPLES) {
		size_t left = at < ulaw->len ? ulaw->len - at : 0, n = left && left < STEP_SAMPLES ? left : STEP_SAMPLES;

		silent = left && is_loud(ulaw->data + at, n) ? 0 : silent + n;
		pocketsphinx_stt.push(b->op, left ? ulaw->data + at : NULL, n);
		wait_for_rest(b);
		if (silent >= FINALIZE_SAMPLES && b->partial[0] && !b->is_finalizing) {
			b->is_finalizing = true;
			pocketsphinx_stt.finalize(b->op);
			wait_for_rest(b);
		}
	}
}

static void hear(struct bench *b, const struct recording *r, const struct buf *ulaw)
{
	static const struct stt_events events = { .transcript = on_transcript, .ended = on_ended };
	double before = processor_s();

	buf_reset(&b->line);
	json_open(&b->line, '{');
	json_pair_string(&b->line, "half", (char[]){ r->half, '\0' });
	json_pair_bool(&b->line, "inside", r->is_inside);
	json_pair_string(&b->line, "question", r->question);
	json_pair_bool(&b->line, "synthetic", recording_is_synthetic(r->path));
	json_pair_string(&b->line, "words", r->words);
	b->finals = 0;
	b->heard[0] = b->told[0] = b->partial[0] = '\0';
	b->is_finalizing = false;
	b->judged = (struct pocketsphinx_judged){ 0 };
	if (pocketsphinx_stt.start(b->p, &b->op, "en-US", &events, b))
		exit(1);
	pocketsphinx_stt.asked(b->op, r->question, strlen(r->question));
	pocketsphinx_stt.push(b->op, NULL, 1600);
	if (b->as_spoken) {
		speak(b, ulaw);
	} else {
		pocketsphinx_stt.push(b->op, ulaw->data, ulaw->len);
		pocketsphinx_stt.push(b->op, NULL, 2400);
	}
	pocketsphinx_stt.finalize(b->op);
	while (!b->finals || !b->rests)
		uv_run(&b->loop, UV_RUN_ONCE);
	judged_put(b);
	pocketsphinx_stt.cancel(&b->op);
	json_pair_string(&b->line, "told", b->told);
	json_put_key(&b->line, "sound_s");
	json_put_real(&b->line, (double)(ulaw->len + 4000) / 8000, 3);
	json_put_key(&b->line, "processor_s");
	json_put_real(&b->line, processor_s() - before, 3);
	json_close(&b->line, '}');
	puts(buf_str(&b->line));
}

static void open_flow(struct bench *b, const char *path)
{
	static char flow[1 << 20];
	FILE *in = fopen(path, "re");
	struct pocketsphinx_options options = { .flow = flow, .rests = on_rests, .judged = on_judged, .arg = b };
	struct err_detail detail = { 0 };

	options.flow_len = in ? fread(flow, 1, sizeof(flow), in) : 0;
	if (in)
		fclose(in);
	uv_loop_init(&b->loop);
	buf_init(&b->line, 4096);
	if (pocketsphinx_open(&b->p, &b->loop, &options, &detail)) {
		fprintf(stderr, "%s %s\n", detail.message, detail.where);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct recording r;
	struct bench b = { 0 };
	FILE *table = argc == 3 || argc == 4 ? fopen(argv[2], "re") : NULL;

	b.as_spoken = argc == 4 && !strcmp(argv[3], "--as-spoken");
	if (!table || (argc == 4 && !b.as_spoken)) {
		fprintf(stderr, "usage: bench_recogniser FLOW.json RECORDINGS.tsv [--as-spoken]\n");
		return 2;
	}
	open_flow(&b, argv[1]);
	while (recording_next(table, &r)) {
		struct buf ulaw;

		buf_init(&ulaw, RECORDING_MAX_BYTES);
		if (recording_load(&r, &ulaw))
			hear(&b, &r, &ulaw);
		else
			fprintf(stderr, "missing: %s\n", r.path);
		buf_fini(&ulaw);
	}
	fclose(table);
	pocketsphinx_close(&b.p);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	buf_fini(&b.line);
	return uv_loop_close(&b.loop) ? 1 : 0;
}
