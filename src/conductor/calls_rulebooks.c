/* Rule-books as people see them: the list, one as it is written, and what is wrong with one. Nothing is changed here.
 *
 * Files are read on the loop's thread: small ones, RULEBOOK_LIST_MAX of them at most.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/roles.h"
#include "conductor/calls_state.h"

enum { BOOKS_JSON_MAX = 4 << 20 };

static void put_fine(struct buf *b, const struct rulebook *book)
{
	json_pair_bool(b, "fine", true);
	json_pair_string(b, "id", rulebook_id(book));
	json_pair_string(b, "version", rulebook_version(book));
	json_pair_string(b, "title", rulebook_title(book));
	json_pair_string(b, "sha256", rulebook_hash(book));
	json_put_key(b, "languages");
	json_open(b, '[');
	for (size_t i = 0; i < rulebook_language_count(book); i++)
		json_put_string(b, rulebook_language_at(book, i));
	json_close(b, ']');
	json_pair_u64(b, "steps", rulebook_step_count(book));
	json_pair_u64(b, "tools", rulebook_tool_count(book));
	json_pair_u64(b, "outcomes", rulebook_outcome_count(book));
}

static void put_mistake(struct buf *b, const struct rulebook_mistake *m)
{
	json_open(b, '{');
	json_pair_u64(b, "line", m->line);
	json_pair_u64(b, "column", m->column);
	json_pair_string(b, "path", m->path);
	json_pair_string(b, "found", m->found);
	json_pair_string(b, "allowed", m->allowed);
	json_pair_string(b, "why", m->why);
	json_close(b, '}');
}

static void put_mistakes(struct buf *b, const struct rulebook_report *report)
{
	json_pair_bool(b, "fine", false);
	json_put_key(b, "mistakes");
	json_open(b, '[');
	for (size_t i = 0; i < report->count; i++)
		put_mistake(b, &report->mistakes[i]);
	json_close(b, ']');
	json_pair_u64(b, "more", report->more);
}

/* What is to be said of these bytes, as the inside of an object. ERR_NOMEM. */
static enum err put_judged(struct buf *b, const char *name, const void *data, size_t len)
{
	struct rulebook_report *report = calloc(1, sizeof(*report));
	struct rulebook *book = NULL;
	enum err err = report ? rulebook_load(&book, name, data, len, report) : ERR_NOMEM;

	if (!err)
		put_fine(b, book);
	else if (err != ERR_NOMEM)
		put_mistakes(b, report);
	rulebook_free(book);
	free(report);
	return err == ERR_NOMEM ? err : b->err;
}

/* ---- one ---- */

void calls_on_rulebook_check(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);
	struct buf b;
	size_t len;
	const void *body = http_body(r, &len);
	enum err err;

	if (!a || !ask_person(a, ROLE_VIEWER))
		return;
	buf_init(&b, BOOKS_JSON_MAX);
	json_open(&b, '{');
	err = put_judged(&b, "rulebook", len ? body : "", len);
	json_close(&b, '}');
	if (!err) {
		ask_json(a, 200, &b);
		return;
	}
	buf_fini(&b);
	ask_failed(a, err);
}

void calls_on_rulebook(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);
	struct err_detail detail = { .message = "" };
	struct buf bytes;
	enum err err;

	if (!a || !ask_person(a, ROLE_VIEWER))
		return;
	buf_init(&bytes, 2 * RULEBOOK_MAX_BYTES);
	err = book_bytes(a->calls, http_param(r, "name"), &bytes, &detail);
	if (err == ERR_NOTFOUND) {
		ask_error(a, 404, "not_found", "There is no such rule-book.", NULL);
	} else if (err) {
		ask_failed(a, err);
	} else {
		http_reply_as(r, 200, "application/yaml", bytes.data, bytes.len);
		ask_over(a);
	}
	buf_fini(&bytes);
}

/* ---- all ---- */

struct listing {
	struct calls *calls;
	struct buf json;
	enum err err;
};

static bool put_book(void *arg, const char *name)
{
	struct listing *l = arg;
	struct call_book *held;
	struct buf bytes;

	if (!route_rulebook_ok(name))
		return true; /* no call could name it */
	json_open(&l->json, '{');
	json_pair_string(&l->json, "name", name);
	if (!book_current(l->calls, name, &held, NULL)) {
		put_fine(&l->json, held->book);
	} else {
		buf_init(&bytes, 2 * RULEBOOK_MAX_BYTES);
		if (book_bytes(l->calls, name, &bytes, NULL))
			json_pair_bool(&l->json, "fine", false); /* it cannot be read at all */
		else
			l->err = put_judged(&l->json, name, bytes.data ? (const void *)bytes.data : "", bytes.len);
		buf_fini(&bytes);
	}
	json_close(&l->json, '}');
	return !l->err && !l->json.err;
}

void calls_on_rulebooks(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);
	struct listing l = { .calls = arg };
	enum err err;

	if (!a || !ask_person(a, ROLE_VIEWER))
		return;
	buf_init(&l.json, BOOKS_JSON_MAX);
	json_open(&l.json, '{');
	json_put_key(&l.json, "rulebooks");
	json_open(&l.json, '[');
	err = rulebook_list(a->calls->settings.rulebooks_dir, put_book, &l);
	json_close(&l.json, ']');
	json_close(&l.json, '}');
	err = l.err ? l.err : err;
	if (!err) {
		ask_json(a, 200, &l.json);
		return;
	}
	buf_fini(&l.json);
	ask_failed(a, err);
}
