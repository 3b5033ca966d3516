/* Hostile bytes as an exported call: read to a tape, replayed, tried with other settings, and its two tracks cut.
 *
 * Bits of the first byte: 0x80 makes the checksums right first, 0x40 reads without looking at them. Nothing may crash, and the
 * parts and holes of a tape must cover its steps.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/disk.h"
#include "checksums.h"
#include "voice/recording/recorder.h"
#include "voice/replay/replay.h"
#include "voice/replay/trial.h"

#define FILE_PATH "/v/call.cfj"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tape_check(const struct tape *t)
{
	size_t i, steps = 0, skipped = 0;

	for (i = 0; i < t->part_count; i++) {
		const struct tape_part *p = &t->parts[i];

		assert(p->first <= t->step_count && p->count <= t->step_count - p->first);
		assert(p->entry == TAPE_START || (p->state <= t->bytes.len && p->state_len <= t->bytes.len - p->state));
		steps += p->count;
	}
	for (i = 0; i < t->hole_count; i++)
		skipped += t->holes[i].skipped;
	assert(steps + t->skipped == t->step_count && skipped <= t->skipped);
}

static void settings_change(void *arg, struct call_settings *settings)
{
	(void)arg;
	settings->turn_silence_ms += 100;
}

static void turn_take(void *arg, const struct trial_turn *turn)
{
	const struct tape *t = arg;

	assert(turn->first <= turn->last && turn->last < t->step_count);
}

static void tape_replay(const struct tape *t)
{
	struct replay_result result;

	tape_check(t);
	replay_result_init(&result);
	assert(!replay_compare(t, &result));
	assert(result.verdict == REPLAY_SAME || result.step < t->step_count || result.verdict == REPLAY_BAD_STATE);
	if (result.verdict == REPLAY_SAME)
		(void)!trial_run(t, settings_change, turn_take, (void *)(uintptr_t)t);
	replay_result_fini(&result);
}

static void tape_read(const struct disk *d, bool unchecked)
{
	struct err_detail detail = { .message = "" };
	struct tape_damage damage;
	struct tape tape;

	tape_init(&tape);
	if (!tape_read_file(&tape, d, FILE_PATH, unchecked, &damage, &detail))
		tape_replay(&tape);
	else
		assert(detail.message[0]);
	tape_fini(&tape);
}

struct cutting {
	uint64_t samples;
};

static enum err block_take(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	struct cutting *c = arg;

	assert(caller && agent);
	c->samples += samples;
	return c->samples > 8000u * 3600 ? ERR_LIMIT : ERR_NONE; /* a gap of a day takes too long to write down */
}

static enum err gap_take(void *arg, const struct tracks_gap *gap)
{
	(void)arg;
	assert(gap->side < TRACKS_SIDES && gap->samples);
	return ERR_NONE;
}

/* Of the first record that names one. */
static struct id128 call_find(const uint8_t *data, size_t size)
{
	size_t at = journal_record_search(data, size, 0);
	struct journal_record r;

	for (; at < size; at = journal_record_search(data, size, at + 1))
		if (!journal_record_decode(&r, data + at, size - at) && !id128_is_zero(&r.header.call))
			return r.header.call;
	return (struct id128){ .bytes = { 1 } };
}

static void tracks_cut(const struct disk *d, const struct id128 *call)
{
	struct journal_reader_options options = { .call = call };
	struct recorder_summary summary;
	struct err_detail detail;
	struct cutting c = { 0 };

	if (!recorder_cut(d, FILE_PATH, &options, block_take, gap_take, &c, &summary, &detail))
		assert(summary.samples == c.samples);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct disk_virtual *v = NULL;
	struct id128 call;
	struct disk d;
	uint8_t *copy;

	if (!size)
		return 0;
	copy = malloc(size);
	if (!copy || disk_virtual_new(&v))
		abort();
	memcpy(copy, data, size);
	if (*data & 0x80)
		fix_checksums(copy + 1, size - 1);
	d = disk_virtual_disk(v);
	if (disk_replace(&d, "/v", "call.cfj", copy + 1, size - 1))
		abort();
	tape_read(&d, *data & 0x40);
	call = call_find(copy + 1, size - 1);
	tracks_cut(&d, &call);
	disk_virtual_free(&v);
	free(copy);
	return 0;
}
