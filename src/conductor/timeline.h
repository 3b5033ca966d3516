/* The conductor's timeline: what workers tell of calls is kept, people read it from the beginning on and then live; recordings come in and go
 * out (docs/timeline.md).
 *
 *   POST /internal/v1/journal ──► lines, judged, per call ──► one document a batch and call ──► streams of whoever looks
 *   PUT  /internal/v1/calls/:call/recording ──► pieces in `spool` ──► the recording store
 *   GET  /v1/calls/:call/events · recording · waveform ◄── people
 *
 * A line is answered for only when it is durable; what comes again is dropped by (call, epoch, sequence, part). Whose a call is says the
 * house's index (calls_document.c), never a line. Live calls keep a little state in memory (how far each epoch came, which document is next); it
 * is found again from the store. Streams read documents at their reader's pace, so a slow one costs a cursor and no memory.
 * One loop's thread; disks are touched by pools alone. Verifies no tokens itself: `token` gives the verified one, roles and tenant are
 * judged here. Words are masked for whoever may not reveal.
 */
#ifndef CONDUCTOR_TIMELINE_H
#define CONDUCTOR_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/http_server.h"
#include "base/jws.h"
#include "data/documents.h"
#include "data/recordings.h"

struct timeline;

enum {
	TIMELINE_POST_MAX_BYTES = 2 << 20,  /* one request of lines */
	TIMELINE_LINE_MAX_BYTES = 128 << 10,
	TIMELINE_PIECE_MAX_BYTES = 4 << 20, /* of a recording, in one request */
	TIMELINE_IDLE_MS = 15000,           /* a stream without news says so */
	TIMELINE_LOOK_MS = 1000,            /* how often it is looked what a call came to whose outcome waits for a tool */
	TIMELINE_CALLS_MAX = 10000,         /* in memory at a time */
	TIMELINE_STREAMS_MAX = 1000
};

struct timeline_settings {
	uv_loop_t *loop;
	struct documents *documents;   /* borrowed, these four */
	struct recordings *recordings;
	const struct disk *disk;
	const char *spool;             /* recordings that are coming in: DATA/recordings/incoming; made when it is not there, not its parents. Copied */
	const struct jws_token *(*token)(const struct http_request *r); /* bearer_token */
	uint64_t (*now_ms)(void *arg); /* since 1970; NULL: the machine's clock */
	void *arg;
	uint64_t idle_ms;              /* 0: TIMELINE_IDLE_MS */
};

/* ERR_LIMIT: the path is too long; what the disk says of it; ERR_NOMEM. */
enum err timeline_open(struct timeline **tp, const struct timeline_settings *settings, struct err_detail *detail) MUST_USE;

/* ERR_LIMIT as http_server_mount. */
enum err timeline_mount(struct timeline *t, struct http_server *server) MUST_USE;

/* Requests under way get 503, streams are cut. Before the stores; behind http_server_close, which then waits for these answers. Its handles
 * close in the loop's next turns. NULL-safe. */
void timeline_close(struct timeline **tp);

#endif
