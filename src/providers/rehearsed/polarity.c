/* English denies what follows, Hindi what stands before: "don't leave it with him" is "unko mat dena". */
#include "providers/rehearsed/polarity.h"

enum { BEFORE_MAX = 4, BEHIND_MAX = 6 };

/* ---- Hindi ---- */

static const char *const nots_hindi[] = { "nahi", "nahin", "nhi", "mat", "नहीं", "मत", NULL };
static const char *const joins_hindi[] = { "lekin", "magar", "par", "balki", "aur", "ya", "but", "and", "लेकिन", "मगर", "पर",
	"बल्कि", "और", "या", "वरना", NULL };
/* What has a "nahi" and denies nothing: "no matter", "why not", "otherwise". */
static const char *const idioms[] = { "koi baat", "koi dikkat", "koi problem", "koi pareshani", "kyon", "kyun", "pata",
	"कोई बात", "कोई दिक्कत", "कोई परेशानी",
	"क्यों", "पता", NULL };

/* "Na do" denies, "de do na" asks kindly. */
static bool is_not_hindi(const struct words *w, size_t at)
{
	bool is_last = at + 1 >= w->count || w->at[at + 1].before;

	return word_in(w, at, nots_hindi) || (word_in(w, at, LIST("na", "ना", "न")) && !is_last);
}

static bool is_idiom(const struct words *w, size_t at)
{
	return word_in(w, at + 1, LIST("to", "toh", "तो")) || (at && word_in(w, at - 1, idioms)) || (at > 1 && words_any_at(w, at - 2, idioms) == 2);
}

bool span_is_denied_behind(const struct words *w, struct span s)
{
	size_t at = s.from + s.len, end = at + BEHIND_MAX;

	for (; at < w->count && at < end && !w->at[at].before && !word_in(w, at, joins_hindi); at++) {
		if (is_not_hindi(w, at))
			return !is_idiom(w, at);
		if (word_in(w, at, LIST("mushkil", "मुश्किल", "namumkin", "नामुमकिन")))
			return true;
	}
	return false;
}

/* ---- English ---- */

/* "Pura nahi aadha": it has denied what stands before it. */
static bool denies_before(const struct words *w, size_t at)
{
	return word_in(w, at, nots_hindi) && !word_in(w, at, LIST("mat", "मत"));
}

/* "I'd hate to cancel", "anything but stop", "far from the depot". */
static size_t denier_before(const struct words *w, size_t at)
{
	static const char *const words[] = { "hate", "except", "without", "avoid", NULL };
	static const char *const pairs[] = { "anything but", "everything but", "anything except", "far from", "no need", "hate to",
		"instead of", "rather than", "no intention",
		"sorry to", "nothing is", "nothing wrong", "is no", "was no", NULL };

	if (at && word_in(w, at - 1, words))
		return 1;
	return at > 1 && words_any_at(w, at - 2, pairs) == 2 ? 2 : 0;
}

static bool is_denied_before(const struct words *w, struct span s)
{
	static const char *const small[] = { "to", "it", "the", "want", "do", "a", "need", "is", "will", "can", "be", "that", "so",
		"very", "really", "think",
		"my", "with", "of", NULL };
	size_t i = s.from, back;

	if (i > 1 && word_is(w, i - 1, "and") && word_in(w, i - 2, LIST("come", "go")))
		i -= 2; /* "I don't want to come and collect it" */
	for (back = 0; i && back < BEFORE_MAX; back++, i--) {
		if (denier_before(w, i))
			return true;
		if (word_negates(w, i - 1) && !w->at[i].before)
			return !word_is(w, i - 1, "no") && !denies_before(w, i - 1);
		if (w->at[i].before || !word_in(w, i - 1, small))
			break;
	}
	return false;
}

bool span_is_denied(const struct words *w, struct span s)
{
	size_t end = s.from + s.len;

	if (word_is(w, end, "not") && !w->at[end].before && (end + 1 == w->count || w->at[end + 1].before))
		return true; /* "of course not" */
	return is_denied_before(w, s) || span_is_denied_behind(w, s);
}
