/* spandsp's DTMF behind our contract. We add: positions (the detector is fed up to its own block edges, so that when it speaks we
 * know exactly what it has seen), a queue that says when it is full, and a lock around spandsp's one-time tables. A slow
 * offset (DC) is taken out first, which spandsp asks for. Refuses to smooth or repeat anything: one key press, one digit.
 */
#include "audio/dtmf.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp/telephony.h>
#include <spandsp/logging.h>
#include <spandsp/super_tone_rx.h>
#include <spandsp/dtmf.h>

/* How much louder one tone may be. Q.24 has networks that ask for 8 and 4 dB; a block's edges cost up to 2.1 dB of it (941 and 1209 Hz). */
enum { LOW_LOUDER_DB = 11, HIGH_LOUDER_DB = 6, LEAVE = -1, LEAVE_LEVEL = -99 };

/* spandsp fills static tables on the first use, without a lock. */
static pthread_mutex_t tables_lock = PTHREAD_MUTEX_INITIALIZER;

static const struct dtmf_shape usual_shape = {
	.on_ms = DTMF_ON_MS,
	.off_ms = DTMF_OFF_MS,
	.level_dbm0 = DTMF_LEVEL_DBM0,
};

bool dtmf_is_digit(char c)
{
	return c && strchr("0123456789ABCD*#", c);
}

/* --- finding --- */

struct dtmf_detector {
	dtmf_rx_state_t *rx;
	int64_t offset_q16;    /* the slow offset so far */
	dtmf_event_h *handler;
	void *arg;
	uint64_t at;           /* samples given to rx */
	struct dtmf_event now; /* the digit that lasts; digit 0: none */
};

static void end_digit(struct dtmf_detector *d, uint64_t end_sample)
{
	struct dtmf_event event = d->now;

	d->now = (struct dtmf_event){ 0 };
	event.is_end = true;
	event.at_sample = d->at;
	event.samples = (uint32_t)(end_sample > event.start_sample ? end_sample - event.start_sample : 0);
	d->handler(d->arg, &event);
}

/* spandsp's report: `code` is a digit, or 0 for the end. Always said at a block edge, one block after the change. */
static void changed(void *arg, int code, int level, int delay)
{
	struct dtmf_detector *d = arg;
	uint64_t two_blocks = 2 * DTMF_BLOCK_SAMPLES;
	uint64_t since = d->at > two_blocks ? d->at - two_blocks : 0;

	(void)delay;
	if (d->now.digit)
		end_digit(d, since);
	if (!code)
		return;
	d->now = (struct dtmf_event){
		.digit = (char)code,
		.at_sample = d->at,
		.start_sample = since,
		.samples = (uint32_t)(d->at - since),
		.level_dbm0 = level,
	};
	d->handler(d->arg, &d->now);
}

/* A fresh receiver in the memory of the old one, or in new memory. */
static dtmf_rx_state_t *receiver_init(struct dtmf_detector *d, dtmf_rx_state_t *old)
{
	dtmf_rx_state_t *rx;

	pthread_mutex_lock(&tables_lock);
	rx = dtmf_rx_init(old, NULL, NULL);
	pthread_mutex_unlock(&tables_lock);
	if (!rx)
		return NULL;
	dtmf_rx_parms(rx, LEAVE, LOW_LOUDER_DB, HIGH_LOUDER_DB, LEAVE_LEVEL);
	span_log_set_level(dtmf_rx_get_logging_state(rx), SPAN_LOG_NONE);
	dtmf_rx_set_realtime_callback(rx, changed, d);
	d->offset_q16 = 0;
	d->at = 0;
	return rx;
}

enum err dtmf_detector_new(struct dtmf_detector **dp, dtmf_event_h *handler, void *arg)
{
	struct dtmf_detector *d = calloc(1, sizeof(*d));

	assert(handler);
	*dp = NULL;
	if (!d)
		return ERR_NOMEM;
	d->handler = handler;
	d->arg = arg;
	d->rx = receiver_init(d, NULL);
	if (!d->rx) {
		free(d);
		return ERR_NOMEM;
	}
	*dp = d;
	return ERR_NONE;
}

void dtmf_detector_free(struct dtmf_detector **dp)
{
	struct dtmf_detector *d = *dp;

	*dp = NULL;
	if (!d)
		return;
	dtmf_rx_free(d->rx);
	free(d);
}

/* A high-pass of 2.5 Hz. */
static int16_t without_offset(struct dtmf_detector *d, int16_t sample)
{
	int64_t value;

	d->offset_q16 += ((int64_t)sample * 65536 - d->offset_q16) / 512;
	value = sample - d->offset_q16 / 65536;
	if (value > INT16_MAX)
		return INT16_MAX;
	return value < INT16_MIN ? INT16_MIN : (int16_t)value;
}

void dtmf_detector_push(struct dtmf_detector *d, const int16_t *samples, size_t count)
{
	int16_t piece[DTMF_BLOCK_SAMPLES];

	while (count) {
		size_t n = DTMF_BLOCK_SAMPLES - (size_t)(d->at % DTMF_BLOCK_SAMPLES);
		size_t i;

		if (n > count)
			n = count;
		for (i = 0; i < n; i++)
			piece[i] = without_offset(d, samples[i]);
		d->at += n; /* before: a report counts the block that caused it */
		dtmf_rx(d->rx, piece, (int)n);
		samples += n;
		count -= n;
	}
}

void dtmf_detector_finish(struct dtmf_detector *d)
{
	if (d->now.digit)
		end_digit(d, d->at);
	d->rx = receiver_init(d, d->rx);
}

/* --- making --- */

struct dtmf_sender {
	dtmf_tx_state_t *tx;
	char queue[DTMF_QUEUE_MAX]; /* a ring: spandsp's own queue cannot be asked for its room */
	size_t head;
	size_t count;
};

static bool within(int value, int min, int max)
{
	return value >= min && value <= max;
}

static bool shape_is_fine(const struct dtmf_shape *shape)
{
	return within(shape->on_ms, 1, 10000) && within(shape->off_ms, 1, 10000) && within(shape->level_dbm0, -60, 0) &&
		within(shape->twist_db, -20, 20);
}

enum err dtmf_sender_new(struct dtmf_sender **sp, const struct dtmf_shape *shape)
{
	struct dtmf_sender *s;

	*sp = NULL;
	if (!shape)
		shape = &usual_shape;
	if (!shape_is_fine(shape))
		return ERR_USAGE;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ERR_NOMEM;
	pthread_mutex_lock(&tables_lock);
	s->tx = dtmf_tx_init(NULL);
	pthread_mutex_unlock(&tables_lock);
	if (!s->tx) {
		free(s);
		return ERR_NOMEM;
	}
	dtmf_tx_set_level(s->tx, shape->level_dbm0, shape->twist_db);
	dtmf_tx_set_timing(s->tx, shape->on_ms, shape->off_ms);
	*sp = s;
	return ERR_NONE;
}

void dtmf_sender_free(struct dtmf_sender **sp)
{
	struct dtmf_sender *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	dtmf_tx_free(s->tx);
	free(s);
}

enum err dtmf_sender_push(struct dtmf_sender *s, const char *digits)
{
	size_t len = strlen(digits);
	size_t i;

	for (i = 0; i < len; i++)
		if (!dtmf_is_digit(digits[i]))
			return ERR_FORMAT;
	if (len > DTMF_QUEUE_MAX - s->count)
		return ERR_LIMIT;
	for (i = 0; i < len; i++)
		s->queue[(s->head + s->count++) % DTMF_QUEUE_MAX] = digits[i];
	return ERR_NONE;
}

size_t dtmf_sender_pop(struct dtmf_sender *s, int16_t *out, size_t max)
{
	enum { PIECE_SAMPLES = 8000 };
	size_t done = 0;

	while (done < max) {
		size_t room = max - done < PIECE_SAMPLES ? max - done : PIECE_SAMPLES;
		int n = dtmf_tx(s->tx, out + done, (int)room);

		assert(n >= 0 && (size_t)n <= room);
		done += (size_t)n;
		if (n)
			continue;
		if (!s->count)
			break;
		dtmf_tx_put(s->tx, &s->queue[s->head], 1);
		s->head = (s->head + 1) % DTMF_QUEUE_MAX;
		s->count--;
	}
	return done;
}
