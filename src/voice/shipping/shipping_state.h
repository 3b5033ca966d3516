/* The insides of shipping, for its own files. All of it belongs to shipping's thread, but what stands behind `lock`.
 *
 *   shipping.c             the thread: its loop, the ship's steps, open and close
 *   shipping_lines.c       the ship's sink: records to lines, lines to the conductor
 *   shipping_recordings.c  calls whose recording is to be sent up: asked about, cut (a thread each), sent up
 *   shipping_todo.c        the same calls on the disk
 */
#ifndef VOICE_SHIPPING_STATE_H
#define VOICE_SHIPPING_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "base/buf.h"
#include "base/http_client.h"
#include "base/jws.h"
#include "base/log.h"
#include "voice/recording/cutting.h"
#include "voice/shipping/ship.h"
#include "voice/shipping/shipping.h"
#include "voice/shipping/timeline.h"

enum {
	SHIPPING_TEXT_MAX = 512,
	SHIPPING_WORKER_MAX = 64,
	SHIPPING_GATHER_MS = 100,         /* between two requests with lines, at least */
	SHIPPING_BATCH_BYTES = 256 << 10,
	SHIPPING_POST_BYTES = 1 << 20,    /* of lines in one request */
	SHIPPING_OUTBOX_BYTES = 24 << 20, /* a batch's lines, however much is escaped in them */
	SHIPPING_POST_MS = 12000,
	SHIPPING_TOKEN_S = 120,
	SHIPPING_CALLS = 4096,            /* whose lines are under way at once */
	SHIPPING_PIECE_BYTES = 1 << 20,   /* of a recording */
	SHIPPING_TODO_MAX = 4096,
	SHIPPING_QUIET_MS = 60000,        /* a call without a record for so long may be over elsewhere */
	SHIPPING_REST_MS = 20000,
	SHIPPING_DAYS_MAX = 2             /* then a call that never ends is no longer asked about */
};

/* ---- calls whose recording is to be sent up ---- */

/* As it lies on the disk. */
struct todo_entry {
	struct id128 call, tenant;
	uint32_t epoch;         /* the last that this worker had */
	bool has_ended;         /* here: its END is durable */
	uint64_t order;         /* the journal's file that its first record lies in */
	uint64_t began_wall_us;
};

enum err todo_save(const struct disk *d, const char *dir, const struct todo_entry *entries, size_t count) MUST_USE;
/* Up to SHIPPING_TODO_MAX. ERR_NOTFOUND: there is none; ERR_CORRUPT. */
enum err todo_load(const struct disk *d, const char *dir, struct todo_entry *entries, size_t *count) MUST_USE;

struct todo {
	struct todo_entry entry;
	bool is_old;            /* of an earlier life */
	uint64_t heard_ms;      /* its last record */
	uint64_t next_ms;       /* not before */
	uint64_t known_ms;      /* since when it is here */
	unsigned int failures;
};

enum sending { SENDING_NONE, SENDING_ASK, SENDING_CUT, SENDING_TRACKS, SENDING_WAVEFORM };

/* The cutter's thread, one at a time. */
struct cutter_thread {
	pthread_t thread;
	bool is_running;
	atomic_bool stop, is_done;
	uv_async_t *wake;
	struct cutting cutting;
	struct cut cut;
	enum err err;
	char tracks[DISK_PATH_MAX], waveform[DISK_PATH_MAX];
};

/* ---- lines ---- */

struct told_call {
	struct id128 call;
	uint32_t epoch;
	uint64_t sequence; /* lines were made up to this record */
	uint64_t used;
	struct call_lines lines;
};

struct shipping {
	struct shipping_settings settings;
	char dir[DISK_PATH_MAX], journals[DISK_PATH_MAX], master[DISK_PATH_MAX], spool[DISK_PATH_MAX], ca_file[DISK_PATH_MAX];
	char url[SHIPPING_TEXT_MAX], worker[SHIPPING_WORKER_MAX];
	pthread_t thread;
	uv_loop_t loop;
	uv_async_t wake;
	uv_timer_t timer;
	struct ship *ship;
	struct http_client *client;
	struct buf bearer;
	int64_t bearer_s;
	struct log log;
	struct journal_position seen; /* the limit that the ship knows */
	bool is_over;

	/* lines */
	struct http_exchange *post;
	uint64_t batch;         /* out; 0: none */
	bool batch_begins;      /* it is still to be posted, or acknowledged when it has no lines */
	struct buf outbox;      /* made and not acknowledged */
	size_t posted;          /* so much of it is on its way */
	uint64_t posted_ms;
	struct told_call *calls; /* an open-addressed table */
	uint64_t uses;
	struct id128 key_id;
	uint8_t key[JOURNAL_KEY_BYTES];
	uint8_t *clear;
	size_t clear_cap;

	/* recordings */
	struct todo *todos;
	size_t todo_count;
	bool todo_dirty;        /* what is in memory is not on the disk */
	enum sending sending;
	struct id128 sent;      /* whose */
	struct http_exchange *exchange;
	struct cutter_thread cutter;
	struct disk_file *file;
	uint64_t offset;        /* of the piece under way */
	size_t piece_len;
	unsigned int restarts;
	uint8_t *piece;

	pthread_mutex_t lock;
	struct journal_position limit;
	bool is_closing;
	uint64_t close_ms;      /* on the thread's clock: when to give up */
	struct shipping_counts counts;
	uint64_t refused;       /* from here on the thread's own */
	uint64_t lines, failures, recordings;
};

static inline uint64_t shipping_now_ms(const struct shipping *s)
{
	return uv_now(&s->loop);
}

/* Starts an exchange with a token; `path` begins with '/'. */
enum err shipping_ask(struct shipping *s, struct http_exchange **xp, struct http_ask *ask, const char *path, const char *type,
	const struct http_exchange_handlers *handlers, void *arg) MUST_USE;
void shipping_refused(struct shipping *s, unsigned int status); /* 401: the next one signs anew */

/* Something may be done now: at the latest in `ms`. */
void shipping_soon(struct shipping *s, uint64_t ms);

/* ---- shipping_lines.c ---- */

extern const struct ship_sink shipping_sink;
enum err shipping_lines_open(struct shipping *s) MUST_USE;
void shipping_lines_close(struct shipping *s);
/* Posts what was made of the batch that is out; in how many ms to come again. */
uint64_t shipping_lines_step(struct shipping *s);

/* ---- shipping_recordings.c ---- */

enum err shipping_recordings_open(struct shipping *s) MUST_USE;
void shipping_recordings_close(struct shipping *s);
/* A record of a call: it began, it goes on, it ended. */
enum err shipping_recordings_note(struct shipping *s, const struct journal_header *h, uint64_t order, const void *payload, size_t len) MUST_USE;
/* What was noted is on the disk. */
enum err shipping_recordings_save(struct shipping *s) MUST_USE;
/* Does what can be done now; in how many ms to come again. */
uint64_t shipping_recordings_step(struct shipping *s);
/* The first file of the journal that is still to be cut from. */
uint64_t shipping_recordings_keep(const struct shipping *s);
/* How many calls that ended here are not sent up. */
size_t shipping_recordings_waiting(const struct shipping *s);

#endif
