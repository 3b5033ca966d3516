/* A leg's media socket, as Exotel opens it: `connected`, `start`, the caller's sound in chunks by the clock, marks back when what was queued before
 * them has been played. Our chunks are judged by the rules of its pages: too large ends the socket, no multiple of 320 bytes is a wait of 20 ms, what is
 * short is counted. A handshake that fails is tried once more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"
#include "audio/resample.h"
#include "sandbox/exotel/exotel.h"

enum {
	CHUNKS_AT_ONCE = 50,       /* that are late */
	CHUNK_FRAMES_MAX = 10,
	CHUNK_MAX_BYTES = CHUNK_FRAMES_MAX * PERSON_FRAME * 2 * 3,
	WIDE_MAX_SAMPLES = 1024,
	MESSAGE_MAX = CHUNK_MAX_BYTES / 3 * 4 + 2048,
	SEND_MAX_BYTES = 2 << 20,
	HANDSHAKE_US = 10000000,
	UNEVEN_US = 20000,
	THOUSAND = 1000
};

struct voicebot {
	struct leg *leg;
	struct vendor *vendor;
	struct websocket *socket;
	char url[PHONE_URL_MAX], header[CALLBACK_HEADER_MAX], sid[PLACING_SID_MAX];
	struct words words;
	struct harm harm;
	struct person person;
	struct resampler *wide;
	bool is_open, is_half_open, was_tried;
	uint64_t chunk_us, began_us, chunks; /* of the caller's, sent */
	struct clock_timer timer;
};

static int64_t habit(const struct voicebot *m, enum habit which)
{
	return m->leg->all->habits[which];
}

/* ------------------------------------------------------------------ out */

static void push(struct voicebot *m, struct buf *b)
{
	if (b->err || websocket_push(m->socket, WEBSOCKET_TEXT, b->data, b->len))
		return; /* it is closing, or takes nothing any more: `closed` comes */
}

static void greet(struct voicebot *m)
{
	struct buf b;

	buf_init(&b, MESSAGE_MAX);
	words_connected(&b);
	push(m, &b);
	buf_reset(&b);
	words_start(&m->words, &b);
	push(m, &b);
	buf_fini(&b);
}

static void mark_say(struct voicebot *m, const char *name)
{
	uint8_t memory[1024];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	words_mark(&m->words, &b, name);
	push(m, &b);
}

static void stop_say(struct voicebot *m)
{
	uint8_t memory[1024];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	words_stop(&m->words, &b);
	push(m, &b);
}

static size_t frame_put(struct voicebot *m, uint8_t *out)
{
	int16_t narrow[PERSON_FRAME], wide[WIDE_MAX_SAMPLES];
	uint8_t frame[PERSON_FRAME];
	size_t count;

	person_say(&m->person, frame);
	if (m->words.is_ulaw) {
		memcpy(out, frame, sizeof(frame));
		return sizeof(frame);
	}
	g711_decode(G711_ULAW, narrow, frame, PERSON_FRAME);
	count = resampler_push(m->wide, narrow, PERSON_FRAME, wide);
	for (size_t i = 0; i < count; i++) {
		out[2 * i] = (uint8_t)((uint16_t)wide[i] & 0xff);
		out[2 * i + 1] = (uint8_t)((uint16_t)wide[i] >> 8);
	}
	return 2 * count;
}

static void chunk_say(struct voicebot *m)
{
	uint8_t sound[CHUNK_MAX_BYTES + WIDE_MAX_SAMPLES], memory[MESSAGE_MAX];
	size_t len = 0;
	struct buf b;

	for (uint64_t us = 0; us < m->chunk_us; us += PERSON_FRAME_US)
		len += frame_put(m, sound + len);
	buf_over(&b, memory, sizeof(memory));
	words_media(&m->words, &b, m->chunks + 1, m->chunks * m->chunk_us / THOUSAND, sound, len);
	push(m, &b);
	m->chunks++;
}

/* ------------------------------------------------------------------ what the agent says */

static void marks_return(struct voicebot *m, uint64_t now)
{
	const char *name;

	while ((name = person_mark_due(&m->person, now)))
		mark_say(m, name);
}

static bool fields_fit(const struct voicebot *m, const struct heard *h)
{
	return habit(m, HABIT_FIELDS) == FIELDS_MINIMAL ? !h->has_more : habit(m, HABIT_FIELDS) != FIELDS_FULL || h->has_all;
}

static bool keys_fit(const struct voicebot *m, const struct heard *h)
{
	return !habit(m, HABIT_KEYS_STRICT) || h->is_camel == (m->words.keys == WORDS_CAMEL);
}

static void sound_take(struct voicebot *m, size_t bytes, uint64_t now)
{
	uint64_t second = (uint64_t)m->words.rate_hz * (m->words.is_ulaw ? 1 : 2), us = bytes * 1000000 / second, ahead_ms;
	bool is_uneven = bytes % WORDS_CHUNK_STEP_BYTES;
	struct bot_facts *facts = &m->leg->last;

	facts->chunks++;
	facts->short_chunks += bytes < WORDS_CHUNK_MIN_BYTES;
	facts->uneven_chunks += is_uneven;
	person_hear(&m->person, us + (is_uneven ? UNEVEN_US : 0), now);
	ahead_ms = (m->person.played_us - now) / THOUSAND;
	facts->most_ahead_ms = ahead_ms > facts->most_ahead_ms ? ahead_ms : facts->most_ahead_ms;
}

static void heard_take(struct voicebot *m, const struct heard *h)
{
	uint64_t now = vendor_now_us(m->vendor);

	if (h->kind == HEARD_MEDIA) {
		sound_take(m, h->bytes, now);
	} else if (h->kind == HEARD_MARK) {
		person_mark(&m->person, h->mark, now);
	} else if (h->kind == HEARD_CLEAR) {
		person_clear(&m->person, now);
		if (!habit(m, HABIT_MARKS_ON_CLEAR))
			person_forget_marks(&m->person);
	}
	marks_return(m, now);
}

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct voicebot *m = arg;
	struct heard h;
	enum err err;

	if (m->is_half_open)
		return;
	err = kind == WEBSOCKET_TEXT ? words_hear(&h, data, len, m->sid) : ERR_FORMAT;
	if (err == ERR_LIMIT)
		websocket_close(w, WEBSOCKET_TOO_BIG, "chunk too large");
	else if (err)
		websocket_close(w, WEBSOCKET_UNSUPPORTED, "no such message");
	else if (h.kind && (!keys_fit(m, &h) || (h.kind == HEARD_MEDIA && !fields_fit(m, &h))))
		websocket_close(w, WEBSOCKET_UNSUPPORTED, "not spelt so");
	else
		heard_take(m, &h);
}

/* ------------------------------------------------------------------ the clock */

/* True: the socket went. */
static bool harmed(struct voicebot *m)
{
	if (m->harm.kind <= HARM_STATUS || m->chunks < m->harm.after_messages)
		return false;
	if (m->harm.kind == HARM_HALF_OPEN || m->harm.kind == HARM_STALL) {
		m->is_half_open = true;
		websocket_pause(m->socket, m->harm.kind == HARM_HALF_OPEN);
	} else if (m->harm.kind == HARM_RESET) {
		m->leg->last.has_failed = true;
		m->leg->last.ended = time(NULL);
		websocket_reset(&m->socket);
		leg_bot_closed(m->leg); /* frees it */
		return true;
	} else if (m->harm.kind == HARM_EARLY_CLOSE) {
		stop_say(m);
		websocket_close(m->socket, WEBSOCKET_NORMAL, NULL);
	}
	m->harm.kind = HARM_NONE;
	return false;
}

/* A chunk goes out when its sound is over; in between marks are looked after every 20 ms. */
static void on_time(void *arg)
{
	struct voicebot *m = arg;
	uint64_t now = vendor_now_us(m->vendor);

	if (harmed(m) || m->is_half_open)
		return;
	for (unsigned int n = 0; n < CHUNKS_AT_ONCE && m->began_us + (m->chunks + 1) * m->chunk_us <= now; n++)
		chunk_say(m);
	marks_return(m, now);
	if (person_step(&m->person, now))
		clock_timer_set(&m->timer, m->vendor->options->clock, now + PERSON_FRAME_US, on_time, m);
	else
		leg_end(m->leg, LEG_COMPLETED);
}

/* ------------------------------------------------------------------ life */

static enum err dial(struct voicebot *m);

static void on_opened(struct websocket *w, void *arg)
{
	struct voicebot *m = arg;

	(void)w;
	m->is_open = true;
	m->began_us = vendor_now_us(m->vendor);
	m->leg->last.began = time(NULL);
	greet(m);
	clock_timer_set(&m->timer, m->vendor->options->clock, m->began_us, on_time, m);
}

static void on_closed(struct websocket *w, const struct websocket_end *how, void *arg)
{
	struct voicebot *m = arg;

	(void)w;
	m->socket = NULL;
	clock_timer_stop(&m->timer);
	if (!m->is_open && !m->was_tried && !leg_is_over(m->leg)) {
		m->was_tried = true;
		if (!dial(m))
			return;
	}
	m->leg->last.has_failed = !m->is_open || how->err != ERR_NONE;
	m->leg->last.ended = time(NULL);
	leg_bot_closed(m->leg);
}

static const struct websocket_handlers handlers = { .opened = on_opened, .message = on_message, .closed = on_closed };

static enum err dial(struct voicebot *m)
{
	const struct websocket_settings settings = { .send_max_bytes = SEND_MAX_BYTES };
	const char *const headers[] = { "User-Agent: Exotel", *m->header ? m->header : NULL, NULL };
	const struct websocket_target target = { .url = m->url, .headers = headers, .connect_us = HANDSHAKE_US };
	struct err_detail detail;

	return websocket_connect(&m->socket, m->leg->all->loop, &target, &settings, &handlers, m, &detail);
}

static void words_init(struct voicebot *m, uint32_t rate_hz)
{
	const struct leg *l = m->leg;
	const char *query = strchr(m->url, '?');

	m->words = (struct words){ .keys = (int)habit(m, HABIT_KEYS), .has_numbers = habit(m, HABIT_COUNTERS), .is_ulaw = habit(m, HABIT_ULAW),
		.has_no_parameters = habit(m, HABIT_NO_PARAMETERS), .rate_hz = rate_hz, .stream = m->sid, .call = l->sid, .account = l->account,
		.from = l->p.from, .to = l->p.caller_id, .query = query ? query + 1 : NULL };
	if (m->words.is_ulaw)
		m->words.rate_hz = G711_RATE_HZ;
}

static bool begin(struct voicebot *m, uint32_t rate_hz)
{
	struct leg *l = m->leg;

	person_init(&m->person, &l->all->phones, &l->phone, &l->step);
	vendor_id(l->vendor, "9f1c", m->sid, sizeof(m->sid));
	words_init(m, rate_hz);
	m->chunk_us = (uint64_t)habit(m, HABIT_CHUNK_MS) * THOUSAND;
	l->last.has_failed = false;
	l->last.began = l->last.ended = 0;
	snprintf(l->last.sid, sizeof(l->last.sid), "%s", m->sid);
	snprintf(l->last.url, sizeof(l->last.url), "%.*s", (int)strcspn(m->url, "?"), m->url);
	return !resampler_new(&m->wide, G711_RATE_HZ, m->words.rate_hz) && !dial(m);
}

bool voicebot_open(struct leg *l, const char *url)
{
	uint32_t rate_hz = words_rate(url, (uint32_t)l->all->habits[HABIT_RATE_HZ]);
	struct voicebot *m = rate_hz && strlen(url) < PLACING_STREAM_MAX && words_address_fits(url) ? calloc(1, sizeof(*m)) : NULL;

	if (!m)
		return false;
	m->leg = l;
	m->vendor = l->vendor;
	m->harm = harms_take(l->vendor->harms, l->vendor->kind->name, "/media");
	exotel_split(url, m->url, m->header);
	l->bot = m;
	if (!begin(m, rate_hz)) {
		voicebot_free(l);
		return false;
	}
	l->streams++;
	return true;
}

void voicebot_end(struct leg *l)
{
	struct voicebot *m = l->bot;

	clock_timer_stop(&m->timer);
	if (m->is_open && !m->is_half_open)
		stop_say(m);
	websocket_close(m->socket, WEBSOCKET_NORMAL, NULL);
}

void voicebot_free(struct leg *l)
{
	struct voicebot *m = l->bot;

	l->bot = NULL;
	if (!m)
		return;
	clock_timer_stop(&m->timer);
	websocket_free(&m->socket);
	resampler_free(&m->wide);
	free(m);
}
