/* The sums of the echo guard, over sound at 4 kHz: a filter by least squares, and the delay by correlation. For echo.c only. Pure, bounded, no
 * allocation; a few KB of stack.
 */
#ifndef AUDIO_ECHO_FIT_H
#define AUDIO_ECHO_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ECHO_WINDOW = 1024, /* 256 ms */
	ECHO_LOOK = 128,    /* its last 32 ms, which are judged */
	ECHO_TAPS = 48,     /* 12 ms */
	ECHO_SEARCH = 256,  /* 128 ms at 2 kHz */
	ECHO_LAGS = 827     /* of 0.5 ms: a third of the range */
};

struct echo_look {
	float heard[ECHO_WINDOW];
	float sent[ECHO_WINDOW + ECHO_TAPS]; /* heard[n] is explained by sent[n] to sent[n + ECHO_TAPS - 1], the longest delay first */
	size_t first;        /* of `heard` that a filter is fitted to: a multiple of 64 */
	float power, noise;  /* of the last ECHO_LOOK of `heard`, and of the line where nobody speaks: a sample's */
	unsigned int voiced; /* samples of `heard` in whose surroundings there is sound: echo_fit's, and */
	float left;          /* the share of the window's energy that its filter leaves, and that is no noise */
};

struct echo_search {
	int16_t heard[ECHO_SEARCH];
	int16_t sent[ECHO_SEARCH + ECHO_LAGS - 1]; /* the longest delay first */
};

/* False: there is too little sound for it. */
bool echo_fit(struct echo_look *look, float filter[ECHO_TAPS]);

/* The power that the filter leaves of the last ECHO_LOOK samples. */
float echo_rest(const struct echo_look *look, const float filter[ECHO_TAPS]);

/* The delay, in steps of 0.5 ms from the shortest, at which both are most alike; false: at none are they alike. Changes `search`. */
bool echo_find(struct echo_search *search, int *lag);

#endif
