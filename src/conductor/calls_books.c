/* Rule-books as they lie on the disk, and as calls are pinned to them: read once, held by hash, the longest unused goes. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conductor/calls_state.h"

static const struct log log_here = { .plane = "conductor", .doing = "reading a rule-book" };

void book_key(const char *hash, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, "rulebook/%s", hash);
}

static struct call_book *held(struct calls *c, const char *hash)
{
	for (size_t i = 0; i < CALL_BOOKS_MAX; i++) {
		struct call_book *b = &c->books[i];

		if (!b->book || strcmp(rulebook_hash(b->book), hash) != 0)
			continue;
		b->used = ++c->book_uses;
		return b;
	}
	return NULL;
}

struct rulebook *book_held(struct calls *c, const char *hash)
{
	struct call_book *b = held(c, hash);

	return b ? b->book : NULL;
}

/* Takes the book, and the bytes out of `bytes`. */
static struct call_book *keep(struct calls *c, struct rulebook *book, struct buf *bytes)
{
	struct call_book *b = held(c, rulebook_hash(book));

	if (b) {
		rulebook_free(book);
		return b;
	}
	b = c->books;
	for (size_t i = 1; i < CALL_BOOKS_MAX; i++)
		if (c->books[i].used < b->used)
			b = &c->books[i];
	rulebook_free(b->book);
	buf_fini(&b->bytes);
	b->book = book;
	b->bytes = *bytes;
	b->used = ++c->book_uses;
	buf_init(bytes, RULEBOOK_MAX_BYTES);
	return b;
}

static enum err load(struct rulebook **bp, const char *name, const struct buf *bytes, struct err_detail *detail)
{
	struct rulebook_report *report = calloc(1, sizeof(*report));
	enum err err = report ? rulebook_load(bp, name, bytes->data, bytes->len, report) : ERR_NOMEM;

	if (err && report && report->count && detail)
		snprintf(detail->message, sizeof(detail->message), "line %u: %s", report->mistakes[0].line, report->mistakes[0].why);
	free(report);
	return err;
}

enum err book_bytes(struct calls *c, const char *name, struct buf *bytes, struct err_detail *detail)
{
	char path[RULEBOOK_PATH_MAX];
	struct err_detail found = { .message = "" };
	enum err err;

	if (!route_rulebook_ok(name))
		return ERR_NOTFOUND;
	err = rulebook_find(name, c->settings.rulebooks_dir, path, &found);
	if (!err)
		err = rulebook_read(path, bytes, &found);
	if (err)
		log_info(&log_here, "a rule-book cannot be had", LOG_ERR(err), LOG_TEXT("rulebook", name), LOG_TEXT("why", found.message), LOG_TEXT("where", found.where),
			LOG_TEXT("hint", found.hint));
	if (err && detail)
		snprintf(detail->message, sizeof(detail->message), "%s", found.message);
	return err;
}

/* The one that was read from these bytes before. */
static struct call_book *held_bytes(struct calls *c, const struct buf *bytes)
{
	char hash[RULEBOOK_HASH_BYTES];
	uint8_t raw[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(raw, bytes->len ? bytes->data : (const uint8_t *)"", bytes->len);
	sodium_bin2hex(hash, sizeof(hash), raw, sizeof(raw));
	return held(c, hash);
}

enum err book_current(struct calls *c, const char *name, struct call_book **bp, struct err_detail *detail)
{
	struct rulebook *book = NULL;
	struct buf bytes;
	enum err err;

	buf_init(&bytes, 2 * RULEBOOK_MAX_BYTES);
	err = book_bytes(c, name, &bytes, detail);
	*bp = err ? NULL : held_bytes(c, &bytes);
	if (!err && !*bp)
		err = load(&book, name, &bytes, detail);
	if (book)
		*bp = keep(c, book, &bytes);
	buf_fini(&bytes);
	return err;
}

bool book_is_gone(enum err err)
{
	return err == ERR_NOTFOUND || err == ERR_CORRUPT || err == ERR_FORMAT || err == ERR_LIMIT;
}

enum err book_learn(struct calls *c, const void *data, size_t len, const char *hash, struct rulebook **bp)
{
	struct rulebook *book = NULL;
	struct buf bytes;
	enum err err;

	buf_init(&bytes, RULEBOOK_MAX_BYTES);
	buf_append(&bytes, data, len);
	err = bytes.err ? bytes.err : load(&book, "pinned", &bytes, NULL);
	if (!err && strcmp(rulebook_hash(book), hash) != 0) {
		rulebook_free(book);
		err = ERR_CORRUPT;
	}
	if (!err)
		*bp = keep(c, book, &bytes)->book;
	buf_fini(&bytes);
	return err;
}
