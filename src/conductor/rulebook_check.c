/* What only shows when a book is seen whole: steps nobody reaches, circles without a way out, texts that say what is not known yet.
 *
 * Two sets travel along the ways: what surely is known when a step is entered (the intersection over all ways: texts and arguments
 * may use it), and what may be (the union: conditions may ask for it). A question is known behind it, not when it stayed unclear; a
 * tool's fields are known behind it, not when it failed. What a caller says at any time can lead anywhere with nothing known;
 * so does a machine that answers.
 */
#include "conductor/rulebook_state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { SET_WORDS = STEPS_MAX / 64 };

struct set {
	uint64_t words[SET_WORDS];
};

struct flow_facts {
	struct reading *r;
	bool reached[STEPS_MAX];
	bool ends[STEPS_MAX]; /* a goodbye can be reached from it */
	struct set sure[STEPS_MAX], maybe[STEPS_MAX];
};

static bool set_has(const struct set *s, int i)
{
	return s->words[i / 64] >> (i % 64) & 1;
}

static struct set set_with(struct set s, int i)
{
	s.words[i / 64] |= UINT64_C(1) << (i % 64);
	return s;
}

static bool set_same(const struct set *a, const struct set *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static struct set set_join(struct set a, const struct set *b, bool all)
{
	size_t i;

	for (i = 0; i < SET_WORDS; i++)
		a.words[i] = all ? a.words[i] & b->words[i] : a.words[i] | b->words[i];
	return a;
}

/* ---- ways ---- */

/* The ways out of a step, one after the other; false when there are no more. `is_side`: it stayed unclear or failed. */
static bool way_next(const struct step *s, size_t *at, int *go, bool *is_side)
{
	bool has_side = s->kind == STEP_ASK || s->kind == STEP_TOOL;

	for (; *at < s->next_count + has_side; (*at)++) {
		*is_side = *at == s->next_count;
		*go = *is_side ? (s->side.go_item ? s->side.go : -1) : s->next[*at].go;
		if (*go >= 0) {
			(*at)++;
			return true;
		}
	}
	return false;
}

static void reach(const struct rulebook *b, bool *reached, int step)
{
	int stack[STEPS_MAX], count = 0, go;
	size_t at;
	bool is_side;

	if (reached[step])
		return;
	reached[step] = true;
	stack[count++] = step;
	while (count) {
		const struct step *s = &b->steps[stack[--count]];

		for (at = 0; way_next(s, &at, &go, &is_side);) {
			if (reached[go])
				continue;
			reached[go] = true;
			stack[count++] = go;
		}
	}
}

static bool leads_somewhere(const struct voicemail *v)
{
	return v->go.go_item && v->go.go >= 0;
}

static void reach_all(struct flow_facts *f)
{
	const struct rulebook *b = f->r->book;
	size_t i;

	reach(b, f->reached, 0);
	for (i = 0; i < b->anytime_count; i++)
		if (b->anytime[i].go.go >= 0)
			reach(b, f->reached, b->anytime[i].go.go);
	if (leads_somewhere(&b->voicemail))
		reach(b, f->reached, b->voicemail.go.go);
	for (i = 0; i < b->step_count; i++)
		if (!f->reached[i]) {
			size_t up = path_down(f->r, b->steps[i].name);

			mistake_at(f->r, b->steps[i].item->at, b->steps[i].name, "a step that another one leads to", "no way leads to this step");
			path_up(f->r, up);
		}
}

/* Being unclear or failing is no way out: a circle that only ends so has none. */
static void ends_find(struct flow_facts *f)
{
	const struct rulebook *b = f->r->book;
	bool moved = true, is_side;
	size_t i, at;
	int go;

	while (moved) {
		moved = false;
		for (i = 0; i < b->step_count; i++) {
			bool ends = b->steps[i].kind == STEP_GOODBYE;

			for (at = 0; !ends && way_next(&b->steps[i], &at, &go, &is_side);)
				ends = !is_side && f->ends[go];
			moved = moved || (ends && !f->ends[i]);
			f->ends[i] = f->ends[i] || ends;
		}
	}
	for (i = 0; i < b->step_count; i++)
		if (f->reached[i] && !f->ends[i]) {
			size_t up = path_down(f->r, b->steps[i].name);

			mistake_at(f->r, b->steps[i].item->at, b->steps[i].name, "a way to a goodbye", "from here the call never ends");
			path_up(f->r, up);
		}
}

/* Steps that come back to themselves without a question in between: the agent would talk for ever. Colours: 0 new, 1 open, 2 done. */
static void silent_visit(struct flow_facts *f, int start, uint8_t *colour)
{
	struct {
		int step;
		size_t at;
	} stack[STEPS_MAX];
	const struct step *steps = f->r->book->steps;
	int depth = 0, go;
	bool is_side;

	stack[depth].step = start;
	stack[depth++].at = 0;
	colour[start] = 1;
	while (depth) {
		const struct step *s = &steps[stack[depth - 1].step];

		if (!way_next(s, &stack[depth - 1].at, &go, &is_side)) {
			colour[stack[--depth].step] = 2;
		} else if (steps[go].kind != STEP_ASK && colour[go] == 1) {
			size_t up = path_down(f->r, s->name);

			mistake_at(f->r, s->item->at, steps[go].name, "a question in the circle", "this leads round in a circle in which nobody is asked anything");
			path_up(f->r, up);
		} else if (steps[go].kind != STEP_ASK && !colour[go]) {
			colour[go] = 1;
			stack[depth].step = go;
			stack[depth++].at = 0;
		}
	}
}

static void silent_circles(struct flow_facts *f)
{
	uint8_t colour[STEPS_MAX] = { 0 };
	size_t i;

	for (i = 0; i < f->r->book->step_count; i++)
		if (f->reached[i] && f->r->book->steps[i].kind != STEP_ASK && !colour[i])
			silent_visit(f, (int)i, colour);
}

/* ---- what is known ---- */

static struct set behind(const struct flow_facts *f, const struct set *sets, int step, bool is_side)
{
	enum step_kind kind = f->r->book->steps[step].kind;

	return (kind == STEP_ASK || kind == STEP_TOOL) && !is_side ? set_with(sets[step], step) : sets[step];
}

static void guard_seen(void *arg, const struct symbol *s, bool guarded)
{
	struct set *set = arg;

	(void)guarded;
	*set = set_with(*set, s->step);
}

/* A way that is taken only when a comparison holds or something is known: what it names is known on it. */
static void guards_add(const struct expr *e, struct set *set)
{
	if (e && e->op == EXPR_AND) {
		guards_add(e->a, set);
		guards_add(e->b, set);
	} else if (e && e->op >= EXPR_KNOWN) {
		expr_walk(e, guard_seen, set);
	}
}

static struct set way_out(const struct flow_facts *f, const struct set *sets, int step, size_t way, bool is_side)
{
	struct set out = behind(f, sets, step, is_side);

	if (!is_side)
		guards_add(f->r->book->steps[step].next[way].when, &out);
	return out;
}

/* One round over all ways; true while something moved. */
static bool known_round(struct flow_facts *f, struct set *sets, bool all)
{
	const struct rulebook *b = f->r->book;
	bool moved = false, is_side;
	size_t i, at;
	int go;

	for (i = 0; i < b->step_count; i++)
		for (at = 0; f->reached[i] && way_next(&b->steps[i], &at, &go, &is_side);) {
			struct set out = way_out(f, sets, (int)i, at - 1, is_side), joined = set_join(sets[go], &out, all);

			moved = moved || !set_same(&joined, &sets[go]);
			sets[go] = joined;
		}
	return moved;
}

static void known_find(struct flow_facts *f)
{
	const struct rulebook *b = f->r->book;
	struct set every = { { 0 } };
	size_t i;

	for (i = 0; i < b->step_count; i++)
		if (f->reached[i] && (b->steps[i].kind == STEP_ASK || b->steps[i].kind == STEP_TOOL))
			every = set_with(every, (int)i);
	for (i = 0; i < b->step_count; i++)
		memset(&f->sure[i], 0xff, sizeof(f->sure[i]));
	f->sure[0] = (struct set){ { 0 } };
	for (i = 0; i < b->anytime_count; i++)
		if (b->anytime[i].go.go >= 0) {
			f->sure[b->anytime[i].go.go] = (struct set){ { 0 } };
			f->maybe[b->anytime[i].go.go] = every;
		}
	if (leads_somewhere(&b->voicemail))
		f->sure[b->voicemail.go.go] = (struct set){ { 0 } }; /* no question was answered yet */
	while (known_round(f, f->sure, true))
		;
	while (known_round(f, f->maybe, false))
		;
}

/* ---- texts ---- */

/* `known` NULL: only what is settled before the call. */
static void name_use_check(struct flow_facts *f, const struct yaml_item *item, const char *name, size_t len, const struct set *known)
{
	struct symbol s;
	bool is_later;

	if (!symbol_find(f->r->book, name, len, &s)) {
		mistake_value(f->r, item, "a variable, a fact, an answer, a tool's field, company, agent_name, today", "nothing fills {%.*s}", (int)len, name);
		return;
	}
	is_later = s.kind == SYMBOL_ANSWER || s.kind == SYMBOL_RESULT;
	if (is_later && !known)
		mistake_value(f->r, item, "variables and facts", "{%.*s} is not known before the call", (int)len, name);
	else if (is_later && !set_has(known, s.step))
		mistake_value(f->r, item, NULL, "a way leads here on which {%.*s} is not known", (int)len, name);
	else if (s.kind == SYMBOL_RESULT && s.optional)
		mistake_value(f->r, item, NULL, "{%.*s} is optional and may be missing", (int)len, name);
}

static void one_text_check(struct flow_facts *f, const struct yaml_item *item, const struct set *known)
{
	const char *at = item->text, *bad = NULL;
	struct template_part part;

	while (at && template_next(&at, &part, &bad))
		if (part.is_name)
			name_use_check(f, item, part.text, part.len, known);
	if (bad)
		mistake_value(f->r, item, "{name}", "a brace that begins or ends no placeholder");
}

/* A text, or all texts in a list, in every language. */
static void text_check(struct flow_facts *f, const struct yaml_item *item, const char *key, const struct set *known)
{
	const struct yaml_item *entry;
	size_t up = path_down(f->r, key);

	if (item && item->kind == YAML_KIND_SCALAR)
		one_text_check(f, item, known);
	for (entry = item ? item->first : NULL; entry; entry = entry->next)
		text_check(f, entry, entry->key ? entry->key : "text", known);
	path_up(f->r, up);
}

static void step_texts_check(struct flow_facts *f, int i)
{
	const struct step *s = &f->r->book->steps[i];
	struct set own = set_with(f->sure[i], i);
	const struct yaml_item *entry;
	const char *name;
	size_t up = path_down(f->r, s->name), deeper, len;

	text_check(f, s->text, "text", &f->sure[i]);
	text_check(f, s->again, "again", &f->sure[i]);
	text_check(f, s->confirm, "confirm", &own);
	deeper = path_down(f->r, "arguments");
	for (entry = s->arguments ? s->arguments->first : NULL; entry; entry = entry->next) {
		struct symbol found;

		if (entry->text && text_is_name(entry->text, &name, &len) && symbol_find(f->r->book, name, len, &found))
			text_check(f, entry, entry->key, &f->sure[i]);
	}
	path_up(f->r, deeper);
	path_up(f->r, up);
}

/* What a caller may ask is asked at any step: it may tell whatever may become known, and the engine sees whether it is. */
static void question_texts_check(struct flow_facts *f)
{
	const struct rulebook *b = f->r->book;
	struct set any = { { 0 } };
	size_t up = path_down(f->r, "questions"), deeper, i;

	for (i = 0; i < b->step_count; i++)
		if (f->reached[i] && (b->steps[i].kind == STEP_ASK || b->steps[i].kind == STEP_TOOL))
			any = set_with(any, (int)i);
	for (i = 0; i < b->question_count; i++) {
		deeper = path_down(f->r, b->questions[i].name);
		text_check(f, b->questions[i].text, "text", &any);
		path_up(f->r, deeper);
	}
	path_up(f->r, up);
}

/* ---- conditions ---- */

struct condition {
	struct flow_facts *f;
	const struct yaml_item *item;
	struct set known;
};

static void condition_seen(void *arg, const struct symbol *s, bool guarded)
{
	struct condition *c = arg;

	(void)guarded; /* asking whether something is known that never is, says nothing either */
	if (!set_has(&c->known, s->step))
		mistake_value(c->f->r, c->item, NULL, "no way leads here on which %s is known", s->name);
}

static void step_conditions_check(struct flow_facts *f, int i)
{
	const struct step *s = &f->r->book->steps[i];
	struct condition c = { .f = f, .known = behind(f, f->maybe, i, false) };
	size_t up = path_down(f->r, s->name), deeper = path_down(f->r, "next"), k;

	for (k = 0; k < s->next_count; k++) {
		c.item = s->next[k].when_item;
		expr_walk(s->next[k].when, condition_seen, &c);
	}
	path_up(f->r, deeper);
	path_up(f->r, up);
}

/* A machine would answer nothing, and the call would not end. */
static void voicemail_check(struct reading *r)
{
	const struct rulebook *b = r->book;
	bool reached[STEPS_MAX] = { false };
	size_t up = path_down(r, "voicemail"), deeper = path_down(r, "go"), i;

	if (leads_somewhere(&b->voicemail))
		reach(b, reached, b->voicemail.go.go);
	for (i = 0; i < b->step_count; i++)
		if (reached[i] && b->steps[i].kind == STEP_ASK) {
			mistake_value(r, b->voicemail.go.go_item, "a goodbye", "a machine answers no question, and this leads to the question %s", b->steps[i].name);
			break;
		}
	path_up(r, deeper);
	path_up(r, up);
}

void flow_check(struct reading *r)
{
	struct flow_facts *f = book_alloc(r, sizeof(*f));
	size_t up, i;

	if (!f || !r->book->step_count)
		return;
	f->r = r;
	up = path_down(r, "flow");
	reach_all(f);
	ends_find(f);
	silent_circles(f);
	known_find(f);
	for (i = 0; i < r->book->step_count; i++)
		if (f->reached[i]) {
			step_texts_check(f, (int)i);
			step_conditions_check(f, (int)i);
		}
	path_up(r, up);
	question_texts_check(f);
	voicemail_check(r);
}

/* ---- texts outside the flow, and what all of it adds up to ---- */

static void target_texts_check(struct flow_facts *f, const struct target *t)
{
	size_t up = path_down(f->r, "may.transfer"), deeper = path_down(f->r, t->target.name);

	text_check(f, t->briefing, "briefing", NULL);
	text_check(f, t->press, "press", NULL);
	path_up(f->r, deeper);
	path_up(f->r, up);
}

void texts_check(struct reading *r)
{
	struct flow_facts f = { .r = r };
	const struct rulebook *b = r->book;

	text_check(&f, b->disclosures, "disclosures", NULL);
	text_check(&f, b->phrases, "phrases", NULL);
	text_check(&f, b->goal, "goal", NULL);
	text_check(&f, b->persona, "agent.persona", NULL);
	text_check(&f, b->voicemail.purpose, "voicemail.purpose", NULL);
	for (size_t i = 0; i < b->target_count; i++)
		target_texts_check(&f, &b->targets[i]);
}
