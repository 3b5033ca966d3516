/* The loop's half of the journal: calls, sequences, seals, ceilings, owed gaps, and what is durable. See journal.h, and
 * journal_state.h for how a batch passes between the loop and whoever writes. */
#include "voice/journal/journal_state.h"

#include <assert.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_KEEP_BYTES = 1 << 20,
	GAP_US = 1000000, /* an owed gap is marked after this at the latest */
	GAP_TOLD_US = 10000000
};

const char *journal_health_name(enum journal_health health)
{
	switch (health) {
	case JOURNAL_OK: return "ok";
	case JOURNAL_SHORT: return "short";
	case JOURNAL_AUDIO_RING: return "audio_ring";
	case JOURNAL_EVENTS_ONLY: return "events_only";
	case JOURNAL_STOPPED: return "stopped";
	}
	return "unknown";
}

/* ---- batches ---- */

void journal_batch_clear(struct journal_batch *b)
{
	int i;

	for (i = 0; i < 2; i++) {
		free(b->split[i]);
		b->split[i] = NULL;
	}
	if (b->cap > BATCH_KEEP_BYTES) {
		free(b->data);
		b->data = NULL;
		b->cap = 0;
	}
	b->len = b->entry_count = 0;
}

static enum err batch_room(struct journal_batch *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 64 * 1024;
	uint8_t *data;

	if (b->len + need <= b->cap)
		return ERR_NONE;
	while (cap < b->len + need)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data)
		return ERR_NOMEM;
	b->data = data;
	b->cap = cap;
	return ERR_NONE;
}

static enum err batch_entry(struct journal_batch *b, struct journal_call *c)
{
	if (c->refs && c->batch == b->id)
		return ERR_NONE;
	if (b->entry_count == b->entry_cap) {
		size_t cap = b->entry_cap ? b->entry_cap * 2 : 16;
		struct batch_entry *entries = realloc(b->entries, cap * sizeof(*entries));

		if (!entries)
			return ERR_NOMEM;
		b->entries = entries;
		b->entry_cap = cap;
	}
	c->batch = b->id;
	c->entry = b->entry_count;
	c->refs++;
	b->entries[b->entry_count++] = (struct batch_entry){ .call = c };
	return ERR_NONE;
}

/* ---- gaps ---- */

/* A line for people; the records say all. A slow disk refuses by the dozen: not more often than GAP_TOLD_US. */
static void gap_tell(struct journal_call *c, const struct journal_gap *gap, uint64_t now_us)
{
	char id[33];
	struct log log = { .plane = "voice", .call = c->journal->options.log_call, .doing = "marking a gap in the journal" };

	if (!log_is_on(LOG_LEVEL_WARN) || (c->told_us && now_us - c->told_us < GAP_TOLD_US))
		return;
	c->told_us = now_us;
	if (!log.call) {
		id128_print(&c->call, id);
		log.call = id;
	}
	log_warn(&log, "not all of the call is in the journal", LOG_TEXT("why", journal_gap_why_name((enum journal_gap_why)gap->why)),
		LOG_UINT("records", gap->records), LOG_UINT("bytes", gap->bytes));
}

static void gap_extend(struct journal_gap *to, const struct journal_gap *more)
{
	if (!to->why)
		*to = (struct journal_gap){ .why = more->why, .first_us = more->first_us };
	if (more->first_us < to->first_us)
		to->first_us = more->first_us;
	if (more->last_us > to->last_us)
		to->last_us = more->last_us;
	if (more->first_sequence && (!to->first_sequence || more->first_sequence < to->first_sequence))
		to->first_sequence = more->first_sequence;
	if (more->last_sequence > to->last_sequence)
		to->last_sequence = more->last_sequence;
	to->records += more->records;
	to->bytes += more->bytes;
	to->kinds |= more->kinds;
}

static enum err append_record(struct journal_call *c, uint8_t kind, const void *payload, size_t len, uint64_t now_us);

static bool gap_owed(const struct journal_call *c)
{
	return c->gaps[0].why || c->gaps[1].why;
}

static enum err gap_mark(struct journal_call *c, uint64_t now_us)
{
	uint8_t payload[JOURNAL_GAP_MAX_BYTES];
	int i;

	for (i = 0; i < 2; i++) {
		enum err err;

		if (!c->gaps[i].why)
			continue;
		err = append_record(c, JOURNAL_GAP, payload, journal_gap_encode(payload, &c->gaps[i]), now_us);
		if (err)
			return err;
		c->journal->counts.gaps++;
		gap_tell(c, &c->gaps[i], now_us);
		c->gaps[i] = (struct journal_gap){ 0 };
	}
	return ERR_NONE;
}

static void gap_owe(struct journal_call *c, const struct journal_gap *gap, uint64_t now_us)
{
	struct journal_gap *owed = &c->gaps[gap->first_sequence != 0];

	if (owed->why && owed->why != gap->why && gap_mark(c, now_us))
		c->journal->counts.gaps_unmarked++; /* both become one, under the first one's reason */
	if (!gap_owed(c))
		c->gap_since_us = now_us;
	gap_extend(owed, gap);
}

/* Not later than GAP_US, and before the first record after the refused ones. */
static bool gap_is_due(const struct journal_call *c, uint8_t kind, uint64_t now_us)
{
	if (!gap_owed(c))
		return false;
	return now_us - c->gap_since_us >= GAP_US || (kind < 64 && c->gaps[0].kinds >> kind & 1);
}

/* ---- owed records ---- */

static enum err owed_keep(struct journal_call *c, uint8_t kind, const void *payload, size_t len)
{
	struct owed_record *r;

	if (c->owed_count == JOURNAL_OWED_MAX || len > OWED_PAYLOAD)
		return ERR_LIMIT;
	if (!c->owed)
		c->owed = calloc(JOURNAL_OWED_MAX, sizeof(*c->owed));
	if (!c->owed)
		return ERR_NOMEM;
	r = &c->owed[c->owed_count++];
	r->kind = kind;
	r->len = len;
	memcpy(r->payload, payload, len);
	return ERR_NONE;
}

/* In the order in which they came; what finds no room stays. */
static enum err owed_append(struct journal_call *c, uint64_t now_us)
{
	enum err err = ERR_NONE;
	size_t done = 0;

	while (done < c->owed_count && !(err = append_record(c, c->owed[done].kind, c->owed[done].payload, c->owed[done].len, now_us)))
		done++;
	c->owed_count -= done;
	if (done && c->owed_count)
		memmove(c->owed, c->owed + done, c->owed_count * sizeof(*c->owed));
	return err;
}

static bool is_owed(const struct journal_call *c)
{
	return gap_owed(c) || c->owed_count;
}

/* The silence first, then what came behind it. */
static enum err settle(struct journal_call *c, uint64_t now_us)
{
	enum err err = gap_mark(c, now_us);

	return err ? err : owed_append(c, now_us);
}

/* ---- calls ---- */

static void call_release(struct journal_call *c)
{
	struct journal *j = c->journal;

	if (!c->closed || c->refs || is_owed(c))
		return;
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	sodium_memzero(c->key, JOURNAL_KEY_BYTES);
	j->free_keys[j->free_key_count++] = (size_t)(c->key - j->keys[0]) / JOURNAL_KEY_BYTES;
	j->call_count--;
	free(c->owed);
	free(c);
}

enum err journal_call_open(struct journal *j, struct journal_call **cp, const struct id128 *tenant, const struct id128 *call,
	uint32_t epoch, uint64_t now_us)
{
	struct journal_call *c;
	enum err err;

	(void)now_us;
	*cp = NULL;
	if (j->open_count >= j->options.calls_max || !j->free_key_count)
		return ERR_LIMIT;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ERR_NOMEM;
	*c = (struct journal_call){ .journal = j, .tenant = *tenant, .call = *call, .epoch = epoch };
	c->key = j->keys[j->free_keys[--j->free_key_count]];
	err = keyring_add(j->keyring, tenant, call, epoch, &c->key_id, c->key);
	if (err) {
		j->free_key_count++;
		free(c);
		return err;
	}
	c->next = j->calls;
	c->link = &j->calls;
	if (c->next)
		c->next->link = &c->next;
	j->calls = c;
	j->call_count++;
	j->open_count++;
	*cp = c;
	return ERR_NONE;
}

void journal_call_close(struct journal_call **cp, uint64_t now_us)
{
	struct journal_call *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	assert(!c->closed);
	if (settle(c, now_us) && gap_owed(c))
		c->journal->counts.gaps_unmarked++; /* tried again when a batch was written */
	c->closed = true;
	c->journal->open_count--;
	call_release(c);
}

const struct id128 *journal_call_id(const struct journal_call *c)
{
	return &c->call;
}

uint64_t journal_call_last(const struct journal_call *c)
{
	return c->sequence;
}

uint64_t journal_call_durable(const struct journal_call *c)
{
	return c->durable;
}

void journal_call_set_owner(struct journal_call *c, void *owner)
{
	c->owner = owner;
}

void *journal_call_owner(const struct journal_call *c)
{
	return c->owner;
}

/* ---- appending ---- */

static enum err admit(const struct journal *j, enum journal_class class, size_t need)
{
	enum journal_health health = journal_health(j);
	size_t ceiling = j->options.buffer_bytes;

	if (health == JOURNAL_STOPPED || (health == JOURNAL_EVENTS_ONLY && class == JOURNAL_CLASS_AUDIO))
		return ERR_FULL;
	if (class == JOURNAL_CLASS_EVENT)
		ceiling += j->options.event_buffer_bytes;
	return j->counts.waiting_bytes + need > ceiling ? ERR_LIMIT : ERR_NONE;
}

/* Audio is noted in the batch, for the case that the disk will not take it. */
static void note_audio(struct batch_entry *e, const struct journal_header *h, size_t len)
{
	struct journal_gap note = {
		.why = JOURNAL_GAP_RING,
		.first_sequence = h->sequence,
		.last_sequence = h->sequence,
		.first_us = h->time_us,
		.last_us = h->time_us,
		.records = 1,
		.bytes = len,
		.kinds = 1u << h->kind,
	};

	gap_extend(&e->audio, &note);
}

static enum err fill(struct journal_batch *b, struct journal_call *c, uint8_t kind, const void *payload, size_t len,
	uint64_t now_us)
{
	struct journal *j = c->journal;
	struct journal_header h = { .kind = kind,
		.first = !b->len,
		.epoch = c->epoch,
		.batch = b->id,
		.sequence = c->sequence + 1,
		.time_us = now_us,
		.wall_us = now_us + j->options.wall_offset_us,
		.tenant = c->tenant,
		.call = c->call,
		.key = c->key_id };
	enum err err = batch_room(b, JOURNAL_RECORD_HEADER_BYTES + len + JOURNAL_SEAL_BYTES);
	size_t stored;

	if (!err)
		err = batch_entry(b, c);
	if (err)
		return err;
	stored = journal_record_encode(b->data + b->len, &h, payload, len, c->key);
	b->len += stored;
	b->entries[c->entry].last_sequence = ++c->sequence;
	if (journal_kind_class(kind) == JOURNAL_CLASS_AUDIO)
		note_audio(&b->entries[c->entry], &h, len);
	j->counts.waiting_bytes += stored;
	j->counts.bytes += stored;
	j->counts.records++;
	return ERR_NONE;
}

static enum err append_record(struct journal_call *c, uint8_t kind, const void *payload, size_t len, uint64_t now_us)
{
	struct journal *j = c->journal;
	enum err err = admit(j, journal_kind_class(kind), JOURNAL_RECORD_HEADER_BYTES + len + JOURNAL_SEAL_BYTES);
	struct journal_batch *b;

	if (err)
		return err;
	b = atomic_exchange(&j->active, NULL);
	assert(b);
	err = fill(b, c, kind, payload, len, now_us);
	atomic_store(&j->active, b);
	atomic_store(&j->waiting, true);
	return err;
}

static void refused(struct journal_call *c, uint8_t kind, size_t len, enum err err, uint64_t now_us)
{
	struct journal_gap gap = {
		.why = err == ERR_FULL ? JOURNAL_GAP_STOPPED : JOURNAL_GAP_MEMORY,
		.first_us = now_us,
		.last_us = now_us,
		.records = 1,
		.bytes = len,
		.kinds = kind < 64 ? 1ull << kind : 0,
	};

	if (journal_kind_class(kind) == JOURNAL_CLASS_AUDIO)
		c->journal->counts.refused_audio++;
	else
		c->journal->counts.refused_events++;
	gap_owe(c, &gap, now_us);
}

enum err journal_append(struct journal_call *c, uint8_t kind, const void *payload, size_t len, uint64_t now_us)
{
	enum err err;

	assert(!c->closed && kind != JOURNAL_MARK && kind != JOURNAL_GAP);
	if (len > JOURNAL_PAYLOAD_MAX_BYTES)
		return ERR_LIMIT;
	err = admit(c->journal, journal_kind_class(kind), JOURNAL_RECORD_HEADER_BYTES + len + JOURNAL_SEAL_BYTES);
	if (!err && gap_is_due(c, kind, now_us))
		err = gap_mark(c, now_us);
	if (!err)
		err = append_record(c, kind, payload, len, now_us);
	if (err)
		refused(c, kind, len, err, now_us);
	return err;
}

enum err journal_append_owed(struct journal_call *c, uint8_t kind, const void *payload, size_t len, uint64_t now_us)
{
	enum err err = ERR_NONE;

	assert(!c->closed && kind != JOURNAL_MARK && kind != JOURNAL_GAP);
	if (is_owed(c))
		err = settle(c, now_us); /* it stands behind them */
	if (!err)
		err = append_record(c, kind, payload, len, now_us);
	return err ? owed_keep(c, kind, payload, len) : ERR_NONE;
}

/* ---- phases ---- */

static struct journal_batch *take_locked(struct journal *j, uint64_t now_us)
{
	struct journal_batch *fresh = j->free;
	struct journal_batch *b;

	if (j->out || !fresh)
		return NULL;
	if (!atomic_exchange(&j->waiting, false) && !atomic_load(&j->erase_requested) && !writer_probe_due(&j->writer, now_us))
		return NULL;
	atomic_store(&j->erase_requested, false);
	j->free = fresh->next;
	fresh->id = j->next_id++;
	for (;;) {
		b = atomic_load(&j->active);
		if (b && atomic_compare_exchange_weak(&j->active, &b, fresh))
			break;
		sched_yield(); /* an append has it for a microsecond */
	}
	b->taken_us = now_us;
	j->out = b;
	return b;
}

struct journal_batch *journal_batch_take(struct journal *j, uint64_t now_us)
{
	struct journal_batch *b;

	pthread_mutex_lock(&j->lock);
	b = take_locked(j, now_us);
	pthread_mutex_unlock(&j->lock);
	return b;
}

enum err journal_batch_write(struct journal *j, struct journal_batch *b, uint64_t now_us)
{
	enum err err = writer_write(&j->writer, b, now_us);

	if (!err && atomic_load(&j->writer.keys_owed))
		atomic_store(&j->erase_requested, true);
	return err;
}

static void publish(struct journal *j, struct journal_batch *b, struct batch_entry *e, uint64_t now_us)
{
	struct journal_call *c = e->call;

	c->durable = e->last_sequence;
	if (e->audio.why && b->audio != BATCH_AUDIO_KEPT) {
		e->audio.why = b->audio == BATCH_AUDIO_RING ? JOURNAL_GAP_RING : JOURNAL_GAP_LOST;
		gap_owe(c, &e->audio, now_us);
	} else if (e->audio.why && c->gaps[1].why) {
		(void)gap_mark(c, now_us); /* now: a gap that went on behind audio that is kept could not tell which is missing */
	}
	if (j->handler && !c->closed)
		j->handler(j->handler_arg, c, c->durable);
	c->refs--;
	call_release(c);
}

/* Calls that are closed have no next append to do it. */
static void settle_closed(struct journal *j, uint64_t now_us)
{
	struct journal_call *c, *next;

	for (c = j->calls; c; c = next) {
		next = c->next;
		if (c->closed && is_owed(c) && !settle(c, now_us))
			call_release(c);
	}
}

void journal_batch_done(struct journal *j, struct journal_batch *b, uint64_t now_us)
{
	size_t i;

	j->counts.batches++;
	j->counts.waiting_bytes -= b->len;
	if (b->durable.order)
		j->durable = b->durable;
	for (i = 0; i < b->entry_count; i++)
		publish(j, b, &b->entries[i], now_us);
	if (j->call_count > j->open_count)
		settle_closed(j, now_us);
	journal_batch_clear(b);
	pthread_mutex_lock(&j->lock);
	if (j->out == b)
		j->out = NULL;
	b->next = j->free;
	j->free = b;
	pthread_mutex_unlock(&j->lock);
}

/* ---- looking at it ---- */

enum journal_health journal_health(const struct journal *j)
{
	return (enum journal_health)atomic_load_explicit(&j->writer.health, memory_order_relaxed);
}

struct journal_position journal_durable_position(const struct journal *j)
{
	return j->durable;
}

struct journal_counts journal_counts(const struct journal *j)
{
	struct journal_counts c = j->counts;

	c.lost_files = atomic_load(&j->writer.lost_files);
	c.calls = j->open_count;
	c.closing = j->call_count - j->open_count;
	return c;
}

void journal_durable_handler(struct journal *j, journal_durable_h *handler, void *arg)
{
	j->handler = handler;
	j->handler_arg = arg;
}

struct keyring *journal_keyring(struct journal *j)
{
	return j->keyring;
}

static void erase_tell(const char *call, const char *message, enum err err)
{
	const struct log log = { .plane = "voice", .call = call, .doing = "erasing keys" };

	if (err)
		log_error(&log, "keys could not be destroyed", LOG_ERR(err));
	else
		log_info(&log, message);
}

enum err journal_erase_call(struct journal *j, const struct id128 *tenant, const struct id128 *call)
{
	enum err err = keyring_erase_call(j->keyring, tenant, call);
	char id[33];

	atomic_store(&j->erase_requested, true);
	id128_print(call, id);
	erase_tell(id, "the keys of a call are destroyed in memory", err);
	return err;
}

enum err journal_erase_tenant(struct journal *j, const struct id128 *tenant)
{
	enum err err = keyring_erase_tenant(j->keyring, tenant);

	atomic_store(&j->erase_requested, true);
	erase_tell(NULL, "the keys of a tenant are destroyed in memory", err);
	return err;
}
