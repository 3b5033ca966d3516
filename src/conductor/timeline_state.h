/* The insides of the conductor's timeline, for its own files.
 *
 * A `timeline_call` is what is known of a call that somebody writes or looks at: whose it is (house index), how far its epochs came and which
 * document is next (found from the store). Documents of a call are numbered from 0 without holes and never changed:
 *
 *   unknown ──find──► finding (index) ──► seeking (its last document) ──► ready ──(a write whose outcome is not known)──► unknown
 *                         └──────────── no such call, the store is away: whoever waits is told ────────────┘
 *
 * One write at a time a call, in the order they came. Readers are told that there is more and read at their own pace.
 */
#ifndef CONDUCTOR_TIMELINE_STATE_H
#define CONDUCTOR_TIMELINE_STATE_H

#include <stdbool.h>

#include "base/log.h"
#include "conductor/calls_state.h"
#include "conductor/timeline.h"
#include "conductor/timeline_line.h"
#include "conductor/timeline_mask.h"

enum {
	TIMELINE_BUCKETS = 4096,
	TIMELINE_DOCUMENT_BYTES = 128 << 10, /* of lines; one line more may lie behind it */
	TIMELINE_PAGE = 32,                  /* documents a reader gets at once */
	TIMELINE_KEPT_MS = 60000,            /* a call that nobody asks for is forgotten after this */
	TIMELINE_TRIES = 8
};

enum timeline_call_state { CALL_UNKNOWN, CALL_FINDING, CALL_SEEKING, CALL_READY };

struct timeline_stream;
struct timeline_append;

/* Waits for a call to be ready; embedded in whoever does. */
struct timeline_wait {
	struct timeline_wait *next;
	struct timeline_call *call; /* NULL: does not wait */
	void (*ready)(struct timeline_wait *w, enum err err); /* ERR_NOTFOUND: there is no such call */
};

struct timeline_call {
	struct timeline *timeline;
	struct timeline_call *next; /* of its bucket */
	char id[CALL_ID_MAX];
	enum timeline_call_state state;
	struct tenant *tenant;
	char tenant_id[LINE_ID_MAX];
	uint64_t began_ms;
	struct job *job;
	uint64_t documents; /* so many there are */
	uint64_t low, high; /* seeking: low - 1 is there, high is not (UINT64_MAX: nobody knows) */
	uint64_t asked;
	struct line_heads heads;
	struct timeline_wait *waits;
	bool is_telling;
	struct timeline_append *first, *last; /* writes, the first under way */
	struct timeline_stream *streams;
	uint64_t used_ms; /* uv_now */
};

struct timeline {
	struct timeline_settings settings;
	char spool[DISK_PATH_MAX];
	struct timeline_call *buckets[TIMELINE_BUCKETS];
	size_t call_count;
	uv_timer_t tick;
	struct timeline_post *posts;
	unsigned int stream_count;
	struct jobs *disk;          /* pieces of recordings */
	struct timeline_seek *seeks;
	struct timeline_out *outs;  /* recordings being sent whole */
	struct log log;
	bool refusal_told;
};

/* ---- calls (timeline.c) ---- */

/* Of a well-formed id; made when it is not there. NULL: too many, or no memory. */
struct timeline_call *timeline_call_get(struct timeline *t, const char *id);

/* Runs w->ready: at once, when the call is ready. */
void timeline_call_wait(struct timeline_call *c, struct timeline_wait *w);
void timeline_wait_stop(struct timeline_wait *w); /* one that does not wait is fine */

/* What is known of its documents may be wrong: they are looked for again before the next write. */
void timeline_call_doubt(struct timeline_call *c);

void timeline_document_key(const char *id, uint64_t number, char out[DOCUMENT_KEY_MAX]);

/* ---- who asks; replied to when false (timeline.c) ---- */

bool timeline_is_worker(struct timeline *t, struct http_request *r);
/* A person with one of these roles; *tp is then the caller's. */
bool timeline_is_person(struct timeline *t, struct http_request *r, unsigned int roles, struct tenant **tp);
void timeline_unavailable(struct timeline *t, struct http_request *r, enum err err);

/* ---- finding one call for a person or a worker, without keeping it (timeline_seek.c) ---- */

struct timeline_seek {
	struct timeline *timeline;
	struct timeline_seek *previous, *next;
	struct http_request *request;
	struct tenant *tenant; /* a person's; a worker's call gives its own */
	struct job *job;
	char id[CALL_ID_MAX];
	uint64_t began_ms;
	struct call_record record; /* with_record */
	bool with_record;
	void (*found)(struct timeline_seek *s); /* the call is there, and the tenant's */
	void *arg;
	void (*free_arg)(void *arg);
};

/* Takes `tenant` (NULL: whoever's call it is). NULL: replied to. */
struct timeline_seek *timeline_seek_begin(struct timeline *t, struct http_request *r, struct tenant *tenant);
void timeline_seek_start(struct timeline_seek *s); /* 404 and 503 are replied here */
void timeline_seek_free(struct timeline_seek *s);
void timeline_seek_error(struct timeline_seek *s, unsigned int status, const char *code, const char *message); /* replies and frees */
void timeline_seek_failed(struct timeline_seek *s, enum err err); /* 503 */

/* ---- handlers ---- */

void timeline_on_post(struct http_request *r, void *arg);      /* timeline_post.c */
void timeline_posts_close(struct timeline *t);
void timeline_append_go(struct timeline_call *c);              /* the next write, if there is one */

void timeline_on_events(struct http_request *r, void *arg);    /* timeline_stream.c */
void timeline_streams_wake(struct timeline_call *c);
void timeline_streams_tick(struct timeline_call *c);
void timeline_streams_close(struct timeline_call *c);

void timeline_on_recording(struct http_request *r, void *arg); /* timeline_recording.c */
void timeline_on_waveform(struct http_request *r, void *arg);
void timeline_outs_close(struct timeline *t);

void timeline_on_piece(struct http_request *r, void *arg);     /* timeline_upload.c */
void timeline_on_wanted(struct http_request *r, void *arg);
enum err timeline_uploads_open(struct timeline *t) MUST_USE;
void timeline_uploads_close(struct timeline *t);

static inline uint64_t timeline_now_ms(const struct timeline *t)
{
	return uv_now(t->settings.loop);
}

#endif
