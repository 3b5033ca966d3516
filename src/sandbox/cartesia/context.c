#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/cartesia/cartesia.h"

enum { PARTIAL_CONTENT = 206, CHUNK_MAX = 16384 };

static void context_step(struct context *c);

void socket_say(struct voice_socket *s, json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT | JSON_REAL_PRECISION(8)) : NULL;

	json_decref(message);
	if (text)
		outlet_json(&s->out, NULL, text, strlen(text));
	free(text);
}

void socket_refuse(struct voice_socket *s, const char *context, const struct asking_refusal *refusal)
{
	char id[37];

	vendor_uuid(s->vendor, id);
	socket_say(s, json_pack("{s:s, s:s*, s:b, s:i, s:s?, s:s, s:s, s:s}", "type", "error", "context_id", context, "done", 1,
		"status_code", (int)refusal->status, "error_code", refusal->code, "title", refusal->title, "message", refusal->message, "request_id", id));
}

/* ------------------------------------------------------------------ life */

static struct context *context_find(struct voice_socket *s, const char *id)
{
	struct context *c;

	for (c = s->contexts; c && strcmp(c->id, id) != 0; c = c->next) {
	}
	return c;
}

static struct context *context_new(struct voice_socket *s, const struct asking *a)
{
	struct context *c = s->context_count < CONTEXTS_MAX ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return NULL;
	c->socket = s;
	c->asked = *a;
	snprintf(c->id, sizeof(c->id), "%s", a->context);
	c->next = s->contexts;
	c->place = &s->contexts;
	if (c->next)
		c->next->place = &c->next;
	s->contexts = c;
	s->context_count++;
	return c;
}

static void pieces_drop(struct context *c)
{
	while (c->pieces) {
		struct context_piece *p = c->pieces;

		c->pieces = p->next;
		free(p);
	}
	c->piece_count = 0;
}

void context_free(struct context *c)
{
	*c->place = c->next;
	if (c->next)
		c->next->place = c->place;
	c->socket->context_count--;
	clock_timer_stop(&c->wait);
	clock_timer_stop(&c->more);
	speech_cancel(&c->speech);
	pieces_drop(c);
	free(c->sameness);
	free(c);
}

static void context_fail(struct context *c, unsigned int status, const char *message)
{
	struct asking_refusal refusal = { .status = status, .title = "Request failed" };

	snprintf(refusal.message, sizeof(refusal.message), "%s", message);
	socket_refuse(c->socket, c->id, &refusal);
	context_free(c);
}

/* ------------------------------------------------------------------ sound */

static json_t *event_of(const struct context *c, const char *type)
{
	return json_pack("{s:s, s:s, s:b, s:i}", "type", type, "context_id", c->id, "done", 0, "status_code", PARTIAL_CONTENT);
}

static void chunk_say(struct context *c, const uint8_t *data, size_t len)
{
	char text[sodium_base64_ENCODED_LEN(CHUNK_MAX, sodium_base64_VARIANT_ORIGINAL)];
	const struct vendor *v = c->socket->vendor;
	json_t *one = event_of(c, "chunk");

	sodium_bin2base64(text, sizeof(text), data, len, sodium_base64_VARIANT_ORIGINAL);
	json_object_set_new(one, "data", json_string(text));
	json_object_set_new(one, "step_time", json_real((double)(vendor_now_us(v) - c->began_us) / 1000));
	json_object_set_new(one, "flush_id", json_integer(c->pieces->flush_id));
	socket_say(c->socket, one);
}

static void on_sound(void *arg, const uint8_t *data, size_t len)
{
	for (size_t n; len; len -= n, data += n) {
		n = len < CHUNK_MAX ? len : CHUNK_MAX;
		chunk_say(arg, data, n);
	}
}

static void on_word(void *arg, const char *word, size_t len, uint64_t from, uint64_t to)
{
	struct context *c = arg;
	json_t *one;

	if (!c->asked.wants_words)
		return;
	one = event_of(c, "timestamps");
	json_object_set_new(one, "flush_id", json_integer(c->pieces->flush_id));
	json_object_set_new(one, "word_timestamps", json_pack("{s:[s%], s:[f], s:[f]}", "words", word, len,
		"start", (double)(c->samples + from) / SPEECH_HZ, "end", (double)(c->samples + to) / SPEECH_HZ));
	socket_say(c->socket, one);
}

static void piece_over(struct context *c)
{
	struct context_piece *p = c->pieces;
	json_t *one;

	if (p->tells_flush) {
		one = event_of(c, "flush_done");
		json_object_set_new(one, "flush_done", json_true());
		json_object_set_new(one, "flush_id", json_integer(p->flush_id));
		socket_say(c->socket, one);
	}
	c->pieces = p->next;
	c->piece_count--;
	free(p);
}

static void on_done(void *arg, bool is_fine, uint64_t samples)
{
	struct context *c = arg;

	c->speaks = false;
	c->samples += samples;
	if (!is_fine) {
		context_fail(c, 500, "the sandbox's voice failed");
		return;
	}
	piece_over(c);
	context_step(c);
}

static const struct speech_events events = { .sound = on_sound, .word = on_word, .done = on_done };

static void piece_start(struct context *c)
{
	struct vendor *v = c->socket->vendor;

	c->began_us = vendor_now_us(v);
	if (speech_start(&c->speech, &v->options->agent, &c->asked.format, "en-US", c->pieces->text, c->pieces->len, &events, c))
		context_fail(c, 500, "the sandbox's voice cannot say that");
	else
		c->speaks = true;
}

static void waited(void *arg)
{
	struct context *c = arg;

	c->waits = false;
	c->has_spoken = true;
	context_step(c);
}

/* The next piece; behind the last of a context that ends, its end. The context may be gone then. */
static void context_step(struct context *c)
{
	uint64_t wait_us = c->socket->vendor->options->tts_us;

	if (c->speaks || c->waits)
		return;
	if (c->pieces && !c->has_spoken && wait_us) {
		c->waits = true;
		clock_timer_set(&c->wait, c->socket->vendor->options->clock, vendor_now_us(c->socket->vendor) + wait_us, waited, c);
		return;
	}
	c->has_spoken |= c->pieces != NULL;
	if (c->pieces && !c->pieces->len) {
		piece_over(c);
		context_step(c);
	} else if (c->pieces) {
		piece_start(c);
	} else if (c->ends) {
		json_t *one = event_of(c, "done");

		json_object_set_new(one, "done", json_true());
		socket_say(c->socket, one);
		context_free(c);
	}
}

/* ------------------------------------------------------------------ text */

static bool is_blank(const char *text)
{
	return !text[strspn(text, " \t\r\n")];
}

/* What waits becomes a piece. */
static bool submit(struct context *c, bool tells_flush)
{
	struct context_piece **at = &c->pieces, *p;
	size_t len = is_blank(c->pending) ? 0 : c->pending_len;

	if (!len && !tells_flush)
		return true;
	p = c->piece_count < CONTEXT_PIECES_MAX ? malloc(sizeof(*p) + len + 1) : NULL;
	if (!p)
		return false;
	*p = (struct context_piece){ .flush_id = ++c->flush_id, .tells_flush = tells_flush, .len = len };
	memcpy(p->text, c->pending, len);
	p->text[len] = 0;
	c->pending_len = 0;
	c->pending[0] = 0;
	while (*at)
		at = &(*at)->next;
	*at = p;
	c->piece_count++;
	return true;
}

static void waited_for_text(void *arg)
{
	struct context *c = arg;

	if (!submit(c, false))
		context_fail(c, 400, "too many parts wait in this context");
	else
		context_step(c);
}

static void text_take(struct context *c, const struct asking *a)
{
	char plain[SPEECH_TEXT_MAX + 1];
	size_t len;
	bool at_once = !a->continues || a->flushes || !a->delay_ms;

	if (!speech_plain(a->transcript, strlen(a->transcript), plain, &len) || len > CONTEXT_PENDING_MAX - c->pending_len) {
		context_fail(c, 400, "the transcript is longer than the sandbox speaks at once");
		return;
	}
	memcpy(c->pending + c->pending_len, plain, len + 1);
	c->pending_len += len;
	c->ends |= !a->continues;
	if (at_once && !submit(c, a->flushes || (!a->delay_ms && len))) {
		context_fail(c, 400, "too many parts wait in this context");
		return;
	}
	if (at_once)
		clock_timer_stop(&c->more);
	else if (!c->more.is_set)
		clock_timer_set(&c->more, c->socket->vendor->options->clock, vendor_now_us(c->socket->vendor) + a->delay_ms * 1000ULL, waited_for_text, c);
	context_step(c);
}

/* Only what has not begun is halted; of an unknown context nothing is said. */
static void cancel(struct voice_socket *s, const json_t *request)
{
	const char *id = json_string_value(json_object_get(request, "context_id"));
	struct context *c = id ? context_find(s, id) : NULL;

	if (!c)
		return;
	if (!c->speaks) {
		context_free(c);
		return;
	}
	while (c->pieces->next) {
		struct context_piece *p = c->pieces->next;

		c->pieces->next = p->next;
		c->piece_count--;
		free(p);
	}
	clock_timer_stop(&c->more);
	c->pending_len = 0;
	c->pending[0] = 0;
	c->ends = true;
}

static void refuse_plainly(struct voice_socket *s, const char *context, unsigned int status, const char *code, const char *message)
{
	struct asking_refusal refusal = { .status = status, .code = code, .title = status == 429 ? "Too many concurrent requests" : "Invalid request" };

	snprintf(refusal.message, sizeof(refusal.message), "%s", message);
	socket_refuse(s, context, &refusal);
}

/* All that is asked of one context but its text is the same. */
static bool goes_on(const struct context *c, const json_t *request)
{
	char *sameness = asking_sameness(request);
	bool same = sameness && c->sameness && !strcmp(sameness, c->sameness);

	free(sameness);
	return same && !c->ends;
}

static void ask(struct voice_socket *s, const struct asking *a, const json_t *request)
{
	struct context *c = context_find(s, a->context);

	if (c && !goes_on(c, request)) {
		refuse_plainly(s, a->context, 400, NULL, "the fields of a context must not change, nor may text follow its end");
		return;
	}
	if (!c) {
		c = context_new(s, a);
		if (!c) {
			refuse_plainly(s, a->context, 429, "concurrency_limited", "the sandbox has no more contexts");
			return;
		}
		c->sameness = asking_sameness(request);
	}
	text_take(c, a);
}

void context_hear(struct voice_socket *s, const json_t *request)
{
	struct asking_refusal refusal;
	struct asking a;

	if (json_is_true(json_object_get(request, "cancel")))
		cancel(s, request);
	else if (asking_read(&a, request, s->version, true, &refusal))
		ask(s, &a, request);
	else
		socket_refuse(s, a.context, &refusal);
}
