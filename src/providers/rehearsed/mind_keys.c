/* The caller spoke where a number was to be keyed in, and nobody heard what (voice/take.c). So he is asked whether he can key it in: a yes asks for the
 * number again, a no leaves the flow as a question does that stays unclear, and so do words that say neither, twice. Who speaks into the keys a third
 * time is not asked again.
 */
#include "providers/rehearsed/mind.h"

#include <string.h>

enum { SPOKEN_MAX = 2, KEYS_TRIES = 2 };

static const char tool[] = "take_keys", keypad[] = "[keypad]";

/* What the call itself tells of it: {"error": "spoke", "heard": false, …} */
static bool is_unheard(const char *text, size_t len)
{
	json_error_t error;
	json_t *result = json_loadb(text, len, 0, &error);
	bool unheard = json_is_false(json_object_get(result, "heard"));

	json_decref(result);
	return unheard;
}

static void leave(struct mind *m)
{
	mind_go(m, m->f->unclear >= 0 ? m->f->unclear : mind_step(m)->other, mind_no_rest);
}

void mind_say_keys(struct mind *m)
{
	m->question_at = m->reply.len + (m->reply.len != 0);
	mind_say_own(m, PHRASE_KEYS);
}

bool mind_keys_unheard(struct mind *m, const char *text, size_t len)
{
	if (strcmp(mind_step(m)->tool, tool) != 0 || (!m->f->english && !m->f->hindi) || !is_unheard(text, len))
		return false;
	if (m->visits[m->at]++ >= SPOKEN_MAX) {
		leave(m);
		return true;
	}
	m->tries = m->asides = m->cuts = 0;
	m->mood = MOOD_KEYS;
	mind_say_own(m, PHRASE_DEAF);
	mind_say_keys(m);
	return true;
}

/* Who begins to press is willing, and nobody was told what he pressed. */
static bool is_willing(const struct words *w, const char *text, size_t len, struct answer *a)
{
	if (memmem(text, len, keypad, sizeof(keypad) - 1)) {
		a->number = 1;
		return true;
	}
	return understand_yes_no(w, NULL, a) == UNDERSTOOD_VALUE;
}

void mind_judge_keys(struct mind *m, const struct words *w, const char *text, size_t len)
{
	struct answer a;

	if (is_willing(w, text, len, &a)) {
		m->note = REHEARD_VALUE;
		if (a.number)
			mind_go(m, m->at, mind_no_rest);
		else
			leave(m);
	} else if (!mind_take_aside(m, w)) {
		m->note = REHEARD_NOT;
		if (++m->tries >= KEYS_TRIES) {
			leave(m);
			return;
		}
		mind_say_own(m, PHRASE_SORRY);
		mind_say_keys(m);
	}
}
