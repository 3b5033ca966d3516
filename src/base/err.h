/* Error codes of the whole program.
 *
 * One enum, returned by value; 0 is fine. An error is something the world did; a programming mistake is an assert,
 * and asserts stay on in release builds. Where outside bytes are judged, a detail text goes with the code
 * (`struct err_detail`): what, where, what to do; never a secret, never personal data.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

enum err {
	ERR_NONE = 0,
	ERR_NOMEM,       /* no memory */
	ERR_USAGE,       /* the caller's words are off: a flag, a setting */
	ERR_FORMAT,      /* outside bytes that are not what they should be */
	ERR_TRUNCATED,   /* outside bytes that end too early */
	ERR_CORRUPT,     /* a checksum or a seal does not hold */
	ERR_VERSION,     /* a format this build does not know */
	ERR_LIMIT,       /* a ceiling was reached */
	ERR_NOTFOUND,    /* no such file, call, setting */
	ERR_EXISTS,      /* there already */
	ERR_IO,          /* the disk or the network failed */
	ERR_FULL,        /* the disk is full */
	ERR_DENIED,      /* not permitted (a read-only folder, a foreign key) */
	ERR_CLOSED,      /* the other side is gone */
	ERR_TIMEOUT,     /* a deadline passed */
	ERR_BUSY,        /* come back later */
	ERR_UNAVAILABLE, /* something needed is not there */
	ERR_COUNT
};

/* A short lower-case name ("no memory"), never NULL. */
const char *err_name(enum err err);

/* The err that an errno value stands for. */
enum err err_from_errno(int errnum);

/* Filled where outside bytes are judged; every field ends in NUL, an empty one says nothing. */
struct err_detail {
	char message[240]; /* what is wrong */
	char where[160];   /* file, line, key, offset */
	char hint[240];    /* what to do */
};

#endif
