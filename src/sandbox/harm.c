#include "sandbox/harm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/lookup.h"

enum { STATUS_MIN = 400, STATUS_MAX = 599, COUNT_MAX = 1000000, EVERY_MS_MAX = 60000, PATH_MAX_BYTES = 100 };

static const char *const names[HARM_KINDS] = {
	[HARM_NONE] = "none", [HARM_STATUS] = "status", [HARM_STALL] = "stall", [HARM_HALF_OPEN] = "half_open", [HARM_RESET] = "reset",
	[HARM_DRIP] = "drip", [HARM_WRONG_JSON] = "wrong_json", [HARM_OVERSIZED] = "oversized", [HARM_DUPLICATE] = "duplicate",
	[HARM_EARLY_CLOSE] = "early_close"
};

#define ANY_KIND (~0U)
#define KIND(k) (1U << (k))

/* The numbers that a fault may have, and of which kinds. */
struct member {
	const char *name;
	unsigned int kinds;
	int64_t min, max;
};

enum { M_REQUEST, M_TIMES, M_SEED, M_AFTER_MESSAGES, M_AFTER_BYTES, M_STATUS, M_RETRY, M_EVERY, M_BYTES, M_HOLD, MEMBERS };

static const struct member members[MEMBERS] = {
	[M_REQUEST] = { "request", ANY_KIND, 1, COUNT_MAX },
	[M_TIMES] = { "times", ANY_KIND, 1, COUNT_MAX },
	[M_SEED] = { "seed", ANY_KIND, 0, INT64_MAX },
	[M_AFTER_MESSAGES] = { "after_messages", ~KIND(HARM_STATUS), 0, COUNT_MAX },
	[M_AFTER_BYTES] = { "after_bytes", ~KIND(HARM_STATUS), 0, INT64_MAX },
	[M_STATUS] = { "status", KIND(HARM_STATUS), STATUS_MIN, STATUS_MAX },
	[M_RETRY] = { "retry_after_ms", KIND(HARM_STATUS), 1, HARM_HOLD_MS_MAX },
	[M_EVERY] = { "every_ms", KIND(HARM_DRIP), 1, EVERY_MS_MAX },
	[M_BYTES] = { "bytes", KIND(HARM_OVERSIZED), 1, HARM_BYTES_MAX },
	[M_HOLD] = { "hold_ms", KIND(HARM_STALL) | KIND(HARM_HALF_OPEN), 1, HARM_HOLD_MS_MAX },
};

const char *harm_name(enum harm_kind kind)
{
	return (unsigned int)kind < HARM_KINDS ? names[kind] : names[HARM_NONE];
}

/* ------------------------------------------------------------------ scripts */

struct reading {
	const char *const *vendors;
	struct err_detail *detail;
	char path[PATH_MAX_BYTES];
	int64_t numbers[MEMBERS];
	bool has[MEMBERS];
};

static enum err refuse(struct reading *r, const char *member, const char *hint, const char *fmt, ...) PRINTF_LIKE(4, 5);

static enum err refuse(struct reading *r, const char *member, const char *hint, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->detail->message, sizeof(r->detail->message), fmt, args);
	va_end(args);
	snprintf(r->detail->where, sizeof(r->detail->where), "%s%s%.40s", r->path, *r->path && *member ? "." : "", member);
	snprintf(r->detail->hint, sizeof(r->detail->hint), "%s", hint);
	return ERR_FORMAT;
}

/* "a, b, c" */
static void list_put(const char *const *items, char *out, size_t size)
{
	size_t at = 0;

	for (out[0] = 0; *items && at + 1 < size; items++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", at ? ", " : "", *items);
}

static enum err vendor_read(struct reading *r, const json_t *fault, struct harm *h)
{
	const char *vendor = json_string_value(json_object_get(fault, "vendor"));
	char hint[sizeof(r->detail->hint)];

	list_put(r->vendors, hint, sizeof(hint));
	if (!vendor)
		return refuse(r, "vendor", hint, "it must be a vendor's name");
	if (!list_has(r->vendors, vendor))
		return refuse(r, "vendor", hint, "there is no vendor \"%.40s\"", vendor);
	snprintf(h->vendor, sizeof(h->vendor), "%s", vendor);
	return ERR_NONE;
}

static enum err kind_read(struct reading *r, const json_t *fault, struct harm *h)
{
	static const char *const kinds[] = { "status", "stall", "half_open", "reset", "drip", "wrong_json", "oversized", "duplicate", "early_close", NULL };
	const char *kind = json_string_value(json_object_get(fault, "kind"));
	char hint[sizeof(r->detail->hint)];
	int i;

	list_put(kinds, hint, sizeof(hint));
	for (i = HARM_STATUS; kind && i < HARM_KINDS; i++)
		if (!strcmp(names[i], kind))
			break;
	if (!kind || i == HARM_KINDS)
		return refuse(r, "kind", hint, kind ? "there is no fault \"%.40s\"" : "it must be a fault's name", kind ? kind : "");
	h->kind = (enum harm_kind)i;
	return ERR_NONE;
}

static enum err number_read(struct reading *r, const char *name, const json_t *value, enum harm_kind kind)
{
	char hint[sizeof(r->detail->hint)];
	int i;

	for (i = 0; i < MEMBERS && strcmp(members[i].name, name) != 0; i++) {
	}
	if (i == MEMBERS)
		return refuse(r, name, "vendor, kind, path, request, times, rate, seed, after_messages, after_bytes, status, retry_after_ms, every_ms, bytes, hold_ms",
			"a fault has no such member");
	if (!(members[i].kinds & KIND(kind)))
		return refuse(r, name, "", "it means nothing for \"%s\"", harm_name(kind));
	snprintf(hint, sizeof(hint), "%lld to %lld", (long long)members[i].min, (long long)members[i].max);
	if (!json_is_integer(value) || json_integer_value(value) < members[i].min || json_integer_value(value) > members[i].max)
		return refuse(r, name, hint, "it must be a whole number between these");
	r->numbers[i] = json_integer_value(value);
	r->has[i] = true;
	return ERR_NONE;
}

static enum err rate_read(struct reading *r, const json_t *value, struct harm *h)
{
	h->rate = json_number_value(value);
	if (!json_is_number(value) || !(h->rate > 0 && h->rate <= 1))
		return refuse(r, "rate", "above 0, up to 1", "it must be a share of the requests");
	return ERR_NONE;
}

static enum err path_read(struct reading *r, const json_t *value, struct harm *h)
{
	const char *path = json_string_value(value);

	if (!path || *path != '/' || strlen(path) >= sizeof(h->path))
		return refuse(r, "path", "/v1/audio", "it must be what a path begins with, of at most %d bytes", HARM_PATH_MAX - 1);
	snprintf(h->path, sizeof(h->path), "%s", path);
	return ERR_NONE;
}

static uint64_t number_or(const struct reading *r, int member, uint64_t otherwise)
{
	return r->has[member] ? (uint64_t)r->numbers[member] : otherwise;
}

static enum err harm_fill(struct reading *r, struct harm *h)
{
	if (h->kind == HARM_STATUS && !r->has[M_STATUS])
		return refuse(r, "status", "429, 529, …", "it must say which status");
	if (h->rate > 0 && (r->has[M_REQUEST] || r->has[M_TIMES]))
		return refuse(r, "rate", "request and times, or rate and seed", "it cannot be both the nth request and a share of them");
	if (r->has[M_AFTER_BYTES] && r->has[M_AFTER_MESSAGES])
		return refuse(r, "after_bytes", "one of the two", "it cannot count both bytes and messages");
	h->request = h->rate > 0 ? 0 : number_or(r, M_REQUEST, 1);
	h->times = number_or(r, M_TIMES, 1);
	h->dice = number_or(r, M_SEED, 0);
	h->after_messages = number_or(r, M_AFTER_MESSAGES, 0);
	h->after_bytes = number_or(r, M_AFTER_BYTES, 0);
	h->status = (unsigned int)number_or(r, M_STATUS, 0);
	h->retry_after_ms = number_or(r, M_RETRY, 0);
	h->every_us = number_or(r, M_EVERY, HARM_EVERY_MS_DEFAULT) * 1000;
	h->hold_us = number_or(r, M_HOLD, HARM_HOLD_MS_DEFAULT) * 1000;
	h->bytes = (size_t)number_or(r, M_BYTES, HARM_BYTES_DEFAULT);
	return ERR_NONE;
}

static enum err harm_read(struct reading *r, const json_t *fault, struct harm *h)
{
	const char *name;
	json_t *value;
	enum err err;

	*h = (struct harm){ .kind = HARM_NONE };
	memset(r->has, 0, sizeof(r->has));
	if (!json_is_object(fault))
		return refuse(r, "", "{\"vendor\":…,\"kind\":…}", "a fault must be an object");
	err = vendor_read(r, fault, h);
	if (!err)
		err = kind_read(r, fault, h);
	json_object_foreach((json_t *)(uintptr_t)fault, name, value) {
		if (err || !strcmp(name, "vendor") || !strcmp(name, "kind"))
			continue;
		if (!strcmp(name, "rate"))
			err = rate_read(r, value, h);
		else
			err = strcmp(name, "path") != 0 ? number_read(r, name, value, h->kind) : path_read(r, value, h);
	}
	return err ? err : harm_fill(r, h);
}

enum err harms_add(struct harms *h, const json_t *script, const char *const *vendors, struct err_detail *detail)
{
	struct reading r = { .vendors = vendors, .detail = detail };
	const json_t *list = json_object_get(script, "faults");
	size_t i, count = list ? json_array_size(list) : 1;
	enum err err = ERR_NONE;

	*detail = (struct err_detail){ .message = "" };
	if (list && (!json_is_array(list) || json_object_size(script) != 1))
		return refuse(&r, "faults", "{\"faults\":[…]}", "it must be a list, and nothing beside it");
	if (count > HARMS_MAX - h->count) {
		(void)!refuse(&r, "faults", "DELETE /faults ends those that are in force", "no more than %d may be in force", (int)HARMS_MAX);
		return ERR_LIMIT;
	}
	for (i = 0; i < count && !err; i++) {
		if (list)
			snprintf(r.path, sizeof(r.path), "faults[%zu]", i);
		err = harm_read(&r, list ? json_array_get(list, i) : script, &h->list[h->count + i]);
	}
	if (!err)
		h->count += count;
	return err;
}

void harms_clear(struct harms *h)
{
	h->count = 0;
}

/* ------------------------------------------------------------------ requests */

/* 0 up to 1, the next of a seeded row (splitmix64). */
static double draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return (double)(z >> 11) / 9007199254740992.0;
}

static bool strikes(struct harm *h)
{
	h->seen++;
	if (!h->request)
		return draw(&h->dice) < h->rate;
	return h->seen >= h->request && h->seen - h->request < h->times;
}

static bool is_meant(const struct harm *h, const char *vendor, const char *path)
{
	return !strcmp(h->vendor, vendor) && !strncmp(path, h->path, strlen(h->path));
}

struct harm harms_take(struct harms *h, const char *vendor, const char *path)
{
	struct harm taken = { .kind = HARM_NONE };
	size_t i;

	for (i = 0; i < h->count; i++) {
		struct harm *at = &h->list[i];

		if (!is_meant(at, vendor, path) || !strikes(at) || taken.kind)
			continue;
		at->struck++;
		taken = *at;
	}
	return taken;
}

json_t *harms_list(const struct harms *h)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < h->count; i++) {
		const struct harm *at = &h->list[i];
		json_t *one = json_pack("{s:s, s:s, s:I, s:I}", "vendor", at->vendor, "kind", harm_name(at->kind), "seen", (json_int_t)at->seen, "struck",
			(json_int_t)at->struck);

		if (one && *at->path)
			json_object_set_new(one, "path", json_string(at->path));
		if (one && at->request)
			json_object_set_new(one, "request", json_integer((json_int_t)at->request));
		else if (one)
			json_object_set_new(one, "rate", json_real(at->rate));
		if (!list || json_array_append_new(list, one)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
