/* The map of one call and the texts made with it: the only file that knows what is inside a struct redacted. */
#include "redact/redact.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/wire.h"
#include "base/wording.h"
#include "redact/phone.h"
#include "redact/scan.h"

struct entry {
	enum redact_type type;
	uint32_t number; /* of its type, from 1 */
	char value[REDACT_VALUE_BYTES];
};

struct redact_map {
	size_t count, room;
	struct entry *entries;
};

/* A placeholder, and how many digits its value is said with, or which day it is. */
struct placed {
	char name[REDACT_NAME_BYTES];
	size_t least, most;
	bool is_day;
	int32_t day;
};

struct redacted {
	size_t len, placed_count;
	struct placed *placed;
	char text[];
};

enum { MAP_ENTRY = 1, ENTRY_TYPE = 1, ENTRY_VALUE = 2, NAME_BYTES = REDACT_NAME_BYTES, FIRST_ROOM = 8 };

enum err redact_map_new(struct redact_map **mp)
{
	*mp = calloc(1, sizeof(**mp));
	return *mp ? ERR_NONE : ERR_NOMEM;
}

static void entries_drop(struct redact_map *m)
{
	if (m->entries)
		sodium_memzero(m->entries, m->room * sizeof(*m->entries));
	free(m->entries);
}

void redact_map_free(struct redact_map **mp)
{
	if (!*mp)
		return;
	entries_drop(*mp);
	free(*mp);
	*mp = NULL;
}

size_t redact_map_count(const struct redact_map *m)
{
	return m->count;
}

/* Moves to a bigger room; the old one is wiped. */
static enum err map_grow(struct redact_map *m)
{
	size_t room = m->room ? 2 * m->room : FIRST_ROOM;
	struct entry *entries = calloc(room, sizeof(*entries));

	if (!entries)
		return ERR_NOMEM;
	if (m->count)
		memcpy(entries, m->entries, m->count * sizeof(*entries));
	entries_drop(m);
	m->entries = entries;
	m->room = room;
	return ERR_NONE;
}

static struct entry *entry_exact(const struct redact_map *m, enum redact_type type, const char *value)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (m->entries[i].type == type && !strcmp(m->entries[i].value, value))
			return &m->entries[i];
	return NULL;
}

/* The same telephone number, said with its country or without. */
static struct entry *entry_of_phone(const struct redact_map *m, const char *value)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (m->entries[i].type == REDACT_PHONE && phone_same(m->entries[i].value, value))
			return &m->entries[i];
	return NULL;
}

static enum err entry_put(struct redact_map *m, enum redact_type type, const char *value, uint32_t *number)
{
	uint32_t last = 0;
	size_t i;

	for (i = 0; i < m->count; i++)
		last = m->entries[i].type == type ? m->entries[i].number : last;
	if (m->count == REDACT_MAP_ENTRIES)
		return ERR_LIMIT;
	if (m->count == m->room && map_grow(m))
		return ERR_NOMEM;
	m->entries[m->count] = (struct entry){ .type = type, .number = last + 1 };
	snprintf(m->entries[m->count++].value, REDACT_VALUE_BYTES, "%s", value);
	*number = last + 1;
	return ERR_NONE;
}

static enum err map_add(struct redact_map *m, enum redact_type type, const char *value, uint32_t *number)
{
	struct entry *e = entry_exact(m, type, value);

	*number = 0;
	if (!e && type == REDACT_PHONE) {
		e = entry_of_phone(m, value);
		if (e && *value == '+') /* with its country: from now on that is the value */
			snprintf(e->value, sizeof(e->value), "%s", value);
	}
	if (!e)
		return entry_put(m, type, value, number);
	*number = e->number;
	return ERR_NONE;
}

void redact_map_encode(const struct redact_map *m, struct buf *out)
{
	size_t i, opened;

	for (i = 0; i < m->count; i++) {
		opened = wire_open(out, MAP_ENTRY);
		wire_put_u64(out, ENTRY_TYPE, m->entries[i].type);
		wire_put_text(out, ENTRY_VALUE, m->entries[i].value);
		wire_close(out, opened);
	}
}

/* One entry as it was saved; numbers follow from the order. */
static enum err entry_decode(struct redact_map *m, struct wire_reader *r)
{
	char value[REDACT_VALUE_BYTES] = "";
	uint64_t type = 0;
	uint32_t number;
	struct wire_field f;
	enum err err;

	while (wire_next(r, &f)) {
		if (f.number == ENTRY_TYPE && !f.is_bytes)
			type = f.u64;
		if (f.number != ENTRY_VALUE || !f.is_bytes)
			continue;
		if (f.len >= sizeof(value) || memchr(f.bytes, 0, f.len))
			return ERR_FORMAT;
		memcpy(value, f.bytes, f.len);
		value[f.len] = 0;
	}
	if (r->err || !type || type >= REDACT_TYPE_COUNT || !redact_value_fine((enum redact_type)type, value, strlen(value)))
		return r->err ? r->err : ERR_FORMAT;
	err = entry_exact(m, (enum redact_type)type, value) ? ERR_FORMAT : entry_put(m, (enum redact_type)type, value, &number);
	sodium_memzero(value, sizeof(value));
	return err;
}

enum err redact_map_decode(struct redact_map **mp, const void *data, size_t len)
{
	enum err err = redact_map_new(mp);
	struct wire_reader r, sub;
	struct wire_field f;

	if (err)
		return err;
	wire_reader_init(&r, data, len);
	while (!err && wire_next(&r, &f)) {
		if (f.number != MAP_ENTRY || !f.is_bytes)
			continue;
		wire_reader_sub(&sub, &f);
		err = entry_decode(*mp, &sub);
	}
	err = err ? err : r.err;
	if (err)
		redact_map_free(mp);
	return err;
}

/* Digits that nobody has named may be those of a value that has a name. */
static const struct entry *entry_of_digits(const struct redact_map *m, const char *digits)
{
	char said[SPOKEN_DIGITS_MAX];
	bool plus;
	size_t i;

	for (i = 0; i < m->count; i++)
		if (m->entries[i].type != REDACT_NUMBER && spoken_digits(m->entries[i].type, m->entries[i].value, said, &plus) && !strcmp(said, digits))
			return &m->entries[i];
	return entry_of_phone(m, digits);
}

/* "[PHONE_1]", or "[PHONE]" for what cannot be given back. */
static enum err placeholder(struct redact_map *m, const struct redact_entity *e, char *name)
{
	const struct entry *named = e->type == REDACT_NUMBER && !e->held ? entry_of_digits(m, e->value) : NULL;
	enum redact_type type = named ? named->type : e->type;
	uint32_t number = named ? named->number : 0;
	enum err err = e->held || named ? ERR_NONE : map_add(m, type, e->value, &number);

	if (err && err != ERR_LIMIT)
		return err;
	if (number)
		snprintf(name, NAME_BYTES, "[%s_%u]", redact_type_name(type), (unsigned int)number);
	else
		snprintf(name, NAME_BYTES, "[%s]", redact_type_name(type));
	return ERR_NONE;
}

/* A telephone number may be said without its 0 or its country. */
static void placed_set(struct placed *p, const char *name, const struct redact_entity *e)
{
	size_t code;
	const char *national = e->type == REDACT_PHONE ? phone_national(e->value, &code) : NULL;

	snprintf(p->name, sizeof(p->name), "%s", name);
	p->most = strspn(e->value + (*e->value == '+'), "0123456789");
	if (e->held || e->value[p->most + (*e->value == '+')])
		p->most = 0; /* an address, or nobody knows */
	p->least = p->most && national ? strlen(national) : p->most;
	p->is_day = e->type == REDACT_DOB && !e->held && day_parse(e->value, strlen(e->value), &p->day);
}

/* Room for a text of so many bytes with so many placeholders. */
static enum err redacted_new(struct redacted **rp, size_t bytes, size_t count)
{
	struct redacted *r = malloc(sizeof(*r) + bytes + 1);

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	*r = (struct redacted){ .placed = count ? calloc(count, sizeof(*r->placed)) : NULL };
	if (count && !r->placed) {
		free(r);
		return ERR_NOMEM;
	}
	*rp = r;
	return ERR_NONE;
}

static void redacted_append(struct redacted *r, const char *text, size_t len)
{
	if (len)
		memcpy(r->text + r->len, text, len);
	r->len += len;
}

enum err redact_apply(struct redact_map *m, const char *text, size_t len, const struct redact_found *found, struct redacted **rp)
{
	enum err err = redacted_new(rp, len + found->count * NAME_BYTES, found->count);
	char name[NAME_BYTES];
	size_t i, at = 0;

	for (i = 0; !err && i < found->count; i++) {
		const struct redact_entity *e = &found->entities[i];

		assert(e->start >= at && e->end >= e->start && e->end <= len);
		err = placeholder(m, e, name);
		if (err)
			break;
		redacted_append(*rp, text + at, e->start - at);
		redacted_append(*rp, name, strlen(name));
		placed_set(&(*rp)->placed[(*rp)->placed_count++], name, e);
		at = e->end;
	}
	if (err) {
		redacted_free(rp);
		return err;
	}
	redacted_append(*rp, text + at, len - at);
	(*rp)->text[(*rp)->len] = 0;
	return ERR_NONE;
}

enum err map_mask(struct redact_map *m, const char *text, size_t len, const struct redact_context *context, const struct scan_claim *claims,
	size_t count, struct redacted **rp)
{
	struct redact_found *found = malloc(sizeof(*found));
	enum err err = found ? scan_find(text, len, context, claims, count, found) : ERR_NOMEM;
	size_t i;

	*rp = NULL;
	if (!err)
		err = redact_apply(m, text, len, found, rp);
	for (i = 0; found && i < found->count; i++)
		sodium_memzero(found->entities[i].value, sizeof(found->entities[i].value));
	free(found);
	return err;
}

enum err redact_text(struct redact_map *m, const char *text, size_t len, const struct redact_context *context, struct redacted **rp)
{
	struct scan_claim claims[SCAN_CLAIMS];
	size_t count = context && context->ours && m->count ? spoken_claims(m, text, len, claims) : 0;

	return map_mask(m, text, len, context, claims, count, rp);
}

enum err redacted_copy(const void *text, size_t len, struct redacted **rp)
{
	enum err err = redacted_new(rp, len, 0);

	if (err)
		return err;
	redacted_append(*rp, text, len);
	(*rp)->text[len] = 0;
	return ERR_NONE;
}

enum err redacted_again(const struct redacted *r, struct redacted **rp)
{
	enum err err = redacted_new(rp, r->len, r->placed_count);

	if (err)
		return err;
	redacted_append(*rp, r->text, r->len);
	(*rp)->text[r->len] = 0;
	if (r->placed_count)
		memcpy((*rp)->placed, r->placed, r->placed_count * sizeof(*r->placed));
	(*rp)->placed_count = r->placed_count;
	return ERR_NONE;
}

const char *redacted_text(const struct redacted *r)
{
	return r->text;
}

size_t redacted_len(const struct redacted *r)
{
	return r->len;
}

bool redacted_digits(const struct redacted *r, const char *name, size_t *least, size_t *most)
{
	size_t i;

	for (i = 0; i < r->placed_count; i++)
		if (r->placed[i].most && !strcmp(r->placed[i].name, name)) {
			*least = r->placed[i].least;
			*most = r->placed[i].most;
			return true;
		}
	return false;
}

enum redacted_day redacted_day_within(const struct redacted *r, const char *name, int64_t first, int64_t last)
{
	size_t i;

	for (i = 0; i < r->placed_count; i++)
		if (r->placed[i].is_day && !strcmp(r->placed[i].name, name))
			return r->placed[i].day >= first && r->placed[i].day <= last ? REDACTED_DAY_WITHIN : REDACTED_DAY_OUTSIDE;
	return REDACTED_NO_DAY;
}

void redacted_free(struct redacted **rp)
{
	if (*rp)
		free((*rp)->placed);
	free(*rp);
	*rp = NULL;
}

/* The entry that a placeholder at the start of `text` names, and its length. */
static const struct entry *entry_find(const struct redact_map *m, const char *text, size_t len, size_t *took)
{
	const char *close = memchr(text, ']', len < NAME_BYTES ? len : NAME_BYTES);
	char name[NAME_BYTES];
	size_t i, n;

	for (i = 0; close && i < m->count; i++) {
		const struct entry *e = &m->entries[i];

		n = strlen(redact_type_name(e->type));
		if (n + 2 > (size_t)(close - text) || text[n + 1] != '_' || memcmp(text + 1, redact_type_name(e->type), n) != 0)
			continue;
		n = (size_t)snprintf(name, sizeof(name), "[%s_%u]", redact_type_name(e->type), (unsigned int)e->number);
		if (n == (size_t)(close - text) + 1 && !memcmp(name, text, n)) {
			*took = n;
			return e;
		}
	}
	return NULL;
}

size_t map_entry(const struct redact_map *m, size_t i, enum redact_type *type, const char **value)
{
	*type = m->entries[i].type;
	*value = m->entries[i].value;
	return m->entries[i].number;
}

const char *map_find(const struct redact_map *m, const char *text, size_t len, enum redact_type *type, size_t *took)
{
	const struct entry *e = entry_find(m, text, len, took);

	if (e)
		*type = e->type;
	return e ? e->value : NULL;
}

void redact_restore(const struct redact_map *m, const char *text, size_t len, struct buf *out)
{
	const struct entry *e;
	const char *next;
	size_t at = 0, took = 0, plain;

	while (at < len) {
		next = memchr(text + at, '[', len - at);
		plain = next ? (size_t)(next - text) - at : len - at;
		buf_append(out, text + at, plain);
		at += plain;
		if (at == len)
			break;
		e = entry_find(m, text + at, len - at, &took);
		if (e)
			buf_text(out, e->value);
		else
			buf_byte(out, '[');
		at += e ? took : 1;
	}
}
