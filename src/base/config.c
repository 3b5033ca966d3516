#include "base/config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/yaml.h"

enum { NAME_MAX_BYTES = 128, DISTANCE_MAX_LETTERS = 64, LIST_MAX_BYTES = 400 };

/* One setting. `option` is the table's with its offset set to 0, so that a value stands alone; `owned` is the text behind a
 * TEXT value that did not come from the table. One of a family has a name of its own and is its own source. */
struct entry {
	struct option option;
	const struct option *source;
	union {
		bool yes;
		int64_t number;
		int choice;
		const char *text;
	} value;
	char *owned;
	char *name;          /* of one of a family; NULL: the table's */
	char *origin;        /* NULL: default */
	unsigned int loaded; /* number of the load that set it, 0: none */
};

struct config {
	struct entry *entries; /* with room for those of families, so that none ever moves */
	size_t count, members; /* of them, of families */
	unsigned int loads;
};

static void check_default(const struct option *o)
{
	switch (o->type) {
	case OPTION_BOOL: return;
	case OPTION_INT:
		assert(o->min <= o->max && o->value >= o->min && o->value <= o->max);
		return;
	case OPTION_CHOICE:
		assert(o->choices && o->value >= 0);
		for (int64_t i = 0; i <= o->value; i++)
			assert(o->choices[i]);
		return;
	case OPTION_LIST:
		assert(o->choices && o->text);
		return;
	case OPTION_TEXT:
		assert(!o->is_family || strchr(o->name, '.'));
		assert(!o->max || !o->text || strlen(o->text) <= (size_t)o->max);
		return;
	}
}

static struct entry *find(const struct config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (!strcmp(c->entries[i].option.name, name))
			return &c->entries[i];
	return NULL;
}

static void add_table(struct config *c, const struct option *table)
{
	for (; table->name; table++) {
		struct entry *e = &c->entries[c->count];
		struct option one[2] = { *table, { .name = NULL } };

		assert(strlen(table->name) < NAME_MAX_BYTES && table->help && !find(c, table->name));
		check_default(table);
		one[0].offset = 0;
		*e = (struct entry){ .option = one[0], .source = table };
		options_defaults(one, &e->value);
		c->count++;
	}
}

enum err config_new(struct config **cp, const struct option *const *tables)
{
	size_t total = 0;
	struct config *c;

	for (size_t t = 0; tables[t]; t++)
		for (const struct option *o = tables[t]; o->name; o++)
			total++;
	*cp = NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ERR_NOMEM;
	c->entries = calloc(total + CONFIG_MEMBERS_MAX, sizeof(*c->entries));
	if (!c->entries) {
		free(c);
		return ERR_NOMEM;
	}
	for (size_t t = 0; tables[t]; t++)
		add_table(c, tables[t]);
	*cp = c;
	return ERR_NONE;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++) {
		free(c->entries[i].owned);
		free(c->entries[i].name);
		free(c->entries[i].origin);
	}
	free(c->entries);
	free(c);
}

unsigned int name_distance(const char *a, const char *b)
{
	unsigned int rows[3][DISTANCE_MAX_LETTERS + 1];
	size_t la = strnlen(a, DISTANCE_MAX_LETTERS);
	size_t lb = strnlen(b, DISTANCE_MAX_LETTERS);

	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int *now = rows[i % 3];
		const unsigned int *last = rows[(i - 1) % 3];

		now[0] = (unsigned int)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned int best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && rows[(i - 2) % 3][j - 2] + 1 < best)
				best = rows[(i - 2) % 3][j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[la % 3][lb];
}

bool name_is_near(const char *wanted, unsigned int distance)
{
	size_t len = strlen(wanted);

	return distance <= (len < 4 ? 1 : len < 9 ? 2 : 3);
}

/* The setting whose name is nearest to `name`, whole or without its folders; NULL when none is near. */
static const char *nearest(const struct config *c, const char *name)
{
	const char *best = NULL;
	unsigned int best_distance = UINT32_MAX;

	for (size_t i = 0; i < c->count; i++) {
		const char *full = c->entries[i].option.name;
		const char *leaf = strrchr(full, '.') ? strrchr(full, '.') + 1 : full;
		unsigned int distance = name_distance(name, full);
		unsigned int to_leaf = name_distance(name, leaf);

		distance = to_leaf < distance ? to_leaf : distance;
		if (distance < best_distance) {
			best_distance = distance;
			best = full;
		}
	}
	return best && name_is_near(name, best_distance) ? best : NULL;
}

/* The family among whose settings such a name would be, good or not. */
static const struct entry *family_of(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct option *o = &c->entries[i].option;

		if (o->is_family && !strncmp(o->name, name, (size_t)(strrchr(o->name, '.') + 1 - o->name)))
			return &c->entries[i];
	}
	return NULL;
}

static enum err refuse_full(const char *name, struct err_detail *detail)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "%s: too many settings of this kind", name);
		snprintf(detail->hint, sizeof(detail->hint), "allowed: %d", CONFIG_MEMBERS_MAX);
	}
	return ERR_LIMIT;
}

/* One more of a family, with the family's default until it is set. */
static enum err member_add(struct config *c, const struct entry *family, const char *name, struct entry **ep, struct err_detail *detail)
{
	struct entry *e = &c->entries[c->count];
	char *own;

	if (c->members == CONFIG_MEMBERS_MAX)
		return refuse_full(name, detail);
	own = strdup(name);
	if (!own)
		return ERR_NOMEM;
	*e = (struct entry){ .option = family->option, .source = &e->option, .value = family->value, .name = own };
	e->option.name = own;
	e->option.is_family = false;
	c->count++;
	c->members++;
	*ep = e;
	return ERR_NONE;
}

/* The setting of that name, made when it is a new one of a family; NULL: there is none. */
static enum err find_settable(struct config *c, const char *name, struct entry **ep, struct err_detail *detail)
{
	const struct entry *family = family_of(c, name);
	const char *own = strrchr(name, '.') ? strrchr(name, '.') + 1 : name;
	size_t len = strlen(own);

	*ep = find(c, name);
	if (*ep && (*ep)->option.is_family)
		*ep = NULL;
	if (*ep || !family || (size_t)(strrchr(family->option.name, '.') - family->option.name) != strlen(name) - len - 1)
		return ERR_NONE;
	if (!len || len > CONFIG_MEMBER_NAME_MAX || strspn(own, "abcdefghijklmnopqrstuvwxyz_") != len)
		return ERR_NONE;
	return member_add(c, family, name, ep, detail);
}

static enum err refuse_unknown(const struct config *c, const char *name, struct err_detail *detail)
{
	const struct entry *family = family_of(c, name);
	const char *near = nearest(c, name);

	if (!detail)
		return ERR_USAGE;
	snprintf(detail->message, sizeof(detail->message), "%s: no such setting", name);
	if (family)
		snprintf(detail->hint, sizeof(detail->hint), "allowed: %.80s with a name of a-z and _, at most %d letters", family->option.name, CONFIG_MEMBER_NAME_MAX);
	else if (near)
		snprintf(detail->hint, sizeof(detail->hint), "did you mean %s?", near);
	else
		snprintf(detail->hint, sizeof(detail->hint), "`callfunnel config` lists every setting");
	return ERR_USAGE;
}

/* Gives a setting its value, text and origin, or leaves it as it was. */
static enum err assign(struct entry *e, const char *value, const char *origin, struct err_detail *detail)
{
	char *text = strdup(value);
	char *from = strdup(origin);
	enum err err = text && from ? option_parse(&e->option, text, &e->value, detail) : ERR_NOMEM;

	if (err) {
		free(text);
		free(from);
		return err;
	}
	free(e->owned);
	free(e->origin);
	e->owned = text;
	e->origin = from;
	return ERR_NONE;
}

enum err config_set(struct config *c, const char *assignment, const char *origin, struct err_detail *detail)
{
	const char *equals = strchr(assignment, '=');
	char name[NAME_MAX_BYTES];
	struct entry *e;
	enum err err;

	if (detail)
		snprintf(detail->where, sizeof(detail->where), "%s", origin);
	if (!equals || equals == assignment || (size_t)(equals - assignment) >= sizeof(name)) {
		if (detail) {
			snprintf(detail->message, sizeof(detail->message), "found \"%.60s\", no setting with a value", assignment);
			snprintf(detail->hint, sizeof(detail->hint), "write NAME=VALUE, as in turn.silence_ms=300");
		}
		return ERR_USAGE;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - assignment), assignment);
	err = find_settable(c, name, &e, detail);
	if (!err)
		err = e ? assign(e, equals + 1, origin, detail) : refuse_unknown(c, name, detail);
	if (!err && detail)
		detail->where[0] = 0;
	return err;
}

/* One load of one file. `name` grows and shrinks while the walk goes down and up the maps. */
struct loading {
	struct config *config;
	const char *file;
	struct err_detail *detail;
	char name[NAME_MAX_BYTES];
	size_t len;
};

static enum err refuse_at(struct loading *l, struct yaml_mark at, enum err err)
{
	if (l->detail)
		yaml_where(l->file, at, l->detail->where, sizeof(l->detail->where));
	return err;
}

static bool is_folder(const struct config *c, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < c->count; i++)
		if (!strncmp(c->entries[i].option.name, name, len) && c->entries[i].option.name[len] == '.')
			return true;
	return false;
}

static enum err refuse_kind(struct loading *l, const struct yaml_item *item, const char *allowed)
{
	if (l->detail) {
		snprintf(l->detail->message, sizeof(l->detail->message), "%s: found %s", l->name, yaml_describe(item));
		snprintf(l->detail->hint, sizeof(l->detail->hint), "allowed: %s", allowed);
	}
	return refuse_at(l, item->at, ERR_USAGE);
}

static enum err refuse_twice(struct loading *l, const struct yaml_item *item, const struct entry *e)
{
	if (l->detail) {
		snprintf(l->detail->message, sizeof(l->detail->message), "%s: set twice, first at %s", l->name, e->origin);
		snprintf(l->detail->hint, sizeof(l->detail->hint), "keep one of them");
	}
	return refuse_at(l, item->key_at, ERR_USAGE);
}

/* A scalar is allowed where a setting stands; quotes make it text, and text is no number and no truth. */
static bool fits_kind(const struct entry *e, const struct yaml_item *item)
{
	if (item->kind != YAML_KIND_SCALAR)
		return false;
	if (item->is_quoted)
		return e->option.type == OPTION_TEXT || e->option.type == OPTION_CHOICE || e->option.type == OPTION_LIST;
	return strcmp(yaml_describe(item), "nothing") != 0;
}

/* The names of a YAML list with commas between them; false: it has other things in it, or more than fits. */
static bool list_join(const struct yaml_item *list, char *out, size_t size)
{
	const struct yaml_item *one;
	size_t used = 0;

	out[0] = 0;
	for (one = list->first; one; one = one->next) {
		if (one->kind != YAML_KIND_SCALAR || !*one->text || strpbrk(one->text, ", \t\n"))
			return false;
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", one->text);
		if (used >= size)
			return false;
	}
	return true;
}

static enum err load_value(struct loading *l, struct entry *e, const struct yaml_item *item)
{
	char origin[512], allowed[160], joined[LIST_MAX_BYTES];
	bool is_list = e->option.type == OPTION_LIST && item->kind == YAML_KIND_LIST && list_join(item, joined, sizeof(joined));
	enum err err;

	if (e->loaded == l->config->loads)
		return refuse_twice(l, item, e);
	if (!is_list && !fits_kind(e, item)) {
		option_allowed(&e->option, allowed, sizeof(allowed));
		return refuse_kind(l, item, allowed);
	}
	snprintf(origin, sizeof(origin), "%s:%u", l->file, item->at.line);
	err = assign(e, is_list ? joined : item->text, origin, l->detail);
	if (err)
		return refuse_at(l, item->at, err);
	e->loaded = l->config->loads;
	return ERR_NONE;
}

static enum err load_map(struct loading *l, const struct yaml_item *map);

static enum err load_item(struct loading *l, const struct yaml_item *item)
{
	struct entry *e;
	enum err err = find_settable(l->config, l->name, &e, l->detail);

	if (err)
		return refuse_at(l, item->key_at, err);
	if (e)
		return load_value(l, e, item);
	if (!is_folder(l->config, l->name))
		return refuse_at(l, item->key_at, refuse_unknown(l->config, l->name, l->detail));
	if (item->kind != YAML_KIND_MAP)
		return refuse_kind(l, item, "a map of settings");
	return load_map(l, item);
}

/* Depth is bounded by the tree's own ceiling. */
static enum err load_map(struct loading *l, const struct yaml_item *map)
{
	const struct yaml_item *item;
	size_t len = l->len;
	enum err err = ERR_NONE;

	for (item = map->first; item && !err; item = item->next) {
		int more = snprintf(l->name + len, sizeof(l->name) - len, "%s%s", len ? "." : "", item->key);

		if (more < 0 || (size_t)more >= sizeof(l->name) - len)
			return refuse_at(l, item->key_at, refuse_unknown(l->config, l->name, l->detail));
		l->len = len + (size_t)more;
		err = load_item(l, item);
	}
	return err;
}

static bool is_nothing(const struct yaml_item *root)
{
	return !root || (root->kind == YAML_KIND_SCALAR && !*root->text && !root->is_quoted);
}

/* The document is freed. */
static enum err take(struct config *c, const char *name, struct yaml_doc *doc, struct err_detail *detail)
{
	struct loading l = { .config = c, .file = name, .detail = detail };
	const struct yaml_item *root = yaml_doc_root(doc);
	enum err err;

	c->loads++;
	if (is_nothing(root)) {
		err = ERR_NONE;
	} else if (root->kind != YAML_KIND_MAP) {
		snprintf(l.name, sizeof(l.name), "the file");
		err = refuse_kind(&l, root, "a map of settings");
	} else {
		err = load_map(&l, root);
	}
	yaml_doc_free(doc);
	return err;
}

enum err config_load(struct config *c, const char *name, const void *data, size_t len, struct err_detail *detail)
{
	struct yaml_doc *doc;
	enum err err = yaml_doc_parse(&doc, name, data, len, detail);

	return err ? err : take(c, name, doc, detail);
}

enum err config_load_file(struct config *c, const char *path, struct err_detail *detail)
{
	struct yaml_doc *doc;
	enum err err = yaml_doc_load(&doc, path, "the settings", detail);

	return err ? err : take(c, path, doc, detail);
}

static const struct entry *must_find(const struct config *c, const char *name, enum option_type type)
{
	const struct entry *e = find(c, name);

	assert(e && e->option.type == type);
	(void)type;
	return e;
}

const char *config_text(const struct config *c, const char *name)
{
	return must_find(c, name, OPTION_TEXT)->value.text;
}

const char *config_list(const struct config *c, const char *name)
{
	return must_find(c, name, OPTION_LIST)->value.text;
}

int64_t config_int(const struct config *c, const char *name)
{
	return must_find(c, name, OPTION_INT)->value.number;
}

bool config_bool(const struct config *c, const char *name)
{
	return must_find(c, name, OPTION_BOOL)->value.yes;
}

int config_choice(const struct config *c, const char *name)
{
	return must_find(c, name, OPTION_CHOICE)->value.choice;
}

static const char *origin_of(const struct entry *e)
{
	return e->origin ? e->origin : "default";
}

static enum err refuse_pair(const struct option_order *order, const struct entry *low, const struct entry *high, struct err_detail *detail)
{
	if (!detail)
		return ERR_USAGE;
	snprintf(detail->where, sizeof(detail->where), "%s", origin_of(low->origin ? low : high));
	snprintf(detail->message, sizeof(detail->message), "%s: found %" PRId64 " (%.80s), above %s: %" PRId64 " (%.80s)", order->low, low->value.number,
		origin_of(low), order->high, high->value.number, origin_of(high));
	option_order_hint(order, detail->hint, sizeof(detail->hint));
	return ERR_USAGE;
}

enum err config_judge(const struct config *c, const struct option_order *orders, struct err_detail *detail)
{
	for (; orders->low; orders++) {
		const struct entry *low = must_find(c, orders->low, OPTION_INT), *high = must_find(c, orders->high, OPTION_INT);

		if ((low->origin || high->origin) && low->value.number > high->value.number)
			return refuse_pair(orders, low, high, detail);
	}
	return ERR_NONE;
}

void config_bind(const struct config *c, const struct option *table, void *base)
{
	for (; table->name; table++) {
		const struct entry *e = must_find(c, table->name, table->type);
		char *at = (char *)base + table->offset;

		switch (table->type) {
		case OPTION_BOOL: *(bool *)at = e->value.yes; break;
		case OPTION_INT: *(int64_t *)at = e->value.number; break;
		case OPTION_CHOICE: *(int *)at = e->value.choice; break;
		case OPTION_TEXT:
		case OPTION_LIST: *(const char **)at = e->value.text; break;
		}
	}
}

size_t config_count(const struct config *c)
{
	return c->count;
}

struct config_setting config_at(const struct config *c, size_t index)
{
	const struct entry *e = &c->entries[index];

	assert(index < c->count);
	return (struct config_setting){
		.option = e->source,
		.value = &e->value,
		.origin = e->origin ? e->origin : "default",
		.is_set = e->origin != NULL,
	};
}

void config_print(const struct config_setting *s, char *out, size_t size)
{
	struct option alone = *s->option;

	alone.offset = 0;
	option_print(&alone, s->value, out, size);
}

const char *config_origin(const struct config *c, const char *name)
{
	const struct entry *e = find(c, name);

	assert(e);
	return origin_of(e);
}

const struct option *config_find(const struct config *c, const char *name)
{
	const struct entry *e = find(c, name);

	return e ? e->source : NULL;
}
