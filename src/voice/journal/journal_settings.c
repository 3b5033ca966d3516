/* The journal's settings: see journal_settings.h. */
#include "voice/journal/journal_settings.h"

#include <stddef.h>

static const struct journal_sizes one_call = { .segment_mb = 8, .reserve_mb = 1, .ring_mb = 1 };

const struct option journal_settings[] = {
	{ .name = "journal.segment_mb", .type = OPTION_INT, .min = 1, .max = 4096, .value = 64, .unit = "MB",
		.help = "The journal begins a new file at this size; only whole files are deleted once they are shipped.",
		.offset = offsetof(struct journal_sizes, segment_mb) },
	{ .name = "journal.reserve_mb", .type = OPTION_INT, .min = 1, .max = 65536, .value = 64, .unit = "MB",
		.help = "Kept allocated for what happens in calls while the disk is full, about 1.8 KB a second and call without its audio; "
			"behind it no call can go on.",
		.offset = offsetof(struct journal_sizes, reserve_mb) },
	{ .name = "journal.ring_mb", .type = OPTION_INT, .min = 1, .max = 65536, .value = 16, .unit = "MB",
		.help = "Kept allocated for the audio of recorded calls while the disk is full; the oldest is written over.",
		.offset = offsetof(struct journal_sizes, ring_mb) },
	{ .name = NULL },
};

void journal_sizes_apply(struct journal_options *o, const struct journal_sizes *sizes)
{
	o->segment_bytes = (uint64_t)sizes->segment_mb << 20;
	o->reserve_bytes = (uint64_t)sizes->reserve_mb << 20;
	o->ring_bytes = (uint64_t)sizes->ring_mb << 20;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void journal_sizes_apply_one_call(struct journal_options *o, const struct journal_sizes *sizes)
{
	struct journal_sizes small = {
		.segment_mb = least(sizes->segment_mb, one_call.segment_mb),
		.reserve_mb = least(sizes->reserve_mb, one_call.reserve_mb),
		.ring_mb = least(sizes->ring_mb, one_call.ring_mb),
	};

	journal_sizes_apply(o, &small);
}
