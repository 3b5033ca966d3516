/* A new call: pinned to its rule-book, put into the stores. The book first, then the house's index, the open entry by which the
 * sweeper finds it, and (by the asker) the document. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/wording.h"
#include "conductor/calls_state.h"

enum { NAME_SHOWN_MAX = 60 };

/* The book's samples where they may stand in, over them what was given, and the day. */
static json_t *variables_join(struct ask *a, const json_t *given, bool samples)
{
	const struct calls_settings *s = &a->calls->settings;
	json_t *all = samples ? rulebook_samples(a->book) : json_object();
	char day[11];

	if (!all)
		return NULL;
	day_print(s->today(s->arg), day);
	json_object_set_new(all, "today", json_string(day));
	if (given)
		json_object_update(all, (json_t *)(uintptr_t)given);
	return all;
}

/* A name that the book does not know is a slip of the pen, and what it was to say would be missing. */
static enum err variables_judge(struct ask *a, const json_t *given, struct err_detail *detail)
{
	json_t *names = rulebook_samples(a->book), *value;
	enum err err = names ? ERR_NONE : ERR_NOMEM;
	const char *name;

	json_object_foreach ((json_t *)(uintptr_t)given, name, value) {
		if (err || json_object_get(names, name))
			continue;
		err = ERR_USAGE;
		snprintf(detail->message, sizeof(detail->message), "the rule-book has no variable called %s", strlen(name) <= NAME_SHOWN_MAX ? name : "that (a name too long to show)");
		rulebook_names_print(names, detail->hint, sizeof(detail->hint));
	}
	json_decref(names);
	return err;
}

static void pin_book(struct call_record *r, const struct rulebook *book)
{
	snprintf(r->rulebook, sizeof(r->rulebook), "%s", rulebook_id(book));
	snprintf(r->version, sizeof(r->version), "%s", rulebook_version(book));
	snprintf(r->hash, sizeof(r->hash), "%s", rulebook_hash(book));
}

static enum err pin_brief(struct ask *a, const json_t *variables, struct err_detail *detail)
{
	struct call_settings settings = *a->calls->settings.defaults;
	struct brief *brief = calloc(1, sizeof(*brief));
	enum err err = ERR_NOMEM;

	if (brief)
		err = rulebook_brief(a->book, a->record.language, variables, brief, &settings, detail);
	buf_reset(&a->record.brief);
	buf_reset(&a->record.settings);
	if (!err) {
		brief->placed = a->record.is_outbound;
		brief->clear = rulebook_clear(a->book, a->calls->settings.clear);
		brief_encode(brief, &a->record.brief);
		call_settings_encode(&settings, &a->record.settings);
		err = a->record.brief.err ? a->record.brief.err : a->record.settings.err;
	}
	free(brief);
	return err;
}

enum err call_make(struct ask *a, const char *language, const json_t *given, bool samples, struct err_detail *detail)
{
	enum err err = toolbox_judge(a->calls->settings.tools, a->book, detail);
	json_t *variables;
	char *text;

	if (!err && given)
		err = variables_judge(a, given, detail);
	variables = err ? NULL : variables_join(a, given, samples);
	text = variables ? json_dumps(variables, JSON_COMPACT) : NULL;

	err = err || text ? err : ERR_NOMEM;
	if (text) {
		snprintf(a->record.language, sizeof(a->record.language), "%s", language && *language ? language : rulebook_language_at(a->book, 0));
		snprintf(a->record.id, sizeof(a->record.id), "%s", a->id);
		pin_book(&a->record, a->book);
		buf_reset(&a->record.variables);
		buf_text(&a->record.variables, text);
		err = a->record.variables.err ? a->record.variables.err : pin_brief(a, variables, detail);
	}
	free(text);
	json_decref(variables);
	return err;
}

/* ---- into the stores ---- */

static void on_open(void *arg, enum err err, uint64_t revision)
{
	struct ask *a = arg;

	(void)revision;
	if (err)
		ask_failed(a, err);
	else
		a->then(a);
}

static void put_index(struct ask *a, const char *key, uint64_t expected, documents_stored_h *h)
{
	struct documents_put put = { .key = key, .expected = expected };
	struct buf b;
	enum err err;

	buf_init(&b, 512);
	err = call_index_encode(a->tenant, a->id, a->began_ms, &b);
	put.value = b.data;
	put.len = b.len;
	if (!err)
		err = documents_put(a->calls->settings.documents, &a->job, tenant_house(), &put, h, a);
	buf_fini(&b);
	if (err)
		ask_failed(a, err);
}

/* Behind the index, so that it says the same time as that. */
static void put_open(struct ask *a)
{
	char key[DOCUMENT_KEY_MAX];

	call_open_key(a->id, key);
	put_index(a, key, DOCUMENT_ANY, on_open);
}

void call_reopen(struct ask *a)
{
	put_open(a);
}

static void on_index(void *arg, enum err err, uint64_t revision)
{
	struct ask *a = arg;

	(void)revision;
	if (err == ERR_EXISTS)
		ask_find(a); /* somebody was quicker */
	else if (err)
		ask_failed(a, err);
	else
		put_open(a);
}

static void on_book(void *arg, enum err err, uint64_t revision)
{
	struct ask *a = arg;
	char key[DOCUMENT_KEY_MAX];

	(void)revision;
	call_index_key(a->id, key);
	if (err && err != ERR_EXISTS)
		ask_failed(a, err);
	else if (a->is_known)
		put_open(a);
	else
		put_index(a, key, DOCUMENT_NONE, on_index);
}

void call_begin(struct ask *a, bool is_known)
{
	char key[DOCUMENT_KEY_MAX];
	struct documents_put put = { .key = key, .expected = DOCUMENT_NONE };
	const struct call_book *held = NULL;
	enum err err = ERR_NOTFOUND;

	for (size_t i = 0; i < CALL_BOOKS_MAX && !held; i++)
		if (a->calls->books[i].book && !strcmp(rulebook_hash(a->calls->books[i].book), a->record.hash))
			held = &a->calls->books[i];
	a->is_known = is_known;
	book_key(a->record.hash, key);
	if (held) {
		put.value = held->bytes.data;
		put.len = held->bytes.len;
		err = documents_put(a->calls->settings.documents, &a->job, a->tenant, &put, on_book, a);
	}
	if (err)
		ask_failed(a, err);
}
