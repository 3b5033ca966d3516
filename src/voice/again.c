/* What the agent was saying when a voice without words took the floor: behind "I did not catch that" it is said again from the beginning of the sentence
 * that was cut, and what stood behind it, by nobody's asking: the words are known. Were they his last, the call ends behind them as it would have.
 *
 *   floor_yield (floor.c): again_keep ──► dialogue.again ──dialogue_unbreak (dialogue.c): again_say──► an answer that is whole already (GEN_DONE)
 *                                             ├── a late mark, by which more of it was heard (utterance.c): again_heard
 *                                             ├── words, a key, any other answer: dialogue_ask (dialogue.c): again_forget
 *                                             └── last words that were heard whole: noise_due (endpoint.c): the call ends, and nothing is said
 *
 * The history keeps what was heard, and gets the words that are said again as others. Of an answer that was still being written the model is asked for the
 * rest (again_more). Of an end the reason is kept (again_end), and the call is not ending until the words are queued, so that the caller's are answered;
 * a voice that goes on without any has call.end_ms (floor_yield sets TIMER_END). The goodbye to who was not heard is taken back instead, once (quiet_relent).
 */
#include "voice/pieces.h"
#include "voice/utterance.h"

enum { AGAIN_MAX = 8 * 1024 /* as nobody talks in one go; beyond it the model is asked to go on */ };

static bool is_kept(const struct call *call, const struct utterance *u)
{
	return u->kind == SAY_ANSWER || u->kind == SAY_GREETING || (u->kind == SAY_GOODBYE && call->quiet.ending);
}

/* Behind the words there are. */
static void words_add(struct buf *b, const char *text, size_t len)
{
	if (b->len && len)
		buf_text(b, " ");
	buf_append(b, text, len);
}

/* The sentence began in utterances before this one: the first item that has words of it, and where. */
static uint32_t sentence_item(const struct call *call, uint32_t item, size_t *from)
{
	const struct item *items = call->dialogue.items;
	bool over = false;

	*from = 0;
	while (item > 0 && !*from && items[item - 1].type == BLOCK_AGENT && !(items[item - 1].flags & ITEM_FILLER) && items[item - 1].text.len) {
		size_t start = words_sentence(call_text(call, items[item - 1].text), items[item - 1].text.len, &over);

		if (over)
			break;
		*from = start;
		item--;
	}
	return item;
}

/* The one that is cut, from the beginning of the sentence that its first unheard word belongs to. */
static void cut_add(struct call *call, struct buf *b, const struct utterance *u)
{
	const char *text = call_text(call, u->text);
	uint32_t heard = utterance_heard_bytes(call, u), item = u->item;
	bool over = false;
	size_t from = words_sentence(text, heard, &over), at = 0;

	if (utterance_skip_space(call, u->text, heard) == u->text.len)
		return; /* all of it was heard */
	from = over ? utterance_skip_space(call, u->text, heard) : from;
	if (!from)
		item = sentence_item(call, u->item, &at);
	for (; item < u->item; item++, at = 0)
		words_add(b, call_text(call, call->dialogue.items[item].text) + at, call->dialogue.items[item].text.len - at);
	words_add(b, text + from, u->text.len - from);
}

void again_keep(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	const struct gen *g = &d->gen;
	struct buf *b = &call->scratch;
	struct utterance *u;
	unsigned int i;
	uint32_t rest = 0, by = 0;
	bool first = true;

	if (call->settings.call_rules < 4)
		return;
	again_forget(call);
	buf_reset(b);
	for (i = 0; (u = queue_at(call, i)); i++) {
		if (!is_kept(call, u) || (g->ahead && u->gen == g->id))
			continue;
		if (first) {
			cut_add(call, b, u);
			rest = (uint32_t)b->len;
			by = u->id;
		} else {
			words_add(b, call_text(call, u->text), u->text.len);
		}
		first = false;
	}
	if (g->state != GEN_NONE && !g->ahead)
		words_add(b, (const char *)g->answer.data + g->cut, g->answer.len - g->cut);
	if (b->err || b->len > AGAIN_MAX)
		return;
	d->again_end = call->quiet.ending ? call->quiet.reason : END_CALLER;
	if (first)
		return;
	d->again = call_keep(call, b->data, b->len);
	d->again_by = by;
	d->again_rest = rest;
	d->again_more = g->state != GEN_NONE && !g->ahead && (g->state != GEN_DONE || g->tool_count);
}

/* More of the utterance that was cut was heard than was known then; when it was all there is, nothing was broken off. */
void again_heard(struct call *call, const struct utterance *u)
{
	struct dialogue *d = &call->dialogue;
	struct text old = d->again;
	struct buf *b = &call->scratch;
	uint32_t rest = num_min32(d->again_rest, old.len);

	if (!old.len || d->again_by != u->id)
		return;
	buf_reset(b);
	cut_add(call, b, u);
	d->again_rest = (uint32_t)b->len;
	rest = utterance_skip_space(call, old, rest);
	words_add(b, call_text(call, old) + rest, old.len - rest);
	if (b->err)
		return;
	d->again = b->len ? call_keep(call, b->data, b->len) : (struct text){ 0, 0 };
	if (!b->len && !d->again_more && !d->again_end)
		call->quiet.broken = false;
}

void again_forget(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	d->again = (struct text){ 0, 0 };
	d->again_more = false;
	d->again_by = d->again_rest = 0;
	d->again_end = END_CALLER;
}

bool again_ends(const struct call *call)
{
	return call->quiet.broken && call->dialogue.again_end;
}

bool again_parted(const struct call *call)
{
	return again_ends(call) && !call->dialogue.again.len && !history_unseen(call);
}

/* Whole sentences: it is no first answer, which would begin with less. */
bool again_say(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	struct gen *g = &d->gen;
	enum end_reason ends = d->again_end;
	bool more = d->again_more;

	if (!d->again.len || g->state != GEN_NONE)
		return false;
	buf_reset(&g->answer);
	buf_append(&g->answer, call_text(call, d->again), d->again.len);
	g->state = GEN_DONE;
	g->turn = d->turn;
	g->spoke = true;
	again_forget(call);
	d->need_answer = d->go_on = more;
	dialogue_advance(call);
	if (ends)
		quiet_end(call, ends, false, false);
	return true;
}
