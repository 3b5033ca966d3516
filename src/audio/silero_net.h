/* Between silero.c, which reads and repacks the weights, and the kernels, which compute with them. Nobody else includes it.
 *
 * Matrices are stored for vectors of output channels: blocks of 16 outputs, inside a block one row of 16 for each input (and,
 * in a convolution, each tap): [output / 16][input][tap][16]. So a vector of 4, 8 or 16 floats never crosses a block, a
 * block is read front to back, and all instruction sets share one layout. Everything begins at a multiple of 64 bytes.
 *
 * The STFT is not computed as the convolution that the file has. Its basis is a Hann-windowed DFT of N points, so
 * cos is even and sin is odd around N/2, and bin N/2-k differs from bin k only by the sign of the odd samples. With the
 * samples folded around the middle and split into even and odd ones, bins 0 … N/4-1 need a quarter of the products and
 * give bins N/2 … N/4+1 besides; the bin in between, N/4, is done apart. The weights are the file's own.
 * Bins leave in that order: 0 … N/4-1, then N/2 … N/4+1, then N/4; encoder 0 has its inputs in the same order.
 */
#ifndef AUDIO_SILERO_NET_H
#define AUDIO_SILERO_NET_H

#include <stddef.h>
#include <stdint.h>

#include "audio/silero.h"

enum {
	NET_BLOCK = 16,   /* outputs of a block */
	NET_FRAMES = 4,   /* STFT frames a chunk */
	NET_TAPS = 3,     /* of a convolution */
	NET_GROUP = 8,    /* streams that a kernel takes at once */
	NET_WIDE = 128,   /* channels after encoder 0 and 3, and of the LSTM */
	NET_NARROW = 64,  /* channels after encoder 1 and 2 */
	NET_GATES = 4 * NET_WIDE,
	NET_MAX_QUARTER = 64
};

/* The network for one rate. Points into its model's memory. */
struct silero_net {
	unsigned int chunk;   /* new samples: 8 quarters */
	unsigned int context; /* samples of the chunk before: 1 quarter; as many are reflected at the end */
	unsigned int quarter; /* N/4: 32 at 8 kHz, 64 at 16 kHz */
	unsigned int bins;    /* N/2 + 1 */

	/* DFT products of the folded samples, [quarter / 16][quarter][16]: input j is sample 2j+2 (even) or 2j+1 (odd) */
	const float *even_cos, *odd_cos, *even_sin, *odd_sin;
	const float *middle_cos, *middle_sin; /* [quarter]: bin N/4, of the even and of the odd samples */

	const float *encoder0, *encoder0_bias; /* 128 outputs, inputs `bins`, 3 taps */
	const float *encoder1, *encoder1_bias; /* 64, 128, 3 taps */
	const float *encoder2, *encoder2_bias; /* 64, 2 * 64: the frames that taps 1 and 2 see; tap 0 sees only padding */
	const float *encoder3, *encoder3_bias; /* 128, 64: the centre tap */
	const float *lstm, *lstm_bias;         /* 512 in the order i, f, g, o; inputs: 128 of encoder 3, then 128 of h */
	const float *decoder;                  /* [128] */
	float decoder_bias;
	const float *zeros; /* [64], for products without a bias */
};

/* The next chunk of each of `count` streams, 1 to NET_GROUP, all different and at this network's rate. Moves context, h and
 * c on; the quiet rule is not its business. Any thread, no allocation; about 80 KB of stack. */
typedef void silero_kernel_h(const struct silero_net *net, struct silero *const *states, const int16_t *const *chunks,
	float *probs, size_t count);

silero_kernel_h silero_kernel_generic;
silero_kernel_h silero_kernel_avx2;
silero_kernel_h silero_kernel_avx512;

#endif
