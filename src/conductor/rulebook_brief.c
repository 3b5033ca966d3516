/* What the voice plane is told: the brief and the settings that a call is pinned to. */
#include "conductor/rulebook_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wording.h"

static enum err too_long(const struct filling *f, const char *what)
{
	if (f->detail) {
		snprintf(f->detail->message, sizeof(f->detail->message), "%s is too long once its placeholders are filled", what);
		snprintf(f->detail->where, sizeof(f->detail->where), "%s@%s", f->book->id, f->book->version);
		snprintf(f->detail->hint, sizeof(f->detail->hint), "shorten the text or the variables");
	}
	return ERR_LIMIT;
}

/* Copies a filled text into a field of the brief. */
static enum err text_keep(const struct filling *f, struct buf *text, const char *what, char *out, size_t size)
{
	const char *said = buf_str(text);

	if (text->err)
		return text->err;
	if (text->len >= size)
		return too_long(f, what);
	memcpy(out, said, text->len + 1);
	return ERR_NONE;
}

enum err brief_text(const struct filling *f, const struct yaml_item *item, const char *name, char *out, size_t size)
{
	struct buf text;
	enum err err;

	buf_init(&text, RULEBOOK_JSON_MAX);
	err = text_fill(f, item->text, &text);
	if (!err)
		err = text_keep(f, &text, name, out, size);
	buf_fini(&text);
	return err;
}

static enum err phrases_fill(const struct filling *f, struct brief *brief)
{
	const struct yaml_item *list, *item;
	struct rulebook_tool tool;
	enum err err = ERR_NONE;
	size_t i;

	if (language_is(f->language, "en") && rulebook_tool_find(f->book, RULEBOOK_TAKE_TOOL, &tool) && rulebook_tool_is_built_in(&tool))
		brief_takes(brief);
	for (i = 0; f->book->phrases && phrase_names[i] && !err; i++) {
		struct brief_phrases *p = phrases_at(brief, i);

		list = yaml_find(f->book->phrases, phrase_names[i]);
		list = list ? text_in(list, f->language) : NULL;
		if (!list)
			continue; /* the built-in English ones */
		for (p->count = 0, item = list->first; item && !err; item = item->next)
			err = brief_text(f, item, phrase_names[i], p->text[p->count++], BRIEF_TEXT_MAX);
	}
	return err;
}

static enum err greeting_fill(const struct filling *f, struct brief *brief)
{
	struct buf text;
	bool asked;
	int step;
	enum err err;

	buf_init(&text, RULEBOOK_JSON_MAX);
	err = opening_make(f, &text, &step, &asked);
	if (!err)
		err = text_keep(f, &text, "what is said first", brief->greeting, sizeof(brief->greeting));
	buf_fini(&text);
	brief->greeting_whole = f->book->disclosures && f->book->disclosures->count;
	return err;
}

static void tools_fill(const struct rulebook *b, struct brief *brief)
{
	struct brief_tool *t;
	size_t i;

	for (i = 0; i < b->tool_count; i++) {
		t = &brief->tools[i];
		*t = (struct brief_tool){ .changes = b->tools[i].tool.changes, .timeout_ms = b->tools[i].tool.timeout_ms };
		t->keys = rulebook_tool_is_built_in(&b->tools[i].tool) && !strcmp(b->tools[i].tool.name, RULEBOOK_KEYS_TOOL);
		t->speaks = rulebook_tool_is_built_in(&b->tools[i].tool) && !strcmp(b->tools[i].tool.name, RULEBOOK_LANGUAGE_TOOL);
		t->moves = rulebook_tool_is_built_in(&b->tools[i].tool) && !strcmp(b->tools[i].tool.name, RULEBOOK_TRANSFER_TOOL);
		t->takes = rulebook_tool_is_built_in(&b->tools[i].tool) && !strcmp(b->tools[i].tool.name, RULEBOOK_TAKE_TOOL);
		snprintf(t->name, sizeof(t->name), "%s", b->tools[i].tool.name);
	}
	t = &brief->tools[i];
	*t = (struct brief_tool){ .ends = true };
	snprintf(t->name, sizeof(t->name), "%s", RULEBOOK_END_TOOL);
	brief->tool_count = (uint8_t)(i + 1);
}

static void setting_fill(const struct yaml_item *item, const char *before, struct call_settings *settings)
{
	const struct yaml_item *entry;
	const struct option *option;
	char name[100];
	enum err err = ERR_NONE;

	if (snprintf(name, sizeof(name), "%s%s%s", before, *before ? "." : "", item->key) >= (int)sizeof(name))
		return; /* no setting has such a name */
	option = item->kind == YAML_KIND_SCALAR ? option_find(call_options, name) : NULL;
	if (option)
		err = option_parse(option, item->text, settings, NULL);
	assert(!err); /* judged when the book was read */
	for (entry = item->first; entry; entry = entry->next)
		setting_fill(entry, name, settings);
}

void rulebook_settings(const struct rulebook *b, struct call_settings *settings)
{
	const struct yaml_item *item;

	for (item = b->settings ? b->settings->first : NULL; item; item = item->next)
		setting_fill(item, "", settings);
}

static bool differs(const void *arg, const char *name)
{
	const struct option *o = option_find(call_options, name);
	const struct call_settings *both = arg; /* the config's, and the book's over them */

	return memcmp((const char *)&both[0] + o->offset, (const char *)&both[1] + o->offset, sizeof(int64_t)) != 0;
}

/* The config and the book are each free of contradictions; together they may not be. */
static enum err settings_take(const struct rulebook *b, struct call_settings *settings, struct err_detail *detail)
{
	struct call_settings both[2] = { *settings, *settings };
	const struct option_order *order;
	char low[32], high[32];

	rulebook_settings(b, &both[1]);
	order = options_contradiction(call_options, call_orders, &both[1], differs, both);
	*settings = both[1];
	if (!order)
		return ERR_NONE;
	if (detail) {
		option_print(option_find(call_options, order->low), settings, low, sizeof(low));
		option_print(option_find(call_options, order->high), settings, high, sizeof(high));
		snprintf(detail->message, sizeof(detail->message), "%s: found %s (%s), above %s: %s (%s)", order->low, low,
			differs(both, order->low) ? "the rule-book" : "the config", order->high, high, differs(both, order->high) ? "the rule-book" : "the config");
		option_order_hint(order, detail->hint, sizeof(detail->hint));
	}
	return ERR_USAGE;
}

/* ---- the time for the last words ---- */

/* A slow voice takes as long; and what it takes to begin, a filler before it and an interruption that it got over. */
enum { LETTER_MS = 100, LAST_WORDS_MS = 5000 };

/* How much a step says itself: what it asks is answered, so that the way to the end begins behind it. */
static enum err step_letters(const struct filling *f, const struct step *s, size_t *letters)
{
	const struct yaml_item *text = s->kind != STEP_ASK && s->text ? text_in(s->text, f->language) : NULL;

	*letters = 0;
	return text ? text_letters(f, text->text, letters) : ERR_NONE;
}

static size_t most_behind(const struct step *s, const size_t *letters)
{
	size_t i, most = s->side.go >= 0 && s->side.go_item ? letters[s->side.go] : 0;

	for (i = 0; i < s->next_count; i++)
		if (letters[s->next[i].go] > most)
			most = letters[s->next[i].go];
	return most;
}

/* The most that is said in one go before the agent hangs up: a goodbye, and before it what steps say that ask nothing. No way leads
 * round in a circle without a question, so that as many rounds as there are steps reach every one. */
static enum err last_words(const struct filling *f, size_t *most)
{
	const struct rulebook *b = f->book;
	size_t own[STEPS_MAX], letters[STEPS_MAX] = { 0 }, i, round;
	enum err err = ERR_NONE;

	*most = 0;
	for (i = 0; i < b->step_count && !err; i++)
		err = step_letters(f, &b->steps[i], &own[i]);
	for (round = 0; round < b->step_count && !err; round++)
		for (i = b->step_count; i-- > 0;) {
			const struct step *s = &b->steps[i];
			size_t behind = s->kind == STEP_SAY || s->kind == STEP_TOOL ? most_behind(s, letters) : 0;

			letters[i] = s->kind == STEP_GOODBYE ? own[i] : behind ? own[i] + behind : 0;
			*most = letters[i] > *most ? letters[i] : *most;
		}
	return err;
}

/* The core hangs up when nothing of the last words is heard for call.end_ms: a voice that never begins. The book's own last words are never that. */
static enum err end_raise(const struct filling *f, struct call_settings *settings)
{
	const struct option *o = option_find(call_options, "call.end_ms");
	struct rulebook_voice voice;
	size_t letters;
	int64_t ms;
	enum err err = last_words(f, &letters);

	if (err)
		return err;
	rulebook_voice(f->book, f->language, &voice);
	ms = LAST_WORDS_MS + (int64_t)letters * LETTER_MS * 100 / voice.speed_percent;
	ms = ms < o->max ? ms : o->max;
	settings->call_end_ms = settings->call_end_ms > ms ? settings->call_end_ms : ms;
	return ERR_NONE;
}

/* ---- its other languages ---- */

/* What a caller must be told before anything else. */
static enum err disclosure_fill(const struct filling *f, char out[BRIEF_GREETING_MAX])
{
	const struct yaml_item *one = f->book->disclosures ? f->book->disclosures->first : NULL;
	struct buf text;
	enum err err = ERR_NONE;

	buf_init(&text, RULEBOOK_JSON_MAX);
	for (; one && !err; one = one->next) {
		if (text.len)
			buf_byte(&text, ' ');
		err = text_fill(f, text_in(one, f->language)->text, &text);
	}
	if (!err)
		err = text_keep(f, &text, "what is disclosed", out, BRIEF_GREETING_MAX);
	buf_fini(&text);
	return err;
}

/* `scratch` becomes what a brief of that language has of its own. */
static enum err tongue_fill(const struct filling *own, const char *language, struct brief *scratch, struct brief *brief)
{
	struct filling f = *own;
	char disclosure[BRIEF_GREETING_MAX];
	enum err err;

	f.language = language;
	brief_init(scratch);
	snprintf(scratch->language, sizeof(scratch->language), "%s", language);
	sayings_fill(f.book, language, scratch);
	err = phrases_fill(&f, scratch);
	if (!err)
		err = disclosure_fill(&f, disclosure);
	if (!err)
		err = brief_tongue_add(brief, scratch, disclosure);
	return err == ERR_LIMIT ? too_long(&f, "what is said in all languages of the book") : err;
}

/* The call's own first: it may come back to it. */
static enum err tongues_fill(const struct filling *f, struct brief *brief)
{
	const struct rulebook *b = f->book;
	struct brief *scratch = b->language_count > 1 ? malloc(sizeof(*scratch)) : NULL;
	enum err err = scratch ? tongue_fill(f, f->language, scratch, brief) : b->language_count > 1 ? ERR_NOMEM : ERR_NONE;
	size_t i;

	for (i = 0; scratch && !err && i < b->language_count; i++)
		if (strcmp(b->languages[i].code, f->language) != 0)
			err = tongue_fill(f, b->languages[i].code, scratch, brief);
	free(scratch);
	return err;
}

enum err rulebook_brief(const struct rulebook *b, const char *language, const json_t *variables, struct brief *brief,
	struct call_settings *settings, struct err_detail *detail)
{
	struct filling f;
	enum err err = filling_init(&f, b, language, variables, detail);

	if (err)
		return err;
	brief_init(brief);
	snprintf(brief->language, sizeof(brief->language), "%s", language);
	snprintf(brief->rulebook, sizeof(brief->rulebook), "%s@%s", b->id, b->version);
	tools_fill(b, brief);
	sayings_fill(b, language, brief);
	err = settings_take(b, settings, detail);
	if (!err)
		err = greeting_fill(&f, brief);
	if (!err)
		err = phrases_fill(&f, brief);
	if (!err)
		err = tongues_fill(&f, brief);
	if (!err)
		err = voicemail_brief(&f, brief);
	return err ? err : end_raise(&f, settings);
}
