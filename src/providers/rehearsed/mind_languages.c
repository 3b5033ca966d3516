/* A call that goes on in another language: the caller asks for it, the tool is asked for, and when it has said so all is said and understood in the new
 * language. The steps are the same in each, so that what is known stays known. */
#include "providers/rehearsed/mind.h"

#include <string.h>

#include "providers/rehearsed/languages.h"
#include "redact/redact.h"

static bool takes_any_words(const struct mind *m)
{
	enum expect_kind kind = mind_step(m)->expect.kind;

	return m->mood == MOOD_ASKED && (kind == EXPECT_FREE || kind == EXPECT_NAME || kind == EXPECT_CHOICE);
}

static const struct flow *wish_find(const struct mind *m, const struct words *w)
{
	const struct flow *f = m->first;
	bool is_open = takes_any_words(m);
	size_t i;

	if (f != m->f && language_wished(w, f->language, m->f->language, is_open))
		return f;
	for (i = 0; i < f->other_count; i++)
		if (f->others[i] != m->f && language_wished(w, f->others[i]->language, m->f->language, is_open))
			return f->others[i];
	return NULL;
}

/* One that was not served, because the caller went on, stands. */
bool mind_take_wish(struct mind *m, const struct words *w)
{
	const struct flow *wish = m->first->other_count && m->mood != MOOD_ENDED ? wish_find(m, w) : NULL;

	if (wish)
		m->wish = wish;
	if (!m->wish)
		return false;
	m->wish_asked = false;
	m->note = REHEARD_LANGUAGE;
	m->is_machine = false;
	mind_reply_begin(m);
	return true;
}

void mind_wish_used(struct mind *m, const struct llm_block *b)
{
	const char *tool = m->first->language_tool;

	if (!m->wish || strlen(tool) != b->name_len || memcmp(tool, b->name, b->name_len) != 0)
		return;
	m->wish_asked = true;
	m->wish_turn = b->turn;
	m->wish_index = b->index;
}

static void language_take(struct mind *m, const char *text, size_t len)
{
	static const char head[] = EVENT_LANGUAGE;
	const size_t from = sizeof(head) - 1;
	const struct flow *f;
	size_t to = from;

	if (len <= from || memcmp(text, head, from) != 0)
		return;
	while (to < len && text[to] != ':')
		to++;
	f = flow_in(m->first, text + from, to - from);
	if (f)
		m->f = f;
}

/* What was open is said again, from its beginning: the language is another one, or there is none such. */
static void go_on(struct mind *m)
{
	mind_reply_begin(m);
	m->cuts = 0;
	if (m->mood == MOOD_ASKED || m->mood == MOOD_CONFIRM || m->mood == MOOD_KEYS)
		mind_ask_again(m);
	else if (m->mood == MOOD_TOOL && m->dispatched)
		mind_say_own(m, PHRASE_STILL);
	else if (m->mood != MOOD_BEGIN)
		mind_go(m, m->at, mind_no_rest);
	if (m->mood == MOOD_TOOL)
		m->question_at = m->reply.len;
}

/* The history begins here: what stood before it was forgotten. */
void mind_language_told(struct mind *m, const struct llm_block *b)
{
	language_take(m, redacted_text(b->text), redacted_len(b->text));
	go_on(m);
}

bool mind_wish_result(struct mind *m, const struct llm_block *b)
{
	if (b->status == TOOL_OK) /* also where a step of the flow asked for it */
		language_take(m, redacted_text(b->text), redacted_len(b->text));
	if (!m->wish_asked || b->turn != m->wish_turn || b->index != m->wish_index)
		return false;
	m->wish = NULL;
	m->wish_asked = false;
	go_on(m);
	return true;
}
