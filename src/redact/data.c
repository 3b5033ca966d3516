/* JSON without personal data that is still JSON: what a tool was asked, what it answered. Text by text, so that a list of dates is no
 * telephone number and a number that is masked does not leave a hole. Owns what it parses; the text is outside bytes. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/wording.h"
#include "redact/scan.h"

enum { NUMBER_DIGITS = 7, DATE_BYTES = 10 };

struct masking {
	struct redact_map *map;
	struct redact_context base; /* language and types */
	bool changed;
	enum err err; /* sticky */
};

/* "2026-11-23", and with a time behind it. */
static bool is_date(const char *text, size_t len)
{
	int32_t day;

	if (len < DATE_BYTES || !day_parse(text, DATE_BYTES, &day))
		return false;
	if (len == DATE_BYTES)
		return true;
	return len > 15 && len <= 35 && (text[DATE_BYTES] == 'T' || text[DATE_BYTES] == ' ') && text[13] == ':' &&
		strspn(text + DATE_BYTES + 1, "0123456789:.+-Z") == len - DATE_BYTES - 1;
}

static bool has_letters(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (isalpha((unsigned char)text[i]) || (unsigned char)text[i] >= 0xc3)
			return true;
	return false;
}

/* Digits and marks, or a code ("J8369854"): what it is, its member's name says. */
static bool is_code(const char *text, size_t len)
{
	return !has_letters(text, len) || (!memchr(text, ' ', len) && strcspn(text, "0123456789") < len);
}

static bool is_birth(const char *key)
{
	return key && (strcasestr(key, "birth") || strcasestr(key, "dob"));
}

/* The whole text is a value of the map, or the digits by which one is said. */
static bool is_known(const struct redact_map *m, const char *text, size_t len, struct scan_claim *c)
{
	size_t i, count = redact_map_count(m), n;
	char digits[SPOKEN_DIGITS_MAX];
	bool plus;

	for (i = 0; i < count; i++) {
		*c = (struct scan_claim){ .end = len };
		map_entry(m, i, &c->type, &c->value);
		if (strlen(c->value) == len && !memcmp(c->value, text, len))
			return true;
		n = spoken_digits(c->type, c->value, digits, &plus);
		if (n && n == len && !memcmp(digits, text, len))
			return true;
	}
	return false;
}

/* The text masked, or NULL when nothing was. `key` says what digits alone are; it may be NULL. */
static struct redacted *text_mask(struct masking *k, const char *text, size_t len, const char *key)
{
	struct redact_context context = k->base;
	struct scan_claim claim;
	struct redacted *r = NULL;
	bool known = is_known(k->map, text, len, &claim);

	if (k->err || !len || (!known && is_date(text, len) && !is_birth(key)))
		return NULL;
	context.question = key;
	context.question_len = key && is_code(text, len) ? strlen(key) : 0;
	k->err = map_mask(k->map, text, len, &context, &claim, known, &r);
	if (r && redacted_len(r) == len && !memcmp(redacted_text(r), text, len))
		redacted_free(&r);
	k->changed = k->changed || r;
	return r;
}

static json_t *string_masked(struct masking *k, const char *text, size_t len, const char *key)
{
	struct redacted *r = text_mask(k, text, len, key);
	json_t *string = r ? json_stringn(redacted_text(r), redacted_len(r)) : NULL;

	if (r && !string)
		k->err = ERR_NOMEM;
	redacted_free(&r);
	return string;
}

static json_t *number_masked(struct masking *k, const json_t *number, const char *key)
{
	char text[64];
	size_t digits;
	uint8_t value;

	if (json_is_real(number))
		return NULL; /* what has a point or a power is an amount */
	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(number));
	digits = strspn(text + (*text == '-'), "0123456789");
	return digits < NUMBER_DIGITS && !(key && cue_find(key, strlen(key), &value)) ? NULL : string_masked(k, text, strlen(text), key);
}

static json_t *masked(struct masking *k, const json_t *value, const char *key);

static json_t *object_masked(struct masking *k, const json_t *object)
{
	json_t *out = json_object(), *value, *clean;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		struct redacted *name = text_mask(k, key, strlen(key), NULL);

		clean = masked(k, value, key);
		if (json_object_set_new(out, name ? redacted_text(name) : key, clean))
			k->err = k->err ? k->err : ERR_NOMEM;
		redacted_free(&name);
	}
	return out;
}

static json_t *array_masked(struct masking *k, const json_t *array, const char *key)
{
	json_t *out = json_array(), *value;
	size_t i;

	json_array_foreach(array, i, value)
		if (json_array_append_new(out, masked(k, value, key)))
			k->err = k->err ? k->err : ERR_NOMEM;
	return out;
}

/* Yours. The parser has a ceiling of its own on depth. */
static json_t *masked(struct masking *k, const json_t *value, const char *key)
{
	json_t *clean = NULL;

	if (json_is_object(value))
		return object_masked(k, value);
	if (json_is_array(value))
		return array_masked(k, value, key);
	if (json_is_string(value))
		clean = string_masked(k, json_string_value(value), json_string_length(value), key);
	else if (json_is_number(value))
		clean = number_masked(k, value, key);
	return clean ? clean : json_incref((json_t *)(uintptr_t)value);
}

/* What stands before the document, if anything, and the document. */
static enum err join(const struct masking *k, const char *head, size_t head_len, const char *document, size_t len, struct redacted **rp)
{
	struct redacted *words = NULL;
	struct buf b;
	enum err err = head_len ? redact_text(k->map, head, head_len, &k->base, &words) : ERR_NONE;

	buf_init(&b, SIZE_MAX);
	if (words)
		buf_append(&b, redacted_text(words), redacted_len(words));
	buf_append(&b, document, len);
	err = err ? err : b.err;
	if (!err)
		err = redacted_copy(b.data, b.len, rp);
	redacted_free(&words);
	buf_fini(&b);
	return err;
}

static enum err document_mask(struct masking *k, const json_t *document, const char *text, size_t len, size_t head, struct redacted **rp)
{
	json_t *clean = masked(k, document, NULL);
	char *dump = NULL;
	enum err err = k->err;

	if (!err && k->changed) {
		dump = json_dumps(clean, JSON_COMPACT);
		err = dump ? ERR_NONE : ERR_NOMEM;
	}
	if (!err)
		err = join(k, text, head, dump ? dump : text + head, dump ? strlen(dump) : len - head, rp);
	json_decref(clean);
	free(dump);
	return err;
}

enum err redact_data(struct redact_map *m, const char *text, size_t len, const struct redact_context *context, struct redacted **rp)
{
	struct masking k = { .map = m, .base = { .language = context ? context->language : NULL, .types = context ? context->types : 0 } };
	size_t head = 0;
	json_t *document;
	enum err err;

	k.base.types = k.base.types ? k.base.types & REDACT_TYPES_CALL : REDACT_TYPES_CALL;
	*rp = NULL;
	if (len > REDACT_MAX_BYTES)
		return ERR_LIMIT;
	while (head < len && text[head] != '{' && text[head] != '[')
		head++;
	document = head < len ? json_loadb(text + head, len - head, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (!document)
		return redact_text(m, text, len, &k.base, rp);
	err = document_mask(&k, document, text, len, head, rp);
	json_decref(document);
	return err;
}
