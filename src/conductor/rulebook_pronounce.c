/* How words are said: `pronounce` of a rule-book, a dictionary for the voices (docs/spoken.md). */
#include "conductor/rulebook_state.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What is said goes to the voice as it stands: braces fill nothing here. */
static void plain_check(struct reading *r, const struct yaml_item *item)
{
	const struct yaml_item *entry;

	if (item->kind == YAML_KIND_SCALAR && strpbrk(item->text, "{}"))
		mistake_value(r, item, NULL, "no placeholder is filled in here");
	for (entry = item->first; entry; entry = entry->next)
		plain_check(r, entry);
}

/* The text under `key`, in every language; `needed`: it must be there. */
static void said_read(struct reading *r, const struct yaml_item *map, const char *key, bool needed)
{
	const struct yaml_item *item = needed ? map_need(r, map, key, "how it is said") : yaml_find(map, key);
	size_t up = path_down(r, key);

	if (item && spoken_check(r, item, BRIEF_SAY_MAX - 1))
		plain_check(r, item);
	path_up(r, up);
}

static void saying_read(struct reading *r, const struct yaml_item *item)
{
	static const char *const keys[] = { "word", "say", "ipa", NULL };
	const struct yaml_item *word;
	size_t up;

	if (!map_check(r, item, keys))
		return;
	word = map_need(r, item, "word", "a word as it is written");
	up = path_down(r, "word");
	if (word && word_of(r, word, BRIEF_WORD_MAX - 1))
		plain_check(r, word);
	path_up(r, up);
	said_read(r, item, "say", true);
	said_read(r, item, "ipa", false);
}

static const char *saying_word(const struct yaml_item *entry)
{
	const struct yaml_item *word = entry->kind == YAML_KIND_MAP ? yaml_find(entry, "word") : NULL;

	return word && word->kind == YAML_KIND_SCALAR ? word->text : NULL;
}

/* The same word twice, capitals aside: the second is the mistake. */
static void twice_check(struct reading *r, const struct yaml_item *list, const struct yaml_item *entry)
{
	const char *word = saying_word(entry);
	const struct yaml_item *other;

	for (other = list->first; word && other != entry; other = other->next)
		if (saying_word(other) && !strcasecmp(saying_word(other), word)) {
			mistake_value(r, yaml_find(entry, "word"), NULL, "it stands here twice");
			return;
		}
}

void pronounce_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = yaml_find(root, "pronounce"), *entry;
	size_t up = path_down(r, "pronounce");

	if (item && list_check(r, item, 1, BRIEF_SAYINGS_MAX)) {
		r->book->pronounce = item;
		for (entry = item->first; entry; entry = entry->next) {
			saying_read(r, entry);
			twice_check(r, item, entry);
		}
	}
	path_up(r, up);
}

void sayings_fill(const struct rulebook *b, const char *language, struct brief *brief)
{
	const struct yaml_item *entry, *ipa;

	for (entry = b->pronounce ? b->pronounce->first : NULL; entry; entry = entry->next) {
		struct brief_saying *s = &brief->sayings[brief->saying_count++];

		ipa = yaml_find(entry, "ipa");
		ipa = ipa ? text_in(ipa, language) : NULL;
		*s = (struct brief_saying){ .word = "" };
		snprintf(s->word, sizeof(s->word), "%s", yaml_find(entry, "word")->text);
		snprintf(s->say, sizeof(s->say), "%s", text_in(yaml_find(entry, "say"), language)->text);
		snprintf(s->ipa, sizeof(s->ipa), "%s", ipa ? ipa->text : "");
	}
}
