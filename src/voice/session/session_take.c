/* Secret numbers that the caller keys in (voice/take.c): while the core takes one, nobody listens, and the digits are here alone, in this memory, until
 * the call ends or leaves this worker. What is told of a key is that one was pressed; what is told of a number is a placeholder (redact.h: keyed) and of
 * a card its last four. A tool is given the digits in the moment it is asked for, and a CVV or a PIN is forgotten with that. */
#include "voice/session/session_state.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

enum {
	TAIL_SAMPLES = TAKE_TAIL_MS * (CALL_RATE_HZ / 1000),
	SHUT_SAMPLES = TAKE_SHUT_MS * (CALL_RATE_HZ / 1000),
	RESULT_BYTES_MAX = 512
};

/* ------------------------------------------------------------------ keys */

static void entry_reset(struct session_take *k)
{
	sodium_memzero(k->keys, sizeof(k->keys));
	k->key_count = 0;
}

/* An input that waits was hidden when it came, or is when it is stepped: whatever opened the entry was stepped before it. */
void session_key_hide(struct session *s)
{
	struct session_take *k = &s->take;
	uint64_t key = s->in.number;

	if (s->in.type != IN_DIGIT || !call_hides(s->call) || key == KEY_HIDDEN)
		return;
	if (key == '*')
		entry_reset(k);
	if (key < '0' || key > '9')
		return;
	if (!call_takes(s->call))
		k->deaf_to = s->position + SHUT_SAMPLES;
	else if (k->key_count < sizeof(k->keys))
		k->keys[k->key_count++] = (char)key;
	s->in.number = KEY_HIDDEN;
}

/* ------------------------------------------------------------------ who listens */

void session_take_look(struct session *s)
{
	struct session_take *k = &s->take;
	bool open = call_takes(s->call);

	if (open && !k->open)
		entry_reset(k);
	if (!open && k->open)
		k->deaf_to = s->position + TAIL_SAMPLES;
	k->open = open;
}

bool session_take_mutes(const struct session *s)
{
	return s->take.open || s->position < s->take.deaf_to;
}

/* ------------------------------------------------------------------ numbers */

static enum redact_type type_of(enum take_what what)
{
	static const enum redact_type types[TAKE_WHATS] = { [TAKE_CARD] = REDACT_CARD, [TAKE_EXPIRY] = REDACT_CARD_EXPIRY, [TAKE_CVV] = REDACT_CVV,
		[TAKE_PIN] = REDACT_PIN, [TAKE_DIGITS] = REDACT_NUMBER };

	return types[what];
}

/* The oldest makes room. */
static struct taken *taken_add(struct session_take *k)
{
	struct taken *t = &k->taken[k->taken_at++ % TAKEN_MAX];

	sodium_memzero(t, sizeof(*t));
	return t;
}

static bool month_fine(const char *digits)
{
	unsigned int month = (unsigned int)(digits[0] - '0') * 10 + (unsigned int)(digits[1] - '0');

	return month >= 1 && month <= 12;
}

static bool number_fine(enum take_what what, const char *digits, size_t count)
{
	if (what == TAKE_CARD)
		return redact_keyed_card(digits, count);
	return what != TAKE_EXPIRY || (count == 4 && month_fine(digits));
}

/* The digits as a tool gets them: of an expiry as everywhere ("08/29"). */
static void value_set(struct taken *t, enum take_what what, const char *digits, size_t count)
{
	if (what == TAKE_EXPIRY && count == 4)
		snprintf(t->value, sizeof(t->value), "%.2s/%.2s", digits, digits + 2);
	else
		snprintf(t->value, sizeof(t->value), "%.*s", (int)count, digits);
	t->is_once = what == TAKE_CVV || what == TAKE_PIN;
}

static void result_write(struct buf *b, const struct taken *t, const struct take_wish *wish, const char *digits, size_t count)
{
	json_open(b, '{');
	json_pair_bool(b, "taken", true);
	json_pair_u64(b, "digits", count);
	json_pair_bool(b, "valid", number_fine(wish->what, digits, count));
	json_pair_string(b, "value", t->name);
	if (wish->what == TAKE_CARD) {
		json_put_key(b, "last4");
		json_put_text(b, digits + count - 4, 4);
	}
	json_close(b, '}');
}

void session_take(struct session *s, const struct call_output *out)
{
	static const char lost[] = "{\"error\":\"lost\",\"message\":\"The line broke, and the keys are lost. Ask for the number again.\"}";
	struct session_take *k = &s->take;
	struct take_wish wish;
	struct taken *t;
	struct buf b;

	if (!out->position || out->position > k->key_count || !take_wish_read(&wish, out->text, out->text_len) ||
		(wish.what == TAKE_CARD && out->position < 4)) {
		entry_reset(k);
		session_tool_answer(s, out, TOOL_ERROR, lost, sizeof(lost) - 1);
		return;
	}
	t = taken_add(k);
	redact_keyed_name(type_of(wish.what), out->gen, t->name);
	value_set(t, wish.what, k->keys, (size_t)out->position);
	buf_init(&b, RESULT_BYTES_MAX);
	result_write(&b, t, &wish, k->keys, (size_t)out->position);
	entry_reset(k);
	session_tool_answer(s, out, b.err ? TOOL_ERROR : TOOL_OK, b.err ? lost : buf_str(&b), b.err ? sizeof(lost) - 1 : b.len);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ tools */

size_t session_take_lend(const struct session *s, const char *args, size_t len, struct tool_secret secrets[TAKEN_MAX])
{
	size_t count = 0, i;

	for (i = 0; i < TAKEN_MAX; i++) {
		const struct taken *t = &s->take.taken[i];

		if (*t->value && memmem(args, len, t->name, strlen(t->name)))
			secrets[count++] = (struct tool_secret){ t->name, t->value };
	}
	return count;
}

void session_take_used(struct session *s, const struct tool_secret *secrets, size_t count)
{
	size_t i, j;

	for (i = 0; i < TAKEN_MAX; i++)
		for (j = 0; j < count; j++)
			if (s->take.taken[i].is_once && secrets[j].name == s->take.taken[i].name)
				sodium_memzero(&s->take.taken[i], sizeof(s->take.taken[i]));
}

void session_take_fini(struct session *s)
{
	sodium_memzero(&s->take, sizeof(s->take));
}
