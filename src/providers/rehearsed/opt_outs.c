/* A way of opting out is a refusal, what it governs, and the small words that may stand between them: anything else between, or a mark, and the one does not
 * govern the other ("I can't talk, call me later"). What stands around it may then limit it: a time, a condition, another object, another wish. */
#include "providers/rehearsed/opt_outs.h"

/* ---- lists ---- */

static const char *const call_nouns[] = { "calls", "phone calls", "robocalls", "messages", "texts", "sms", "spam", NULL };

/* All that a "not" denies: as an order, as a wish, as what shall not be done to somebody. */
static const char *const contacts[] = { "call", "calls", "calling", "called", "robocalls", "ring", "rings", "ringing", "rang", "phone", "phones",
	"phoning", "phoned", "telephone", "dial", "dialing", "dialling", "contact", "contacts", "contacting", "contacted", "text", "texts", "texting",
	"message", "messages", "messaging", "sms", "whatsapp", "reach out", "hear from you", "hearing from you", "bother me", "bother us",
	"bothering", "bothered", "disturb", "disturbing", "disturbed", "harass", "harassing", "pester", "pestering", NULL };

static const char *const doings[] = { "calling", "calls", "phone calls", "ringing", "phoning", "dialing", "dialling", "contacting", "contact",
	"texting", "texts", "messaging", "messages", "robocalls", "robocalling", "harassing", "bothering", "disturbing", "pestering", "annoying",
	"spamming", "hounding", "troubling", "to call", "spam", NULL };

static const char *const own_numbers[] = { "number", "numbers", "details", "data", NULL };

static const char *const lists[] = { "list", "lists", "database", "databases", "data base", "records", "system", "systems", "register", "files",
	"books", "directory", "computer", "computers", "dialer", "dialler", NULL };

static const char *const calls_hindi[] = { "call", "calls", "calling", "phone", "phon", "fone", "message", "sms", "contact", "कॉल", "काल", "फोन",
	"मैसेज", "संपर्क", "संदेश", "pareshan", "pareshaan", "tang", "disturb", "परेशान", "तंग", "डिस्टर्ब", NULL };

static const char *const ends_hindi[] = { "mat karo", "mat karna", "mat karen", "mat kare", "mat karein", "mat kar", "mat kariye", "mat kariyega",
	"mat kijiye", "mat kijiyega", "mat kiya", "mat lagana", "mat lagao", "na karo", "na kare", "na karen", "na karein", "na kijiye", "na karna",
	"na kiya", "nahi chahiye", "nahin chahiye", "nhi chahiye", "nahi karna", "band karo", "band kar do", "band kar dijiye", "band kare",
	"band karen", "band karein", "band kijiye", "band kariye", "मत करो", "मत करना", "मत करें", "मत कर", "मत करिए", "मत करिएगा", "मत कीजिए",
	"मत कीजिएगा", "मत कीजिये", "मत किया", "मत लगाना", "मत लगाओ", "न करें", "न करो", "न करना", "न कीजिए", "ना करें", "ना करो", "ना करना",
	"ना कीजिए", "नहीं चाहिए", "नहीं चाहिये", "नहीं करना", "chhod do", "chod do", "chhodo", "chhod dijiye", "छोड दो", "छोडो", "छोड दीजिए",
	"बंद करो", "बंद कर दो", "बंद कर दीजिए", "बंद करें", "बंद कीजिए", "बंद करिए", NULL };

static const char *const records_hindi[] = { "number", "naam", "list", "नंबर", "नाम", "लिस्ट", "सूची", NULL };

static const char *const takes_hindi[] = { "hata", "hatao", "hataiye", "hataiyega", "hatana", "hataen", "hatayen", "nikal", "nikalo", "nikaliye",
	"nikaal", "nikaalo", "delete", "remove", "block kar", "block karo", "mita", "mitao", "mitaiye", "हटा", "हटाओ", "हटाइए", "हटाइये", "हटाना",
	"हटाएं", "निकाल", "निकालो", "निकालिए", "मिटा", "मिटाओ", "मिटाइए", "डिलीट", "रिमूव", "ब्लॉक कर", "ब्लॉक करो", NULL };

/* What may stand between a refusal and what it refuses. */
static const char *const small[] = { "ever", "please", "kindly", "you", "dare", "even", "bother", "want", "wanna", "wish", "like", "need", "to", "be",
	"being", "get", "getting", "receive", "receiving", "have", "having", "any", "anymore", "more", "your", "these", "those", "this", "such",
	"again", "anybody", "anyone", "somebody", "someone", "people", "guys", "from", "of", "consent", "consented", "permission", "allowed",
	"authorised", "authorized", "agree", "agreed", "agreeing", "give", "gave", "given", "for", "further", "another", "other", "single", "one",
	"phone", "telephone", "marketing", "sales", "robot", "automated", "unwanted", "unsolicited", "spam", "nuisance", "promotional", "office",
	"company", "side", "team", "bank", "it", "with", "all", "making", "the", "doing", "here", "wants", "wanted", "think", "about", "continue",
	"keep", "make", "making", "place", "accept", "accepting", "welcome", "appreciate", "entertain", "just", "me", "us", "and", "unnecessary", NULL };

static const char *const small_ends[] = { "have", "has", "got", "must", "should", "need", "needs", "to", "will", "better", "be", "all", "just",
	"from", "you", "your", "company", "people", "now", "right", "please", "these", "are", NULL };

static const char *const small_records[] = { "me", "my", "our", "us", "this", "that", "the", "it", "number", "phone", "mobile", "cell", "contact",
	"telephone", "personal", "name", "details", "data", "off", "out", "of", "from", "your", "calling", "call", "calls", "marketing", "whatever",
	"any", "every", "all", "be", "want", "on", "in", "please", "and", "company", "mailing", "customer", "damn", "stupid", NULL };

static const char *const small_hindi[] = { "par", "pe", "pr", "ko", "ke", "ki", "ka", "karna", "karke", "kabhi", "bhi", "dobara", "phir", "fir", "se",
	"mujhe", "mujhko", "hame", "humein", "hamein", "ji", "aap", "aapka", "aapki", "aapke", "log", "is", "iss", "yahan", "yaha", "please", "kar",
	"aur", "ye", "yeh", "पर", "पे", "को", "के", "की", "का", "करना", "करके", "कभी", "भी", "दोबारा", "फिर", "से", "मुझे", "मुझको", "हमें", "जी",
	"आप", "आपका", "आपकी", "आपके", "लोग", "इस", "यहां", "प्लीज", "और", NULL };

static const char *const small_records_hindi[] = { "number", "naam", "list", "apni", "apne", "aapki", "aapke", "mera", "se", "ko", "me", "mein",
	"aur", "ye", "yeh", "is", "phone", "call", "calling", "please", "नंबर", "नाम", "लिस्ट", "सूची", "अपनी", "अपने", "आपकी", "मेरा", "से", "को",
	"में", "और", "यह", "ये", "इस", "फोन", "कॉल", "कॉलिंग", "प्लीज", NULL };

/* ---- ways ---- */

enum way_kind { DENIES = 1, ENDS, HINTS };

static const struct way {
	const char *const *first, *const *small, *const *then;
	enum way_kind kind;
	const char *const *among; /* one of these is between; NULL: no matter */
} ways[] = {
	{ .first = LIST("not", "never", "no one", "nobody"),
		.small = small, .then = contacts, .kind = DENIES },
	{ .first = LIST("no", "no more"),
		.small = small, .then = call_nouns, .kind = DENIES },
	{ .first = LIST("enough of", "enough with", "put an end to"),
		.small = small, .then = call_nouns, .kind = ENDS },
	{ .first = LIST("stop", "quit", "cease", "halt", "discontinue", "refrain from", "desist from", "avoid"),
		.small = small, .then = doings, .kind = ENDS },
	{ .first = LIST("be the last", "was the last", "is the last"),
		.small = LIST("time", "you", "ever", "people", "phone"), .then = LIST("call", "calls", "ring", "phone", "contact"), .kind = ENDS },
	{ .first = LIST("calls", "calling", "messages", "phone calls"),
		.small = small_ends, .then = LIST("stop", "end", "cease", "be stopped", "not welcome", "unwelcome", "unwanted", "not wanted"), .kind = ENDS },
	{ .first = LIST("remove", "delete", "erase", "lose", "forget", "wipe", "scratch", "strike", "purge", "block", "blacklist", "get rid of", "destroy"),
		.small = small_records, .then = own_numbers, .kind = ENDS },
	{ .first = LIST("remove", "removed", "delete", "deleted", "erase", "erased", "take", "taken", "get", "strike", "struck", "cross", "scratch", "wipe", "drop", "pull", "keep"),
		.small = small_records, .then = lists, .kind = ENDS, .among = LIST("off", "out", "from") },
	{ .first = LIST("not", "no one", "nobody"), .small = small_records, .then = lists, .kind = DENIES, .among = LIST("your") },
	{ .first = LIST("not use", "never use"), .small = small, .then = own_numbers, .kind = DENIES },
	{ .first = LIST("object to", "opposed to"), .small = small, .then = contacts, .kind = ENDS },
	{ .first = LIST("take", "get", "strike", "cross", "pull", "drop"), .small = small_records, .then = LIST("off", "out"), .kind = ENDS, .among = own_numbers },
	{ .first = LIST("revoke", "revoking", "withdraw", "withdrawing"), .small = small_records, .then = LIST("consent", "permission"), .kind = ENDS },
	{ .first = LIST("tired of", "sick of", "fed up with", "fed up of", "annoyed by", "annoyed with"), .small = small, .then = doings, .kind = HINTS },
	{ .first = calls_hindi,
		.small = small_hindi, .then = ends_hindi, .kind = DENIES },
	{ .first = LIST("nahi chahta", "nahi chahti", "nahin chahta", "nahin chahti", "नहीं चाहता", "नहीं चाहती", "नहीं चाहते"),
		.small = small_hindi, .then = calls_hindi, .kind = DENIES },
	{ .first = LIST("mat", "मत"),
		.small = small_hindi,
		.then = LIST("call karo", "call karna", "call kijiye", "phone karo", "phone karna", "phone kijiye",
			"कॉल करो", "कॉल करना", "कॉल कीजिए", "फोन करो", "फोन करना", "फोन कीजिए"), .kind = DENIES },
	{ .first = records_hindi,
		.small = small_records_hindi, .then = takes_hindi, .kind = ENDS },
};

/* Said by themselves. */
static const char *const outright[] = { "unsubscribe", "opt out", "opt me out", "opting out", "opted out", "do not call list", "do not call register",
	"do not call registry", "dnc", "do not disturb list", "do not disturb registry", "no call list", "cease and desist", "leave me alone",
	"leave us alone", "not consent", "lose my number", "blacklist me", "block me", "take me off your", "take us off your", NULL };

enum { BETWEEN_MAX = 7 };

static bool has(const struct words *w, size_t from, size_t to, const char *const *phrases)
{
	for (; from < to; from++)
		if (words_any_at(w, from, phrases))
			return true;
	return false;
}

/* From the refusal to the end of what it governs. */
static struct span way_at(const struct words *w, size_t at, const struct way *way)
{
	static const char *const holds_none[] = { "not have this phone", "not have that phone", "not have the phone", "not have a phone",
		"not have his phone", "not have her phone", NULL }; /* "he doesn't have this phone any more" */
	size_t i = at + words_any_at(w, at, way->first), last = i + BETWEEN_MAX, len;

	if (words_any_at(w, at, holds_none))
		return (struct span){ 0, 0 };
	for (; i > at && i < w->count && i < last && !w->at[i].before; i++) {
		len = words_any_at(w, i, way->then);
		if (len && (!way->among || has(w, at, i, way->among)))
			return (struct span){ at, i + len - at };
		if (!word_in(w, i, way->small))
			break;
	}
	return (struct span){ 0, 0 };
}

/* ---- the clause ---- */

/* Up to where one goes on about the same thing: a mark, a joining word, somebody who does something else. */
static const char *const joins[] = { "and", "but", "so", "because", "or", "i", "we", "please", "aur", "lekin", "magar", "और", "लेकिन", NULL };

/* "So early" joins nothing. */
static bool joins_at(const struct words *w, size_t at)
{
	return word_in(w, at, joins) && !(word_is(w, at, "so") && word_in(w, at + 1, LIST("early", "late", "often", "much")));
}

static size_t clause_end(const struct words *w, size_t at)
{
	while (at < w->count && !w->at[at].before && !joins_at(w, at))
		at++;
	return at;
}

static size_t clause_start(const struct words *w, size_t at)
{
	while (at && !w->at[at].before && !joins_at(w, at - 1))
		at--;
	return at;
}

/* ---- who is denied what ---- */

/* "I never called", "you did not call me", "why don't you call me", "I'm not calling": nobody is told to stop. "I don't want you to call" is. */
static bool tells(const struct words *w, struct span s)
{
	static const char *const helpers[] = { "do", "does", "did", "can", "could", "will", "would", "shall", "should", "may", "have", "has", "had",
		"am", "is", "are", "was", "were", "really", "just", "also", "still", "been", "got", "get", NULL };
	static const char *const persons[] = { "i", "we", "he", "she", "they", "it", "that", "this", "there", "why", NULL };
	static const char *const wishes[] = { "want", "wanna", "wish", "like", "need", "consent", "consented", "permission", "allowed", "authorised",
		"authorized", "agree", "agreed", "accept", "accepting", "welcome", "appreciate", "entertain", NULL };
	static const char *const hopes[] = { "if", "rather", "prefer", "wish", "hope", "that", "sure", NULL };
	static const char *const pasts[] = { "did", "have", "has", "had", "was", "were", "are", "why", NULL }; /* or a question, at the beginning */
	size_t end = s.from + s.len, i = s.from, start = clause_start(w, s.from);
	bool wished = has(w, s.from, end, wishes), past = false;

	if (word_in(w, start, pasts) && !(start && word_in(w, start - 1, LIST("i", "we"))))
		return false; /* "did my wife not call you" */
	while (i && word_in(w, i - 1, helpers) && !w->at[i].before)
		past = word_in(w, --i, pasts) || past;
	if (word_is(w, end - 2, "to") && word_in(w, end - 3, LIST("have", "need")) && word_is(w, i - 1, "you"))
		return false; /* "you don't have to call" */
	if (wished && word_is(w, end - 2, "to") && word_in(w, end - 3, wishes) && !word_in(w, end - 3, LIST("consent", "permission", "allowed")))
		return false; /* "I don't want to call" */
	if (i && !w->at[i].before && word_in(w, i - 1, persons))
		return wished || word_is(w, i - 2, "sure");
	if (i && !w->at[i].before && word_is(w, i - 1, "you"))
		return wished || word_in(w, i - 2, hopes) || (!past && !word_is(w, s.from, "never"));
	if (i < s.from && word_is(w, s.from + 1, "you") && !word_is(w, i, "do"))
		return false; /* "can't you call me later" */
	return !word_in(w, end - 1, LIST("called", "rang", "phoned", "contacted", "bothered", "disturbed")) || wished || has(w, s.from, end, LIST("be", "being"));
}

/* ---- limits ---- */

static const char *const times[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mondays", "sundays", "saturdays",
	"weekend", "weekends", "morning", "mornings", "afternoon", "evening", "evenings", "night", "nights", "tonight", "tomorrow", "noon", "early",
	"late", "later", "before", "after", "until", "till", "during", "while", "when", "unless", "except", "if", "at work", "at lunch", "at dinner",
	"between", "for now", "for a", "for the next", "this week", "this month", "next week", "o clock", "oclock", "kal", "subah", "shaam", "sham",
	"raat", "dopahar", "baad", "somvar", "ravivar", "कल", "सुबह", "शाम", "रात", "दोपहर", "बाद", "सोमवार", "मंगलवार", "बुधवार", "गुरुवार",
	"शुक्रवार", "शनिवार", "रविवार", NULL };
static const char *const present[] = { "now", "today", "right now", "just now", "this time", "yet", "abhi", "aaj", "अभी", "आज", NULL };
static const char *const for_good[] = { "ever", "again", "anymore", "any more", "any longer", "hereafter", "any further", "in future",
	"in the future", "kabhi", "dobara", "aage se", "aainda", "कभी", "दोबारा", "आगे से", "अब से", "आइंदा", NULL };

/* "Don't call me Bob, it's Robert", "don't call me Ravi Kumar sir just Ravi": what he is called, and how he would rather be: how many words; 0: nothing
 * of the kind. *sure: the name is said again. */
static size_t name_behind(const struct words *w, size_t at, bool *sure)
{
	static const char *const rathers[] = { "just", "only", "it is", "i am", "my name is", "the name is", "call me", "i go by", NULL };
	static const char *const ends[] = { "is", "will", "would", "please", "sir", "madam", "ji", "thanks", NULL };
	static const char *const no_names[] = { "at", "on", "about", "for", "from", "with", "this", "that", "it", "in", "to", "every", "all", "any", "back", "more",
		"now", "you", "thanks", "thank", "stop", "no", "not", "never", "enough", "okay", "ok", NULL };
	size_t n, len, i;

	*sure = false;
	if (!word_is(w, at, "me") || at + 1 >= w->count || joins_at(w, at + 1) || word_in(w, at + 1, no_names) || words_any_at(w, at + 1, for_good) || words_any_at(w, at + 1, times))
		return 0;
	for (n = 2; n <= 5 && at + n < w->count; n++) {
		len = words_any_at(w, at + n, rathers);
		if (!len || at + n + len >= w->count)
			continue;
		if (at + n + len + 1 < w->count && !w->at[at + n + len + 1].before && !word_in(w, at + n + len + 1, ends))
			return 0;
		for (i = at + 1; i < at + n; i++)
			*sure = *sure || word_is(w, i, w->at[at + n + len].text);
		return n;
	}
	return 0;
}

/* "Don't call my office", "don't call it off", "don't call me that". */
static bool has_other_object(const struct words *w, size_t at)
{
	static const char *const ours[] = { "number", "phone", "cell", "mobile", "house", "home", "line", "landline", "place", NULL };
	static const char *const others[] = { "him", "her", "them", "it", "off", "the police", "the office", "the bank", "the doctor", "me that",
		"me a", "this a", "that a", NULL };

	return (word_is(w, at, "my") && at + 1 < w->count && !word_in(w, at + 1, ours)) || (at < w->count && !w->at[at].before && words_any_at(w, at, others));
}

/* "Don't call me on the work line", "don't contact me by e-mail"; "on this work line" may be the one that was called. */
static bool has_other_line(const struct words *w, size_t from, size_t to)
{
	static const char *const other_ways[] = { "by email", "by e mail", "by mail", "by text", "by sms", "by post", "by letter",
		"via email", "via e mail", "via text", "via sms",
		"on whatsapp", NULL };
	static const char *const lines[] = { "work line", "work phone", "work number", "work cell", "office line", "office phone", "office number",
		"at the office", "other line", "other number", "other phone", NULL };

	return (has(w, from, to, lines) && !has(w, from, to, LIST("this"))) || has(w, from, to, other_ways);
}

static bool is_limited(const struct words *w, struct span s, enum way_kind kind)
{
	size_t from = s.from, end = s.from + s.len, to = clause_end(w, end);
	bool pleads;

	while (from && !w->at[from].before && word_in(w, from - 1, LIST("please", "kindly", "do", "to", "on", "in", "the", "at", "mujhe", "ko", "मुझे", "को")))
		from--;
	pleads = has(w, from, s.from, LIST("please", "kindly")) && has(w, s.from, to, for_good); /* what stands before "please don't ever" is told, no limit */
	if (kind == DENIES && from && !w->at[from].before && !pleads)
		from--; /* "abhi call mat karo", "at night don't call" */
	if (kind == DENIES && (has(w, from, to, present) || has_other_line(w, end, to) || has_other_object(w, end)))
		return true;
	return has(w, kind == DENIES ? from : end, to, times);
}

/* "Call Tuesday", "try the evening", "I'll call you": who says when, wants a call or makes one. */
static bool wants_call(const struct words *w, size_t at)
{
	static const char *const calls[] = { "call", "ring", "phone", "try", "text", "contact", NULL };
	static const char *const leads[] = { "but", "and", "please", "just", "instead", "rather", "or", "only", "then", NULL };
	static const char *const own[] = { "i will call", "i will ring", "i will phone", "i will get back", "we will call", NULL };

	if (words_any_at(w, at, own))
		return true;
	return word_in(w, at, calls) && (!at || w->at[at].before || word_in(w, at - 1, leads)) && !word_in(w, at + 1, small_hindi) && !has(w, at, clause_end(w, at), for_good);
}

/* ---- threats ---- */

/* "Call me once more and I'll sue you". */
static bool threatens(const struct words *w)
{
	static const char *const again[] = { "again", "one more time", "once more", "another time", "another call", "one more call", "any more",
		"anymore", "more calls", NULL };
	static const char *const threats[] = { "sue", "police", "report you", "lawyer", "attorney", "complaint", "complain", "court", "legal action",
		"trai", "ftc", "fcc", "tcpa", NULL };

	return has(w, 0, w->count, again) && has(w, 0, w->count, threats) && has(w, 0, w->count, LIST("call", "calls", "calling", "ring", "phone", "contact"));
}

/* "You call every day, no more"; "five hundred, no more" is a sum. */
static bool ends_with_no_more(const struct words *w)
{
	return w->count > 1 && words_any_at(w, w->count - 2, LIST("no more")) && (w->count == 2 || has(w, 0, w->count, contacts));
}

/* "This is harassment": he may want no more calls; with a "stop" in it he does. */
static enum opt_out complains(const struct words *w)
{
	static const char *const hints[] = { "harassment", "harassing", "harassed", "spamming", "pestering", "take me off", "dnd", "keep calling",
		"keep ringing", "keep phoning", "keep bothering", "kept calling", "baar baar call", "baar baar phone", "bar bar call",
		"bar bar phone", "बार बार कॉल", "बार बार फोन", NULL };
	static const char *const stops[] = { "stop", "enough", "end this", "band karo", "band kijiye", "band kar do", "बंद करो", "बंद कीजिए", NULL };

	if (!has(w, 0, w->count, hints) && !ends_with_no_more(w))
		return OPT_OUT_NONE;
	return has(w, 0, w->count, stops) ? OPT_OUT_MEANT : OPT_OUT_DOUBT;
}

static bool says_outright(const struct words *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (words_any_at(w, i, outright) && !(i && word_negates(w, i - 1)))
			return true;
	return false;
}

/* No way that is known, but a refusal and his being called in one clause: "I see no point in all your calls". */
static bool is_suspect(const struct words *w, size_t at)
{
	static const char *const called[] = { "your calls", "these calls", "such calls", "calls from", "calling me", "calling us", "calling here",
		"calling this", "ringing me", "phoning me", "contacting me", "call me", "being called", "call again", "call here", "call this number",
		"contact me again", "your list", "your lists", "your database", "your system", NULL };
	static const char *const refusals[] = { "not", "never", "nobody", "no one", "stop", "stopped", "cease", "end", "without", "against", "enough",
		"remove", "delete", "off", "gone", "no reason", "no right", "no business", "no point", "no circumstances", NULL };
	size_t from = clause_start(w, at), to = clause_end(w, at);

	return words_any_at(w, at, called) && has(w, from, to, refusals) && !has(w, from, to, times);
}

/* What one way that was found comes to. */
static enum opt_out weigh(const struct words *w, const struct way *way, struct span s)
{
	bool sure, lasts = has(w, s.from, clause_end(w, s.from + s.len), for_good);

	if (way->kind == HINTS)
		return OPT_OUT_DOUBT;
	if (way->kind == DENIES && !tells(w, s))
		return lasts ? OPT_OUT_DOUBT : OPT_OUT_LIMITED;
	if (way->kind == ENDS && s.from && word_negates(w, s.from - 1) && !w->at[s.from].before)
		return OPT_OUT_LIMITED; /* "don't remove my number" */
	if (way->then == lists && word_is(w, s.from, "keep"))
		return OPT_OUT_DOUBT; /* "keep my name out of your files": he may mean his data alone */
	if ((way->then == lists || way->then == own_numbers) && word_in(w, s.from + s.len - 2, LIST("the", "that")))
		return is_limited(w, s, DENIES) ? OPT_OUT_LIMITED : OPT_OUT_DOUBT; /* "take me off the list", "forget that number": which one? */
	if (way->kind == DENIES && name_behind(w, s.from + s.len, &sure))
		return sure ? OPT_OUT_LIMITED : OPT_OUT_DOUBT;
	if (is_limited(w, s, way->kind))
		return lasts || way->kind == ENDS ? OPT_OUT_DOUBT : OPT_OUT_LIMITED;
	return OPT_OUT_MEANT;
}

enum opt_out opt_out_heard(const struct words *w)
{
	enum opt_out heard = says_outright(w) ? OPT_OUT_MEANT : complains(w), one;
	bool wants = false;
	struct span s;
	size_t at, i, len;

	if (threatens(w))
		return OPT_OUT_MEANT;
	for (at = 0; at < w->count; at += len) {
		len = 1;
		for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
			s = way_at(w, at, &ways[i]);
			if (!s.len)
				continue;
			one = weigh(w, &ways[i], s);
			heard = one > heard ? one : heard;
			len = s.len > len ? s.len : len;
		}
		wants = wants || (len == 1 && wants_call(w, at));
		if (heard == OPT_OUT_NONE && is_suspect(w, at))
			heard = OPT_OUT_DOUBT;
	}
	return heard == OPT_OUT_MEANT && wants ? OPT_OUT_DOUBT : heard;
}

/* ---- what is left ---- */

/* Where a limited wish ends: with its clause, and one that hangs on it: "before I am up", "when we are eating", "between nine and ten". */
static size_t wish_end(const struct words *w, struct span s)
{
	static const char *const hangs[] = { "when", "while", "if", "unless", "until", "till", "before", "after", "because", NULL };
	static const char *const calls[] = { "call", "ring", "phone", "try", "text", "contact", NULL }; /* another wish */
	size_t at = clause_end(w, s.from + s.len), n, i;
	bool sure;

	if ((n = name_behind(w, s.from + s.len, &sure)))
		return s.from + s.len + n;
	while (at < w->count && !w->at[at].before && (word_in(w, at - 1, hangs) || word_is(w, at - 2, "between")))
		at = clause_end(w, at + 1);
	for (i = s.from + s.len; i < at && !word_in(w, i, calls); i++)
		;
	return i;
}

/* What leads to it; in Hindi its time does too: "subah phone mat karna". */
static size_t wish_start(const struct words *w, size_t at, bool hindi)
{
	static const char *const leads[] = { "do", "does", "just", "only", "please", "kindly", "also", "next", "time", "you", "can", "could", "would", "should",
		"will", "but", "and", "so", "again", NULL };

	while (at && !w->at[at].before &&
		(word_in(w, at - 1, leads) || (hindi && (word_in(w, at - 1, small_hindi) || words_any_at(w, at - 1, times) || words_any_at(w, at - 1, present)))))
		at--;
	return at;
}

/* The limited wish whose refusal stands at `at`. */
static struct span limited_at(const struct words *w, size_t at)
{
	size_t i, from, to;
	struct span s;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		s = way_at(w, at, &ways[i]);
		if (!s.len || ways[i].kind != DENIES || !tells(w, s) || weigh(w, &ways[i], s) != OPT_OUT_LIMITED)
			continue;
		from = wish_start(w, at, ways[i].first == calls_hindi);
		to = wish_end(w, s);
		return (struct span){ from, to + words_any_at(w, to, LIST("please", "kindly")) - from };
	}
	return (struct span){ 0, 0 };
}

void opt_out_drop_limited(struct words *w)
{
	struct span s;
	size_t at;

	for (at = 0; at < w->count; at++) {
		s = limited_at(w, at);
		if (!s.len)
			continue;
		words_cut(w, s);
		at = s.from;
	}
}
