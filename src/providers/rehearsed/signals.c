/* The words that say yes, no or neither by themselves. Phrases are looked for longest first, so that "not a problem" is no "not". */
#include "providers/rehearsed/signals.h"

#include "providers/rehearsed/understand.h"

struct signal_phrase {
	enum signal signal;
	const char *const *phrases;
};

static const char *const opens[] = { "not sure", "not know", "depends", "maybe", "perhaps", "i am good thanks",
	"i am good thank", "i am fine thanks", "i am fine thank", "let me see", "i will think", "should ask", "will have to see", "would have to see", "pata nahi", "pata nahin",
	"पता नहीं", "सोचता हूं", "सोचना पडेगा", "still thinking", "not only",
	"not had time", "not had the time", "not had a chance", "not had the chance", "not got around", "not gotten around",
	"still deciding", "shayad", "शायद", "can not say no", "could not say no", "hard to say no", "not say no",
	"dekhte hain", "dekhta hoon", "dekhti hoon", "dekhenge", "sochte hain", "sochna padega", "देखते हैं", "देखता हूं", "देखती हूं", "देखेंगे", "सोचते हैं",
	"let us see", "awaaz nahi", "आवाज नहीं", "not really know", "not really sure", "not quite sure", "not too sure", "on the fence", "in two minds", "of two minds", "undecided",
	"see what i can", "see what we can", "see if i can", "see if we can", "none of your", "none of this", "none of that", NULL };
static const char *const hedges[] = { "maybe", "perhaps", "shayad", "शायद", NULL };
static const char *const yes_against_no[] = { "not mind", "no harm", "not a bad idea", "not bad", "could not agree more", "do not worry",
	"no problem", "no problems", "no issue",
	"no worries", "not a problem", "why not", "no objection",
	"no doubt", "without a doubt", "without doubt", "no question", "without question", "not come soon enough", "no matter",
	"could not be more", "i could not be more", "can not think of a better", "could not think of a better", "no better",
	"about nothing else", "have nothing on", "got nothing on", "nothing else on", "nothing planned", "better than nothing", "can not be choosers", "we could not be more", "could not be better",
	"could not be happier", "can not wait", "koi baat nahi", "कोई बात नहीं", "क्यों नहीं", "kyon nahi", NULL };
static const char *const no_phrases[] = { "wrong number", "wrong person", "wrong guy", "changed my mind", "galat", "गलत", "रॉन्ग", "incorrect", "wrong",
	"impossible", "no way", "no chance", "no longer", "do not know any", "do not know him", "do not know her", "changed our mind",
	"changed our minds", "got to be kidding",
	"must be kidding", "over my dead body", "i was but", "we were but", "none", NULL };
static const char *const no_weak[] = { "too early", "too late", "prefer another", "another day", "leave it", "nobody", "never heard", "mushkil", "मुश्किल",
	"something else", "nothing", "too soon", "done with", "lost interest", "gave up", "given up", "off the table", "moved on",
	"found something", "too expensive",
	"against it", "on hold", "is over", "dropped", "rather keep", "will pass", "count me out", "leave it as it is", "leave it where it is",
	"right in the middle",
	"on second thought", NULL };
/* Answers when they stand alone: "I am", but not "I am in a meeting". */
static const char *const yes_ending[] = { "i am", "i do", "it is", "you are", "we are", "yes i am", "i could", "we could", "i would",
	"i guess so", "i suppose so", "i can",
	"we can", "i will", "we will", "i am only", NULL };
static const char *const yes_phrases[] = { "yes", "yeah", "yep", "yup", "yah", "ya", "yea", "yes yes", "haan", "han", "haa", "haanji", "hanji", "ji haan",
	"bilkul", "हां", "हांजी", "जी हां", "बिल्कुल", "sure", "correct", "absolutely", "definitely", "certainly", "indeed", "affirmative", "exactly",
	"of course", "go ahead", "go right ahead", "live with that", "live with it", "please do", "do it", "go for it", "sounds good",
	"that is me", "would be me", "confirmed", "ji", "जी", "sahi", "सही",
	"afraid so", "might as well", "may as well", "guilty as charged", "in the flesh", "theek hai", "thik hai", "ठीक है", NULL };
static const char *const yes_weak[] = { "okay", "ok", "fine", "alright", "all right", "perfect", "great", "good", "works", "right", "speaking",
	"still interested", "very interested", "very much", "works for me", "that will work", "that will do", "i will take it",
	"take it", "done", "bol raha", "bol rahi", "बोल रहा", "बोल रही", "बोलिए", "बोलो", "बताइए", "कहिए", "boliye", "bolo", "bataiye",
	"tell me", "kar dunga",
	"kar dungi", "कर दूंगा", "कर दूंगी", "दे दूंगा", "दे दूंगी", "de dunga", "main hi", "मैं ही", "can try", "can manage", "can do",
	"could do", "can pay", "can give",
	"could pay", "could give", "would like that", "lovely", "wonderful", "excellent", "brilliant", "super",
	"got him", "got her", "it is me", "talking to him", "talking to her", "speaking to him", "speaking to her", "speaking with him",
	"speaking with her", "this is him",
	"this is her", "take that", "say so", "doable", "appreciate that", "appreciate it", "hundred percent", "sort of", "kind of",
	"should be able", "more than ever",
	"the one and only", "let us do", "possible", "book it",
	"mm hmm", "uh huh", "uhhuh", "mhm", "this is he", "this is she", "i think so", "sounds", "suits me", "suits us", "would suit me",
	"would suit us", "all for it", "will try",
	"make that work", "make it work", "lock it in", "put me in", "grab it", "lifesaver", "you got me", "found him", "found her",
	"reached him", "reached her",
	"i am him", "i am he", "i am the one", "i am the person", "could work", "might work", "keen", "would love", "by all means", "naturally", "totally", "obviously", "gladly",
	"you bet", "close enough", NULL };

static const struct signal_phrase signals[] = {
	{ SIGNAL_OPEN, opens }, { SIGNAL_YES, yes_against_no }, { SIGNAL_NO, no_phrases }, { SIGNAL_YES, yes_phrases }, { SIGNAL_YES_WEAK, yes_weak },
	{ SIGNAL_NO_WEAK, no_weak },
};

bool signal_ends_at(const struct words *w, size_t at)
{
	return at >= w->count || w->at[at].before;
}

/* "I have to check with my wife", "let me think": what comes of it is not known yet. "I need to see the doctor" is no such thing. */
size_t yes_no_puts_off(const struct words *w, size_t at)
{
	static const char *const leads[] = { "have to", "has to", "need to", "got to", "had better", "let me", NULL };
	static const char *const finds[] = { "check", "ask", "think", "look", "talk", "speak", "find", "discuss", "consult", "figure", "sleep on", NULL };
	static const char *const what[] = { "if", "what", "how", "whether", "when", "my", "our", "about", NULL };
	size_t len = words_any_at(w, at, leads), n = len;

	if (!len)
		return 0;
	n += word_in(w, at + n, LIST("first", "really", "just", "still"));
	if (words_any_at(w, at + n, finds))
		return n + 1;
	return word_is(w, at + n, "see") && (at + n + 1 == w->count || word_in(w, at + n + 1, what)) ? n + 1 : 0;
}

/* "What can I do": whoever asks has not answered. */
static bool is_inverted(const struct words *w, size_t at)
{
	return at > 1 && word_in(w, at - 1, LIST("can", "could", "do", "should", "shall", "would", "will", "must", "am", "is", "are")) &&
		word_in(w, at - 2, LIST("what", "where", "how", "when", "why", "who", "which"));
}

enum signal signal_at(const struct words *w, size_t at, size_t *len)
{
	static const char *const conditions[] = { "if", "when", "unless", "whether", "than", "what", "wish", "only", NULL }; /* "is there a fee if I do" */
	enum signal best = SIGNAL_NONE;
	size_t i, j, n;

	if ((*len = understand_greets_at(w, at)))
		return SIGNAL_NONE;
	*len = 1;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		for (j = 0; signals[i].phrases[j]; j++)
			if (words_at(w, at, signals[i].phrases[j], &n) && (best == SIGNAL_NONE || n > *len)) {
				best = signals[i].signal;
				*len = n;
			}
	for (j = 0; best == SIGNAL_NONE && !(at && word_in(w, at - 1, conditions)) && !is_inverted(w, at) && yes_ending[j]; j++)
		if (words_at(w, at, yes_ending[j], &n) && (at + n == w->count || w->at[at + n].before || (word_negates(w, at + n) && signal_ends_at(w, at + n + 1)))) {
			best = SIGNAL_YES_WEAK;
			*len = n;
		}
	if (best == SIGNAL_NONE && (n = yes_no_puts_off(w, at))) {
		best = SIGNAL_OPEN;
		*len = n;
	}
	if (best == SIGNAL_NONE && word_negates(w, at))
		best = SIGNAL_NO;
	return best;
}

bool yes_no_signal_at(const struct words *w, size_t at, size_t *len)
{
	return signal_at(w, at, len) != SIGNAL_NONE;
}

bool yes_no_open(const struct words *w)
{
	size_t at = 0;

	while (at < w->count && !yes_no_puts_off(w, at))
		at++;
	return (at < w->count || words_have(w, opens)) && !words_have(w, hedges);
}
