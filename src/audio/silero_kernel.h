/* The network's arithmetic, written once and compiled once for each instruction set.
 *
 * silero_generic.c, silero_avx2.c and silero_avx512.c each define VW (floats in a vector: 4, 8, 16), the type `vec`, KERNEL
 * (the function's name) and vec_set1, vec_fma, vec_sqrt, vec_min, vec_max, then include this file. What is here is pure
 * computation on borrowed memory; it checks nothing, because silero.c has checked it all.
 *
 * Every output is one chain: its bias, then its inputs in rising order, each added by one vec_fma. Alone and in a batch
 * only the order *between* outputs differs, so results are the same to the bit. Accumulators have names because the
 * compiler keeps arrays of them in memory; eight at a time, because an FMA takes four cycles and two start in each.
 */
#include <string.h>

#include "audio/silero_net.h"

#define INLINE static inline __attribute__((always_inline))

/* Hardened builds zero what is on the stack; here that would cost more than an encoder, and all of it is written first. */
#define UNINITIALIZED __attribute__((uninitialized))

/* The compiler no longer knows what lies at x and loads it again, which is cheaper than what it does to keep it: with twelve sums
 * in registers there is no room for the inputs, and they or the sums go to the stack. */
#define FORGET(x) __asm__("" : "+r"(x))

typedef int32_t ivec __attribute__((vector_size(VW * 4)));

enum {
	MAG_STRIDE = 2 * NET_MAX_QUARTER + NET_BLOCK,
	HALF_MAX = 5 * NET_MAX_QUARTER, /* even (or odd) samples of context, chunk and reflection */
	QUAD = 4
};

/* One stream on its way from samples to magnitudes. */
struct front {
	float even[HALF_MAX + VW], odd[HALF_MAX + VW];               /* samples */
	float even_mirror[HALF_MAX + VW], odd_mirror[HALF_MAX + VW]; /* the same backwards */
	float even_sum[NET_FRAMES][NET_MAX_QUARTER], odd_sum[NET_FRAMES][NET_MAX_QUARTER];
	float even_difference[NET_FRAMES][NET_MAX_QUARTER], odd_difference[NET_FRAMES][NET_MAX_QUARTER];
	float even_re[NET_FRAMES][NET_MAX_QUARTER], odd_re[NET_FRAMES][NET_MAX_QUARTER];
	float even_im[NET_FRAMES][NET_MAX_QUARTER], odd_im[NET_FRAMES][NET_MAX_QUARTER];
};

/* One stream from magnitudes to its probability. */
struct lane {
	float mag[NET_FRAMES][MAG_STRIDE];
	float wide[NET_FRAMES][NET_WIDE]; /* after encoder 0 */
	float narrow[2][NET_NARROW];      /* after encoder 1: two frames, one vector of inputs for encoder 2 */
	float last[NET_NARROW];           /* after encoder 2 */
	float joint[2 * NET_WIDE];        /* after encoder 3, then h: the LSTM's inputs */
	float gates[NET_GATES];
	float apart[80]; /* else a lane is 8 KB, and all lanes want the same places in the nearest cache */
};

INLINE vec load(const float *p)
{
	vec v;

	memcpy(&v, p, sizeof(v));
	return v;
}

INLINE void store(float *p, vec v)
{
	memcpy(p, &v, sizeof(v));
}

INLINE vec relu(vec v)
{
	return vec_max(v, vec_set1(0.0f));
}

INLINE float sum_lanes(vec v)
{
	float f[VW], sum = 0.0f;
	int i;

	memcpy(f, &v, sizeof(f));
	for (i = 0; i < VW; i++)
		sum += f[i];
	return sum;
}

/* Vector `i` (a constant) of a tile that begins at a whole block; `block` is the floats between two blocks. */
#define ROW(w, i, block) ((w) + (size_t)((i) * VW / NET_BLOCK) * (block) + (i) * VW % NET_BLOCK)

/* A tile of 2 vectors may begin inside a block when vectors are short. */
INLINE const float *tile_at(const float *w, size_t output, size_t block)
{
	return w + output / NET_BLOCK * block + output % NET_BLOCK;
}

INLINE const float *next_vector(const float *w, size_t block)
{
	return VW < NET_BLOCK ? w + VW : w + block;
}

/* ---- products of a matrix with one vector ---- */

/* 8 vectors of outputs. */
INLINE void dense_tile8(const float *w, const float *bias, const float *x, size_t inputs, float *out)
{
	size_t block = inputs * NET_BLOCK;
	const float *w0 = ROW(w, 0, block), *w1 = ROW(w, 1, block), *w2 = ROW(w, 2, block), *w3 = ROW(w, 3, block);
	const float *w4 = ROW(w, 4, block), *w5 = ROW(w, 5, block), *w6 = ROW(w, 6, block), *w7 = ROW(w, 7, block);
	vec a0 = load(bias), a1 = load(bias + VW), a2 = load(bias + 2 * VW), a3 = load(bias + 3 * VW);
	vec a4 = load(bias + 4 * VW), a5 = load(bias + 5 * VW), a6 = load(bias + 6 * VW), a7 = load(bias + 7 * VW);
	size_t k;

	for (k = 0; k < inputs; k++) {
		vec v = vec_set1(x[k]);
		size_t at = k * NET_BLOCK;

		a0 = vec_fma(load(w0 + at), v, a0);
		a1 = vec_fma(load(w1 + at), v, a1);
		a2 = vec_fma(load(w2 + at), v, a2);
		a3 = vec_fma(load(w3 + at), v, a3);
		a4 = vec_fma(load(w4 + at), v, a4);
		a5 = vec_fma(load(w5 + at), v, a5);
		a6 = vec_fma(load(w6 + at), v, a6);
		a7 = vec_fma(load(w7 + at), v, a7);
	}
	store(out, a0);
	store(out + VW, a1);
	store(out + 2 * VW, a2);
	store(out + 3 * VW, a3);
	store(out + 4 * VW, a4);
	store(out + 5 * VW, a5);
	store(out + 6 * VW, a6);
	store(out + 7 * VW, a7);
}

/* 4 vectors, for matrices with fewer than 8. */
INLINE void dense_tile4(const float *w, const float *bias, const float *x, size_t inputs, float *out)
{
	size_t block = inputs * NET_BLOCK;
	const float *w0 = ROW(w, 0, block), *w1 = ROW(w, 1, block), *w2 = ROW(w, 2, block), *w3 = ROW(w, 3, block);
	vec a0 = load(bias), a1 = load(bias + VW), a2 = load(bias + 2 * VW), a3 = load(bias + 3 * VW);
	size_t k;

	for (k = 0; k < inputs; k++) {
		vec v = vec_set1(x[k]);
		size_t at = k * NET_BLOCK;

		a0 = vec_fma(load(w0 + at), v, a0);
		a1 = vec_fma(load(w1 + at), v, a1);
		a2 = vec_fma(load(w2 + at), v, a2);
		a3 = vec_fma(load(w3 + at), v, a3);
	}
	store(out, a0);
	store(out + VW, a1);
	store(out + 2 * VW, a2);
	store(out + 3 * VW, a3);
}

static void dense_one(const float *w, const float *bias, const float *x, size_t inputs, float *out, size_t outputs)
{
	size_t o = 0;

	for (; o + 8 * VW <= outputs; o += 8 * VW)
		dense_tile8(w + o * inputs, bias + o, x, inputs, out + o);
	for (; o < outputs; o += 4 * VW)
		dense_tile4(w + o * inputs, bias + o, x, inputs, out + o);
}

/* ---- products of a matrix with four vectors at once: each weight is loaded once for all ---- */

/* 2 vectors of outputs for each of 4. */
INLINE void quad_tile(const float *w, size_t block, const float *bias, const float *const *x, size_t inputs, size_t o,
	float *const *out)
{
	const float *w0 = tile_at(w, o, block), *w1 = next_vector(w0, block);
	const float *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
	vec a0 = load(bias + o), a1 = a0, a2 = a0, a3 = a0;
	vec b0 = load(bias + o + VW), b1 = b0, b2 = b0, b3 = b0;
	size_t k;

	for (k = 0; k < inputs; k++) {
		vec wa = load(w0 + k * NET_BLOCK), wb = load(w1 + k * NET_BLOCK), v = vec_set1(x0[k]);

		a0 = vec_fma(wa, v, a0);
		b0 = vec_fma(wb, v, b0);
		v = vec_set1(x1[k]);
		a1 = vec_fma(wa, v, a1);
		b1 = vec_fma(wb, v, b1);
		v = vec_set1(x2[k]);
		a2 = vec_fma(wa, v, a2);
		b2 = vec_fma(wb, v, b2);
		v = vec_set1(x3[k]);
		a3 = vec_fma(wa, v, a3);
		b3 = vec_fma(wb, v, b3);
	}
	store(out[0] + o, a0);
	store(out[1] + o, a1);
	store(out[2] + o, a2);
	store(out[3] + o, a3);
	store(out[0] + o + VW, b0);
	store(out[1] + o + VW, b1);
	store(out[2] + o + VW, b2);
	store(out[3] + o + VW, b3);
}

static void dense_quad(const float *w, const float *bias, const float *const *x, size_t inputs, float *const *out,
	size_t outputs)
{
	size_t o;

	for (o = 0; o < outputs; o += 2 * VW)
		quad_tile(w, inputs * NET_BLOCK, bias, x, inputs, o, out);
}

/* `count` vectors, 1 to NET_GROUP. Quads share the weights; what is left over, two or three are filled up by one of them
 * twice (the same sum written twice), and one goes alone. x and out have room for a whole group. */
static void dense_many(const float *w, const float *bias, const float **x, size_t inputs, float **out, size_t outputs,
	size_t count)
{
	size_t alone = count % QUAD == 1 ? count - 1 : count;
	size_t o, i;

	for (i = count; i % QUAD; i++) {
		x[i] = x[i - 1];
		out[i] = out[i - 1];
	}
	for (o = 0; alone && o < outputs; o += 2 * VW)
		for (i = 0; i < alone; i += QUAD)
			quad_tile(w, inputs * NET_BLOCK, bias, x + i, inputs, o, out + i);
	if (alone < count)
		dense_one(w, bias, x[alone], inputs, out[alone], outputs);
}

/* ---- samples to magnitudes ---- */

/* Context, chunk and reflection, as even and odd samples in both directions. */
static void front_split(struct front *f, const struct silero_net *net, const int16_t *context, const int16_t *chunk)
{
	int16_t raw[2 * HALF_MAX];
	size_t q = net->quarter, half = 5 * q, i;

	memcpy(raw, context, q * sizeof(*raw));
	memcpy(raw + q, chunk, 8 * q * sizeof(*raw));
	for (i = 0; i < q; i++)
		raw[9 * q + i] = raw[9 * q - 2 - i];
	for (i = 0; i < half; i++) {
		f->even[i] = (float)raw[2 * i] * (1.0f / 32768.0f);
		f->odd[i] = (float)raw[2 * i + 1] * (1.0f / 32768.0f);
	}
	for (i = 0; i < half; i++) {
		f->even_mirror[i] = f->even[half - 1 - i];
		f->odd_mirror[i] = f->odd[half - 1 - i];
	}
}

/* Frame `t` folded around its middle: sample n with sample N - n. */
static void front_fold(struct front *f, size_t q, size_t t)
{
	const float *even = f->even + t * q + 1, *odd = f->odd + t * q;
	const float *even_mirror = f->even_mirror + (3 - t) * q, *odd_mirror = f->odd_mirror + (3 - t) * q;
	size_t j;

	for (j = 0; j < q; j += VW) {
		vec e = load(even + j), em = load(even_mirror + j);
		vec o = load(odd + j), om = load(odd_mirror + j);

		store(f->even_sum[t] + j, e + em);
		store(f->even_difference[t] + j, e - em);
		store(f->odd_sum[t] + j, o + om);
		store(f->odd_difference[t] + j, o - om);
	}
}

INLINE void front_product(const float *w, const struct silero_net *net, const float in[][NET_MAX_QUARTER],
	float out[][NET_MAX_QUARTER])
{
	const float *x[QUAD] = { in[0], in[1], in[2], in[3] };
	float *y[QUAD] = { out[0], out[1], out[2], out[3] };

	dense_quad(w, net->zeros, x, net->quarter, y, net->quarter);
}

INLINE vec magnitude(vec re, vec im)
{
	return vec_sqrt(vec_fma(im, im, re * re));
}

static void front_magnitudes(const struct front *f, const struct silero_net *net, size_t t, float *mag)
{
	size_t q = net->quarter, k;
	vec re = vec_set1(0.0f), im = re;

	for (k = 0; k < q; k += VW) {
		vec er = load(f->even_re[t] + k), or = load(f->odd_re[t] + k);
		vec ei = load(f->even_im[t] + k), oi = load(f->odd_im[t] + k);

		store(mag + k, magnitude(er + or, ei + oi));
		store(mag + q + k, magnitude(er - or, ei - oi));
		re = vec_fma(load(f->even_sum[t] + k), load(net->middle_cos + k), re);
		im = vec_fma(load(f->odd_difference[t] + k), load(net->middle_sin + k), im);
	}
	re = magnitude(vec_set1(sum_lanes(re)), vec_set1(sum_lanes(im)));
	memcpy(mag + 2 * q, &re, sizeof(*mag));
}

static void front_run(struct front *f, const struct silero_net *net, const int16_t *context, const int16_t *chunk,
	struct lane *lane)
{
	size_t t;

	front_split(f, net, context, chunk);
	for (t = 0; t < NET_FRAMES; t++)
		front_fold(f, net->quarter, t);
	front_product(net->even_cos, net, (const float (*)[NET_MAX_QUARTER])f->even_sum, f->even_re);
	front_product(net->odd_cos, net, (const float (*)[NET_MAX_QUARTER])f->odd_sum, f->odd_re);
	front_product(net->even_sin, net, (const float (*)[NET_MAX_QUARTER])f->even_difference, f->even_im);
	front_product(net->odd_sin, net, (const float (*)[NET_MAX_QUARTER])f->odd_difference, f->odd_im);
	for (t = 0; t < NET_FRAMES; t++)
		front_magnitudes(f, net, t, lane->mag[t]);
}

/* ---- encoders ---- */

/* Encoder 0: 2 vectors of outputs for 4 frames. Frames -1 and 4 are padding, so two of twelve products fall away. The frames in
 * the middle get three products an input, too many for one chain: c and d take the first tap's, and are added at the end. */
static void encoder0_tile(const struct silero_net *net, struct lane *lane, size_t o)
{
	size_t block = (size_t)net->bins * NET_TAPS * NET_BLOCK, k;
	const float *w = tile_at(net->encoder0, o, block), *u = next_vector(w, block);
	vec a0 = load(net->encoder0_bias + o), a1 = a0, a2 = a0, a3 = a0, c1 = vec_set1(0.0f), c2 = c1;
	vec b0 = load(net->encoder0_bias + o + VW), b1 = b0, b2 = b0, b3 = b0, d1 = c1, d2 = c1;

	for (k = 0; k < net->bins; k++, w += NET_TAPS * NET_BLOCK, u += NET_TAPS * NET_BLOCK) {
		const float *x = lane->mag[0] + k;
		vec wa = load(w), wb = load(u), v = vec_set1(x[0]);

		c1 = vec_fma(wa, v, c1);
		d1 = vec_fma(wb, v, d1);
		v = vec_set1(x[MAG_STRIDE]);
		c2 = vec_fma(wa, v, c2);
		d2 = vec_fma(wb, v, d2);
		v = vec_set1(x[2 * MAG_STRIDE]);
		a3 = vec_fma(wa, v, a3);
		b3 = vec_fma(wb, v, b3);
		FORGET(x);
		wa = load(w + NET_BLOCK);
		wb = load(u + NET_BLOCK);
		v = vec_set1(x[0]);
		a0 = vec_fma(wa, v, a0);
		b0 = vec_fma(wb, v, b0);
		v = vec_set1(x[MAG_STRIDE]);
		a1 = vec_fma(wa, v, a1);
		b1 = vec_fma(wb, v, b1);
		v = vec_set1(x[2 * MAG_STRIDE]);
		a2 = vec_fma(wa, v, a2);
		b2 = vec_fma(wb, v, b2);
		v = vec_set1(x[3 * MAG_STRIDE]);
		a3 = vec_fma(wa, v, a3);
		b3 = vec_fma(wb, v, b3);
		FORGET(x);
		wa = load(w + 2 * NET_BLOCK);
		wb = load(u + 2 * NET_BLOCK);
		v = vec_set1(x[MAG_STRIDE]);
		a0 = vec_fma(wa, v, a0);
		b0 = vec_fma(wb, v, b0);
		v = vec_set1(x[2 * MAG_STRIDE]);
		a1 = vec_fma(wa, v, a1);
		b1 = vec_fma(wb, v, b1);
		v = vec_set1(x[3 * MAG_STRIDE]);
		a2 = vec_fma(wa, v, a2);
		b2 = vec_fma(wb, v, b2);
	}
	store(lane->wide[0] + o, relu(a0));
	store(lane->wide[1] + o, relu(a1 + c1));
	store(lane->wide[2] + o, relu(a2 + c2));
	store(lane->wide[3] + o, relu(a3));
	store(lane->wide[0] + o + VW, relu(b0));
	store(lane->wide[1] + o + VW, relu(b1 + d1));
	store(lane->wide[2] + o + VW, relu(b2 + d2));
	store(lane->wide[3] + o + VW, relu(b3));
}

/* Encoder 1, stride 2: 4 vectors of outputs for 2 frames; the first sees frames -1 (padding), 0, 1, the second 1, 2, 3. Goes on
 * from the sums in `narrow` with inputs `from` to `to`: half of them at a time, so that the weights stay in the nearest cache. */
static void encoder1_tile(const struct silero_net *net, struct lane *lane, size_t o, size_t from, size_t to)
{
	enum { ROWS = NET_TAPS * NET_BLOCK, BLOCK = NET_WIDE * ROWS };
	const float *w = net->encoder1 + o * NET_WIDE * NET_TAPS;
	const float *w0 = ROW(w, 0, BLOCK), *w1 = ROW(w, 1, BLOCK), *w2 = ROW(w, 2, BLOCK), *w3 = ROW(w, 3, BLOCK);
	float *first_frame = lane->narrow[0] + o, *second_frame = lane->narrow[1] + o;
	vec a0 = load(first_frame), a1 = load(first_frame + VW);
	vec a2 = load(first_frame + 2 * VW), a3 = load(first_frame + 3 * VW);
	vec b0 = load(second_frame), b1 = load(second_frame + VW);
	vec b2 = load(second_frame + 2 * VW), b3 = load(second_frame + 3 * VW);
	vec c0 = vec_set1(0.0f), c1 = c0, c2 = c0, c3 = c0;
	size_t k;

	for (k = from; k < to; k++) {
		const float *x = lane->wide[0] + k;
		const size_t first = k * ROWS, second = first + NET_BLOCK, third = second + NET_BLOCK;
		vec v = load(w0 + second), x0 = vec_set1(x[0]), x2 = vec_set1(x[2 * NET_WIDE]), x1, x3;

		a0 = vec_fma(v, x0, a0);
		b0 = vec_fma(v, x2, b0);
		v = load(w1 + second);
		a1 = vec_fma(v, x0, a1);
		b1 = vec_fma(v, x2, b1);
		v = load(w2 + second);
		a2 = vec_fma(v, x0, a2);
		b2 = vec_fma(v, x2, b2);
		v = load(w3 + second);
		a3 = vec_fma(v, x0, a3);
		b3 = vec_fma(v, x2, b3);
		x1 = vec_set1(x[NET_WIDE]);
		x3 = vec_set1(x[3 * NET_WIDE]);
		v = load(w0 + third);
		a0 = vec_fma(v, x1, a0);
		b0 = vec_fma(v, x3, b0);
		v = load(w1 + third);
		a1 = vec_fma(v, x1, a1);
		b1 = vec_fma(v, x3, b1);
		v = load(w2 + third);
		a2 = vec_fma(v, x1, a2);
		b2 = vec_fma(v, x3, b2);
		v = load(w3 + third);
		a3 = vec_fma(v, x1, a3);
		b3 = vec_fma(v, x3, b3);
		c0 = vec_fma(load(w0 + first), x1, c0);
		c1 = vec_fma(load(w1 + first), x1, c1);
		c2 = vec_fma(load(w2 + first), x1, c2);
		c3 = vec_fma(load(w3 + first), x1, c3);
	}
	store(first_frame, a0);
	store(first_frame + VW, a1);
	store(first_frame + 2 * VW, a2);
	store(first_frame + 3 * VW, a3);
	store(second_frame, b0 + c0);
	store(second_frame + VW, b1 + c1);
	store(second_frame + 2 * VW, b2 + c2);
	store(second_frame + 3 * VW, b3 + c3);
}

static void relu_all(float **out, size_t outputs, size_t count)
{
	size_t i, o;

	for (i = 0; i < count; i++)
		for (o = 0; o < outputs; o += VW)
			store(out[i] + o, relu(load(out[i] + o)));
}

/* Tile by tile, and in each all streams: the tile's weights stay in the nearest cache. */
static void encode_frames(const struct silero_net *net, struct lane *lanes, size_t count)
{
	float *out[NET_GROUP];
	size_t o, i, from;

	for (o = 0; o < NET_WIDE; o += 2 * VW)
		for (i = 0; i < count; i++)
			encoder0_tile(net, &lanes[i], o);
	for (i = 0; i < count; i++) {
		out[i] = lanes[i].narrow[0];
		memcpy(lanes[i].narrow[0], net->encoder1_bias, sizeof(lanes[i].narrow[0]));
		memcpy(lanes[i].narrow[1], net->encoder1_bias, sizeof(lanes[i].narrow[1]));
	}
	for (o = 0; o < NET_NARROW; o += 4 * VW)
		for (from = 0; from < NET_WIDE; from += NET_WIDE / 4)
			for (i = 0; i < count; i++)
				encoder1_tile(net, &lanes[i], o, from, from + NET_WIDE / 4);
	relu_all(out, 2 * NET_NARROW, count);
}

/* Encoders 2 and 3 and the LSTM's gates, which each see one vector a stream. */
static void encode_vectors(const struct silero_net *net, struct lane *lanes, size_t count)
{
	const float *x[NET_GROUP];
	float *out[NET_GROUP];
	size_t i;

	for (i = 0; i < count; i++) {
		x[i] = lanes[i].narrow[0];
		out[i] = lanes[i].last;
	}
	dense_many(net->encoder2, net->encoder2_bias, x, 2 * NET_NARROW, out, NET_NARROW, count);
	relu_all(out, NET_NARROW, count);
	for (i = 0; i < count; i++) {
		x[i] = lanes[i].last;
		out[i] = lanes[i].joint;
	}
	dense_many(net->encoder3, net->encoder3_bias, x, NET_NARROW, out, NET_WIDE, count);
	relu_all(out, NET_WIDE, count);
	for (i = 0; i < count; i++) {
		x[i] = lanes[i].joint;
		out[i] = lanes[i].gates;
	}
	dense_many(net->lstm, net->lstm_bias, x, 2 * NET_WIDE, out, NET_GATES, count);
}

/* ---- the LSTM cell and the decoder ---- */

/* e^x, x cut to ±43 (so that the product of two is still a number): 2^n times a Taylor polynomial on ±ln(2)/2, whose error is 1.7e-7 at the ends. Adding 1.5 * 2^23 rounds
 * to a whole number that then stands in the low bits. */
INLINE vec vec_exp(vec x)
{
	const vec magic = vec_set1(12582912.0f);
	vec n, r, p;
	ivec power;

	x = vec_min(vec_max(x, vec_set1(-43.0f)), vec_set1(43.0f));
	n = vec_fma(x, vec_set1(1.44269504f), magic);
	power = ((ivec)n - (ivec)magic + 127) << 23;
	n = n - magic;
	r = vec_fma(n, vec_set1(-0.693359375f), x);
	r = vec_fma(n, vec_set1(2.12194440e-4f), r);
	p = vec_fma(r, vec_set1(1.0f / 720), vec_set1(1.0f / 120));
	p = vec_fma(p, r, vec_set1(1.0f / 24));
	p = vec_fma(p, r, vec_set1(1.0f / 6));
	p = vec_fma(p, r, vec_set1(0.5f));
	p = vec_fma(p, r, vec_set1(1.0f));
	p = vec_fma(p, r, vec_set1(1.0f));
	return p * (vec)power;
}

INLINE vec vec_sigmoid(vec x)
{
	const vec one = vec_set1(1.0f);

	return one / (one + vec_exp(-x));
}

/* sigmoid(gate) * tanh(x), with one division for both. */
INLINE vec vec_gated_tanh(vec gate, vec x)
{
	const vec one = vec_set1(1.0f);
	vec e = vec_exp(x + x);

	return (e - one) / ((one + vec_exp(-gate)) * (e + one));
}

/* Moves h and c on; the probability. */
static float finish(const struct silero_net *net, const struct lane *lane, struct silero *s)
{
	const float *gates = lane->gates;
	vec sum = vec_set1(0.0f);
	size_t k;

	for (k = 0; k < NET_WIDE; k += VW) {
		vec in = load(gates + k), forget = load(gates + NET_WIDE + k);
		vec new = load(gates + 2 * NET_WIDE + k), out = load(gates + 3 * NET_WIDE + k);
		vec c = vec_fma(vec_sigmoid(forget), load(s->c + k), vec_gated_tanh(in, new));
		vec h = vec_gated_tanh(out, c);

		store(s->c + k, c);
		store(s->h + k, h);
		sum = vec_fma(relu(h), load(net->decoder + k), sum);
	}
	sum = vec_sigmoid(vec_set1(sum_lanes(sum) + net->decoder_bias));
	return sum[0];
}

/* ---- a chunk of each stream ---- */

INLINE void step_lanes(const struct silero_net *net, struct lane *lanes, struct silero *const *states,
	const int16_t *const *chunks, float *probs, size_t count)
{
	UNINITIALIZED struct front front;
	size_t i;

	for (i = 0; i < count; i++) {
		front_run(&front, net, states[i]->context, chunks[i], &lanes[i]);
		memcpy(states[i]->context, chunks[i] + net->chunk - net->context, net->context * sizeof(**chunks));
		memcpy(lanes[i].joint + NET_WIDE, states[i]->h, sizeof(states[i]->h));
	}
	encode_frames(net, lanes, count);
	encode_vectors(net, lanes, count);
	for (i = 0; i < count; i++)
		probs[i] = finish(net, &lanes[i], states[i]);
}

void KERNEL(const struct silero_net *net, struct silero *const *states, const int16_t *const *chunks, float *probs,
	size_t count)
{
	UNINITIALIZED struct lane lanes[NET_GROUP];

	step_lanes(net, lanes, states, chunks, probs, count);
}
