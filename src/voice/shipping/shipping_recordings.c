/* Recordings on their way up, one call after the other:
 *
 *   noted (START, ATTACH) ──► [ended here, or silent for long, or of an earlier life] ──► ask
 *       ask ─► cut (a thread; what was cut before is used) ─► tracks ─► waveform ─► forgotten
 *        ├─► later: the call goes on elsewhere, or nobody has ended it yet
 *        └─► forgotten: it is there, the conductor knows no such call, or it was not recorded
 *
 * Everything that fails is tried again, later each time. The picture goes up last: whoever finds it finds the sound too. What is noted is on the disk
 * before the batch it came with is acknowledged; so is its removal, later: a call that was sent up already is asked about once more at worst. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "voice/shipping/shipping_state.h"
#include "voice/journal/steps.h"

enum { ANSWER_MAX_BYTES = 4096, RETRY_MIN_MS = 500, RETRY_MAX_MS = 30000, RESTARTS_MAX = 8, ASK_US = 5000000, PIECE_US = 60000000 };

static const uint64_t day_ms = UINT64_C(86400000);

/* ------------------------------------------------------------------ the list */

static struct todo *todo_find(struct shipping *s, const struct id128 *call)
{
	for (size_t i = s->todo_count; i-- > 0;)
		if (id128_equal(&s->todos[i].entry.call, call))
			return &s->todos[i];
	return NULL;
}

static void todo_forget(struct shipping *s, struct todo *t)
{
	size_t i = (size_t)(t - s->todos);

	memmove(t, t + 1, (s->todo_count - i - 1) * sizeof(*t));
	s->todo_count--;
	s->todo_dirty = true;
}

enum err shipping_recordings_save(struct shipping *s)
{
	struct todo_entry *entries;
	enum err err;

	if (!s->todo_dirty)
		return ERR_NONE;
	entries = calloc(s->todo_count + 1, sizeof(*entries));
	if (!entries)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->todo_count; i++)
		entries[i] = s->todos[i].entry;
	err = todo_save(s->settings.disk, s->dir, entries, s->todo_count);
	free(entries);
	s->todo_dirty = err != ERR_NONE;
	return err;
}

/* A call began here, or came here. */
static enum err note_begin(struct shipping *s, const struct journal_header *h, uint64_t order, const void *payload, size_t len)
{
	struct todo *t = todo_find(s, &h->call);
	struct record_start r;

	if (record_start_decode(&r, payload, len) || !r.records_audio)
		return ERR_NONE;
	if (!t) {
		if (s->todo_count == SHIPPING_TODO_MAX)
			return ERR_BUSY; /* the conductor has taken none for very long: the journal waits */
		t = &s->todos[s->todo_count++];
		*t = (struct todo){ .entry = { .call = h->call, .tenant = h->tenant, .order = order }, .known_ms = shipping_now_ms(s) };
		t->entry.began_wall_us = h->wall_us > r.at_us ? h->wall_us - r.at_us : 0;
	}
	if (h->epoch > t->entry.epoch) {
		t->entry.epoch = h->epoch;
		t->entry.has_ended = false;
		t->is_old = false;
		s->todo_dirty = true;
	}
	return ERR_NONE;
}

enum err shipping_recordings_note(struct shipping *s, const struct journal_header *h, uint64_t order, const void *payload, size_t len)
{
	struct todo *t;
	enum err err = ERR_NONE;

	if (h->kind == JOURNAL_START || h->kind == JOURNAL_ATTACH)
		err = note_begin(s, h, order, payload, len);
	t = todo_find(s, &h->call);
	if (err || !t || t->entry.epoch != h->epoch)
		return err;
	t->heard_ms = shipping_now_ms(s);
	if (h->kind == JOURNAL_END && !t->entry.has_ended) {
		t->entry.has_ended = s->todo_dirty = true;
		t->next_ms = 0;
	}
	return ERR_NONE;
}

uint64_t shipping_recordings_keep(const struct shipping *s)
{
	uint64_t order = UINT64_MAX;

	for (size_t i = 0; i < s->todo_count; i++)
		if (s->todos[i].entry.order < order)
			order = s->todos[i].entry.order;
	return order;
}

size_t shipping_recordings_waiting(const struct shipping *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->todo_count; i++)
		count += s->todos[i].entry.has_ended;
	return count;
}

/* ------------------------------------------------------------------ one call */

static void spool_paths(const struct shipping *s, const struct id128 *call, char tracks[DISK_PATH_MAX], char waveform[DISK_PATH_MAX])
{
	char id[33];

	id128_print(call, id);
	snprintf(tracks, DISK_PATH_MAX, "%.440s/%s.flac", s->spool, id);
	snprintf(waveform, DISK_PATH_MAX, "%.440s/%s.json", s->spool, id);
}

static void spool_remove(const struct shipping *s, const struct id128 *call)
{
	char tracks[DISK_PATH_MAX], waveform[DISK_PATH_MAX];

	spool_paths(s, call, tracks, waveform);
	(void)!disk_unlink(s->settings.disk, tracks);
	(void)!disk_unlink(s->settings.disk, waveform);
}

static void sending_stop(struct shipping *s)
{
	http_exchange_cancel(&s->exchange);
	disk_close(&s->file);
	s->sending = SENDING_NONE;
	shipping_soon(s, 0);
}

/* Done with it for ever. */
static void sending_over(struct shipping *s, const char *message)
{
	struct todo *t = todo_find(s, &s->sent);
	char id[33];
	const struct log log = { .plane = "voice", .call = id, .doing = "sending up the recording" };

	id128_print(&s->sent, id);
	log_info(&log, message);
	if (t)
		todo_forget(s, t);
	spool_remove(s, &s->sent);
	sending_stop(s);
}

static void sending_later(struct shipping *s, uint64_t ms)
{
	struct todo *t = todo_find(s, &s->sent);

	if (t)
		t->next_ms = shipping_now_ms(s) + ms;
	sending_stop(s);
}

/* Told once, when it begins to fail. */
static void sending_failed(struct shipping *s, enum err err)
{
	struct todo *t = todo_find(s, &s->sent);
	char id[33];
	const struct log log = { .plane = "voice", .call = id, .doing = "sending up the recording" };
	uint64_t ms = RETRY_MIN_MS;

	id128_print(&s->sent, id);
	s->failures++;
	if (t) {
		if (!t->failures++)
			log_warn(&log, "the recording waits", LOG_ERR(err));
		for (unsigned int i = 1; i < t->failures && ms < RETRY_MAX_MS; i++)
			ms *= 2;
	}
	sending_later(s, ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS);
}

/* ------------------------------------------------------------------ sending up */

static void piece_next(struct shipping *s);

static const struct cutting_file *file_of(const struct shipping *s)
{
	return s->sending == SENDING_TRACKS ? &s->cutter.cut.tracks : &s->cutter.cut.waveform;
}

static void part_begin(struct shipping *s, enum sending sending)
{
	enum err err;

	s->sending = sending;
	s->offset = 0;
	s->restarts = 0;
	disk_close(&s->file);
	err = disk_open(s->settings.disk, &s->file, sending == SENDING_TRACKS ? s->cutter.tracks : s->cutter.waveform, DISK_READ);
	if (err)
		sending_failed(s, err);
	else
		piece_next(s);
}

static void part_done(struct shipping *s)
{
	if (s->sending == SENDING_TRACKS) {
		part_begin(s, SENDING_WAVEFORM);
		return;
	}
	s->recordings++;
	sending_over(s, "the recording is sent up");
}

/* What the conductor says it has. */
static void piece_answer(struct shipping *s, const json_t *o, bool is_conflict)
{
	json_int_t have = json_integer_value(json_object_get(o, "have"));

	if (json_is_true(json_object_get(o, "done"))) {
		part_done(s);
	} else if (!json_is_integer(json_object_get(o, "have")) || have < 0 || (uint64_t)have > file_of(s)->bytes) {
		sending_later(s, SHIPPING_QUIET_MS); /* "stale": a later epoch's worker sends it, or nobody yet */
	} else if ((is_conflict || (uint64_t)have <= s->offset) && ++s->restarts > RESTARTS_MAX) {
		spool_remove(s, &s->sent); /* what lies there does not fit its hash, perhaps */
		sending_failed(s, ERR_CORRUPT);
	} else {
		s->offset = (uint64_t)have;
		piece_next(s);
	}
}

static void on_piece(const struct http_answer *answer, void *arg)
{
	struct shipping *s = arg;
	json_t *o;

	shipping_refused(s, answer->status);
	if (answer->err) {
		sending_failed(s, answer->err);
	} else if (answer->status == 200 || answer->status == 409) {
		o = json_loadb((const char *)answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
		piece_answer(s, o, answer->status == 409);
		json_decref(o);
	} else if (answer->status == 404) {
		sending_over(s, "the conductor does not know the call: its recording is not kept");
	} else {
		sending_failed(s, ERR_UNAVAILABLE);
	}
}

static const struct http_exchange_handlers piece_handlers = { .done = on_piece };

static void piece_next(struct shipping *s)
{
	const struct cutting_file *f = file_of(s);
	const struct todo *t = todo_find(s, &s->sent);
	struct http_ask ask = { .method = HTTP_PUT, .body = s->piece, .body_max_bytes = ANSWER_MAX_BYTES, .total_us = PIECE_US, .connect_us = 2000000 };
	char path[320], id[33];
	enum err err = t ? disk_read(s->file, s->offset, s->piece, SHIPPING_PIECE_BYTES, &ask.len) : ERR_NOTFOUND;

	if (!err && !ask.len)
		err = ERR_TRUNCATED;
	if (!err) {
		id128_print(&s->sent, id);
		snprintf(path, sizeof(path), "/internal/v1/calls/%s/recording?epoch=%" PRIu32 "&part=%s&offset=%" PRIu64 "&total=%" PRIu64 "&sha256=%s", id,
			t->entry.epoch, s->sending == SENDING_TRACKS ? "tracks" : "waveform", s->offset, f->bytes, f->hash);
		err = shipping_ask(s, &s->exchange, &ask, path, "application/octet-stream", &piece_handlers, s);
	}
	if (err)
		sending_failed(s, err);
}

/* ------------------------------------------------------------------ cutting */

/* What an earlier try cut is whole when it has its name. */
static void *cut_run(void *arg)
{
	struct cutter_thread *k = arg;

	k->err = cutting_measure(&k->cutting, &k->cut);
	if (k->err)
		k->err = cutting_make(&k->cutting, &k->cut);
	atomic_store(&k->is_done, true);
	uv_async_send(k->wake);
	return NULL;
}

static void cut_begin(struct shipping *s)
{
	struct cutter_thread *k = &s->cutter;
	const struct todo *t = todo_find(s, &s->sent);

	s->sending = SENDING_CUT;
	spool_paths(s, &s->sent, k->tracks, k->waveform);
	k->cutting = (struct cutting){ .tracks = k->tracks, .waveform = k->waveform };
	k->cutting.from = (struct call_records){ .disk = s->settings.disk, .dir = s->dir, .keyring = journal_keyring(s->settings.journal),
		.journals = s->settings.journals, .master_path = s->settings.master_path, .call = s->sent, .began_wall_us = t ? t->entry.began_wall_us : 0,
		.stop = &k->stop };
	atomic_store(&k->stop, false);
	atomic_store(&k->is_done, false);
	k->wake = &s->wake;
	k->is_running = !pthread_create(&k->thread, NULL, cut_run, k);
	if (!k->is_running)
		sending_failed(s, ERR_NOMEM);
	else
		(void)pthread_setname_np(k->thread, "cutter");
}

static void cut_done(struct shipping *s)
{
	struct cutter_thread *k = &s->cutter;

	pthread_join(k->thread, NULL);
	k->is_running = false;
	if (!k->err)
		part_begin(s, SENDING_TRACKS);
	else if (k->err == ERR_NOTFOUND || k->err == ERR_DENIED)
		sending_over(s, "there is nothing of the call to be sent up");
	else
		sending_failed(s, k->err);
}

/* ------------------------------------------------------------------ asking */

/* Whether it is ours to send, whether it is time. */
static void asked(struct shipping *s, const json_t *o)
{
	const char *state = json_string_value(json_object_get(o, "state"));
	const struct todo *t = todo_find(s, &s->sent);
	bool is_ended = state && !strcmp(state, "ended");

	if (!t || !state)
		sending_failed(s, ERR_FORMAT);
	else if (json_is_true(json_object_get(o, "recording")) && json_is_true(json_object_get(o, "waveform")))
		sending_over(s, "the recording is there already");
	else if (shipping_now_ms(s) - t->known_ms > SHIPPING_DAYS_MAX * day_ms)
		sending_over(s, "nobody has ended the call: its recording is not sent up");
	else if (json_is_true(json_object_get(o, "stale")) || (!t->entry.has_ended && !is_ended))
		sending_later(s, SHIPPING_QUIET_MS);
	else
		cut_begin(s);
}

static void on_asked(const struct http_answer *answer, void *arg)
{
	struct shipping *s = arg;
	json_t *o;

	shipping_refused(s, answer->status);
	if (answer->err || (answer->status != 200 && answer->status != 404)) {
		sending_failed(s, answer->err ? answer->err : ERR_UNAVAILABLE);
		return;
	}
	if (answer->status == 404) {
		sending_over(s, "the conductor does not know the call: its recording is not kept");
		return;
	}
	o = json_loadb((const char *)answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
	asked(s, o);
	json_decref(o);
}

static const struct http_exchange_handlers ask_handlers = { .done = on_asked };

static void ask_begin(struct shipping *s, const struct todo *t)
{
	struct http_ask ask = { .method = HTTP_GET, .body_max_bytes = ANSWER_MAX_BYTES, .total_us = ASK_US, .connect_us = 2000000 };
	char path[128], id[33];
	enum err err;

	s->sent = t->entry.call;
	s->sending = SENDING_ASK;
	id128_print(&s->sent, id);
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/recording?epoch=%" PRIu32, id, t->entry.epoch);
	err = shipping_ask(s, &s->exchange, &ask, path, NULL, &ask_handlers, s);
	if (err)
		sending_failed(s, err);
}

/* ------------------------------------------------------------------ steps */

static uint64_t due_ms(const struct shipping *s, const struct todo *t)
{
	uint64_t rest = s->settings.rest_us ? s->settings.rest_us / 1000 : SHIPPING_REST_MS;
	uint64_t due = t->entry.has_ended ? 0 : t->is_old ? t->known_ms + rest : t->heard_ms + SHIPPING_QUIET_MS;

	return t->next_ms > due ? t->next_ms : due;
}

uint64_t shipping_recordings_step(struct shipping *s)
{
	uint64_t now = shipping_now_ms(s), next = UINT64_MAX;
	const struct todo *first = NULL;

	if (s->sending == SENDING_CUT && s->cutter.is_running && atomic_load(&s->cutter.is_done))
		cut_done(s);
	if (s->sending != SENDING_NONE)
		return UINT64_MAX;
	(void)!shipping_recordings_save(s);
	for (size_t i = 0; i < s->todo_count; i++) {
		uint64_t due = due_ms(s, &s->todos[i]);

		if (due < next) {
			next = due;
			first = &s->todos[i];
		}
	}
	if (!first || next > now)
		return first ? next - now : UINT64_MAX;
	ask_begin(s, first);
	return UINT64_MAX;
}

/* ------------------------------------------------------------------ open, close */

static void spool_look(void *arg, const char *name)
{
	struct shipping *s = arg;
	struct id128 call;
	char id[33], path[DISK_PATH_MAX];

	snprintf(id, sizeof(id), "%.32s", name);
	if (name[0] == '.' || (strlen(id) == 32 && !id128_parse(&call, id) && todo_find(s, &call) && !strstr(name, ".part")))
		return;
	if (!disk_path(path, s->spool, name))
		(void)!disk_unlink(s->settings.disk, path);
}

enum err shipping_recordings_open(struct shipping *s)
{
	struct todo_entry *entries = calloc(SHIPPING_TODO_MAX, sizeof(*entries));
	enum err err;

	s->todos = calloc(SHIPPING_TODO_MAX, sizeof(*s->todos));
	s->piece = malloc(SHIPPING_PIECE_BYTES);
	err = entries && s->todos && s->piece ? todo_load(s->settings.disk, s->dir, entries, &s->todo_count) : ERR_NOMEM;
	if (err == ERR_CORRUPT)
		log_error(&s->log, "which recordings are to be sent up is not known any more: the list is damaged");
	for (size_t i = 0; !err && i < s->todo_count; i++)
		s->todos[i] = (struct todo){ .entry = entries[i], .is_old = true, .known_ms = shipping_now_ms(s), .heard_ms = shipping_now_ms(s) };
	free(entries);
	if (err && err != ERR_NOTFOUND && err != ERR_CORRUPT)
		return err;
	return disk_list(s->settings.disk, s->spool, spool_look, s);
}

void shipping_recordings_close(struct shipping *s)
{
	atomic_store(&s->cutter.stop, true);
	if (s->cutter.is_running)
		pthread_join(s->cutter.thread, NULL);
	s->cutter.is_running = false;
	http_exchange_cancel(&s->exchange);
	disk_close(&s->file);
	(void)!shipping_recordings_save(s);
	free(s->todos);
	free(s->piece);
}
