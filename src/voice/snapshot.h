/* Between snapshot.c (saving), snapshot_load.c (loading) and snapshot_fields.c (the tables that both go by), and for nobody else.
 *
 * A snapshot is a list of fields (base/wire.h): a struct of the state each, or a list. In a struct's field stand the columns of its table, and the
 * buffers and lists that are no columns, by the numbers below. A number means one thing for ever.
 */
#ifndef VOICE_SNAPSHOT_H
#define VOICE_SNAPSHOT_H

#include "voice/call_state.h"

enum { SNAPSHOT_VERSION = 2 };

enum field {
	F_VERSION = 1, F_SETTINGS, F_BRIEF, F_CALL, F_TIMERS, F_MILESTONES, F_EAR, F_LISTEN, F_DIALOGUE, F_GEN, F_GEN_TOOL, F_TOOL, F_ITEM, F_UTTERANCE,
	F_WORDS, F_SPEECH, F_ORDER, F_QUIET, F_PAGE /* version 1 */, F_ANSWERER, F_TAKE
};

enum { LISTEN_SAID = 20, LISTEN_PARTIAL, LISTEN_USED, LISTEN_OWED = 35 };
enum { DIALOGUE_QUERY = 30 };
enum { GEN_ANSWER = 20, GEN_ASKED_WITH };
enum { UTTERANCE_SLOT = 40 /* plus one, for F_ORDER */, UTTERANCE_WORDS };
enum { QUIET_KEYS = 20 };

struct column {
	uint16_t number;
	uint16_t size; /* of a number; 0: a struct text, whose length has number + 1 in version 1 */
	size_t offset;
	uint64_t max; /* the largest value that may be loaded; 0: what fits */
};

/* Each ends with a column whose number is 0. */
extern const struct column call_columns[], ear_columns[], listen_columns[], dialogue_columns[], gen_columns[], gen_tool_columns[], tool_columns[],
	item_columns[], utterance_columns[], speech_columns[], quiet_columns[], answerer_columns[], take_columns[];

#endif
