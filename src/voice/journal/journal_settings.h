/* What can be set about a worker's journal: how much room it keeps for a full disk, and how long a segment is.
 *
 * Pure. A worker that serves many calls takes what was set; a journal made for one call alone takes little (on a laptop each such call
 * would leave a server's reserve behind).
 */
#ifndef VOICE_JOURNAL_SETTINGS_H
#define VOICE_JOURNAL_SETTINGS_H

#include <stdint.h>

#include "base/options.h"
#include "voice/journal/journal.h"

struct journal_sizes {
	int64_t segment_mb, reserve_mb, ring_mb; /* of 1048576 bytes */
};

extern const struct option journal_settings[]; /* bound to struct journal_sizes */

/* Into the options of a worker's journal. */
void journal_sizes_apply(struct journal_options *o, const struct journal_sizes *sizes);

/* Into those of a journal that holds one call: segments of 8 MB at most, a reserve and a ring of 1 MB. */
void journal_sizes_apply_one_call(struct journal_options *o, const struct journal_sizes *sizes);

#endif
