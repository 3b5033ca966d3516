/* A secret number by keypad: a card's, a PIN. The core learns that keys are pressed, never which (KEY_HIDDEN).
 *
 *   ┌──────┐   a   ┌──────┐   b   ┌───────┐   c   ┌─────────┐
 *   │ NONE │ ────► │ OPEN │ ────► │ TAKEN │ ────► │ settled │
 *   └──────┘       └──────┘       └───────┘       └─────────┘
 *                      └──────────── d ───────────────▲
 *
 *   a  the agent's tool is asked for           tool_run (tools_commit.c): take_begin; the tool waits
 *   b  a # · the most digits · the time of a   take_key, take_due: taken: tools_taken
 *      key is over and there are enough
 *   c  who holds the digits has judged them    tools_result (tools.c)
 *   d  too few · the time is over · the caller take_key, take_due · take_voice · dialogue_turn (dialogue.c): all take_stop
 *      speaks · words of before are a turn
 *
 * While it is open nobody listens: voice does not interrupt, is no turn, and ends the entry when it is as long as a word and a second of silence comes
 * behind it, or when it goes on for too long. Who presses nothing is asked for the keys once more (take_due). The first key cuts what the agent says, a *
 * begins anew. Another worker knows none of the digits, so with it the entry begins anew as well.
 *
 * Behind an entry that failed many a caller keys in his number all the same. Until he says something, or a number is taken again, nobody is told
 * those keys either, and for a moment behind each nobody listens: take_shut_key.
 */
#include "voice/call_state.h"

#include <string.h>

#include "base/json_scan.h"
#include "voice/take.h"

enum {
	PAUSE_US = 1000000,
	ECHO_US = 400000 /* the agent's last word comes back from the caller's loudspeaker for so long */
};

#define SPOKE "{\"error\":\"spoke\",\"heard\":false,\"message\":\"The caller spoke instead of pressing keys. Nobody heard what: tell him so, and that he can key it in now or say " \
	"what is the matter. Ask for keys again when he wants to press them; any that he presses before are hidden.\"}"

static const struct {
	const char *name;
	uint8_t least, most;
} usual[TAKE_WHATS] = {
	[TAKE_CARD] = { "card", 12, 19 }, [TAKE_EXPIRY] = { "expiry", 4, 4 }, [TAKE_CVV] = { "cvv", 3, 4 }, [TAKE_PIN] = { "pin", 4, 8 },
	[TAKE_DIGITS] = { "digits", 1, TAKE_DIGITS_MAX },
};

/* ------------------------------------------------------------------ what is wished for */

static enum take_what what_find(const char *name, size_t len)
{
	unsigned int i = 0;

	while (i < TAKE_WHATS && (strlen(usual[i].name) != len || memcmp(usual[i].name, name, len) != 0))
		i++;
	return (enum take_what)i;
}

/* True: a member that says how many digits, and does. */
static bool count_read(const struct json_item *item, uint8_t *count)
{
	uint64_t number = 0;

	if (!json_item_number(item, &number) || !number || number > TAKE_DIGITS_MAX)
		return false;
	*count = (uint8_t)number;
	return true;
}

bool take_wish_read(struct take_wish *w, const char *args, size_t len)
{
	struct json_scan scan;
	struct json_item item;
	uint8_t least = 0, most = 0;
	bool fine = true;

	*w = (struct take_wish){ .what = TAKE_WHATS };
	json_scan_init(&scan, args, len);
	while (json_scan_next(&scan, &item) != JSON_SCAN_END) {
		if (item.depth != 1 || item.kind == JSON_SCAN_CLOSE)
			continue;
		if (json_item_is(&item, "what") && item.kind == JSON_SCAN_STRING)
			w->what = what_find(item.text, item.len);
		else if (json_item_is(&item, "least"))
			fine = fine && count_read(&item, &least);
		else if (json_item_is(&item, "most"))
			fine = fine && count_read(&item, &most);
	}
	if (scan.err || !fine || w->what == TAKE_WHATS)
		return false;
	w->least = least ? least : most && most < usual[w->what].least ? most : usual[w->what].least;
	w->most = most ? most : least > usual[w->what].most ? least : usual[w->what].most;
	return w->least <= w->most;
}

/* ------------------------------------------------------------------ the entry */

const char *take_begin(struct call *call, struct text args)
{
	struct take *k = &call->take;
	struct take_wish wish;

	if (call->settings.call_rules < 4)
		return "no keys can be taken in this call";
	if (k->open)
		return "another number is being keyed in: wait for its result";
	if (!take_wish_read(&wish, call_text(call, args), args.len))
		return "what is card, expiry, cvv, pin or digits; least and most are 1 to 32";
	*k = (struct take){ .open = true, .entries = k->entries + 1, .least = wish.least, .most = wish.most, .since_us = call->now_us, .keys_turn = k->keys_turn };
	k->due_us = call->now_us + (uint64_t)call->settings.take_total_ms * 1000;
	call->quiet.key_count = 0;
	call->ear.voiced = false;
	call->ear.burst = false;
	call->ear.unworded = false;
	endpoint_update(call);
	take_advance(call);
	return NULL;
}

bool call_takes(const struct call *call)
{
	return call->take.open && !call->quiet.ended;
}

bool call_hides(const struct call *call)
{
	return (call->take.open || call->take.shut) && !call->quiet.ended;
}

bool take_hears(const struct call *call)
{
	return call->take.open || call->now_us < call->take.deaf_us;
}

void take_close(struct call *call)
{
	struct take *k = &call->take;

	if (!k->open)
		return;
	k->open = false;
	k->shut = true;
	k->deaf_us = call->now_us + TAKE_TAIL_MS * 1000;
	timer_stop(call, TIMER_KEYS);
}

void take_stop(struct call *call, const char *why)
{
	if (call->take.open)
		tools_untaken(call, why);
}

static void taken(struct call *call)
{
	struct take *k = &call->take;

	if (k->count < k->least) {
		take_stop(call, k->count ? "{\"error\":\"too_few\",\"message\":\"The caller pressed too few keys.\"}" :
			"{\"error\":\"no_keys\",\"message\":\"The caller pressed no keys in time.\"}");
		return;
	}
	call_note(call, NOTE_KEYS, k->entries, k->count);
	tools_taken(call);
	k->shut = false;
}

void take_key(struct call *call, uint64_t digit)
{
	struct take *k = &call->take;
	bool is_digit = digit == KEY_HIDDEN || (digit >= '0' && digit <= '9');

	if (!is_digit && digit != '*' && (digit != '#' || !k->count))
		return;
	if (!speech_idle(call) && !speech_whole(call))
		speech_drop(call);
	k->count = (uint8_t)(digit == '*' ? 0 : k->count + is_digit);
	k->since_us = call->now_us;
	k->voice_us = 0;
	if (digit == '#' || k->count == k->most)
		taken(call);
}

void take_shut_key(struct call *call)
{
	call->take.deaf_us = call->now_us + TAKE_SHUT_MS * 1000;
}

void take_words(struct call *call)
{
	call->take.shut = false;
}

/* ------------------------------------------------------------------ the caller speaks instead */

/* The tone of a key sounds on behind its message. */
static bool is_tone(const struct call *call)
{
	return call->take.count && call->now_us - call->take.since_us < TAKE_TAIL_MS * 1000;
}

static void voice_add(struct call *call)
{
	struct take *k = &call->take;

	if (is_tone(call))
		return;
	k->voice_us = (call->now_us - k->voice_at_us > PAUSE_US ? 0 : k->voice_us) + CHUNK_US;
	k->voice_at_us = call->now_us;
	if (k->voice_us >= (uint64_t)call->settings.take_voice_ms * 1000)
		take_stop(call, SPOKE);
}

/* He has been silent for a second. What was said over the agent's words and no longer is none: it may be those, come back. */
static void voice_over(struct call *call)
{
	struct take *k = &call->take;
	bool words = k->voice_us >= (uint64_t)call->settings.take_word_ms * 1000 && speech_idle(call) && k->voice_at_us >= k->since_us + ECHO_US;

	k->voice_us = 0;
	if (words)
		take_stop(call, SPOKE);
}

/* The place in the line moves on as ever; the tone of a key is voice as well, and no more than a part of a second of it. */
void take_voice(struct call *call, uint64_t level, uint64_t position)
{
	struct take *k = &call->take;
	struct ear *ear = &call->ear;

	if (position + VOICE_CHUNK_SAMPLES <= ear->end_sample)
		return;
	ear->last_chunk_us = call->now_us;
	ear->end_sample = position + VOICE_CHUNK_SAMPLES;
	if (!k->open)
		return;
	if (level >= (uint64_t)call->settings.vad_on)
		voice_add(call);
	else if (call->now_us - k->voice_at_us >= PAUSE_US)
		voice_over(call);
}

/* ------------------------------------------------------------------ waiting for keys */

static bool reminds(const struct call *call)
{
	const struct take *k = &call->take;

	return !k->count && !k->reminded && call->brief.keys.count && call->settings.take_remind_ms < call->settings.take_key_ms;
}

static int64_t wait_ms(const struct call *call)
{
	const struct call_settings *s = &call->settings;

	if (call->take.count)
		return s->take_gap_ms;
	if (reminds(call))
		return s->take_remind_ms;
	return call->take.reminded ? s->take_key_ms - s->take_remind_ms : s->take_key_ms;
}

/* Nobody is spoken to, and no entry is over, while he speaks himself: voice_over judges that first. */
static uint64_t voice_end(const struct take *k)
{
	return k->voice_us ? k->voice_at_us + PAUSE_US + 2 * CHUNK_US : 0;
}

void take_advance(struct call *call)
{
	struct take *k = &call->take;

	if (!call_takes(call))
		return;
	if (!speech_idle(call))
		k->since_us = call->now_us;
	timer_set(call, TIMER_KEYS, num_min(k->due_us, num_max(k->since_us + (uint64_t)wait_ms(call) * 1000, voice_end(k))));
}

void take_due(struct call *call)
{
	struct take *k = &call->take;

	if (!speech_idle(call) && call->now_us < k->due_us)
		return;
	if (!reminds(call) || call->now_us >= k->due_us) {
		taken(call);
		return;
	}
	k->reminded = true;
	speech_phrase(call, SAY_FILLER, &call->brief.keys, &k->keys_turn);
}

/* What was keyed in so far is gone with the worker; the rest of it must not be taken for something else. */
void take_attached(struct call *call)
{
	call->take.count = 0;
	call->take.voice_us = 0;
	call->take.since_us = call->now_us;
	take_advance(call);
}
