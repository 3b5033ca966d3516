/* See model.h. */
#include "providers/pocketsphinx/model.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <flite/flite.h>
#include <pocketsphinx.h>
#include <sphinxbase/jsgf.h>

#include "providers/pocketsphinx/grammar.h"

cst_lexicon *cmu_lex_init(void);

static const double rare = 0.001; /* what is left of other words where a digit may be said */

/* The words of the grammar, in order, and which of them the dictionary had. */
struct vocabulary {
	char **words;
	bool *found;
	size_t count;
};

static enum err refuse(struct err_detail *detail, enum err err, const char *message, const char *where)
{
	if (detail) {
		*detail = (struct err_detail){ 0 };
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->where, sizeof(detail->where), "%.150s", where);
		snprintf(detail->hint, sizeof(detail->hint), "%s", err == ERR_UNAVAILABLE ? "install the package pocketsphinx-en-us" : "");
	}
	return err;
}

/* ---- vocabulary ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err vocabulary_take(struct vocabulary *v, const fsg_model_t *graph)
{
	size_t count = (size_t)fsg_model_n_word(graph);

	if (!count || count > MODEL_MAX_WORDS)
		return ERR_LIMIT;
	v->words = calloc(count, sizeof(*v->words));
	v->found = calloc(count, sizeof(*v->found));
	if (!v->words || !v->found)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++) {
		v->words[i] = strdup(fsg_model_word_str(graph, (int)i));
		if (!v->words[i])
			return ERR_NOMEM;
		v->count++;
	}
	qsort(v->words, v->count, sizeof(*v->words), by_text);
	return ERR_NONE;
}

static void vocabulary_fini(struct vocabulary *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->words[i]);
	free(v->words);
	free(v->found);
}

/* ---- pronunciations ---- */

/* A telephone cuts the top off "s" and "f", which leaves a "th" at a word's edge; a short "four" has the vowel of "far", a "no" one
 * that begins in front and ends dark. These are words of their own, for the rules that want them: in all of a grammar they would let more pass that nobody said. */
static const char *const telephone[][2] = {
	{ "two_tel", "T HH IH UW" }, { "two_tel(2)", "D HH IY UW" },
	{ "four_tel", "TH AO R" }, { "four_tel(2)", "F AA R" },
	{ "five_tel", "TH AY V" }, { "six_tel", "TH IH K TH" }, { "seven_tel", "TH EH V AH N" }, { "yes_tel", "Y EH TH" },
	{ "no_tel", "N EH L" }, { "no_tel(2)", "N EH OW" },
};

/* Whether the grammar has this word. */
static bool word_find(struct vocabulary *v, const char *word)
{
	char *const *at = bsearch(&word, v->words, v->count, sizeof(*v->words), by_text);

	if (at)
		v->found[at - v->words] = true;
	return at;
}

static void telephone_write(struct buf *out, struct vocabulary *v)
{
	for (size_t i = 0; i < sizeof(telephone) / sizeof(telephone[0]); i++) {
		buf_printf(out, "%s %s\n", telephone[i][0], telephone[i][1]);
		word_find(v, telephone[i][0]);
	}
}

/* What a telephone leaves of a phone, anywhere in a word, at its end or its beginning: it cuts the top off hissing, a "v" and a "t" that end in nothing
 * are soft ones, and an "m" and an "n" differ by what lies between them and the vowel. */
struct cut {
	const char *phone, *left;
	bool is_last, is_first;
};

static const struct cut cuts[] = {
	{ "S", "TH", false, false }, { "Z", "DH", false, false }, { "SH", "TH", false, false }, { "V", "DH", true, false }, { "T", "D", true, false }, { "M", "N", false, true },
};

static const struct cut *cut_find(const char *phone, size_t len, bool is_first, bool is_last)
{
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
		if (strlen(cuts[i].phone) == len && !strncmp(cuts[i].phone, phone, len) && (is_first || !cuts[i].is_first) && (is_last || !cuts[i].is_last))
			return &cuts[i];
	return NULL;
}

/* The same phones as a telephone leaves them, the first one as it is or cut as well; false when that changes nothing. */
static bool phones_cut(struct buf *out, const char *phones, bool cuts_first)
{
	bool is_cut = false, is_first = true;
	size_t len;

	for (phones += strspn(phones, " \t"); (len = strcspn(phones, " \t\n")); is_first = false) {
		const char *next = phones + len + strspn(phones + len, " \t\n");
		const struct cut *cut = cut_find(phones, len, is_first, !*next);

		if (cut && cut->is_first && !cuts_first)
			cut = NULL;
		buf_printf(out, " %.*s", cut ? (int)strlen(cut->left) : (int)len, cut ? cut->left : phones);
		is_cut = is_cut || (cut && (!cuts_first || cut->is_first));
		phones = next;
	}
	return is_cut;
}

/* A word's way over a telephone: as it is, and as cut. `rest` is the dictionary's line behind the word, "(2) PH PH\n". */
static void line_write(struct buf *out, const char *word, const char *rest)
{
	size_t number = strcspn(rest, " \t"), before;

	buf_printf(out, "%s_line%.*s%s", word, (int)number, rest, rest + number);
	for (int i = 1; i <= 2; i++) {
		before = out->len;
		buf_printf(out, "%s_line(%d%.*s", word, i, number ? (int)number - 1 : 2, number ? rest + 1 : "1)");
		if (phones_cut(out, rest + number, i == 2))
			buf_byte(out, '\n');
		else
			buf_cut(out, before, out->len - before);
	}
}

/* A line of the dictionary: "word PH PH" or "word(2) PH PH". */
static void line_take(struct buf *out, struct vocabulary *v, const char *line)
{
	size_t word = strcspn(line, "( \t");
	static const char *const ways[] = { "_vm", "_lead" };
	char base[MODEL_MAX_WORD_BYTES], other[MODEL_MAX_WORD_BYTES + 8];

	if (!word || word >= sizeof(base))
		return;
	snprintf(base, sizeof(base), "%.*s", (int)word, line);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(other, sizeof(other), "%s%s", base, ways[i]);
		if (word_find(v, other))
			buf_printf(out, "%s%s", other, line + word);
	}
	if (word_find(v, base)) {
		buf_text(out, line);
		line_write(out, base, line + word);
	}
}

static enum err dictionary_read(struct buf *out, struct vocabulary *v, FILE *in)
{
	char line[512];

	while (fgets(line, sizeof(line), in))
		line_take(out, v, line);
	return ferror(in) ? ERR_IO : out->err;
}

/* flite's name of a phone as the model's: capitals, without stress. */
static void phone_write(struct buf *out, const char *phone)
{
	buf_byte(out, ' ');
	if (!strncmp(phone, "ax", 2)) {
		buf_text(out, "AH");
		return;
	}
	for (; *phone; phone++)
		if (isalpha((unsigned char)*phone))
			buf_byte(out, (uint8_t)toupper((unsigned char)*phone));
}

/* Words that Indian English has and the dictionary has not, and after them flite's rules. */
static enum err word_guess(struct buf *out, const char *word)
{
	char base[MODEL_MAX_WORD_BYTES], phones[8 * MODEL_MAX_WORD_BYTES];
	size_t before;
	cst_val *list;

	snprintf(base, sizeof(base), "%.*s", (int)grammar_word_length(word), word);
	buf_text(out, word);
	before = out->len;
	if (!strncmp(word, "lakh", 4)) {
		buf_text(out, word[4] ? " L AE K S" : " L AE K");
	} else {
		list = lex_lookup(cmu_lex_init(), base, NULL, NULL);
		for (const cst_val *at = list; at; at = val_cdr(at))
			if (strcmp(val_string(val_car(at)), "pau"))
				phone_write(out, val_string(val_car(at)));
		delete_val(list);
	}
	if (!out->err && out->len == before)
		return ERR_FORMAT;
	buf_byte(out, '\n');
	if (!out->err && grammar_word_length(word) == strlen(word)) {
		snprintf(phones, sizeof(phones), "%.*s", (int)(out->len - before), (const char *)out->data + before);
		line_write(out, word, phones);
	}
	return out->err;
}

static enum err dictionary_make(struct model *m, struct vocabulary *v, const char *path, struct buf *out)
{
	FILE *in = fopen(path, "re");
	enum err err;

	if (!in)
		return ERR_UNAVAILABLE;
	telephone_write(out, v);
	err = dictionary_read(out, v, in);
	fclose(in);
	for (size_t i = 0; !err && i < v->count; i++)
		if (!v->found[i]) {
			err = word_guess(out, v->words[i]);
			m->guessed++;
		}
	return err;
}

static enum err dictionary_save(struct model *m, const struct buf *text)
{
	m->dictionary_fd = memfd_create("dictionary", MFD_CLOEXEC);
	if (m->dictionary_fd < 0)
		return err_from_errno(errno);
	snprintf(m->dictionary, sizeof(m->dictionary), "/proc/self/fd/%d", m->dictionary_fd);
	return write(m->dictionary_fd, text->data, text->len) == (ssize_t)text->len ? ERR_NONE : ERR_IO;
}

static enum err words_make(struct model *m, struct vocabulary *v)
{
	struct buf text;
	enum err err;

	buf_init(&text, MODEL_MAX_DICTIONARY_BYTES);
	err = dictionary_make(m, v, m->pronunciations, &text);
	if (!err)
		err = dictionary_save(m, &text);
	buf_fini(&text);
	return err;
}

/* ---- the graph ---- */

static enum err graph_save(struct buf *out, fsg_model_t *graph)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		return ERR_NOMEM;
	fsg_model_write(graph, file);
	if (fclose(file)) {
		free(text);
		return ERR_NOMEM;
	}
	buf_append(out, text, len);
	free(text);
	return out->err;
}

/* Whether a digit may be said here, at once or behind an empty step; the library has made these so that one does for several. */
static bool takes_digit(fsg_model_t *graph, int state, bool falls)
{
	bool takes = false;

	for (fsg_arciter_t *arc = fsg_model_arcs(graph, state); arc; arc = fsg_arciter_next(arc)) {
		const fsg_link_t *link = fsg_arciter_get(arc);

		if (fsg_link_wid(link) >= 0)
			takes = takes || grammar_is_digit(fsg_model_word_str(graph, fsg_link_wid(link)));
		else
			takes = takes || (falls && takes_digit(graph, fsg_link_to_state(link), false));
	}
	return takes;
}

/* Each arc is in one state only, but several may fall to it: it is made rare once. */
static void others_make_rare(fsg_model_t *graph, int state, bool *done)
{
	if (done[state])
		return;
	done[state] = true;
	for (fsg_arciter_t *arc = fsg_model_arcs(graph, state); arc; arc = fsg_arciter_next(arc)) {
		fsg_link_t *link = fsg_arciter_get(arc);

		if (fsg_link_wid(link) >= 0 && !grammar_is_digit(fsg_model_word_str(graph, fsg_link_wid(link))) &&
			!grammar_is_lead(fsg_model_word_str(graph, fsg_link_wid(link))))
			link->logs2prob += logmath_log(graph->lmath, rare);
	}
}

/* The grammar's own weights do not survive the library. */
static enum err digits_prefer(fsg_model_t *graph)
{
	int states = fsg_model_n_state(graph);
	bool *done = calloc((size_t)states, sizeof(*done));

	if (!done)
		return ERR_NOMEM;
	for (int i = 0; i < states; i++) {
		if (!takes_digit(graph, i, true))
			continue;
		others_make_rare(graph, i, done);
		for (fsg_arciter_t *arc = fsg_model_arcs(graph, i); arc; arc = fsg_arciter_next(arc))
			if (fsg_link_wid(fsg_arciter_get(arc)) < 0)
				others_make_rare(graph, fsg_link_to_state(fsg_arciter_get(arc)), done);
	}
	free(done);
	return ERR_NONE;
}

/* `v` may be NULL: the words are known. */
static enum err graph_make(struct buf *out, struct vocabulary *v, const char *grammar, bool asks_digits)
{
	jsgf_t *jsgf = jsgf_parse_string(grammar, NULL);
	jsgf_rule_t *rule = jsgf ? jsgf_get_public_rule(jsgf) : NULL;
	logmath_t *logs = logmath_init(1.0001, 0, 0);
	fsg_model_t *graph = rule && logs ? jsgf_build_fsg(jsgf, rule, logs, 1.0F) : NULL;
	enum err err = graph ? ERR_NONE : ERR_FORMAT;

	if (!err && v)
		err = vocabulary_take(v, graph);
	if (!err && asks_digits)
		err = digits_prefer(graph);
	if (!err)
		err = graph_save(out, graph);
	if (graph)
		fsg_model_free(graph);
	if (logs)
		logmath_free(logs);
	if (jsgf)
		jsgf_grammar_free(jsgf);
	return err;
}

enum err model_graph(struct buf *out, const char *grammar, bool asks_digits)
{
	return graph_make(out, NULL, grammar, asks_digits);
}

enum err model_open(struct model *m, const char *folder, struct err_detail *detail)
{
	memset(m, 0, sizeof(*m));
	m->dictionary_fd = -1;
	buf_init(&m->graph, MODEL_MAX_GRAPH_BYTES);
	if ((size_t)snprintf(m->acoustic, sizeof(m->acoustic), "%s/en-us", folder) >= sizeof(m->acoustic))
		return refuse(detail, ERR_LIMIT, "the path is too long", "");
	snprintf(m->pronunciations, sizeof(m->pronunciations), "%s/cmudict-en-us.dict", folder);
	if (access(m->acoustic, R_OK))
		return refuse(detail, ERR_UNAVAILABLE, "no acoustic model", m->acoustic);
	if (access(m->pronunciations, R_OK))
		return refuse(detail, ERR_UNAVAILABLE, "no dictionary", m->pronunciations);
	return ERR_NONE;
}

enum err model_make(struct model *m, const char *grammar)
{
	struct vocabulary v = { 0 };
	enum err err = graph_make(&m->graph, &v, grammar, false);

	if (!err)
		err = words_make(m, &v);
	vocabulary_fini(&v);
	return err;
}

void model_fini(struct model *m)
{
	if (m->dictionary_fd >= 0)
		close(m->dictionary_fd);
	buf_fini(&m->graph);
	memset(m, 0, sizeof(*m));
	m->dictionary_fd = -1;
}
