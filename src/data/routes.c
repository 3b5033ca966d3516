#include "data/routes.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

enum { DIGITS_MIN = 3, WHOLE_MIN = 7, DIGITS_MAX = 15 };

enum err route_number(const char *text, char out[ROUTE_NUMBER_MAX])
{
	size_t len = 0, digits = 0;

	for (; *text; text++) {
		if (strchr(" -.()", *text))
			continue;
		if ((*text == '+' ? len != 0 : *text < '0' || *text > '9') || digits == DIGITS_MAX)
			return ERR_FORMAT;
		digits += *text != '+';
		out[len++] = *text;
	}
	out[len] = 0;
	return digits < DIGITS_MIN ? ERR_FORMAT : ERR_NONE;
}

bool route_number_whole(const char *number)
{
	return number[0] == '+' && number[1] != '0' && strlen(number + 1) >= WHOLE_MIN;
}

bool route_account_ok(const char *account)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strnlen(account, ROUTE_ACCOUNT_MAX);

	return len && len < ROUTE_ACCOUNT_MAX && strspn(account, allowed) == len;
}

/* Finding would take it for a path. */
static bool is_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

bool route_rulebook_ok(const char *rulebook)
{
	size_t len = strnlen(rulebook, ROUTE_RULEBOOK_MAX);

	return len && len < ROUTE_RULEBOOK_MAX && rulebook[0] != '.' && !is_file(rulebook) && strspn(rulebook, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

void route_prefix(const char *number, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, "route/%s/", number);
}

void route_key(const struct route *r, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, "route/%s/%s", r->number, r->account[0] ? r->account : "*");
}

enum err route_encode(const struct route *r, struct buf *out)
{
	json_open(out, '{');
	json_pair_string(out, "number", r->number);
	json_pair_string(out, "account", r->account);
	json_pair_string(out, "tenant", r->tenant);
	json_pair_string(out, "rulebook", r->rulebook);
	if (r->carrier[0])
		json_pair_string(out, "carrier", r->carrier);
	json_close(out, '}');
	return out->err;
}

static bool take(const json_t *object, const char *name, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && snprintf(out, size, "%s", text) < (int)size;
}

enum err route_decode(struct route *r, const struct document *d)
{
	json_t *object = json_loadb((const char *)d->value, d->len, JSON_REJECT_DUPLICATES, NULL);
	bool good = take(object, "number", r->number, sizeof(r->number)) && take(object, "account", r->account, sizeof(r->account)) &&
		take(object, "tenant", r->tenant, sizeof(r->tenant)) && take(object, "rulebook", r->rulebook, sizeof(r->rulebook));

	r->carrier[0] = 0; /* earlier releases wrote none */
	if (good && json_object_get(object, "carrier"))
		good = take(object, "carrier", r->carrier, sizeof(r->carrier));
	json_decref(object);
	return good && tenant_name_ok(r->tenant) ? ERR_NONE : ERR_CORRUPT;
}

enum err route_pick(struct route *r, const struct documents_page *page, const char *account)
{
	struct route one;
	enum err err = ERR_NOTFOUND;

	for (size_t i = 0; i < page->count; i++) {
		enum err bad = route_decode(&one, &page->items[i]);

		if (bad)
			return bad;
		if (one.account[0] && strcmp(one.account, account) != 0)
			continue;
		*r = one;
		err = ERR_NONE;
		if (one.account[0])
			break;
	}
	return err;
}
