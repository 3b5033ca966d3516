#include "voice/answers.h"

#include "voice/words.h"

enum { PICKED_UP_WORDS = 8 };

static const char *const offers[] = { "would you like", "do you want", "do you wish", "shall i", "should i", "can i take", "may i take", "could i take",
	"can i give", "want me to", NULL };

static const char *const screens[] = { "say your name", "state your name", "record your name", "give your name", "your name and why", "your name and the reason",
	"name and reason", "reason for calling", "reason for your call", "reason you are calling", "reason you're calling", "why you are calling",
	"why you're calling", "who is calling and why", "who's calling and why", "screening service", "call screening", "screening this call", "अपना नाम बताएं",
	"अपना नाम बताइए", "अपना नाम और", "apna naam bataiye", NULL };

static const char *const holds[] = { "hold on", "please hold", "hold the line", "stay on the line", "remain on the line", "please wait", "one moment",
	"just a moment", "trying to reach", "try to connect", "connecting you", "connect you", "see if this person", "see if they", "thank you", "thanks",
	"लाइन पर बने रहें", "प्रतीक्षा करें", "रुकिए", "धन्यवाद", NULL };

static const char *const picks_up[] = { "hello", "hallo", "hi", "hey", "yes", "yeah", "i'm here", "i am here", "i'm back", "speaking", "it's me", "namaste",
	"haan", "hanji", "haan ji", "ji", "bolo", "boliye", "हैलो", "हेलो", "हलो", "हाँ", "हां", "जी", "बोलिए", "बोलो", "नमस्ते", NULL };

static const char *const asks[] = { "who is this", "who's this", "who is it", "who is calling", "who's calling", "who are you", "who am i speaking",
	"how can i help", "how may i help", "how can we help", "how may we help", "what can i do for you", "can i help you", "may i help you",
	"what do you want", "what is this about", "what's this about", "kaun", "kahiye", "bataiye", "कौन", "कहिए", "बताइए", "क्या काम", NULL };

static bool any(const char *const *phrases, const char *text, size_t len)
{
	while (*phrases && !words_has(*phrases, text, len))
		phrases++;
	return *phrases;
}

static bool machine(const struct brief *brief, const char *text, size_t len)
{
	unsigned int i = 0;

	while (i < brief->machine_count && !words_has(brief->machines[i], text, len))
		i++;
	return i < brief->machine_count && !any(offers, text, len);
}

unsigned int answer_sounds(const struct brief *brief, const char *text, size_t len)
{
	unsigned int sounds = 0;

	if (any(screens, text, len))
		sounds |= ANSWER_SCREEN;
	else if (machine(brief, text, len))
		sounds |= ANSWER_MACHINE;
	if (any(holds, text, len))
		sounds |= ANSWER_HOLD;
	if (any(asks, text, len))
		sounds |= ANSWER_ASKS;
	if (!sounds && words_count(text, len) <= PICKED_UP_WORDS && any(picks_up, text, len))
		sounds |= ANSWER_PERSON;
	return sounds;
}
