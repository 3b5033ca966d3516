#include "voice/journal/usage_record.h"

#include <stdio.h>
#include <string.h>

#include "base/wire.h"
#include "voice/journal/steps.h"

enum { F_AT = 1, F_METER = 2, F_WHAT = 4, F_TURN, F_INDEX, F_WASTED, F_VENDOR, F_MODEL, F_MEMBER, F_ESTIMATED, F_PRICES, F_UNITS = 32 };

static const char *const what_names[USAGE_WHATS] = { "unknown", "answer", "utterance", "stream" };

const char *usage_what_name(enum usage_what what)
{
	unsigned int i = (unsigned int)what;

	return i < USAGE_WHATS ? what_names[i] : what_names[0];
}

static void name_put(char to[USAGE_NAME_MAX], const char *name)
{
	snprintf(to, USAGE_NAME_MAX, "%s", name ? name : "");
}

void record_usage_take(struct record_usage *r, const struct usage *u)
{
	name_put(r->vendor, u->vendor);
	name_put(r->model, u->model);
	name_put(r->member, u->member);
	r->is_estimated = u->is_estimated;
	memcpy(r->units, u->units, sizeof(r->units));
}

struct usage record_usage_of(const struct record_usage *r)
{
	struct usage u = { .vendor = r->vendor, .model = r->model, .member = r->member[0] ? r->member : NULL, .is_estimated = r->is_estimated };

	memcpy(u.units, r->units, sizeof(u.units));
	return u;
}

void record_usage_encode(const struct record_usage *r, struct buf *b)
{
	unsigned int i;

	wire_put_u64(b, F_AT, r->at_us);
	wire_put_u64(b, F_METER, METER_USAGE);
	wire_put_u64(b, F_WHAT, r->what);
	wire_put_u64(b, F_TURN, r->turn);
	wire_put_u64(b, F_INDEX, r->index);
	wire_put_u64(b, F_WASTED, r->is_wasted);
	wire_put_text(b, F_VENDOR, r->vendor);
	wire_put_text(b, F_MODEL, r->model);
	wire_put_text(b, F_MEMBER, r->member);
	wire_put_u64(b, F_ESTIMATED, r->is_estimated);
	wire_put_text(b, F_PRICES, r->prices);
	for (i = 0; i < USAGE_UNITS; i++)
		wire_put_u64(b, F_UNITS + i, r->units[i]);
}

static void name_take(const struct wire_field *f, char *to, size_t size)
{
	size_t len = f->len < size ? f->len : size - 1;

	memcpy(to, f->bytes, len);
	to[len] = '\0';
}

static void text_take(struct record_usage *r, const struct wire_field *f)
{
	switch (f->number) {
	case F_VENDOR: name_take(f, r->vendor, sizeof(r->vendor)); break;
	case F_MODEL: name_take(f, r->model, sizeof(r->model)); break;
	case F_MEMBER: name_take(f, r->member, sizeof(r->member)); break;
	case F_PRICES: name_take(f, r->prices, sizeof(r->prices)); break;
	default: break;
	}
}

static void number_take(struct record_usage *r, const struct wire_field *f)
{
	switch (f->number) {
	case F_AT: r->at_us = f->u64; break;
	case F_WHAT: r->what = wire_u32(f); break;
	case F_TURN: r->turn = wire_u32(f); break;
	case F_INDEX: r->index = wire_u32(f); break;
	case F_WASTED: r->is_wasted = f->u64 != 0; break;
	case F_ESTIMATED: r->is_estimated = f->u64 != 0; break;
	default:
		if (f->number >= F_UNITS && f->number < F_UNITS + USAGE_UNITS)
			r->units[f->number - F_UNITS] = f->u64;
		break;
	}
}

enum err record_usage_decode(struct record_usage *r, const void *data, size_t len)
{
	struct wire_reader w;
	struct wire_field f;
	bool is_usage = false;

	*r = (struct record_usage){ .at_us = 0 };
	wire_reader_init(&w, data, len);
	while (wire_next(&w, &f)) {
		is_usage |= f.number == F_METER && !f.is_bytes && f.u64 == METER_USAGE;
		if (f.is_bytes)
			text_take(r, &f);
		else
			number_take(r, &f);
	}
	if (w.err)
		return w.err;
	if (!is_usage)
		return ERR_NOTFOUND;
	return r->what && r->what < USAGE_WHATS ? ERR_NONE : ERR_FORMAT;
}
