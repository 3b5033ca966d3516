/* `callfunnel redact`: one line in, one JSON line out: the text masked and what was found in it.
 *
 * A line is text, or a JSON object: `text`, and if there were any `question` (the agent's words before it), `earlier` (the caller's
 * turns before it: a string, a list of strings or of objects with `text`), `partial`, `language` (the call's; en-IN where none is
 * given), `types` (a list of those to look for; all where there is none), `clear` (a list of those to leave in clear, as redact.clear
 * of a rule-book). Offsets are bytes of the text's UTF-8; a value that cannot be restored (held back) is still shown. Every line is a call of its own: one that cannot be read is told with its
 * number and why, and the next is read; the exit status is then 1. Main thread.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "redact/redact.h"

#define DEFAULT_LANGUAGE "en-IN"

enum { LINE_BYTES = 1 << 20, OUT_BYTES = 4 << 20 };

struct request {
	json_t *document; /* NULL for a line of text */
	char why[80];     /* it cannot be read; none of its words */
	const char *text;
	size_t len;
	struct redact_context context;
	struct buf earlier;
};

static void earlier_put(struct request *q, const json_t *turn)
{
	const json_t *text = json_is_object(turn) ? json_object_get(turn, "text") : turn;

	if (!json_is_string(text))
		return;
	if (q->earlier.len)
		buf_byte(&q->earlier, '\n');
	buf_append(&q->earlier, json_string_value(text), json_string_length(text));
}

static enum err refuse(struct request *q, const char *why)
{
	snprintf(q->why, sizeof(q->why), "%s", why);
	return ERR_FORMAT;
}

/* False: one is no type. */
static bool types_read(struct request *q, const json_t *types)
{
	const json_t *name;
	size_t i;

	json_array_foreach(types, i, name) {
		enum redact_type type = json_is_string(name) ? redact_type_find(json_string_value(name)) : (enum redact_type)0;

		if (!type)
			return false;
		q->context.types |= UINT64_C(1) << type;
	}
	return !types || json_is_array(types);
}

/* False: one is no type, or is always masked. */
static bool clear_read(struct request *q, const json_t *clear)
{
	uint64_t all = q->context.types ? q->context.types : ~UINT64_C(0), type;
	const json_t *name;
	size_t i;

	json_array_foreach(clear, i, name) {
		if (!json_is_string(name) || redact_clear_read(json_string_value(name), &type))
			return false;
		all &= ~type;
	}
	if (clear)
		q->context.types = all;
	return all && (!clear || json_is_array(clear));
}

static enum err request_document(struct request *q)
{
	const json_t *text = json_object_get(q->document, "text"), *question = json_object_get(q->document, "question");
	const json_t *earlier = json_object_get(q->document, "earlier"), *turn;
	const json_t *language = json_object_get(q->document, "language");
	size_t i;

	if (!json_is_string(text))
		return refuse(q, text ? "\"text\" is no string" : "there is no \"text\"");
	if (language && !json_is_string(language) && !json_is_null(language))
		return refuse(q, "\"language\" is no string");
	if (!types_read(q, json_object_get(q->document, "types")))
		return refuse(q, "\"types\" is no list of types");
	if (!clear_read(q, json_object_get(q->document, "clear")))
		return refuse(q, "\"clear\" is no list of types that need not be masked");
	if (json_is_string(language))
		q->context.language = json_string_value(language);
	q->text = json_string_value(text);
	q->len = json_string_length(text);
	q->context.question = json_string_value(question);
	q->context.question_len = json_string_length(question);
	q->context.caller = true;
	q->context.partial = json_is_true(json_object_get(q->document, "partial"));
	if (json_is_string(earlier))
		earlier_put(q, earlier);
	json_array_foreach(earlier, i, turn)
		earlier_put(q, turn);
	q->context.earlier = (const char *)q->earlier.data;
	q->context.earlier_len = q->earlier.len;
	return q->earlier.err;
}

/* A line that begins with a brace must be a document; everything else is text. */
static enum err request_read(struct request *q, const char *line, size_t len)
{
	json_error_t error = { .position = 0 };

	*q = (struct request){ .text = line, .len = len, .context = { .language = DEFAULT_LANGUAGE } };
	buf_init(&q->earlier, LINE_BYTES);
	if (!len || *line != '{')
		return ERR_NONE;
	q->document = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (q->document)
		return request_document(q);
	snprintf(q->why, sizeof(q->why), "it begins with a brace and is no JSON object from byte %d on", error.position);
	return ERR_FORMAT;
}

static void request_fini(struct request *q)
{
	json_decref(q->document);
	buf_fini(&q->earlier);
}

static void answer_put(struct buf *b, const struct redacted *r, const struct redact_found *found)
{
	size_t i;

	json_open(b, '{');
	json_put_key(b, "text");
	json_put_text(b, redacted_text(r), redacted_len(r));
	json_put_key(b, "entities");
	json_open(b, '[');
	for (i = 0; i < found->count; i++) {
		json_open(b, '{');
		json_pair_string(b, "type", redact_type_name(found->entities[i].type));
		json_pair_string(b, "value", found->entities[i].value);
		json_pair_u64(b, "start", found->entities[i].start);
		json_pair_u64(b, "end", found->entities[i].end);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
}

static enum err request_answer(const struct request *q, struct buf *b)
{
	struct redact_found found;
	struct redact_map *map = NULL;
	struct redacted *r = NULL;
	enum err err = redact_find(q->text, q->len, &q->context, &found);

	if (!err)
		err = redact_map_new(&map);
	if (!err)
		err = redact_apply(map, q->text, q->len, &found, &r);
	if (!err)
		answer_put(b, r, &found);
	redacted_free(&r);
	redact_map_free(&map);
	return err ? err : b->err;
}

/* What is wrong with a line, for people. */
static int line_refused(struct cli *cli, const struct request *q, enum err err, size_t number)
{
	const char *why = *q->why ? q->why : err == ERR_LIMIT ? "there is more in it than can be masked at once" : err_name(err);
	char where[48];

	snprintf(where, sizeof(where), "standard input:%zu", number);
	return cli_fail(cli, CLI_NOT_SO, err, where, "a line is text of at most 64 kB with at most 64 values, or a JSON object with \"text\"",
		"cannot redact: %s", why);
}

static int line_work(struct cli *cli, const char *line, size_t len, size_t number)
{
	struct request q = { .text = NULL };
	int status = CLI_FINE;
	struct buf b;
	enum err err = len > LINE_BYTES ? ERR_LIMIT : request_read(&q, line, len);

	buf_init(&b, OUT_BYTES);
	if (!err)
		err = request_answer(&q, &b);
	if (err)
		status = line_refused(cli, &q, err, number);
	else
		puts(buf_str(&b));
	fflush(stdout);
	buf_fini(&b);
	request_fini(&q);
	return status;
}

static size_t line_length(const char *line, ssize_t got)
{
	size_t len = (size_t)got;

	if (len && line[len - 1] == '\n')
		len--;
	return len && line[len - 1] == '\r' ? len - 1 : len;
}

int cmd_redact(struct cli *cli, int argc, char **argv)
{
	int status = cli_flags(cli, NULL, &argc, argv);
	size_t room = 0, number = 0;
	char *line = NULL;
	ssize_t got;

	if (status)
		return status;
	if (argc != 1)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "redact", "lines come on standard input", "usage: callfunnel redact");
	while ((got = getline(&line, &room, stdin)) >= 0)
		if (line_work(cli, line, line_length(line, got), ++number))
			status = CLI_NOT_SO;
	free(line);
	return status;
}
