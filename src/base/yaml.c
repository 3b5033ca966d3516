/* Builds the tree from libyaml's events, which never nest deeper than we let them: the ceiling on depth is checked before
 * the next event is asked for. Nodes and texts come from blocks that the document frees all at once. */
#include "base/yaml.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"

enum { BLOCK_BYTES = 16 * 1024, TEXT_SHOWN_MAX = 60 };

struct block {
	struct block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

struct yaml_doc {
	struct block *blocks;
	struct yaml_item *root;
	size_t items;
};

/* What one parse needs besides the document. `open` are the lists and maps we are inside of; `key` waits for its value. */
struct building {
	yaml_parser_t parser;
	struct yaml_doc *doc;
	const char *name;
	struct err_detail *detail;
	struct yaml_item *open[YAML_DOC_MAX_DEPTH];
	size_t depth;
	struct {
		const char *text;
		struct yaml_mark at;
	} key;
};

static void *arena_alloc(struct yaml_doc *doc, size_t size)
{
	struct block *block = doc->blocks;
	size_t need = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);

	if (!block || need > block->size - block->used) {
		size_t room = need > BLOCK_BYTES ? need : BLOCK_BYTES;

		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		*block = (struct block){ .next = doc->blocks, .size = room };
		doc->blocks = block;
	}
	block->used += need;
	return block->bytes + block->used - need;
}

void yaml_where(const char *name, struct yaml_mark at, char *out, size_t size)
{
	snprintf(out, size, "%s:%u:%u", name, at.line, at.column);
}

static struct yaml_mark mark_of(yaml_mark_t mark)
{
	return (struct yaml_mark){ .line = (unsigned int)mark.line + 1, .column = (unsigned int)mark.column + 1 };
}

static enum err refuse(struct building *b, enum err err, struct yaml_mark at, const char *hint, const char *message)
{
	if (!b->detail)
		return err;
	snprintf(b->detail->message, sizeof(b->detail->message), "%s", message);
	snprintf(b->detail->hint, sizeof(b->detail->hint), "%s", hint);
	yaml_where(b->name, at, b->detail->where, sizeof(b->detail->where));
	return err;
}

static enum err refuse_syntax(struct building *b)
{
	const yaml_parser_t *p = &b->parser;
	char message[200];

	if (p->error == YAML_MEMORY_ERROR)
		return ERR_NOMEM;
	if (p->error == YAML_READER_ERROR)
		return refuse(b, ERR_FORMAT, mark_of(p->mark), "save the file as UTF-8 text without control characters",
			p->problem ? p->problem : "bytes that are not text");
	snprintf(message, sizeof(message), "not YAML: %s%s%s", p->context ? p->context : "", p->context ? ": " : "",
		p->problem ? p->problem : "cannot be read");
	return refuse(b, ERR_FORMAT, mark_of(p->problem_mark),
		strstr(message, "cannot start any token") ? "indent with spaces, never with tabs; put texts with special characters in quotes"
							  : "check indentation and quotes around this place",
		message);
}

static enum err copy_text(struct building *b, const yaml_event_t *e, const char **out)
{
	size_t len = e->data.scalar.length;
	char *text;

	if (memchr(e->data.scalar.value, 0, len))
		return refuse(b, ERR_FORMAT, mark_of(e->start_mark), "take \\0 out", "a NUL inside a text");
	text = arena_alloc(b->doc, len + 1);
	if (!text)
		return ERR_NOMEM;
	memcpy(text, e->data.scalar.value, len);
	text[len] = 0;
	*out = text;
	return ERR_NONE;
}

static enum err refuse_duplicate(struct building *b, const struct yaml_item *first, struct yaml_mark at)
{
	char message[160];

	snprintf(message, sizeof(message), "the key \"%.*s\" stands here twice, first in line %u", TEXT_SHOWN_MAX, first->key,
		first->key_at.line);
	return refuse(b, ERR_FORMAT, at, "keep one of them", message);
}

static enum err take_key(struct building *b, const yaml_event_t *e)
{
	const struct yaml_item *map = b->open[b->depth - 1];
	const struct yaml_item *same;
	enum err err;

	b->key.at = mark_of(e->start_mark);
	if (e->type != YAML_SCALAR_EVENT)
		return refuse(b, ERR_FORMAT, b->key.at, "a key is one word", "a key that is a list or a map");
	err = copy_text(b, e, &b->key.text);
	if (err)
		return err;
	same = yaml_find(map, b->key.text);
	return same ? refuse_duplicate(b, same, b->key.at) : ERR_NONE;
}

static void link_item(struct building *b, struct yaml_item *item)
{
	struct yaml_item *parent = b->depth ? b->open[b->depth - 1] : NULL;

	if (!parent) {
		b->doc->root = item;
		return;
	}
	if (parent->last)
		parent->last->next = item;
	else
		parent->first = item;
	parent->last = item;
	parent->count++;
}

/* A new entry where we are, or NULL with *err. */
static struct yaml_item *add_item(struct building *b, enum yaml_kind kind, yaml_mark_t start, enum err *err)
{
	struct yaml_item *item;

	if (++b->doc->items > YAML_DOC_MAX_NODES) {
		*err = refuse(b, ERR_LIMIT, mark_of(start), "at most 10000 values a file", "too many values");
		return NULL;
	}
	item = arena_alloc(b->doc, sizeof(*item));
	if (!item) {
		*err = ERR_NOMEM;
		return NULL;
	}
	*item = (struct yaml_item){ .kind = kind, .at = mark_of(start), .key = b->key.text, .key_at = b->key.at };
	b->key.text = NULL;
	link_item(b, item);
	return item;
}

static enum err add_scalar(struct building *b, const yaml_event_t *e)
{
	enum err err = ERR_NONE;
	struct yaml_item *item = add_item(b, YAML_KIND_SCALAR, e->start_mark, &err);

	if (!item)
		return err;
	item->is_quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return copy_text(b, e, &item->text);
}

static enum err open_item(struct building *b, enum yaml_kind kind, const yaml_event_t *e)
{
	enum err err = ERR_NONE;
	struct yaml_item *item;

	if (b->depth == YAML_DOC_MAX_DEPTH)
		return refuse(b, ERR_LIMIT, mark_of(e->start_mark), "at most 16 levels", "nested too deep");
	item = add_item(b, kind, e->start_mark, &err);
	if (item)
		b->open[b->depth++] = item;
	return err;
}

/* What every value may carry and ours may not. */
static enum err check_plain(struct building *b, const yaml_event_t *e, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		return refuse(b, ERR_FORMAT, mark_of(e->start_mark), "write the value out where it is needed", "anchors (&) are not used here");
	if (tag)
		return refuse(b, ERR_FORMAT, mark_of(e->start_mark), "take the tag away", "tags (!) are not used here");
	return ERR_NONE;
}

static enum err check_event(struct building *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return refuse(b, ERR_FORMAT, mark_of(e->start_mark), "write the value out; a text that starts with * needs quotes",
			"aliases (*) are not used here");
	case YAML_SCALAR_EVENT: return check_plain(b, e, e->data.scalar.anchor, e->data.scalar.tag);
	case YAML_SEQUENCE_START_EVENT: return check_plain(b, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT: return check_plain(b, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	default: return ERR_NONE;
	}
}

static bool wants_key(const struct building *b, const yaml_event_t *e)
{
	return b->depth && b->open[b->depth - 1]->kind == YAML_KIND_MAP && !b->key.text && e->type != YAML_MAPPING_END_EVENT;
}

static enum err take_event(struct building *b, const yaml_event_t *e)
{
	enum err err = check_event(b, e);

	if (err)
		return err;
	if (wants_key(b, e))
		return take_key(b, e);
	switch (e->type) {
	case YAML_SCALAR_EVENT: return add_scalar(b, e);
	case YAML_SEQUENCE_START_EVENT: return open_item(b, YAML_KIND_LIST, e);
	case YAML_MAPPING_START_EVENT: return open_item(b, YAML_KIND_MAP, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return ERR_NONE;
	case YAML_DOCUMENT_START_EVENT:
		return b->doc->root ? refuse(b, ERR_FORMAT, mark_of(e->start_mark), "one document a file; take the --- away",
					      "a second document")
				    : ERR_NONE;
	default: return ERR_NONE;
	}
}

static enum err build(struct building *b)
{
	for (;;) {
		yaml_event_t event;
		enum err err;
		bool is_end;

		if (!yaml_parser_parse(&b->parser, &event))
			return refuse_syntax(b);
		err = take_event(b, &event);
		is_end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		if (err || is_end)
			return err;
	}
}

enum err yaml_doc_parse(struct yaml_doc **docp, const char *name, const void *data, size_t len, struct err_detail *detail)
{
	struct building b = { .name = name, .detail = detail };
	enum err err;

	*docp = NULL;
	if (len > YAML_DOC_MAX_BYTES)
		return refuse(&b, ERR_LIMIT, (struct yaml_mark){ 1, 1 }, "at most 1 MB", "the file is too large");
	b.doc = calloc(1, sizeof(*b.doc));
	if (!b.doc)
		return ERR_NOMEM;
	if (!yaml_parser_initialize(&b.parser)) {
		yaml_doc_free(b.doc);
		return ERR_NOMEM;
	}
	yaml_parser_set_input_string(&b.parser, data ? data : (const unsigned char *)"", len);
	err = build(&b);
	yaml_parser_delete(&b.parser);
	if (err) {
		yaml_doc_free(b.doc);
		return err;
	}
	*docp = b.doc;
	return ERR_NONE;
}

static enum err refuse_file(const char *path, const char *what, int errnum, struct err_detail *detail)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "cannot read %s: %s", what, strerror(errnum));
		snprintf(detail->where, sizeof(detail->where), "%s", path);
		snprintf(detail->hint, sizeof(detail->hint), "check the path and its permissions");
	}
	return err_from_errno(errnum);
}

/* Reads at most one byte more than a document may have: enough for the parser to say that it is too large. */
static int read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	uint8_t *at;
	int errnum = 0;

	if (!f)
		return errno;
	at = buf_reserve(out, YAML_DOC_MAX_BYTES + 1);
	if (at) {
		out->len = fread(at, 1, YAML_DOC_MAX_BYTES + 1, f);
		if (ferror(f))
			errnum = errno ? errno : EIO;
	} else {
		errnum = ENOMEM;
	}
	fclose(f);
	return errnum;
}

enum err yaml_doc_load(struct yaml_doc **docp, const char *path, const char *what, struct err_detail *detail)
{
	struct buf bytes;
	int errnum;
	enum err err;

	*docp = NULL;
	buf_init(&bytes, YAML_DOC_MAX_BYTES + 1);
	errnum = read_file(path, &bytes);
	err = errnum ? refuse_file(path, what, errnum, detail) : yaml_doc_parse(docp, path, bytes.data, bytes.len, detail);
	buf_fini(&bytes);
	return err;
}

void yaml_doc_free(struct yaml_doc *doc)
{
	if (!doc)
		return;
	while (doc->blocks) {
		struct block *next = doc->blocks->next;

		free(doc->blocks);
		doc->blocks = next;
	}
	free(doc);
}

const struct yaml_item *yaml_doc_root(const struct yaml_doc *doc)
{
	return doc->root;
}

const struct yaml_item *yaml_find(const struct yaml_item *map, const char *key)
{
	const struct yaml_item *item;

	for (item = map->first; item; item = item->next)
		if (item->key && !strcmp(item->key, key))
			return item;
	return NULL;
}

static bool looks_like_number(const char *text)
{
	size_t digits;

	if (*text == '-' || *text == '+')
		text++;
	digits = strspn(text, "0123456789");
	text += digits;
	if (*text == '.') {
		size_t more = strspn(text + 1, "0123456789");

		digits += more;
		text += 1 + more;
	}
	if (digits && (*text == 'e' || *text == 'E')) {
		text += text[1] == '-' || text[1] == '+' ? 2 : 1;
		digits = strspn(text, "0123456789");
		text += digits;
	}
	return digits && !*text;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

enum yaml_sort yaml_sort(const struct yaml_item *item)
{
	static const char *const nothing[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const truths[] = { "true", "True", "TRUE", "false", "False", "FALSE", NULL };

	if (item->kind != YAML_KIND_SCALAR)
		return item->kind == YAML_KIND_LIST ? YAML_SORT_LIST : YAML_SORT_MAP;
	if (item->is_quoted)
		return YAML_SORT_TEXT;
	if (is_one_of(item->text, nothing))
		return YAML_SORT_NOTHING;
	if (is_one_of(item->text, truths))
		return YAML_SORT_TRUTH;
	return looks_like_number(item->text) ? YAML_SORT_NUMBER : YAML_SORT_TEXT;
}

const char *yaml_describe(const struct yaml_item *item)
{
	switch (yaml_sort(item)) {
	case YAML_SORT_NOTHING: return "nothing";
	case YAML_SORT_TRUTH: return "a truth value";
	case YAML_SORT_NUMBER: return "a number";
	case YAML_SORT_TEXT: return "text";
	case YAML_SORT_LIST: return "a list";
	case YAML_SORT_MAP: return "a map";
	}
	assert(0 && "sort of a value");
	return "";
}
