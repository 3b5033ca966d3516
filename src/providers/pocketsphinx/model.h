/* What all streams of one recogniser share: the grammar as a graph of words, and how each word is said. Read-only once made.
 *
 * Pronunciations are those of the CMU dictionary beside the acoustic model; a word that it lacks gets one by flite's letter-to-sound
 * rules and is counted. Any thread may read.
 */
#ifndef PROVIDERS_POCKETSPHINX_MODEL_H
#define PROVIDERS_POCKETSPHINX_MODEL_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum { MODEL_MAX_WORDS = 4000, MODEL_MAX_WORD_BYTES = 64, MODEL_MAX_PHONES_BYTES = 200, MODEL_MAX_DICTIONARY_BYTES = 1024 * 1024, MODEL_MAX_GRAPH_BYTES = 4 * 1024 * 1024 };

struct model {
	char acoustic[512];   /* folder */
	struct buf graph;     /* the library's text form of a finite state grammar */
	int dictionary_fd;    /* -1: none */
	char dictionary[32];  /* the path that leads to it: the library reads files only, so it is one that is on no disk */
	size_t guessed;       /* words whose pronunciation is a guess */
};

/* `folder` holds en-us/ and cmudict-en-us.dict; `grammar` is JSGF. ERR_UNAVAILABLE: no model there; ERR_FORMAT: no grammar; ERR_LIMIT. */
enum err model_make(struct model *m, const char *folder, const char *grammar, struct err_detail *detail) MUST_USE;
void model_fini(struct model *m); /* of one that was made, or whose making failed */

#endif
