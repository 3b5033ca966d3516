/* What a caller may ask of his own, and what is said to it: read from the book, told to the rehearsed engine. */
#include "conductor/rulebook_state.h"

#include "base/json.h"

static void question_read(struct reading *r, const struct yaml_item *item)
{
	static const char *const keys[] = { "words", "text", NULL };
	struct question q = { .name = item->key };
	const struct yaml_item *words, *text;
	size_t up = path_down(r, item->key), deeper;

	if (name_check(r, item, item->key, true) && map_check(r, item, keys)) {
		words = map_need(r, item, "words", "a list of words");
		deeper = path_down(r, "words");
		if (words && words_check(r, words, word_of, LIST_MAX, WORDS_MAX_BYTES))
			q.words = words;
		path_up(r, deeper);
		text = map_need(r, item, "text", "text");
		deeper = path_down(r, "text");
		if (text && spoken_check(r, text, SPOKEN_MAX_BYTES))
			q.text = text;
		path_up(r, deeper);
		if (q.words && q.text)
			r->book->questions[r->book->question_count++] = q;
	}
	path_up(r, up);
}

void questions_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = yaml_find(root, "questions"), *entry;
	size_t up = path_down(r, "questions");

	if (item && map_count_check(r, item, QUESTIONS_MAX))
		for (entry = item->first; entry; entry = entry->next)
			question_read(r, entry);
	path_up(r, up);
}

enum err questions_json(const struct filling *f, struct buf *out)
{
	const struct rulebook *b = f->book;
	enum err err = ERR_NONE;
	size_t i;

	json_put_key(out, "questions");
	json_open(out, '[');
	for (i = 0; !err && i < b->question_count; i++) {
		json_open(out, '{');
		json_pair_string(out, "name", b->questions[i].name);
		words_pair("words", text_in(b->questions[i].words, f->language), out);
		err = text_pair(f, "text", b->questions[i].text, out);
		json_close(out, '}');
	}
	json_close(out, ']');
	return err;
}
