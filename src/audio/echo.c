/* Both sounds are kept at 4 kHz: most of a voice is below 2 kHz, and a filter of so many taps reaches twice as far. A step is judged in up to three
 * ways, the cheapest first: by the filter that explained the step before; by one fitted anew at the delay that is known; by a search for the
 * delay, a third of the range at a time, and a fit there in the next step. What a fit may explain by chance is discounted by how little sound it was
 * made from. Until the echo is proven all this only collects evidence, and is paid from a budget that a line without echo soon has used up.
 */
#include "audio/echo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/echo_fit.h"
#include "audio/g711.h"

enum {
	SENT_RING = 8192, /* 2048 ms: what lies ahead, the longest delay, and the window */
	HEARD_RING = 8192, /* so far a proof looks back */
	SMOOTH = 6, /* samples before the first that the half-band filter looks at */
	JUDGE_SAMPLES = 80, /* 8 kHz: less than that is judged with what follows */
	LOUD_SAMPLES = 9600 + ECHO_STEP_SAMPLES,
	MISSES_SEARCH = 1, /* steps not explained, then the delay is looked for, first where it was */
	MISSES_TALK = 3,   /* so many, and the caller talks: */
	TALK_STEPS = 10,   /* nothing of these is taken for echo */
	SOON_SAMPLES = 2000, /* 4 kHz: nobody repeats our words sooner */
	PROOF_STEPS = 10, PROOF_LATE_STEPS = 32, /* foretold at one delay, */
	AGREE_SAMPLES = 1024, /* which is found again so long after, */
	SAME_SAMPLES = 8,  /* not further away than this (4 kHz): then it is no chance */
	JUMP_SAMPLES = 320, /* so far a proven delay may move with a pause of ours */
	LOST_STEPS = 150,  /* of our loud sound that do not come back end the proof */
	DEAR = 16,         /* steps pay for a fit or a search, */
	BUDGET_MOST = 12 * DEAR /* and so many lie ready */
};

static const float floor_power = 12 * 12;      /* what is softer is no voice */
static const float explained_most = 0.3f;      /* of a step's energy may be left */
static const float found_most = 0.2f;          /* … where the delay was found a moment ago, */
static const float left_most = 1.5f;           /* and so many times that of the window's */
static const float tail_step = 0.5f;           /* a room's reverberation falls by this in a step */
static const float peak_step = 0.99f, peak_share = 0.04f; /* what is so much softer than the echo was is no interruption */
static const float noise_rise = 1.01f, noise_share = 1.5f, over_noise = 3;
static const float sure_power = 300 * 300;     /* what is so loud is heard when it comes back */
static const float quiet_power = 16 * 16;      /* of a quarter of a second of ours, of which nothing can come back */
static const float loud_least = 24 * 24;       /* a peak of ours that is softer gives no echo */

const struct option echo_options[] = {
	{ .name = "echo.guard", .type = OPTION_BOOL, .value = true,
	  .help = "The agent's own words that come back over the line are neither voice nor words of the caller's.",
	  .offset = offsetof(struct echo_settings, guard) },
	{ .name = NULL },
};

struct track {
	int16_t *ring;
	size_t mask;
	uint64_t next; /* 8 kHz */
	int16_t before[SMOOTH];
};

struct echo {
	struct track sent, heard;
	uint64_t loud_end;   /* of what was sent */
	uint64_t judged;     /* up to there */
	bool is_echo;        /* the verdict then */
	bool is_known, has_filter; /* a delay at which something was explained */
	bool is_proven;      /* this line has an echo: only then is anything taken for one */
	bool is_agreed, is_fresh; /* its delay was found twice; the proof is this step's */
	int lag;             /* 4 kHz, of the filter's first tap */
	bool has_candidate;  /* a delay that was found a step ago, and not yet fitted */
	int candidate, third; /* … of the delays that was searched last */
	uint64_t found, known; /* when the candidate was found, and the one that is known */
	unsigned int misses, talk, searches, predicted, lost, budget;
	float tail, peak, noise; /* powers: of the echo a moment ago, of the loudest in the last seconds, of the line's silence */
	float filter[ECHO_TAPS];
	int16_t sent_ring[SENT_RING], heard_ring[HEARD_RING];
};

/* ------------------------------------------------------------------ what was sent, what was heard */

static void track_zero(struct track *t, uint64_t from, uint64_t to)
{
	uint64_t i = (from + 1) / 2, end = (to + 1) / 2;

	if (end - i > t->mask && end > i)
		i = end - t->mask - 1;
	for (; i < end; i++)
		t->ring[i & t->mask] = 0;
}

static void track_move(struct track *t, uint64_t at)
{
	if (at == t->next)
		return;
	if (at > t->next)
		track_zero(t, t->next, at);
	memset(t->before, 0, sizeof(t->before));
	t->next = at;
}

/* Half-band filter (-1 0 9 16 9 0 -1)/32, every second sample. */
static void track_put(struct track *t, uint64_t at, const int16_t *samples, size_t count)
{
	int16_t x[SMOOTH + ECHO_STEP_SAMPLES];
	size_t i;

	track_move(t, at);
	memcpy(x, t->before, sizeof(t->before));
	memcpy(x + SMOOTH, samples, count * sizeof(*samples));
	for (i = at & 1; i < count; i += 2) {
		int32_t y = 16 * x[i + 3] + 9 * (x[i + 2] + x[i + 4]) - x[i] - x[i + 6];

		t->ring[((at + i) / 2) & t->mask] = (int16_t)(y / 40);
	}
	memcpy(t->before, x + count, sizeof(t->before));
	t->next = at + count;
}

/* `count` samples from that one of 4 kHz on; what is before the beginning, or not yet there, is silence: the ring has older sound in its place. */
static void track_get(const struct track *t, int64_t from, float *out, size_t count)
{
	int64_t end = (int64_t)((t->next + 1) / 2);
	size_t i;

	for (i = 0; i < count; i++) {
		int64_t at = from + (int64_t)i;

		out[i] = at < 0 || at >= end ? 0 : (float)t->ring[(uint64_t)at & t->mask];
	}
}

static void track_get_half(const struct track *t, int64_t from, int16_t *out, size_t count)
{
	int64_t end = (int64_t)((t->next + 1) / 2);
	size_t i;

	for (i = 0; i < count; i++) {
		int64_t at = from + 2 * (int64_t)i;

		out[i] = (int16_t)(at < 1 || at >= end ? 0 : (t->ring[(uint64_t)at & t->mask] + t->ring[(uint64_t)(at - 1) & t->mask]) / 2);
	}
}

/* ------------------------------------------------------------------ the verdict */

static float power_of(const float *x, size_t count)
{
	float sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += x[i] * x[i];
	return sum / (float)count;
}

/* What is softer than the room's reverberation of a moment ago, or than the loudest echo by far, tells nothing of its own. */
static float hidden(const struct echo *e)
{
	return fmaxf(e->tail, e->peak * peak_share);
}

/* What of the last LOOK samples is left unexplained, as a share. */
static float rest_share(const struct echo *e, const struct echo_look *look, const float *filter)
{
	float rest = echo_rest(look, filter) - noise_share * look->noise;

	return rest <= 0 ? 0 : rest / fmaxf(look->power, hidden(e));
}

static void sent_get(const struct echo *e, struct echo_look *look, int lag)
{
	int64_t end = (int64_t)(e->heard.next / 2);

	track_get(&e->sent, end - ECHO_WINDOW - lag - ECHO_TAPS + 1, look->sent, ECHO_WINDOW + ECHO_TAPS);
}

/* A fit or a search. What was explained gives all of it back: who gives nothing back is listened to rarely. */
static bool afford(struct echo *e)
{
	if (e->budget < DEAR)
		return false;
	e->budget -= DEAR;
	return true;
}

/* A filter fitted to the whole window, and how much of its end it explains. Little sound is explained by so many taps in any case. */
static bool fit(struct echo *e, struct echo_look *look, int lag, float most)
{
	float filter[ECHO_TAPS], chance, spare;

	sent_get(e, look, lag);
	if (!afford(e) || !echo_fit(look, filter))
		return false;
	spare = (float)look->voiced - 1.5f * ECHO_TAPS;
	if (spare <= 0)
		return false;
	chance = (float)look->voiced / spare;
	if (rest_share(e, look, filter) * chance > most || look->left * chance > left_most * most)
		return false;
	memcpy(e->filter, filter, sizeof(filter));
	e->has_filter = true;
	return true;
}

static float share_most(const struct echo *e)
{
	return e->is_proven ? explained_most : found_most;
}

/* ------------------------------------------------------------------ the delay, and its proof */

static int third_of(int lag)
{
	int third = (lag + ECHO_TAPS / 4 - ECHO_LAG_MIN_MS * 4) / (2 * ECHO_LAGS);

	return third < 0 ? 0 : third > 2 ? 2 : third;
}

static void third_search(struct echo *e, int third)
{
	struct echo_search both;
	int lag, first = ECHO_LAG_MIN_MS * 4 + third * 2 * ECHO_LAGS;
	int64_t end = (int64_t)(e->heard.next / 2);

	e->third = third;
	track_get_half(&e->heard, end - 2 * ECHO_SEARCH, both.heard, ECHO_SEARCH);
	track_get_half(&e->sent, end - 2 * ECHO_SEARCH - first - 2 * (ECHO_LAGS - 1), both.sent, ECHO_SEARCH + ECHO_LAGS - 1);
	e->has_candidate = echo_find(&both, &lag);
	e->candidate = first + 2 * lag - ECHO_TAPS / 4; /* a quarter of the taps before the strongest */
	e->found = e->heard.next;
}

/* A third of the delays a step, first those around the one that was known. */
static void search(struct echo *e)
{
	e->has_candidate = false;
	if (!afford(e))
		return;
	third_search(e, e->searches++ ? (e->third + 1) % 3 : third_of(e->lag));
}

/* A step of before, in the eyes of the filter that explains this one: 1 echo, 0 too soft to tell, -1 something else. */
static int step_before(const struct echo *e, int64_t end)
{
	struct echo_look look;
	float rest;

	track_get(&e->heard, end - ECHO_LOOK, look.heard + ECHO_WINDOW - ECHO_LOOK, ECHO_LOOK);
	look.power = power_of(look.heard + ECHO_WINDOW - ECHO_LOOK, ECHO_LOOK);
	if (look.power < fmaxf(floor_power, over_noise * e->noise))
		return 0;
	track_get(&e->sent, end - ECHO_LOOK - e->lag - ECHO_TAPS + 1, look.sent + ECHO_WINDOW - ECHO_LOOK, ECHO_LOOK + ECHO_TAPS);
	rest = echo_rest(&look, e->filter) - noise_share * e->noise;
	return rest <= explained_most * look.power ? 1 : -1;
}

bool echo_proved(struct echo *e, uint64_t *from)
{
	int64_t end = (int64_t)(e->heard.next / 2), at = end, first = end;
	int64_t oldest = (int64_t)(e->sent.next / 2) - SENT_RING + e->lag + ECHO_TAPS + ECHO_LOOK;
	int misses = 0;

	if (!e->is_fresh)
		return false;
	e->is_fresh = false;
	oldest = oldest > end - HEARD_RING + ECHO_LOOK ? oldest : end - HEARD_RING + ECHO_LOOK;
	for (at = end; at > oldest && at > ECHO_LOOK && misses < MISSES_TALK; at -= ECHO_STEP_SAMPLES / 2) {
		int step = step_before(e, at);

		misses = step > 0 ? 0 : misses + (step < 0);
		first = step > 0 ? at - ECHO_LOOK : first;
	}
	*from = 2 * (uint64_t)first;
	return true;
}

static void proof_begin(struct echo *e)
{
	e->is_proven = e->is_agreed = e->is_fresh = false;
	e->predicted = e->lost = 0;
	e->known = e->found;
}

/* What is as near to the delay before is a carrier that went on a little later; what is not has to be proven anew. */
static bool by_candidate(struct echo *e, struct echo_look *look)
{
	int moved;

	e->has_candidate = false;
	if (e->is_proven)
		look->first = ECHO_WINDOW - 2 * ECHO_SEARCH; /* what is older had another delay */
	if (!fit(e, look, e->candidate, found_most))
		return false;
	moved = abs(e->candidate - e->lag);
	if (moved > (e->is_proven ? JUMP_SAMPLES : SAME_SAMPLES))
		proof_begin(e);
	else if (moved > SAME_SAMPLES)
		e->talk = 0; /* what was not explained was this */
	e->is_known = true;
	e->lag = e->candidate;
	return true;
}

/* What is like ours by chance is like it for a vowel's length. An echo is foretold by a filter that was made of what came before, step after
 * step, and its delay is found again in sound of which nothing served to find it first. */
static void prove(struct echo *e)
{
	e->predicted++;
	if (!e->is_agreed && e->heard.next - e->known >= AGREE_SAMPLES && afford(e)) {
		third_search(e, third_of(e->lag));
		e->is_agreed = e->has_candidate && abs(e->candidate - e->lag) <= SAME_SAMPLES;
		e->has_candidate = false;
	}
	e->is_proven = e->is_agreed && e->predicted >= (e->lag < SOON_SAMPLES ? PROOF_STEPS : PROOF_LATE_STEPS);
	e->is_fresh = e->is_proven;
	e->talk = e->is_proven ? 0 : e->talk;
}

/* One dear thing a step: a fit, or a search. */
static bool explained(struct echo *e, struct echo_look *look)
{
	if (e->is_known) {
		sent_get(e, look, e->lag);
		if (power_of(look->sent, ECHO_WINDOW + ECHO_TAPS) < quiet_power)
			return false; /* nothing of ours has sounded for so long that this could be what is left of it */
		if (e->has_filter && rest_share(e, look, e->filter) <= share_most(e)) {
			e->budget = BUDGET_MOST;
			if (!e->is_proven && look->power > hidden(e))
				prove(e);
			return true;
		}
		if (e->misses < MISSES_SEARCH)
			return fit(e, look, e->lag, share_most(e));
	}
	if (e->has_candidate)
		return by_candidate(e, look);
	search(e);
	return false;
}

/* ------------------------------------------------------------------ the verdict */

static void noise_learn(struct echo *e, float power)
{
	e->noise = power < e->noise || e->noise < 1 ? fmaxf(power, 1) : e->noise * noise_rise;
}

/* Our sound was there, at the delay that was proven, and did not come back: after some seconds of it the line has no echo any more. */
static void lapse(struct echo *e)
{
	float sent[ECHO_LOOK];

	if (!e->is_known)
		return;
	track_get(&e->sent, (int64_t)(e->heard.next / 2) - ECHO_LOOK - e->lag - ECHO_TAPS / 4, sent, ECHO_LOOK);
	e->lost += power_of(sent, ECHO_LOOK) > sure_power;
	if (e->lost < LOST_STEPS)
		return;
	proof_begin(e);
	e->is_known = e->has_filter = false;
}

/* Who talks over us is not cut into pieces where we happen to be louder. */
static bool verdict(struct echo *e, bool is_explained, float power)
{
	if (is_explained) {
		e->searches = e->misses = e->lost = 0;
		e->tail = fmaxf(e->tail, power);
		e->peak = fmaxf(e->peak, power);
		return !e->talk && e->is_proven;
	}
	lapse(e);
	e->misses++;
	if (e->misses >= MISSES_TALK)
		e->talk = TALK_STEPS;
	if (e->misses >= MISSES_TALK && !e->is_proven)
		e->is_known = e->has_filter = false;
	return false;
}

/* Too soft to tell: as before. Talk is over by time, not only by an echo behind it: the next one, seconds later, is nobody's talk. */
static bool soft(struct echo *e)
{
	if (!e->talk)
		e->misses = e->searches = 0;
	lapse(e);
	return e->is_echo;
}

static bool judge(struct echo *e)
{
	struct echo_look look;
	int64_t end = (int64_t)(e->heard.next / 2);

	track_get(&e->heard, end - ECHO_LOOK, look.heard + ECHO_WINDOW - ECHO_LOOK, ECHO_LOOK);
	look.power = power_of(look.heard + ECHO_WINDOW - ECHO_LOOK, ECHO_LOOK);
	noise_learn(e, look.power);
	look.noise = e->noise;
	look.first = 0;
	e->talk -= e->talk > 0;
	e->tail *= tail_step;
	e->peak *= peak_step;
	if (e->heard.next > e->loud_end + LOUD_SAMPLES)
		return false;
	e->budget += e->budget < BUDGET_MOST;
	if (look.power < fmaxf(floor_power, over_noise * e->noise))
		return soft(e);
	track_get(&e->heard, end - ECHO_WINDOW, look.heard, ECHO_WINDOW - ECHO_LOOK);
	return verdict(e, explained(e, &look), look.power);
}

/* ------------------------------------------------------------------ in and out */

void echo_sent(struct echo *e, uint64_t at, const uint8_t *ulaw, size_t samples)
{
	int16_t x[ECHO_STEP_SAMPLES];
	size_t i, n;

	for (; samples; samples -= n, ulaw += n, at += n) {
		int32_t peak = 0;

		n = samples < ECHO_STEP_SAMPLES ? samples : ECHO_STEP_SAMPLES;
		g711_decode(G711_ULAW, x, ulaw, n);
		for (i = 0; i < n; i++)
			peak = abs(x[i]) > peak ? abs(x[i]) : peak;
		track_put(&e->sent, at, x, n);
		if ((float)peak * (float)peak > loud_least)
			e->loud_end = at + n;
	}
}

void echo_cleared(struct echo *e, uint64_t at)
{
	if (e->sent.next <= at)
		return;
	track_zero(&e->sent, at, e->sent.next);
	e->loud_end = e->loud_end < at ? e->loud_end : at;
	track_move(&e->sent, at);
}

bool echo_heard(struct echo *e, uint64_t at, const uint8_t *ulaw, size_t samples)
{
	int16_t x[ECHO_STEP_SAMPLES];

	samples = samples < ECHO_STEP_SAMPLES ? samples : ECHO_STEP_SAMPLES;
	g711_decode(G711_ULAW, x, ulaw, samples);
	track_put(&e->heard, at, x, samples);
	if (e->heard.next - e->judged >= JUDGE_SAMPLES) {
		e->judged = e->heard.next;
		e->is_echo = judge(e);
	}
	return e->is_echo;
}

bool echo_lag(const struct echo *e, int *samples)
{
	*samples = 2 * (e->lag + ECHO_TAPS / 4);
	return e->is_known;
}

enum err echo_new(struct echo **ep)
{
	struct echo *e = calloc(1, sizeof(*e));

	*ep = e;
	if (!e)
		return ERR_NOMEM;
	e->sent.ring = e->sent_ring;
	e->sent.mask = SENT_RING - 1;
	e->heard.ring = e->heard_ring;
	e->heard.mask = HEARD_RING - 1;
	e->budget = BUDGET_MOST;
	e->lag = -ECHO_LAG_MAX_MS * 4;
	return ERR_NONE;
}

void echo_free(struct echo **ep)
{
	free(*ep);
	*ep = NULL;
}
