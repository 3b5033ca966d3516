/* The grammar is data: what may stand before an answer, what is one, and what may stand behind a yes, a no, or either. Read from the first word to the
 * last, at each place the longest phrase that is allowed there; where none is, the answer is open.
 *
 * Phrases are in small letters, their words parted by one blank, apostrophes as one writes them. What may as well be the middle of a sentence is in no
 * list: "I have", "I can", "it's not", "never", "bas". An echo of the question's verb is in one where speech would make it shorter if more came: "I am",
 * "it is". What takes an answer back ("sorry", "that's wrong") is in none either: what is right comes behind it.
 */
#include "voice/yesno.h"

#include <ctype.h>
#include <string.h>

static const char *const leads[] = { "oh", "well", "um", "uh", "ah", "er", "hm", "hmm", "achha", "accha", "अच्छा", NULL };

static const char *const yes[] = { "yes", "yeah", "yep", "yup", "sure", "sure thing", "for sure", "okay", "ok", "alright", "all right", "right", "correct",
	"exactly", "absolutely", "definitely", "certainly", "of course", "that's right", "that is right", "that's correct", "that is correct", "haan",
	"haanji", "hanji", "han", "ji", "bilkul", "sahi", "sahi hai", "theek hai", "thik hai", "zaroor", "हाँ", "हां", "हा", "जी", "बिल्कुल", "बिलकुल",
	"सही", "सही है", "ठीक है", "ज़रूर", "जरूर", "यस", "ओके", NULL };

static const char *const no[] = { "no", "nope", "nah", "not really", "not at all", "not yet", "not now", "not today", "of course not", "absolutely not",
	"definitely not", "certainly not", "nothing else", "nahi", "nahin", "ji nahi", "ji nahin", "bilkul nahi", "bilkul nahin", "abhi nahi",
	"abhi nahin", "aur kuch nahi", "aur kuch nahin", "नहीं", "नही", "जी नहीं", "जी नही", "बिल्कुल नहीं", "बिलकुल नहीं", "अभी नहीं", "और कुछ नहीं",
	"नो", NULL };

static const char *const behind_yes[] = { "please do", "please go ahead", "go ahead", "do that", "please do that", "let's do that", "let's do it", "i am",
	"i do", "i did", "we are", "we do", "we did", "he is", "she is", "they are", "it does", "it did", "that works", "that works for me",
	"works for me", "that would be great", "that would be good", "that would be fine", "that would be nice", "that would be lovely",
	"that would be perfect", "that'd be great", "that will do", "that'll do", "that will be fine", "that'll be fine", "that's fine with me",
	"fine with me", "sounds good", "sounds great", "sounds fine", "that sounds good", "that sounds great", "that sounds fine", "i would like that",
	"i'd like that", "why not", "speaking", "this is he", "this is she", "this is me", "that's me", "that is me", "it's me", "i think so",
	"i believe so", "i hope so", "i'm sure", "i am sure", "very much", "very much so", "indeed", "kar dijiye", "kar do", "bol raha hoon",
	"bol rahi hoon", "main bol raha hoon", "main bol rahi hoon", "main hi hoon", "main hi bol raha hoon", "main hi bol rahi hoon", "कर दीजिए", "कर दो",
	"बोल रहा हूँ", "बोल रहा हूं", "बोल रही हूँ", "बोल रही हूं", "मैं बोल रहा हूँ", "मैं बोल रहा हूं", "मैं बोल रही हूँ", "मैं बोल रही हूं",
	"मैं ही हूँ", "मैं ही हूं", NULL };

static const char *const behind_no[] = { "okay", "ok", "not this time", "not any more", "not anymore", "not for now", "nothing more", "i don't think so",
	"i do not think so", "i'm afraid not", "i'm all set", "i am all set", "i'm done", "i am done", "no need for that", "not necessary",
	"that's not necessary", "that is not necessary", "that won't be necessary", "don't worry", "kuch nahi", "kuch nahin", "zaroorat nahi",
	"zaroorat nahin", "zaroorat nahi hai", "zaroorat nahin hai", "koi zaroorat nahi", "koi zaroorat nahin", "koi baat nahi", "koi baat nahin",
	"rehne dijiye", "कुछ नहीं", "ज़रूरत नहीं", "जरूरत नहीं", "ज़रूरत नहीं है", "जरूरत नहीं है", "कोई बात नहीं", "रहने दीजिए", NULL };

static const char *const behind_either[] = { "please", "thanks", "thanks a lot", "thank you", "thank you very much", "thank you so much",
	"thanks very much", "thanks so much", "sir", "madam", "ma'am", "bye", "bye bye", "goodbye", "it is", "it's fine", "it is fine", "it's okay",
	"it is okay", "it's all right", "fine", "great", "perfect", "all good", "no problem", "that's all", "that is all", "that was all",
	"that's all for now", "that is all for now", "that will be all", "that'll be all", "that's it", "that is it", "that's fine", "that is fine",
	"that's okay", "that is okay", "that's ok", "that's all right", "that's alright", "that's good", "that is good", "that's great", "that's perfect",
	"i'm fine", "i am fine", "i'm good", "i am good", "i'm okay", "i am okay", "we're fine", "we are fine", "we're good", "we are good", "dhanyavaad",
	"dhanyavad", "dhanyawad", "shukriya", "theek hai", "thik hai", "bas itna hi", "itna hi", "main theek hoon", "जी", "ji", "ठीक है", "धन्यवाद",
	"शुक्रिया", "बस इतना ही", "इतना ही", "मैं ठीक हूँ", "मैं ठीक हूं", "थैंक यू", "थैंक्यू", "सर", "मैडम", "मैम", "प्लीज़", "प्लीज", NULL };

/* ------------------------------------------------------------------ marks */

static bool begins(const char *at, const char *end, const char *mark)
{
	return (size_t)(end - at) >= strlen(mark) && !memcmp(at, mark, strlen(mark));
}

/* Bytes of what parts two words here; 0: nothing does, or the text is over. What stands in addresses and numbers parts none. */
static size_t parting(const char *at, const char *end)
{
	static const char danda[] = "\xe0\xa5\xa4";

	if (at == end)
		return 0;
	if (begins(at, end, danda))
		return sizeof(danda) - 1;
	return *at && strchr(" \t\r\n.,;:!?\"", *at) ? 1 : 0;
}

static const char *partings_skip(const char *at, const char *end)
{
	size_t n;

	while ((n = parting(at, end)))
		at += n;
	return at;
}

/* Recognisers write "that's" in three ways. */
static const char *apostrophes_skip(const char *at, const char *end)
{
	static const char curved[] = "\xe2\x80\x99";

	for (;;) {
		if (at < end && *at == '\'')
			at++;
		else if (begins(at, end, curved))
			at += sizeof(curved) - 1;
		else
			return at;
	}
}

/* ------------------------------------------------------------------ phrases */

/* Behind the phrase when the text begins with it, as whole words; NULL when it does not. */
static const char *phrase_end(const char *phrase, const char *at, const char *end)
{
	for (;;) {
		phrase += *phrase == '\'';
		at = apostrophes_skip(at, end);
		if (!*phrase)
			return at == end || parting(at, end) ? at : NULL;
		if (*phrase == ' ' && !parting(at, end))
			return NULL;
		if (*phrase != ' ' && (at == end || tolower((unsigned char)*at) != (unsigned char)*phrase))
			return NULL;
		at = *phrase == ' ' ? partings_skip(at, end) : at + 1;
		phrase++;
	}
}

/* Behind the longest of the list, or `best`, whichever is further. */
static const char *list_end(const char *const *list, const char *at, const char *end, const char *best)
{
	for (; *list; list++) {
		const char *to = phrase_end(*list, at, end);

		best = to && (!best || to > best) ? to : best;
	}
	return best;
}

static const char *leads_skip(const char *at, const char *end)
{
	const char *to;

	while ((to = list_end(leads, at, end, NULL)))
		at = partings_skip(to, end);
	return at;
}

/* Nothing but this behind what was said. */
static bool rest_is(const char *const *same, const char *const *behind, const char *at, const char *end)
{
	while (at && (at = partings_skip(at, end)) < end)
		at = list_end(behind_either, at, end, list_end(behind, at, end, list_end(same, at, end, NULL)));
	return at;
}

bool yesno_whole(const char *text, size_t len)
{
	const char *at = len ? text : "", *end = at + len, *to_yes, *to_no;

	while (end > at && isspace((unsigned char)end[-1]))
		end--;
	if (end == at || strchr(",;:", end[-1]))
		return false;
	at = leads_skip(partings_skip(at, end), end);
	to_yes = list_end(yes, at, end, NULL);
	to_no = list_end(no, at, end, NULL);
	if (to_no && (!to_yes || to_no > to_yes)) /* "bilkul nahi", "of course not" */
		return rest_is(no, behind_no, to_no, end);
	return to_yes && rest_is(yes, behind_yes, to_yes, end);
}
