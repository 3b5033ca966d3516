/* What an answering machine says, and where that leads: `voicemail` of a rule-book.
 *
 * Built-in words are for all books that bring none. They are what machines say and people do not: "is not available" alone is said by
 * whoever picks up for somebody else. Networks that say why nobody answers ("switched off") count as machines.
 */
#include "conductor/rulebook_state.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/wording.h"

enum { PURPOSE_MAX_BYTES = 300 };

static const char *const english[] = {
	"after the tone", "after the beep", "after the signal", "at the tone", "at the beep", "leave a message", "leave your message",
	"leave a brief message", "leave a short message", "leave a detailed message", "leave your name", "leave a voicemail", "record your message",
	"record a message", "can't take your call", "not able to take your call", "unable to take your call", "available to take your call",
	"not available to take your call", "mailbox is full", "mail box is full", "mailbox can't accept", "mail box can't accept", "mailbox of",
	"voice mailbox", "reached the voicemail", "reached the voice mail",
	"voicemail box", "voice messaging system", "voice message system", "the person at extension", "you are calling is not available",
	"you are calling is unavailable", "you are calling is currently", "you have called is not available", "you have dialed is",
	"you have dialled is", "trying to reach is not available", "trying to reach is unavailable", "trying to reach is not answering",
	"the number is not answering", "the subscriber you", "hang up or press", NULL };

static const char *const hindi[] = {
	"बीप के बाद", "टोन के बाद", "संदेश छोड़ें", "संदेश छोड़िए", "संदेश छोड़ दें", "संदेश रिकॉर्ड", "मैसेज छोड़ें", "मैसेज छोड़िए", "मैसेज छोड़ दें",
	"मैसेज रिकॉर्ड", "कॉल कर रहे हैं वह अभी", "कॉल कर रहे हैं वह इस समय", "उत्तर नहीं दे रहा", "उत्तर नहीं दे रहे", "आपके द्वारा डायल किया गया", "नंबर स्विच ऑफ",
	"संपर्क क्षेत्र से बाहर", "कवरेज क्षेत्र से बाहर", "के वॉइसमेल", "के वॉइस मेल", "beep ke baad", "tone ke baad", "message chhodiye", "message chhod dijiye",
	"message record", NULL };

static void words_read(struct reading *r, const struct yaml_item *item)
{
	const struct yaml_item *words = yaml_find(item, "words");
	const struct rulebook *b = r->book;
	size_t up = path_down(r, "words"), i;

	if (words && words_check(r, words, word_of, LIST_MAX, WORDS_MAX_BYTES))
		r->book->voicemail.words = words;
	for (i = 0; !words && i < b->language_count; i++)
		if (!language_is(b->languages[i].code, "en") && !language_is(b->languages[i].code, "hi")) {
			mistake_at(r, item->key_at, "nothing", b->languages[i].code,
				"built-in words of machines are English and Hindi: a book that speaks another language brings its own");
			break;
		}
	path_up(r, up);
}

static void purpose_read(struct reading *r, const struct yaml_item *item)
{
	size_t up = path_down(r, "purpose");

	if (item && spoken_check(r, item, PURPOSE_MAX_BYTES))
		r->book->voicemail.purpose = item;
	path_up(r, up);
}

void voicemail_read(struct reading *r, const struct yaml_item *root)
{
	static const char *const keys[] = { "words", "go", "purpose", NULL };
	const struct yaml_item *item = yaml_find(root, "voicemail"), *go;
	size_t up = path_down(r, "voicemail"), deeper;

	if (item && map_check(r, item, keys)) {
		words_read(r, item);
		go = map_need(r, item, "go", "a step's name");
		deeper = path_down(r, "go");
		if (go)
			go_find(r, go, &r->book->voicemail.go);
		path_up(r, deeper);
		purpose_read(r, yaml_find(item, "purpose"));
	}
	path_up(r, up);
}

static void built_in_json(const char *language, struct buf *out)
{
	size_t i;

	for (i = 0; language_is(language, "hi") && hindi[i]; i++)
		json_put_string(out, hindi[i]);
	for (i = 0; english[i]; i++) /* machines in India speak both */
		json_put_string(out, english[i]);
}

void voicemail_json(const struct filling *f, struct buf *out)
{
	const struct voicemail *v = &f->book->voicemail;
	const struct yaml_item *list = v->words ? text_in(v->words, f->language) : NULL, *word;

	json_put_key(out, "voicemail");
	if (!v->go.go_item) {
		json_put_null(out);
		return;
	}
	json_open(out, '{');
	json_put_key(out, "words");
	json_open(out, '[');
	for (word = list ? list->first : NULL; word; word = word->next)
		json_put_string(out, word->text);
	if (!v->words)
		built_in_json(f->language, out);
	json_close(out, ']');
	json_pair_string(out, "go", f->book->steps[v->go.go].name);
	json_close(out, '}');
}

/* ---- for the brief of a call that we placed ---- */

static void machine_add(struct brief *brief, const char *words)
{
	if (brief->machine_count < BRIEF_MACHINES_MAX && strlen(words) < BRIEF_MACHINE_MAX)
		snprintf(brief->machines[brief->machine_count++], BRIEF_MACHINE_MAX, "%s", words);
}

static void machines_fill(const struct filling *f, struct brief *brief)
{
	const struct voicemail *v = &f->book->voicemail;
	const struct yaml_item *list = v->words ? text_in(v->words, f->language) : NULL, *word;
	size_t i;

	for (word = list ? list->first : NULL; word; word = word->next)
		machine_add(brief, word->text);
	for (i = 0; !v->words && language_is(f->language, "hi") && hindi[i]; i++)
		machine_add(brief, hindi[i]);
	for (i = 0; !v->words && english[i]; i++)
		machine_add(brief, english[i]);
}

enum err voicemail_brief(const struct filling *f, struct brief *brief)
{
	const struct voicemail *v = &f->book->voicemail;
	const struct yaml_item *purpose = v->purpose ? text_in(v->purpose, f->language) : NULL;

	brief->leaves = v->go.go_item;
	machines_fill(f, brief);
	return purpose ? brief_text(f, purpose, "what is told to who screens calls", brief->purpose, sizeof(brief->purpose)) : ERR_NONE;
}
