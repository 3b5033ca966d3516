/* Of several values in one answer the one that counts: what is not denied, not refused, and said last behind a correction or a "so". */
#include "providers/rehearsed/polarity.h"
#include "providers/rehearsed/understand.h"

void found_put(struct found *f, int64_t value, size_t from, size_t to, bool loose)
{
	if (f->count < FOUND_MAX)
		f->at[f->count++] = (struct reading_found){ value, from, to, loose };
	else
		f->vague = true;
}

/* "Monday is no good", "five will not work", "Friday I can't": what cannot be is no answer. "Monday is not bad" can. */
static bool refused(const struct words *w, size_t at)
{
	static const char *const helpers[] = { "is", "are", "was", "will", "would", "does", "do", "can", "could", "might", NULL };
	static const char *const bad[] = { "bad", "out", "impossible", "difficult", "hard", "tough", "tricky", NULL };
	static const char *const mild[] = { "bad", "problem", "issue", "bother", "matter", "doubt", NULL }, *const small[] = { "be",
		"a", "too", "any", NULL };
	bool helped;

	if (at >= w->count || w->at[at].before)
		return false;
	at += word_in(w, at, LIST("i", "we"));
	helped = word_in(w, at, helpers);
	at += helped;
	if (helped && word_in(w, at, bad))
		return true;
	if (!word_negates(w, at) || (!helped && !word_is(w, at + 1, "good")))
		return false;
	for (at++; word_in(w, at, small); at++)
		;
	return !word_in(w, at, mild);
}

/* "Any day but Monday"; but in "yes, but Monday" it brings one. */
static bool excepts(const struct words *w, size_t at)
{
	static const char *const all[] = { "any", "anything", "anytime", "every", "everything", "all", "each", "whenever", "no", "nothing", "not",
		"none", NULL };

	if (!word_is(w, at, "but"))
		return word_in(w, at, LIST("except", "not", "never"));
	while (at--)
		if (word_in(w, at, all))
			return true;
	return false;
}

/* "Any day but Monday"; where `before` was denied, the "but" brings another: "not Monday but Tuesday". */
static bool denied(const struct words *w, const struct reading_found *r, const struct reading_found *before)
{
	if (refused(w, r->to) || span_is_denied_behind(w, (struct span){ r->from, r->to - r->from }) || (before && before->value == r->value))
		return true;
	if (!r->from || (before && word_is(w, r->from - 1, "but")))
		return false;
	if (excepts(w, r->from - 1))
		return true;
	return r->from > 1 && excepts(w, r->from - 2) && !w->at[r->from - 1].before && !w->at[r->from].before;
}

/* "Tomorrow or the day after", "a thousand or a bit more": what stands behind the "or" is another one that is not known. */
static bool has_other(const struct words *w, size_t to)
{
	static const char *const nothing[] = { "so", "something", "thereabouts", "thereabout", "around", "about", "whatever",
		"whenever", "anything", "is", "does", "will",
		"would", "do", "are", "if", NULL };

	return word_in(w, to, LIST("or", "ya", "या")) && to + 1 < w->count && !word_in(w, to + 1, nothing);
}

bool found_choose(const struct words *w, const struct found *f, int64_t *value, size_t *used)
{
	const struct reading_found *kept = NULL, *before = NULL;
	size_t i;

	for (i = 0; i < f->count; i++) {
		const struct reading_found *r = &f->at[i];

		if (denied(w, r, before)) {
			before = r;
			continue;
		}
		if (kept && kept->value != r->value && !words_correct(w, kept->to, r->from)) {
			if (kept->loose == r->loose || (kept->value - r->value) % 7)
				return false;
			if (!kept->loose)
				continue;
		}
		kept = r;
	}
	if (!kept || has_other(w, kept->to))
		return false;
	*value = kept->value;
	*used = f->at[f->count - 1].to;
	return true;
}

/* Behind the last "so" or "let us say". */
static size_t conclusion(const struct words *w)
{
	size_t at, len, from = 0;

	for (at = 1; at < w->count; at++)
		if (words_at(w, at, "so", &len) || words_at(w, at, "let us say", &len))
			from = at + len;
	return from < w->count ? from : 0;
}

enum understood understand_conclusion(enum understood (*read)(const struct expect *e, const struct words *w, struct answer *out), const struct expect *e,
	const struct words *w, struct answer *out)
{
	size_t from = conclusion(w), i;
	struct words rest = { .count = 0 };
	enum understood u;

	for (i = from; from && i < w->count; i++)
		rest.at[rest.count++] = w->at[i];
	u = from ? read(e, &rest, out) : UNDERSTOOD_NOT;
	if (u == UNDERSTOOD_NOT)
		return read(e, w, out);
	out->used += from;
	return u;
}
