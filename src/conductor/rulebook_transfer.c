/* Whom a call may be handed over to: `may: transfer` of a rule-book, and what that person is told first. */
#include "conductor/rulebook_state.h"

#include <stdio.h>
#include <string.h>

#include "base/wording.h"
#include "conductor/dial.h"

enum { RING_MIN_S = 5, RING_MAX_S = 120, RING_DEFAULT_S = 25, BRIEFING_MAX_BYTES = 600, PRESS_MAX_BYTES = 120, NOTE_MAX_LETTERS = 300, TRANSFER_MS = 30000 };

/* ---- reading ---- */

/* sip:user@host, of what needs no escape in any place that it stands in. */
static bool is_sip(const char *text)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+=;:@";
	const char *at = strchr(text, '@');

	return !strncmp(text, "sip:", 4) && at > text + 4 && at[1] && strspn(text, allowed) == strlen(text) && strlen(text) < RULEBOOK_TARGET_TO_MAX;
}

static void to_read(struct reading *r, const struct yaml_item *item, struct target *t)
{
	static const char allowed[] = "+14155550188, sip:desk@example.com";
	const struct yaml_item *to = map_need(r, item, "to", allowed);
	struct err_detail detail = { .message = "" };
	char number[ROUTE_NUMBER_MAX];
	size_t up = path_down(r, "to");

	t->target.to = to ? text_of(r, to, RULEBOOK_TARGET_TO_MAX - 1) : NULL;
	if (t->target.to && !is_sip(t->target.to) && (dial_number(t->target.to, number, &detail) || strcmp(number, t->target.to) != 0))
		mistake_value(r, to, allowed, "nobody can be called there; a number has + and its country, in quotes, without blanks");
	path_up(r, up);
}

static void how_read(struct reading *r, const struct yaml_item *item, struct target *t)
{
	static const char *const ways[] = { "cold", "warm", NULL };
	bool is_english = true;

	t->target.is_warm = choice_under(r, item, "how", ways) == 1;
	t->target.wants_key = bool_under(r, item, "key", true);
	for (size_t i = 0; i < r->book->language_count; i++)
		is_english = is_english && language_is(r->book->languages[i].code, "en");
	if (t->target.is_warm && t->target.wants_key && !is_english && !t->press)
		mistake_at(r, item->key_at, "nothing", "press: which key takes the call", "the built-in sentence is English: a book that speaks another language brings its own");
	if (t->target.is_warm)
		map_need(r, item, "briefing", "a text");
	else if (t->briefing || t->press || yaml_find(item, "key"))
		mistake_key(r, item, "how: warm", "nobody is told anything before a cold transfer: briefing, press and key are for warm ones");
}

static const struct yaml_item *spoken_under(struct reading *r, const struct yaml_item *map, const char *key, size_t max)
{
	const struct yaml_item *item = yaml_find(map, key);
	size_t up = path_down(r, key);
	bool fine = item && spoken_check(r, item, max);

	path_up(r, up);
	return fine ? item : NULL;
}

static const char *outcome_under(struct reading *r, const struct yaml_item *map)
{
	const struct yaml_item *item = map_need(r, map, "outcome", "an outcome's name");
	size_t up = path_down(r, "outcome");
	const char *name = item ? outcome_of(r, item) : NULL;

	path_up(r, up);
	return name;
}

static void target_read(struct reading *r, const struct yaml_item *item)
{
	static const char *const keys[] = { "to", "how", "about", "ring_s", "briefing", "press", "key", "outcome", NULL };
	struct target *t = &r->book->targets[r->book->target_count];
	size_t up = path_down(r, item->key);

	if (name_check(r, item, item->key, true) && map_check(r, item, keys)) {
		*t = (struct target){ .target = { .name = item->key, .about = text_under(r, item, "about", NOTE_MAX_BYTES, "") } };
		t->target.ring_s = (uint32_t)int_under(r, item, "ring_s", RING_DEFAULT_S, RING_MIN_S, RING_MAX_S);
		t->briefing = spoken_under(r, item, "briefing", BRIEFING_MAX_BYTES);
		t->press = spoken_under(r, item, "press", PRESS_MAX_BYTES);
		t->target.outcome = outcome_under(r, item);
		to_read(r, item, t);
		how_read(r, item, t);
		r->book->target_count++;
	}
	path_up(r, up);
}

/* Their names as the list that an `enum` would be. */
static const struct yaml_item *names_of(struct reading *r, const struct yaml_item *map)
{
	struct yaml_item *list = book_alloc(r, sizeof(*list) * (map->count + 1));
	size_t i = 0;

	if (!list)
		return NULL;
	*list = (struct yaml_item){ .kind = YAML_KIND_LIST, .at = map->at, .count = map->count, .first = list + 1, .last = list + map->count };
	for (const struct yaml_item *entry = map->first; entry; entry = entry->next) {
		list[++i] = (struct yaml_item){ .kind = YAML_KIND_SCALAR, .at = map->at, .text = entry->key };
		if (entry->next)
			list[i].next = &list[i + 1];
	}
	return list;
}

/* What a model is told of the tool: who is who stands in the names and what is said about them. */
static const char *about_of(struct reading *r)
{
	const struct rulebook *b = r->book;
	struct buf text;
	char *about;

	buf_init(&text, RULEBOOK_JSON_MAX);
	buf_text(&text, "Hands the call over to a person. Say before it, in the same answer, that you do. When nobody takes it, you hear so and go on with the caller.");
	for (size_t i = 0; i < b->target_count; i++)
		if (b->targets[i].target.about && *b->targets[i].target.about)
			buf_printf(&text, " %s: %s", b->targets[i].target.name, b->targets[i].target.about);
	about = text.err ? NULL : book_alloc(r, text.len + 1);
	if (about)
		memcpy(about, buf_str(&text), text.len + 1);
	buf_fini(&text);
	return about ? about : "";
}

static void tool_make(struct reading *r, const struct yaml_item *item)
{
	struct tool_spec *t = may_tool_add(r, item, about_of(r));

	if (!t)
		return;
	t->tool.timeout_ms = TRANSFER_MS;
	may_argument_add(t, (struct argument){ .name = "target", .description = "To whom.", .choices = names_of(r, item), .required = true });
	may_argument_add(t, (struct argument){ .name = "note", .description = "What that person should know of the call, in a sentence or two.",
		.max_length = NOTE_MAX_LETTERS });
}

void transfer_may(struct reading *r, const struct yaml_item *may)
{
	const struct yaml_item *item = yaml_find(may, RULEBOOK_TRANSFER_TOOL);
	size_t up = path_down(r, RULEBOOK_TRANSFER_TOOL);

	if (item && item->kind == YAML_KIND_MAP && !item->count) {
		mistake_value(r, item, "a name, with to, how and outcome", "there is nobody to hand a call over to");
	} else if (item && map_count_check(r, item, TARGETS_MAX)) {
		for (const struct yaml_item *entry = item->first; entry; entry = entry->next)
			target_read(r, entry);
		tool_make(r, item);
	}
	path_up(r, up);
}

/* ---- one call ---- */

static const struct target *find(const struct rulebook *b, const char *name)
{
	for (size_t i = 0; i < b->target_count; i++)
		if (!strcmp(b->targets[i].target.name, name))
			return &b->targets[i];
	return NULL;
}

bool rulebook_target_find(const struct rulebook *b, const char *name, struct rulebook_target *out)
{
	const struct target *t = find(b, name);

	if (t)
		*out = t->target;
	return t;
}

static enum err say(const struct filling *f, const struct yaml_item *item, struct buf *out)
{
	const struct yaml_item *text = item ? text_in(item, f->language) : NULL;

	return text ? text_fill(f, text->text, out) : ERR_NONE;
}

enum err rulebook_briefing(const struct rulebook *b, const char *target, const char *language, const json_t *variables, const char *note, struct buf *out)
{
	const struct target *t = find(b, target);
	struct filling f;
	enum err err = t ? filling_init(&f, b, language, variables, NULL) : ERR_NOTFOUND;

	if (!err)
		err = say(&f, t->briefing, out);
	if (!err && note && *note)
		buf_printf(out, " %s", note);
	if (err || !t->target.wants_key)
		return err ? err : out->err;
	buf_byte(out, ' ');
	if (!t->press)
		buf_text(out, "Press 1 to take the call.");
	err = say(&f, t->press, out);
	return err ? err : out->err;
}
