/* Checks of what the caller said before the agent's question, and what he answered: the part of N5 that is about their order. Reads when he who
 * speaks said his words, and when the carrier's ear had the agent's; of the outputs only what became of the words. */
#include <string.h>

#include "base/num.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"

/* ---- N5: in order ------------------------------------------------------------------------------------------------------
 *
 * What is shown to the model stands in the order in which the two heard each other: N5, for a word that stands on the wrong side of a question was said,
 * and is not kept in order. Words that are counted as said before the agent's question were over when the ear began to have that question,
 * the last one that it had to its end (a voice's estimated word times: give or take 180 ms). And words that were over, and had reached us, before the ear had what
 * lies 700 ms before that question (400 ms that may be ahead of it, the way there and the estimate) are not counted as its answer, once the
 * outputs say that the question was heard whole; nor are the first words of a turn, when a pause longer than turn.spelled_ms stands behind them. Judged are
 * turns of which every word came in a final whose words are known to whoever said them.
 * Exercised by each turn that has such a question before or behind it. Exempt: faults of the recogniser, the line, the media or the voice within ten seconds,
 * late marks, questions of before another worker took over, and what judge_quiet_call says. */

#define AHEAD_SAMPLES (700 * 8)
#define LONG_PAUSE(j) ((uint64_t)((j)->scene->settings.turn_spelled_ms + 200) * 8)
#define ESTIMATE_US (180 * MS_US)
#define ORDER_FAULTS (FAULTS_STT | FAULTS_LINE | FAULTS_MEDIA | FAULTS_TTS)

/* An order to say something asks, too; the simulated model has one. */
static const char order[] = "Just tell me ";

static bool sentence_ends(char c)
{
	return c == '.' || c == '?' || c == '!';
}

/* From which byte on the last sentence stands, of the first `len` bytes. */
static size_t sentence_from(const char *text, size_t len)
{
	size_t i = len;

	while (i > 1 && !(sentence_ends(text[i - 2]) && text[i - 1] == ' '))
		i--;
	return i > 1 ? i : 0;
}

/* The sentence that begins at that byte; one that begins with the sound goes on from what the sound before left open. */
static struct judged_sentence sentence_at(const struct judge *j, uint32_t sound, size_t from)
{
	const struct spoken *s = &j->scene->talker.sounds[sound];
	struct judged_sentence at = { .used = true, .sound = sound };

	if (!from && j->sentence.used)
		return j->sentence;
	while (at.word + 1u < s->word_count && j->scene->talker.words[s->word + at.word].text_from < from)
		at.word++;
	return at;
}

void judge_order_heard(struct judge *j, uint32_t sound)
{
	const struct spoken *s = &j->scene->talker.sounds[sound];
	const char *text = talker_text(&j->scene->talker, s), *asks = memrchr(text, '?', s->text_len);
	const char *orders = memmem(text, s->text_len, order, sizeof(order) - 1);

	if (!s->word_count || judge_is_phrase(j, text, s->text_len))
		return;
	asks = orders && (!asks || asks < orders) ? orders + sizeof(order) - 1 : asks;
	if (asks) {
		j->question = sentence_at(j, sound, sentence_from(text, (size_t)(asks - text)));
		j->question_sound = sound;
	}
	j->sentence = sentence_at(j, sound, sentence_from(text, s->text_len));
	j->sentence.used = !sentence_ends(text[s->text_len - 1]);
}

/* When the ear began to have the word that lies so many samples before the question; 0: nothing was said there, or it is not known. */
static uint64_t before_question(const struct judge *j, uint32_t samples)
{
	const struct talker *t = &j->scene->talker;
	uint32_t sound = j->question.sound, end = t->words[t->sounds[sound].word + j->question.word].start, i;

	while (end < samples && sound > 0 && t->sounds[sound - 1].all_heard && t->sounds[sound - 1].turn == t->sounds[sound].turn)
		end += t->sounds[--sound].total;
	if (end < samples)
		return 0;
	for (i = t->sounds[sound].word_count; i > 0; i--)
		if (t->words[t->sounds[sound].word + i - 1].start + samples <= end)
			return talker_word_begun(t, sound, i - 1);
	return 0;
}

/* The outputs say that the question was heard to its end. */
static bool question_over(struct judge *j)
{
	const struct judged_utterance *u = judge_utterance(j, j->scene->talker.sounds[j->question_sound].utterance);

	return u && u->settled && !u->cut;
}

static void aside_check(struct judge *j, const struct call_output *o, uint64_t said_us)
{
	const struct talker *t = &j->scene->talker;
	uint64_t begun_us = talker_word_begun(t, j->question.sound, j->question.word), again_us = talker_word_again(t, j->question.sound, j->question.word);
	uint64_t asked_us = num_max(begun_us, again_us), off_us = t->sounds[j->question.sound].exact ? 0 : ESTIMATE_US;

	if (said_us > asked_us + off_us)
		judge_fail(j, N5, "\"%.*s\" was said %llu ms into the agent's question, and is counted as said before it", (int)num_min(o->text_len, 60),
			o->text, (unsigned long long)((said_us - asked_us) / MS_US));
}

static void answer_check(struct judge *j, const struct call_output *o, uint64_t came_us)
{
	uint64_t before_us = before_question(j, AHEAD_SAMPLES);

	if (question_over(j) && came_us < before_us)
		judge_fail(j, N5, "\"%.*s\" was said before the agent asked, %llu ms before what led to the question, and is counted as its answer",
			(int)num_min(o->text_len, 60), o->text, (unsigned long long)((before_us - came_us) / MS_US));
}

/* The clock of it is P10's (promises_turns.c): nobody speaks, and the agent goes on sooner than else. */
static void aside_alone(struct judge *j, const struct call_output *o)
{
	bool word = o->text_len && !memchr(o->text, ' ', o->text_len);

	j->aside_alone = o->index == TURN_ASIDE && word && j->scene->settings.barge_words > 1 && j->question.used;
}

void judge_order_output(struct judge *j, const struct call_output *o)
{
	j->aside_alone = j->aside_alone && o->type != OUT_ASK && o->type != OUT_SPEAK;
}

void judge_order_turn(struct judge *j, const struct call_output *o)
{
	const struct caller *c = &j->scene->caller;
	uint64_t to = judge_said_to(j, o->text, o->text_len), said_us = caller_time(c, to), first;

	aside_alone(j, o);
	if (!to || judge_quiet_call(j) || judge_faults(j, ORDER_FAULTS, 10 * S_US) || judge_late_marks(j, judge_now(j)))
		return;
	carrier_settle(&j->scene->carrier, judge_now(j));
	if (!j->question.used) {
		if (o->index == TURN_ASIDE && !j->attached_us)
			judge_fail(j, N5, "\"%.*s\" is counted as said before a question, and none was heard", (int)num_min(o->text_len, 60), o->text);
		return;
	}
	judge_exercise(j, N5);
	first = judge_said_long_before(j, o->text, o->text_len, LONG_PAUSE(j));
	if (o->index == TURN_ASIDE)
		aside_check(j, o, said_us);
	else
		answer_check(j, o, caller_time(c, first ? first : to) + c->latency_us + 40 * MS_US);
}
