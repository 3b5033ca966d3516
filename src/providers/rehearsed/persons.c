/* Whose words they are, where somebody is asked for by name: his own, or another one's who speaks of him. */
#include "providers/rehearsed/understand.h"

#include <string.h>

#include "providers/rehearsed/sounds.h"

/* "Alex here", "this is Alex": the name stands in the question with a capital letter; here all is small, so any word of the question
 * will do that is none of its own ordinary ones. */
bool person_says_name(const struct words *w, const struct words *question)
{
	static const char *const ordinary[] = { "am", "i", "is", "you", "with", "to", "the", "it", "that", "this", "speaking", "looking", "for",
		"need", "speak", "your", "do", "would", "like", "shall", "in", "at", "a", "of", "what", "when", NULL };
	size_t i, j, len;

	for (i = 0; question && i < w->count; i++) {
		bool named = false;

		if (words_at(w, i, "this is", &len) || words_at(w, i, "i am", &len) || words_at(w, i, "myself", &len) || words_at(w, i, "it is", &len))
			named = i + len < w->count;
		else if (i + 1 < w->count && (word_is(w, i + 1, "here") || word_is(w, i + 1, "speaking")))
			named = !(len = 0);
		for (j = 0; named && j < question->count; j++)
			if (!word_in(question, j, ordinary) && word_is(w, i + len, question->at[j].text))
				return true;
	}
	return false;
}

bool person_is_other(const struct words *w)
{
	static const char *const list[] = { "his wife", "her husband", "his son", "her son", "his brother", "his mother", "his father",
		"her mother", "her father", "is my father", "is my husband", "is my wife", "went out", "gone out", "out of station", "not here",
		"not at home", "ghar pe nahi", NULL };

	return words_have(w, list);
}

/* Somebody is asked for by name. */
bool person_asked(const struct words *question)
{
	static const char *const no_person[] = { "right", "correct", "okay", "fine", "good", "a", "the", "your", "still", "what", "all", "time", "about", "convenient", NULL };
	static const char *const list[] = { "speaking with", "speaking to", "speak with", "speak to", "talking to", "talking with", "is that you",
		"से हो रही", "से हो रहा", "से बात", "se ho rahi", "se ho raha", "se baat", NULL };
	struct span is_this = words_find(question, 0, "is this");

	return words_have(question, list) || (is_this.len && !word_in(question, is_this.from + 2, no_person));
}

/* "My phone", "his son": who says so speaks of somebody else. */
static bool is_belonging(const struct words *w, size_t at)
{
	static const char *const list[] = { "son", "daughter", "wife", "husband", "brother", "sister", "mother", "father", "mom", "mum", "dad",
		"roommate", "flatmate", "assistant", "colleague", "secretary", "friend", "boss", "partner", "uncle", "aunt", "boyfriend",
		"girlfriend", "neighbor", "neighbour", "office", NULL };

	return word_in(w, at, list);
}

/* "Alex is out", "Alex moved away"; but "Alex here". */
static bool does_something(const struct words *w, size_t at)
{
	static const char *const verbs[] = { "is", "was", "has", "will", "does", "left", "went", "moved", "died", "passed", "sold", "gave", "lives",
		"lived", "works", "worked", "changed", NULL };
	static const char *const me[] = { "speaking", "me", "my", "here", "the", "right", "talking", NULL };

	return word_in(w, at, verbs) && at + 1 < w->count && !word_in(w, at + 1, me);
}

/* "I am the babysitter". */
static bool has_role(const struct words *w, size_t at)
{
	static const char *const itself[] = { "one", "person", "same", "right", "very", "guy", "man", "woman", "only", "patient", "owner", "holder",
		"account", "customer", "borrower", "applicant", NULL };
	size_t n;

	return words_at(w, at, "i am the", &n) && at + n < w->count && !word_in(w, at + n, itself);
}

/* Where somebody is asked for, others speak of him: "he's at work", "you just missed him", "Alex moved out". "This is he" and "got him" are signals
 * themselves and speak of oneself. */
bool person_is_absent(const struct words *w, const struct words *question)
{
	static const char *const third[] = { "he", "she", "him", "her", "his", NULL };
	static const char *const ordinary[] = { "am", "i", "is", "you", "with", "to", "the", "it", "that", "this", "speaking", "looking", "for", NULL };
	size_t at, len, j;

	for (at = 0; at < w->count; at += len) {
		bool own = yes_no_signal_at(w, at, &len);

		if ((!own && word_in(w, at, third)) || has_role(w, at) || (is_belonging(w, at + len) && word_in(w, at + len - 1, third)))
			return true;
		for (j = 0; !own && j < question->count; j++)
			if (!word_in(question, j, ordinary) && word_is(w, at, question->at[j].text) && (does_something(w, at + 1) || (word_is(w, at + 1, "is") && is_belonging(w, at + 2))))
				return true;
	}
	return false;
}

/* He is, or will be in a moment: neither a yes nor a no. */
bool person_is_near(const struct words *w)
{
	static const char *const list[] = { "is here", "right here", "is coming", "here he", "here she", "next to me", "beside me", "is around",
		"hold on", "hang on", "one moment", "one minute", "one second", "a second", "a moment", "wait", NULL };

	return words_have(w, list) && !words_find(w, 0, "not").len;
}

/* ---- who speaks, beside a yes ---- */

/* The speaker's own kin and people, and what speaks of somebody else in Hindi. */
static const char *const kin[] = { "patni", "biwi", "bivi", "pati", "behen", "bahan", "behan", "didi", "beta", "beti", "maa", "mummy", "mammi",
	"papa", "pita", "pitaji", "baap", "dost", "padosi", "padosan", "saas", "sasur", "bahu", "saala", "sala", "jija", "bhabhi", "chacha",
	"chachi", "mama", "mausi", "bua", "dada", "dadi", "nana", "nani", "bhatija", "bhatiji", "bhanja", "munshi", "munim", "driver", "naukar",
	"kirayedar", "manager", "malik", "maalik", "पत्नी", "बीवी", "पति", "बहन", "दीदी", "बेटा", "बेटी", "मां", "मम्मी", "पापा", "पिता", "पिताजी",
	"बाप", "दोस्त", "पडोसी", "पडोस", "सास", "ससुर", "बहू", "साला", "जीजा", "भाभी", "चाचा", "चाची", "मामा", "मौसी", "बुआ", "दादा", "दादी",
	"नाना", "नानी", "भतीजा", "भतीजे", "भतीजी", "भांजा", "मुंशी", "मुनीम", "ड्राइवर", "नौकर", "किरायेदार", "मैनेजर", "मालिक", "cousin", "nephew",
	"niece", "grandson", "granddaughter", "grandmother", "grandfather", "kid", "parents", "landlord", "tenant", "housemate", "accountant",
	"receptionist", "nurse", "carer", "caretaker", "babysitter", "nanny", "maid", "guard", "watchman", "coworker", "employee", "behalf",
	"fiance", "fiancee", "spouse", "girlfriend", "boyfriend", "family", "relative", NULL };
static const char *const others[] = { "he", "she", "his", "her", "him", "they", "their", "them", "unka", "unki", "unke", "unko", "uska", "uski",
	"uske", "usko", "unse", "inka", "inki", "inke", "iska", "iski", "woh", "wo", "voh", "उनका", "उनकी", "उनके", "उनको", "उसका", "उसकी", "उसके",
	"उसको", "उनसे", "इनका", "इनकी", "इनके", "वो", "वह", "वे", NULL };

/* "Ravi ka dost"; "kis cheez ke liye" speaks of nobody. */
static bool is_owned(const struct words *w, size_t at)
{
	static const char *const of[] = { "ka", "ke", "ki", "का", "के", "की", NULL }, *const mine[] = { "mera", "meri", "mere", "मेरा", "मेरी",
		"मेरे", NULL };
	static const char *const none[] = { "liye", "लिए", "baare", "बारे", "naam", "नाम", NULL };

	return at + 1 < w->count && (word_in(w, at, of) || word_in(w, at, mine)) && !word_in(w, at + 1, none);
}

/* "I'm in the office". */
static bool is_place(const struct words *w, size_t at)
{
	return at && word_is(w, at, "office") && word_in(w, at - 1, LIST("the", "my", "in", "at"));
}

/* Who has said who he is may speak of others: "that's me, did she send you". */
static bool speaks_of_other(const struct words *w)
{
	bool says_me = words_have(w, LIST("that is me", "it is me", "this is me"));
	size_t at, len;

	for (at = 0; at < w->count; at += len) {
		if (word_in(w, at, kin) || (is_belonging(w, at) && !is_place(w, at)) || is_owned(w, at))
			return true;
		if (!yes_no_signal_at(w, at, &len))
			len = 1;
		if (len == 1 && !says_me && word_in(w, at, others))
			return true;
	}
	return false;
}

bool person_is_named(const struct words *w, size_t at, const struct words *question)
{
	size_t i;

	for (i = 0; i < question->count; i++)
		if ((unsigned char)*w->at[at].text >= 0x80 && sounds_same(w->at[at].text, question->at[i].text, 2))
			return true;
	return false;
}

/* What may stand where a name would: what one is or does, not who. */
static bool is_no_name(const struct words *w, size_t at, const struct words *question)
{
	static const char *const list[] = { "about", "actually", "afraid", "alone", "also", "at", "away", "busy", "calling", "correct", "fine",
		"free", "glad", "good", "happy", "here", "home", "in", "just", "listening", "loud", "me", "mr", "mrs", "ms", "not", "okay", "on",
		"only", "out", "outside", "ready", "regarding", "right", "so", "sorry", "speaking", "still", "sure", "that", "to", "very", "well",
		"who", "yes", "your", "this", "he", "she", "him", "her", "how", "when", "why", "is", "indeed", "really", "i", "it", "what", "same",
		"dr", "doctor", "a", "person", "myself", "himself", "herself", NULL };
	static const char *const itself[] = { "one", "person", "same", "right", "correct", "very", "only", "man", "patient", "owner", "holder", NULL };
	size_t n = at < w->count ? strlen(w->at[at].text) : 0, i;

	if (at >= w->count || w->at[at].before == ',' || word_in(w, at, list) || (n > 4 && !strcmp(w->at[at].text + n - 3, "ing")))
		return true;
	if (word_is(w, at, "the"))
		return word_in(w, at + 1, itself);
	for (i = 0; i < question->count; i++)
		if (word_is(question, i, w->at[at].text))
			return true;
	return person_is_named(w, at, question);
}

/* "This is Sunil", "Sunil here", "Sunil speaking": a name that was not asked for. */
static bool introduces_other(const struct words *w, const struct words *question)
{
	static const char *const leads[] = { "this is", "i am", "it is", "my name is", "you got", "you have got", "you have reached", "you reached",
		"speaking to", "speaking with", "talking to", "talking with", "myself", NULL }, *const ends[] = { "here", "speaking", NULL };
	size_t at, len;

	for (at = 0; at < w->count; at++) {
		if ((len = words_any_at(w, at, leads)) && !is_no_name(w, at + len, question))
			return true;
		if (at && word_in(w, at, ends) && !w->at[at].before && !is_no_name(w, at - 1, question) && !yes_is_plain_at(w, at - 1, question))
			return true;
		if (word_is(w, at, "speaking") && word_is(w, at + 1, "for"))
			return true;
	}
	return false;
}

/* "Main Sunil bol raha hoon", "dukaan se bol raha hoon": all before the verb must be harmless. "Main office mein hoon" says where he is. */
static bool introduces_other_hindi(const struct words *w, const struct words *question)
{
	static const char *const speaks[] = { "bol raha", "bol rahi", "baat kar", "बोल रहा", "बोल रही", "बात कर", NULL };
	static const char *const am[] = { "hoon", "hun", "hu", "हूं", NULL }, *const where[] = { "mein", "me", "par", "pe", "में", "पर", "raha",
		"rahi", "रहा", "रही", NULL };
	size_t at, from = 0, i;

	for (at = 0; at < w->count; at++) {
		if (at && w->at[at].before)
			from = at;
		if (!words_any_at(w, at, speaks) && !(word_in(w, at, am) && !word_in(w, at - 1, where)))
			continue;
		for (i = from; i < at; i++)
			if (!yes_is_plain_at(w, i, question))
				return true;
		from = at + 1;
	}
	return false;
}

bool person_is_plain(const struct words *w, const struct words *question)
{
	return !speaks_of_other(w) && !introduces_other(w, question) && !introduces_other_hindi(w, question);
}
