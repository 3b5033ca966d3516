/* What there is to say: the rule-book's texts with their values, and the little that is said beside them. */
#include "providers/rehearsed/mind.h"

#include <string.h>

/* ---- what is said beside the rule-book's words ---- */

void mind_say_own(struct mind *m, enum phrase phrase)
{
	static const char *const phrases[][2] = {
		[PHRASE_SORRY] = { "Sorry, I did not understand that.", "क्षमा कीजिए, मैं समझ नहीं पाई।" },
		[PHRASE_HALF] = { "Is that in the morning or in the afternoon?", "यह सुबह का समय है या शाम का?" },
		[PHRASE_RANGE] = { "I am sorry, that is not possible.", "क्षमा कीजिए, यह नहीं हो सकता।" },
		[PHRASE_WAIT] = { "Of course, take your time.", "जी ज़रूर, आराम से।" },
		[PHRASE_HERE] = { "Yes, I am here.", "जी, मैं यहीं हूँ।" },
		[PHRASE_WHY] = { "I cannot say more than that about it.", "इससे ज़्यादा मैं नहीं बता सकती।" },
		[PHRASE_WHY_WHO] = { "First I need to know who I am speaking with.", "पहले मुझे जानना है कि मैं किससे बात कर रही हूँ।" },
		[PHRASE_WHY_PERSON] = { "I cannot say more than that, but you can ask for a person.", "इससे ज़्यादा मैं नहीं बता सकती, पर आप किसी व्यक्ति से बात करने को कह सकते हैं।" },
		[PHRASE_STILL] = { "I am still waiting for an answer, one moment please.", "अभी जवाब आ रहा है, एक क्षण रुकिए।" },
		[PHRASE_SURE] = { "Just to be sure:", "बस पक्का करने के लिए:" },
		[PHRASE_NOT_YET] = { "I cannot tell you that yet.", "यह मैं अभी नहीं बता सकती।" },
		[PHRASE_UNKNOWN] = { "I am sorry, I do not know that.", "क्षमा कीजिए, यह मुझे पता नहीं है।" },
		[PHRASE_UNKNOWN_PERSON] = { "I am sorry, I do not know that, but you can ask for a person.", "क्षमा कीजिए, यह मुझे पता नहीं है, पर आप किसी व्यक्ति से बात करने को कह सकते हैं।" },
		[PHRASE_DONE] = { "I cannot change that any more.", "अब मैं इसे बदल नहीं सकती।" },
		[PHRASE_DONE_PERSON] = { "I cannot change that any more, but you can ask for a person.", "अब मैं इसे बदल नहीं सकती, पर आप किसी व्यक्ति से बात करने को कह सकते हैं।" },
		[PHRASE_BYE] = { "Goodbye.", "नमस्ते।" },
		[PHRASE_DEAF] = { "I cannot hear you while you key in a number.", "जब आप नंबर दबाते हैं, तब मैं आपको सुन नहीं सकती।" },
		[PHRASE_KEYS] = { "Can you key it in now?", "क्या आप अभी नंबर दबा सकते हैं?" },
	};

	if (m->reply.len)
		buf_byte(&m->reply, ' ');
	if (m->f->english || m->f->hindi)
		buf_text(&m->reply, phrases[phrase][m->f->hindi]);
	else if (phrase == PHRASE_WAIT || phrase == PHRASE_STILL || phrase == PHRASE_BYE)
		buf_text(&m->reply, "OK."); /* an answer must have words */
}

void mind_reply_begin(struct mind *m)
{
	buf_reset(&m->reply);
	m->question_at = 0;
	m->heard = m->cut_at = 0;
}

void mind_say(struct mind *m, const json_t *text)
{
	mind_text(m, text, &m->reply);
}

/* An option has no reading back in the book: its first phrase is. Only English is heard unsurely. */
void mind_confirm_text(const struct mind *m, struct buf *out)
{
	const struct flow_step *s = mind_step(m);
	const struct answer *a = &m->answers[m->at].value;
	const json_t *option;
	size_t i;

	if (s->confirm) {
		mind_text(m, s->confirm, out);
		return;
	}
	json_array_foreach(s->expect.options, i, option)
		if (json_string_length(json_object_get(option, "value")) == a->len && !memcmp(json_string_value(json_object_get(option, "value")), a->text, a->len))
			buf_printf(out, "Did you say \"%s\"?", json_string_value(json_array_get(json_object_get(option, "words"), 0)));
}

void mind_say_confirm(struct mind *m)
{
	if (m->reply.len)
		buf_byte(&m->reply, ' ');
	m->question_at = m->reply.len;
	mind_confirm_text(m, &m->reply);
}

void mind_say_question(struct mind *m, const json_t *text)
{
	if (m->reply.len)
		buf_byte(&m->reply, ' ');
	m->question_at = m->reply.len;
	mind_text(m, text, &m->reply);
}

/* Asks for what is missing of a time. */
static void say_half(struct mind *m)
{
	if (!m->f->english && !m->f->hindi) {
		mind_say_question(m, mind_step(m)->text);
		return;
	}
	m->question_at = m->reply.len + (m->reply.len != 0);
	mind_say_own(m, PHRASE_HALF);
}

/* The question that is open, in its first wording. */
void mind_ask_again(struct mind *m)
{
	if (m->way)
		mind_way_ask(m);
	else if (m->mood == MOOD_ASKED && m->is_half)
		say_half(m);
	else if (m->mood == MOOD_CONFIRM)
		mind_say_confirm(m);
	else
		mind_say_question(m, mind_step(m)->text);
}

/* How many digits an answer has. */
void mind_say_digits_wanted(struct mind *m)
{
	const struct expect *e = &mind_step(m)->expect;
	bool range = e->low != e->high;

	if (!m->f->english && !m->f->hindi)
		return;
	if (m->reply.len)
		buf_byte(&m->reply, ' ');
	buf_text(&m->reply, m->f->hindi ? "मुझे " : "I need ");
	if (range)
		buf_printf(&m->reply, m->f->hindi ? "%d से " : "%d to ", (int)e->low);
	buf_printf(&m->reply, m->f->hindi ? "%d अंक चाहिए।" : e->high == 1 ? "%d digit." : "%d digits.", (int)e->high);
}

/* The opening without the question: who calls, and for whom. */
void mind_say_intro(struct mind *m)
{
	const char *opening = m->f->opening;
	size_t len = strlen(opening), n = 0;
	struct buf question;

	buf_init(&question, MIND_TEXT_MAX);
	if (m->f->opening_asked)
		mind_text(m, m->f->steps[m->f->opening_step].text, &question);
	if (question.len <= len && question.len && !memcmp(opening + len - question.len, question.data, question.len))
		n = question.len;
	len -= n;
	while (len && opening[len - 1] == ' ')
		len--;
	buf_append(&m->reply, opening, len);
	buf_fini(&question);
}

/* ---- the question as words ---- */

void mind_question_words(const struct mind *m, int step, struct words *w)
{
	struct buf text;

	buf_init(&text, MIND_TEXT_MAX);
	mind_text(m, m->f->steps[step].text, &text);
	words_read(w, (const char *)text.data, text.len);
	buf_fini(&text);
}

void mind_confirm_words(const struct mind *m, struct words *w)
{
	struct buf text;

	buf_init(&text, MIND_TEXT_MAX);
	mind_confirm_text(m, &text);
	words_read(w, (const char *)text.data, text.len);
	buf_fini(&text);
}
