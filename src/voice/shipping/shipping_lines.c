/* The ship's sink: opens a batch's records, makes their lines, posts them, tells the ship what became of it.
 *
 * Lines that were made stay in the outbox until the conductor has them durable, and a record's lines are made once: a batch that comes again finds
 * its lines waiting, so that they are the same lines. One batch is out at a time, so lines reach the conductor in the journal's order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "voice/shipping/shipping_state.h"

enum { ANSWER_MAX_BYTES = 4096, PROBES = 16 };

/* ------------------------------------------------------------------ what was made of each call */

/* The call's place; a new one in the place of the one not used for longest. */
static struct told_call *told_find(struct shipping *s, const struct journal_header *h)
{
	uint64_t at = get_le64(h->call.bytes) ^ (get_le64(h->call.bytes + 8) + h->epoch) * UINT64_C(0x9e3779b97f4a7c15);
	struct told_call *oldest = NULL;

	for (unsigned int i = 0; i < PROBES; i++) {
		struct told_call *c = &s->calls[(at + i) % SHIPPING_CALLS];

		if (c->epoch == h->epoch && id128_equal(&c->call, &h->call)) {
			c->used = ++s->uses;
			return c;
		}
		if (!oldest || c->used < oldest->used)
			oldest = c;
	}
	*oldest = (struct told_call){ .call = h->call, .epoch = h->epoch, .used = ++s->uses };
	call_lines_init(&oldest->lines);
	return oldest;
}

static enum err clear_open(struct shipping *s, const struct journal_record *r, size_t *len)
{
	const struct journal_header *h = &r->header;
	enum err err = ERR_NONE;

	if (!id128_is_zero(&h->key) && !id128_equal(&h->key, &s->key_id)) {
		s->key_id = (struct id128){ .bytes = { 0 } };
		err = keyring_find(journal_keyring(s->settings.journal), &h->tenant, &h->call, &h->key, s->key);
		if (!err)
			s->key_id = h->key;
	}
	if (!err && h->payload_len + 1u > s->clear_cap) {
		uint8_t *clear = realloc(s->clear, h->payload_len + 1u);

		if (!clear)
			return ERR_NOMEM;
		s->clear = clear;
		s->clear_cap = h->payload_len + 1u;
	}
	return err ? err : journal_record_open(r, s->key, s->clear, s->clear_cap, len);
}

/* Lines that do not fit are too many for one record: it is our bug or damage, and no reason to stop. */
static void lines_make(struct shipping *s, struct told_call *c, const struct journal_header *h, const void *payload, size_t len)
{
	size_t before = s->outbox.len;
	unsigned int lines = call_lines_put(&c->lines, h, payload, len, &s->outbox);

	if (s->outbox.err) {
		log_error(&s->log, "a record's lines are given up", LOG_ERR(s->outbox.err), LOG_UINT("lines", lines));
		s->outbox.err = ERR_NONE;
		s->outbox.len = before;
		s->refused += lines;
	}
}

static enum err record_take(struct shipping *s, const struct journal_record *r, uint64_t order)
{
	const struct journal_header *h = &r->header;
	struct told_call *c;
	size_t len = 0;
	enum err err;

	if (!h->sequence || id128_is_zero(&h->call) || !call_lines_wants(h->kind))
		return ERR_NONE;
	c = told_find(s, h);
	if (h->sequence <= c->sequence)
		return ERR_NONE;
	err = clear_open(s, r, &len);
	if (err == ERR_NOMEM)
		return err;
	if (!err)
		err = shipping_recordings_note(s, h, order, s->clear, len);
	else
		err = ERR_NONE; /* erased, or damaged: nobody is told anything of it */
	if (err)
		return err;
	lines_make(s, c, h, len ? s->clear : NULL, len);
	c->sequence = h->sequence;
	return ERR_NONE;
}

static enum err batch_take(struct shipping *s, const struct ship_batch *batch)
{
	struct journal_record r;
	size_t at = 0;
	enum err err = ERR_NONE;

	while (!err && at < batch->len && !journal_record_decode(&r, batch->data + at, batch->len - at)) {
		err = record_take(s, &r, batch->order);
		at += r.raw_len;
	}
	if (s->clear)
		sodium_memzero(s->clear, s->clear_cap);
	return err ? err : shipping_recordings_save(s);
}

/* ------------------------------------------------------------------ posting */

static void post_next(struct shipping *s);

static void batch_over(struct shipping *s, enum err err)
{
	uint64_t batch = s->batch;

	s->batch = 0;
	s->failures += err != ERR_NONE;
	ship_acked(s->ship, batch, err, uv_hrtime() / 1000);
	shipping_soon(s, 0);
}

/* What the conductor did not want. */
static void refused_count(struct shipping *s, const struct http_answer *answer)
{
	json_t *o = json_loadb((const char *)answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
	json_int_t refused = json_integer_value(json_object_get(o, "refused"));

	if (refused > 0) {
		log_error(&s->log, "the conductor refuses lines: it knows no such call, or they are none", LOG_INT("lines", refused));
		s->refused += (uint64_t)refused;
	}
	json_decref(o);
}

static void on_posted(const struct http_answer *answer, void *arg)
{
	struct shipping *s = arg;

	shipping_refused(s, answer->status);
	if (answer->err || answer->status != 200) {
		if (!answer->err && answer->status != 401 && answer->status < 500)
			log_error(&s->log, "the conductor does not understand what is sent", LOG_UINT("status", answer->status));
		batch_over(s, answer->err ? answer->err : ERR_UNAVAILABLE);
		return;
	}
	refused_count(s, answer);
	for (size_t i = 0; i < s->posted; i++)
		s->lines += s->outbox.data[i] == '\n';
	buf_cut(&s->outbox, 0, s->posted);
	s->posted = 0;
	post_next(s);
}

/* As many whole lines as one request takes. */
static size_t post_length(const struct shipping *s)
{
	size_t len = s->outbox.len;

	if (len <= SHIPPING_POST_BYTES)
		return len;
	for (len = SHIPPING_POST_BYTES; len && s->outbox.data[len - 1] != '\n';)
		len--;
	return len ? len : s->outbox.len;
}

static const struct http_exchange_handlers post_handlers = { .done = on_posted };

static void post_next(struct shipping *s)
{
	struct http_ask ask = { .method = HTTP_POST, .body_max_bytes = ANSWER_MAX_BYTES, .total_us = SHIPPING_POST_MS * 1000, .connect_us = 2000000 };
	char path[128];
	enum err err;

	if (!s->outbox.len) {
		batch_over(s, ERR_NONE);
		return;
	}
	s->posted = post_length(s);
	s->posted_ms = shipping_now_ms(s);
	ask.body = s->outbox.data;
	ask.len = s->posted;
	snprintf(path, sizeof(path), "/internal/v1/journal?worker=%s", s->worker);
	err = shipping_ask(s, &s->post, &ask, path, "application/x-ndjson", &post_handlers, s);
	if (err)
		batch_over(s, err);
}

static enum err sink_send(void *arg, struct ship *ship, const struct ship_batch *batch)
{
	struct shipping *s = arg;
	enum err err = batch_take(s, batch);

	(void)ship;
	s->failures += err != ERR_NONE;
	if (err)
		return err;
	s->batch = batch->id;
	s->batch_begins = true;
	return ERR_NONE;
}

static void sink_cancel(void *arg, uint64_t batch_id)
{
	struct shipping *s = arg;

	if (s->batch != batch_id)
		return;
	http_exchange_cancel(&s->post);
	s->batch = 0;
	s->batch_begins = false;
}

const struct ship_sink shipping_sink = { .name = "conductor", .send = sink_send, .cancel = sink_cancel };

uint64_t shipping_lines_step(struct shipping *s)
{
	uint64_t now = shipping_now_ms(s);

	if (!s->batch || !s->batch_begins)
		return UINT64_MAX;
	if (s->outbox.len && now < s->posted_ms + SHIPPING_GATHER_MS)
		return s->posted_ms + SHIPPING_GATHER_MS - now;
	s->batch_begins = false;
	post_next(s);
	return UINT64_MAX;
}

enum err shipping_lines_open(struct shipping *s)
{
	buf_init(&s->outbox, SHIPPING_OUTBOX_BYTES);
	s->calls = calloc(SHIPPING_CALLS, sizeof(*s->calls));
	return s->calls ? ERR_NONE : ERR_NOMEM;
}

void shipping_lines_close(struct shipping *s)
{
	if (s->outbox.data)
		sodium_memzero(s->outbox.data, s->outbox.cap);
	buf_fini(&s->outbox);
	free(s->clear);
	free(s->calls);
	sodium_memzero(s->key, sizeof(s->key));
}
