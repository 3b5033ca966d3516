/* An Exotel socket without a wire: what the adapter tells and what it sends, kept. */
#ifndef EXOTELKIT_H
#define EXOTELKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "audio/g711.h"
#include "deadline.h"
#include "providers/exotel/media.h"

#define STREAM "9f1c7b0a5d2e4f60"

enum { WORLD_PUSHES = 600, WORLD_PUSH_MAX = 14000, WORLD_SAMPLES = 200000 };

struct world {
	struct exotel_media media;
	char told[4096];  /* since world_told; sound lying together is one word */
	size_t told_audio;
	uint8_t heard[WORLD_SAMPLES]; /* µ-law */
	size_t heard_count;
	char pushed[WORLD_PUSHES][WORLD_PUSH_MAX];
	size_t pushes;
	bool closed;
	void (*pushed_h)(struct world *w, const char *text); /* when somebody looks at once */
	void *arg;
};

static void note(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline void note_audio(struct world *w)
{
	size_t len = strlen(w->told);

	if (w->told_audio)
		snprintf(w->told + len, sizeof(w->told) - len, "%saudio %zu", len ? " " : "", w->told_audio);
	w->told_audio = 0;
}

static void note(struct world *w, const char *fmt, ...)
{
	size_t len;
	va_list args;

	note_audio(w);
	len = strlen(w->told);
	len += (size_t)snprintf(w->told + len, sizeof(w->told) - len, "%s", len ? " " : "");
	va_start(args, fmt);
	vsnprintf(w->told + len, sizeof(w->told) - len, fmt, args);
	va_end(args);
}

static inline void on_started(void *arg, const struct media_start *s)
{
	note(arg, "started %s %s %s", s->stream, *s->call ? s->call : "-", *s->account ? s->account : "-");
	for (size_t i = 0; i < s->parameter_count; i++)
		note(arg, "%s=%s", s->parameters[i].name, s->parameters[i].value);
}

static inline void on_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct world *w = arg;

	assert_in_range(samples, 1, 320);
	assert_true(w->heard_count + samples <= WORLD_SAMPLES);
	memcpy(w->heard + w->heard_count, ulaw, samples);
	w->heard_count += samples;
	w->told_audio += samples;
}

static inline void on_gap(void *arg, uint64_t samples) { note(arg, "gap %llu", (unsigned long long)samples); }
static inline void on_mark(void *arg, const struct mark *m) { note(arg, "mark %u.%u:%u", m->utterance, m->take, m->samples); }
static inline void on_digit(void *arg, char d) { note(arg, "digit %c", d); }
static inline void on_stopped(void *arg) { note(arg, "stopped"); }

static inline void on_broken(void *arg, const struct err_detail *detail)
{
	assert_true(detail->message[0]);
	note(arg, "broken");
}

static inline void on_push(void *arg, const char *text, size_t len)
{
	struct world *w = arg;

	assert_true(w->pushes < WORLD_PUSHES && len < WORLD_PUSH_MAX);
	memcpy(w->pushed[w->pushes], text, len);
	w->pushed[w->pushes][len] = '\0';
	if (w->pushed_h)
		w->pushed_h(w, w->pushed[w->pushes]);
	w->pushes++;
}

static inline void on_close(void *arg) { ((struct world *)arg)->closed = true; }

static const struct media_events world_events = { .started = on_started, .audio = on_audio, .gap = on_gap, .mark = on_mark, .digit = on_digit,
	.stopped = on_stopped, .broken = on_broken };

static struct world the_world;

/* Anew, with these options; one a test. */
static inline struct world *world_new(struct exotel_options options)
{
	struct world *w = &the_world;
	const struct media_pipe pipe = { .events = &world_events, .push = on_push, .close = on_close, .arg = w };

	exotel_media_fini(&w->media);
	memset(w, 0, sizeof(*w));
	options.rate_hz = options.rate_hz ? options.rate_hz : 8000;
	exotel_media_init(&w->media, &pipe, &options);
	return w;
}

static inline int world_drop(void **state)
{
	(void)state;
	exotel_media_fini(&the_world.media);
	return 0;
}

static inline void world_say(struct world *w, const char *text)
{
	exotel_media_message(&w->media, true, text, strlen(text));
}

static inline const char *world_told(struct world *w)
{
	static char told[4096];

	note_audio(w);
	memcpy(told, w->told, sizeof(told));
	w->told[0] = '\0';
	return told;
}

static inline void world_start(struct world *w, unsigned int rate_hz, const char *encoding, bool is_camel)
{
	char text[400];

	snprintf(text, sizeof(text), "{\"event\":\"start\",\"%s\":\"" STREAM "\",\"start\":{\"media_format\":{\"encoding\":\"%s\",\"sample_rate\":\"%u\"}}}",
		is_camel ? "streamSid" : "stream_sid", encoding, rate_hz);
	world_say(w, text);
	assert_string_equal(world_told(w), "started " STREAM " - -");
}

/* The sound in a message of ours, in bytes; 0: it is another message. */
static inline size_t payload_of(const char *text, uint8_t *out, size_t room)
{
	json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *payload = json_string_value(json_object_get(json_object_get(o, "media"), "payload"));
	size_t len = 0;

	assert_non_null(o);
	if (payload)
		assert_int_equal(sodium_base642bin(out, room, payload, strlen(payload), NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
	json_decref(o);
	return len;
}

#endif
