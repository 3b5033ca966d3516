#include "cli/line.h"

#include <math.h>
#include <string.h>

#include "audio/g711.h"

enum { SAMPLE_US = 125 };

static void due(void *arg);

static void arm(struct line *l)
{
	if (l->count)
		clock_timer_set(&l->due, l->clock, l->marks[l->first].at_us, due, l);
	else
		clock_timer_stop(&l->due);
}

static void due(void *arg)
{
	struct line *l = arg;
	struct mark mark = l->marks[l->first].mark;

	l->first = (l->first + 1) % LINE_MARKS;
	l->count--;
	arm(l);
	l->played(l->arg, &mark); /* may close the line */
}

static void line_send(void *socket, const uint8_t *ulaw, size_t samples)
{
	struct line *l = socket;
	uint64_t now = clock_now_us(l->clock);

	l->end_us = l->end_us > now ? l->end_us : now;
	for (size_t i = 0; l->echo.delay_us && ulaw && i < samples; i++)
		l->echo.sent[(l->end_us / SAMPLE_US + i) % LINE_ECHO_SAMPLES] = g711_ulaw_decode(ulaw[i]);
	l->end_us += samples * SAMPLE_US;
}

static void line_mark(void *socket, const struct mark *mark)
{
	struct line *l = socket;
	uint64_t now = clock_now_us(l->clock);
	unsigned int at = (l->first + l->count) % LINE_MARKS;

	if (l->count == LINE_MARKS)
		return;
	l->marks[at].mark = *mark;
	l->marks[at].at_us = l->end_us > now ? l->end_us : now;
	l->count++;
	arm(l);
}

/* What was queued is gone; its marks come back at once. */
static void line_clear(void *socket)
{
	struct line *l = socket;
	uint64_t now = clock_now_us(l->clock);
	unsigned int i;

	for (; l->end_us > now; l->end_us -= SAMPLE_US)
		l->echo.sent[(l->end_us / SAMPLE_US - 1) % LINE_ECHO_SAMPLES] = 0;
	l->end_us = now;
	for (i = 0; i < l->count; i++)
		if (l->marks[(l->first + i) % LINE_MARKS].at_us > now)
			l->marks[(l->first + i) % LINE_MARKS].at_us = now;
	arm(l);
}

static void line_end(void *socket)
{
	((struct line *)socket)->is_over = true;
}

bool line_is_silent(const struct line *l)
{
	return l->end_us <= clock_now_us(l->clock);
}

void line_echo(struct line *l, uint64_t delay_ms, double db)
{
	l->echo.delay_us = delay_ms * 1000;
	l->echo.gain = pow(10, db / 20);
}

void line_echo_add(struct line *l, uint64_t end_us, uint8_t *ulaw, size_t samples)
{
	uint64_t first = end_us / SAMPLE_US - samples - l->echo.delay_us / SAMPLE_US;

	for (size_t i = 0; l->echo.delay_us && i < samples; i++) {
		int16_t *sent = &l->echo.sent[(first + i) % LINE_ECHO_SAMPLES];
		double both = g711_ulaw_decode(ulaw[i]) + *sent * l->echo.gain;

		ulaw[i] = g711_ulaw_encode((int16_t)fmax(fmin(both, 32767), -32768));
		*sent = 0;
	}
}

void line_init(struct line *l, struct clock *clock, void (*played)(void *arg, const struct mark *mark), void *arg)
{
	memset(l, 0, sizeof(*l));
	l->clock = clock;
	l->played = played;
	l->arg = arg;
}

void line_close(struct line *l)
{
	clock_timer_stop(&l->due);
	l->count = 0;
}

const struct media line_media = { .name = "line", .send = line_send, .mark = line_mark, .clear = line_clear, .end = line_end };
