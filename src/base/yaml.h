/* One YAML document as a tree of nodes that know their line and column: the settings file, later rule-books.
 *
 * A small, strict part of YAML: maps, lists and scalars. Refused with line and column: anchors, aliases, tags, keys that are
 * not plain text, the same key twice in a map, several documents, NUL bytes, and whatever passes a ceiling. What a scalar means
 * (number, truth, text) is not decided here, only what it looks like. The document owns every node and text; they live until yaml_doc_free.
 * No state of its own, any thread; one document belongs to one thread at a time. Source: YAML 1.1 as libyaml reads it.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { YAML_DOC_MAX_BYTES = 1024 * 1024, YAML_DOC_MAX_DEPTH = 16, YAML_DOC_MAX_NODES = 10000 };

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_LIST, YAML_KIND_MAP };

struct yaml_mark {
	unsigned int line; /* from 1 */
	unsigned int column;
};

struct yaml_doc;

struct yaml_item {
	enum yaml_kind kind;
	struct yaml_mark at;
	const char *key;          /* inside a map: its key, otherwise NULL */
	struct yaml_mark key_at;
	const char *text;         /* a scalar's, "" for an empty one; NULL otherwise */
	bool is_quoted;           /* a scalar in quotes or a block ("300", |), which is text whatever it looks like */
	size_t count;             /* entries of a list or map */
	struct yaml_item *first;  /* of the entries, in the order of the file */
	struct yaml_item *last;
	struct yaml_item *next;   /* the entry after this one */
};

/* Parses `len` bytes; `name` is what mistakes call the file. On an error *docp is NULL and `detail` (may be NULL) says what,
 * "name:line:column" and what to do. ERR_FORMAT: not YAML or not our part of it; ERR_LIMIT: a ceiling; ERR_NOMEM. */
enum err yaml_doc_parse(struct yaml_doc **docp, const char *name, const void *data, size_t len, struct err_detail *detail) MUST_USE;
void yaml_doc_free(struct yaml_doc *doc);

/* The same of the file at `path`; `what` is what a mistake in reading calls it ("the settings"). ERR_NOTFOUND, ERR_DENIED, ERR_IO as well. */
enum err yaml_doc_load(struct yaml_doc **docp, const char *path, const char *what, struct err_detail *detail) MUST_USE;

/* NULL when the document is empty. */
const struct yaml_item *yaml_doc_root(const struct yaml_doc *doc);

/* The entry of a map with that key, or NULL. */
const struct yaml_item *yaml_find(const struct yaml_item *map, const char *key);

/* What readers of YAML 1.2 take an item for; bits, so that a place can take several. In quotes everything is text. */
enum yaml_sort {
	YAML_SORT_NOTHING = 1,
	YAML_SORT_TRUTH = 2,
	YAML_SORT_NUMBER = 4,
	YAML_SORT_TEXT = 8,
	YAML_SORT_LIST = 16,
	YAML_SORT_MAP = 32
};
enum yaml_sort yaml_sort(const struct yaml_item *item);

/* "a map", "a list", "nothing", "text", "a number", "a truth value": for mistakes. */
const char *yaml_describe(const struct yaml_item *item);

/* "name:line:column" */
void yaml_where(const char *name, struct yaml_mark at, char *out, size_t size);

#endif
