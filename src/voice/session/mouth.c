/* A store of utterances and a pacer. The pacer's only state is when the carrier will have played all that it was given. */
#include "voice/session/mouth.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum {
	CHUNK_SAMPLES = 8000,
	CHUNKS = MOUTH_SECONDS,
	MAX_SAMPLES = CHUNKS * CHUNK_SAMPLES,
	SABOTAGE_LEAD_US = 3000000,
	SPARE_CHUNKS = 32,
	ULAW_SILENCE = 0xff,
	MOUTH_HZ = 8000
};

struct chunk {
	struct chunk *next; /* among the spare ones */
	uint8_t ulaw[CHUNK_SAMPLES];
};

struct store {
	bool used;
	bool done;
	bool has_bytes;        /* false: only counted */
	bool exact;
	bool words_new, done_told;
	uint32_t utterance, take;
	uint32_t samples;
	uint32_t told;         /* samples the core knows of */
	uint32_t chunk_count;
	size_t word_count;
	struct speech_word words[MOUTH_WORDS];
	struct chunk *chunks[CHUNKS];
};

struct play {
	struct store *store;
	uint32_t take;
	uint32_t position; /* next sample to send */
	uint32_t marked;   /* samples of the last mark */
	uint32_t word;     /* first word whose end was not sent */
	bool begun;
};

struct mouth {
	struct mouth_events events;
	void *arg;
	const struct media *media;
	void *socket;
	bool sabotaged;
	uint64_t end_us;       /* real time will have played everything by then */
	uint64_t pumped_us;
	struct chunk *spare;
	unsigned int spare_count;
	unsigned int play_count;
	struct play plays[MOUTH_UTTERANCES];
	uint8_t burst[MOUTH_BURST * MOUTH_FRAME_SAMPLES];
	struct store stores[MOUTH_UTTERANCES];
};

enum err mouth_new(struct mouth **mp, const struct mouth_events *events, void *arg)
{
	struct mouth *m = calloc(1, sizeof(*m));

	*mp = m;
	if (!m)
		return ERR_NOMEM;
	m->events = *events;
	m->arg = arg;
	return ERR_NONE;
}

static struct chunk *chunk_get(struct mouth *m)
{
	struct chunk *c = m->spare;

	if (!c)
		return malloc(sizeof(*c));
	m->spare = c->next;
	m->spare_count--;
	return c;
}

static void chunk_put(struct mouth *m, struct chunk *c)
{
	if (m->spare_count == SPARE_CHUNKS) {
		free(c);
		return;
	}
	c->next = m->spare;
	m->spare = c;
	m->spare_count++;
}

static void store_clear(struct mouth *m, struct store *st)
{
	while (st->chunk_count)
		chunk_put(m, st->chunks[--st->chunk_count]);
	st->used = false;
}

void mouth_free(struct mouth **mp)
{
	struct mouth *m = *mp;

	*mp = NULL;
	if (!m)
		return;
	mouth_reset(m);
	while (m->spare) {
		struct chunk *c = m->spare;

		m->spare = c->next;
		free(c);
	}
	free(m);
}

void mouth_media(struct mouth *m, const struct media *media, void *socket)
{
	m->media = media;
	m->socket = socket;
	m->end_us = 0;
	m->pumped_us = 0;
}

void mouth_sabotage(struct mouth *m)
{
	m->sabotaged = true;
}

/* ------------------------------------------------------------------ what there is to say */

static struct store *find(struct mouth *m, uint32_t utterance)
{
	unsigned int i;

	for (i = 0; i < MOUTH_UTTERANCES; i++)
		if (m->stores[i].used && m->stores[i].utterance == utterance)
			return &m->stores[i];
	return NULL;
}

/* The one that is still to grow. */
static struct store *find_open(struct mouth *m, uint32_t utterance, uint32_t take)
{
	struct store *st = find(m, utterance);

	return st && st->take == take && !st->done ? st : NULL;
}

static void play_remove(struct mouth *m, unsigned int i)
{
	m->play_count--;
	memmove(&m->plays[i], &m->plays[i + 1], (m->play_count - i) * sizeof(m->plays[0]));
}

static void plays_remove(struct mouth *m, const struct store *st)
{
	unsigned int i = m->play_count;

	while (i-- > 0)
		if (m->plays[i].store == st)
			play_remove(m, i);
}

enum err mouth_speak(struct mouth *m, uint32_t utterance, uint32_t take)
{
	struct store *st;
	unsigned int i;

	mouth_forget(m, utterance);
	for (i = 0; i < MOUTH_UTTERANCES && m->stores[i].used; i++)
		;
	if (i == MOUTH_UTTERANCES)
		return ERR_LIMIT;
	st = &m->stores[i];
	memset(st, 0, offsetof(struct store, words));
	st->used = true;
	st->utterance = utterance;
	st->take = take;
	return ERR_NONE;
}

static enum err bytes_append(struct mouth *m, struct store *st, const uint8_t *ulaw, size_t samples)
{
	uint32_t at = st->samples;

	while (samples) {
		uint32_t chunk = at / CHUNK_SAMPLES, offset = at % CHUNK_SAMPLES;
		size_t n = CHUNK_SAMPLES - offset < samples ? CHUNK_SAMPLES - offset : samples;

		while (st->chunk_count <= chunk) {
			st->chunks[st->chunk_count] = chunk_get(m);
			if (!st->chunks[st->chunk_count])
				return ERR_NOMEM;
			st->chunk_count++;
		}
		if (ulaw)
			memcpy(st->chunks[chunk]->ulaw + offset, ulaw, n);
		else
			memset(st->chunks[chunk]->ulaw + offset, ULAW_SILENCE, n);
		ulaw = ulaw ? ulaw + n : NULL;
		at += (uint32_t)n;
		samples -= n;
	}
	return ERR_NONE;
}

enum err mouth_audio(struct mouth *m, uint32_t utterance, uint32_t take, const uint8_t *ulaw, size_t samples)
{
	struct store *st = find_open(m, utterance, take);
	enum err err = ERR_NONE;

	if (!st)
		return ERR_NONE;
	if (samples > MAX_SAMPLES - st->samples)
		return ERR_LIMIT;
	if (!st->samples)
		st->has_bytes = ulaw != NULL;
	if (st->has_bytes)
		err = bytes_append(m, st, ulaw, samples);
	if (!err)
		st->samples += (uint32_t)samples;
	return err;
}

static void word_add(struct store *st, const struct speech_word *word)
{
	struct speech_word w = *word;

	if (st->word_count) {
		const struct speech_word *last = &st->words[st->word_count - 1];

		w.end_samples = w.end_samples < last->end_samples ? last->end_samples : w.end_samples;
		w.text_end = w.text_end < last->text_end ? last->text_end : w.text_end;
	}
	if (st->word_count == MOUTH_WORDS)
		st->word_count--;
	st->words[st->word_count++] = w;
}

void mouth_words(struct mouth *m, uint32_t utterance, uint32_t take, const struct speech_word *words, size_t count, bool exact)
{
	struct store *st = find_open(m, utterance, take);
	size_t i;

	if (!st || !count)
		return;
	for (i = 0; i < count; i++)
		word_add(st, &words[i]);
	st->exact = exact;
	st->words_new = true;
}

void mouth_done(struct mouth *m, uint32_t utterance, uint32_t take)
{
	struct store *st = find_open(m, utterance, take);

	if (st)
		st->done = true;
}

static uint32_t sent_so_far(const struct mouth *m, const struct store *st)
{
	uint32_t sent = 0;
	unsigned int i;

	for (i = 0; i < m->play_count; i++)
		if (m->plays[i].store == st && m->plays[i].begun && m->plays[i].position > sent)
			sent = m->plays[i].position;
	return sent;
}

void mouth_trim(struct mouth *m, uint32_t utterance, uint32_t samples)
{
	struct store *st = find(m, utterance);
	uint32_t sent;

	if (!st)
		return;
	sent = sent_so_far(m, st);
	st->done = true;
	st->done_told = true;
	if (samples < st->samples)
		st->samples = samples > sent ? samples : sent;
}

void mouth_forget(struct mouth *m, uint32_t utterance)
{
	struct store *st = find(m, utterance);

	if (!st)
		return;
	plays_remove(m, st);
	store_clear(m, st);
}

void mouth_reset(struct mouth *m)
{
	unsigned int i;

	m->play_count = 0;
	m->end_us = 0;
	for (i = 0; i < MOUTH_UTTERANCES; i++)
		if (m->stores[i].used)
			store_clear(m, &m->stores[i]);
}

static struct mouth_news news_of(const struct store *st)
{
	return (struct mouth_news){ st->samples, st->words, st->word_count, st->exact, st->done };
}

bool mouth_news(struct mouth *m, uint32_t utterance, uint32_t take, bool now, struct mouth_news *news)
{
	struct store *st = find(m, utterance);
	bool more, done;

	if (!st || st->take != take || st->done_told)
		return false;
	done = st->done;
	more = st->samples - st->told >= MOUTH_NEWS_SAMPLES || (st->samples && (!st->told || (now && st->samples != st->told)));
	if (!more && !done && !st->words_new)
		return false;
	st->told = st->samples;
	st->words_new = false;
	st->done_told = done;
	*news = news_of(st);
	return true;
}

bool mouth_peek(const struct mouth *m, uint32_t utterance, uint32_t take, struct mouth_news *all)
{
	const struct store *st = find((struct mouth *)m, utterance);

	if (!st || st->take != take)
		return false;
	*all = news_of(st);
	return true;
}

/* ------------------------------------------------------------------ saying it */

void mouth_play(struct mouth *m, uint32_t utterance, uint32_t take, uint32_t from)
{
	struct store *st = find(m, utterance);

	if (!st)
		return;
	plays_remove(m, st);
	assert(m->play_count < MOUTH_UTTERANCES); /* one a store */
	m->plays[m->play_count++] = (struct play){ .store = st, .take = take, .position = from, .marked = from };
}

void mouth_hold(struct mouth *m, uint64_t now_us)
{
	m->play_count = 0;
	m->end_us = now_us;
	if (m->media && !m->sabotaged)
		m->media->clear(m->socket);
}

static uint64_t lead_us(const struct mouth *m, uint64_t now_us)
{
	return m->end_us > now_us ? m->end_us - now_us : 0;
}

/* A carrier of chunks has the first one later than it was begun, by no more than MOUTH_HELD_US: with that it never has over 400 ms. */
static uint64_t chunked_us(const struct mouth *m)
{
	return m->media->held ? MOUTH_CHUNKED_US : 0;
}

static uint64_t lead_max_us(const struct mouth *m)
{
	return m->sabotaged ? SABOTAGE_LEAD_US : MOUTH_LEAD_US + chunked_us(m);
}

static uint64_t refill_us(const struct mouth *m)
{
	return m->sabotaged ? SABOTAGE_LEAD_US - MOUTH_FRAME_US : MOUTH_REFILL_US + chunked_us(m);
}

static uint32_t left(const struct play *p)
{
	return p->store->samples > p->position ? p->store->samples - p->position : 0;
}

/* Samples of the next frame: a whole one, or the rest of an utterance; 0: wait. The carrier having nothing left to play is
 * reason enough to send a part. */
static uint32_t frame_samples(const struct mouth *m, const struct play *p, uint64_t now_us)
{
	uint32_t n = left(p);

	if (n >= MOUTH_FRAME_SAMPLES)
		return MOUTH_FRAME_SAMPLES;
	return p->store->done || (p->begun && lead_us(m, now_us) == 0) ? n : 0;
}

static void frame_copy(const struct play *p, uint8_t *out, uint32_t samples)
{
	uint32_t done = 0;

	while (done < samples) {
		uint32_t at = p->position + done, offset = at % CHUNK_SAMPLES;
		uint32_t n = CHUNK_SAMPLES - offset < samples - done ? CHUNK_SAMPLES - offset : samples - done;

		memcpy(out + done, p->store->chunks[at / CHUNK_SAMPLES]->ulaw + offset, n);
		done += n;
	}
	memset(out + samples, ULAW_SILENCE, MOUTH_FRAME_SAMPLES - samples);
}

static void mark(struct mouth *m, struct play *p)
{
	struct mark mk = { p->store->utterance, p->take, p->position };

	p->marked = p->position;
	m->media->mark(m->socket, &mk);
}

/* A word's end was in the frame just sent, or it is time for a mark, or nothing follows for now. */
static bool mark_due(struct play *p)
{
	const struct store *st = p->store;
	bool word = false;

	while (p->word < st->word_count && st->words[p->word].end_samples <= p->position) {
		word = word || st->words[p->word].end_samples > p->marked;
		p->word++;
	}
	return word || p->position - p->marked >= MOUTH_MARK_SAMPLES || left(p) == 0;
}

static void frame_send(struct mouth *m, struct play *p, uint32_t samples, unsigned int place, uint64_t now_us)
{
	uint8_t *out = m->burst + (size_t)place * MOUTH_FRAME_SAMPLES;

	if (p->store->has_bytes)
		frame_copy(p, out, samples);
	m->media->send(m->socket, p->store->has_bytes ? out : NULL, MOUTH_FRAME_SAMPLES);
	p->position += samples;
	m->end_us = (m->end_us > now_us ? m->end_us : now_us) + MOUTH_FRAME_US;
}

static void burst_tell(struct mouth *m, const struct play *p, unsigned int place, unsigned int frames, uint32_t from, size_t padding,
	bool first)
{
	struct mouth_frames f = {
		.utterance = p->store->utterance,
		.take = p->take,
		.position = from,
		.start_us = m->end_us - (uint64_t)frames * MOUTH_FRAME_US, /* they follow one another without a pause */
		.ulaw = p->store->has_bytes ? m->burst + (size_t)place * MOUTH_FRAME_SAMPLES : NULL,
		.samples = p->position - from,
		.padding = padding,
		.first = first,
	};

	if (m->events.frames && f.samples)
		m->events.frames(m->arg, &f);
}

/* Frames of one take, up to the burst's end; returns how many frames of the burst are used now. A frame with padding is the
 * last of its run, so that the bytes of a run lie without a hole. */
static unsigned int play_send(struct mouth *m, struct play *p, unsigned int place, unsigned int burst, uint64_t now_us)
{
	unsigned int begin = place;
	uint32_t from = p->position, n = MOUTH_FRAME_SAMPLES;
	bool first = !p->begun;

	while (place < burst && n == MOUTH_FRAME_SAMPLES && lead_us(m, now_us) + MOUTH_FRAME_US <= lead_max_us(m)) {
		bool begins = !p->begun || lead_us(m, now_us) == 0; /* or begins again, after it had run dry */
		uint32_t at = p->position;

		n = frame_samples(m, p, now_us);
		if (!n)
			break;
		frame_send(m, p, n, place++, now_us);
		if (begins)
			m->events.sent(m->arg, p->store->utterance, p->take, at);
		p->begun = true;
		if (mark_due(p))
			mark(m, p);
	}
	if (place > begin)
		burst_tell(m, p, begin, place - begin, from, n && n < MOUTH_FRAME_SAMPLES ? MOUTH_FRAME_SAMPLES - n : 0, first);
	return place;
}

/* When what the adapter holds back has to go, though no chunk is full. UINT64_MAX: never, more will come, or there is nothing. */
static uint64_t flush_us(const struct mouth *m)
{
	uint64_t held_us = m->media->held ? (uint64_t)m->media->held(m->socket) * 1000000 / MOUTH_HZ : 0;
	uint32_t utterance, take;

	if (!held_us || (m->play_count && !mouth_is_dry(m, &utterance, &take)))
		return UINT64_MAX;
	return m->play_count ? num_over(m->end_us, held_us) + MOUTH_HELD_US : 0;
}

static void frames_pump(struct mouth *m, uint64_t now_us)
{
	unsigned int burst = MOUTH_BURST, place = 0, before;

	while (m->play_count && place < burst) {
		struct play *p = &m->plays[0];

		before = place;
		place = play_send(m, p, place, burst, now_us);
		if (p->store->done && !left(p)) {
			if (p->marked != p->position && p->begun)
				mark(m, p);
			play_remove(m, 0);
		} else if (place == before) {
			break;
		}
	}
	if (place)
		m->pumped_us = now_us;
}

void mouth_pump(struct mouth *m, uint64_t now_us)
{
	if (!m->media)
		return;
	if (lead_us(m, now_us) <= refill_us(m) || m->sabotaged)
		frames_pump(m, now_us);
	if (flush_us(m) <= now_us)
		m->media->flush(m->socket);
}

static uint64_t frames_next_us(const struct mouth *m, uint64_t now_us)
{
	const struct play *p = m->plays;
	uint64_t soon = m->pumped_us + MOUTH_FRAME_US, refill = refill_us(m);

	if (!m->play_count)
		return UINT64_MAX;
	if (left(p) < MOUTH_FRAME_SAMPLES && !p->store->done)
		return left(p) && p->begun ? (m->end_us > now_us ? m->end_us : now_us) : UINT64_MAX;
	refill = m->end_us > refill ? m->end_us - refill : 0;
	soon = refill > soon ? refill : soon;
	return soon > now_us ? soon : now_us;
}

uint64_t mouth_next_us(const struct mouth *m, uint64_t now_us)
{
	return m->media ? num_min(frames_next_us(m, now_us), num_max(flush_us(m), now_us)) : UINT64_MAX;
}

bool mouth_is_dry(const struct mouth *m, uint32_t *utterance, uint32_t *take)
{
	const struct play *p = m->plays;

	if (!m->play_count || p->store->done || left(p) >= MOUTH_FRAME_SAMPLES)
		return false;
	*utterance = p->store->utterance;
	*take = p->store->take;
	return true;
}
