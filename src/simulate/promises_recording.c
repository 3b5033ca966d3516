/* N4: what the recorder cuts from the records in the sink, held against the call: its length, the caller's track against what
 * was missed, the agent's track against what the carrier's ear truly had. In calls with audio, at their end. */
#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"
#include "base/num.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"
#include "simulate/sound.h"
#include "voice/recording/recorder.h"
#include "voice/journal/steps.h"

/* ---- N4 -------------------------------------------------------------------------------------------------------------------
 *
 * In calls with audio: what the recorder cuts from the records in the sink is as long as the call, within 20 ms; every sample
 * of the caller's that no record holds is marked (by the record behind it, by another worker's attach, or by the journal's own
 * GAP) and lies in a gap that the recorder names; and of a worker that died at most the last two
 * seconds are missing. The agent's track has what the carrier's ear had, the same samples at the same place within 20 ms, but
 * for gaps that are named, and nothing else; at a cut up to 20 ms may be missing or too many. Of a disk that failed for good at most the
 * last two seconds are missing, too. Exempt from a dead worker's two seconds: a disk that was full, slow or failing in the half minute
 * before. Exempt from the agent's places: late marks, a disk that was full,
 * a first worker that had not one mark (track_unsure), and what a socket that is gone had queued (seems_played). Exercised by each such call that was connected. */

enum { NEAR = 160, TRACK_MAX = 64 << 20 };

struct named_gaps {
	uint64_t from[JUDGE_GAPS], to[JUDGE_GAPS];
	uint32_t count;
};

/* One block of the simulated voice's sound on the agent's track. */
struct placed {
	uint64_t at;
	uint32_t sound, position;
	bool heard;
};

struct cutting {
	struct named_gaps gaps[TRACKS_SIDES];
	bool overflow;
	struct buf agent; /* its track, µ-law */
	struct placed *placed;
	size_t placed_count;
};

/* g711_ulaw_encode of every sample there is: a track has millions. */
static const uint8_t *ulaw_codes(void)
{
	static uint8_t codes[1 << 16];
	static bool made;
	unsigned int i;

	for (i = 0; !made && i < sizeof(codes); i++)
		codes[i] = g711_ulaw_encode((int16_t)(uint16_t)i);
	made = true;
	return codes;
}

/* Most of the agent's track is. */
static bool is_silence(const int16_t *samples, size_t count)
{
	return !samples[0] && !memcmp(samples, samples + 1, (count - 1) * sizeof(*samples));
}

static enum err on_block(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	struct cutting *c = arg;
	uint8_t *room = buf_reserve(&c->agent, samples);
	const uint8_t *codes = ulaw_codes();
	size_t at, n, i;

	(void)caller;
	if (!room)
		return ERR_LIMIT;
	for (at = 0; at < samples; at += n) {
		n = samples - at < NEAR ? samples - at : NEAR;
		if (is_silence(agent + at, n))
			memset(room + at, 0xff, n);
		else
			for (i = at; i < at + n; i++)
				room[i] = codes[(uint16_t)agent[i]];
	}
	c->agent.len += samples;
	return ERR_NONE;
}

static enum err on_gap(void *arg, const struct tracks_gap *gap)
{
	struct cutting *c = arg;
	struct named_gaps *g = &c->gaps[gap->side];

	c->overflow = c->overflow || g->count == JUDGE_GAPS;
	if (g->count < JUDGE_GAPS) {
		g->from[g->count] = gap->start_sample;
		g->to[g->count++] = gap->start_sample + gap->samples;
	}
	return ERR_NONE;
}

/* [from, to) is in gaps that were named, but for 20 ms. */
static bool gap_named(const struct named_gaps *c, uint64_t from, uint64_t to)
{
	uint32_t i;
	bool more = true;

	while (more && from + NEAR < to) {
		more = false;
		for (i = 0; i < c->count; i++)
			if (c->from[i] <= from + NEAR && c->to[i] > from) {
				from = c->to[i];
				more = true;
			}
	}
	return from + NEAR >= to;
}

/* The journal itself says that it has lost some of the caller's audio under this epoch. */
static bool journal_owns_up(const struct sink *k, uint32_t epoch)
{
	struct journal_gap g;
	uint32_t i;

	for (i = 0; i < k->count; i++)
		if (k->records[i].header.kind == JOURNAL_GAP && k->records[i].header.epoch == epoch && !k->records[i].err &&
			!journal_gap_decode(&g, judge_payload(k, &k->records[i]), k->records[i].len) && (g.kinds & (1u << JOURNAL_AUDIO_CALLER)))
			return true;
	return false;
}

/* Not one block of sound is in the sink, and a GAP says so: it was refused, or lies in the ring, whose open file is not shipped yet. */
static bool nothing_kept(const struct sink *k)
{
	bool owned = false;
	uint32_t i;

	for (i = 0; i < k->count; i++) {
		const struct journal_header *h = &k->records[i].header;

		if (h->kind == JOURNAL_AUDIO_CALLER || h->kind == JOURNAL_AUDIO_AGENT)
			return false;
		owned = owned || (h->kind == JOURNAL_GAP && journal_owns_up(k, h->epoch));
	}
	return owned;
}

static bool recording_cut(struct judge *j, struct cutting *c, struct recorder_summary *summary)
{
	const struct sink *k = &j->scene->sink;
	struct recorder *r;
	enum err err;
	uint32_t i;

	err = recorder_new(&r, on_block, on_gap, c);
	for (i = 0; i < k->count && !err; i++) {
		const struct sink_record *s = &k->records[i];

		err = recorder_push(r, s->header.kind, s->header.epoch, s->header.time_us, s->err ? NULL : judge_payload(k, s), s->len);
	}
	if (!err)
		err = recorder_finish(&r, summary);
	else
		recorder_cancel(&r);
	if (err && !(err == ERR_NOTFOUND && nothing_kept(k)))
		judge_fail(j, N4, "no recording can be cut from what was shipped: %s", err_name(err));
	return !err && !c->overflow;
}

static void gap_of_worker(struct judge *j, uint64_t from, uint64_t to)
{
	uint32_t i;

	for (i = 0; i < j->worker_count; i++) {
		const struct kept_death *d = &j->workers[i];

		if (from <= d->position && to >= d->position && !d->disk_fault && num_min(d->position - from, d->samples) > 2 * 8000)
			judge_fail(j, N4, "a worker died and took %llu ms of audio with it", (unsigned long long)num_min(d->position - from, d->samples) / 8);
	}
}

/* Every stretch without audio is marked: by the record behind it, by the attach of another worker, or by the journal. */
static void track_check(struct judge *j, const struct cutting *c)
{
	const struct sink *k = &j->scene->sink;
	struct record_caller r;
	uint64_t at = 0;
	uint32_t i, epoch = j->scene->first_epoch;

	for (i = 0; i < k->count; i++) {
		const struct sink_record *s = &k->records[i];

		if (s->header.kind != JOURNAL_AUDIO_CALLER || s->err || record_caller_decode(&r, judge_payload(k, s), s->len))
			continue;
		if (r.position > at) {
			bool marked = r.position - r.gap_samples <= at || s->header.epoch != epoch || journal_owns_up(k, epoch);

			gap_of_worker(j, at, r.position);
			if (!marked || !gap_named(&c->gaps[TRACKS_CALLER], at, r.position)) {
				judge_fail(j, N4, "the caller's audio from sample %llu to %llu is neither kept nor marked", (unsigned long long)at,
					(unsigned long long)r.position);
				return;
			}
		}
		at = r.position + r.samples > at ? r.position + r.samples : at;
		epoch = s->header.epoch;
	}
}

/* ---- the agent's track ---- */

void judge_media_dropped(struct judge *j)
{
	if (j->drop_count < JUDGE_DROPS)
		j->drops_us[j->drop_count++] = judge_now(j);
}

void judge_ear(struct judge *j, uint32_t sound, uint32_t from, uint32_t to, uint64_t at_us)
{
	struct judged_ear *e = j->ear_count ? &j->ears[j->ear_count - 1] : NULL;

	if (!j->scene->audio)
		return;
	if (e && e->sound == sound && e->position + e->samples == from && e->at_us + e->samples * 125ULL == at_us)
		e->samples += to - from;
	else if (j->ear_count < JUDGE_EARS)
		j->ears[j->ear_count++] = (struct judged_ear){ .at_us = at_us, .sound = sound, .position = from, .samples = to - from };
}

/* What the bytes of the agent's track say that they are. */
static bool track_read(struct cutting *c)
{
	const uint8_t *data = c->agent.data;
	size_t i = 0;

	c->placed = calloc(c->agent.len / SOUND_BLOCK + 1, sizeof(*c->placed));
	while (c->placed && i + SOUND_BLOCK <= c->agent.len) {
		struct placed *p = &c->placed[c->placed_count];
		const uint8_t *first = memchr(data + i, 0x55, c->agent.len - SOUND_BLOCK + 1 - i);

		if (!first)
			break;
		i = (size_t)(first - data);
		if (!sound_read(first, SOUND_BLOCK, &p->sound, &p->position)) {
			i++;
			continue;
		}
		p->at = i;
		c->placed_count++;
		i += SOUND_BLOCK;
	}
	return c->placed != NULL;
}

/* Where on the tracks a moment of the ear's lies: the carrier's clock is as far off as its marks are on their way. */
static uint64_t ear_place(const struct judge *j, uint64_t at_us)
{
	uint64_t us = at_us + j->scene->carrier.latency_us;

	return us > j->started_us ? (us - j->started_us) / 125 : 0;
}

/* Marks were late, or waited in a deaf socket, or the disk was full, so that marks and sound before are missing; or the socket was gone before any mark that is
 * surely kept (260 ms) had told how far the carrier is: where this was played is a guess. */
static bool track_unsure(const struct judge *j, uint64_t place)
{
	const uint64_t *struck = j->scene->plan.struck_us;
	uint64_t at_us = j->started_us + place * 125, marks = struck[FAULT_MARKS_LATE], full = num_max(struck[FAULT_DISK_FULL], struck[FAULT_DISK_STOPPED]);

	if (j->drop_count && at_us < j->drops_us[0] + 1 * S_US && (!j->mark_us || j->mark_us + 260 * MS_US > j->drops_us[0]))
		return true;
	if (j->waits_from_us && at_us + 1 * S_US >= j->waits_from_us && at_us < j->waits_to_us + 1 * S_US)
		return true;
	return (marks && at_us + 1 * S_US >= marks && at_us < marks + 14 * S_US) || (full && at_us + 1 * S_US >= full && at_us < full + 20 * S_US);
}

/* A socket was gone, by a loss, with its worker or with the caller: what it had queued may seem to have played on for a signal's way
 * there and back. On a line that died without a word, so may all that was sent before that could be known. */
static bool seems_played(const struct judge *j, uint64_t place)
{
	uint64_t at_us = j->started_us + place * 125, way_us = 2 * j->scene->carrier.latency_us + 20 * MS_US;
	uint32_t i;

	for (i = 0; i < j->drop_count; i++)
		if (at_us >= j->drops_us[i] && at_us <= j->drops_us[i] + way_us)
			return true;
	if (j->dead_us && at_us >= j->dead_us && at_us <= j->dead_us + JUDGE_DEAF_US + 600 * MS_US + way_us)
		return true;
	return j->scene->ended_us && at_us + way_us >= j->scene->ended_us;
}

/* The block stands on the track within 20 ms of its place. `from`: the first that may; they are asked for in order of place. */
static bool block_found(struct cutting *c, size_t *from, uint64_t place, uint32_t sound, uint32_t position)
{
	size_t i;

	while (*from < c->placed_count && c->placed[*from].at + NEAR < place)
		(*from)++;
	for (i = *from; i < c->placed_count && c->placed[i].at <= place + NEAR; i++) {
		struct placed *p = &c->placed[i];

		if (p->sound != sound || p->position != position || p->heard)
			continue;
		p->heard = true;
		return true;
	}
	return false;
}

/* Samples in a row that the ear had and the track has not. */
struct missing {
	uint64_t from;
	uint32_t samples;
};

static bool missing_told(struct judge *j, const struct cutting *c, struct missing *m)
{
	bool fine = m->samples <= NEAR || track_unsure(j, m->from) || track_unsure(j, m->from + m->samples) || gap_named(&c->gaps[TRACKS_AGENT], m->from, m->from + m->samples);

	if (!fine)
		judge_fail(j, N4, "the agent's sound at sample %llu was heard, and %u samples of it are neither kept there nor marked",
			(unsigned long long)m->from, m->samples);
	m->samples = 0;
	return fine;
}

static bool heard_check(struct judge *j, struct cutting *c)
{
	struct missing m = { 0, 0 };
	size_t from = 0;
	uint32_t n;

	for (n = 0; n < j->ear_count; n++) {
		const struct judged_ear *e = &j->ears[n];
		uint32_t at = (SOUND_BLOCK - e->position % SOUND_BLOCK) % SOUND_BLOCK;

		for (; at + SOUND_BLOCK <= e->samples; at += SOUND_BLOCK) {
			uint64_t place = ear_place(j, e->at_us) + at;

			if (place + SOUND_BLOCK > c->agent.len)
				return missing_told(j, c, &m); /* heard when we had hung up already: the recording ends there */
			if (block_found(c, &from, place, e->sound, e->position + at)) {
				if (!missing_told(j, c, &m))
					return false;
				continue;
			}
			if (m.samples && place > m.from + m.samples + NEAR && !missing_told(j, c, &m)) /* he was silent in between */
				return false;
			if (!m.samples)
				m.from = place;
			m.samples += SOUND_BLOCK;
		}
	}
	return missing_told(j, c, &m);
}

/* Nor has the track what the ear never had. In a gap it may: that a sound was cleared may be what is missing there. */
static void unheard_check(struct judge *j, const struct cutting *c)
{
	uint32_t samples = 0;
	size_t i;

	for (i = 0; i < c->placed_count; i++) {
		uint64_t at = c->placed[i].at;
		bool fine = c->placed[i].heard || track_unsure(j, at) || seems_played(j, at) || gap_named(&c->gaps[TRACKS_AGENT], at, at + SOUND_BLOCK);

		samples = fine ? 0 : samples + SOUND_BLOCK;
		if (samples <= NEAR)
			continue;
		judge_fail(j, N4, "the agent's track has sound %u at sample %llu, which was not heard there", c->placed[i].sound,
			(unsigned long long)c->placed[i].at);
		return;
	}
}

/* ---- all of it ---- */

static bool end_record(const struct sink *k, struct record_end *end)
{
	uint32_t i;

	for (i = k->count; i > 0; i--)
		if (k->records[i - 1].header.kind == JOURNAL_END && !k->records[i - 1].err)
			return !record_end_decode(end, judge_payload(k, &k->records[i - 1]), k->records[i - 1].len);
	return false;
}

static void recording_check(struct judge *j, struct cutting *c, const struct record_end *end)
{
	uint64_t length = (end->at_us - end->media_us) / 125;
	struct recorder_summary summary;

	if (!recording_cut(j, c, &summary))
		return;
	if (summary.samples > length + NEAR || summary.samples + NEAR < length)
		judge_fail(j, N4, "the recording has %llu samples, the call %llu", (unsigned long long)summary.samples, (unsigned long long)length);
	track_check(j, c);
	if (j->ear_count < JUDGE_EARS && track_read(c) && heard_check(j, c))
		unheard_check(j, c);
}

/* A disk that failed for good took the END with it: then nobody names what is missing behind the last audio that was kept. */
static void tail_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	uint64_t kept = 0, heard = j->scene->caller.position;
	struct record_caller r;
	uint32_t i;

	for (i = 0; i < k->count; i++)
		if (k->records[i].header.kind == JOURNAL_AUDIO_CALLER && !k->records[i].err &&
			!record_caller_decode(&r, judge_payload(k, &k->records[i]), k->records[i].len))
			kept = num_max(kept, r.position + r.samples);
	if (num_over(heard, kept) > 2 * 8000)
		judge_fail(j, N4, "the call's END is not in the sink, nor are the last %llu ms of its audio", (unsigned long long)(heard - kept) / 8);
}

void judge_recording_end(struct judge *j)
{
	struct cutting *c;
	struct record_end end;
	bool ended;

	if (!j->scene->audio || !j->started_us)
		return;
	ended = end_record(&j->scene->sink, &end);
	if (!ended && !j->scene->disk_gone)
		return;
	judge_exercise(j, N4);
	if (!ended) {
		tail_check(j);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return;
	buf_init(&c->agent, TRACK_MAX);
	recording_check(j, c, &end);
	buf_fini(&c->agent);
	free(c->placed);
	free(c);
}
