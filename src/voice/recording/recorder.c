/* Where the agent's sound lies in time.
 *
 * A carrier plays what it gets one behind the other. Were it next door, a frame would begin when it is given to it or when
 * the frame before is over, whichever is later: that is a frame's `start`. The record says it; in journals of older builds, which do
 * not, it follows from the records before (and is wrong behind lost ones). The real carrier is some way off; its clock is the
 * caller's track (position 0 = its media's first sample), and seen on that clock everything happens later by the way there
 * and back. A mark that returns at time t says: this sample was over at t, on exactly that clock. So
 *
 *     late = time of the mark - start of its sample,     place of a sample = its start + late
 *
 * `late` is at least the way (`path_us`, the least ever seen); one mark may be held up on the road, so what counts for a frame
 * is the least that this or any later mark of the same run of sound says: what plays late stays late until the sound pauses.
 * Differences under NEAR_US are the road's and are ignored, so that sound that was one piece stays one piece.
 * A clear reaches the carrier a way later as well: what would have been played from then on was not.
 */
#include "voice/recording/recorder.h"

#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"
#include "voice/journal/steps.h"

enum {
	WINDOW = 1 << 19,        /* 65 s */
	BLOCK = 8000,
	KEEP_US = 20000000,      /* what is older than the newest record by this is given out */
	SETTLE_US = 5000000,     /* marks may take so long */
	NEAR_US = 40000,
	FRAME_US = 20000,
	MANY_MARKS = 4,
	LATE_MAX_US = 60000000,
	SAMPLE_US = 125,
	GROUPS = 1024,
	STORE_MAX_BYTES = 1 << 20,
	SEEN = 256,              /* audio records that are remembered: more than one gap of the journal's covers */
	AHEAD_SAMPLES = 3200,    /* what was given to the carrier plays this much later at most */
	TAIL_SAMPLES = 160       /* less than a frame is missing at the end of every call */
};

#define MAX_SAMPLES ((uint64_t)RECORDER_MAX_HOURS * 3600 * 8000)
#define UNKNOWN INT64_MAX
#define SANE_US (2 * MAX_SAMPLES * SAMPLE_US) /* a record that speaks of later times speaks nonsense */

/* Sound given to the carrier at once, not placed yet. */
struct group {
	uint32_t utterance, take, position;
	uint32_t samples;
	bool lost;         /* its bytes never reached us */
	bool run;          /* sound had paused before it */
	bool untold;       /* the record of its clear may be among those that were refused: its marks prove nothing */
	uint64_t start_us; /* see above */
	uint64_t clear_us; /* cleared then; UINT64_MAX: not */
	int64_t late_us;   /* least of its marks; UNKNOWN: none */
};

struct recorder {
	recorder_h *block;
	recorder_gap_h *gap;
	void *arg;
	enum err err;
	bool recorded, media, ended;
	uint32_t epoch;
	uint64_t media_us, end_us;
	uint64_t now_us;       /* at_us of the newest record */
	uint64_t sound_us;     /* at_us of the newest one with sound: the call lasted at least so long */
	bool records;          /* sound is kept of this call, should there be any */
	uint64_t guessed_from, guessed_to; /* the agent's sound there was placed before any mark had come: up to so much later in truth */
	uint64_t gone_from, gone_to; /* nobody had the call; told of when it is known whether it went on. Equal: nothing is owed */
	uint64_t clock_us;     /* the worker's clock minus the call's */
	uint64_t seen_us[SEEN]; /* when the last audio records were made, the worker's clock; 0: none */
	unsigned int seen;
	struct recorder_summary summary;

	uint64_t out;          /* samples given out */
	uint64_t caller_end;   /* the caller's track is settled up to here */
	int16_t *caller, *agent; /* windows of WINDOW samples from `out` on */

	uint64_t busy_us;      /* the carrier, were it next door, is busy until then */
	uint64_t cleared_us;   /* the last clear */
	int64_t path_us;       /* UNKNOWN at first */
	int64_t guess_us;      /* until it is known: the worker's before this one, 0 before any */
	int64_t late_us;       /* in force */
	unsigned int first, count;
	struct group groups[GROUPS];
	struct buf store;      /* the groups' bytes, in order, */
	size_t placed;         /* behind so many that were placed already */
};

enum err recorder_new(struct recorder **rp, recorder_h *block, recorder_gap_h *gap, void *arg)
{
	struct recorder *r = calloc(1, sizeof(*r));

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	r->block = block;
	r->gap = gap;
	r->arg = arg;
	r->path_us = UNKNOWN;
	buf_init(&r->store, 2 * STORE_MAX_BYTES);
	r->caller = calloc(WINDOW, sizeof(*r->caller));
	r->agent = calloc(WINDOW, sizeof(*r->agent));
	*rp = r;
	if (r->caller && r->agent)
		return ERR_NONE;
	recorder_cancel(rp);
	return ERR_NOMEM;
}

void recorder_cancel(struct recorder **rp)
{
	struct recorder *r = *rp;

	*rp = NULL;
	if (!r)
		return;
	buf_fini(&r->store);
	free(r->caller);
	free(r->agent);
	free(r);
}

/* ------------------------------------------------------------------ the window */

static void give_out(struct recorder *r, uint64_t end)
{
	while (r->out < end && !r->err) {
		uint64_t offset = r->out % WINDOW, n = end - r->out;

		n = n < BLOCK ? n : BLOCK;
		n = n < WINDOW - offset ? n : WINDOW - offset;
		r->err = r->block(r->arg, r->caller + offset, r->agent + offset, (size_t)n);
		memset(r->caller + offset, 0, (size_t)n * sizeof(*r->caller));
		memset(r->agent + offset, 0, (size_t)n * sizeof(*r->agent));
		r->out += n;
	}
}

/* Makes [at, at + samples) lie in the window as far as it is not given out yet; what is before `out` is too late. */
static bool window_open(struct recorder *r, uint64_t at, uint64_t samples)
{
	if (at + samples > MAX_SAMPLES) {
		r->err = r->err ? r->err : ERR_LIMIT;
		return false;
	}
	if (at + samples > r->out + WINDOW)
		give_out(r, at + samples - WINDOW);
	return !r->err;
}

static void gap_put(struct recorder *r, enum tracks_side side, uint64_t from, uint64_t samples, const char *why);

static void track_put(struct recorder *r, enum tracks_side side, uint64_t at, const uint8_t *ulaw, uint64_t samples)
{
	int16_t *track = side == TRACKS_CALLER ? r->caller : r->agent;

	if (!window_open(r, at, samples))
		return;
	if (at < r->out) {
		uint64_t late = r->out - at < samples ? r->out - at : samples;

		gap_put(r, side, at, late, "came too late");
		at += late;
		ulaw += late;
		samples -= late;
	}
	while (samples) {
		uint64_t offset = at % WINDOW, n = samples < WINDOW - offset ? samples : WINDOW - offset;

		g711_decode(G711_ULAW, track + offset, ulaw, (size_t)n);
		at += n;
		ulaw += n;
		samples -= n;
	}
}

static void gap_put(struct recorder *r, enum tracks_side side, uint64_t from, uint64_t samples, const char *why)
{
	struct tracks_gap gap = { .side = side, .start_sample = from, .samples = samples };

	if (!samples || r->err)
		return;
	strncpy(gap.why, why, sizeof(gap.why) - 1);
	r->summary.gaps++;
	r->summary.gap_samples[side] += samples;
	r->err = r->gap(r->arg, &gap);
}

/* Where a moment of the call lies on the tracks. */
static uint64_t place(const struct recorder *r, int64_t at_us)
{
	return r->media && at_us > (int64_t)r->media_us ? ((uint64_t)at_us - r->media_us) / SAMPLE_US : 0;
}

static const char *gap_reason(uint32_t why)
{
	switch (why) {
	case GAP_CARRIER: return "not received";
	case GAP_JOURNAL: return "not recorded";
	case GAP_WORKER: return "the worker was gone";
	case GAP_KEYS: return "paused: keys";
	default: return "lost";
	}
}

/* A worker took the call over: the time that nobody had it is a gap, but none beyond the call's end. */
static void gone_tell(struct recorder *r, uint64_t end)
{
	uint64_t to = r->gone_to < end ? r->gone_to : end;

	if (to > r->gone_from)
		gap_put(r, TRACKS_AGENT, r->gone_from, to - r->gone_from, gap_reason(GAP_WORKER));
	r->gone_from = r->gone_to = 0;
}

/* Whoever takes a call over may hear that it ended long before, so records without sound say nothing about how long it was. */
static void sound_came(struct recorder *r, uint64_t at_us)
{
	gone_tell(r, UINT64_MAX);
	if (at_us > r->sound_us && at_us <= SANE_US)
		r->sound_us = at_us;
}

/* ------------------------------------------------------------------ the agent */

static struct group *group_at(struct recorder *r, unsigned int i)
{
	return &r->groups[(r->first + i) % GROUPS];
}

static uint64_t group_end_us(const struct group *g)
{
	return g->start_us + (uint64_t)g->samples * SAMPLE_US;
}

/* The least that a mark of this group or a later one of its run says, and how many groups have one. */
static int64_t run_late(struct recorder *r, unsigned int *marked)
{
	int64_t late = UNKNOWN;
	unsigned int i;

	*marked = 0;
	for (i = 0; i < r->count && !(i && group_at(r, i)->run); i++) {
		*marked += group_at(r, i)->late_us != UNKNOWN;
		if (group_at(r, i)->late_us < late)
			late = group_at(r, i)->late_us;
	}
	return late;
}

static int64_t way_us(const struct recorder *r)
{
	return r->path_us == UNKNOWN ? r->guess_us : r->path_us;
}

/* A run begins as late as its marks say, when they are many enough for one of them to have had a quick way back. */
static void late_update(struct recorder *r, const struct group *g)
{
	unsigned int marked;
	int64_t late = run_late(r, &marked);

	if (g->run)
		r->late_us = way_us(r);
	if (late == UNKNOWN)
		return;
	if (late > r->late_us + NEAR_US || (g->run && marked >= MANY_MARKS))
		r->late_us = late;
}

/* Samples of the group that were played before it was cleared. */
static uint32_t group_played(const struct recorder *r, const struct group *g)
{
	int64_t begin = (int64_t)g->start_us + r->late_us, clear = (int64_t)g->clear_us + way_us(r);
	uint64_t n;

	if (g->clear_us == UINT64_MAX)
		return g->samples;
	n = clear > begin ? (uint64_t)(clear - begin) / SAMPLE_US : 0;
	return n < g->samples ? (uint32_t)n : g->samples;
}

static void group_place(struct recorder *r)
{
	struct group *g = group_at(r, 0);
	uint32_t played;
	uint64_t at;

	late_update(r, g);
	at = place(r, (int64_t)g->start_us + r->late_us);
	played = group_played(r, g);
	if (played && r->path_us == UNKNOWN && !r->guess_us) {
		r->guessed_from = r->guessed_to ? r->guessed_from : at;
		r->guessed_to = at + played + AHEAD_SAMPLES;
	}
	if (g->lost)
		gap_put(r, TRACKS_AGENT, at, played, "not recorded");
	else if (played)
		track_put(r, TRACKS_AGENT, at, r->store.data + r->placed, played);
	if (!g->lost)
		r->placed += g->samples;
	if (r->placed > r->store.len / 2) {
		buf_cut(&r->store, 0, r->placed);
		r->placed = 0;
	}
	r->first = (r->first + 1) % GROUPS;
	r->count--;
}

/* Places what no mark will move any more. */
static void groups_settle(struct recorder *r, bool all)
{
	while (r->count && !r->err && (all || r->count == GROUPS || r->store.len - r->placed > STORE_MAX_BYTES / 2 ||
		group_end_us(group_at(r, 0)) + SETTLE_US < r->now_us))
		group_place(r);
}

static void clear_at(struct recorder *r, uint64_t at_us)
{
	unsigned int i;

	for (i = 0; i < r->count; i++)
		if (group_at(r, i)->clear_us == UINT64_MAX)
			group_at(r, i)->clear_us = at_us;
	r->busy_us = r->busy_us > at_us ? at_us : r->busy_us;
}

static void group_add(struct recorder *r, const struct record_agent *a, uint32_t position, size_t samples, bool lost)
{
	uint64_t length_us = samples * SAMPLE_US, start_us = a->start_us ? a->start_us : a->at_us;
	struct group *g;

	if (lost) /* it was played, or given to the carrier, before what comes now */
		start_us = start_us > length_us ? start_us - length_us : 0;
	groups_settle(r, false);
	g = group_at(r, r->count++);
	*g = (struct group){ .utterance = a->utterance, .take = a->take, .position = position, .samples = (uint32_t)samples, .lost = lost,
		.clear_us = UINT64_MAX, .late_us = UNKNOWN };
	g->run = r->count == 1 || start_us > r->busy_us;
	g->start_us = start_us > r->busy_us ? start_us : r->busy_us;
	r->busy_us = group_end_us(g);
	if (!lost)
		buf_append(&r->store, a->ulaw, samples);
}

/* What is missing between the last group and this one, when it is of the same take. */
static uint64_t missing(struct recorder *r, const struct record_agent *a)
{
	const struct group *last = r->count ? group_at(r, r->count - 1) : NULL;
	uint64_t start_us = a->start_us ? a->start_us : a->at_us;

	if (last && last->utterance == a->utterance && last->take == a->take)
		return a->position > last->position + last->samples ? a->position - last->position - last->samples : 0;
	return a->lost && start_us > r->busy_us && a->position < (start_us - r->busy_us) / SAMPLE_US ? a->position : 0;
}

/* What its start says beyond itself: of sound that was still to be played then, the carrier knew nothing any more. (The record of
 * that clear was refused, or is lost.) */
static void start_judge(struct recorder *r, struct record_agent *a)
{
	if (a->start_us + NEAR_US < a->at_us || a->start_us > a->at_us + LATE_MAX_US)
		a->start_us = 0; /* nonsense, or not said */
	else if (a->start_us + FRAME_US < r->busy_us)
		clear_at(r, a->start_us);
}

static void agent_record(struct recorder *r, const void *payload, size_t len)
{
	struct record_agent a;
	uint64_t lost;

	if (record_agent_decode(&a, payload, len) || a.samples > STORE_MAX_BYTES / 4 || a.padding > BLOCK || a.at_us > SANE_US)
		return;
	r->recorded = true;
	if (a.samples)
		sound_came(r, a.at_us);
	start_judge(r, &a);
	lost = missing(r, &a);
	if (lost && lost < MAX_SAMPLES)
		group_add(r, &a, a.position - (uint32_t)lost, (size_t)lost, true);
	group_add(r, &a, a.position, a.samples, false);
	r->busy_us += (uint64_t)a.padding * SAMPLE_US;
}

/* Where lost sound began is counted back from what followed. Had it run dry in between, its parts were sooner, and a mark of theirs would
 * make the way too short. */
static bool marks_prove(const struct group *g)
{
	return !g->untold && !(g->lost && g->run);
}

static void mark_record(struct recorder *r, const struct record_played *p)
{
	unsigned int i = r->count;

	while (i-- > 0) {
		struct group *g = group_at(r, i);
		uint64_t over;
		int64_t late;

		if (g->utterance != p->utterance || g->take != p->take || p->samples <= g->position || p->samples > g->position + g->samples)
			continue;
		over = g->start_us + (uint64_t)(p->samples - g->position) * SAMPLE_US;
		late = (int64_t)(p->at_us - over);
		if (!marks_prove(g) || p->at_us < over || late > LATE_MAX_US || (p->at_us >= g->clear_us && over > g->clear_us))
			return; /* it came back because of the clear */
		g->late_us = late < g->late_us ? late : g->late_us;
		if (r->path_us == UNKNOWN || late < r->path_us)
			r->path_us = late;
		return;
	}
}

/* ------------------------------------------------------------------ the caller */

static void caller_record(struct recorder *r, const void *payload, size_t len)
{
	struct record_caller c;

	if (record_caller_decode(&c, payload, len))
		return;
	r->recorded = true;
	if (c.position > MAX_SAMPLES || c.samples > WINDOW) {
		r->err = ERR_LIMIT;
		return;
	}
	if (c.position > r->caller_end) {
		uint64_t hole = c.position - r->caller_end;
		uint64_t known = c.gap_samples < hole ? c.gap_samples : hole;

		gap_put(r, TRACKS_CALLER, r->caller_end, hole - known, "lost");
		gap_put(r, TRACKS_CALLER, c.position - known, known, gap_reason(c.gap_why));
		r->caller_end = c.position;
	}
	if (c.samples)
		sound_came(r, c.at_us);
	if (c.position + c.samples <= r->caller_end)
		return;
	len = (size_t)(c.position + c.samples - r->caller_end); /* the part that is new */
	track_put(r, TRACKS_CALLER, r->caller_end, c.ulaw + (c.samples - len), len);
	r->caller_end += len;
}

/* ------------------------------------------------------------------ records */

static void media_began(struct recorder *r, uint64_t at_us)
{
	if (!r->media && at_us <= SANE_US) {
		r->media_us = at_us;
		r->media = true;
	}
}

static void played_record(struct recorder *r, const void *payload, size_t len)
{
	struct record_played p;

	if (record_played_decode(&p, payload, len) || p.at_us > SANE_US)
		return;
	if (p.what == PLAYED_STARTED)
		media_began(r, p.at_us);
	else if (p.what == PLAYED_CLEARED)
		clear_at(r, p.at_us);
	else if (p.what == PLAYED_MARK)
		mark_record(r, &p);
}

/* Another worker: the one before wrote nothing after its last record, and its socket's queue is gone. */
static void attach_record(struct recorder *r, const void *payload, size_t len)
{
	struct record_start a;
	struct record_snapshot s;
	uint64_t from = place(r, (int64_t)r->now_us), to;

	if (record_start_decode(&a, payload, len) || a.at_us > SANE_US)
		return;
	r->recorded = r->recorded || a.records_audio;
	if (!record_snapshot_decode(&s, a.snapshot, a.snapshot_len) && s.media)
		media_began(r, s.media_us);
	clear_at(r, r->now_us);
	groups_settle(r, true);
	r->guess_us = way_us(r);
	r->path_us = UNKNOWN;
	r->busy_us = 0;
	to = place(r, (int64_t)a.at_us);
	gone_tell(r, UINT64_MAX);
	if (a.records_audio && to > from && to < MAX_SAMPLES) {
		r->gone_from = from;
		r->gone_to = to;
	}
}

static void start_record(struct recorder *r, const void *payload, size_t len)
{
	struct record_start s;

	if (!record_start_decode(&s, payload, len))
		r->records = s.records_audio;
}

static void end_record(struct recorder *r, const void *payload, size_t len)
{
	struct record_end e;

	if (record_end_decode(&e, payload, len) || e.at_us > SANE_US)
		return;
	r->ended = true;
	r->end_us = e.at_us;
	if (e.media)
		media_began(r, e.media_us);
}

/* Of a stretch of audio that went to the ring, all records are still there. */
static bool ring_kept(const struct recorder *r, const struct journal_gap *g)
{
	uint64_t kept = 0;
	unsigned int i;

	for (i = 0; i < SEEN; i++)
		kept += r->seen_us[i] >= g->first_us && r->seen_us[i] <= g->last_us;
	return kept >= g->records;
}

/* The journal itself refused records, or gave up audio. The caller's holes show by themselves; here are the agent's. */
static void gap_record(struct recorder *r, const void *payload, size_t len)
{
	struct journal_gap g;
	uint64_t from, to, tail = TAIL_SAMPLES;
	unsigned int i;

	if (journal_gap_decode(&g, payload, len))
		return;
	for (i = 0; i < r->count && (g.kinds & (UINT64_C(1) << JOURNAL_PLAYED)); i++)
		group_at(r, i)->untold = true;
	if (!(g.kinds & (UINT64_C(1) << JOURNAL_AUDIO_AGENT)))
		return;
	if (g.why == JOURNAL_GAP_RING && ring_kept(r, &g))
		return;
	if (g.why != JOURNAL_GAP_LOST) /* in the middle of a take the next record knows better, of a whole take nobody else does */
		tail = AHEAD_SAMPLES + (uint64_t)(way_us(r) > 0 ? way_us(r) : 0) / SAMPLE_US;
	from = place(r, (int64_t)(g.first_us - r->clock_us));
	to = place(r, (int64_t)(g.last_us - r->clock_us));
	if (to >= from && to < MAX_SAMPLES)
		gap_put(r, TRACKS_AGENT, from, to - from + tail, gap_reason(GAP_JOURNAL));
}

/* at_us of a record that is written the moment it happens. */
static void clock_learn(struct recorder *r, uint8_t kind, uint64_t time_us, const void *payload, size_t len)
{
	struct wire_reader w;
	struct wire_field f;
	uint64_t at_us = 0;

	if (kind != JOURNAL_AUDIO_CALLER && kind != JOURNAL_AUDIO_AGENT && kind != JOURNAL_PLAYED && kind != JOURNAL_ATTACH)
		return;
	wire_reader_init(&w, payload, len);
	if (wire_next(&w, &f) && f.number == 1 && !f.is_bytes)
		at_us = f.u64;
	r->clock_us = time_us - at_us;
	if (kind != JOURNAL_ATTACH && at_us > r->now_us && at_us <= SANE_US)
		r->now_us = at_us;
}

enum err recorder_push(struct recorder *r, uint8_t kind, uint32_t epoch, uint64_t time_us, const void *payload, size_t len)
{
	uint64_t limit;

	if (!payload || r->err)
		return r->err;
	if (epoch != r->epoch) {
		r->summary.epochs++;
		memset(r->seen_us, 0, sizeof(r->seen_us));
	}
	r->epoch = epoch;
	clock_learn(r, kind, time_us, payload, len);
	if (kind == JOURNAL_AUDIO_CALLER || kind == JOURNAL_AUDIO_AGENT)
		r->seen_us[r->seen++ % SEEN] = time_us;
	switch (kind) {
	case JOURNAL_AUDIO_CALLER: caller_record(r, payload, len); break;
	case JOURNAL_AUDIO_AGENT: agent_record(r, payload, len); break;
	case JOURNAL_PLAYED: played_record(r, payload, len); break;
	case JOURNAL_START: start_record(r, payload, len); break;
	case JOURNAL_ATTACH: attach_record(r, payload, len); break;
	case JOURNAL_GAP: gap_record(r, payload, len); break;
	case JOURNAL_END: end_record(r, payload, len); break;
	default: return r->err;
	}
	groups_settle(r, false);
	limit = r->sound_us > KEEP_US ? place(r, (int64_t)(r->sound_us - KEEP_US)) : 0;
	if (limit > MAX_SAMPLES)
		r->err = r->err ? r->err : ERR_LIMIT;
	give_out(r, limit);
	return r->err;
}

/* Where the tracks end: the call's own length; of a call whose end nobody wrote, as far as anything is known. */
static uint64_t length(const struct recorder *r)
{
	uint64_t known = place(r, (int64_t)r->now_us);

	if (r->ended)
		return place(r, (int64_t)r->end_us);
	return known > r->caller_end ? known : r->caller_end;
}

enum err recorder_finish(struct recorder **rp, struct recorder_summary *summary)
{
	struct recorder *r = *rp;
	uint64_t end;
	enum err err;

	groups_settle(r, true);
	end = length(r);
	if (end > MAX_SAMPLES && !r->err)
		r->err = ERR_LIMIT;
	r->recorded = r->recorded || (r->records && end);
	gone_tell(r, end);
	if (r->recorded && end > r->guessed_from && r->guessed_to)
		gap_put(r, TRACKS_AGENT, r->guessed_from, (end < r->guessed_to ? end : r->guessed_to) - r->guessed_from, "heard a little later");
	if (r->recorded && end >= r->caller_end + TAIL_SAMPLES)
		gap_put(r, TRACKS_CALLER, r->caller_end, end - r->caller_end, r->ended ? gap_reason(GAP_CARRIER) : "lost");
	if (r->recorded)
		give_out(r, end);
	r->summary.samples = r->out;
	r->summary.ended = r->ended;
	err = r->err ? r->err : r->recorded ? ERR_NONE : ERR_NOTFOUND;
	if (summary)
		*summary = r->summary;
	recorder_cancel(rp);
	return err;
}
