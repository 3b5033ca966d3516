/* The bytes of a journal: file header, record header, seal. docs/journal.md draws them.
 *
 * All numbers are little endian. Pure functions over borrowed bytes; any thread. A reader of outside bytes starts here, so
 * nothing in this file asserts on what it reads. Layouts never change: a new one gets the next format version.
 */
#ifndef VOICE_JOURNAL_FORMAT_H
#define VOICE_JOURNAL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A tenant, a call or a key. */
struct id128 {
	uint8_t bytes[16];
};

bool id128_equal(const struct id128 *a, const struct id128 *b);
bool id128_is_zero(const struct id128 *id);
void id128_print(const struct id128 *id, char out[33]); /* 32 lower-case hex digits and a NUL */
enum err id128_parse(struct id128 *id, const char *text) MUST_USE; /* 32 hex digits; dashes are skipped */

enum {
	JOURNAL_VERSION = 1,
	JOURNAL_FILE_HEADER_BYTES = 128,
	JOURNAL_RECORD_HEADER_BYTES = 100,
	JOURNAL_SEAL_BYTES = 16, /* what sealing adds to a payload */
	JOURNAL_KEY_BYTES = 32,
	JOURNAL_PAYLOAD_MAX_BYTES = 1 << 20,
	JOURNAL_RECORD_MAX_BYTES = JOURNAL_RECORD_HEADER_BYTES + JOURNAL_PAYLOAD_MAX_BYTES + JOURNAL_SEAL_BYTES
};

/* Numbers are for ever; a kind this build does not know is carried along as an event. */
enum journal_kind {
	JOURNAL_MARK = 0, /* of the journal itself: the end of a file that was closed properly; no call */
	JOURNAL_START = 1,
	JOURNAL_INPUTS = 2,
	JOURNAL_OUTPUTS = 3,
	JOURNAL_AUDIO_CALLER = 4,
	JOURNAL_AUDIO_AGENT = 5,
	JOURNAL_PLAYED = 6,
	JOURNAL_EVENT = 7, /* for the timeline */
	JOURNAL_SNAPSHOT = 8,
	JOURNAL_METER = 9,
	JOURNAL_GAP = 10, /* made by the journal itself: what is missing and why (struct journal_gap) */
	JOURNAL_END = 11,
	JOURNAL_ATTACH = 12
};

/* Events go to the reserve when the disk is full; audio is what is given up first. */
enum journal_class { JOURNAL_CLASS_EVENT, JOURNAL_CLASS_AUDIO };

struct journal_kind_info {
	enum journal_kind kind;
	const char *name; /* "audio_caller" */
	enum journal_class class;
};

extern const struct journal_kind_info journal_kinds[]; /* ends with a NULL name */

enum journal_class journal_kind_class(uint8_t kind);
const char *journal_kind_name(uint8_t kind); /* "unknown" for one this build does not know */
const struct journal_kind_info *journal_kind_find(const char *name);

/* What a file of a journal is for. */
enum journal_role {
	JOURNAL_ROLE_UNUSED = 0,  /* preallocated and still all zero */
	JOURNAL_ROLE_SEGMENT = 1,
	JOURNAL_ROLE_RESERVE = 2, /* events while the disk was full */
	JOURNAL_ROLE_RING = 3,    /* audio while the disk was full; its oldest is written over */
	JOURNAL_ROLE_EXPORT = 4   /* one call, clear payloads */
};

struct journal_file_header {
	enum journal_role role;
	bool after_full;          /* the first segment after a full disk: audio before it may be missing */
	uint64_t order;           /* files are read in this order; from 1 on, never used twice in a folder */
	uint64_t previous;        /* order of the file written before; 0: this is the first ever */
	uint64_t opened_us;       /* worker's monotonic time */
	uint64_t opened_wall_us;  /* the same moment since 1970 */
	struct id128 writer;      /* random, one for each opening of the journal */
	uint64_t replaces_order;  /* its unsynced end (from replaces_offset on) is written again here; 0: nothing is */
	uint64_t replaces_offset;
	uint64_t rewritten_bytes; /* records up to this many bytes behind the header may be seen twice */
	uint64_t capacity_bytes;  /* reserve and ring: size of the whole file */
	uint64_t previous_bytes;  /* so much of the file written before was durable by then; 0: not known */
	uint64_t previous_size;   /* ... and so long it was, with what was torn at its end: it is never written again; 0: not known */
};

void journal_file_header_encode(uint8_t out[JOURNAL_FILE_HEADER_BYTES], const struct journal_file_header *h);

/* ERR_NONE (role UNUSED when all is zero), ERR_FORMAT (no journal file), ERR_VERSION, ERR_CORRUPT, ERR_TRUNCATED. */
enum err journal_file_header_decode(struct journal_file_header *h, const uint8_t *data, size_t len) MUST_USE;

struct journal_header {
	uint8_t kind;
	bool first;           /* of its batch */
	uint32_t epoch;
	uint32_t batch;       /* records of one batch became durable together; rises within a file */
	uint64_t sequence;    /* from 1 on, without holes, per call and epoch */
	uint64_t time_us;     /* worker's monotonic time */
	uint64_t wall_us;     /* since 1970 */
	struct id128 tenant;
	struct id128 call;
	struct id128 key;     /* all zero: the payload is clear */
	uint32_t payload_len; /* as stored: sealed length when sealed */
};

/* A record as it lies in memory; everything borrowed. */
struct journal_record {
	struct journal_header header;
	const uint8_t *raw;     /* header and payload as stored */
	size_t raw_len;
	const uint8_t *payload; /* as stored: sealed or clear */
};

/* Writes header and payload to `out` (room for header + len + seal) and returns the length. With `key` the payload is
 * sealed, its nonce made of epoch and sequence: the same three must never come twice. h->payload_len is set here. `payload`
 * must not overlap `out`. */
size_t journal_record_encode(uint8_t *out, struct journal_header *h, const void *payload, size_t len,
	const uint8_t key[JOURNAL_KEY_BYTES]);

/* Judges the record at the start of these bytes. ERR_NONE; ERR_TRUNCATED: more bytes are needed (their header is right);
 * ERR_FORMAT: no record starts here; ERR_VERSION; ERR_CORRUPT: the header is right and the payload is not. With TRUNCATED
 * and CORRUPT the header and raw_len are filled. */
enum err journal_record_decode(struct journal_record *r, const uint8_t *data, size_t len) MUST_USE;

/* Length and kind of a record that this process encoded itself: judges nothing. */
size_t journal_record_stride(const uint8_t *raw, uint8_t *kind);

/* Opens a sealed payload into `out` (payload_len - seal bytes), or copies a clear one. ERR_CORRUPT when the seal does not
 * hold; ERR_LIMIT when `cap` is too small. */
enum err journal_record_open(const struct journal_record *r, const uint8_t key[JOURNAL_KEY_BYTES], uint8_t *out, size_t cap,
	size_t *len) MUST_USE;

/* The offset of the next place where a record may begin, from `from` on; `len` when there is none. */
size_t journal_record_search(const uint8_t *data, size_t len, size_t from);

/* What a GAP record says. */
enum journal_gap_why {
	JOURNAL_GAP_MEMORY = 1, /* refused: too much was waiting for the disk; no sequences were used */
	JOURNAL_GAP_RING = 2,   /* disk full: this audio lies in the ring alone, and is missing where the ring came round */
	JOURNAL_GAP_LOST = 3,   /* disk full: this audio was given up */
	JOURNAL_GAP_STOPPED = 4 /* refused: nothing can be written; no sequences were used */
};

struct journal_gap {
	enum journal_gap_why why;
	uint64_t first_sequence, last_sequence; /* audio among these; both 0: no sequences were used */
	uint64_t first_us, last_us;             /* both included, worker's monotonic time */
	uint64_t records, bytes;                /* of payload */
	uint64_t kinds;                         /* one bit a kind */
};

enum { JOURNAL_GAP_MAX_BYTES = 96 };

size_t journal_gap_encode(uint8_t out[JOURNAL_GAP_MAX_BYTES], const struct journal_gap *g);
enum err journal_gap_decode(struct journal_gap *g, const void *data, size_t len) MUST_USE;
const char *journal_gap_why_name(enum journal_gap_why why);

/* Little-endian numbers, and the checksum (the low half of XXH3-64). */
void put_le32(uint8_t *at, uint32_t value);
void put_le64(uint8_t *at, uint64_t value);
uint32_t get_le32(const uint8_t *at);
uint64_t get_le64(const uint8_t *at);
uint32_t journal_checksum(const void *data, size_t len);

/* Nothing but zeros, as room that was allocated ahead. */
bool journal_is_blank(const uint8_t *data, size_t len);

#endif
