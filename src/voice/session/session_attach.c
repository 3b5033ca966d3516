/* Opening a session, taking a call over from its snapshot or on another socket, closing; the socket that is lost, deaf or back.
 * Owns the session's memory. */
#include "voice/session/session_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voice/journal/journal.h"

enum {
	SNAPSHOT_MAX_BYTES = 8 << 20,
	SAID_MAX_BYTES = 1 << 20, /* a piece of a model's words, or a tool's arguments, with their values */
	MAP_MAX_BYTES = 64 << 10,
	DEAF_LATE_US = 200000 /* a wake-up later than this says that we stood still, and perhaps not the line: what came meanwhile is read first */
};

static void slots_init(struct session *s)
{
	unsigned int i;

	s->listening.s = s;
	for (i = 0; i < ASKS_MAX; i++) {
		s->asks[i].s = s;
		buf_init(&s->asks[i].said, SAID_MAX_BYTES);
	}
	for (i = 0; i < VOICES_MAX; i++) {
		s->voices[i].s = s;
		buf_init(&s->voices[i].text, INPUT_TEXT_MAX * 2);
		spoken_init(&s->voices[i].spoken);
	}
	for (i = 0; i < RUNS_MAX; i++)
		s->runs[i].s = s;
}

static enum err session_new(struct session **sp, const struct session_io *io, uint64_t call_started_us)
{
	struct session *s = calloc(1, sizeof(*s));
	enum err err;

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	err = mouth_new(&s->mouth, &session_mouth_events, s);
	if (!err)
		err = masker_new(&s->masker);
	if (!err)
		err = masker_facts(s->masker, io->facts);
	if (err) {
		mouth_free(&s->mouth);
		masker_free(&s->masker);
		free(s);
		return err;
	}
	s->io = *io;
	s->zero_us = call_started_us;
	s->armed_us = UINT64_MAX;
	s->connected = io->media != NULL;
	buf_init(&s->queue, SESSION_QUEUE_BYTES);
	buf_init(&s->record, SNAPSHOT_MAX_BYTES + 4096);
	buf_init(&s->core, SNAPSHOT_MAX_BYTES);
	buf_init(&s->map, MAP_MAX_BYTES);
	buf_init(&s->outcome, INPUT_TEXT_MAX);
	buf_init(&s->said, 2 * INPUT_TEXT_MAX);
	steps_writer_init(&s->steps);
	session_usage_init(s);
	slots_init(s);
	session_log_init(s);
	mouth_media(s->mouth, io->media, io->socket);
	*sp = s;
	return ERR_NONE;
}

static void voicing_fini(struct voicing *v)
{
	buf_fini(&v->text);
	spoken_fini(&v->spoken);
}

static void session_free(struct session *s)
{
	unsigned int i;

	session_adapters_cancel(s);
	session_tools_cancel(s);
	mouth_free(&s->mouth);
	masker_free(&s->masker);
	for (i = 0; i < ASKS_MAX; i++)
		buf_fini(&s->asks[i].said);
	for (i = 0; i < VOICES_MAX; i++)
		voicing_fini(&s->voices[i]);
	steps_writer_fini(&s->steps);
	buf_fini(&s->queue);
	buf_fini(&s->record);
	buf_fini(&s->used);
	buf_fini(&s->core);
	buf_fini(&s->map);
	buf_fini(&s->outcome);
	buf_fini(&s->said);
	free(s->ring);
	session_take_fini(s);
	call_free(s->call);
	free(s);
}

enum err session_open(struct session **sp, const struct session_io *io, const struct call_settings *settings, const struct brief *brief,
	uint64_t call_started_us)
{
	struct session *s;
	enum err err = session_new(&s, io, call_started_us);

	*sp = NULL;
	if (err)
		return err;
	err = call_new(&s->call, settings, brief);
	if (err) {
		log_error(&s->log, "the call cannot be opened", LOG_ERR(err));
		session_free(s);
		return err;
	}
	memcpy(s->language, brief->language, sizeof(s->language));
	masker_language(s->masker, s->language);
	masker_clear(s->masker, brief->clear);
	session_write_start(s, settings, brief);
	session_log_opened(s);
	*sp = s;
	return ERR_NONE;
}

/* ------------------------------------------------------------------ snapshots, and attaching from one */

/* What cannot be taken over as it is now: told once. */
static void snapshot_tell(struct session *s, enum err err)
{
	if (err && !s->snapshot_told)
		log_error(&s->log, "no snapshot could be taken: a worker's death would put the call back", LOG_ERR(err));
	else if (!err && s->snapshot_told)
		log_info(&s->log, "a snapshot could be taken again");
	s->snapshot_told = err != ERR_NONE;
}

void session_snapshot(struct session *s, const struct call_outputs *outputs, uint64_t at_us)
{
	struct record_snapshot r = { .at_us = at_us, .media = s->media, .media_us = s->media_us, .caller_position = s->position,
		.wake_us = s->wake_us, .language = s->language, .language_len = strlen(s->language), .outcome = s->named, .outcome_len = strlen(s->named) };
	enum err err;
	size_t i;

	for (i = 0; i < outputs->count; i++)
		if (outputs->items[i].type == OUT_WAKE)
			r.wake_us = outputs->items[i].number;
	session_write_steps(s);
	buf_reset(&s->core);
	call_save(s->call, &s->core);
	r.core = s->core.data;
	r.core_len = s->core.len;
	buf_reset(&s->map);
	masker_save(s->masker, &s->map);
	r.map = s->map.data;
	r.map_len = s->map.len;
	buf_reset(&s->record);
	record_snapshot_encode(&r, &s->record);
	err = s->core.err ? s->core.err : s->map.err ? s->map.err : s->record.err;
	snapshot_tell(s, err);
	if (err)
		return;
	session_write_snapshot(s);
	if (s->io.snapshot)
		s->io.snapshot(s->io.arg, s->record.data, s->record.len);
	session_write_meters(s);
}

enum err session_first_snapshot(struct buf *out, const struct call_settings *settings, const struct brief *brief, uint64_t media_us)
{
	struct record_snapshot r = { .media = true, .media_us = media_us, .language = brief->language, .language_len = strlen(brief->language) };
	struct buf core;
	struct call *call;
	enum err err = call_new(&call, settings, brief);

	if (err)
		return err;
	buf_init(&core, SNAPSHOT_MAX_BYTES);
	call_save(call, &core);
	call_free(call);
	r.core = core.data;
	r.core_len = core.len;
	if (!core.err)
		record_snapshot_encode(&r, out);
	err = core.err ? core.err : out->err;
	buf_fini(&core);
	return err;
}

static enum err snapshot_load(struct session *s, const void *snapshot, size_t len)
{
	struct record_snapshot r;
	enum err err = record_snapshot_decode(&r, snapshot, len);

	if (!err)
		err = call_load(&s->call, r.core, r.core_len);
	if (!err)
		err = masker_load(s->masker, r.map, r.map_len);
	if (err)
		return err;
	s->media = r.media;
	s->media_us = r.media_us;
	s->position = r.caller_position;
	s->wake_us = r.wake_us;
	(void)record_outcome(r.outcome, r.outcome_len, s->named, sizeof(s->named));
	if (s->io.outcome && *s->io.outcome) /* by the journal, which may know more */
		snprintf(s->named, sizeof(s->named), "%s", s->io.outcome);
	memcpy(s->language, r.language, r.language_len < sizeof(s->language) ? r.language_len : sizeof(s->language) - 1);
	masker_language(s->masker, s->language);
	masker_clear(s->masker, call_get_brief(s->call)->clear);
	session_said_load(s);
	session_take_look(s);
	return ERR_NONE;
}

/* The time of the next sample of the caller's; when the call ended, if that was before. */
static uint64_t caller_next_us(const struct session *s)
{
	uint64_t over_us = session_over_us(s);
	int64_t said_us = (int64_t)(s->io.caller_us - s->zero_us); /* the carrier may have begun a moment before the call's clock */

	if (!s->io.caller_us || said_us > (int64_t)over_us)
		return over_us;
	return said_us > 0 ? (uint64_t)said_us : 0;
}

/* Moves the caller's position to where time is: what came meanwhile is lost. */
static void position_catch_up(struct session *s)
{
	uint64_t to_us = caller_next_us(s), place = s->media && to_us > s->media_us ? (to_us - s->media_us) * CALL_RATE_HZ / 1000000 : 0;

	if (place > s->position) {
		session_write_gap(s, place - s->position, GAP_WORKER);
		session_past_skip(s, place - s->position);
	}
	if (!s->io.past)
		s->ring_from = s->position;
}

static void go_on(struct session *s, const char *message, uint64_t missed_samples)
{
	s->log.doing = "talking with the caller";
	session_log_attached(s, message, missed_samples);
	session_input(s, IN_ATTACHED);
	session_feed(s);
	if (call_ended(s->call))
		session_end(s, call_end_reason(s->call));
	session_settle(s);
}

/* It counts as heard now. */
static void heard_at(struct session *s, uint64_t now_us)
{
	s->heard_us = now_us;
	s->look_us = 0;
}

static void attached(struct session *s, const char *message)
{
	uint64_t from = s->position;

	heard_at(s, session_now(s));
	position_catch_up(s);
	go_on(s, message, s->position - from);
}

enum err session_attach(struct session **sp, const struct session_io *io, const void *snapshot, size_t len, uint64_t call_started_us)
{
	struct session *s;
	enum err err = session_new(&s, io, call_started_us);

	*sp = NULL;
	if (err)
		return err;
	s->log.doing = "taking the call over";
	err = snapshot_load(s, snapshot, len);
	if (err) {
		log_error(&s->log, "the snapshot does not load: the call cannot be taken over", LOG_ERR(err), LOG_UINT("bytes", len));
		session_free(s);
		return err;
	}
	s->told_end_us = io->carrier_ended_us ? io->carrier_ended_us - call_started_us : 0;
	session_write_attach(s, snapshot, len);
	if (io->past)
		session_past_put(s, io->past, io->past_samples);
	attached(s, "the call is taken over");
	s->io.caller_us = 0;
	s->io.past = NULL;
	s->io.outcome = NULL;
	if (s->told_end_us)
		session_tell(s, IN_HANGUP);
	*sp = s;
	return ERR_NONE;
}

/* ------------------------------------------------------------------ closing */

void session_close(struct session **sp)
{
	struct session *s = *sp;

	if (s && (s->state == LIVE || s->state == LINGER)) {
		session_adapters_cancel(s); /* what they were used for is written here, by nobody else */
		session_write_waiting(s);
		log_info(&s->log, "the call is left to another worker", LOG_UINT("at_ms", session_now(s) / 1000));
	}
	session_drop(sp);
}

void session_drop(struct session **sp)
{
	struct session *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	s->io.journal = NULL;
	session_free(s);
}

/* ------------------------------------------------------------------ media */

static void media_there(struct session *s, const struct media *media, void *socket)
{
	s->io.media = media;
	s->io.socket = socket;
	s->connected = true;
	s->deaf = false;
	s->lost_us = 0;
	mouth_media(s->mouth, media, socket);
}

void session_set_media(struct session *s, const struct media *media, void *socket)
{
	if (s->state != LIVE)
		return;
	media_there(s, media, socket);
}

void session_start(struct session *s)
{
	s->log.doing = "talking with the caller";
	heard_at(s, session_now(s));
	if (!s->media) {
		s->media = true;
		s->media_us = caller_next_us(s);
		session_write_played(s, PLAYED_STARTED, NULL);
		log_info(&s->log, "the call has begun", LOG_UINT("at_ms", s->media_us / 1000));
	}
	s->io.caller_us = 0; /* it was for the first sample */
	session_tell(s, IN_START);
}

bool session_awaits_start(const struct session *s)
{
	return s->state == LIVE && !call_ended(s->call) && !call_started(s->call);
}

static void media_gone(struct session *s, uint64_t since_us, const char *message)
{
	s->connected = false;
	s->lost_us = since_us;
	mouth_media(s->mouth, NULL, NULL);
	s->log.doing = "waiting for the media to come back";
	log_warn(&s->log, message, LOG_UINT("at_ms", since_us / 1000));
}

void session_media_lost(struct session *s)
{
	if (s->state != LIVE || (!s->connected && !s->deaf))
		return;
	session_write_played(s, PLAYED_CLEARED, NULL); /* what the socket had queued is gone with it */
	if (s->deaf) {
		s->deaf = false; /* the core knows; the socket is no longer to be told of anything */
		return;
	}
	media_gone(s, session_now(s), "the media is lost");
	session_tell(s, IN_MEDIA_LOST);
}

void session_media_back(struct session *s, const struct media *media, void *socket)
{
	if (s->state != LIVE)
		return;
	session_adapters_cancel(s);
	media_there(s, media, socket);
	session_write_played(s, PLAYED_CLEARED, NULL); /* so is what the old socket had queued, if we did not hear that it was lost */
	attached(s, "the media is back");
}

/* ------------------------------------------------------------------ a socket that dies without closing */

uint64_t session_deaf_us(const struct session *s)
{
	if (s->state != LIVE || !s->media || !s->connected || s->sabotage == SESSION_GUARD_N6)
		return UINT64_MAX;
	return s->look_us ? s->look_us : s->heard_us + SESSION_DEAF_US;
}

/* Whoever comes late looks a second time, when what was waiting has been read; a second look counts however late it is, so that a loop
 * that is always late finds a dead line, too. What the socket has queued may still be played, and its marks come back: nothing is
 * cleared before it is heard again. */
void session_deaf_check(struct session *s, uint64_t now_us)
{
	uint64_t deaf_us = session_deaf_us(s);

	if (now_us < deaf_us)
		return;
	if (!s->look_us && now_us - deaf_us > DEAF_LATE_US) {
		s->look_us = now_us + DEAF_LATE_US;
		return;
	}
	s->deaf = true;
	media_gone(s, s->heard_us ? s->heard_us : 1, "nothing comes from the carrier: the media is taken for lost");
	session_tell(s, IN_MEDIA_LOST);
}

/* Its queue is the old one still: what is in it is made anew, with another take. */
void session_heard(struct session *s, uint64_t now_us)
{
	uint64_t away_us = now_us - s->lost_us;

	heard_at(s, now_us);
	if (!s->deaf || s->busy)
		return;
	session_adapters_cancel(s);
	media_there(s, s->io.media, s->io.socket);
	s->io.media->clear(s->io.socket);
	session_write_played(s, PLAYED_CLEARED, NULL);
	go_on(s, "the media is heard again", away_us * CALL_RATE_HZ / 1000000);
}
