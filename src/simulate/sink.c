/* Batches in, records kept. Owned by the scene, its thread. Refuses more than SINK_RECORDS records of one call. */
#include "simulate/sink.h"

#include <stdlib.h>
#include <string.h>

static enum err key_find(struct scene *s, const struct journal_header *h)
{
	struct sink *k = &s->sink;
	enum err err;

	if (id128_is_zero(&h->key) || id128_equal(&k->key_id, &h->key))
		return ERR_NONE;
	err = keyring_find(journal_keyring(s->journal), &h->tenant, &h->call, &h->key, k->key);
	k->key_id = h->key;
	if (err)
		memset(&k->key_id, 0, sizeof(k->key_id));
	return err;
}

/* The clear payload, behind the sink's bytes. */
static enum err record_open(struct scene *s, const struct journal_record *r, size_t *len)
{
	uint8_t *room = buf_reserve(&s->sink.bytes, r->header.payload_len);
	enum err err = room ? key_find(s, &r->header) : ERR_LIMIT;

	*len = 0;
	return err ? err : journal_record_open(r, s->sink.key, room, r->header.payload_len, len);
}

static bool record_known(const struct sink *k, const struct journal_header *h)
{
	uint32_t i;

	for (i = k->count; i > 0; i--) {
		const struct journal_header *o = &k->records[i - 1].header;

		if (o->epoch == h->epoch && o->sequence == h->sequence)
			return true;
		if (o->epoch == h->epoch && o->sequence + 4096 < h->sequence)
			break;
	}
	return false;
}

/* The usual case: behind all that came so far. */
static bool is_newest(const struct sink *k, const struct journal_header *h)
{
	return h->epoch > k->epoch || (h->epoch == k->epoch && h->sequence > k->highest);
}

static void record_take(struct scene *s, const struct journal_record *r)
{
	struct sink *k = &s->sink;
	struct sink_record *kept = &k->records[k->count];
	size_t len;

	if (!r->header.sequence || !id128_equal(&r->header.call, &s->call_id) || r->header.epoch < s->first_epoch)
		return; /* not of this call, or of an earlier process that held it: the rest of that went to a sink we do not know */
	if (!is_newest(k, &r->header) && record_known(k, &r->header)) {
		k->repeats++;
		return;
	}
	if (k->count == SINK_RECORDS) {
		k->overflow = true;
		return;
	}
	if (is_newest(k, &r->header)) {
		k->epoch = r->header.epoch;
		k->highest = r->header.sequence;
	}
	kept->header = r->header;
	kept->at = k->bytes.len;
	kept->err = record_open(s, r, &len);
	kept->len = len;
	k->bytes.len += len;
	k->count++;
}

static void batch_take(struct scene *s, const struct ship_batch *b)
{
	struct journal_record r;
	size_t at = 0;

	while (at < b->len && !journal_record_decode(&r, b->data + at, b->len - at)) {
		record_take(s, &r);
		at += r.raw_len;
	}
}

static void on_ack(void *arg)
{
	struct sink_batch *b = arg;
	struct scene *s = b->scene;
	bool down = s->world.now_us < s->sink.down_until_us;

	if (!down)
		batch_take(s, &b->batch);
	b->used = false;
	if (s->ship)
		ship_acked(s->ship, b->batch.id, down ? ERR_TIMEOUT : ERR_NONE, s->world.now_us);
	world_at(&s->world, &s->ship_tick, s->world.now_us);
}

static enum err sink_send(void *arg, struct ship *ship, const struct ship_batch *batch)
{
	struct scene *s = arg;
	uint32_t i;

	(void)ship;
	if (s->world.now_us < s->sink.down_until_us && dice_chance(&s->disk_dice, 50))
		return ERR_UNAVAILABLE;
	for (i = 0; i < SINK_BATCHES; i++) {
		struct sink_batch *b = &s->sink.batches[i];

		if (b->used)
			continue;
		b->used = true;
		b->batch = *batch;
		world_after(&s->world, &b->ack, dice_ms(&s->disk_dice, 5, 60));
		return ERR_NONE;
	}
	return ERR_BUSY;
}

static void sink_cancel(void *arg, uint64_t batch_id)
{
	struct scene *s = arg;
	uint32_t i;

	for (i = 0; i < SINK_BATCHES; i++)
		if (s->sink.batches[i].used && s->sink.batches[i].batch.id == batch_id) {
			world_forget(&s->world, &s->sink.batches[i].ack);
			s->sink.batches[i].used = false;
		}
}

const struct ship_sink simulated_sink = { .name = "simulated", .send = sink_send, .cancel = sink_cancel };

enum err sink_new(struct sink *k, struct scene *scene)
{
	uint32_t i;

	k->records = malloc(SINK_RECORDS * sizeof(*k->records));
	buf_init(&k->bytes, SINK_BYTES_MAX);
	for (i = 0; i < SINK_BATCHES; i++) {
		k->batches[i].scene = scene;
		k->batches[i].ack = (struct event){ on_ack, &k->batches[i], 0 };
	}
	return k->records ? ERR_NONE : ERR_NOMEM;
}

void sink_free(struct sink *k)
{
	free(k->records);
	buf_fini(&k->bytes);
}

void sink_reset(struct sink *k)
{
	uint32_t i;

	k->count = 0;
	k->repeats = k->down_until_us = 0;
	k->epoch = 0;
	k->highest = 0;
	k->key_id = (struct id128){ { 0 } };
	k->overflow = false;
	buf_reset(&k->bytes);
	for (i = 0; i < SINK_BATCHES; i++)
		k->batches[i].used = false;
}

void sink_stop(struct sink *k, struct world *w)
{
	uint32_t i;

	for (i = 0; i < SINK_BATCHES; i++) {
		world_forget(w, &k->batches[i].ack);
		k->batches[i].used = false;
	}
}

static int record_order(const void *a, const void *b)
{
	const struct journal_header *x = &((const struct sink_record *)a)->header, *y = &((const struct sink_record *)b)->header;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

void sink_sort(struct sink *k)
{
	uint32_t i;
	bool sorted = true;

	for (i = 1; i < k->count && sorted; i++)
		sorted = record_order(&k->records[i - 1], &k->records[i]) < 0;
	if (!sorted)
		qsort(k->records, k->count, sizeof(*k->records), record_order);
}
