/* The TwiML that our product answers with: a small part of XML, read strictly. No comments, no CDATA, no document type. */
#include <stdlib.h>
#include <string.h>

#include "sandbox/twilio/twilio.h"

enum { SAY_LETTERS_A_SECOND = 15, DIAL_S = 2, TAG_MAX = 32 };

struct reader {
	const char *at, *end;
	struct twiml *out;
	struct verb *verb; /* the one that is open */
	enum err err;
};

static bool fail(struct reader *r, enum err err)
{
	if (!r->err)
		r->err = err;
	return false;
}

static void blanks(struct reader *r)
{
	while (r->at < r->end && strchr(" \t\r\n", *r->at))
		r->at++;
}

/* One character of text or of a value, its entity undone. */
static char character(struct reader *r)
{
	static const struct {
		const char *name;
		char is;
	} entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };

	if (*r->at != '&')
		return *r->at++;
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		size_t len = strlen(entities[i].name);

		if ((size_t)(r->end - r->at) >= len && !memcmp(r->at, entities[i].name, len)) {
			r->at += len;
			return entities[i].is;
		}
	}
	fail(r, ERR_FORMAT);
	return *r->at++;
}

static size_t text_until(struct reader *r, char stop, char *out, size_t size)
{
	size_t len = 0;

	while (r->at < r->end && *r->at != stop) {
		char c = character(r);

		if (len + 1 >= size)
			fail(r, ERR_LIMIT);
		else
			out[len++] = c;
	}
	out[len] = 0;
	return len;
}

static void name_read(struct reader *r, char *out, size_t size)
{
	size_t len = 0;

	while (r->at < r->end && !strchr(" \t\r\n=/><\"", *r->at)) {
		if (len + 1 < size)
			out[len++] = *r->at;
		else
			fail(r, ERR_LIMIT);
		r->at++;
	}
	out[len] = 0;
	if (!len)
		fail(r, ERR_FORMAT);
}

/* ------------------------------------------------------------------ what it means */

static void verb_begin(struct reader *r, const char *tag)
{
	static const struct {
		const char *tag;
		enum verb_kind kind;
	} kinds[] = { { "Pause", VERB_PAUSE }, { "Say", VERB_SAY }, { "Connect", VERB_CONNECT }, { "Redirect", VERB_REDIRECT }, { "Hangup", VERB_HANGUP },
		{ "Dial", VERB_DIAL }, { "Reject", VERB_REJECT } };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[i].tag, tag) != 0; i++) {
	}
	if (i == sizeof(kinds) / sizeof(kinds[0])) {
		fail(r, ERR_FORMAT);
	} else if (r->out->count == TWIML_VERBS_MAX) {
		fail(r, ERR_LIMIT);
	} else {
		r->verb = &r->out->verbs[r->out->count++];
		*r->verb = (struct verb){ .kind = kinds[i].kind, .seconds = kinds[i].kind == VERB_PAUSE ? 1 : kinds[i].kind == VERB_DIAL ? DIAL_S : 0 };
	}
}

static void tag_begin(struct reader *r, const char *tag, unsigned int depth)
{
	if (depth == 0 && strcmp(tag, "Response") != 0)
		fail(r, ERR_FORMAT);
	else if (depth == 1)
		verb_begin(r, tag);
	else if (depth > 1 && !strcmp(tag, "Parameter") && r->verb->kind == VERB_CONNECT && r->verb->param_count == TWIML_PARAMS_MAX)
		fail(r, ERR_LIMIT);
	else if (depth > 1 && !strcmp(tag, "Parameter"))
		r->verb->param_count++;
}

static void put(struct reader *r, char *out, size_t size, const char *value)
{
	if (strlen(value) >= size)
		fail(r, ERR_LIMIT);
	else
		memcpy(out, value, strlen(value) + 1);
}

static void attribute_take(struct reader *r, const char *tag, unsigned int depth, const char *name, const char *value)
{
	struct verb *v = r->verb;

	if (!depth || r->err)
		return;
	if (depth == 1 && !strcmp(name, "action"))
		put(r, v->action, sizeof(v->action), value);
	else if (v->kind == VERB_PAUSE && !strcmp(name, "length"))
		v->seconds = (unsigned int)strtoul(value, NULL, 10) % 600;
	else if (!strcmp(tag, "Stream") && !strcmp(name, "url"))
		put(r, v->url, sizeof(v->url), value);
	else if (!strcmp(tag, "Parameter") && !strcmp(name, "name"))
		put(r, v->params[v->param_count - 1].name, TWIML_NAME_MAX, value);
	else if (!strcmp(tag, "Parameter") && !strcmp(name, "value"))
		put(r, v->params[v->param_count - 1].value, TWIML_VALUE_MAX, value);
}

/* Text between tags. */
static void text_take(struct reader *r, unsigned int depth)
{
	char text[4096];
	size_t len = text_until(r, '<', text, sizeof(text));

	if (depth != 2 || r->err)
		return;
	if (r->verb->kind == VERB_REDIRECT)
		put(r, r->verb->url, sizeof(r->verb->url), text);
	else if (r->verb->kind == VERB_SAY)
		r->verb->seconds = (unsigned int)len / SAY_LETTERS_A_SECOND + 1;
}

/* ------------------------------------------------------------------ tags */

/* Behind its name, to its end. True: it has no inside. */
static bool attributes_read(struct reader *r, const char *tag, unsigned int depth)
{
	char name[TAG_MAX], value[LINE_URL_MAX];

	for (;;) {
		blanks(r);
		if (r->err || r->at == r->end)
			return fail(r, ERR_FORMAT);
		if (*r->at == '>') {
			r->at++;
			return false;
		}
		if (r->end - r->at >= 2 && !memcmp(r->at, "/>", 2)) {
			r->at += 2;
			return true;
		}
		name_read(r, name, sizeof(name));
		if (r->end - r->at < 3 || memcmp(r->at, "=\"", 2) != 0)
			return fail(r, ERR_FORMAT);
		r->at += 2;
		text_until(r, '"', value, sizeof(value));
		r->at += r->at < r->end;
		attribute_take(r, tag, depth, name, value);
	}
}

static unsigned int tag_read(struct reader *r, unsigned int depth)
{
	char tag[TAG_MAX];
	bool closes = r->end - r->at >= 2 && r->at[1] == '/';

	r->at += closes ? 2 : 1;
	name_read(r, tag, sizeof(tag));
	if (closes) {
		blanks(r);
		if (r->at == r->end || *r->at++ != '>' || !depth)
			fail(r, ERR_FORMAT);
		return depth ? depth - 1 : 0;
	}
	if (!r->err)
		tag_begin(r, tag, depth);
	if (r->err)
		return depth;
	return attributes_read(r, tag, depth) ? depth : depth + 1;
}

enum err twiml_read(const char *text, size_t len, struct twiml *out)
{
	struct reader r = { .at = text, .end = text + len, .out = out };
	const char *prolog = len > 5 && !memcmp(text, "<?xml", 5) ? memmem(text, len, "?>", 2) : NULL;
	bool has_root = false;
	unsigned int depth = 0;

	out->count = 0;
	if (len > TWIML_BYTES_MAX)
		return ERR_LIMIT;
	if (prolog)
		r.at = prolog + 2;
	blanks(&r);
	while (r.at < r.end && !r.err) {
		if (*r.at == '<' && !(has_root && !depth)) {
			depth = tag_read(&r, depth);
			has_root = true;
		} else if (depth) {
			text_take(&r, depth);
		} else {
			fail(&r, ERR_FORMAT);
		}
		if (!depth)
			blanks(&r);
	}
	return r.err ? r.err : has_root && !depth ? ERR_NONE : ERR_FORMAT;
}
