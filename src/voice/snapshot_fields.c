/* What a snapshot holds of a call: one line a field, numbered for ever.
 *
 * Every field of call_state.h that is not scratch. Buffers and lists are no columns: snapshot.c saves each of them, snapshot_load.c loads it. Whoever
 * adds a field to the state gives it a number that neither its table here nor snapshot.h has yet.
 */
#include "voice/snapshot.h"

#define COLUMN(number_, type, name) { number_, sizeof(((struct type *)0)->name), offsetof(struct type, name), 0 }
#define BELOW(number_, type, name, limit) { number_, sizeof(((struct type *)0)->name), offsetof(struct type, name), (limit) - 1 }
#define TEXT(number_, type, name) { number_, 0, offsetof(struct type, name), 0 }
#define TEXT_SELDOM(number_, type, name) { number_, 0, offsetof(struct type, name), 1 } /* left out when it is empty */

const struct column call_columns[] = {
	COLUMN(1, call, now_us), COLUMN(2, call, wake_us), BELOW(3, call, measured, 2), BELOW(4, call, texts.kept, TEXTS_CEILING + 1),
	{ 0 },
};

const struct column ear_columns[] = {
	BELOW(1, ear, voiced, 2), BELOW(2, ear, burst, 2), BELOW(3, ear, over_agent, 2), BELOW(4, ear, unworded, 2), COLUMN(5, ear, burst_us),
	COLUMN(6, ear, burst_sample), COLUMN(7, ear, voice_us), COLUMN(8, ear, last_voice_us), COLUMN(9, ear, last_voice_sample),
	COLUMN(10, ear, last_chunk_us), COLUMN(11, ear, end_sample), COLUMN(12, ear, counts_us), { 0 },
};

const struct column listen_columns[] = {
	COLUMN(1, listen, stream), COLUMN(2, listen, retries), BELOW(3, listen, down, 2), BELOW(4, listen, endpoint, 2),
	BELOW(5, listen, finalizing, 2), COLUMN(6, listen, text_us), COLUMN(7, listen, final_us), COLUMN(8, listen, final_sample),
	COLUMN(9, listen, turn_us), BELOW(10, listen, waiting, 2), COLUMN(11, listen, voice_sample), BELOW(12, listen, expect.kind, EXPECT_CHECKED + 1),
	COLUMN(13, listen, expect.digits), COLUMN(14, listen, turn_sample), COLUMN(15, listen, again_us), BELOW(16, listen, over_agent, 2),
	BELOW(17, listen, reopened, 2),
	COLUMN(18, listen, asked_us), COLUMN(19, listen, sentence_us),
	COLUMN(23, listen, begun_us), COLUMN(24, listen, begun), COLUMN(25, listen, said_sample),
	BELOW(26, listen, who, 2), COLUMN(27, listen, who_turn), COLUMN(28, listen, expect_by),
	BELOW(29, listen, renewed, 2), COLUMN(30, listen, unheard), COLUMN(31, listen, news_us),
	COLUMN(32, listen, partial_sample), COLUMN(33, listen, partial_from),
	COLUMN(36, listen, gaps[0].at), COLUMN(37, listen, gaps[0].to_sample), COLUMN(38, listen, gaps[1].at), COLUMN(39, listen, gaps[1].to_sample),
	COLUMN(40, listen, gaps[2].at), COLUMN(41, listen, gaps[2].to_sample), COLUMN(42, listen, gaps[3].at), COLUMN(43, listen, gaps[3].to_sample), { 0 },
};

const struct column dialogue_columns[] = {
	COLUMN(1, dialogue, turn), COLUMN(2, dialogue, tool_index), COLUMN(3, dialogue, gens), COLUMN(4, dialogue, queries),
	COLUMN(5, dialogue, failures), COLUMN(6, dialogue, ahead_tries), BELOW(7, dialogue, ahead_bits, 1024), BELOW(8, dialogue, ahead_count, 11),
	BELOW(9, dialogue, need_answer, 2), BELOW(10, dialogue, retry_wait, 2), COLUMN(11, dialogue, filler_us), COLUMN(12, dialogue, filler_turn),
	COLUMN(13, dialogue, wait_turn), TEXT(14, dialogue, knowledge),
	COLUMN(15, dialogue, asides), BELOW(16, dialogue, go_on, 2),
	BELOW(17, dialogue, tongue, TONGUES_MAX), COLUMN(18, dialogue, tongues_told),
	TEXT_SELDOM(19, dialogue, again), BELOW(20, dialogue, again_more, 2), COLUMN(21, dialogue, still_us),
	COLUMN(22, dialogue, again_by), COLUMN(23, dialogue, again_rest), BELOW(24, dialogue, again_end, END_REASONS),
	COLUMN(25, dialogue, stale_turn), COLUMN(26, dialogue, words_us), { 0 },
};

const struct column gen_columns[] = {
	BELOW(1, gen, state, 4), BELOW(2, gen, ahead, 2), BELOW(3, gen, spoke, 2), COLUMN(4, gen, id), COLUMN(5, gen, turn), COLUMN(6, gen, attempt),
	COLUMN(7, gen, base_items), COLUMN(8, gen, cut), BELOW(9, gen, tool_count, GEN_TOOLS_MAX + 1),
	COLUMN(10, gen, text_us), BELOW(11, gen, goes_on, 2), BELOW(12, gen, stale, 2), COLUMN(13, gen, asked_us), { 0 },
};

const struct column gen_tool_columns[] = { TEXT(1, gen_tool, name), TEXT(3, gen_tool, args), { 0 } };

const struct column tool_columns[] = {
	BELOW(1, tool, state, 3), BELOW(2, tool, changes, 2), COLUMN(3, tool, turn), COLUMN(4, tool, index), COLUMN(5, tool, item),
	COLUMN(6, tool, timeout_ms), COLUMN(7, tool, detach_us), COLUMN(8, tool, deadline_us), TEXT(9, tool, name), TEXT(11, tool, args),
	BELOW(13, tool, moves, 2), BELOW(14, tool, waits, 2), { 0 },
};

const struct column item_columns[] = {
	BELOW(1, item, type, BLOCK_EVENT + 1), BELOW(2, item, flags, 256), BELOW(3, item, status, 3), COLUMN(4, item, turn), COLUMN(5, item, index),
	TEXT(6, item, name), TEXT(8, item, text), { 0 },
};

const struct column utterance_columns[] = {
	BELOW(1, utterance, state, 5), BELOW(2, utterance, kind, 6), BELOW(3, utterance, whole, 2), BELOW(4, utterance, done, 2),
	BELOW(5, utterance, exact, 2), BELOW(6, utterance, sent, 2), BELOW(7, utterance, cleared, 2), BELOW(8, utterance, anchored, 2),
	COLUMN(9, utterance, id), COLUMN(10, utterance, gen), COLUMN(11, utterance, turn), COLUMN(12, utterance, item), COLUMN(13, utterance, take),
	COLUMN(14, utterance, synth_take), COLUMN(15, utterance, attempts), COLUMN(16, utterance, play_tries), COLUMN(17, utterance, samples),
	COLUMN(18, utterance, played), COLUMN(19, utterance, from), COLUMN(20, utterance, anchor), COLUMN(21, utterance, anchor_us),
	COLUMN(22, utterance, made_us), COLUMN(23, utterance, audio_us), COLUMN(24, utterance, play_us), COLUMN(25, utterance, sent_at),
	COLUMN(26, utterance, sent_us), COLUMN(27, utterance, bound_us), COLUMN(28, utterance, cut_us), TEXT(29, utterance, text),
	BELOW(31, utterance, word_count, INPUT_WORDS_MAX + 1), TEXT_SELDOM(32, utterance, keys),
	BELOW(33, utterance, tongue, TONGUES_MAX), BELOW(34, utterance, stale, 2), { 0 },
};

const struct column speech_columns[] = {
	COLUMN(1, speech, utterances), BELOW(2, speech, held, 2), COLUMN(3, speech, held_us), COLUMN(4, speech, lag_us),
	COLUMN(5, speech, voice_us), { 0 },
};

const struct column quiet_columns[] = {
	BELOW(1, quiet, prepared, 2), BELOW(2, quiet, started, 2), BELOW(3, quiet, lost, 2), BELOW(4, quiet, ending, 2), BELOW(5, quiet, final, 2),
	BELOW(6, quiet, ended, 2), BELOW(7, quiet, reason, END_REASONS), COLUMN(8, quiet, prompts), COLUMN(9, quiet, prompt_turn),
	COLUMN(10, quiet, unheard_turn), COLUMN(11, quiet, apology_turn), BELOW(12, quiet, broken, 2), COLUMN(13, quiet, breaks),
	BELOW(14, quiet, aside, 2), BELOW(15, quiet, is_back, 2), BELOW(16, quiet, unends, UNENDS_MAX + 1), COLUMN(17, quiet, end_us),
	BELOW(18, quiet, parted, 2), BELOW(19, quiet, relented, 2), { 0 },
};

const struct column answerer_columns[] = {
	BELOW(1, answerer, state, ANSWERER_STATES), BELOW(2, answerer, by_length, 2), BELOW(3, answerer, toned, 2), COLUMN(4, answerer, begun_us),
	COLUMN(5, answerer, state_us), COLUMN(6, answerer, heard_sample), COLUMN(7, answerer, waits_us), COLUMN(8, answerer, opening_us),
	COLUMN(9, answerer, voice_us), COLUMN(10, answerer, agains), COLUMN(11, answerer, tellings), { 0 },
};

const struct column take_columns[] = {
	BELOW(1, take, open, 2), COLUMN(2, take, entries), BELOW(3, take, least, KEYS_MAX + 1), BELOW(4, take, most, KEYS_MAX + 1),
	BELOW(5, take, count, KEYS_MAX + 1), COLUMN(6, take, due_us), COLUMN(7, take, since_us), COLUMN(8, take, voice_us), COLUMN(9, take, voice_at_us),
	COLUMN(10, take, deaf_us), BELOW(11, take, reminded, 2), COLUMN(12, take, keys_turn), BELOW(13, take, shut, 2), { 0 },
};
