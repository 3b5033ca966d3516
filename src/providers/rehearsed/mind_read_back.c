/* A caller reads back what he heard or said: "you said forty five hundred, right?". He gets a yes or a no by what is known in this call, sums, days and times
 * of his answers and of what tools told, and is asked the open question again. Digits are never told: they say who he is. */
#include "providers/rehearsed/mind.h"

#include <stdio.h>

#include "base/wording.h"
#include "providers/rehearsed/options.h"
#include "providers/rehearsed/questions.h"

#define MICROS INT64_C(1000000)

enum { KIND_DAY = 0, KIND_SUM, KIND_HOUR, KINDS, SUM_LEAST = 100 /* less may be a day or an hour */ };

/* What is known of one kind, beside the words. */
struct told {
	bool is_same, is_other; /* a known value was said, or one of this kind that is not known */
	bool is_last;           /* `number` is the answer that was given last */
	size_t count;
	int64_t number;         /* the one that was said, else the one to tell */
	const char *currency;
};

struct telling {
	const struct words *words;
	int32_t today;
	bool has_hour; /* what they name may be an hour: "2000" is a sum, "the twenty sixth" a day */
	struct told of[KINDS];
};

/* The words name a value of this kind: that one, or any. */
static bool names_value(const struct telling *t, int kind, const int64_t *number)
{
	static enum understood (*const read[KINDS])(const struct expect *e, const struct words *w, struct answer *out) = {
		[KIND_DAY] = understand_date, [KIND_SUM] = understand_amount, [KIND_HOUR] = understand_time };
	static const enum expect_kind kinds[KINDS] = { [KIND_DAY] = EXPECT_DATE, [KIND_SUM] = EXPECT_AMOUNT, [KIND_HOUR] = EXPECT_TIME };
	struct expect e = { .kind = kinds[kind], .today = t->today, .has_today = true };
	struct answer a = { .number = 0 };

	if (number) {
		e.has_low = e.has_high = true;
		e.low = e.high = *number - (kind == KIND_DAY ? t->today : 0);
	}
	if (read[kind](&e, t->words, &a) != UNDERSTOOD_VALUE || *a.digits)
		return false;
	return number ? a.number == *number : kind != KIND_SUM || a.number >= SUM_LEAST * MICROS;
}

static bool may_name_hour(const struct telling *t)
{
	static const char *const hours[] = { "at", "am", "pm", "o clock", "noon", "midday", "half past", "quarter", "baje", "बजे", NULL };

	return !names_value(t, KIND_SUM, NULL) && (!names_value(t, KIND_DAY, NULL) || words_have(t->words, hours));
}

static void value_weigh(struct telling *t, int kind, int64_t number, const char *currency, bool is_last)
{
	struct told *told = &t->of[kind];
	const bool is_same = (kind != KIND_HOUR || t->has_hour) && names_value(t, kind, &number);

	told->count++;
	if (told->is_same || (!is_same && told->count > 1 && !is_last))
		return;
	told->is_same = is_same;
	told->is_last = is_last;
	told->number = number;
	told->currency = currency;
}

static void answer_weigh(const struct mind *m, struct telling *t, int step)
{
	const struct flow_step *s = &m->f->steps[step];
	const struct answer *a = &m->answers[step].value;

	if (!m->answers[step].known || step == m->at)
		return;
	if (s->expect.kind == EXPECT_AMOUNT)
		value_weigh(t, KIND_SUM, a->number, s->expect.currency, step == m->last);
	else if (s->expect.kind == EXPECT_DATE && !*a->digits)
		value_weigh(t, KIND_DAY, a->number, NULL, step == m->last);
	else if (s->expect.kind == EXPECT_TIME)
		value_weigh(t, KIND_HOUR, a->number, NULL, step == m->last);
}

static void fields_weigh(const struct mind *m, struct telling *t, const struct flow_step *s)
{
	const json_t *field;
	char ref[256];
	size_t i;

	json_array_foreach(s->fields, i, field) {
		const char *currency = json_string_value(json_object_get(field, "currency"));
		struct value v;

		snprintf(ref, sizeof(ref), "%s.%s", s->name, json_string_value(json_object_get(field, "name")));
		v = mind_value(m, ref);
		if (v.type == VALUE_NUMBER && currency)
			value_weigh(t, KIND_SUM, v.number, currency, false);
		else if (v.type == VALUE_DAY)
			value_weigh(t, KIND_DAY, v.number, NULL, false);
		else if (v.type == VALUE_MINUTE)
			value_weigh(t, KIND_HOUR, v.number, NULL, false);
	}
}

/* What was said is known, or something of its kind is and says which. */
static bool is_judged(struct telling *t)
{
	bool found = false;
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		struct told *told = &t->of[kind];

		told->is_other = told->count && !told->is_same && (kind != KIND_HOUR || t->has_hour) && names_value(t, kind, NULL);
		if (told->is_other && told->count > 1 && !told->is_last)
			return false;
		found = found || told->is_same || told->is_other;
	}
	return found;
}

static void told_say(struct mind *m, const struct told *told, int kind)
{
	if (kind == KIND_SUM)
		wording_amount(&m->reply, told->number, told->currency, m->f->language);
	else if (kind == KIND_DAY)
		wording_date(&m->reply, (int32_t)told->number, m->f->language);
	else
		wording_time(&m->reply, (int32_t)told->number, m->f->language);
}

static void judgement_say(struct mind *m, const struct telling *t)
{
	bool is_no = false;
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		is_no = is_no || t->of[kind].is_other;
	buf_text(&m->reply, m->f->hindi ? (is_no ? "नहीं" : "हाँ") : is_no ? "No" : "Yes");
	for (kind = 0; kind < KINDS; kind++)
		if (is_no ? t->of[kind].is_other : t->of[kind].is_same) {
			buf_text(&m->reply, ", ");
			told_say(m, &t->of[kind], kind);
		}
	buf_text(&m->reply, m->f->hindi ? "।" : ".");
}

static bool is_marked(const char *text, size_t len)
{
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\n'))
		len--;
	return len && text[len - 1] == '?';
}

static enum read_back read_back_of(struct mind *m, const struct words *w, const char *text, size_t len)
{
	enum read_back how = question_reads_back(w, is_marked(text, len));
	struct answer a;
	const struct expect *e = &mind_step(m)->expect;
	enum understood u = how == READ_BACK_MAYBE ? mind_understand(m, m->at, w, text, len, &a) : UNDERSTOOD_NOT;

	if (how == READ_BACK_MAYBE && e->kind == EXPECT_CHOICE && !option_is_named(e->options, w))
		return how; /* the "right" behind it chooses nothing */
	return u == UNDERSTOOD_VALUE || u == UNDERSTOOD_HALF ? READ_BACK_NOT : how;
}

bool mind_take_read_back(struct mind *m, const struct words *w, const char *text, size_t len)
{
	const enum expect_kind kind = mind_step(m)->expect.kind;
	const json_t *today = json_object_get(m->f->root, "today");
	struct telling t = { .words = w };
	enum read_back how;
	int step;

	if (m->mood != MOOD_ASKED || m->unheard || kind == EXPECT_FREE || kind == EXPECT_NAME || (!m->f->english && !m->f->hindi))
		return false;
	if (!json_is_string(today) || !day_parse(json_string_value(today), json_string_length(today), &t.today))
		return false;
	how = read_back_of(m, w, text, len);
	if (how == READ_BACK_NOT)
		return false;
	t.has_hour = may_name_hour(&t);
	for (step = 0; step < (int)m->f->step_count; step++) {
		if (m->f->steps[step].kind == STEP_ASK)
			answer_weigh(m, &t, step);
		else if (m->results[step] && how != READ_BACK_MINE)
			fields_weigh(m, &t, &m->f->steps[step]);
	}
	if (!is_judged(&t) || !mind_aside_left(m))
		return false;
	m->note = REHEARD_ASIDE;
	judgement_say(m, &t);
	mind_ask_again(m);
	return true;
}
