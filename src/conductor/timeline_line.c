#include "conductor/timeline_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_scan.h"
#include "base/wire.h"
#include "conductor/timeline.h"

enum { F_HEAD = 1, F_HAS_END, F_LINES };
enum { HEAD_EPOCH = 1, HEAD_SEQUENCE, HEAD_PART };

/* ------------------------------------------------------------------ places */

/* Digits up to `end`, no sign, no blank, no leading zero. */
static bool number_read(const char **at, const char *end, uint64_t max, uint64_t *value)
{
	const char *from = *at;

	*value = 0;
	while (*at < end && **at >= '0' && **at <= '9') {
		uint64_t digit = (uint64_t)(**at - '0');

		if (*value > (max - digit) / 10)
			return false;
		*value = *value * 10 + digit;
		(*at)++;
	}
	return *at > from && (*from != '0' || *at == from + 1);
}

bool line_place_read(struct line_place *p, const char *text)
{
	const char *at = text, *end = text + strlen(text);
	uint64_t epoch, sequence, part;

	if (!number_read(&at, end, UINT32_MAX, &epoch) || *at++ != '.' || !number_read(&at, end, UINT64_MAX, &sequence) || *at++ != '.' ||
		!number_read(&at, end, UINT32_MAX, &part) || at != end)
		return false;
	*p = (struct line_place){ .epoch = (uint32_t)epoch, .sequence = sequence, .part = (uint32_t)part };
	return true;
}

/* ------------------------------------------------------------------ judging */

static bool is_utf8(const char *text, size_t len)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + len;

	while (at < end) {
		size_t n = utf8_length(at, (size_t)(end - at));

		if (!n)
			return false;
		at += n;
	}
	return true;
}

static bool take_id(const struct json_item *i, char out[LINE_ID_MAX])
{
	if (i->kind != JSON_SCAN_STRING || i->len != LINE_ID_MAX - 1 || out[0])
		return false;
	for (size_t k = 0; k < i->len; k++)
		if (!(i->text[k] >= '0' && i->text[k] <= '9') && !(i->text[k] >= 'a' && i->text[k] <= 'f'))
			return false;
	memcpy(out, i->text, i->len);
	return true;
}

static bool take_type(const struct json_item *i, char out[LINE_TYPE_MAX])
{
	if (i->kind != JSON_SCAN_STRING || !i->len || i->len >= LINE_TYPE_MAX || out[0])
		return false;
	for (size_t k = 0; k < i->len; k++)
		if (!(i->text[k] >= 'a' && i->text[k] <= 'z') && i->text[k] != '_')
			return false;
	memcpy(out, i->text, i->len);
	return true;
}

static bool take_number(const struct json_item *i, uint64_t max, uint64_t *value)
{
	const char *at = i->text;

	return i->kind == JSON_SCAN_NUMBER && number_read(&at, i->text + i->len, max, value) && at == i->text + i->len;
}

static bool is_time(const struct json_item *i)
{
	return i->kind == JSON_SCAN_NUMBER && i->len <= 24 && i->text[0] != '-';
}

/* The tenant's member, from its quote to its end, and the comma that goes with it. */
static void tenant_span(struct line *l, const struct json_item *i)
{
	const char *from = i->key - 1, *to = i->text + i->len + 1, *end = l->text + l->len;
	const char *comma = to;

	while (comma < end && (*comma == ' ' || *comma == '\t' || *comma == '\r'))
		comma++;
	if (comma < end && *comma == ',') {
		to = comma + 1;
	} else {
		while (from > l->text && (from[-1] == ' ' || from[-1] == '\t' || from[-1] == '\r'))
			from--;
		from -= from > l->text && from[-1] == ',';
	}
	l->tenant_from = (size_t)(from - l->text);
	l->tenant_to = (size_t)(to - l->text);
}

/* What a line must say, each once. */
enum member { M_CALL = 1, M_TENANT = 2, M_EPOCH = 4, M_SEQUENCE = 8, M_PART = 16, M_AT = 32, M_TYPE = 64, M_ALL = 127 };

static enum member member_of(const struct json_item *i)
{
	static const struct {
		const char *name;
		enum member member;
	} members[] = { { "call", M_CALL }, { "tenant_id", M_TENANT }, { "epoch", M_EPOCH }, { "sequence", M_SEQUENCE }, { "part", M_PART },
		{ "at_ms", M_AT }, { "type", M_TYPE } };

	for (size_t k = 0; i->depth == 1 && k < sizeof(members) / sizeof(members[0]); k++)
		if (json_item_is(i, members[k].name))
			return members[k].member;
	return 0;
}

static bool take(struct line *l, const struct json_item *i, enum member member)
{
	uint64_t value = 0;
	bool ok = true;

	switch (member) {
	case M_CALL: return take_id(i, l->call);
	case M_TENANT:
		ok = take_id(i, l->tenant_id);
		if (ok)
			tenant_span(l, i);
		return ok;
	case M_EPOCH:
		ok = take_number(i, UINT32_MAX, &value) && value;
		l->place.epoch = (uint32_t)value;
		return ok;
	case M_SEQUENCE:
		ok = take_number(i, UINT64_MAX, &value) && value;
		l->place.sequence = value;
		return ok;
	case M_PART:
		ok = take_number(i, UINT32_MAX, &value);
		l->place.part = (uint32_t)value;
		return ok;
	case M_AT: return is_time(i);
	case M_TYPE: return take_type(i, l->type);
	default: return true;
	}
}

enum err line_read(struct line *l, const char *text, size_t len)
{
	struct json_scan scan;
	struct json_item item;
	unsigned int seen = 0;

	*l = (struct line){ .text = text, .len = len };
	if (len > TIMELINE_LINE_MAX_BYTES)
		return ERR_LIMIT;
	if (!len || text[0] != '{' || memchr(text, '\n', len) || !is_utf8(text, len))
		return ERR_FORMAT;
	json_scan_init(&scan, text, len);
	while (json_scan_next(&scan, &item)) {
		enum member member = item.kind == JSON_SCAN_CLOSE ? 0 : member_of(&item);

		if (seen & member || !take(l, &item, member) || (item.key && memchr(item.key, '\\', item.key_len)))
			return ERR_FORMAT;
		seen |= member;
	}
	return scan.err || seen != M_ALL ? ERR_FORMAT : ERR_NONE;
}

void line_put(const struct line *l, struct buf *out)
{
	buf_append(out, l->text, l->tenant_from);
	buf_append(out, l->text + l->tenant_to, l->len - l->tenant_to);
	buf_byte(out, '\n');
}

/* ------------------------------------------------------------------ heads */

static const struct line_place *head_of(const struct line_heads *h, uint32_t epoch)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->items[i].epoch == epoch)
			return &h->items[i];
	return NULL;
}

bool line_heads_have(const struct line_heads *h, const struct line_place *p)
{
	const struct line_place *head = head_of(h, p->epoch);

	if (!head)
		return h->count == LINE_EPOCHS_MAX && p->epoch < h->items[0].epoch;
	return p->sequence < head->sequence || (p->sequence == head->sequence && p->part <= head->part);
}

void line_heads_add(struct line_heads *h, const struct line *l)
{
	size_t i = 0;

	h->has_end = h->has_end || !strcmp(l->type, "end");
	while (i < h->count && h->items[i].epoch < l->place.epoch)
		i++;
	if (i == h->count || h->items[i].epoch != l->place.epoch) {
		if (h->count == LINE_EPOCHS_MAX) {
			if (!i)
				return;
			memmove(&h->items[0], &h->items[1], --h->count * sizeof(h->items[0]));
			i--;
		}
		memmove(&h->items[i + 1], &h->items[i], (h->count++ - i) * sizeof(h->items[0]));
	}
	h->items[i] = l->place;
}

/* ------------------------------------------------------------------ documents */

void line_document_encode(const struct line_document *d, struct buf *out)
{
	for (size_t i = 0; i < d->heads.count; i++) {
		size_t opened = wire_open(out, F_HEAD);

		wire_put_u64(out, HEAD_EPOCH, d->heads.items[i].epoch);
		wire_put_u64(out, HEAD_SEQUENCE, d->heads.items[i].sequence);
		wire_put_u64(out, HEAD_PART, d->heads.items[i].part);
		wire_close(out, opened);
	}
	wire_put_u64(out, F_HAS_END, d->heads.has_end);
	wire_put_bytes(out, F_LINES, d->lines, d->len);
}

static bool head_read(struct line_heads *h, const struct wire_field *f)
{
	struct wire_reader sub;
	struct wire_field one;
	struct line_place *p = &h->items[h->count];

	if (!f->is_bytes || h->count == LINE_EPOCHS_MAX)
		return false;
	*p = (struct line_place){ .epoch = 0 };
	wire_reader_init(&sub, f->bytes, f->len);
	while (wire_next(&sub, &one)) {
		if (one.is_bytes)
			return false;
		if (one.number == HEAD_EPOCH)
			p->epoch = wire_u32(&one);
		else if (one.number == HEAD_SEQUENCE)
			p->sequence = one.u64;
		else if (one.number == HEAD_PART)
			p->part = wire_u32(&one);
	}
	if (sub.err || (h->count && p->epoch <= h->items[h->count - 1].epoch))
		return false;
	h->count++;
	return true;
}

enum err line_document_decode(struct line_document *d, const void *data, size_t len)
{
	struct wire_reader r;
	struct wire_field f;

	*d = (struct line_document){ .lines = "" };
	wire_reader_init(&r, data, len);
	while (wire_next(&r, &f)) {
		if (f.number == F_HEAD && !head_read(&d->heads, &f))
			return ERR_CORRUPT;
		if (f.number == F_HAS_END)
			d->heads.has_end = !f.is_bytes && f.u64;
		if (f.number == F_LINES && !f.is_bytes)
			return ERR_CORRUPT;
		if (f.number == F_LINES) {
			d->lines = (const char *)f.bytes;
			d->len = f.len;
		}
	}
	return r.err ? ERR_CORRUPT : ERR_NONE;
}

bool line_next(const char *lines, size_t len, size_t *at, const char **line, size_t *line_len)
{
	const char *end;

	if (*at >= len)
		return false;
	*line = lines + *at;
	end = memchr(*line, '\n', len - *at);
	*line_len = end ? (size_t)(end - *line) : len - *at;
	*at += *line_len + 1;
	return true;
}

bool line_place_find(const char *line, size_t len, struct line_place *p)
{
	struct json_scan scan;
	struct json_item item;
	struct line l = { .len = 0 };
	unsigned int seen = 0;

	json_scan_init(&scan, line, len);
	while (seen != (M_EPOCH | M_SEQUENCE | M_PART) && json_scan_next(&scan, &item)) {
		enum member member = item.kind == JSON_SCAN_CLOSE ? 0 : member_of(&item);

		member &= M_EPOCH | M_SEQUENCE | M_PART;
		if (!take(&l, &item, member))
			return false;
		seen |= member;
	}
	*p = l.place;
	return seen == (M_EPOCH | M_SEQUENCE | M_PART);
}
