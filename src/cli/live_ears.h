/* Recognisers of a worker's live calls, offline: PocketSphinx with a grammar of each call's flow where the language is English, and for all
 * others nobody: the call is held, its keypad works, and what is said is not understood. For live_agents_open. Loop thread.
 */
#ifndef CLI_LIVE_EARS_H
#define CLI_LIVE_EARS_H

#include <uv.h>

#include "cli/lineups.h"

struct lineups_ears live_ears(uv_loop_t *loop);

#endif
