#include "providers/rehearsed/languages.h"

#include "base/wording.h"

enum { BACK_MAX = 4, SHORT_WORDS = 3, WISH_WORDS = 14 };

struct names {
	const char *language;
	const char *names[9];
};

static const struct names known[] = {
	{ "en", { "english", "angrezi", "angreji", "inglish", "अंग्रेज़ी", "अंग्रेजी", "इंग्लिश", NULL } },
	{ "hi", { "hindi", "हिन्दी", "हिंदी", NULL } },
	{ "bn", { "bengali", "bangla", "বাংলা", "बांग्ला", "बंगाली", NULL } },
	{ "gu", { "gujarati", "ગુજરાતી", "गुजराती", NULL } },
	{ "kn", { "kannada", "ಕನ್ನಡ", "कन्नड़", NULL } },
	{ "ml", { "malayalam", "മലയാളം", "मलयालम", NULL } },
	{ "mr", { "marathi", "मराठी", NULL } },
	{ "od", { "odia", "oriya", "ଓଡ଼ିଆ", "उड़िया", NULL } },
	{ "or", { "odia", "oriya", "ଓଡ଼ିଆ", "उड़िया", NULL } },
	{ "pa", { "punjabi", "panjabi", "ਪੰਜਾਬੀ", "पंजाबी", NULL } },
	{ "ta", { "tamil", "தமிழ்", "तमिल", NULL } },
	{ "te", { "telugu", "తెలుగు", "तेलुगु", NULL } },
	{ "ur", { "urdu", "اردو", "उर्दू", NULL } },
	{ "de", { "german", "deutsch", NULL } },
	{ "es", { "spanish", "español", "espanol", "castellano", NULL } },
	{ "fr", { "french", "français", "francais", NULL } },
	{ "it", { "italian", "italiano", NULL } },
	{ "pt", { "portuguese", "português", "portugues", NULL } },
};

static const char *const verbs[] = { "speak", "talk", "continue", "switch", "change", "explain", "tell", "say", "use", "please", "plz", "prefer", "want", "like",
	"know", "understand", "baat", "bat", "bol", "bolo", "boliye", "boliyega", "bataiye", "batao", "kijiye", "karo", "karein", "kare", "chahiye",
	"बात", "बोल", "बोलो", "बोलिए", "बोलिये", "बताइए", "बताओ", "कीजिए", "कीजिये", "करो", "करें", "करिए", "चाहिए", "कृपया", "प्लीज", NULL };

static const char *const *names_of(const char *tag)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (language_is(tag, known[i].language))
			return known[i].names;
	return NULL;
}

static bool names_any(const struct words *w, size_t at)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (words_any_at(w, at, known[i].names))
			return true;
	return false;
}

/* "Not in Hindi", "I don't speak English", "hindi nahi": up to the next mark, or another language. */
static bool is_denied(const struct words *w, size_t at)
{
	size_t i;

	for (i = at; i > 0 && at - i < BACK_MAX && !w->at[i].before && !names_any(w, i - 1); i--)
		if (word_negates(w, i - 1))
			return true;
	for (i = at + 1; i < w->count && i < at + BACK_MAX && !w->at[i].before && !names_any(w, i); i++)
		if (word_in(w, i, LIST("nahi", "nahin", "mat", "na", "नहीं", "नही", "मत", "not")))
			return true;
	return false;
}

/* Where it is named, and not denied; w->count: nowhere. */
static size_t named_at(const struct words *w, const char *tag)
{
	const char *const *names = names_of(tag);
	size_t at;

	for (at = 0; names && at < w->count; at++)
		if (words_any_at(w, at, names) && !is_denied(w, at))
			return at;
	return w->count;
}

static bool has_verb(const struct words *w)
{
	size_t at;

	for (at = 0; at < w->count; at++)
		if (word_in(w, at, verbs))
			return true;
	return false;
}

bool language_wished(const struct words *w, const char *tag, const char *spoken, bool is_open)
{
	size_t at = named_at(w, tag);
	bool is_in;

	if (at == w->count || w->count > WISH_WORDS || named_at(w, spoken) < w->count)
		return false;
	if (has_verb(w))
		return true;
	is_in = (at && word_is(w, at - 1, "in")) || word_in(w, at + 1, LIST("mein", "main", "me", "में"));
	return !is_open && (is_in || w->count <= SHORT_WORDS);
}
