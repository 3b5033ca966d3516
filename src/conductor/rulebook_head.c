/* What stands above the flow: who the agent is, its languages, facts, variables, promises, outcomes, settings, phrases. */
#include "conductor/rulebook_state.h"

#include <stdio.h>
#include <string.h>

#include "base/wording.h"

static const char *const root_keys[] = { "rulebook", "id", "version", "title", "company", "agent", "languages", "goal", "facts", "variables",
	"promises", "disclosures", "flow", "anytime", "questions", "voicemail", "tools", "may", "outcomes", "unclear", "unfinished", "settings", "phrases", "pronounce",
	"redact", NULL };

const char *const phrase_names[] = { "fillers", "waits", "prompts", "unheard", "apology", "goodbye", "nods", "stops", "keys", NULL };

struct brief_phrases *phrases_at(struct brief *b, size_t index)
{
	struct brief_phrases *const lists[] = { &b->fillers, &b->waits, &b->prompts, &b->unheard, &b->apology, &b->goodbye, &b->nods, &b->stops,
		&b->keys };

	return lists[index];
}

/* ---- texts by language ---- */

static bool is_language_of(const struct rulebook *b, const char *code)
{
	return rulebook_speaks(b, code);
}

static void list_languages(const struct rulebook *b, char *out, size_t size)
{
	size_t used = 0, i;

	out[0] = 0;
	for (i = 0; i < b->language_count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", b->languages[i].code);
}

/* Every language of the book and no other stands in the map. */
static bool languages_check(struct reading *r, const struct yaml_item *item)
{
	const struct yaml_item *entry;
	char codes[160];
	bool fine = true;
	size_t i;

	list_languages(r->book, codes, sizeof(codes));
	for (entry = item->first; entry; entry = entry->next)
		if (!is_language_of(r->book, entry->key)) {
			mistake_key(r, entry, codes, "the rule-book does not speak this language");
			fine = false;
		}
	for (i = 0; i < r->book->language_count; i++) {
		char why[80];

		if (yaml_find(item, r->book->languages[i].code))
			continue;
		snprintf(why, sizeof(why), "nothing is said in %s", r->book->languages[i].code);
		mistake_at(r, item->key ? item->key_at : item->at, "no text", codes, why);
		fine = false;
	}
	return fine;
}

static bool scalar_for_all(struct reading *r, const struct yaml_item *item)
{
	char codes[160];

	if (r->book->language_count <= 1)
		return true;
	list_languages(r->book, codes, sizeof(codes));
	mistake_value(r, item, codes, "the rule-book speaks %zu languages: say it in each", r->book->language_count);
	return false;
}

bool spoken_check(struct reading *r, const struct yaml_item *item, size_t max)
{
	const struct yaml_item *entry;
	bool fine;

	if (item->kind != YAML_KIND_MAP)
		return text_of(r, item, max) && scalar_for_all(r, item);
	fine = languages_check(r, item);
	for (entry = item->first; entry; entry = entry->next) {
		size_t up = path_down(r, entry->key);

		fine = text_of(r, entry, max) && fine;
		path_up(r, up);
	}
	return fine;
}

bool word_list_check(struct reading *r, const struct yaml_item *item, scalar_h *of, size_t max_words, size_t max_bytes)
{
	const struct yaml_item *entry;
	bool fine = list_check(r, item, 1, max_words);

	for (entry = fine ? item->first : NULL; entry; entry = entry->next)
		fine = of(r, entry, max_bytes) && fine;
	return fine;
}

bool words_check(struct reading *r, const struct yaml_item *item, scalar_h *of, size_t max_words, size_t max_bytes)
{
	const struct yaml_item *entry;
	bool fine;

	if (item->kind != YAML_KIND_MAP)
		return word_list_check(r, item, of, max_words, max_bytes) && scalar_for_all(r, item);
	fine = languages_check(r, item);
	for (entry = item->first; entry; entry = entry->next) {
		size_t up = path_down(r, entry->key);

		fine = word_list_check(r, entry, of, max_words, max_bytes) && fine;
		path_up(r, up);
	}
	return fine;
}

/* A note for people and models: one text, whatever the languages. */
static const char *note_need(struct reading *r, const struct yaml_item *map, const char *key, size_t max)
{
	if (!map_need(r, map, key, "text"))
		return "";
	return text_under(r, map, key, max, "");
}

/* ---- who and in what ---- */

static const char *identity_read(struct reading *r, const struct yaml_item *root, const char *key, size_t max, const char *allowed)
{
	const struct yaml_item *item = map_need(r, root, key, allowed);
	const char *text = item && item->text ? item->text : "";
	size_t up = path_down(r, key), len = strlen(text);

	if (item && !sort_check(r, item, YAML_SORT_TEXT | YAML_SORT_NUMBER, allowed)) {
		text = "";
	} else if (item && (!len || len > max || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != len)) {
		mistake_value(r, item, allowed, "calls are pinned to id and version");
		text = "";
	}
	path_up(r, up);
	return text;
}

static void language_read(struct reading *r, const struct yaml_item *item)
{
	static const char *const keys[] = { "voice", "speed_percent", "recogniser", NULL };
	struct language *l = &r->book->languages[r->book->language_count];
	size_t up = path_down(r, item->key);

	*l = (struct language){ .code = item->key, .voice = { .voice = "", .speed_percent = 100, .recogniser = "" } };
	if (code_name_length(item->key) != strlen(item->key) || strlen(item->key) < 2 || strlen(item->key) > 15)
		mistake_key(r, item, "a BCP 47 tag: en-IN, hi-IN", "this is no language");
	if (yaml_sort(item) == YAML_SORT_NOTHING) {
		r->book->language_count++; /* "hi-IN:" alone is fine */
	} else if (map_check(r, item, keys)) {
		l->voice.voice = text_under(r, item, "voice", NAME_MAX_BYTES, "");
		l->voice.speed_percent = (uint32_t)int_under(r, item, "speed_percent", 100, 50, 200);
		l->voice.recogniser = text_under(r, item, "recogniser", NAME_MAX_BYTES, "");
		r->book->language_count++;
	}
	path_up(r, up);
}

static void languages_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = map_need(r, root, "languages", "a map of language tags"), *entry;
	size_t up = path_down(r, "languages");

	if (item && map_count_check(r, item, LANGUAGES_MAX)) {
		for (entry = item->first; entry; entry = entry->next)
			language_read(r, entry);
		if (!item->count)
			mistake_value(r, item, "a map of language tags", "an agent speaks at least one language");
	}
	path_up(r, up);
}

static void agent_read(struct reading *r, const struct yaml_item *root)
{
	static const char *const keys[] = { "name", "persona", NULL };
	const struct yaml_item *item = map_need(r, root, "agent", "name, persona");
	size_t up = path_down(r, "agent");

	if (item && map_check(r, item, keys)) {
		size_t deeper = path_down(r, "name");

		r->book->agent_name = yaml_find(item, "name");
		path_up(r, deeper);
		if (map_need(r, item, "name", "text")) {
			deeper = path_down(r, "name");
			if (!spoken_check(r, r->book->agent_name, WORDS_MAX_BYTES))
				r->book->agent_name = NULL;
			path_up(r, deeper);
		}
		note_need(r, item, "persona", NOTE_MAX_BYTES);
		r->book->persona = yaml_find(item, "persona");
	}
	path_up(r, up);
}

/* ---- facts, variables, promises ---- */

static void fact_read(struct reading *r, const struct yaml_item *fact)
{
	const struct yaml_item *entry;
	size_t up = path_down(r, fact->key);

	name_check(r, fact, fact->key, true);
	if (fact->kind == YAML_KIND_SCALAR)
		scalar_of(r, fact, NOTE_MAX_BYTES);
	else if (fact->kind == YAML_KIND_LIST)
		word_list_check(r, fact, word_of, LIST_MAX, SPOKEN_MAX_BYTES);
	else if (languages_check(r, fact))
		for (entry = fact->first; entry; entry = entry->next) {
			if (entry->kind == YAML_KIND_LIST)
				word_list_check(r, entry, word_of, LIST_MAX, SPOKEN_MAX_BYTES);
			else
				scalar_of(r, entry, NOTE_MAX_BYTES);
		}
	path_up(r, up);
}

static void facts_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = yaml_find(root, "facts"), *entry;
	size_t up = path_down(r, "facts");

	if (item && map_count_check(r, item, FACTS_MAX)) {
		r->book->facts = item;
		for (entry = item->first; entry; entry = entry->next)
			fact_read(r, entry);
	}
	path_up(r, up);
}

/* A value that the book itself gives a variable. */
static const char *given_read(struct reading *r, const struct yaml_item *map, const char *key, const struct value_spec *spec)
{
	const char *text = scalar_under(r, map, key, scalar_of, SPOKEN_MAX_BYTES, NULL);
	struct value v;
	size_t up;

	if (!text || value_parse(spec, text, &v))
		return text;
	up = path_down(r, key);
	mistake_value(r, yaml_find(map, key), NULL, "this is no %s", value_names[spec->type]);
	path_up(r, up);
	return NULL;
}

static void variable_read(struct reading *r, const struct yaml_item *item)
{
	static const char *const keys[] = { "type", "currency", "options", "about", "sample", "default", NULL };
	struct variable *v = &r->book->variables[r->book->variable_count];
	size_t up = path_down(r, item->key);

	if (name_check(r, item, item->key, true) && map_check(r, item, keys)) {
		bool typed = spec_read(r, item, &v->spec);

		v->name = item->key;
		v->about = text_under(r, item, "about", SPOKEN_MAX_BYTES, "");
		v->sample = "";
		if (map_need(r, item, "sample", "what a call may bring") && typed) {
			const char *sample = given_read(r, item, "sample", &v->spec);

			v->sample = sample ? sample : "";
		}
		v->standard = typed ? given_read(r, item, "default", &v->spec) : NULL;
		r->book->variable_count++;
	}
	path_up(r, up);
}

static void promise_read(struct reading *r, const struct yaml_item *item)
{
	static const char *const keys[] = { "type", "currency", "about", "from_days", "to_days", "min", "max", "from", "to", NULL };
	struct promise *p = &r->book->promises[r->book->promise_count];
	size_t up = path_down(r, item->key);

	if (name_check(r, item, item->key, true) && map_check(r, item, keys) && spec_read(r, item, &p->spec)) {
		p->name = item->key;
		p->about = note_need(r, item, "about", SPOKEN_MAX_BYTES);
		if (p->spec.type != VALUE_AMOUNT && p->spec.type != VALUE_DATE && p->spec.type != VALUE_NUMBER && p->spec.type != VALUE_TIME)
			mistake_value(r, yaml_find(item, "type"), "amount, number, date, time", "a promise has a range");
		range_read(r, item, &p->spec, &p->range);
		if (!p->range.low.is_set && !p->range.high.is_set)
			mistake_key(r, item, "min, max; from_days, to_days; from, to", "a promise without a bound allows everything");
		r->book->promise_count++;
	}
	path_up(r, up);
}

static void each_read(struct reading *r, const struct yaml_item *root, const char *key, size_t max, void (*read)(struct reading *, const struct yaml_item *))
{
	const struct yaml_item *item = yaml_find(root, key), *entry;
	size_t up = path_down(r, key);

	if (item && map_count_check(r, item, max))
		for (entry = item->first; entry; entry = entry->next)
			read(r, entry);
	path_up(r, up);
}

/* ---- outcomes ---- */

static void outcome_read(struct reading *r, const struct yaml_item *item)
{
	static const char *const keys[] = { "about", "result", "again_after_hours", "escalates", "do_not_call", NULL };
	static const char *const results[] = { "success", "neutral", "failure", NULL };
	struct rulebook_outcome *o = &r->book->outcomes[r->book->outcome_count];
	size_t up = path_down(r, item->key);

	if (name_check(r, item, item->key, true) && map_check(r, item, keys)) {
		int at = choice_under(r, item, "result", results);

		*o = (struct rulebook_outcome){ .name = item->key, .about = note_need(r, item, "about", SPOKEN_MAX_BYTES) };
		o->result = results[at < 0 ? 1 : at];
		o->again_after_hours = int_under(r, item, "again_after_hours", -1, 0, 24 * DAYS_MAX);
		o->escalates = bool_under(r, item, "escalates", false);
		o->do_not_call = bool_under(r, item, "do_not_call", false);
		if (o->do_not_call && o->again_after_hours >= 0)
			mistake_key(r, item, NULL, "a caller who wants no calls is not called again");
		r->book->outcome_count++;
	}
	path_up(r, up);
}

const char *outcome_of(struct reading *r, const struct yaml_item *item)
{
	struct rulebook_outcome found;

	if (!sort_check(r, item, YAML_SORT_TEXT, "an outcome's name"))
		return NULL;
	if (rulebook_outcome_find(r->book, item->text, &found))
		return found.name;
	mistake_value(r, item, NULL, "no outcome has this name");
	return NULL;
}

static void rule_read(struct reading *r, const struct yaml_item *item, bool is_last)
{
	static const char *const keys[] = { "when", "outcome", NULL };
	struct rule *rule = &r->book->rules[r->book->rule_count];
	const struct yaml_item *outcome;

	if (!map_check(r, item, keys))
		return;
	rule->when_item = yaml_find(item, "when");
	if (is_last == (rule->when_item != NULL))
		mistake_value(r, item, "only the last rule has no `when`", is_last ? "no rule holds when none of the conditions does" : "this rule always holds");
	rule->when = rule->when_item ? expr_read(r, rule->when_item, true) : NULL;
	outcome = map_need(r, item, "outcome", "an outcome's name");
	if (!outcome)
		return;
	rule->outcome = outcome_of(r, outcome);
	r->book->rule_count += rule->outcome != NULL;
}

void outcomes_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item, *entry;
	size_t up = path_down(r, "unfinished");

	item = yaml_find(root, "unfinished");
	if (item && list_check(r, item, 1, BRANCHES_MAX))
		for (entry = item->first; entry; entry = entry->next)
			rule_read(r, entry, !entry->next);
	path_up(r, up);
	if (!item)
		map_need(r, root, "unfinished", "a list of rules: when, outcome");
}

/* ---- settings ---- */

static void setting_read(struct reading *r, const struct yaml_item *item, const char *before);

static bool setting_sort_check(struct reading *r, const struct yaml_item *item, enum option_type type)
{
	if (type == OPTION_BOOL)
		return sort_check(r, item, YAML_SORT_TRUTH, "true, false");
	return type == OPTION_INT ? sort_check(r, item, YAML_SORT_NUMBER, "a whole number") : sort_check(r, item, YAML_SORT_TEXT, "text");
}

static void setting_set(struct reading *r, const struct yaml_item *item, const char *name)
{
	const struct option *o = option_find(call_options, name);
	struct err_detail detail = { .message = "" };
	struct call_settings s;

	if (!o) {
		mistake_key(r, item, "the keys of vad, turn, barge, llm, tts, play, stt, tool, quiet, key, call", "no such setting of a call: %s", name);
		return;
	}
	if (!setting_sort_check(r, item, o->type))
		return;
	call_settings_init(&s);
	if (option_parse(o, item->text, &s, &detail))
		mistake_value(r, item, !strncmp(detail.hint, "allowed: ", 9) ? detail.hint + 9 : detail.hint, "the setting %s cannot be that", name);
}

static void setting_read(struct reading *r, const struct yaml_item *item, const char *before)
{
	const struct yaml_item *entry;
	char name[100];
	size_t up = path_down(r, item->key);

	snprintf(name, sizeof(name), "%s%s%s", before, *before ? "." : "", item->key);
	if (item->kind == YAML_KIND_SCALAR)
		setting_set(r, item, name);
	else if (item->kind == YAML_KIND_LIST || !item->count)
		mistake_value(r, item, "one value, or a map of settings", "a setting is one value");
	else
		for (entry = item->first; entry; entry = entry->next)
			setting_read(r, entry, name);
	path_up(r, up);
}

/* The item that sets this, NULL: none does. The joined form of a name may stand anywhere in it. */
static const struct yaml_item *setting_find(const struct yaml_item *map, const char *name)
{
	const struct yaml_item *item;

	for (item = map ? map->first : NULL; item; item = item->next) {
		size_t len = strlen(item->key);
		const struct yaml_item *found = NULL;

		if (!strcmp(item->key, name))
			return item;
		if (!strncmp(item->key, name, len) && name[len] == '.')
			found = setting_find(item, name + len + 1);
		if (found)
			return found;
	}
	return NULL;
}

static bool is_set(const void *arg, const char *name)
{
	const struct rulebook *b = arg;

	return setting_find(b->settings, name) != NULL;
}

/* A book is judged with the defaults for what it does not set: whoever moves one of a pair past the other moves both. */
static void settings_judge(struct reading *r)
{
	const struct option_order *order;
	const struct yaml_item *low, *item;
	struct call_settings s;
	char hint[200], value[32];
	const char *other;
	size_t up;

	call_settings_init(&s);
	rulebook_settings(r->book, &s);
	order = options_contradiction(call_options, call_orders, &s, is_set, r->book);
	if (!order)
		return;
	low = setting_find(r->book->settings, order->low);
	item = low ? low : setting_find(r->book->settings, order->high);
	other = low ? order->high : order->low;
	option_order_hint(order, hint, sizeof(hint));
	option_print(option_find(call_options, other), &s, value, sizeof(value));
	up = path_down(r, low ? order->low : order->high);
	mistake_value(r, item, hint + strcspn(hint, " ") + 1, "it is %s %s: %s%s", low ? "above" : "below", other, value,
		is_set(r->book, other) ? "" : " (default)");
	path_up(r, up);
}

static void settings_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = yaml_find(root, "settings"), *entry;
	size_t up = path_down(r, "settings");

	if (item && map_count_check(r, item, 100)) {
		size_t before = r->report->count;

		r->book->settings = item;
		for (entry = item->first; entry; entry = entry->next)
			setting_read(r, entry, "");
		if (r->report->count == before)
			settings_judge(r);
	}
	path_up(r, up);
}

/* ---- phrases and disclosures ---- */

static void phrase_list_read(struct reading *r, const struct yaml_item *phrases, const char *name, bool wanted)
{
	const struct yaml_item *item = phrases ? yaml_find(phrases, name) : NULL;
	size_t up = path_down(r, name), i;

	if (item)
		words_check(r, item, text_of, BRIEF_PHRASES_MAX, SPOKEN_MAX_BYTES);
	for (i = 0; !item && wanted && i < r->book->language_count; i++)
		if (!language_is(r->book->languages[i].code, "en")) {
			struct yaml_mark top = { 1, 1 };

			mistake_at(r, phrases ? phrases->key_at : top, "nothing", r->book->languages[i].code,
				"built-in phrases are English: a book that speaks another language brings its own");
			break;
		}
	path_up(r, up);
}

void phrases_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = yaml_find(root, "phrases"), *entry;
	size_t up = path_down(r, "phrases"), i;

	r->book->phrases = item && map_check(r, item, phrase_names) ? item : NULL;
	for (i = 0; phrase_names[i]; i++)
		phrase_list_read(r, r->book->phrases, phrase_names[i], strcmp(phrase_names[i], "keys") != 0); /* without them nobody is reminded */
	path_up(r, up);
	up = path_down(r, "disclosures");
	item = yaml_find(root, "disclosures");
	if (item && list_check(r, item, 0, LIST_MAX)) {
		r->book->disclosures = item;
		for (entry = item->first; entry; entry = entry->next)
			spoken_check(r, entry, SPOKEN_MAX_BYTES);
	}
	path_up(r, up);
}

static void format_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = map_need(r, root, "rulebook", "1");
	size_t up = path_down(r, "rulebook");

	if (item && sort_check(r, item, YAML_SORT_NUMBER, "1") && strcmp(item->text, "1") != 0)
		mistake_value(r, item, "1", "one of these is expected here");
	path_up(r, up);
}

void head_read(struct reading *r, const struct yaml_item *root)
{
	struct rulebook *b = r->book;

	if (!map_check(r, root, root_keys))
		return;
	format_read(r, root);
	b->id = identity_read(r, root, "id", NAME_MAX_BYTES, "letters, digits, -, _ and .; at most 40");
	b->version = identity_read(r, root, "version", 16, "letters, digits, -, _ and .; at most 16");
	b->title = note_need(r, root, "title", SPOKEN_MAX_BYTES);
	b->company = note_need(r, root, "company", WORDS_MAX_BYTES);
	languages_read(r, root);
	agent_read(r, root);
	note_need(r, root, "goal", NOTE_MAX_BYTES);
	b->goal = yaml_find(root, "goal");
	facts_read(r, root);
	each_read(r, root, "variables", VARIABLES_MAX, variable_read);
	each_read(r, root, "promises", PROMISES_MAX, promise_read);
	if (map_need(r, root, "outcomes", "a map of outcomes"))
		each_read(r, root, "outcomes", OUTCOMES_MAX, outcome_read);
	settings_read(r, root);
	phrases_read(r, root);
	pronounce_read(r, root);
	redact_read(r, root);
}
