/* Silero VAD's kernel for AVX-512: vectors of sixteen. The build gives this file, and no other, those instructions. */
#include <immintrin.h>

#define VW     16
#define KERNEL silero_kernel_avx512

typedef __m512 vec;

static inline vec vec_set1(float x)
{
	return _mm512_set1_ps(x);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
	return _mm512_fmadd_ps(a, b, c);
}

static inline vec vec_sqrt(vec v)
{
	return _mm512_sqrt_ps(v);
}

static inline vec vec_min(vec a, vec b)
{
	return _mm512_min_ps(a, b);
}

static inline vec vec_max(vec a, vec b)
{
	return _mm512_max_ps(a, b);
}

#include "audio/silero_kernel.h"
