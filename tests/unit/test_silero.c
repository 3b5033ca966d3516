/* Silero VAD: the reference probabilities on every instruction set, batches to the bit, the quiet rule, the model file.
 *
 * Needs silero_vad.onnx in CALLFUNNEL_MODELS and Debian's pocketsphinx-testdata; without them it fails. Recordings that no
 * package has are looked for in $CALLFUNNEL_SHARED/audio, else in shared/audio beside the repository, and skipped with a line.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "audio/silero.h"
#include "audio/wav.h"
#include "base/buf.h"
#include "base/disk.h"

#define DEBIAN "/usr/share/pocketsphinx/test/data/"
#define BOOK   DEBIAN "librivox/sense_and_sensibility_01_austen_64kb-"

static const double ALLOWED = 1e-4;

struct sound {
	int16_t *samples;
	size_t count;
};

struct vector {
	const char *csv;
	const char *recording; /* a whole path, or a name in the shared folder */
	uint32_t rate_hz;
	int is_halved;
};

static const struct vector debian_vectors[] = {
	{ "goforward_16k.csv", DEBIAN "goforward.raw", 16000, 0 },
	{ "librivox0870_16k.csv", BOOK "0870.wav", 16000, 0 },
	{ "librivox0930_16k.csv", BOOK "0930.wav", 16000, 0 },
	{ "goforward_halved_8k.csv", DEBIAN "goforward.raw", 8000, 1 },
	{ "librivox0870_halved_8k.csv", BOOK "0870.wav", 8000, 1 },
	{ "librivox0930_halved_8k.csv", BOOK "0930.wav", 8000, 1 },
};

static const struct vector shared_vectors[] = {
	{ "goforward_8k.csv", "goforward_8k.wav", 8000, 0 },
	{ "librivox0870_8k.csv", "librivox0870_8k.wav", 8000, 0 },
	{ "librivox0930_8k.csv", "librivox0930_8k.wav", 8000, 0 },
	{ "test_8k.csv", "test_8k.wav", 8000, 0 },
	{ "test_16k.csv", "test_16k.wav", 16000, 0 },
};

/* ---- what the tests need ---- */

static const char *from_env(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		fail_msg("%s is not set", name);
	return value;
}

static void model_path(char path[SILERO_PATH_MAX])
{
	snprintf(path, SILERO_PATH_MAX, "%s/silero_vad.onnx", from_env("CALLFUNNEL_MODELS"));
}

static struct silero_model *open_model(enum silero_isa isa)
{
	struct err_detail detail = { 0 };
	struct silero_model *m;
	char path[SILERO_PATH_MAX];

	model_path(path);
	if (silero_model_open(&m, path, isa, &detail))
		fail_msg("%s: %s (%s)", detail.where, detail.message, detail.hint);
	return m;
}

static struct sound load(const char *path)
{
	struct err_detail detail = { 0 };
	struct sound s = { 0 };
	struct buf raw;
	struct wav w;
	size_t i;

	if (strstr(path, ".wav")) {
		if (wav_read(path, &w, &detail))
			fail_msg("%s: %s; is pocketsphinx-testdata installed?", path, detail.message);
		assert_int_equal(w.channels, 1);
		return (struct sound){ .samples = w.samples, .count = w.frames };
	}
	buf_init(&raw, 1 << 24);
	if (disk_load(&disk_real, path, &raw))
		fail_msg("%s is not there; is pocketsphinx-testdata installed?", path);
	s.count = raw.len / 2;
	s.samples = malloc(raw.len);
	assert_non_null(s.samples);
	for (i = 0; i < s.count; i++)
		s.samples[i] = (int16_t)(raw.data[2 * i] | raw.data[2 * i + 1] << 8);
	buf_fini(&raw);
	return s;
}

/* To half the rate, as make_halved.py does. */
static void halve(struct sound *s)
{
	size_t count = s->count / 2, k;
	int16_t *out = malloc(count * sizeof(*out) + 1);

	assert_non_null(out);
	for (k = 0; k < count; k++) {
		int left = k ? s->samples[2 * k - 1] : 0;

		out[k] = (int16_t)((left + 2 * s->samples[2 * k] + s->samples[2 * k + 1] + 2) >> 2);
	}
	free(s->samples);
	*s = (struct sound){ .samples = out, .count = count };
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* About normal, of standard deviation 1. */
static double noise(uint32_t *seed)
{
	double sum = 0;
	int i;

	for (i = 0; i < 12; i++)
		sum += next_random(seed) / 16777216.0;
	return sum - 6;
}

/* ---- the reference ---- */

static FILE *open_csv(const char *name)
{
	char path[1024], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/vectors/silero/%s", from_env("CALLFUNNEL_TESTS"), name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("cannot read %s", path);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "chunk,start_sample,prob\n");
	return f;
}

static void compare(const struct vector *v, const struct sound *s, const struct silero_model *m)
{
	size_t size = silero_chunk_samples(v->rate_hz), chunk, n, start;
	FILE *csv = open_csv(v->csv);
	struct silero stream;
	double worst = 0;
	float prob, wanted;

	silero_init(&stream, v->rate_hz, false);
	for (chunk = 0; (chunk + 1) * size <= s->count; chunk++) {
		prob = silero_step(m, &stream, s->samples + chunk * size);
		assert_int_equal(fscanf(csv, "%zu,%zu,%f\n", &n, &start, &wanted), 3);
		assert_int_equal(n, chunk);
		assert_int_equal(start, chunk * size);
		worst = fmax(worst, fabs((double)prob - (double)wanted));
	}
	assert_true(chunk > 80);
	assert_int_equal(fgetc(csv), EOF);
	fclose(csv);
	printf("%s %s: %zu chunks, at most %.1e apart\n", silero_isa_name(silero_model_isa(m)), v->csv, chunk, worst);
	assert_true(worst <= ALLOWED);
}

static void compare_on_all(const struct vector *v, const char *path)
{
	struct sound s = load(path);
	unsigned int isa;

	if (v->is_halved)
		halve(&s);
	for (isa = SILERO_GENERIC; isa < SILERO_ISA_COUNT; isa++) {
		struct silero_model *m;

		if (!silero_isa_is_supported((enum silero_isa)isa))
			continue;
		m = open_model((enum silero_isa)isa);
		compare(v, &s, m);
		silero_model_close(&m);
	}
	free(s.samples);
}

static void gives_the_reference_probabilities(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(debian_vectors) / sizeof(*debian_vectors); i++)
		compare_on_all(&debian_vectors[i], debian_vectors[i].recording);
}

static void gives_those_of_shared_recordings(void **state)
{
	const char *shared = getenv("CALLFUNNEL_SHARED");
	char path[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shared_vectors) / sizeof(*shared_vectors); i++) {
		const char *name = shared_vectors[i].recording;

		if (shared)
			snprintf(path, sizeof(path), "%s/audio/%s", shared, name);
		else
			snprintf(path, sizeof(path), "%s/../../shared/audio/%s", from_env("CALLFUNNEL_TESTS"), name);
		if (access(path, R_OK))
			printf("skipped: no %s\n", path);
		else
			compare_on_all(&shared_vectors[i], path);
	}
}

/* ---- batches ---- */

enum { STREAMS = 21, STEPS = 24 };

/* Stream i listens from chunk 3 * i on, at 8 kHz or, every third one, at 16 kHz. */
static const int16_t *chunk_of(const struct sound *s, const struct silero *stream, size_t i, size_t step)
{
	return s->samples + (3 * i + step) * silero_chunk_samples(stream->rate_hz);
}

static void init_streams(struct silero *streams)
{
	size_t i;

	for (i = 0; i < STREAMS; i++)
		silero_init(&streams[i], i % 3 == 2 ? 16000 : 8000, i % 2);
}

/* Steps `count` streams, in a batch, from the last to the first. */
static void step_backwards(const struct silero_model *m, const struct sound *s, struct silero *streams, size_t count,
	size_t step, float *probs)
{
	struct silero *list[STREAMS];
	const int16_t *chunks[STREAMS];
	float got[STREAMS + 1];
	size_t i;

	for (i = 0; i < count; i++) {
		list[i] = &streams[count - 1 - i];
		chunks[i] = chunk_of(s, list[i], count - 1 - i, step);
	}
	got[count] = -1.0f;
	silero_step_batch(m, list, chunks, got, count);
	assert_true(got[count] == -1.0f);
	for (i = 0; i < count; i++)
		probs[count - 1 - i] = got[i];
}

static void compare_batches(const struct silero_model *m, const struct sound *s, size_t count)
{
	static struct silero alone[STREAMS], together[STREAMS];
	float probs[STREAMS], prob;
	size_t step, i;

	init_streams(alone);
	init_streams(together);
	for (step = 0; step < STEPS; step++) {
		step_backwards(m, s, together, count, step, probs);
		for (i = 0; i < count; i++) {
			prob = silero_step(m, &alone[i], chunk_of(s, &alone[i], i, step));
			assert_memory_equal(&prob, &probs[i], sizeof(prob));
		}
	}
	for (i = 0; i < STREAMS; i++) {
		assert_memory_equal(alone[i].h, together[i].h, sizeof(alone[i].h));
		assert_memory_equal(alone[i].c, together[i].c, sizeof(alone[i].c));
		assert_memory_equal(alone[i].context, together[i].context, sizeof(alone[i].context));
		assert_int_equal(alone[i].quiet_ms, together[i].quiet_ms);
	}
}

static void batches_are_equal_to_the_bit(void **state)
{
	struct sound s = load(BOOK "0870.wav");
	unsigned int isa;
	size_t count;

	(void)state;
	assert_true(s.count > (3 * STREAMS + STEPS) * SILERO_CHUNK_MAX_SAMPLES);
	for (isa = SILERO_GENERIC; isa < SILERO_ISA_COUNT; isa++) {
		struct silero_model *m;

		if (!silero_isa_is_supported((enum silero_isa)isa))
			continue;
		m = open_model((enum silero_isa)isa);
		for (count = 0; count <= STREAMS; count++)
			compare_batches(m, &s, count);
		silero_model_close(&m);
	}
	free(s.samples);
}

/* ---- hard inputs ---- */

static int16_t hard_sample(unsigned int kind, size_t i, uint32_t *seed)
{
	switch (kind) {
	case 0: return 0;
	case 1: return i / 7 % 2 ? INT16_MAX : INT16_MIN;
	case 2: return INT16_MIN;
	case 3: return (int16_t)(next_random(seed) & 0xffff);
	case 4: return i % 4096 ? 0 : INT16_MAX;
	default: return (int16_t)(noise(seed) * 1000);
	}
}

/* Every kind of hard input gives a probability, and the instruction sets agree on it. */
static void agree_on_hard_input(uint32_t rate_hz, unsigned int kind)
{
	enum { CHUNKS = 80 };
	static int16_t sound[CHUNKS * SILERO_CHUNK_MAX_SAMPLES];
	struct silero_model *generic = open_model(SILERO_GENERIC), *best = open_model(SILERO_BEST);
	size_t size = silero_chunk_samples(rate_hz), i;
	struct silero a, b;
	uint32_t seed = 7;

	for (i = 0; i < CHUNKS * size; i++)
		sound[i] = hard_sample(kind, i, &seed);
	silero_init(&a, rate_hz, false);
	silero_init(&b, rate_hz, false);
	for (i = 0; i < CHUNKS; i++) {
		float p = silero_step(generic, &a, sound + i * size), q = silero_step(best, &b, sound + i * size);

		assert_true(p >= 0.0f && p <= 1.0f && q >= 0.0f && q <= 1.0f);
		assert_true(fabs((double)p - (double)q) <= ALLOWED);
	}
	silero_model_close(&generic);
	silero_model_close(&best);
}

static void agrees_on_hard_input(void **state)
{
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < 6; kind++) {
		agree_on_hard_input(8000, kind);
		agree_on_hard_input(16000, kind);
	}
}

/* ---- the quiet rule ---- */

static int is_new(const struct silero *s)
{
	struct silero fresh;

	silero_init(&fresh, s->rate_hz, s->is_live);
	return s->quiet_ms == 0 && !memcmp(s->h, fresh.h, sizeof(s->h)) && !memcmp(s->c, fresh.c, sizeof(s->c)) &&
	       !memcmp(s->context, fresh.context, sizeof(s->context));
}

static void live_streams_forget_after_two_seconds(void **state)
{
	static const int16_t silence[SILERO_CHUNK_MAX_SAMPLES];
	struct silero_model *m = open_model(SILERO_BEST);
	struct silero live, plain;
	unsigned int chunk;

	(void)state;
	assert_int_equal(SILERO_QUIET_MS, 63 * SILERO_CHUNK_MS);
	silero_init(&live, 8000, true);
	silero_init(&plain, 8000, false);
	for (chunk = 1; chunk <= 200; chunk++) {
		float p = silero_step(m, &live, silence), q = silero_step(m, &plain, silence);

		assert_true(p < SILERO_QUIET_PROB && q < SILERO_QUIET_PROB);
		if (chunk <= 63)
			assert_memory_equal(&p, &q, sizeof(p));
		assert_int_equal(is_new(&live), chunk % 63 == 0);
		assert_int_equal(live.quiet_ms, chunk % 63 * SILERO_CHUNK_MS);
		assert_false(is_new(&plain));
	}
	assert_int_equal(plain.quiet_ms, 0);
	silero_model_close(&m);
}

static void voice_begins_the_count_anew(void **state)
{
	struct silero_model *m = open_model(SILERO_BEST);
	struct sound s = load(DEBIAN "goforward.raw");
	size_t chunk, voiced = 0, resets = 0;
	uint32_t quiet_ms = 0;
	struct silero live;

	(void)state;
	silero_init(&live, 16000, true);
	for (chunk = 0; (chunk + 1) * 512 <= s.count; chunk++) {
		float p = silero_step(m, &live, s.samples + chunk * 512);

		quiet_ms = p < SILERO_QUIET_PROB ? quiet_ms + SILERO_CHUNK_MS : 0;
		voiced += quiet_ms == 0;
		if (is_new(&live))
			resets++;
		assert_int_equal(live.quiet_ms, quiet_ms);
	}
	assert_true(voiced > 40);
	assert_true(chunk - voiced > 10);
	assert_int_equal(resets, 0); /* never two seconds of quiet in a row */
	silero_model_close(&m);
	free(s.samples);
}

/* Chunks of a faint voice in noise that are heard after `quiet_chunks` of the noise alone. */
static size_t heard_after(const struct silero_model *m, const struct sound *s, bool is_live, size_t quiet_chunks)
{
	int16_t chunk[256];
	size_t heard = 0, at, i;
	uint32_t seed = 1;
	struct silero stream;

	silero_init(&stream, 8000, is_live);
	for (at = 0; at < quiet_chunks + s->count / 256; at++) {
		for (i = 0; i < 256; i++) {
			double voice = at < quiet_chunks ? 0 : 0.1 * s->samples[(at - quiet_chunks) * 256 + i];

			chunk[i] = (int16_t)lrint(voice + 200 * noise(&seed));
		}
		if (silero_step(m, &stream, chunk) >= 0.5f && at >= quiet_chunks)
			heard++;
	}
	return heard;
}

/* What the rule is for: two minutes of noise make the network deaf for a faint voice; a live stream hears it. */
static void long_quiet_does_not_make_deaf(void **state)
{
	struct silero_model *m = open_model(SILERO_BEST);
	struct sound s = load(DEBIAN "goforward.raw");
	size_t at_once, plain, live;

	(void)state;
	halve(&s);
	at_once = heard_after(m, &s, false, 0);
	plain = heard_after(m, &s, false, 3750);
	live = heard_after(m, &s, true, 3750);
	printf("heard at once %zu, after two minutes %zu, by the quiet rule %zu\n", at_once, plain, live);
	assert_true(at_once >= 20);
	assert_true(plain <= at_once / 2);
	assert_true(live >= 2 * plain);
	silero_model_close(&m);
	free(s.samples);
}

/* ---- threads, copies, levels ---- */

struct listener {
	const struct silero_model *m;
	const struct sound *s;
	float probs[80];
};

static void *listen_all(void *arg)
{
	struct listener *l = arg;
	struct silero stream;
	size_t i;

	silero_init(&stream, 16000, false);
	for (i = 0; i < 80; i++)
		l->probs[i] = silero_step(l->m, &stream, l->s->samples + i * 512);
	return NULL;
}

static void threads_share_a_model(void **state)
{
	struct silero_model *m = open_model(SILERO_BEST);
	struct sound s = load(DEBIAN "goforward.raw");
	struct listener here = { .m = m, .s = &s }, there = { .m = m, .s = &s };
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, listen_all, &there), 0);
	listen_all(&here);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_memory_equal(here.probs, there.probs, sizeof(here.probs));
	assert_true(here.probs[40] > 0.5f);
	silero_model_close(&m);
	free(s.samples);
}

static void a_copy_goes_on_the_same(void **state)
{
	struct silero_model *m = open_model(SILERO_BEST);
	struct sound s = load(DEBIAN "goforward.raw");
	struct silero stream, copy;
	size_t i;

	(void)state;
	silero_init(&stream, 16000, true);
	for (i = 0; i < 40; i++)
		assert_true(silero_step(m, &stream, s.samples + i * 512) >= 0.0f);
	copy = stream;
	for (; i < 80; i++) {
		float p = silero_step(m, &stream, s.samples + i * 512), q = silero_step(m, &copy, s.samples + i * 512);

		assert_memory_equal(&p, &q, sizeof(p));
	}
	silero_model_close(&m);
	free(s.samples);
}

static void levels_round_to_nearest(void **state)
{
	(void)state;
	assert_int_equal(silero_level(0.0f), 0);
	assert_int_equal(silero_level(1.0f), 65535);
	assert_int_equal(silero_level(0.5f), 32768);
	assert_int_equal(silero_level(0.4f / 65535), 0);
	assert_int_equal(silero_level(0.6f / 65535), 1);
	assert_int_equal(silero_level(0.35f), 22937);
	assert_int_equal(silero_chunk_samples(8000), 256);
	assert_int_equal(silero_chunk_samples(16000), 512);
	assert_int_equal(silero_chunk_samples(11025), 0);
}

/* ---- the model file ---- */

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void load_model_file(struct buf *b)
{
	char path[SILERO_PATH_MAX];

	model_path(path);
	buf_init(b, 32 << 20);
	assert_int_equal(disk_load(&disk_real, path, b), ERR_NONE);
}

static void refuse_file(const char *path, enum err expected)
{
	struct silero_model *m = (void *)1;
	struct err_detail detail = { 0 };

	assert_int_equal(silero_model_open(&m, path, SILERO_BEST, &detail), expected);
	assert_null(m);
	assert_string_equal(detail.where, path);
	assert_non_null(strstr(detail.hint, "./dev build"));
	assert_non_null(strstr(detail.hint, "vad.model_file"));
	assert_int_equal(silero_model_open(&m, path, SILERO_BEST, NULL), expected);
}

static void refuses_other_model_files(void **state)
{
	char dir[] = "/tmp/silero.XXXXXX", path[64];
	struct buf b;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/silero_vad.onnx", dir);
	refuse_file(path, ERR_NOTFOUND);
	load_model_file(&b);
	b.data[b.len / 2] ^= 1;
	write_file(path, b.data, b.len);
	refuse_file(path, ERR_CORRUPT);
	b.data[b.len / 2] ^= 1;
	write_file(path, b.data, b.len - 1);
	refuse_file(path, ERR_CORRUPT);
	write_file(path, "", 0);
	refuse_file(path, ERR_CORRUPT);
	assert_int_equal(truncate(path, (16 << 20) + 1), 0);
	refuse_file(path, ERR_LIMIT);
	buf_fini(&b);
	unlink(path);
	rmdir(dir);
}

static void instruction_sets_have_names(void **state)
{
	struct silero_model *m = open_model(SILERO_BEST);
	enum silero_isa isa;
	unsigned int i;

	(void)state;
	for (i = 0; i < SILERO_ISA_COUNT; i++) {
		assert_true(silero_isa_find(silero_isa_name((enum silero_isa)i), &isa));
		assert_int_equal(isa, i);
	}
	assert_false(silero_isa_find("sse9", &isa));
	assert_false(silero_isa_find("", &isa));
	assert_true(silero_isa_is_supported(SILERO_GENERIC));
	assert_int_not_equal(silero_model_isa(m), SILERO_BEST);
	for (i = SILERO_GENERIC; i < SILERO_ISA_COUNT; i++)
		assert_true(i <= silero_model_isa(m) || !silero_isa_is_supported((enum silero_isa)i));
	silero_model_close(&m);
	silero_model_close(&m);
}

/* Asking for what the processor lacks says so, and opens what it has. */
static void says_which_instruction_set_is_missing(void **state)
{
	unsigned int isa;

	(void)state;
	for (isa = SILERO_GENERIC; isa < SILERO_ISA_COUNT; isa++) {
		struct err_detail detail = { 0 };
		struct silero_model *m;
		char path[SILERO_PATH_MAX];
		enum err err;

		model_path(path);
		err = silero_model_open(&m, path, (enum silero_isa)isa, &detail);
		if (silero_isa_is_supported((enum silero_isa)isa)) {
			assert_int_equal(err, ERR_NONE);
			assert_int_equal(silero_model_isa(m), isa);
			silero_model_close(&m);
			continue;
		}
		printf("this processor lacks %s: not tested\n", silero_isa_name((enum silero_isa)isa));
		assert_int_equal(err, ERR_UNAVAILABLE);
		assert_null(m);
		assert_string_equal(detail.where, silero_isa_name((enum silero_isa)isa));
	}
}

static void a_set_path_is_taken_as_it_is(void **state)
{
	char path[SILERO_PATH_MAX], longer[SILERO_PATH_MAX + 1];
	struct err_detail detail;

	(void)state;
	assert_int_equal(silero_model_find("/no/such/file", path, &detail), ERR_NONE);
	assert_string_equal(path, "/no/such/file");
	memset(longer, 'x', sizeof(longer));
	longer[SILERO_PATH_MAX] = '\0';
	assert_int_equal(silero_model_find(longer, path, &detail), ERR_LIMIT);
	longer[SILERO_PATH_MAX - 1] = '\0';
	assert_int_equal(silero_model_find(longer, path, &detail), ERR_NONE);
}

/* This program, copied to DIR/a/b/find and run as `find --find`, prints which path it found. */
static int print_found(void)
{
	struct err_detail detail = { 0 };
	char path[SILERO_PATH_MAX];
	enum err err = silero_model_find("", path, &detail);

	printf("%s\n", err ? err_name(err) : path);
	if (err && (!strstr(detail.hint, "./dev build") || err != ERR_NOTFOUND))
		return 1;
	return 0;
}

static void expect_found(const char *dir, const char *expected)
{
	char command[128], line[SILERO_PATH_MAX] = "";
	FILE *out;

	snprintf(command, sizeof(command), "%s/a/b/find --find", dir);
	out = popen(command, "r");
	assert_non_null(out);
	assert_non_null(fgets(line, sizeof(line), out));
	assert_int_equal(pclose(out), 0);
	line[strcspn(line, "\n")] = '\0';
	if (!expected && !access("/usr/share/callfunnel/silero_vad.onnx", R_OK))
		expected = "/usr/share/callfunnel/silero_vad.onnx";
	assert_string_equal(line, expected ? expected : "not found");
}

static void make_folder(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void put_model(const char *dir, const char *folder, char path[128])
{
	make_folder(dir, folder);
	snprintf(path, 128, "%s/%s/silero_vad.onnx", dir, folder);
	write_file(path, "x", 1);
}

static void looks_above_the_program(void **state)
{
	char dir[] = "/tmp/silero.XXXXXX", path[128], command[160];
	struct buf self;

	(void)state;
	assert_non_null(mkdtemp(dir));
	make_folder(dir, "a");
	make_folder(dir, "a/b");
	buf_init(&self, 1 << 30);
	assert_int_equal(disk_load(&disk_real, "/proc/self/exe", &self), ERR_NONE);
	snprintf(path, sizeof(path), "%s/a/b/find", dir);
	write_file(path, self.data, self.len);
	buf_fini(&self);
	assert_int_equal(chmod(path, 0700), 0);
	expect_found(dir, NULL);
	put_model(dir, "models", path);
	expect_found(dir, path);
	put_model(dir, "a/models", path);
	expect_found(dir, path);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* ---- callfunnel vad ---- */

/* Runs it with our model; returns its exit status, its standard output stands in `out`. */
static int run_vad(const char *words, char *out, size_t size)
{
	char command[2048], model[SILERO_PATH_MAX];
	size_t len = 0, n;
	FILE *f;

	model_path(model);
	snprintf(command, sizeof(command), "%s vad --set vad.model_file=%s %s 2>&1", from_env("CALLFUNNEL_BIN"), model, words);
	f = popen(command, "r");
	assert_non_null(f);
	while ((n = fread(out + len, 1, size - 1 - len, f)) > 0)
		len += n;
	out[len] = '\0';
	return WEXITSTATUS(pclose(f));
}

/* Its lines against the CSV; each begins with chunk and start_sample, in `format`. */
static void compare_printed(const char *out, const char *csv, const char *format)
{
	FILE *f = open_csv(csv);
	size_t chunks = 0, a, b, c, d;
	float p, q;

	while (fscanf(f, "%zu,%zu,%f\n", &a, &b, &p) == 3) {
		assert_int_equal(sscanf(out, format, &c, &d, &q), 3);
		assert_int_equal(a, c);
		assert_int_equal(b, d);
		assert_true(fabs((double)p - (double)q) <= ALLOWED);
		out = strchr(out, '\n') + 1;
		chunks++;
	}
	fclose(f);
	assert_true(chunks > 80);
	assert_string_equal(out, "");
}

static void the_command_prints_probabilities(void **state)
{
	static const char header[] = "chunk,start_sample,prob\n", json[] = "{\"chunk\":%zu,\"start_sample\":%zu,\"prob\":%f}";
	static char out[1 << 16], batch[1 << 16];

	(void)state;
	assert_int_equal(run_vad(BOOK "0930.wav", out, sizeof(out)), 0);
	assert_memory_equal(out, header, strlen(header));
	compare_printed(out + strlen(header), "librivox0930_16k.csv", "%zu,%zu,%f\n");
	assert_int_equal(run_vad(BOOK "0930.wav --batch 11", batch, sizeof(batch)), 0);
	assert_string_equal(batch, out);
	assert_int_equal(run_vad(BOOK "0930.wav --isa generic --json", out, sizeof(out)), 0);
	compare_printed(out, "librivox0930_16k.csv", json);
	assert_int_equal(run_vad(BOOK "0930.wav --rate 8000 --live", out, sizeof(out)), 0);
	assert_non_null(strstr(out, "note: converted from 16000 to 8000 Hz"));
	assert_non_null(strstr(out, "\n101,25856,"));
	assert_null(strstr(out, "\n102,"));
}

static void the_command_says_what_is_wrong(void **state)
{
	static char out[1 << 16];
	int status;

	(void)state;
	assert_int_equal(run_vad("", out, sizeof(out)), 2);
	assert_int_equal(run_vad(BOOK "0930.wav --isa sse9", out, sizeof(out)), 2);
	assert_non_null(strstr(out, "generic, avx2, avx512"));
	assert_int_equal(run_vad(BOOK "0930.wav --rate 11025", out, sizeof(out)), 2);
	assert_int_equal(run_vad("/no/such/file.wav", out, sizeof(out)), 3);
	assert_int_equal(run_vad(DEBIAN "goforward.raw", out, sizeof(out)), 1);
	assert_int_equal(run_vad(BOOK "0930.wav --set vad.model_file=/no/model", out, sizeof(out)), 3);
	assert_non_null(strstr(out, "./dev build"));
	assert_int_equal(run_vad(BOOK "0930.wav --json --set vad.model_file=" BOOK "0930.wav", out, sizeof(out)), 3);
	assert_non_null(strstr(out, "\"code\":\"corrupt\""));
	status = run_vad(BOOK "0930.wav --isa avx512", out, sizeof(out));
	assert_int_equal(status, silero_isa_is_supported(SILERO_AVX512) ? 0 : 3);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_reference_probabilities),
		cmocka_unit_test(gives_those_of_shared_recordings),
		cmocka_unit_test(batches_are_equal_to_the_bit),
		cmocka_unit_test(agrees_on_hard_input),
		cmocka_unit_test(live_streams_forget_after_two_seconds),
		cmocka_unit_test(voice_begins_the_count_anew),
		cmocka_unit_test(long_quiet_does_not_make_deaf),
		cmocka_unit_test(threads_share_a_model),
		cmocka_unit_test(a_copy_goes_on_the_same),
		cmocka_unit_test(levels_round_to_nearest),
		cmocka_unit_test(refuses_other_model_files),
		cmocka_unit_test(instruction_sets_have_names),
		cmocka_unit_test(says_which_instruction_set_is_missing),
		cmocka_unit_test(a_set_path_is_taken_as_it_is),
		cmocka_unit_test(looks_above_the_program),
		cmocka_unit_test(the_command_prints_probabilities),
		cmocka_unit_test(the_command_says_what_is_wrong),
	};

	if (argc == 2 && !strcmp(argv[1], "--find"))
		return print_found();
	return cmocka_run_group_tests_name("silero", tests, NULL, NULL);
}
