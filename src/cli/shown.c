#include "cli/shown.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "voice/journal/call_records.h"

enum { EVENTS_MAX = 1 << 18, TEXTS_MAX_BYTES = 256 << 20 };

static const char *const part_names[LATENCY_PARTS] = { "end_of_turn", "transcript", "first_token", "speakable", "first_audio", "sent", "played" };
static const char *const status_names[] = { "ok", "error", "unknown" };
static const char *const yield_names[YIELD_WHYS] = { "words", "stop_word", "length", "keys" };

static const char *name_at(const char *const *names, size_t count, uint64_t i)
{
	return i < count ? names[i] : "unknown";
}

/* ------------------------------------------------------------------ reading */

static enum err event_add(struct shown *s, const struct record_event *e)
{
	struct shown_event *event;

	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 256;
		struct shown_event *events = cap <= EVENTS_MAX ? realloc(s->events, cap * sizeof(*events)) : NULL;

		if (!events)
			return cap <= EVENTS_MAX ? ERR_NOMEM : ERR_LIMIT;
		s->events = events;
		s->cap = cap;
	}
	event = &s->events[s->count++];
	*event = (struct shown_event){ .e = *e, .name = s->texts.len };
	buf_append(&s->texts, e->name, e->name_len);
	event->text = s->texts.len;
	buf_append(&s->texts, e->text, e->text_len);
	s->last_us = e->at_us > s->last_us ? e->at_us : s->last_us;
	return s->texts.err;
}

/* A mark on its way when the agent was cut says later how much of it was heard. */
static void heard_again(struct shown *s, const struct record_event *e)
{
	size_t i = s->count;

	while (i-- > 0) {
		struct shown_event *old = &s->events[i];

		if (old->e.kind == EVENT_NOTE && old->e.code == NOTE_HEARD && old->e.index == e->index) {
			old->old = true;
			return;
		}
	}
}

enum err shown_add(struct shown *s, const struct record_event *e)
{
	if (e->kind == EVENT_NOTE && e->code == NOTE_HEARD)
		heard_again(s, e);
	return event_add(s, e);
}

static enum err read_event(struct shown *s, const uint8_t *payload, size_t len)
{
	struct record_event e;

	if (!record_event_decode(&e, payload, len))
		return shown_add(s, &e);
	s->unread++;
	return ERR_NONE;
}

static void read_start(struct shown *s, const uint8_t *payload, size_t len)
{
	s->started = !record_start_decode(&s->start, payload, len) && !brief_decode(&s->brief, s->start.brief, s->start.brief_len);
	s->unread += !s->started;
	s->start.settings = s->start.brief = s->start.snapshot = NULL; /* the record's, gone soon */
}

static void read_meter(struct shown *s, const uint8_t *payload, size_t len)
{
	struct record_usage u;
	struct record_meter m;

	if (!record_usage_decode(&u, payload, len))
		costs_add(&s->costs, &u);
	else if (!record_meter_decode(&m, payload, len) && m.meter < METERS)
		s->meters[m.meter] += m.amount;
	else
		s->unread++;
}

/* Who died in the middle has told little, but he was there until then. Another worker's clock may be another machine's. */
static void note_time(struct shown *s, const struct journal_header *h)
{
	if (h->kind == JOURNAL_START)
		s->begun_us = h->time_us;
	if (s->started && s->workers == 1 && h->time_us > s->begun_us && h->time_us - s->begun_us > s->last_us)
		s->last_us = h->time_us - s->begun_us;
}

static enum err item_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct shown *s = arg;
	uint8_t kind = item->record.header.kind;

	if (!payload && !s->sealed)
		s->sealed = payload_err;
	if (payload_err == ERR_DENIED)
		return ERR_DENIED;
	s->opened += payload != NULL;
	s->end_sealed |= kind == JOURNAL_END && !payload;
	s->workers += kind == JOURNAL_START || kind == JOURNAL_ATTACH;
	s->gaps += kind == JOURNAL_GAP;
	note_time(s, &item->record.header);
	if (!payload) {
		s->unread++;
		return ERR_NONE;
	}
	switch (kind) {
	case JOURNAL_START: read_start(s, payload, len); break;
	case JOURNAL_EVENT: return read_event(s, payload, len);
	case JOURNAL_METER: read_meter(s, payload, len); break;
	case JOURNAL_END:
		s->ended = !record_end_decode(&s->end, payload, len);
		s->unread += !s->ended;
		break;
	default: break;
	}
	return ERR_NONE;
}

static const char *event_text(const struct shown *s, const struct shown_event *event)
{
	return event->e.text_len ? (const char *)s->texts.data + event->text : "";
}

static const char *event_tool(const struct shown *s, const struct shown_event *event)
{
	return event->e.name_len ? (const char *)s->texts.data + event->name : "";
}

static unsigned int latency_parts(const struct shown *s, const struct shown_event *event, uint64_t parts[LATENCY_PARTS])
{
	struct wire_reader r;
	unsigned int n = 0;

	wire_reader_init(&r, event_text(s, event), event->e.text_len);
	while (n < LATENCY_PARTS && r.at < r.end && !r.err)
		parts[n++] = wire_varint(&r);
	return r.err ? 0 : n;
}

static void wall_text(uint64_t wall_us, char out[40])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(out, 40, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = 0;
}

/* ------------------------------------------------------------------ JSON */

static void json_words(struct buf *b, const char *key, const char *text, size_t len)
{
	json_put_key(b, key);
	json_put_text(b, text, len);
}

static void json_latency(struct buf *b, const struct shown *s, const struct shown_event *event)
{
	uint64_t parts[LATENCY_PARTS];
	unsigned int i, n = latency_parts(s, event, parts);

	json_pair_u64(b, "total_us", event->e.number);
	json_put_key(b, "parts_us");
	json_open(b, '{');
	for (i = 0; i < n; i++)
		json_pair_u64(b, part_names[i], parts[i]);
	json_close(b, '}');
}

static void json_note(struct buf *b, const struct shown *s, const struct shown_event *event)
{
	const struct record_event *e = &event->e;

	json_pair_string(b, "event", note_name((enum note)e->code));
	switch (e->code) {
	case NOTE_TURN:
		json_pair_string(b, "why", turn_why_name((enum turn_why)e->index));
		json_pair_u64(b, "silence_us", e->number);
		break;
	case NOTE_HEARD: json_pair_bool(b, "cut", e->number != 0); break;
	case NOTE_YIELD: json_pair_string(b, "why", name_at(yield_names, YIELD_WHYS, e->index)); break;
	case NOTE_TOOL: json_pair_string(b, "status", name_at(status_names, 3, e->number)); break;
	case NOTE_ENDING:
	case NOTE_ENDED: json_pair_string(b, "reason", end_reason_name((enum end_reason)e->index)); break;
	case NOTE_ANSWERED:
		json_pair_string(b, "who", answered_name((enum answered)e->index));
		json_pair_string(b, "why", answered_why_name((enum answered_why)e->number));
		break;
	case NOTE_SHORT:
		json_pair_string(b, "why", short_why_name((enum short_why)e->index));
		json_pair_u64(b, "expected_ms", e->number / 1000);
		break;
	case NOTE_LATENCY: json_latency(b, s, event); return;
	default: json_pair_u64(b, "number", e->number); break;
	}
	if (e->text_len)
		json_words(b, "text", event_text(s, event), e->text_len);
}

static void json_event(struct buf *b, const struct shown *s, const struct shown_event *event)
{
	const struct record_event *e = &event->e;

	json_open(b, '{');
	json_pair_u64(b, "at_us", e->at_us);
	json_pair_u64(b, "turn", e->turn);
	switch (e->kind) {
	case EVENT_NOTE: json_note(b, s, event); break;
	case EVENT_FINAL:
		json_pair_string(b, "event", "final");
		json_words(b, "text", event_text(s, event), e->text_len);
		break;
	case EVENT_TOOL:
		json_pair_string(b, "event", "tool_dispatched");
		json_pair_u64(b, "index", e->index);
		json_words(b, "name", event_tool(s, event), e->name_len);
		json_words(b, "arguments", event_text(s, event), e->text_len);
		json_pair_bool(b, "changes", e->code != 0);
		break;
	case EVENT_UNHEARD:
		json_pair_string(b, "event", "unheard");
		json_words(b, "text", event_text(s, event), e->text_len);
		break;
	case EVENT_OUTCOME:
		json_pair_string(b, "event", "outcome");
		json_words(b, "arguments", event_text(s, event), e->text_len);
		break;
	case EVENT_TOOL_RESULT:
		json_pair_string(b, "event", "tool_result");
		json_pair_u64(b, "index", e->index);
		json_pair_string(b, "status", name_at(status_names, 3, e->code));
		json_words(b, "result", event_text(s, event), e->text_len);
		break;
	default: json_pair_u64(b, "event_kind", e->kind); break;
	}
	json_close(b, '}');
}

/* What stands in a turn: the caller's words, the agent's words that were heard, tools, latency. */
static void json_turn_list(struct buf *b, const struct shown *s, uint32_t turn, const char *key, uint32_t kind, uint32_t code)
{
	size_t i;

	json_put_key(b, key);
	json_open(b, '[');
	for (i = 0; i < s->count; i++) {
		const struct shown_event *event = &s->events[i];

		if (event->old || event->e.turn != turn || event->e.kind != kind || (kind == EVENT_NOTE && event->e.code != code))
			continue;
		if (kind == EVENT_NOTE)
			json_put_text(b, event_text(s, event), event->e.text_len);
		else
			json_event(b, s, event);
	}
	json_close(b, ']');
}

static const struct shown_event *turn_note(const struct shown *s, uint32_t turn, uint32_t code)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->events[i].e.kind == EVENT_NOTE && s->events[i].e.code == code && s->events[i].e.turn == turn && !s->events[i].old)
			return &s->events[i];
	return NULL;
}

static uint32_t last_turn(const struct shown *s)
{
	uint32_t last = 0;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->events[i].e.kind == EVENT_NOTE && s->events[i].e.code == NOTE_TURN && s->events[i].e.turn > last)
			last = s->events[i].e.turn;
	return last < EVENTS_MAX ? last : EVENTS_MAX;
}

static void json_turns(struct buf *b, const struct shown *s)
{
	uint32_t turn, last = last_turn(s);

	json_put_key(b, "turns");
	json_open(b, '[');
	for (turn = 0; turn <= last; turn++) {
		const struct shown_event *said = turn_note(s, turn, NOTE_TURN), *latency = turn_note(s, turn, NOTE_LATENCY);

		if (turn && !said)
			continue;
		json_open(b, '{');
		json_pair_u64(b, "turn", turn);
		if (said) {
			json_pair_u64(b, "at_us", said->e.at_us);
			json_words(b, "said", event_text(s, said), said->e.text_len);
			json_pair_string(b, "why", turn_why_name((enum turn_why)said->e.index));
		}
		json_turn_list(b, s, turn, "heard", EVENT_NOTE, NOTE_HEARD);
		json_turn_list(b, s, turn, "tools", EVENT_TOOL, 0);
		json_turn_list(b, s, turn, "results", EVENT_TOOL_RESULT, 0);
		if (latency) {
			json_put_key(b, "latency");
			json_open(b, '{');
			json_latency(b, s, latency);
			json_close(b, '}');
		}
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void json_head(struct buf *b, const struct shown *s, const char *name)
{
	char when[40];

	json_pair_string(b, "call", name);
	json_pair_bool(b, "started", s->started);
	if (s->started) {
		wall_text(s->start.wall_us, when);
		json_pair_string(b, "began", when);
		json_pair_string(b, "direction", s->start.direction ? "outbound" : "inbound");
		json_pair_string(b, "language", s->brief.language);
		json_pair_string(b, "rulebook", s->brief.rulebook);
		json_pair_bool(b, "recorded", s->start.records_audio);
	}
	json_pair_bool(b, "ended", s->ended || s->end_sealed);
	if (s->ended) {
		json_pair_string(b, "reason", end_reason_name((enum end_reason)s->end.reason));
		json_pair_u64(b, "connected_ms", s->end.connected_us / 1000);
		json_pair_u64(b, "end_us", s->end.at_us);
	} else if (!s->end_sealed) {
		json_pair_u64(b, "stops_us", s->last_us);
	}
	json_pair_u64(b, "workers", s->workers);
	json_pair_u64(b, "unread_records", s->unread);
	json_pair_u64(b, "journal_gaps", s->gaps);
}

void shown_json(struct buf *b, const struct shown *s, const char *name)
{
	size_t i;

	json_head(b, s, name);
	json_turns(b, s);
	json_put_key(b, "events");
	json_open(b, '[');
	for (i = 0; i < s->count; i++)
		if (!s->events[i].old)
			json_event(b, s, &s->events[i]);
	json_close(b, ']');
	json_put_key(b, "usage");
	json_open(b, '{');
	for (i = 1; i < METERS; i++)
		json_pair_u64(b, meter_name((enum meter)i), s->meters[i]);
	json_close(b, '}');
	json_put_key(b, "costs");
	costs_json(b, &s->costs);
}

/* ------------------------------------------------------------------ for people */

static void put_time(struct buf *b, uint64_t us)
{
	buf_printf(b, "%3" PRIu64 ":%02u.%03u  ", us / 60000000, (unsigned int)(us / 1000000 % 60), (unsigned int)(us / 1000 % 1000));
}

/* A caller's words must not steer the terminal. */
static void put_words(struct buf *b, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf_byte(b, (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : (uint8_t)text[i]);
}

static void put_quoted(struct buf *b, const struct shown *s, const struct shown_event *event)
{
	buf_text(b, "\"");
	put_words(b, event_text(s, event), event->e.text_len);
	buf_text(b, "\"");
}

/* What a part has beyond its whole milliseconds goes to the next, so that they sum to the total here too. */
static void put_latency(struct buf *b, const struct shown *s, const struct shown_event *event)
{
	uint64_t parts[LATENCY_PARTS], before = 0;
	unsigned int i, n = latency_parts(s, event, parts);

	buf_printf(b, "latency %" PRIu64 " ms:", event->e.number / 1000);
	for (i = 0; i < n; i++) {
		buf_printf(b, "%s %s %" PRIu64, i ? "," : "", part_names[i], (before + parts[i]) / 1000 - before / 1000);
		before += parts[i];
	}
}

static void put_note(struct buf *b, const struct shown *s, const struct shown_event *event)
{
	const struct record_event *e = &event->e;

	switch (e->code) {
	case NOTE_TURN:
		buf_printf(b, "caller  ");
		put_quoted(b, s, event);
		buf_printf(b, "  (turn %u: %s after %" PRIu64 " ms)", e->turn, turn_why_name((enum turn_why)e->index), e->number / 1000);
		break;
	case NOTE_HEARD:
		buf_text(b, "agent   ");
		put_quoted(b, s, event);
		buf_text(b, e->number ? "  (cut)" : "");
		break;
	case NOTE_YIELD: buf_printf(b, "        the agent gave way: %s", name_at(yield_names, YIELD_WHYS, e->index)); break;
	case NOTE_TOOL: buf_printf(b, "tool    its result reached the dialogue: %s", name_at(status_names, 3, e->number)); break;
	case NOTE_LATENCY:
		buf_text(b, "        ");
		put_latency(b, s, event);
		break;
	case NOTE_LANGUAGE: buf_printf(b, "        from here on in %.*s", (int)e->text_len, event_text(s, event)); break;
	case NOTE_ANSWERED:
		buf_printf(b, "        who answered: %s (%s)", answered_name((enum answered)e->index), answered_why_name((enum answered_why)e->number));
		break;
	case NOTE_SHORT:
		buf_printf(b, "        a short answer was asked for: %s, another would have come %" PRIu64 " ms after the turn",
			short_why_name((enum short_why)e->index), e->number / 1000);
		break;
	case NOTE_ENDING:
	case NOTE_ENDED: buf_printf(b, "        %s: %s", note_name((enum note)e->code), end_reason_name((enum end_reason)e->index)); break;
	default:
		buf_printf(b, "        %s", note_name((enum note)e->code));
		if (e->text_len) {
			buf_text(b, " ");
			put_quoted(b, s, event);
		}
		break;
	}
}

void shown_event_text(struct buf *b, const struct shown *s, const struct shown_event *event)
{
	const struct record_event *e = &event->e;

	if (e->kind == EVENT_FINAL || (e->kind == EVENT_NOTE && e->code == NOTE_HEARD && !e->text_len))
		return; /* it is in its turn; nothing of it was heard */
	put_time(b, e->at_us);
	if (e->kind == EVENT_NOTE) {
		put_note(b, s, event);
	} else if (e->kind == EVENT_TOOL) {
		buf_text(b, "tool    ");
		put_words(b, event_tool(s, event), e->name_len);
		buf_text(b, " ");
		put_words(b, event_text(s, event), e->text_len);
		buf_text(b, e->code ? "  (changes something)" : "");
	} else if (e->kind == EVENT_TOOL_RESULT) {
		buf_printf(b, "tool    %s: ", name_at(status_names, 3, e->code));
		put_words(b, event_text(s, event), e->text_len);
	} else if (e->kind == EVENT_UNHEARD) {
		buf_text(b, "        no recogniser serves ");
		put_words(b, event_text(s, event), e->text_len);
	} else if (e->kind == EVENT_OUTCOME) {
		buf_text(b, "outcome ");
		put_words(b, event_text(s, event), e->text_len);
	}
	buf_text(b, "\n");
}

static void put_head(struct buf *b, const struct shown *s, const char *name)
{
	char when[40];

	buf_printf(b, "call %s", name);
	if (s->started) {
		wall_text(s->start.wall_us, when);
		buf_printf(b, ", %s, %s, %s", s->start.direction ? "outbound" : "inbound", when, s->brief.language);
		if (s->brief.rulebook[0])
			buf_printf(b, ", %s", s->brief.rulebook);
	}
	buf_text(b, "\n");
}

static void put_tail(struct buf *b, const struct shown *s)
{
	unsigned int i;

	put_time(b, s->ended ? s->end.at_us : s->last_us);
	if (s->ended)
		buf_printf(b, "        ended: %s; connected %" PRIu64 " ms, %u turns\n", end_reason_name((enum end_reason)s->end.reason),
			s->end.connected_us / 1000, s->end.turns);
	else if (s->end_sealed)
		buf_text(b, "        ended; how cannot be read\n");
	else
		buf_printf(b, "        the journal stops here: the call had not ended%s\n", s->count ? "" : ", and of what was said nothing is known to have been heard to its end");
	if (s->workers > 1)
		buf_printf(b, "%u workers had this call, one after the other\n", s->workers);
	if (s->unread || s->gaps)
		buf_printf(b, "%" PRIu64 " records could not be read, %" PRIu64 " gaps are marked\n", s->unread, s->gaps);
	buf_text(b, "usage:");
	for (i = 1; i < METERS; i++)
		if (s->meters[i])
			buf_printf(b, " %s %" PRIu64, meter_name((enum meter)i), s->meters[i]);
	buf_text(b, "\n");
	costs_text(b, &s->costs);
}

void shown_text(struct buf *b, const struct shown *s, const char *name)
{
	size_t i;

	put_head(b, s, name);
	for (i = 0; i < s->count; i++)
		if (!s->events[i].old)
			shown_event_text(b, s, &s->events[i]);
	put_tail(b, s);
}

const char *shown_outcome(const struct shown *s, size_t *len)
{
	size_t i = s->count;

	while (i-- > 0)
		if (s->events[i].e.kind == EVENT_OUTCOME) {
			*len = s->events[i].e.text_len;
			return event_text(s, &s->events[i]);
		}
	return NULL;
}

void shown_init(struct shown *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->texts, TEXTS_MAX_BYTES);
}

void shown_fini(struct shown *s)
{
	buf_fini(&s->texts);
	free(s->events);
	s->events = NULL;
}

enum err shown_read(struct shown *s, const struct call_source *source, struct err_detail *detail)
{
	enum err err = call_records_at(&disk_real, source->path, &source->options, item_h, s, detail);

	if (s->sealed && !s->opened && (!err || err == ERR_DENIED)) {
		keyring_explain(source->keyring, s->sealed, detail);
		return s->sealed;
	}
	return err;
}
