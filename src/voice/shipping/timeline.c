/* Records to lines: see timeline.h. One function a kind of record.
 *
 * Nearly everything comes from the call's steps (INPUTS), in the order in which it happened. Events say the same at once, up to 100 ms before the steps
 * around them are written: taking both would put a final before its partial words. The outcome alone is no step. Who speaks is found as the core finds
 * it (floor.c), from the same levels and marks. */
#include "voice/shipping/timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "voice/worker/conductor.h"
#include "voice/shipping/timeline_state.h"

enum { LONG_BURST_US = 200000, CHUNK_US = 32000 };

/* ------------------------------------------------------------------ writing */

void telling_ms(struct buf *b, const char *key, uint64_t us)
{
	unsigned int rest = (unsigned int)(us % 1000);

	json_put_key(b, key);
	if (rest)
		buf_printf(b, "%" PRIu64 ".%03u", us / 1000, rest);
	else
		buf_printf(b, "%" PRIu64, us / 1000);
}

void telling_text(struct buf *b, const char *key, const char *text, size_t len)
{
	json_put_key(b, key);
	json_put_text(b, text ? text : "", len);
}

struct buf *telling_open(struct telling *t, const char *type, uint64_t at_us)
{
	char id[33];

	json_open(t->out, '{');
	id128_print(&t->h->call, id);
	json_pair_string(t->out, "call", id);
	id128_print(&t->h->tenant, id);
	json_pair_string(t->out, "tenant_id", id);
	json_pair_u64(t->out, "epoch", t->h->epoch);
	json_pair_u64(t->out, "sequence", t->h->sequence);
	json_pair_u64(t->out, "part", t->part++);
	telling_ms(t->out, "at_ms", at_us);
	json_pair_string(t->out, "type", type);
	return t->out;
}

void telling_close(struct telling *t)
{
	json_close(t->out, '}');
	buf_byte(t->out, '\n');
}

/* ------------------------------------------------------------------ who speaks */

/* Over the agent sooner, before the agent holds: that short time is what `both` is. */
static bool caller_speaks(const struct call_lines *l, uint64_t at_us)
{
	if (l->agent)
		return l->burst && l->voice_us > CHUNK_US;
	return l->burst && (l->voice_us >= l->hold_us || (l->voice_us > CHUNK_US && at_us - l->burst_us >= LONG_BURST_US));
}

static void floor_tell(struct telling *t, uint64_t at_us)
{
	static const char *const names[] = { [FLOOR_NOBODY] = "nobody", [FLOOR_AGENT] = "agent", [FLOOR_CALLER] = "caller", [FLOOR_BOTH] = "both" };
	struct call_lines *l = t->l;
	bool caller = caller_speaks(l, at_us);
	enum line_floor now = l->agent ? (caller ? FLOOR_BOTH : FLOOR_AGENT) : caller ? FLOOR_CALLER : FLOOR_NOBODY;

	if (now == l->floor)
		return;
	json_pair_string(telling_open(t, "floor", at_us), "who", names[now]);
	telling_close(t);
	l->floor = now;
}

static void voice_level(struct call_lines *l, const struct call_input *in)
{
	l->voiced = in->number >= (l->voiced ? l->vad_off : l->vad_on);
	if (l->voiced) {
		if (!l->burst) {
			l->burst_us = in->at_us;
			l->voice_us = 0;
		}
		l->burst = true;
		l->voice_us += CHUNK_US;
		l->last_voice_us = in->at_us;
	} else if (l->burst && in->at_us > l->last_voice_us + l->gap_us) {
		l->burst = false;
	}
}

static uint64_t end_of(const struct call_lines *l, uint32_t utterance)
{
	for (unsigned int i = 0; i < CALL_LINES_ENDS; i++)
		if (l->ends[i].utterance == utterance && l->ends[i].samples)
			return l->ends[i].samples;
	return UINT64_MAX;
}

static void end_learn(struct call_lines *l, uint32_t utterance, uint64_t samples)
{
	unsigned int i = 0;

	while (i < CALL_LINES_ENDS && l->ends[i].utterance != utterance)
		i++;
	if (i == CALL_LINES_ENDS) {
		i = l->next_end;
		l->next_end = (l->next_end + 1) % CALL_LINES_ENDS;
	}
	l->ends[i].utterance = utterance;
	l->ends[i].samples = samples;
}

/* What an input says about who speaks. */
static void floor_input(struct call_lines *l, const struct call_input *in)
{
	switch (in->type) {
	case IN_VOICE: voice_level(l, in); break;
	case IN_SENT:
		l->agent = true;
		l->playing = in->utterance;
		break;
	case IN_SPEECH:
		if (in->kind == SPEECH_DONE)
			end_learn(l, in->utterance, in->position);
		break;
	case IN_PLAYED:
		if (in->utterance == l->playing && in->position >= end_of(l, in->utterance))
			l->agent = false;
		break;
	case IN_MEDIA_LOST:
	case IN_ATTACHED:
	case IN_HANGUP: l->agent = l->burst = false; break;
	default: break;
	}
}

static void floor_output(struct call_lines *l, const struct call_output *out)
{
	if (out->type == OUT_HOLD || out->type == OUT_HANGUP || (out->type == OUT_UNSPEAK && out->utterance == l->playing))
		l->agent = false;
	else if (out->type == OUT_TRIM)
		end_learn(l, out->utterance, out->position);
}

/* ------------------------------------------------------------------ words, keys, tools */

static void partial_tell(struct telling *t, const struct call_input *in)
{
	uint32_t words = journal_checksum(in->text, in->text_len);

	if (in->kind != TRANSCRIPT_PARTIAL || words == t->l->partial)
		return;
	t->l->partial = words;
	telling_text(telling_open(t, "partial", in->at_us), "text", in->text, in->text_len);
	telling_close(t);
}

static void digit_tell(struct telling *t, const struct call_input *in)
{
	char digit = (char)in->number;
	bool hidden = in->number == KEY_HIDDEN; /* shown as others are to who may not see them */

	if (in->number < ' ' || in->number > '~')
		return;
	telling_text(telling_open(t, "digit", in->at_us), "digit", hidden ? "\xe2\x80\xa2" : &digit, hidden ? 3 : 1);
	telling_close(t);
}

static void final_tell(struct telling *t, const struct call_input *in)
{
	struct buf *b = telling_open(t, "final", in->at_us);

	json_pair_u64(b, "turn", t->l->turn);
	telling_text(b, "text", in->text, in->text_len);
	json_pair_u64(b, "from_ms", in->position / SAMPLES_PER_MS);
	json_pair_u64(b, "to_ms", in->position2 / SAMPLES_PER_MS);
	telling_close(t);
	t->l->partial = 0;
}

static void speak_tell(struct telling *t, const struct call_output *out, uint64_t at_us)
{
	struct buf *b = telling_open(t, "speak", at_us);

	json_pair_u64(b, "utterance", out->utterance);
	json_pair_u64(b, "take", out->take);
	telling_text(b, "text", out->text, out->text_len);
	telling_close(t);
}

const char *const telling_tool_statuses[TELLING_TOOL_STATUSES] = { [TOOL_OK] = "ok", [TOOL_ERROR] = "error", [TOOL_UNKNOWN] = "unknown" };

const char *telling_name(const char *const *names, size_t count, uint64_t i)
{
	return i < count ? names[i] : "unknown";
}

static void tool_tell(struct telling *t, const struct call_output *out, uint64_t at_us)
{
	struct buf *b = telling_open(t, "tool", at_us);

	json_pair_u64(b, "turn", out->turn);
	json_pair_u64(b, "index", out->index);
	telling_text(b, "name", out->name, out->name_len);
	telling_text(b, "arguments", out->text, out->text_len);
	json_pair_bool(b, "changes", out->kind != 0);
	telling_close(t);
}

static void result_tell(struct telling *t, const struct call_input *in)
{
	struct buf *b = telling_open(t, "tool_result", in->at_us);

	json_pair_u64(b, "turn", in->turn);
	json_pair_u64(b, "index", in->index);
	json_pair_string(b, "status", telling_name(telling_tool_statuses, TELLING_TOOL_STATUSES, in->kind));
	telling_text(b, "text", in->text, in->text_len);
	telling_close(t);
}

/* ------------------------------------------------------------------ steps */

static void input_tell(struct telling *t, const struct call_input *in)
{
	switch (in->type) {
	case IN_TRANSCRIPT:
		if (in->kind == TRANSCRIPT_PARTIAL)
			partial_tell(t, in);
		else if (in->text_len)
			final_tell(t, in);
		break;
	case IN_DIGIT: digit_tell(t, in); break;
	case IN_TOOL_RESULT: result_tell(t, in); break;
	default: break;
	}
	floor_input(t->l, in);
}

static void output_tell(struct telling *t, const struct step_bytes *bytes, uint64_t at_us)
{
	struct call_output out;

	if (output_decode(&out, bytes->data, bytes->len))
		return;
	switch (out.type) {
	case OUT_NOTE: telling_note(t, &out, at_us); break;
	case OUT_SPEAK: speak_tell(t, &out, at_us); break;
	case OUT_TOOL: tool_tell(t, &out, at_us); break;
	default: break;
	}
	floor_output(t->l, &out);
}

static void steps_tell(struct telling *t, const void *payload, size_t len)
{
	struct steps_reader r;
	struct step step;
	struct call_input in;

	steps_reader_init(&r, payload, len);
	while (!steps_next(&r, &step)) {
		if (step_input(&step, &in))
			continue;
		input_tell(t, &in);
		for (size_t i = 0; i < step.count; i++)
			output_tell(t, &step.outputs[i], in.at_us);
		floor_tell(t, in.at_us);
	}
}

/* ------------------------------------------------------------------ events */

static void outcome_tell(struct telling *t, const struct record_event *e)
{
	struct buf *b = telling_open(t, "outcome", e->at_us);

	(void)record_event_outcome(e, t->l->outcome, sizeof(t->l->outcome));
	telling_text(b, "name", t->l->outcome, strlen(t->l->outcome));
	telling_text(b, "arguments", e->text, e->text_len);
	telling_close(t);
}

static void unheard_tell(struct telling *t, const struct record_event *e)
{
	struct buf *b = telling_open(t, "note", e->at_us);

	json_pair_string(b, "code", "unheard");
	json_pair_string(b, "text", "no recogniser serves this language: the one of before goes on");
	telling_text(b, "language", e->text, e->text_len);
	telling_close(t);
}

static void event_tell(struct telling *t, const void *payload, size_t len)
{
	struct record_event e;

	if (record_event_decode(&e, payload, len))
		return;
	if (e.kind == EVENT_OUTCOME)
		outcome_tell(t, &e);
	else if (e.kind == EVENT_UNHEARD)
		unheard_tell(t, &e);
}

/* ------------------------------------------------------------------ begin, end, gaps */

static void settings_take(struct call_lines *l, const struct call_settings *s)
{
	l->vad_on = (uint64_t)s->vad_on;
	l->vad_off = (uint64_t)s->vad_off;
	l->gap_us = (uint64_t)s->vad_gap_ms * 1000;
	l->hold_us = (uint64_t)s->barge_hold_ms * 1000;
}

static void media_began(struct telling *t, uint64_t at_us, bool is_told)
{
	struct buf *b;

	t->l->media_us = at_us;
	if (!t->l->has_media && is_told) {
		b = telling_open(t, "note", at_us);
		json_pair_string(b, "code", "media");
		json_pair_string(b, "text", "the sound began: 0 of both tracks");
		telling_close(t);
	}
	t->l->has_media = true;
}

static void put_brief(struct buf *b, const struct record_start *r)
{
	struct brief *brief = malloc(sizeof(*brief));

	if (!brief) {
		b->err = ERR_NOMEM;
		return;
	}
	if (!brief_decode(brief, r->brief, r->brief_len)) {
		json_pair_string(b, "language", brief->language);
		if (brief->rulebook[0])
			json_pair_string(b, "rulebook", brief->rulebook);
	}
	free(brief);
}

static void start_tell(struct telling *t, const void *payload, size_t len)
{
	struct record_start r;
	struct call_settings settings;
	struct buf *b;

	if (record_start_decode(&r, payload, len))
		return;
	t->l->clock_us = t->h->time_us - r.at_us;
	if (!call_settings_decode(&settings, r.settings, r.settings_len))
		settings_take(t->l, &settings);
	b = telling_open(t, "start", r.at_us);
	json_pair_string(b, "direction", r.direction ? "outbound" : "inbound");
	telling_ms(b, "wall_ms", r.wall_us);
	put_brief(b, &r);
	json_pair_bool(b, "recorded", r.records_audio);
	telling_close(t);
}

/* What the core of the snapshot is pinned to. */
static void core_settings(struct call_lines *l, const struct record_snapshot *s)
{
	struct call *call;

	if (call_load(&call, s->core, s->core_len))
		return;
	settings_take(l, call_get_settings(call));
	l->turn = call_turn(call);
	call_free(call);
}

static void attach_tell(struct telling *t, const void *payload, size_t len)
{
	struct record_start r;
	struct record_snapshot s;
	struct buf *b;

	if (record_start_decode(&r, payload, len))
		return;
	t->l->clock_us = t->h->time_us - r.at_us;
	(void)record_outcome(r.outcome, r.outcome_len, t->l->outcome, sizeof(t->l->outcome));
	b = telling_open(t, "attach", r.at_us);
	if (!record_snapshot_decode(&s, r.snapshot, r.snapshot_len)) {
		core_settings(t->l, &s);
		telling_ms(b, "gap_ms", r.at_us > s.at_us ? r.at_us - s.at_us : 0);
	}
	telling_close(t);
	if (!record_snapshot_decode(&s, r.snapshot, r.snapshot_len) && s.media)
		media_began(t, s.media_us, false);
}

static void end_tell(struct telling *t, const void *payload, size_t len)
{
	struct record_end r;
	struct buf *b;

	if (record_end_decode(&r, payload, len))
		return;
	b = telling_open(t, "end", r.at_us);
	json_pair_string(b, "reason", conductor_end_name((enum end_reason)r.reason));
	telling_ms(b, "connected_ms", r.connected_us);
	json_pair_u64(b, "turns", r.turns);
	json_pair_string(b, "outcome", t->l->outcome);
	telling_close(t);
}

static void gap_line(struct telling *t, uint64_t at_us, const char *track, uint64_t from_ms, uint64_t to_ms, const char *why)
{
	struct buf *b = telling_open(t, "gap", at_us);

	json_pair_string(b, "track", track);
	json_pair_u64(b, "from_ms", from_ms);
	json_pair_u64(b, "to_ms", to_ms);
	json_pair_string(b, "why", why);
	telling_close(t);
}

static void caller_tell(struct telling *t, const void *payload, size_t len)
{
	static const char *const whys[] = { [GAP_CARRIER] = "the carrier sent nothing", [GAP_JOURNAL] = "the disk took nothing",
		[GAP_WORKER] = "no worker had the call", [GAP_KEYS] = "paused while a secret number was keyed in" };
	struct record_caller r;

	if (record_caller_decode(&r, payload, len) || !r.gap_samples || r.gap_samples > r.position)
		return;
	gap_line(t, r.at_us, "caller", (r.position - r.gap_samples) / SAMPLES_PER_MS, r.position / SAMPLES_PER_MS, telling_name(whys, 4, r.gap_why));
}

/* From the worker's time to a position of the tracks. */
static uint64_t track_ms(const struct call_lines *l, uint64_t time_us)
{
	uint64_t began_us = l->clock_us + l->media_us;

	return time_us > began_us ? (time_us - began_us) / 1000 : 0;
}

static void gap_tell(struct telling *t, const void *payload, size_t len)
{
	static const struct {
		uint64_t kinds;
		const char *track;
	} tracks[] = { { UINT64_C(1) << JOURNAL_AUDIO_CALLER, "caller" }, { UINT64_C(1) << JOURNAL_AUDIO_AGENT, "agent" },
		{ ~(UINT64_C(1) << JOURNAL_AUDIO_CALLER | UINT64_C(1) << JOURNAL_AUDIO_AGENT), "timeline" } };
	uint64_t at_us = t->h->time_us > t->l->clock_us ? t->h->time_us - t->l->clock_us : 0;
	struct journal_gap g;

	if (journal_gap_decode(&g, payload, len))
		return;
	for (size_t i = 0; i < 3; i++)
		if (g.kinds & tracks[i].kinds)
			gap_line(t, at_us, tracks[i].track, track_ms(t->l, g.first_us), track_ms(t->l, g.last_us), journal_gap_why_name(g.why));
}

static void played_tell(struct telling *t, const void *payload, size_t len)
{
	struct record_played r;

	if (!record_played_decode(&r, payload, len) && r.what == PLAYED_STARTED)
		media_began(t, r.at_us, true);
}

/* ------------------------------------------------------------------ records */

void call_lines_init(struct call_lines *l)
{
	struct call_settings settings;

	*l = (struct call_lines){ .floor = FLOOR_UNKNOWN };
	call_settings_init(&settings);
	settings_take(l, &settings);
}

bool call_lines_wants(uint8_t kind)
{
	switch (kind) {
	case JOURNAL_START:
	case JOURNAL_ATTACH:
	case JOURNAL_INPUTS:
	case JOURNAL_EVENT:
	case JOURNAL_METER:
	case JOURNAL_PLAYED:
	case JOURNAL_AUDIO_CALLER:
	case JOURNAL_GAP:
	case JOURNAL_END: return true;
	default: return false;
	}
}

unsigned int call_lines_put(struct call_lines *l, const struct journal_header *h, const void *payload, size_t len, struct buf *out)
{
	struct telling t = { .l = l, .h = h, .out = out };

	if (!payload)
		return 0;
	switch (h->kind) {
	case JOURNAL_START: start_tell(&t, payload, len); break;
	case JOURNAL_ATTACH: attach_tell(&t, payload, len); break;
	case JOURNAL_INPUTS: steps_tell(&t, payload, len); break;
	case JOURNAL_EVENT: event_tell(&t, payload, len); break;
	case JOURNAL_METER: telling_usage(&t, payload, len); break;
	case JOURNAL_PLAYED: played_tell(&t, payload, len); break;
	case JOURNAL_AUDIO_CALLER: caller_tell(&t, payload, len); break;
	case JOURNAL_GAP: gap_tell(&t, payload, len); break;
	case JOURNAL_END: end_tell(&t, payload, len); break;
	default: break;
	}
	return t.part;
}
