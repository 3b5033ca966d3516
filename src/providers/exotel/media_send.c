/* What we send to Exotel: sound gathered into chunks, marks behind them, clears. Facts: shared notes on Exotel, 2.1, 2.4 and 2.5. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "audio/g711.h"
#include "audio/resample.h"
#include "base/num.h"
#include "providers/exotel/media_parts.h"

enum { TEXT_MAX_BYTES = EXOTEL_HELD_MAX_BYTES / 3 * 4 + 512, WIDE_MAX_SAMPLES = 1024 };

static size_t up_to_step(size_t bytes)
{
	return (bytes + EXOTEL_CHUNK_STEP_BYTES - 1) / EXOTEL_CHUNK_STEP_BYTES * EXOTEL_CHUNK_STEP_BYTES;
}

void exotel_chunk_begin(struct exotel_media *m)
{
	size_t second = m->is_ulaw ? m->rate_hz : 2 * (size_t)m->rate_hz, most = second / 1000 * EXOTEL_CHUNK_MAX_MS;
	size_t usual = m->rate_hz == 24000 ? EXOTEL_CHUNK_BYTES * 3 / 2 : EXOTEL_CHUNK_BYTES;

	m->sample_bytes = second / G711_RATE_HZ;
	m->chunk_bytes = num_min(up_to_step(m->options.chunk_bytes ? m->options.chunk_bytes : usual), most);
}

/* ------------------------------------------------------------------ messages */

static const char *stream_key(const struct exotel_media *m)
{
	return m->is_camel ? "streamSid" : "stream_sid";
}

static bool is_full(const struct exotel_media *m)
{
	return m->options.fields == EXOTEL_FIELDS_FULL;
}

/* The event, its stream and, where wanted, the message's number. */
static int head_put(struct exotel_media *m, char *out, size_t size, const char *event)
{
	int len = snprintf(out, size, "{\"event\":\"%s\",\"%s\":\"%s\"", event, stream_key(m), m->stream);

	m->messages++;
	if (is_full(m))
		len += snprintf(out + len, size - (size_t)len, ",\"%s\":\"%" PRIu64 "\"", m->is_camel ? "sequenceNumber" : "sequence_number", m->messages);
	return len;
}

static void mark_push(struct exotel_media *m, const struct mark *mark)
{
	char text[320];
	int len = head_put(m, text, sizeof(text), "mark");

	len += snprintf(text + len, sizeof(text) - (size_t)len, ",\"mark\":{\"name\":\"u%" PRIu32 ".%" PRIu32 ":%" PRIu32 "\"}}", mark->utterance, mark->take,
		mark->samples);
	m->pipe.push(m->pipe.arg, text, (size_t)len);
}

/* A chunk's number counts from one, its time is that of its end. */
static void chunk_push(struct exotel_media *m, size_t bytes)
{
	char text[TEXT_MAX_BYTES];
	int len = head_put(m, text, sizeof(text), "media");

	m->chunks++;
	m->chunks_bytes += bytes;
	len += snprintf(text + len, sizeof(text) - (size_t)len, ",\"media\":{");
	if (is_full(m))
		len += snprintf(text + len, sizeof(text) - (size_t)len, "\"chunk\":\"%" PRIu64 "\",\"timestamp\":\"%" PRIu64 "\",", m->chunks,
			m->chunks_bytes / (m->sample_bytes * (G711_RATE_HZ / 1000)));
	len += snprintf(text + len, sizeof(text) - (size_t)len, "\"payload\":\"");
	sodium_bin2base64(text + len, sizeof(text) - (size_t)len - 4, m->held, bytes, sodium_base64_VARIANT_ORIGINAL);
	len += (int)strlen(text + len);
	len += snprintf(text + len, sizeof(text) - (size_t)len, "\"}}");
	m->pipe.push(m->pipe.arg, text, (size_t)len);
}

/* ------------------------------------------------------------------ chunks */

/* The marks whose sound is out. */
static void marks_send(struct exotel_media *m)
{
	unsigned int n = 0;

	while (n < m->mark_count && m->marks[n].at_bytes <= m->sent_bytes)
		mark_push(m, &m->marks[n++].mark);
	m->mark_count -= n;
	memmove(m->marks, m->marks + n, m->mark_count * sizeof(m->marks[0]));
}

static void chunk_send(struct exotel_media *m, size_t bytes)
{
	chunk_push(m, bytes);
	m->held_bytes -= bytes;
	memmove(m->held, m->held + bytes, m->held_bytes);
	m->sent_bytes += bytes;
	marks_send(m);
}

static void chunks_send(struct exotel_media *m)
{
	while (m->held_bytes >= m->chunk_bytes)
		chunk_send(m, m->chunk_bytes);
}

static void pcm_hold(struct exotel_media *m, const int16_t *wide, size_t count)
{
	uint8_t *at = m->held + m->held_bytes;

	for (size_t i = 0; i < count; i++) {
		*at++ = (uint8_t)((uint16_t)wide[i] & 0xff);
		*at++ = (uint8_t)((uint16_t)wide[i] >> 8);
	}
	m->held_bytes += 2 * count;
}

static void frame_hold(struct exotel_media *m, const uint8_t *ulaw, size_t count)
{
	int16_t narrow[EXOTEL_FRAME_SAMPLES], wide[WIDE_MAX_SAMPLES];

	m->given_bytes += count * m->sample_bytes;
	if (m->is_ulaw) {
		memcpy(m->held + m->held_bytes, ulaw, count);
		m->held_bytes += count;
	} else {
		g711_decode(G711_ULAW, narrow, ulaw, count);
		pcm_hold(m, wide, resampler_push(m->out, narrow, count, wide));
	}
}

/* ------------------------------------------------------------------ media.h */

static void media_send(void *socket, const uint8_t *ulaw, size_t samples)
{
	struct exotel_media *m = socket;

	while (m->has_started && samples) {
		size_t n = num_min(samples, EXOTEL_FRAME_SAMPLES);

		frame_hold(m, ulaw, n);
		chunks_send(m);
		ulaw += n;
		samples -= n;
	}
}

static uint32_t media_held(void *socket)
{
	const struct exotel_media *m = socket;

	return m->has_started ? (uint32_t)(num_over(m->given_bytes, m->sent_bytes) / m->sample_bytes) : 0;
}

/* The filter's last samples, then silence up to a whole step: a broken one makes Exotel wait before the next. */
static void media_flush(void *socket)
{
	struct exotel_media *m = socket;
	int16_t wide[WIDE_MAX_SAMPLES];
	size_t whole;

	if (!m->has_started)
		return;
	if (!m->is_ulaw && m->given_bytes > m->sent_bytes)
		pcm_hold(m, wide, resampler_drain(m->out, wide));
	chunks_send(m);
	whole = up_to_step(m->held_bytes);
	memset(m->held + m->held_bytes, m->is_ulaw ? G711_ULAW_SILENCE : 0, whole - m->held_bytes);
	m->held_bytes = whole;
	if (whole)
		chunk_send(m, whole);
	m->given_bytes = m->sent_bytes = 0;
	for (unsigned int i = 0; i < m->mark_count; i++)
		m->marks[i].at_bytes = 0;
	marks_send(m);
}

static void media_mark(void *socket, const struct mark *mark)
{
	struct exotel_media *m = socket;

	if (!m->has_started)
		return;
	if (m->mark_count == EXOTEL_MARKS)
		media_flush(m);
	m->marks[m->mark_count++] = (struct exotel_mark){ .mark = *mark, .at_bytes = m->given_bytes };
	marks_send(m);
}

/* Marks of what is dropped here do not come back; those that Exotel has may or may not. */
static void media_clear(void *socket)
{
	struct exotel_media *m = socket;
	char text[160];
	int len;

	if (!m->has_started)
		return;
	m->held_bytes = 0;
	m->given_bytes = m->sent_bytes = 0;
	m->mark_count = 0;
	resampler_reset(m->out);
	len = snprintf(text, sizeof(text), "{\"event\":\"clear\",\"%s\":\"%s\"}", stream_key(m), m->stream);
	m->messages++;
	m->pipe.push(m->pipe.arg, text, (size_t)len);
}

static void media_end(void *socket)
{
	struct exotel_media *m = socket;

	m->pipe.close(m->pipe.arg);
}

const struct media exotel_media = { .name = "exotel", .send = media_send, .mark = media_mark, .clear = media_clear, .end = media_end, .held = media_held,
	.flush = media_flush };
