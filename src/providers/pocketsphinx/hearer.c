/* See hearer.h.
 *
 * The model was made from sound of 16 kHz, a telephone carries 4 kHz of it. A zero between any two samples mirrors the lower half of the
 * spectrum into the upper one, where the model expects hiss when there is hiss: of all fillings tried this one understands most
 * (docs/offline-speech.md). The library's noise removal goes over it; its running mean is begun anew with each utterance.
 */
#include "providers/pocketsphinx/hearer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pocketsphinx.h>

#include "audio/g711.h"
#include "providers/pocketsphinx/confidence.h"
#include "providers/pocketsphinx/grammar.h"

enum {
	BLOCK_SAMPLES = 80, /* one frame of the model */
	WINDOW_SAMPLES = 205,
	BEFORE_BLOCKS = 25, /* kept from before the voice */
	BEHIND_BLOCKS = 30, /* and heard behind it */
	ONSET_BLOCKS = 12,  /* so many back are looked at */
	ONSET_VOICED = 6,   /* for so many voiced ones */
	MEANS = 13
};

static const float quiet_db = -58, floor_first_db = -65, floor_least_db = -75, above_floor_db = 9, floor_rise_db = 0.03F;

/* The mean cepstra with which such sound is understood best are the model's own; what they are measured as is something else (over 40
 * recordings of one voice, mirrored). A caller's line differs from the measured ones, and by that difference the working mean is moved. */
static const double means_model[] = { 41.00, -5.29, -0.12, 5.09, 2.48, -4.07, -1.37, -1.78, -5.08, -2.05, -6.45, -1.42, 1.17 };
static const double means_measured[] = { 38.02, -5.19, 9.40, -2.11, 2.04, -9.84, 0.33, -1.95, 2.80, 2.16, -3.42, 1.26, 0.96 };
static const double level_trust_frames = 300, means_trust_frames = 3000; /* the level is learnt soon, the rest is the words' as much as the line's */

struct gate {
	float floor_db;
	uint32_t recent;          /* a bit a block: voiced */
	unsigned int open_blocks; /* left */
};

struct path {
	bool *now, *next; /* by state */
	size_t states;
};

struct hearer {
	ps_decoder_t *grammar, *phones;
	fsg_model_t *graph; /* the grammar decoder's; it adds silences and other pronunciations to it */
	bool has_numbers, asks_digits, asks_option;
	struct path path; /* scratch */
	struct gate gate;
	uint64_t block; /* of the next one */
	uint8_t piece[BLOCK_SAMPLES];
	size_t filled;
	int16_t before[BEFORE_BLOCKS][BLOCK_SAMPLES]; /* the last ones, heard or not */
	unsigned int kept; /* of them, those that no utterance has: the next one begins with them */
	uint32_t noise, noise_first; /* state of the generator, now and when the utterance began */
	uint8_t sound[HEARER_MAX_FRAMES][BLOCK_SAMPLES]; /* of the utterance, to hear it once more, */
	unsigned int sounds;                             /* until the next one begins, */
	mfcc_t means_first[MEANS];                       /* with the means that it began with */
	double mean_sum[MEANS], mean_frames; /* of the caller so far */
	uint32_t at[HEARER_MAX_FRAMES]; /* which block of the stream each heard one is */
	unsigned int heard;
	unsigned int told;    /* of the heard ones, up to the last word that was told */
	uint64_t voice_block; /* the last one that was to be heard */
	bool is_started;
	float lead[HEARER_MAX_FRAMES], word_lead[HEARER_MAX_FRAMES]; /* scratch: the phones' scores by frame, of all and of the words */
};

/* ---- opening ---- */

static cmd_ln_t *config_of(const struct model *m, bool is_grammar)
{
	cmd_ln_t *c = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", m->acoustic, "-dict", m->dictionary, "-remove_silence", "no", "-remove_noise", "yes", "-allphone_ci", "yes",
		"-compallsen", "yes", "-bestpath", "no", NULL);

	if (!c)
		return NULL;
	cmd_ln_set_float_r(c, "-lw", is_grammar ? 6.5 : 2.0);
	cmd_ln_set_float_r(c, "-wip", is_grammar ? 0.01 : 0.65);
	cmd_ln_set_float_r(c, "-silprob", 0.05);
	return c;
}

static ps_decoder_t *decoder_new(const struct model *m, bool is_grammar)
{
	cmd_ln_t *c = config_of(m, is_grammar);
	ps_decoder_t *ps = c ? ps_init(c) : NULL;

	if (c)
		cmd_ln_free_r(c);
	return ps;
}

static void graph_forget(struct hearer *h)
{
	if (h->graph)
		fsg_model_free(h->graph);
	h->graph = NULL;
	free(h->path.now);
	free(h->path.next);
	h->path = (struct path){ 0 };
}

static fsg_model_t *graph_read(const struct hearer *h, const struct buf *text)
{
	FILE *in = fmemopen(text->data, text->len, "r");
	fsg_model_t *graph = in ? fsg_model_read(in, ps_get_logmath(h->grammar), cmd_ln_float32_r(ps_get_config(h->grammar), "-lw")) : NULL;

	if (in)
		fclose(in);
	return graph;
}

static enum err grammar_set(struct hearer *h, const struct buf *text, const struct grammar_facts *facts)
{
	graph_forget(h);
	h->graph = graph_read(h, text);
	if (!h->graph)
		return ERR_FORMAT;
	h->has_numbers = facts->has_numbers;
	h->asks_digits = facts->asks_digits;
	h->asks_option = facts->asks_option;
	h->path.states = (size_t)fsg_model_n_state(h->graph);
	h->path.now = calloc(h->path.states, sizeof(bool));
	h->path.next = calloc(h->path.states, sizeof(bool));
	if (!h->path.now || !h->path.next)
		return ERR_NOMEM;
	return ps_set_fsg(h->grammar, "answer", h->graph) || ps_set_search(h->grammar, "answer") ? ERR_UNAVAILABLE : ERR_NONE;
}

/* What the utterance's mean was, before the library forgets it. */
static void means_learn(struct hearer *h)
{
	const cmn_t *cmn = ps_get_feat(h->grammar)->cmn_struct;

	if (cmn->veclen != MEANS || !h->heard)
		return;
	for (int i = 0; i < MEANS; i++)
		h->mean_sum[i] += (double)cmn->cmn_mean[i] * h->heard;
	h->mean_frames += h->heard;
}

static void means_set(const struct hearer *h, ps_decoder_t *ps)
{
	cmn_t *cmn = ps_get_feat(ps)->cmn_struct;

	for (int i = 0; i < MEANS && i < cmn->veclen; i++) {
		double differs = h->mean_frames > 0 ? h->mean_sum[i] / h->mean_frames - means_measured[i] : 0;

		cmn->cmn_mean[i] = (mfcc_t)(means_model[i] + differs * h->mean_frames / (h->mean_frames + (i ? means_trust_frames : level_trust_frames)));
		cmn->sum[i] = 0;
	}
	cmn->nframe = 0;
}

/* With its first sound. */
static enum err utterance_start(struct hearer *h)
{
	means_set(h, h->grammar);
	means_set(h, h->phones);
	memcpy(h->means_first, ps_get_feat(h->grammar)->cmn_struct->cmn_mean, sizeof(h->means_first));
	h->noise_first = h->noise;
	h->sounds = 0;
	h->is_started = true;
	ps_start_stream(h->grammar); /* the noise that is taken away is each utterance's own */
	ps_start_stream(h->phones);
	return ps_start_utt(h->grammar) || ps_start_utt(h->phones) ? ERR_UNAVAILABLE : ERR_NONE;
}

static void utterance_end(struct hearer *h)
{
	if (!h->is_started)
		return;
	h->is_started = false;
	ps_end_utt(h->grammar);
	ps_end_utt(h->phones);
	means_learn(h);
}

unsigned int hearer_silence_ms(const struct hearer *h)
{
	unsigned int unheard = (unsigned int)(h->block - h->voice_block - 1);

	if (!h->heard)
		return 0;
	return 10 * (unheard ? unheard + BEHIND_BLOCKS - 1 : BEHIND_BLOCKS - h->gate.open_blocks);
}

/* The silence behind it is also the silence before the next one, and without any its first word would be lost. */
static void utterance_forget(struct hearer *h)
{
	unsigned int silent = hearer_silence_ms(h) / 10;

	if (h->heard)
		h->kept = silent < BEFORE_BLOCKS ? silent : BEFORE_BLOCKS;
	h->heard = 0;
	h->told = 0;
	h->gate.recent = 0;
	h->gate.open_blocks = 0;
}

enum err hearer_open(struct hearer **hp, const struct model *m)
{
	const struct grammar_facts facts = { .has_numbers = m->has_numbers };
	struct hearer *h = calloc(1, sizeof(*h));
	enum err err = h ? ERR_NONE : ERR_NOMEM;

	*hp = h;
	if (h) {
		h->gate.floor_db = floor_first_db;
		h->grammar = decoder_new(m, true);
		h->phones = decoder_new(m, false);
		err = h->grammar && h->phones ? grammar_set(h, &m->graph, &facts) : ERR_UNAVAILABLE;
	}
	if (!err && (ps_set_allphone_file(h->phones, "phones", NULL) || ps_set_search(h->phones, "phones")))
		err = ERR_UNAVAILABLE;
	if (err)
		hearer_close(hp);
	return err;
}

enum err hearer_expect(struct hearer *h, const struct buf *graph, const struct grammar_facts *facts)
{
	return grammar_set(h, graph, facts);
}

bool hearer_is_idle(const struct hearer *h)
{
	return !h->heard;
}

/* The library frees the phones of an utterance only when it is asked for those of the next: an empty one, then. */
static void phones_forget(struct hearer *h)
{
	ps_seg_t *seg;

	if (ps_start_utt(h->phones) || ps_end_utt(h->phones))
		return;
	seg = ps_seg_iter(h->phones);
	if (seg)
		ps_seg_free(seg);
}

void hearer_close(struct hearer **hp)
{
	struct hearer *h = *hp;

	if (!h)
		return;
	*hp = NULL;
	utterance_end(h); /* the library loses what an open one holds */
	if (h->grammar)
		ps_free(h->grammar);
	if (h->phones) {
		phones_forget(h);
		ps_free(h->phones);
	}
	graph_forget(h);
	free(h);
}

/* ---- sound ---- */

static float level_db(const int16_t *samples)
{
	double sum = 1;

	for (int i = 0; i < BLOCK_SAMPLES; i++)
		sum += (double)samples[i] * samples[i];
	return (float)(10 * log10(sum * 2 / BLOCK_SAMPLES / (32768.0 * 32768.0)));
}

/* Whether a block is to be heard: voice, and a little around it. */
static bool gate_step(struct gate *g, float db)
{
	bool is_voiced;

	g->floor_db += db < g->floor_db ? (db - g->floor_db) * 0.2F : floor_rise_db;
	g->floor_db = fmaxf(g->floor_db, floor_least_db);
	is_voiced = db > g->floor_db + above_floor_db && db > quiet_db;
	g->recent = g->recent << 1 | is_voiced;
	if (__builtin_popcount(g->recent & ((1U << ONSET_BLOCKS) - 1)) >= ONSET_VOICED)
		g->open_blocks = BEHIND_BLOCKS;
	else if (g->open_blocks)
		g->open_blocks--;
	return g->open_blocks > 0;
}

/* Between the samples a zero, or one beside it: silence that is all zeros has no logarithm. */
static void mirror(struct hearer *h, const int16_t *narrow, int16_t *wide)
{
	for (int i = 0; i < BLOCK_SAMPLES; i++) {
		h->noise = h->noise * 1664525U + 1013904223U;
		wide[2 * i] = narrow[i];
		wide[2 * i + 1] = (int16_t)((h->noise >> 16) % 3 - 1);
	}
}

static enum err block_decode(struct hearer *h, const int16_t *samples, uint64_t block)
{
	int16_t wide[2 * BLOCK_SAMPLES];

	enum err err = h->heard ? ERR_NONE : utterance_start(h);

	if (err || h->heard == HEARER_MAX_FRAMES)
		return err;
	h->at[h->heard++] = (uint32_t)block;
	g711_encode(G711_ULAW, h->sound[h->sounds++], samples, BLOCK_SAMPLES);
	mirror(h, samples, wide);
	if (ps_process_raw(h->grammar, wide, 2 * BLOCK_SAMPLES, FALSE, FALSE) < 0 || ps_process_raw(h->phones, wide, 2 * BLOCK_SAMPLES, FALSE, FALSE) < 0)
		return ERR_UNAVAILABLE;
	return ERR_NONE;
}

static enum err block_take(struct hearer *h)
{
	int16_t samples[BLOCK_SAMPLES];
	enum err err = ERR_NONE;

	g711_decode(G711_ULAW, samples, h->piece, BLOCK_SAMPLES);
	if (gate_step(&h->gate, level_db(samples))) {
		for (; !err && h->kept; h->kept--)
			err = block_decode(h, h->before[BEFORE_BLOCKS - h->kept], h->block - h->kept);
		h->voice_block = h->block;
		if (!err)
			err = block_decode(h, samples, h->block);
	} else if (h->kept < BEFORE_BLOCKS) {
		h->kept++;
	}
	memmove(h->before[0], h->before[1], sizeof(h->before[0]) * (BEFORE_BLOCKS - 1));
	memcpy(h->before[BEFORE_BLOCKS - 1], samples, sizeof(samples));
	h->block++;
	return err;
}

enum err hearer_push(struct hearer *h, const uint8_t *ulaw, size_t count)
{
	enum err err = ERR_NONE;

	while (!err && count) {
		size_t n = BLOCK_SAMPLES - h->filled;

		n = count < n ? count : n;
		memcpy(h->piece + h->filled, ulaw, n);
		h->filled += n;
		ulaw += n;
		count -= n;
		if (h->filled == BLOCK_SAMPLES) {
			h->filled = 0;
			err = block_take(h);
		}
	}
	return err;
}

/* ---- which states of the graph some words lead to ---- */

/* The empty steps: the library has made them so that one does for several. */
static void path_fall(struct hearer *h)
{
	memcpy(h->path.next, h->path.now, h->path.states);
	for (size_t i = 0; i < h->path.states; i++)
		for (fsg_arciter_t *arc = h->path.next[i] ? fsg_model_arcs(h->graph, (int32)i) : NULL; arc; arc = fsg_arciter_next(arc))
			if (fsg_link_wid(fsg_arciter_get(arc)) < 0)
				h->path.now[fsg_link_to_state(fsg_arciter_get(arc))] = true;
}

static void path_start(struct hearer *h)
{
	memset(h->path.now, 0, h->path.states);
	h->path.now[fsg_model_start_state(h->graph)] = true;
	path_fall(h);
}

static void path_step(struct hearer *h, const char *word)
{
	int32 id = fsg_model_word_id(h->graph, word);

	memset(h->path.next, 0, h->path.states);
	for (size_t i = 0; i < h->path.states; i++)
		for (fsg_arciter_t *arc = h->path.now[i] ? fsg_model_arcs(h->graph, (int32)i) : NULL; arc; arc = fsg_arciter_next(arc))
			if (id >= 0 && fsg_link_wid(fsg_arciter_get(arc)) == id)
				h->path.next[fsg_link_to_state(fsg_arciter_get(arc))] = true;
	memcpy(h->path.now, h->path.next, h->path.states);
	path_fall(h);
}

static bool path_takes(struct hearer *h, const char *word)
{
	int32 id = fsg_model_word_id(h->graph, word);
	bool takes = false;

	for (size_t i = 0; id >= 0 && i < h->path.states; i++)
		for (fsg_arciter_t *arc = h->path.now[i] ? fsg_model_arcs(h->graph, (int32)i) : NULL; arc; arc = fsg_arciter_next(arc))
			takes = takes || fsg_link_wid(fsg_arciter_get(arc)) == id;
	return takes;
}

/* ---- words ---- */

static bool is_filler(const char *word)
{
	return word[0] == '<' || word[0] == '[' || word[0] == '(';
}

/* The frames of a segment that were heard, its last included; none: false. The library begins the first one of some at -1. */
static bool frames_read(const struct hearer *h, ps_seg_t *seg, int *first, int *last)
{
	ps_seg_frames(seg, first, last);
	*first = *first < 0 ? 0 : *first;
	*last = *last < (int)h->heard ? *last : (int)h->heard - 1;
	return *last >= *first;
}

/* Most of it lies behind what was told. */
static bool is_new(const struct hearer *h, int first, int last)
{
	return first + last >= 2 * (int)h->told;
}

/* Adds a segment's score to its frames, evenly; `sign` -1 takes away. */
static void spread(struct hearer *h, ps_seg_t *seg, float sign)
{
	int first, last, acoustic, language, back;

	if (!frames_read(h, seg, &first, &last))
		return;
	ps_seg_prob(seg, &acoustic, &language, &back);
	for (int i = first; i <= last && i < HEARER_MAX_FRAMES; i++)
		h->lead[i] += sign * (float)acoustic / (float)(last - first + 1);
}

static void word_take(struct hearer *h, struct hearing *out, ps_seg_t *seg)
{
	const char *word = ps_seg_word(seg);
	size_t len = strlen(out->text), name = grammar_word_length(word);
	char base[MODEL_MAX_WORD_BYTES];
	int first, last, acoustic, language, back;

	snprintf(base, sizeof(base), "%.*s", (int)name, word);
	if (!frames_read(h, seg, &first, &last) || !is_new(h, first, last))
		return;
	ps_seg_prob(seg, &acoustic, &language, &back);
	out->is_number = h->asks_digits && grammar_is_digit(base) && (out->is_number || !out->words);
	out->leads += grammar_is_lead(word);
	if (!out->words++)
		out->from_sample = (uint64_t)h->at[first] * BLOCK_SAMPLES;
	out->to_sample = (uint64_t)h->at[last] * BLOCK_SAMPLES + WINDOW_SAMPLES;
	out->to_frame = (unsigned int)last + 1;
	if (len + name + 2 < sizeof(out->text))
		snprintf(out->text + len, sizeof(out->text) - len, "%s%s", len ? " " : "", base);
	memcpy(h->word_lead + out->word_frames, h->lead + first, sizeof(*h->lead) * (size_t)(last - first + 1));
	out->word_frames += (unsigned int)(last - first + 1);
	out->fit += acoustic;
}

/* Machine words in a row: whether a phrase of them was well heard. */
struct phrase {
	double lead;
	unsigned int frames;
};

static void phrase_end(struct phrase *p, struct hearing *out)
{
	double lead = p->frames ? p->lead / p->frames : 0;

	if (p->frames && (!out->is_machine || lead < out->machine_lead))
		out->machine_lead = lead;
	out->is_machine = out->is_machine || p->frames;
	*p = (struct phrase){ 0 };
}

static void phrase_take(const struct hearer *h, struct phrase *p, struct hearing *out, ps_seg_t *seg)
{
	int first, last;

	if (!grammar_is_machine(ps_seg_word(seg))) {
		phrase_end(p, out);
		return;
	}
	if (!frames_read(h, seg, &first, &last) || !is_new(h, first, last))
		return;
	for (int i = first; i <= last; i++)
		p->lead += h->lead[i];
	p->frames += (unsigned int)(last - first + 1);
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Of both ways, by frame. */
static void leads_take(struct hearer *h, struct hearing *out)
{
	memset(h->lead, 0, sizeof(h->lead));
	for (ps_seg_t *seg = ps_seg_iter(h->phones); seg; seg = ps_seg_next(seg)) {
		const char *phone = ps_seg_word(seg);
		int first, last;

		if (frames_read(h, seg, &first, &last) && is_new(h, first, last) && phone && phone[0] != '+' && strcmp(phone, "SIL"))
			out->phone_frames += (unsigned int)(last - first + 1);
		spread(h, seg, 1);
	}
	for (ps_seg_t *seg = ps_seg_iter(h->grammar); seg; seg = ps_seg_next(seg))
		spread(h, seg, -1);
	for (unsigned int i = h->told; i < h->heard; i++)
		out->lead += h->lead[i];
	out->lead /= out->phone_frames ? out->phone_frames : 1;
}

static void measure(struct hearer *h, struct hearing *out)
{
	struct phrase phrase = { 0 };

	leads_take(h, out);
	path_start(h);
	for (ps_seg_t *seg = ps_seg_iter(h->grammar); seg; seg = ps_seg_next(seg)) {
		const char *word = ps_seg_word(seg);

		if (!word || is_filler(word))
			continue;
		path_step(h, word);
		word_take(h, out, seg);
		phrase_take(h, &phrase, out, seg);
	}
	phrase_end(&phrase, out);
	out->is_whole = h->path.now[fsg_model_final_state(h->graph)];
	out->goes_on = h->asks_digits && path_takes(h, "zero");
	out->has_numbers = h->has_numbers;
	out->is_option = h->asks_option && !out->is_machine;
	out->is_rest = h->told > 0;
	if (out->word_frames) {
		qsort(h->word_lead, out->word_frames, sizeof(*h->word_lead), by_size);
		out->lead_middle = h->word_lead[out->word_frames / 2];
		out->fit /= out->word_frames;
	}
	out->confidence = confidence_of(out);
	out->is_unsure = confidence_is_unsure(out);
}

static void hear(struct hearer *h, struct hearing *out)
{
	int32 score;

	memset(out, 0, sizeof(*out));
	out->frames = h->heard;
	if (h->heard && ps_get_hyp(h->phones, &score) && ps_get_hyp(h->grammar, &score)) {
		measure(h, out);
		out->score = score;
	}
	if (!out->words)
		out->from_sample = out->to_sample = h->block * BLOCK_SAMPLES;
}

bool hearer_partial(struct hearer *h, struct hearing *out)
{
	hear(h, out);
	return out->words > 0;
}

void hearer_told(struct hearer *h, const struct hearing *told)
{
	if (told->words)
		h->told = told->to_frame;
}

void hearer_final(struct hearer *h, struct hearing *out)
{
	utterance_end(h);
	hear(h, out);
	utterance_forget(h);
}

/* ---- the other options ---- */

/* The utterance before, once more, as it was heard the first time. */
static enum err sound_decode(struct hearer *h)
{
	cmn_t *cmn = ps_get_feat(h->grammar)->cmn_struct;
	uint32_t noise = h->noise;
	enum err err = ERR_NONE;

	memcpy(cmn->cmn_mean, h->means_first, sizeof(h->means_first));
	memset(cmn->sum, 0, sizeof(h->means_first));
	cmn->nframe = 0;
	ps_start_stream(h->grammar);
	if (ps_start_utt(h->grammar))
		return ERR_UNAVAILABLE;
	h->noise = h->noise_first;
	for (unsigned int i = 0; !err && i < h->sounds; i++) {
		int16_t samples[BLOCK_SAMPLES], wide[2 * BLOCK_SAMPLES];

		g711_decode(G711_ULAW, samples, h->sound[i], BLOCK_SAMPLES);
		mirror(h, samples, wide);
		if (ps_process_raw(h->grammar, wide, 2 * BLOCK_SAMPLES, FALSE, FALSE) < 0)
			err = ERR_UNAVAILABLE;
	}
	h->noise = noise;
	return ps_end_utt(h->grammar) ? ERR_UNAVAILABLE : err;
}

enum err hearer_compare(struct hearer *h, const struct buf *graph, struct hearing *told)
{
	fsg_model_t *others = graph_read(h, graph);
	enum err err = ERR_NONE;
	int32 score;

	if (!others)
		return ERR_FORMAT;
	if (ps_set_fsg(h->grammar, "others", others) || ps_set_search(h->grammar, "others"))
		err = ERR_UNAVAILABLE;
	if (!err)
		err = sound_decode(h);
	if (!err && ps_get_hyp(h->grammar, &score)) {
		told->has_rival = true;
		told->rival_lead = (double)(told->score - score) / (told->word_frames ? told->word_frames : 1);
		told->is_unsure = confidence_is_unsure(told);
	}
	fsg_model_free(others);
	return ps_set_search(h->grammar, "answer") ? ERR_UNAVAILABLE : err;
}
