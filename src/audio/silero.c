#include "audio/silero.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/onnx.h"
#include "audio/silero_net.h"
#include "base/disk.h"

enum { RATES = 2, ALIGN_BYTES = 64 };

const struct option vad_options[] = {
	{ .name = "vad.model_file", .type = OPTION_TEXT, .max = SILERO_PATH_MAX - 1, .text = "",
	  .help = "The file silero_vad.onnx of silero-vad 6.2.3; empty: looked for beside the program and in /usr/share/callfunnel.",
	  .offset = offsetof(struct silero_settings, model_file) },
	{ .name = NULL },
};

struct silero_model {
	enum silero_isa isa;
	silero_kernel_h *kernel;
	struct silero_net nets[RATES]; /* 8 kHz, 16 kHz */
	float *weights;                /* of both, owned */
};

/* ---- instruction sets ---- */

static const char *const isa_names[SILERO_ISA_COUNT] = {
	[SILERO_BEST] = "best",
	[SILERO_GENERIC] = "generic",
	[SILERO_AVX2] = "avx2",
	[SILERO_AVX512] = "avx512",
};

const char *silero_isa_name(enum silero_isa isa)
{
	assert(isa < SILERO_ISA_COUNT);
	return isa_names[isa];
}

bool silero_isa_find(const char *name, enum silero_isa *isa)
{
	unsigned int i;

	for (i = 0; i < SILERO_ISA_COUNT; i++) {
		if (strcmp(name, isa_names[i]) != 0)
			continue;
		*isa = (enum silero_isa)i;
		return true;
	}
	return false;
}

bool silero_isa_is_supported(enum silero_isa isa)
{
	switch (isa) {
	case SILERO_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	case SILERO_AVX512:
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
	default: return true;
	}
}

static enum silero_isa best_isa(void)
{
	if (silero_isa_is_supported(SILERO_AVX512))
		return SILERO_AVX512;
	return silero_isa_is_supported(SILERO_AVX2) ? SILERO_AVX2 : SILERO_GENERIC;
}

static silero_kernel_h *kernel_of(enum silero_isa isa)
{
	switch (isa) {
	case SILERO_AVX512: return silero_kernel_avx512;
	case SILERO_AVX2: return silero_kernel_avx2;
	default: return silero_kernel_generic;
	}
}

/* ---- repacking ---- */

/* One network while it is read out of the file. The first pass has `out` NULL and only counts. */
struct packer {
	const void *file;
	size_t len;
	const char *branch;
	float *out;
	size_t used; /* floats */
	struct err_detail *detail;
	enum err err; /* sticky */
};

/* Room for `count` floats, at a multiple of 64 bytes; NULL while counting. */
static float *pack_room(struct packer *p, size_t count)
{
	float *at = p->out ? p->out + p->used : NULL;

	p->used += (count + NET_BLOCK - 1) / NET_BLOCK * NET_BLOCK;
	return at;
}

static struct onnx_tensor pack_find(struct packer *p, const char *name, uint64_t d0, uint64_t d1, uint64_t d2)
{
	const uint64_t dims[3] = { d0, d1, d2 };
	unsigned int count = d2 ? 3 : d1 ? 2 : 1;
	struct onnx_tensor t = { 0 };

	if (!p->err)
		p->err = onnx_find_shaped(p->file, p->len, p->branch, name, dims, count, &t, p->detail);
	return t;
}

/* Where the weight of (output, row) lies in a matrix of `rows` rows; a row is an input, or an input's tap. */
static size_t packed_at(size_t output, size_t row, size_t rows)
{
	return (output / NET_BLOCK * rows + row) * NET_BLOCK + output % NET_BLOCK;
}

static float *pack_vector(struct packer *p, const char *name, size_t count)
{
	struct onnx_tensor t = pack_find(p, name, count, 0, 0);
	float *out = pack_room(p, count);
	size_t i;

	for (i = 0; out && !p->err && i < count; i++)
		out[i] = onnx_at(&t, i);
	return out;
}

/* The basis row of the real (sine: imaginary) part of bin k begins at this index of the tensor. */
static size_t basis_at(const struct silero_net *net, bool sine, size_t k)
{
	return ((sine ? net->bins : 0) + k) * 4 * net->quarter;
}

/* Sample N/2 is folded onto itself: it comes in twice, so its weight is halved. */
static float folded(const struct silero_net *net, const struct onnx_tensor *basis, size_t row, size_t sample)
{
	float w = onnx_at(basis, row + sample);

	return sample == 2 * (size_t)net->quarter ? w * 0.5f : w;
}

/* One of the four DFT products. `first` is the sample of input 0: 2 for the even ones, 1 for the odd. */
static float *pack_dft(struct packer *p, const struct silero_net *net, const struct onnx_tensor *basis, bool sine, size_t first)
{
	size_t q = net->quarter, k, j;
	float *out = pack_room(p, q * q);

	for (k = 0; out && !p->err && k < q; k++)
		for (j = 0; j < q; j++)
			out[packed_at(k, j, q)] = folded(net, basis, basis_at(net, sine, k), 2 * j + first);
	return out;
}

/* Bin N/4: only even samples in its real part, only odd ones in its imaginary part. */
static float *pack_middle(struct packer *p, const struct silero_net *net, const struct onnx_tensor *basis, bool sine)
{
	float *out = pack_room(p, net->quarter);
	size_t j;

	for (j = 0; out && !p->err && j < net->quarter; j++)
		out[j] = folded(net, basis, basis_at(net, sine, net->quarter), 2 * j + (sine ? 1 : 2));
	return out;
}

static void pack_stft(struct packer *p, struct silero_net *net)
{
	struct onnx_tensor basis = pack_find(p, "stft.forward_basis_buffer", 2 * net->bins, 1, 4 * net->quarter);

	net->even_cos = pack_dft(p, net, &basis, false, 2);
	net->odd_cos = pack_dft(p, net, &basis, false, 1);
	net->even_sin = pack_dft(p, net, &basis, true, 2);
	net->odd_sin = pack_dft(p, net, &basis, true, 1);
	net->middle_cos = pack_middle(p, net, &basis, false);
	net->middle_sin = pack_middle(p, net, &basis, true);
}

/* The bin that the STFT part puts at place `i`. */
static size_t bin_at(const struct silero_net *net, size_t i)
{
	size_t q = net->quarter;

	if (i < q)
		return i;
	return i < 2 * q ? 3 * q - i : q;
}

/* A convolution's taps first … first + taps - 1: rows are (input, tap), or (tap, input) for those that became a plain matrix. */
struct pack_taps {
	size_t outputs, inputs, first, taps;
	bool is_matrix;
	const struct silero_net *bins; /* inputs are STFT bins, in the order they have there; or NULL */
};

static float *pack_encoder(struct packer *p, const char *name, const struct pack_taps *s)
{
	struct onnx_tensor t = pack_find(p, name, s->outputs, s->inputs, NET_TAPS);
	size_t rows = s->inputs * s->taps, o, i, tap;
	float *out = pack_room(p, s->outputs * rows);

	if (!out || p->err)
		return out;
	for (o = 0; o < s->outputs; o++)
		for (i = 0; i < s->inputs; i++)
			for (tap = 0; tap < s->taps; tap++) {
				size_t input = s->bins ? bin_at(s->bins, i) : i;
				size_t row = s->is_matrix ? tap * s->inputs + i : i * s->taps + tap;

				out[packed_at(o, row, rows)] = onnx_at(&t, (o * s->inputs + input) * NET_TAPS + s->first + tap);
			}
	return out;
}

static void pack_encoders(struct packer *p, struct silero_net *net)
{
	const struct pack_taps taps0 = { .outputs = NET_WIDE, .inputs = net->bins, .taps = 3, .bins = net };
	const struct pack_taps taps1 = { .outputs = NET_NARROW, .inputs = NET_WIDE, .taps = 3 };
	const struct pack_taps taps2 = { .outputs = NET_NARROW, .inputs = NET_NARROW, .first = 1, .taps = 2, .is_matrix = true };
	const struct pack_taps taps3 = { .outputs = NET_WIDE, .inputs = NET_NARROW, .first = 1, .taps = 1, .is_matrix = true };

	net->encoder0 = pack_encoder(p, "encoder.0.reparam_conv.weight", &taps0);
	net->encoder0_bias = pack_vector(p, "encoder.0.reparam_conv.bias", NET_WIDE);
	net->encoder1 = pack_encoder(p, "encoder.1.reparam_conv.weight", &taps1);
	net->encoder1_bias = pack_vector(p, "encoder.1.reparam_conv.bias", NET_NARROW);
	net->encoder2 = pack_encoder(p, "encoder.2.reparam_conv.weight", &taps2);
	net->encoder2_bias = pack_vector(p, "encoder.2.reparam_conv.bias", NET_NARROW);
	net->encoder3 = pack_encoder(p, "encoder.3.reparam_conv.weight", &taps3);
	net->encoder3_bias = pack_vector(p, "encoder.3.reparam_conv.bias", NET_WIDE);
}

/* Both matrices of the LSTM side by side, its two biases added. */
static void pack_lstm(struct packer *p, struct silero_net *net)
{
	struct onnx_tensor ih = pack_find(p, "decoder.rnn.weight_ih", NET_GATES, NET_WIDE, 0);
	struct onnx_tensor hh = pack_find(p, "decoder.rnn.weight_hh", NET_GATES, NET_WIDE, 0);
	struct onnx_tensor bih = pack_find(p, "decoder.rnn.bias_ih", NET_GATES, 0, 0);
	struct onnx_tensor bhh = pack_find(p, "decoder.rnn.bias_hh", NET_GATES, 0, 0);
	float *out = pack_room(p, NET_GATES * 2 * NET_WIDE);
	float *bias = pack_room(p, NET_GATES);
	size_t o, i;

	net->lstm = out;
	net->lstm_bias = bias;
	for (o = 0; out && !p->err && o < NET_GATES; o++) {
		for (i = 0; i < NET_WIDE; i++) {
			out[packed_at(o, i, 2 * NET_WIDE)] = onnx_at(&ih, o * NET_WIDE + i);
			out[packed_at(o, NET_WIDE + i, 2 * NET_WIDE)] = onnx_at(&hh, o * NET_WIDE + i);
		}
		bias[o] = onnx_at(&bih, o) + onnx_at(&bhh, o);
	}
}

static void pack_decoder(struct packer *p, struct silero_net *net)
{
	struct onnx_tensor weight = pack_find(p, "decoder.decoder.2.weight", 1, NET_WIDE, 1);
	struct onnx_tensor bias = pack_find(p, "decoder.decoder.2.bias", 1, 0, 0);
	float *out = pack_room(p, NET_WIDE);
	float *zeros = pack_room(p, NET_MAX_QUARTER);
	size_t i;

	net->decoder = out;
	net->zeros = zeros;
	if (!out || p->err)
		return;
	for (i = 0; i < NET_WIDE; i++)
		out[i] = onnx_at(&weight, i);
	memset(zeros, 0, NET_MAX_QUARTER * sizeof(*zeros));
	net->decoder_bias = onnx_at(&bias, 0);
}

static void pack_net(struct packer *p, struct silero_net *net, unsigned int quarter)
{
	*net = (struct silero_net){ .chunk = 8 * quarter, .context = quarter, .quarter = quarter, .bins = 2 * quarter + 1 };
	pack_stft(p, net);
	pack_encoders(p, net);
	pack_lstm(p, net);
	pack_decoder(p, net);
}

static void pack_nets(struct packer *p, struct silero_net nets[RATES])
{
	p->branch = "else_branch";
	pack_net(p, &nets[0], 32);
	p->branch = "then_branch";
	pack_net(p, &nets[1], 64);
}

static enum err pack_model(struct silero_model *m, const struct buf *file, struct err_detail *detail)
{
	struct packer p = { .file = file->data, .len = file->len, .detail = detail };

	pack_nets(&p, m->nets);
	if (p.err)
		return p.err;
	m->weights = aligned_alloc(ALIGN_BYTES, p.used * sizeof(float));
	if (!m->weights)
		return ERR_NOMEM;
	memset(m->weights, 0, p.used * sizeof(float));
	p.out = m->weights;
	p.used = 0;
	pack_nets(&p, m->nets);
	return p.err;
}

/* ---- the file ---- */

#define HINT_GET \
	"run ./dev build, which fetches it (silero-vad 6.2.3 on PyPI, silero_vad/data/silero_vad.onnx), or name the file in vad.model_file"

static enum err fail(struct err_detail *detail, enum err err, const char *message, const char *where, const char *hint)
{
	if (!detail)
		return err;
	*detail = (struct err_detail){ 0 };
	snprintf(detail->message, sizeof(detail->message), "%s", message);
	snprintf(detail->where, sizeof(detail->where), "%s", where);
	snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	return err;
}

/* Appends `tail` to the folder `levels` above the running executable. */
static bool beside_program(char path[SILERO_PATH_MAX], unsigned int levels, const char *tail)
{
	char self[SILERO_PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self));
	unsigned int i;

	if (len <= 0 || (size_t)len >= sizeof(self))
		return false;
	self[len] = '\0';
	for (i = 0; i <= levels; i++) {
		char *slash = strrchr(self, '/');

		if (!slash)
			return false;
		*slash = '\0';
	}
	return snprintf(path, SILERO_PATH_MAX, "%s%s", self, tail) < SILERO_PATH_MAX;
}

enum err silero_model_find(const char *setting, char path[SILERO_PATH_MAX], struct err_detail *detail)
{
	unsigned int levels;

	if (setting && *setting) {
		if (snprintf(path, SILERO_PATH_MAX, "%s", setting) < SILERO_PATH_MAX)
			return ERR_NONE;
		return fail(detail, ERR_LIMIT, "the path of the voice detection model is too long", "vad.model_file", "");
	}
	for (levels = 1; levels <= 2; levels++)
		if (beside_program(path, levels, "/models/silero_vad.onnx") && !access(path, R_OK))
			return ERR_NONE;
	snprintf(path, SILERO_PATH_MAX, "/usr/share/callfunnel/silero_vad.onnx");
	if (!access(path, R_OK))
		return ERR_NONE;
	return fail(detail, ERR_NOTFOUND, "the voice detection model silero_vad.onnx is not there", path, HINT_GET);
}

static bool is_pinned(const struct buf *file)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];

	crypto_hash_sha256(hash, file->data, file->len);
	return !strcmp(sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)), SILERO_MODEL_SHA256);
}

static enum err load_file(struct buf *file, const char *path, struct err_detail *detail)
{
	enum err err = disk_load(&disk_real, path, file);

	if (err == ERR_NOTFOUND)
		return fail(detail, err, "the voice detection model is not there", path, HINT_GET);
	if (err == ERR_LIMIT)
		return fail(detail, err, "larger than any voice detection model, or a path too long", path, HINT_GET);
	if (err)
		return fail(detail, err, "the voice detection model cannot be read", path, "look at the file's permissions");
	if (!file->len || !is_pinned(file))
		return fail(detail, ERR_CORRUPT, "not the voice detection model that this program was made for (its sha256 is another)",
			path, HINT_GET);
	return ERR_NONE;
}

static enum err choose_isa(enum silero_isa *isa, struct err_detail *detail)
{
	assert(*isa < SILERO_ISA_COUNT);
	if (*isa == SILERO_BEST)
		*isa = best_isa();
	if (silero_isa_is_supported(*isa))
		return ERR_NONE;
	return fail(detail, ERR_UNAVAILABLE, "this processor lacks the instruction set", silero_isa_name(*isa),
		"leave it away: the best one is chosen");
}

enum err silero_model_open(struct silero_model **mp, const char *path, enum silero_isa isa, struct err_detail *detail)
{
	struct silero_model *m;
	struct buf file;
	enum err err = choose_isa(&isa, detail);

	*mp = NULL;
	if (err)
		return err;
	m = calloc(1, sizeof(*m));
	if (!m)
		return ERR_NOMEM;
	m->isa = isa;
	m->kernel = kernel_of(isa);
	buf_init(&file, ONNX_MAX_BYTES);
	err = load_file(&file, path, detail);
	if (!err)
		err = pack_model(m, &file, detail);
	buf_fini(&file);
	if (err)
		silero_model_close(&m);
	*mp = m;
	return err;
}

void silero_model_close(struct silero_model **mp)
{
	if (!*mp)
		return;
	free((*mp)->weights);
	free(*mp);
	*mp = NULL;
}

enum silero_isa silero_model_isa(const struct silero_model *m)
{
	return m->isa;
}

/* ---- streams ---- */

size_t silero_chunk_samples(uint32_t rate_hz)
{
	switch (rate_hz) {
	case 8000: return 256;
	case 16000: return 512;
	default: return 0;
	}
}

void silero_init(struct silero *s, uint32_t rate_hz, bool is_live)
{
	assert(silero_chunk_samples(rate_hz));
	*s = (struct silero){ .rate_hz = rate_hz, .is_live = is_live };
}

static void keep_quiet_rule(struct silero *s, float prob)
{
	if (!s->is_live)
		return;
	s->quiet_ms = prob < SILERO_QUIET_PROB ? s->quiet_ms + SILERO_CHUNK_MS : 0;
	if (s->quiet_ms >= SILERO_QUIET_MS)
		silero_init(s, s->rate_hz, true);
}

/* Streams of one rate on their way to the kernel. */
struct group {
	const struct silero_model *m;
	const struct silero_net *net;
	struct silero *states[NET_GROUP];
	const int16_t *chunks[NET_GROUP];
	float *probs[NET_GROUP];
	size_t count;
};

static void group_run(struct group *g)
{
	float probs[NET_GROUP];
	size_t i;

	if (!g->count)
		return;
	g->m->kernel(g->net, g->states, g->chunks, probs, g->count);
	for (i = 0; i < g->count; i++) {
		*g->probs[i] = probs[i];
		keep_quiet_rule(g->states[i], probs[i]);
	}
	g->count = 0;
}

static void group_push(struct group *g, struct silero *s, const int16_t *chunk, float *prob)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		assert(g->states[i] != s);
	g->states[g->count] = s;
	g->chunks[g->count] = chunk;
	g->probs[g->count] = prob;
	if (++g->count == NET_GROUP)
		group_run(g);
}

float silero_step(const struct silero_model *m, struct silero *s, const int16_t *chunk)
{
	float prob;

	assert(silero_chunk_samples(s->rate_hz));
	m->kernel(&m->nets[s->rate_hz == 16000], &s, &chunk, &prob, 1);
	keep_quiet_rule(s, prob);
	return prob;
}

void silero_step_batch(const struct silero_model *m, struct silero *const *states, const int16_t *const *chunks, float *probs,
	size_t count)
{
	struct group groups[RATES] = { { .m = m, .net = &m->nets[0] }, { .m = m, .net = &m->nets[1] } };
	size_t i;

	for (i = 0; i < count; i++) {
		assert(silero_chunk_samples(states[i]->rate_hz));
		group_push(&groups[states[i]->rate_hz == 16000], states[i], chunks[i], &probs[i]);
	}
	group_run(&groups[0]);
	group_run(&groups[1]);
}

uint16_t silero_level(float prob)
{
	assert(prob >= 0.0f && prob <= 1.0f);
	return (uint16_t)(prob * 65535.0f + 0.5f);
}
