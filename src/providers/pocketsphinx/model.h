/* What all streams of one recogniser share: the grammar as a graph of words, and how each word is said. Read-only once made.
 *
 * Pronunciations are those of the CMU dictionary beside the acoustic model; a word that it lacks gets one by flite's letter-to-sound
 * rules and is counted. A word of a machine's phrase ("tone_vm") is said as the word, one as a telephone lets it sound ("six_tel") by a table.
 * Each word has a second name ("gas_line") under which it may be said with its "s", "z" and "sh" cut, too; a question's grammar uses it for its options.
 * Any thread may read.
 */
#ifndef PROVIDERS_POCKETSPHINX_MODEL_H
#define PROVIDERS_POCKETSPHINX_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum { MODEL_MAX_WORDS = 4000, MODEL_MAX_WORD_BYTES = 64, MODEL_MAX_PHONES_BYTES = 200, MODEL_MAX_DICTIONARY_BYTES = 1024 * 1024, MODEL_MAX_GRAPH_BYTES = 4 * 1024 * 1024 };

struct model {
	char acoustic[512];   /* folder */
	char pronunciations[544]; /* file */
	struct buf graph;     /* the library's text form of a finite state grammar */
	bool has_numbers;     /* among its sentences are digits, amounts, days or times */
	int dictionary_fd;    /* -1: none */
	char dictionary[32];  /* the path that leads to it: the library reads files only, so it is one that is on no disk */
	size_t guessed;       /* words whose pronunciation is a guess */
};

/* `folder` holds en-us/ and cmudict-en-us.dict. ERR_UNAVAILABLE: no model there; ERR_LIMIT. */
enum err model_open(struct model *m, const char *folder, struct err_detail *detail) MUST_USE;

/* Its graph and its words, of a grammar (JSGF): reads the whole dictionary (10 ms), so not on a loop's thread. ERR_FORMAT: no grammar. */
enum err model_make(struct model *m, const char *grammar) MUST_USE;

/* The graph of another grammar of the same words. Where digits were asked for, other words are rare wherever a digit may be said. */
enum err model_graph(struct buf *out, const char *grammar, bool asks_digits) MUST_USE;

void model_fini(struct model *m); /* whatever became of it */

#endif
