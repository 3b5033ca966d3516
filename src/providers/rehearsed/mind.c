/* What comes next: the walk to the next step, and what becomes of a caller's answer to a question that was heard. */
#include "providers/rehearsed/mind.h"

#include <string.h>

#include "providers/rehearsed/human.h"
#include "providers/rehearsed/no_answer.h"
#include "providers/rehearsed/opt_outs.h"
#include "providers/rehearsed/options.h"
#include "providers/rehearsed/unreal.h"

enum { ASIDES_MAX = 6 };

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
	};

	if (m->reply.len)
		buf_byte(&m->reply, ' ');
	if (m->f->english || m->f->hindi)
		buf_text(&m->reply, phrases[phrase][m->f->hindi]);
	else if (phrase == PHRASE_WAIT || phrase == PHRASE_STILL)
		buf_text(&m->reply, "OK."); /* an answer must have words */
}

void mind_reply_begin(struct mind *m)
{
	buf_reset(&m->reply);
	m->question_at = 0;
	m->heard = m->cut_at = 0;
}

static void say_text(struct mind *m, const json_t *text)
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

static void say_confirm(struct mind *m)
{
	if (m->reply.len)
		buf_byte(&m->reply, ' ');
	m->question_at = m->reply.len;
	mind_confirm_text(m, &m->reply);
}

static void say_question(struct mind *m, const json_t *text)
{
	if (m->reply.len)
		buf_byte(&m->reply, ' ');
	m->question_at = m->reply.len;
	mind_text(m, text, &m->reply);
}

const struct flow_step *mind_step(const struct mind *m)
{
	return &m->f->steps[m->at];
}

/* Asks for what is missing of a time. */
static void say_half(struct mind *m)
{
	if (!m->f->english && !m->f->hindi) {
		say_question(m, mind_step(m)->text);
		return;
	}
	m->question_at = m->reply.len + (m->reply.len != 0);
	mind_say_own(m, PHRASE_HALF);
}

/* The question that is open, in its first wording. */
void mind_ask_again(struct mind *m)
{
	if (m->mood == MOOD_ASKED && m->is_half)
		say_half(m);
	else if (m->mood == MOOD_CONFIRM)
		say_confirm(m);
	else
		say_question(m, mind_step(m)->text);
}

/* ---- going on ---- */

static bool answer_from_rest(struct mind *m, struct rest *rest)
{
	const struct expect *e = &mind_step(m)->expect;
	struct words words;
	struct answer a;
	size_t i;

	if (!rest->words || rest->from >= rest->words->count || e->kind < EXPECT_DIGITS || e->kind > EXPECT_TIME)
		return false;
	words.count = 0;
	for (i = rest->from; i < rest->words->count; i++)
		words.at[words.count++] = rest->words->at[i];
	if (understand(e, &words, NULL, "", 0, &a) != UNDERSTOOD_VALUE)
		return false;
	rest->from += a.used;
	m->answers[m->at] = (struct mind_answer){ true, a };
	m->last = m->at;
	return true;
}

static void ask_step(struct mind *m)
{
	m->tries = m->asides = m->cuts = 0;
	m->is_half = false;
	m->mood = MOOD_ASKED;
	say_question(m, mind_step(m)->text);
}

static void confirm_step(struct mind *m)
{
	m->mood = MOOD_CONFIRM;
	say_confirm(m);
}

/* Walks to the next step at which the call waits for somebody: a question, a tool, the end. */
void mind_go(struct mind *m, int to, struct rest rest)
{
	size_t walked;

	for (walked = 0; walked <= 2 * m->f->step_count + 16; walked++) {
		m->at = to;
		if (mind_step(m)->kind == STEP_SAY) {
			say_text(m, mind_step(m)->text);
			to = mind_next(m, mind_step(m));
		} else if (mind_step(m)->kind == STEP_ASK) {
			if (m->visits[to]++ >= m->f->visits_max) {
				m->visits[to]--;
				to = mind_step(m)->other;
				continue;
			}
			if (!answer_from_rest(m, &rest)) {
				ask_step(m);
				return;
			}
			if (mind_step(m)->confirm) {
				m->tries = m->asides = m->cuts = 0;
				confirm_step(m);
				return;
			}
			to = mind_next(m, mind_step(m));
		} else {
			say_text(m, mind_step(m)->text);
			m->question_at = m->reply.len;
			m->mood = mind_step(m)->kind == STEP_TOOL ? MOOD_TOOL : MOOD_ENDED;
			m->dispatched = m->pending = false;
			return;
		}
	}
	m->mood = MOOD_ENDED; /* the flow turns in a circle: it was none of ours */
}

const struct rest mind_no_rest = { .words = NULL };

static void answered(struct mind *m, struct rest rest)
{
	m->last = m->at;
	mind_go(m, mind_next(m, mind_step(m)), rest);
}

void mind_take_value(struct mind *m, const struct words *w, const struct answer *a)
{
	struct rest rest = { w, mind_step(m)->expect.kind == EXPECT_YES_NO ? 0 : a->used };

	m->answers[m->at] = (struct mind_answer){ true, *a };
	m->is_half = false;
	m->is_met = true;
	m->note = REHEARD_VALUE;
	if (mind_step(m)->confirm)
		confirm_step(m);
	else
		answered(m, rest);
}

/* ---- not understood ---- */

/* How many digits an answer has. */
static void say_digits_wanted(struct mind *m)
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

static void not_understood(struct mind *m, enum phrase phrase)
{
	m->note = phrase == PHRASE_RANGE ? REHEARD_RANGE : REHEARD_NOT;
	if (++m->tries >= mind_step(m)->tries) {
		m->answers[m->at].known = false;
		mind_go(m, mind_step(m)->other, mind_no_rest);
		return;
	}
	if (phrase == PHRASE_RANGE && mind_step(m)->expect.kind == EXPECT_DIGITS)
		say_digits_wanted(m);
	else
		mind_say_own(m, phrase);
	if (m->mood == MOOD_ASKED && mind_step(m)->again && phrase != PHRASE_SURE && !m->is_half)
		say_question(m, mind_step(m)->again);
	else
		mind_ask_again(m);
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

static void question_words(const struct mind *m, int step, struct words *w)
{
	struct buf text;

	buf_init(&text, MIND_TEXT_MAX);
	mind_text(m, m->f->steps[step].text, &text);
	words_read(w, (const char *)text.data, text.len);
	buf_fini(&text);
}

/* Nothing is promised that may not come: what a call is about is in the opening and in the question, and the reason may be for one person's ears only. */
static enum phrase why_phrase(const struct mind *m)
{
	struct words question;

	question_words(m, m->at, &question);
	if (mind_step(m)->expect.kind == EXPECT_YES_NO && person_asked(&question))
		return PHRASE_WHY_WHO;
	return m->f->human ? PHRASE_WHY_PERSON : PHRASE_WHY;
}

static bool take_aside(struct mind *m, const struct words *w)
{
	enum aside aside = understand_aside(w);

	if (aside == ASIDE_NONE || ++m->asides > ASIDES_MAX)
		return false;
	m->note = REHEARD_ASIDE;
	if (aside == ASIDE_WAIT) {
		mind_say_own(m, PHRASE_WAIT);
		m->question_at = m->reply.len; /* it stays open */
		return true;
	}
	if (aside == ASIDE_WHO || aside == ASIDE_WHY)
		mind_say_intro(m);
	if (aside == ASIDE_WHY)
		mind_say_own(m, why_phrase(m));
	if (aside == ASIDE_HELLO)
		mind_say_own(m, PHRASE_HERE);
	mind_ask_again(m);
	return true;
}

static enum opt_out opt_out_said(const struct mind *m, const struct words *w)
{
	return m->f->opt_out ? opt_out_heard(w) : OPT_OUT_NONE;
}

static bool has_phrase_of(const struct mind *m, const json_t *way_out, const struct words *w)
{
	const json_t *words = json_object_get(way_out, "words");
	struct span said;
	size_t i;

	for (i = 0; i < json_array_size(words); i++) {
		said = understand_phrase(w, json_string_value(json_array_get(words, i)));
		if (said.len && (way_out != m->f->human || !human_only_named(w, said)))
			return true;
	}
	return false;
}

/* What is said goes before the book's phrases: they are found loosely, "do not call me" in "don't call me on Monday" too. */
int mind_anytime_find(const struct mind *m, const struct words *w)
{
	enum opt_out opt_out = opt_out_said(m, w);
	const json_t *found = opt_out == OPT_OUT_MEANT ? m->f->opt_out : NULL, *one, *to;
	size_t i;

	for (i = 0; !found && i < json_array_size(m->f->anytime); i++) {
		one = json_array_get(m->f->anytime, i);
		if ((one == m->f->human && human_wanted(w)) || ((one != m->f->opt_out || opt_out == OPT_OUT_NONE) && has_phrase_of(m, one, w)))
			found = one;
	}
	to = json_object_get(found, "go");
	return found ? flow_step_find(m->f, json_string_value(to), json_string_length(to)) : -1;
}

bool mind_hears_machine(const struct mind *m, const struct words *w)
{
	size_t i;

	if (m->is_met || understand_offer(w))
		return false;
	for (i = 0; i < json_array_size(m->f->machine_words); i++)
		if (understand_words(w, json_string_value(json_array_get(m->f->machine_words, i))))
			return true;
	return false;
}

/* ---- answers ---- */

bool mind_answer_same(const struct flow_step *s, const struct answer *a, const struct answer *b)
{
	if (s->expect.kind == EXPECT_DIGITS || (s->expect.kind == EXPECT_DATE && (*a->digits || *b->digits)))
		return !strcmp(a->digits, b->digits);
	if (s->expect.kind >= EXPECT_CHOICE)
		return a->len == b->len && !memcmp(a->text, b->text, a->len);
	return a->number == b->number;
}

static void confirm_refused(struct mind *m)
{
	m->answers[m->at].known = false;
	m->mood = MOOD_ASKED;
	m->note = REHEARD_REFUSED;
	if (++m->tries >= mind_step(m)->tries)
		mind_go(m, mind_step(m)->other, mind_no_rest);
	else
		say_question(m, mind_step(m)->again ? mind_step(m)->again : mind_step(m)->text);
}

/* Of any words a name may be made: at its reading back one must be announced, or come with a "no". */
static bool is_other_value(const struct mind *m, const struct words *w, bool no)
{
	enum expect_kind kind = mind_step(m)->expect.kind;

	return kind == EXPECT_NAME ? (no && w->count > 1) || (name_is_told(w) && !yes_no_begins(w)) : kind != EXPECT_FREE && kind != EXPECT_YES_NO;
}

/* Another value is one, whether a "no" came with it or not; the same value is a yes. */
static bool confirm_value(struct mind *m, const struct words *w, const struct words *said, const char *text, size_t len, bool no)
{
	struct answer a, *old = &m->answers[m->at].value;

	if (!is_other_value(m, w, no) || mind_answer_strays(m, m->at, w) || understand(&mind_step(m)->expect, w, NULL, text, len, &a) != UNDERSTOOD_VALUE)
		return false;
	if (mind_answer_same(mind_step(m), &a, old)) {
		if (no || !yes_repeats(w, said))
			return false;
		m->note = REHEARD_CONFIRMED;
		answered(m, mind_no_rest);
		return true;
	}
	if (++m->tries >= mind_step(m)->tries + 2)
		return false;
	*old = a;
	m->note = REHEARD_VALUE;
	say_confirm(m);
	return true;
}

static void confirm_words(const struct mind *m, struct words *w)
{
	struct buf text;

	buf_init(&text, MIND_TEXT_MAX);
	mind_confirm_text(m, &text);
	words_read(w, (const char *)text.data, text.len);
	buf_fini(&text);
}

/* A yes to what is read back may be followed by what cannot be undone: it must be certain. VALUE: it was taken, whatever it was. */
static enum understood take_confirm(struct mind *m, const struct words *w, const char *text, size_t len)
{
	struct words said;
	struct answer a;
	enum understood u = understand_yes_no(w, NULL, &a);

	confirm_words(m, &said);
	if (mind_words_are_unsure(text, len) && !mind_words_are_short_yes(w) && !(u == UNDERSTOOD_VALUE && !a.number))
		return UNDERSTOOD_UNSURE; /* the same sound may be misheard twice */
	if (confirm_value(m, w, &said, text, len, u == UNDERSTOOD_VALUE && !a.number))
		return UNDERSTOOD_VALUE;
	if (u != UNDERSTOOD_VALUE)
		return yes_no_begins(w) ? UNDERSTOOD_UNSURE : UNDERSTOOD_NOT;
	if (a.number && !answer_is_certain(NULL, w, &said, &a))
		return UNDERSTOOD_UNSURE;
	if (a.number) {
		m->note = REHEARD_CONFIRMED;
		answered(m, mind_no_rest);
	} else {
		confirm_refused(m);
	}
	return UNDERSTOOD_VALUE;
}

/* What is said there is written down as it is, and takes nothing back ("please tell me what is wrong"). */
static bool passes(const struct flow_step *s)
{
	return s->kind == STEP_SAY || (s->kind == STEP_ASK && !s->confirm && s->expect.kind == EXPECT_FREE);
}

/* Behind this answer something is changed, or the call ends, before another question is asked that may take it back. Who speaks is judged elsewhere (persons.c). */
static bool answer_binds(struct mind *m, int step, const struct answer *a, const struct words *question)
{
	const struct mind_answer before = m->answers[step];
	const struct flow_step *s = &m->f->steps[step];
	size_t walked;

	if (s->confirm || (s->expect.kind == EXPECT_YES_NO && person_asked(question)))
		return false;
	m->answers[step] = (struct mind_answer){ true, *a };
	s = &m->f->steps[mind_next(m, s)];
	for (walked = 0; passes(s) && walked < m->f->step_count; walked++)
		s = &m->f->steps[mind_next(m, s)];
	m->answers[step] = before;
	return s->kind == STEP_GOODBYE || (s->kind == STEP_TOOL && s->changes);
}

enum understood mind_understand(struct mind *m, int step, const struct words *w, const char *text, size_t len, struct answer *a)
{
	const struct expect *e = &m->f->steps[step].expect;
	struct words question, heard = *w;
	enum understood u;

	if (e->kind == EXPECT_CHOICE && option_of_phrase(e->options, w) < 0)
		options_in_script(e->options, &heard);
	question_words(m, step, &question);
	u = understand(e, &heard, m->at == step ? &question : NULL, text, len, a);
	if ((u == UNDERSTOOD_VALUE || u == UNDERSTOOD_HALF) && m->at == step && mind_answer_strays(m, step, w))
		return UNDERSTOOD_UNSURE;
	if (u == UNDERSTOOD_VALUE && answer_binds(m, step, a, &question) && !answer_is_certain(e, &heard, &question, a))
		u = UNDERSTOOD_UNSURE;
	return u;
}

/* The half of the day is asked for once; who leaves it open again means the one in which people have appointments. */
static enum understood half_taken(struct mind *m, const struct words *w, enum understood u, struct answer *a)
{
	if (u == UNDERSTOOD_NOT && m->is_half && understand_half(w, m->half_of, a))
		return UNDERSTOOD_VALUE;
	if (u != UNDERSTOOD_HALF)
		return u;
	if (m->is_half) {
		a->number = time_plausible(a->number);
		return UNDERSTOOD_VALUE;
	}
	m->is_half = true;
	m->half_of = a->number;
	m->note = REHEARD_HALF;
	mind_ask_again(m);
	return u;
}

/* An option behind which something is changed, and it may have been another one. */
static bool wants_reading_back(struct mind *m, const char *text, size_t len, const struct answer *a)
{
	return m->f->english && mind_step(m)->expect.kind == EXPECT_CHOICE && mind_words_are_unsure(text, len) && answer_binds(m, m->at, a, NULL);
}

static enum understood take_answer(struct mind *m, const struct words *w, const char *text, size_t len)
{
	struct answer a;
	enum understood u = half_taken(m, w, mind_understand(m, m->at, w, text, len, &a), &a);

	if (u == UNDERSTOOD_VALUE && wants_reading_back(m, text, len, &a)) {
		m->answers[m->at] = (struct mind_answer){ true, a };
		m->is_met = true;
		m->note = REHEARD_VALUE;
		mind_say_own(m, PHRASE_SURE);
		confirm_step(m);
	} else if (u == UNDERSTOOD_VALUE) {
		mind_take_value(m, w, &a);
	}
	return u;
}

/* "OK, hold on", "yes, sorry, say that again": the yes is to the line, and not to the question. */
static bool aside_alone(const struct mind *m, const struct words *w)
{
	enum expect_kind kind = mind_step(m)->expect.kind;
	struct words question;

	if (m->mood != MOOD_CONFIRM && kind != EXPECT_YES_NO && kind != EXPECT_CHOICE)
		return false;
	question_words(m, m->at, &question);
	return understand_aside_alone(w, &question);
}

static void judge_answer(struct mind *m, const struct words *w, const char *text, size_t len)
{
	enum understood u;

	if (m->prompted && understand_hello(w) && mind_step(m)->expect.kind != EXPECT_FREE) {
		m->note = REHEARD_ASIDE; /* "yes" to "are you still there?" */
		mind_ask_again(m);
		return;
	}
	if (aside_alone(m, w) && take_aside(m, w))
		return;
	if (mind_answer_is_blind(m, w)) {
		not_understood(m, PHRASE_SURE);
		return;
	}
	u = m->mood == MOOD_CONFIRM ? take_confirm(m, w, text, len) : take_answer(m, w, text, len);
	if (u == UNDERSTOOD_VALUE || u == UNDERSTOOD_HALF)
		return;
	if (mind_take_correction(m, w, text, len) || take_aside(m, w))
		return;
	not_understood(m, u == UNDERSTOOD_RANGE ? PHRASE_RANGE : u == UNDERSTOOD_UNSURE ? PHRASE_SURE : PHRASE_SORRY);
}

void mind_judge_answer(struct mind *m, const struct words *w, const char *text, size_t len)
{
	enum opt_out opt_out = opt_out_heard(w);
	struct words rest = *w, question;

	if (opt_out == OPT_OUT_LIMITED)
		opt_out_drop_limited(&rest);
	question_words(m, m->at, &question);
	no_answer_drop_no(&rest, &question);
	if (mind_step(m)->expect.kind == EXPECT_YES_NO || mind_step(m)->expect.kind == EXPECT_CHOICE) {
		unreal_drop(&rest);
		no_answer_drop_duties(&rest);
	}
	if ((m->f->opt_out && opt_out == OPT_OUT_DOUBT) || (!rest.count && w->count))
		not_understood(m, PHRASE_SORRY); /* rather a question more than a call that goes on */
	else
		judge_answer(m, &rest, text, len);
}
