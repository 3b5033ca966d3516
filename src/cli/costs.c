#include "cli/costs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/prices.h"

static struct cost_row *row_of(struct costs *c, const struct record_usage *r)
{
	struct cost_row *row = c->rows;

	for (; row < c->rows + c->count; row++)
		if (!strcmp(row->vendor, r->vendor) && !strcmp(row->model, r->model))
			return row;
	if (c->count == COSTS_ROWS_MAX)
		return NULL;
	c->count++;
	memcpy(row->vendor, r->vendor, sizeof(row->vendor));
	memcpy(row->model, r->model, sizeof(row->model));
	return row;
}

void costs_add(struct costs *c, const struct record_usage *r)
{
	const struct usage u = record_usage_of(r);
	struct cost_row *row = row_of(c, r);
	struct cost_part *part;
	uint64_t picos;
	unsigned int i;

	if (!row) {
		c->passed_over++;
		return;
	}
	part = r->is_wasted ? &row->wasted : &row->all;
	for (i = 0; i < USAGE_UNITS; i++)
		part->units[i] += r->units[i];
	part->is_unknown |= !prices_cost(&u, r->prices, &picos);
	part->picos += picos;
	row->is_estimated |= r->is_estimated;
	memcpy(c->prices, r->prices, sizeof(c->prices));
}

bool costs_total(const struct costs *c, uint64_t *micros, uint64_t *wasted_micros)
{
	uint64_t all = 0, wasted = 0;
	bool is_known = !c->passed_over;
	unsigned int i;

	for (i = 0; i < c->count; i++) {
		all += c->rows[i].all.picos;
		wasted += c->rows[i].wasted.picos;
		is_known = is_known && !c->rows[i].all.is_unknown;
	}
	*micros = prices_micros(all);
	*wasted_micros = prices_micros(wasted);
	return is_known;
}

/* ------------------------------------------------------------------ JSON */

static void json_units(struct buf *b, const char *key, const struct cost_part *p)
{
	unsigned int i;

	json_put_key(b, key);
	json_open(b, '{');
	for (i = 0; i < USAGE_UNITS; i++)
		if (p->units[i])
			json_pair_u64(b, usage_unit_name((enum usage_unit)i), p->units[i]);
	json_close(b, '}');
}

/* In micro-dollars, null where the price is not known. */
static void json_cost(struct buf *b, const char *key, const struct cost_part *p)
{
	json_put_key(b, key);
	if (p->is_unknown)
		json_put_null(b);
	else
		json_put_u64(b, prices_micros(p->picos));
}

static void json_row(struct buf *b, const struct cost_row *row)
{
	json_open(b, '{');
	json_pair_string(b, "vendor", row->vendor);
	json_pair_string(b, "model", row->model);
	json_pair_bool(b, "estimated", row->is_estimated);
	json_units(b, "units", &row->all);
	json_units(b, "wasted_units", &row->wasted);
	json_cost(b, "micros", &row->all);
	json_cost(b, "wasted_micros", &row->wasted);
	json_close(b, '}');
}

void costs_json(struct buf *b, const struct costs *c)
{
	uint64_t micros, wasted;
	bool is_known = costs_total(c, &micros, &wasted);
	unsigned int i;

	json_open(b, '{');
	json_pair_string(b, "prices", c->prices);
	json_pair_bool(b, "all_known", is_known);
	json_pair_u64(b, "micros", micros);
	json_pair_u64(b, "wasted_micros", wasted);
	json_put_key(b, "providers");
	json_open(b, '[');
	for (i = 0; i < c->count; i++)
		json_row(b, &c->rows[i]);
	json_close(b, ']');
	json_close(b, '}');
}

/* ------------------------------------------------------------------ for people */

static void put_units(struct buf *b, const struct cost_part *p)
{
	unsigned int i, count = 0;

	for (i = 0; i < USAGE_UNITS; i++) {
		if (!p->units[i] || i == USAGE_TEXT_BYTES)
			continue;
		buf_text(b, count++ ? ", " : " ");
		if (i == USAGE_AUDIO_SAMPLES)
			buf_printf(b, "%" PRIu64 " ms of sound", p->units[i] / 8);
		else
			buf_printf(b, "%" PRIu64 " %s", p->units[i], usage_unit_name((enum usage_unit)i));
	}
}

static void put_money(struct buf *b, uint64_t micros)
{
	buf_printf(b, "$%" PRIu64 ".%06u", micros / 1000000, (unsigned int)(micros % 1000000));
}

static void put_cost(struct buf *b, const struct cost_part *p)
{
	if (p->is_unknown)
		buf_text(b, "price unknown");
	else
		put_money(b, prices_micros(p->picos));
}

static bool is_any(const struct cost_part *p)
{
	unsigned int i;

	for (i = 0; i < USAGE_UNITS; i++)
		if (p->units[i])
			return true;
	return false;
}

static void put_row(struct buf *b, const struct cost_row *row)
{
	buf_printf(b, "  %s %s:", row->vendor, row->model);
	put_units(b, &row->all);
	buf_text(b, "; ");
	put_cost(b, &row->all);
	if (is_any(&row->wasted)) {
		buf_text(b, "; wasted of it");
		put_units(b, &row->wasted);
		buf_text(b, ", ");
		put_cost(b, &row->wasted);
	}
	buf_text(b, row->is_estimated ? " (partly estimated)\n" : "\n");
}

void costs_text(struct buf *b, const struct costs *c)
{
	uint64_t micros, wasted;
	bool is_known = costs_total(c, &micros, &wasted);
	unsigned int i;

	if (!c->count)
		return;
	buf_printf(b, "costs (prices of %s):\n", c->prices);
	for (i = 0; i < c->count; i++)
		put_row(b, &c->rows[i]);
	buf_text(b, "  total: ");
	put_money(b, micros);
	buf_text(b, ", of which wasted: ");
	put_money(b, wasted);
	buf_text(b, is_known ? "\n" : "; what has no price is not in it\n");
}
