/* Silero VAD's kernel for AVX2 and FMA: vectors of eight. The build gives this file, and no other, those instructions. */
#include <immintrin.h>

#define VW     8
#define KERNEL silero_kernel_avx2

typedef __m256 vec;

static inline vec vec_set1(float x)
{
	return _mm256_set1_ps(x);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
	return _mm256_fmadd_ps(a, b, c);
}

static inline vec vec_sqrt(vec v)
{
	return _mm256_sqrt_ps(v);
}

static inline vec vec_min(vec a, vec b)
{
	return _mm256_min_ps(a, b);
}

static inline vec vec_max(vec a, vec b)
{
	return _mm256_max_ps(a, b);
}

#include "audio/silero_kernel.h"
