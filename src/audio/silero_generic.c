/* Silero VAD's kernel in plain C with the compiler's vectors of four; on x86-64 that is SSE2, which every such machine has. */
#include <math.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define VW     4
#define KERNEL silero_kernel_generic

typedef float vec __attribute__((vector_size(16)));

static inline vec vec_set1(float x)
{
	return (vec){ x, x, x, x };
}

/* Two roundings: only the other kernels have a fused one. */
static inline vec vec_fma(vec a, vec b, vec c)
{
	return a * b + c;
}

#ifdef __SSE2__
static inline vec vec_sqrt(vec v)
{
	return (vec)_mm_sqrt_ps((__m128)v);
}

static inline vec vec_min(vec a, vec b)
{
	return (vec)_mm_min_ps((__m128)a, (__m128)b);
}

static inline vec vec_max(vec a, vec b)
{
	return (vec)_mm_max_ps((__m128)a, (__m128)b);
}
#else
static inline vec vec_sqrt(vec v)
{
	return (vec){ sqrtf(v[0]), sqrtf(v[1]), sqrtf(v[2]), sqrtf(v[3]) };
}

static inline vec vec_min(vec a, vec b)
{
	return (vec){ fminf(a[0], b[0]), fminf(a[1], b[1]), fminf(a[2], b[2]), fminf(a[3], b[3]) };
}

static inline vec vec_max(vec a, vec b)
{
	return (vec){ fmaxf(a[0], b[0]), fmaxf(a[1], b[1]), fmaxf(a[2], b[2]), fmaxf(a[3], b[3]) };
}
#endif

#include "audio/silero_kernel.h"
