/* Recordings on their way out: the sound of a call (FLAC, whole, or one range of it) and its waveform.
 *
 *   without Range   200, in pieces, at the reader's pace
 *   one range       206, at most RANGE_BYTES of it: the reader asks for what follows; none of it there: 416
 *
 * Other kinds of Range are not looked at (RFC 9110, 14.2). The sound is what was truly said: it takes the role `reveal`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/roles.h"
#include "conductor/timeline_state.h"

enum { PIECE_BYTES = 256 << 10, RANGE_BYTES = 1 << 20, WAVEFORM_MAX_BYTES = 1 << 20 };

/* A reader of a whole recording. */
struct timeline_out {
	struct timeline *timeline;
	struct tenant *tenant;
	struct recording_name name;
	struct http_stream *http;
	struct job *job;
	struct timeline_out *previous, *next;
	uint64_t at, bytes;
	uint8_t *held;   /* a piece that the reader did not take yet */
	size_t held_len;
};

struct asked {
	struct recording_name name;
	bool has_range;
	bool is_suffix;      /* the last `from` bytes */
	uint64_t from, to;   /* to: included; UINT64_MAX: to the end */
};

/* ------------------------------------------------------------------ Range */

static bool digits_take(const char **at, uint64_t *value)
{
	const char *from = *at;

	for (*value = 0; **at >= '0' && **at <= '9' && *at - from < 18; (*at)++)
		*value = *value * 10 + (uint64_t)(**at - '0');
	return *at > from;
}

/* "bytes=A-", "bytes=A-B", "bytes=-N". Anything else is no range of ours: the whole is sent. */
static void range_read(struct asked *a, const char *text)
{
	bool has_from;

	if (!text || strncmp(text, "bytes=", 6) != 0)
		return;
	text += 6;
	has_from = digits_take(&text, &a->from);
	if (*text++ != '-')
		return;
	a->to = UINT64_MAX;
	if (!has_from) {
		a->is_suffix = true;
		a->has_range = digits_take(&text, &a->from) && !*text;
	} else if (!*text) {
		a->has_range = true;
	} else {
		a->has_range = digits_take(&text, &a->to) && !*text && a->to >= a->from;
	}
}

/* ------------------------------------------------------------------ the whole */

static const char type_flac[] = "audio/flac";

static void out_free(struct timeline_out *o)
{
	if (o->previous)
		o->previous->next = o->next;
	else
		o->timeline->outs = o->next;
	if (o->next)
		o->next->previous = o->previous;
	job_cancel(&o->job);
	tenant_drop(&o->tenant);
	free(o->held);
	free(o);
}

static void out_gone(struct http_stream *http, void *arg)
{
	(void)http;
	out_free(arg);
}

static void out_cut(struct timeline_out *o)
{
	http_stream_cut(o->http);
	out_free(o);
}

static void out_go(struct timeline_out *o);

static void on_piece(void *arg, enum err err, const struct recording_range *range)
{
	struct timeline_out *o = arg;

	if (!err && !range->len)
		err = ERR_TRUNCATED;
	if (!err) {
		o->held = malloc(range->len);
		err = o->held ? ERR_NONE : ERR_NOMEM;
	}
	if (err) {
		out_cut(o);
		return;
	}
	memcpy(o->held, range->data, range->len);
	o->held_len = range->len;
	out_go(o);
}

/* False: it is over, or must wait. */
static bool held_give(struct timeline_out *o)
{
	enum err err = o->held ? http_stream_write(o->http, o->held, o->held_len) : ERR_NONE;

	if (err == ERR_LIMIT || err == ERR_CLOSED)
		return false;
	if (err) {
		out_cut(o);
		return false;
	}
	o->at += o->held_len;
	free(o->held);
	o->held = NULL;
	o->held_len = 0;
	return true;
}

static void out_go(struct timeline_out *o)
{
	uint64_t left;

	if (o->job || !held_give(o))
		return;
	left = o->bytes - o->at;
	if (!left) {
		http_stream_end(o->http);
		out_free(o);
	} else if (recordings_read(o->timeline->settings.recordings, &o->job, o->tenant, &o->name, o->at, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES,
			   on_piece, o)) {
		out_cut(o);
	}
}

static void out_drained(struct http_stream *http, void *arg)
{
	(void)http;
	out_go(arg);
}

static const struct http_stream_handlers out_handlers = { .drained = out_drained, .gone = out_gone };

static void out_begin(struct timeline_seek *s, uint64_t bytes)
{
	static const struct http_header headers[] = { { "Content-Type", type_flac }, { "Accept-Ranges", "bytes" }, { "Cache-Control", "private, no-store" },
		{ NULL, NULL } };
	const struct asked *a = s->arg;
	struct timeline_out *o = calloc(1, sizeof(*o));
	struct http_request *r = s->request;

	if (!o) {
		timeline_seek_failed(s, ERR_NOMEM);
		return;
	}
	o->timeline = s->timeline;
	o->tenant = tenant_share(s->tenant);
	o->name = a->name;
	o->bytes = bytes;
	o->next = o->timeline->outs;
	if (o->next)
		o->next->previous = o;
	o->timeline->outs = o;
	timeline_seek_free(s);
	o->http = http_stream_open(r, 200, headers, &out_handlers, o);
	if (!o->http)
		out_free(o);
	else
		out_go(o);
}

void timeline_outs_close(struct timeline *t)
{
	while (t->outs)
		out_cut(t->outs);
}

/* ------------------------------------------------------------------ a range */

static void on_range(void *arg, enum err err, const struct recording_range *range)
{
	struct timeline_seek *s = arg;
	const struct asked *a = s->arg;
	char said[80];
	const struct http_header headers[] = { { "Content-Type", type_flac }, { "Accept-Ranges", "bytes" }, { "Content-Range", said },
		{ "Cache-Control", "private, no-store" }, { NULL, NULL } };

	if (err || !range->len) {
		timeline_seek_failed(s, err ? err : ERR_TRUNCATED);
		return;
	}
	snprintf(said, sizeof(said), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, a->from, a->from + range->len - 1, range->bytes);
	http_reply(s->request, 206, headers, range->data, range->len);
	timeline_seek_free(s);
}

static void range_unfit(struct timeline_seek *s, uint64_t bytes)
{
	char said[40];
	const struct http_header headers[] = { { "Content-Range", said }, { NULL, NULL } };

	snprintf(said, sizeof(said), "bytes */%" PRIu64, bytes);
	http_reply(s->request, 416, headers, NULL, 0);
	timeline_seek_free(s);
}

static void range_begin(struct timeline_seek *s, uint64_t bytes)
{
	struct asked *a = s->arg;
	uint64_t len;
	enum err err;

	if (a->is_suffix) {
		len = a->from;
		a->from = len < bytes ? bytes - len : 0;
		if (!len)
			a->from = bytes;
	}
	if (a->from >= bytes) {
		range_unfit(s, bytes);
		return;
	}
	len = (a->to < bytes ? a->to : bytes - 1) - a->from + 1;
	err = recordings_read(s->timeline->settings.recordings, &s->job, s->tenant, &a->name, a->from, len < RANGE_BYTES ? (size_t)len : RANGE_BYTES, on_range,
		s);
	if (err)
		timeline_seek_failed(s, err);
}

/* ------------------------------------------------------------------ the requests */

static void no_recording(struct timeline_seek *s, enum err err)
{
	if (err == ERR_NOTFOUND)
		timeline_seek_error(s, 404, "not_found", "There is no recording of this call (yet).");
	else
		timeline_seek_failed(s, err);
}

static void on_size(void *arg, enum err err, const struct recording_range *range)
{
	struct timeline_seek *s = arg;
	const struct asked *a = s->arg;

	if (err)
		no_recording(s, err);
	else if (a->has_range)
		range_begin(s, range->bytes);
	else
		out_begin(s, range->bytes);
}

static void on_waveform(void *arg, enum err err, const struct recording_range *range)
{
	struct timeline_seek *s = arg;

	if (!err && range->len < range->bytes)
		err = ERR_LIMIT;
	if (err) {
		no_recording(s, err);
		return;
	}
	http_reply_as(s->request, 200, "application/json", range->data, range->len);
	timeline_seek_free(s);
}

static void on_found(struct timeline_seek *s)
{
	struct asked *a = s->arg;
	bool is_sound = a->name.part == RECORDING_TRACKS;
	enum err err;

	(void)!sodium_hex2bin(a->name.call, sizeof(a->name.call), s->id, 2 * sizeof(a->name.call), NULL, NULL, NULL);
	err = recordings_read(s->timeline->settings.recordings, &s->job, s->tenant, &a->name, 0, is_sound ? 0 : WAVEFORM_MAX_BYTES,
		is_sound ? on_size : on_waveform, s);
	if (err)
		timeline_seek_failed(s, err);
}

static void begin(struct timeline *t, struct http_request *r, enum recording_part part)
{
	struct tenant *tenant;
	struct timeline_seek *s;
	struct asked *a;

	if (!timeline_is_person(t, r, part == RECORDING_TRACKS ? ROLE_REVEAL : ROLE_VIEWER, &tenant))
		return;
	s = timeline_seek_begin(t, r, tenant);
	a = s ? calloc(1, sizeof(*a)) : NULL;
	if (!s)
		return;
	if (!a) {
		timeline_seek_failed(s, ERR_NOMEM);
		return;
	}
	a->name.part = part;
	if (part == RECORDING_TRACKS)
		range_read(a, http_header(r, "Range"));
	s->arg = a;
	s->free_arg = free;
	s->found = on_found;
	timeline_seek_start(s);
}

void timeline_on_recording(struct http_request *r, void *arg)
{
	begin(arg, r, RECORDING_TRACKS);
}

void timeline_on_waveform(struct http_request *r, void *arg)
{
	begin(arg, r, RECORDING_WAVEFORM);
}
