/* What tests of the worker's sockets share: a conductor that is a real HTTP server and checks its tokens, a worker with its own server, and a
 * telephone network that plays what it is sent in real time, all on one loop. */
#ifndef SOCKETKIT_H
#define SOCKETKIT_H

#include "datakit.h"

#include <jansson.h>
#include <sodium.h>
#include <sys/time.h>
#include <time.h>

#include "audio/g711.h"
#include "audio/wav.h"
#include "base/http_server.h"
#include "base/json.h"
#include "base/jws.h"
#include "base/service_key.h"
#include "base/config.h"
#include "cli/live_agent.h"
#include "cli/settings.h"
#include "conductor/rulebook.h"
#include "control/identity.h"
#include "deadline.h"
#include "providers/browser.h"
#include "providers/exotel/socket.h"
#include "providers/twilio/socket.h"
#include "voice/worker/sockets.h"

#define SPEECH "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav"
#define STREAM "MZ0123456789abcdef0123456789abcdef"

enum { KIT_TOKENS = 16, KIT_MARKS = 64, KIT_SPEECH = 56000 };

struct kit_token {
	char text[48];
	bool is_used;
};

/* The conductor, as docs/planes.md says it. */
struct kit_conductor {
	struct http_server *server;
	struct jwks *jwks;
	struct kit_token tokens[KIT_TOKENS];
	size_t token_count;
	char flow[RULEBOOK_JSON_MAX];
	uint8_t brief[BRIEF_BYTES_MAX], settings[4096], *snapshot;
	size_t brief_len, settings_len, snapshot_len;
	uint32_t epoch;
	struct id128 call;
	char name[33];
	bool has_ended, fences, is_away, hears_nobody; /* the last: reports are refused */
	unsigned int here, reports, unheard, refused, attaches, snapshots, tools, ended, unauthorised, resumed, failing;
	const char *answer; /* to an attach, instead */
	char reason[32], outcome[32], args[300], carrier[64];
	json_int_t connected_ms;
	json_t *known;
	const char *away_code;         /* what tools are refused with while it is away; NULL: "away" */
	struct http_request *held_put; /* when holds_puts */
	struct http_request *held_end; /* when holds_end */
	bool is_set_back; /* its clock: a call has not begun yet */
	bool holds_puts, holds_end, has_no_room; /* elsewhere, for a call that is to leave */
	unsigned int puts_seen, put_status; /* 0: they are taken */
	unsigned int prepares, prepare_status; /* asked for; 0: they are answered */
	bool holds_prepare;
	struct http_request *held_prepares[4];
};

/* A scripted recogniser: says what it is told to once it has had so much sound. */
struct kit_ears {
	unsigned int opens, closes, streams;
	const char *says; /* NULL: nothing */
	size_t after_samples;
};

struct stt_stream {
	struct kit_ears *ears;
	struct stt_events events;
	void *arg;
	uint64_t samples;
};

struct kit_mark {
	char name[64];
	uint64_t at_us;
};

/* A carrier: Twilio's side of its media socket, or a page's. */
struct kit_phone {
	struct websocket *ws;
	uv_timer_t tick;
	bool is_ticking, speaks, is_dumb;
	uint64_t position, end_us, started_us, asked_us, opened_us, first_us; /* when: start, attach, agent, first sound */
	uint64_t started_work_us, first_work_us; /* … in the process's own processor time */
	struct kit_mark marks[KIT_MARKS];
	size_t mark_count;
	unsigned int opened, closed, media, binary, clears, marks_seen, ready, says_end;
	size_t samples, most_ahead;
	unsigned int utterance; /* of the last mark */
	uint16_t code;
	unsigned int status, ended_before; /* the conductor had heard of the end when the socket closed */
	uint32_t seq;
};

struct kit {
	struct world w;
	struct identity *identity;
	struct service_key *key, *other_key;
	struct kit_conductor c;
	struct clock *clock;
	struct worker *worker;
	struct http_server *server;
	struct conductor *conductor;
	struct config *config;
	struct live_agents *agents;
	struct sockets *sockets;
	struct kit_ears ears;
	struct kit_phone phone;
	unsigned int agent_opens, agent_prepares, server_closed, tools_done;
	bool agent_has_keys;
	uint8_t speech[KIT_SPEECH];
	char tool_text[200];
	enum tool_status tool_status;
};

static struct kit *k;
static char kit_keys[64];
static bool kit_wants_keys; /* the worker's conductor client */

static const struct jws_policy kit_policy = { .issuer = "callfunnel", .audience = "conductor", .tenant_claim = "tenant", .roles_claims = "realm_access.roles",
	.skew_s = 30, .lifetime_max_s = 86400 };
static const struct identity_settings kit_identity = { .token_s = 900, .session_s = 43200, .link_s = 600, .rotate_days = 30 };

/* ------------------------------------------------------------------ the conductor */

static inline uint64_t kit_now(void) { return uv_hrtime() / 1000; }

static inline uint64_t kit_work(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static inline bool kit_authorise(struct http_request *r, void *arg)
{
	const struct jws_now now = { .wall_s = (int64_t)time(NULL), .mono_us = uv_hrtime() / 1000 };
	const char *header = http_header(r, "Authorization");
	struct jws_token *token = NULL;
	struct err_detail detail;
	bool good = header && !strncmp(header, "Bearer ", 7) &&
		!jws_verify(&token, k->c.jwks, &kit_policy, header + 7, strlen(header + 7), &now, &detail) &&
		!strcmp(jws_token_claims(token)->service, "voice");

	(void)arg;
	jws_token_free(&token);
	if (good)
		return true;
	k->c.unauthorised++;
	http_reply_error(r, 401, "denied", "no", NULL, NULL);
	return false;
}

static inline void put_base64(struct buf *b, const char *key, const uint8_t *data, size_t len)
{
	size_t room = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(room);

	assert_non_null(text);
	sodium_bin2base64(text, room, data, len, sodium_base64_VARIANT_ORIGINAL);
	json_pair_string(b, key, text);
	free(text);
}

static inline bool token_take(const char *text)
{
	size_t i;

	for (i = 0; i < k->c.token_count; i++)
		if (text && !strcmp(k->c.tokens[i].text, text) && !k->c.tokens[i].is_used)
			return k->c.tokens[i].is_used = true;
	return false;
}

static inline void attach_write(struct buf *b, uint32_t epoch)
{
	char tenant[33];

	tenant_id_text(k->w.a, tenant);
	json_open(b, '{');
	json_pair_string(b, "call", k->c.name);
	json_pair_string(b, "tenant", tenant_name(k->w.a));
	json_pair_string(b, "tenant_id", tenant);
	json_pair_u64(b, "epoch", epoch);
	json_pair_string(b, "direction", "inbound");
	put_base64(b, "brief", k->c.brief, k->c.brief_len);
	put_base64(b, "settings", k->c.settings, k->c.settings_len);
	json_put_key(b, "flow");
	buf_text(b, k->c.flow);
	buf_text(b, ",\"prompt\":{\"fixed\":\"# Who you are\",\"facts\":\"# This call\",\"tools\":[{\"name\":\"end_call\"}]}");
	json_pair_string(b, "language", "en-US");
	buf_text(b, ",\"voice\":{\"name\":\"\",\"speed_percent\":100,\"recogniser\":\"\",\"keyterms\":[\"Acme\",\"\",\"Asha\"]}");
	buf_text(b, ",\"others\":[{\"language\":\"hi-IN\",\"voice\":{\"name\":\"\",\"speed_percent\":90,\"keyterms\":[\"एक्मे\"]}}]");
	json_pair_bool(b, "records_audio", true);
	json_pair_u64(b, "began_ms_ago", k->c.is_set_back ? 0 : epoch == 1 ? 100 : 2000);
	if (k->c.snapshot_len)
		put_base64(b, "snapshot", k->c.snapshot, k->c.snapshot_len);
	else
		buf_text(b, ",\"snapshot\":null");
	json_close(b, '}');
	k->c.resumed += k->c.snapshot_len != 0;
}

static inline json_t *body_read(struct http_request *r)
{
	size_t len;
	const void *body = http_body(r, &len);
	json_t *o = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);

	assert_true(json_is_object(o));
	return o;
}

static inline void on_attach(struct http_request *r, void *arg)
{
	json_t *o = body_read(r), *carrier = json_object_get(o, "carrier");
	struct buf b;

	(void)arg;
	assert_true(json_is_true(json_object_get(o, "prompt")));
	assert_string_equal(json_string_value(json_object_get(o, "worker")), "w1");
	snprintf(k->c.carrier, sizeof(k->c.carrier), "%s %s", json_string_value(json_object_get(carrier, "kind")),
		json_string_value(json_object_get(carrier, "call")));
	k->phone.asked_us = kit_now();
	buf_init(&b, 4 << 20);
	if (k->c.answer) {
		http_reply_as(r, 200, "application/json", k->c.answer, strlen(k->c.answer));
	} else if (k->c.has_ended) {
		http_reply_error(r, 409, "ended", "the call has ended", NULL, NULL);
	} else if (!token_take(json_string_value(json_object_get(o, "token")))) {
		k->c.refused++;
		http_reply_error(r, 403, "denied", "no such token", NULL, NULL);
	} else {
		k->c.attaches++;
		attach_write(&b, ++k->c.epoch);
		http_reply_json(r, 200, &b);
	}
	buf_fini(&b);
	json_decref(o);
}

static inline void prepare_reply(struct http_request *r)
{
	struct buf b;

	buf_init(&b, 4 << 20);
	attach_write(&b, k->c.epoch + 1);
	http_reply_json(r, 200, &b);
	buf_fini(&b);
}

static inline void on_prepare(struct http_request *r, void *arg)
{
	(void)arg;
	k->c.prepares++;
	assert_true(k->c.prepares <= 4);
	if (k->c.prepare_status)
		http_reply_error(r, k->c.prepare_status, "no", "no", NULL, NULL);
	else if (k->c.holds_prepare)
		k->c.held_prepares[k->c.prepares - 1] = r;
	else
		prepare_reply(r);
}

static inline void on_workers(struct http_request *r, void *arg)
{
	json_t *o = body_read(r);

	(void)arg;
	assert_string_equal(json_string_value(json_object_get(o, "worker")), "w1");
	assert_true(json_is_integer(json_object_get(o, "calls")) && json_is_boolean(json_object_get(o, "draining")));
	if (k->c.hears_nobody) {
		k->c.unheard++;
		json_decref(o);
		http_reply_error(r, 503, "away", "not now", NULL, NULL);
		return;
	}
	k->c.reports++;
	k->c.here = (unsigned int)json_integer_value(json_object_get(json_object_get(o, "here"), k->c.name)); /* its epoch */
	json_decref(o);
	http_reply(r, 204, NULL, NULL, 0);
}

static inline bool fenced(struct http_request *r, uint64_t epoch)
{
	if (!k->c.fences && epoch == k->c.epoch)
		return false;
	http_reply_error(r, 409, "epoch", "a later epoch has the call", NULL, NULL);
	return true;
}

static inline void on_put(struct http_request *r, void *arg)
{
	const char *epoch = http_query(r, "epoch");
	size_t len;
	const void *body = http_body(r, &len);

	(void)arg;
	assert_string_equal(http_param(r, "call"), k->c.name);
	k->c.puts_seen++;
	if (fenced(r, strtoull(epoch ? epoch : "0", NULL, 10)))
		return;
	if (k->c.put_status) {
		http_reply_error(r, k->c.put_status, "no", "not this one", NULL, NULL);
		return;
	}
	k->c.snapshot = realloc(k->c.snapshot, len + 1);
	memcpy(k->c.snapshot, body, len);
	k->c.snapshot_len = len;
	k->c.snapshots++;
	if (k->c.holds_puts)
		k->c.held_put = r;
	else if (http_query(r, "leaves") && k->c.has_no_room)
		http_reply_as(r, 200, "application/json", "{\"room\":false}", 14);
	else
		http_reply(r, 204, NULL, NULL, 0);
}

static inline void on_tool(struct http_request *r, void *arg)
{
	static const char answer[] = "{\"status\":\"ok\",\"text\":\"{\\\"free\\\":true}\"}";
	json_t *o = body_read(r);

	(void)arg;
	snprintf(k->c.args, sizeof(k->c.args), "%s %s", json_string_value(json_object_get(o, "tool")), json_string_value(json_object_get(o, "arguments")));
	k->c.tools++;
	if (k->c.is_away)
		http_reply_error(r, 503, k->c.away_code ? k->c.away_code : "away", "not now", NULL, NULL);
	else if (!fenced(r, (uint64_t)json_integer_value(json_object_get(o, "epoch"))))
		http_reply_as(r, 200, "application/json", answer, sizeof(answer) - 1);
	json_decref(o);
}

static inline void on_ended(struct http_request *r, void *arg)
{
	json_t *o = body_read(r);
	const char *outcome = json_string_value(json_object_get(o, "outcome"));

	(void)arg;
	if (k->c.failing) {
		k->c.failing--;
		http_reply_error(r, 503, "away", "not now", NULL, NULL);
	} else {
		snprintf(k->c.reason, sizeof(k->c.reason), "%s", json_string_value(json_object_get(o, "reason")));
		snprintf(k->c.outcome, sizeof(k->c.outcome), "%s", outcome ? outcome : "");
		json_decref(k->c.known);
		k->c.known = json_deep_copy(json_object_get(o, "known"));
		k->c.connected_ms = json_integer_value(json_object_get(o, "connected_ms"));
		k->c.ended++;
		if (k->c.holds_end)
			k->c.held_end = r;
		else
			http_reply(r, 204, NULL, NULL, 0);
	}
	json_decref(o);
}

static const struct http_route kit_routes[] = {
	{ HTTP_POST, "/internal/v1/workers", on_workers, 0, 0 },
	{ HTTP_POST, "/internal/v1/attach", on_attach, 0, 0 },
	{ HTTP_POST, "/internal/v1/calls/:call/pinned", on_prepare, 0, 0 },
	{ HTTP_PUT, "/internal/v1/calls/:call/snapshot", on_put, 0, 8 << 20 },
	{ HTTP_POST, "/internal/v1/calls/:call/tools", on_tool, 0, 0 },
	{ HTTP_POST, "/internal/v1/calls/:call/ended", on_ended, 0, 0 },
	{ .method = HTTP_METHOD_NONE },
};

/* Another call than before. */
static inline void kit_call_new(void)
{
	randombytes_buf(k->c.call.bytes, sizeof(k->c.call.bytes));
	id128_print(&k->c.call, k->c.name);
	k->c.epoch = 0;
	k->c.snapshot_len = 0;
}

static inline const char *kit_token_new(void)
{
	struct kit_token *t = &k->c.tokens[k->c.token_count++];
	uint8_t random[16];

	assert_true(k->c.token_count <= KIT_TOKENS);
	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(t->text, sizeof(t->text), random, sizeof(random));
	return t->text;
}

/* What a call is pinned to, of a rule-book that is shipped. */
static inline void kit_book(void)
{
	char path[600];
	struct buf bytes, out;
	struct rulebook *book;
	struct rulebook_report report;
	struct err_detail detail;
	static struct brief brief;
	struct call_settings settings;
	json_t *variables;

	snprintf(path, sizeof(path), "%s/../rulebooks/appointment-reminder.yaml", getenv("CALLFUNNEL_TESTS"));
	buf_init(&bytes, RULEBOOK_MAX_BYTES);
	assert_int_equal(rulebook_read(path, &bytes, &detail), ERR_NONE);
	assert_int_equal(rulebook_load(&book, path, bytes.data, bytes.len, &report), ERR_NONE);
	variables = rulebook_samples(book);
	call_settings_init(&settings);
	assert_int_equal(rulebook_brief(book, "en-US", variables, &brief, &settings, &detail), ERR_NONE);
	buf_over(&out, k->c.flow, sizeof(k->c.flow) - 1);
	brief.greeting_whole = false; /* so that it may be interrupted */
	assert_int_equal(rulebook_flow_json(book, "en-US", variables, &out, &detail), ERR_NONE);
	k->c.flow[out.len] = '\0';
	buf_over(&out, k->c.brief, sizeof(k->c.brief));
	brief_encode(&brief, &out);
	k->c.brief_len = out.len;
	buf_over(&out, k->c.settings, sizeof(k->c.settings));
	call_settings_encode(&settings, &out);
	k->c.settings_len = out.len;
	json_decref(variables);
	rulebook_free(book);
	buf_fini(&bytes);
}

/* ------------------------------------------------------------------ the recogniser */

static inline enum err ears_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *ev, void *arg)
{
	struct stt_stream *s = calloc(1, sizeof(*s));

	(void)language;
	assert_non_null(s);
	*s = (struct stt_stream){ .ears = vendor, .events = *ev, .arg = arg };
	s->ears->streams++;
	*sp = s;
	return ERR_NONE;
}

static inline void ears_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	const char *says = s->ears->says;

	(void)ulaw;
	s->samples += samples;
	if (!says || !s->ears->after_samples || !k->phone.speaks)
		return;
	if (s->ears->after_samples > samples) {
		s->ears->after_samples -= samples;
		return;
	}
	s->ears->after_samples = 0;
	s->ears->says = NULL;
	k->phone.speaks = false;
	s->events.transcript(s->arg, TRANSCRIPT_END, says, strlen(says), s->samples > 8000 ? s->samples - 8000 : 0, s->samples);
}

static inline void ears_finalize(struct stt_stream *s) { (void)s; }

static inline void ears_cancel(struct stt_stream **sp)
{
	free(*sp);
	*sp = NULL;
}

static const struct stt ears_stt = { .name = "scripted", .start = ears_start, .push = ears_push, .finalize = ears_finalize, .cancel = ears_cancel };

static inline enum err ears_open(void *arg, void **vendor, const struct stt **stt, const struct lineups_call *call, struct err_detail *detail)
{
	(void)call;
	(void)detail;
	k->ears.opens++;
	*vendor = arg;
	*stt = &ears_stt;
	return ERR_NONE;
}

static inline void ears_close(void *arg, void **vendor)
{
	(void)arg;
	*vendor = NULL;
	k->ears.closes++;
}

/* ------------------------------------------------------------------ the telephone */

static inline void phone_push(const char *text, size_t len)
{
	(void)!websocket_push(k->phone.ws, WEBSOCKET_TEXT, text, len);
}

static inline void phone_frame(void)
{
	struct kit_phone *p = &k->phone;
	char base64[300], text[700];
	uint8_t ulaw[160];
	size_t i;
	int len;

	for (i = 0; i < 160; i++)
		ulaw[i] = p->speaks ? k->speech[(p->position + i) % KIT_SPEECH] : G711_ULAW_SILENCE;
	sodium_bin2base64(base64, sizeof(base64), ulaw, 160, sodium_base64_VARIANT_ORIGINAL);
	len = snprintf(text, sizeof(text), "{\"event\":\"media\",\"sequenceNumber\":\"2\",\"streamSid\":\"" STREAM "\",\"media\":{\"track\":\"inbound\",\"chunk\":\"1\","
		"\"timestamp\":\"%llu\",\"payload\":\"%s\"}}", (unsigned long long)p->position / 8, base64);
	p->position += 160;
	phone_push(text, (size_t)len);
}

static inline void phone_marks(uint64_t before_us)
{
	struct kit_phone *p = &k->phone;
	char text[300];

	while (p->mark_count && p->marks[0].at_us <= before_us) {
		int len = snprintf(text, sizeof(text), "{\"event\":\"mark\",\"sequenceNumber\":\"3\",\"streamSid\":\"" STREAM "\",\"mark\":{\"name\":\"%s\"}}", p->marks[0].name);

		memmove(p->marks, p->marks + 1, --p->mark_count * sizeof(p->marks[0]));
		phone_push(text, (size_t)len);
	}
}

/* Sound goes by the clock: what is late is sent now. */
static inline void phone_tick(uv_timer_t *timer)
{
	struct kit_phone *p = &k->phone;

	(void)timer;
	if (!p->ws || p->is_dumb)
		return;
	while (p->position * 125 < kit_now() - p->started_us)
		phone_frame();
	phone_marks(kit_now());
}

static inline void phone_hears(const json_t *o)
{
	struct kit_phone *p = &k->phone;
	const char *event = json_string_value(json_object_get(o, "event")), *type = json_string_value(json_object_get(o, "type"));
	uint64_t now = kit_now();

	if (event && !strcmp(event, "media")) {
		size_t samples = json_string_length(json_object_get(json_object_get(o, "media"), "payload")) / 4 * 3;

		if (!p->media++) {
			p->first_us = now;
			p->first_work_us = kit_work();
		}
		p->samples += samples;
		p->end_us = (p->end_us > now ? p->end_us : now) + samples * 125;
		p->most_ahead = p->end_us - now > p->most_ahead ? p->end_us - now : p->most_ahead;
	} else if (event && !strcmp(event, "mark")) {
		struct kit_mark *m = &p->marks[p->mark_count++];

		assert_true(p->mark_count <= KIT_MARKS);
		snprintf(m->name, sizeof(m->name), "%s", json_string_value(json_object_get(json_object_get(o, "mark"), "name")));
		m->at_us = p->end_us;
		assert_int_equal(sscanf(m->name, "u%u.", &p->utterance), 1);
		p->marks_seen++;
	} else if (event && !strcmp(event, "clear")) {
		p->clears++;
		p->end_us = now;
		phone_marks(UINT64_MAX);
	} else {
		p->ready += type && !strcmp(type, "ready");
		p->says_end += type && !strcmp(type, "end");
	}
}

static inline void phone_message(struct websocket *ws, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	json_t *o;

	(void)ws;
	(void)arg;
	if (kind == WEBSOCKET_BINARY) {
		k->phone.binary++;
		k->phone.samples += (len - BROWSER_HEAD_BYTES) / 2;
		return;
	}
	o = json_loadb((const char *)data, len, 0, NULL);
	assert_non_null(o);
	phone_hears(o);
	json_decref(o);
}

static inline void phone_opened(struct websocket *ws, void *arg)
{
	(void)ws;
	(void)arg;
	k->phone.opened++;
}

static inline void phone_closed(struct websocket *ws, const struct websocket_end *end, void *arg)
{
	(void)ws;
	(void)arg;
	k->phone.ws = NULL;
	k->phone.closed++;
	k->phone.code = end->code;
	k->phone.status = end->http_status;
	k->phone.ended_before = k->c.ended;
}

static const struct websocket_handlers phone_handlers = { .opened = phone_opened, .message = phone_message, .closed = phone_closed };

/* Connects; back when it is open or was refused. */
static inline void phone_connect(const char *path, const char *header)
{
	const char *headers[] = { header, NULL };
	char url[300];
	struct websocket_target target = { .url = url, .headers = headers };
	struct err_detail detail;
	unsigned int before = k->phone.opened + k->phone.closed;

	k->phone.position = k->phone.mark_count = 0;
	k->phone.end_us = k->phone.first_us = 0;
	k->phone.media = 0;
	snprintf(url, sizeof(url), "ws://127.0.0.1:%u%s", http_server_port(k->server), path);
	assert_int_equal(websocket_connect(&k->phone.ws, &k->w.loop, &target, NULL, &phone_handlers, k, &detail), ERR_NONE);
	uv_timer_start(&k->w.deadline, world_late, 30000, 0);
	while (k->phone.opened + k->phone.closed == before)
		uv_run(&k->w.loop, UV_RUN_ONCE);
	uv_timer_stop(&k->w.deadline);
}

static inline void phone_start(const char *token)
{
	char text[900];
	int len = snprintf(text, sizeof(text), "{\"event\":\"start\",\"sequenceNumber\":\"1\",\"streamSid\":\"" STREAM "\",\"start\":{\"streamSid\":\"" STREAM "\","
		"\"accountSid\":\"AC00000000000000000000000000000001\",\"callSid\":\"CA00000000000000000000000000000002\",\"tracks\":[\"inbound\"],"
		"\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1},\"customParameters\":{\"token\":\"%s\"}}}", token);

	phone_push("{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}", 57);
	phone_push(text, (size_t)len);
	k->phone.started_us = kit_now();
	k->phone.started_work_us = kit_work();
	uv_timer_start(&k->phone.tick, phone_tick, 0, 20);
}

static inline void phone_call(const char *token)
{
	phone_connect("/media/twilio", "X-Any: thing");
	phone_start(token);
}

static inline void phone_hangup(void)
{
	static const char stop[] = "{\"event\":\"stop\",\"sequenceNumber\":\"9\",\"streamSid\":\"" STREAM "\",\"stop\":{\"callSid\":\"CA00000000000000000000000000000002\"}}";

	phone_push(stop, sizeof(stop) - 1);
}

/* The line is cut: nobody says a word. */
static inline void phone_cut(void)
{
	websocket_free(&k->phone.ws);
	uv_timer_stop(&k->phone.tick);
}

/* ------------------------------------------------------------------ the world */

static inline bool on_worker_authorise(struct http_request *r, void *arg)
{
	const char *header = http_header(r, "Authorization");

	(void)arg;
	if (header && !strcmp(header, "Bearer good"))
		return true;
	http_reply_error(r, 401, "denied", "no", NULL, NULL);
	return false;
}

static inline enum err counted_open(void *arg, void **agent, const struct conductor_attached *call, struct worker_call_options *o, struct err_detail *detail)
{
	k->agent_opens++;
	k->agent_has_keys = call->keys;
	k->phone.opened_us = kit_now();
	return live_agents.open(arg, agent, call, o, detail);
}

static inline void counted_prepare(void *arg, void *agent, const struct conductor_attached *call, struct worker_call_options *o)
{
	k->agent_prepares++;
	live_agents.prepare(arg, agent, call, o);
}

static inline void counted_close(void *arg, void **agent) { live_agents.close(arg, agent); }

static inline const json_t *counted_known(void *arg, void *agent) { return live_agents.known(arg, agent); }

static inline void counted_met(void *arg, void *agent) { live_agents.met(arg, agent); }

static const struct sockets_agents counted_agents = { .open = counted_open, .prepare = counted_prepare, .known = counted_known, .met = counted_met,
	.close = counted_close };
static const struct media_adapter *const kit_adapters[] = { &twilio_adapter, &browser_adapter, &exotel_adapter, NULL };

static inline void kit_facts(void *arg, struct conductor_facts *facts)
{
	(void)arg;
	if (k->sockets)
		sockets_facts(k->sockets, facts);
}

static inline void kit_speech(void)
{
	struct wav wav;
	size_t i;

	assert_int_equal(wav_read(SPEECH, &wav, NULL), ERR_NONE);
	assert_true(wav.frames >= 2 * KIT_SPEECH);
	for (i = 0; i < KIT_SPEECH; i++)
		k->speech[i] = g711_ulaw_encode(wav.samples[2 * i]);
	wav_fini(&wav);
}

/* Turns the loop for so long. */
static inline void kit_pass(uint64_t ms)
{
	uint64_t until_us = kit_now() + ms * 1000;

	uv_timer_start(&k->w.deadline, world_late, 30000, 10); /* wakes the loop */
	while (kit_now() < until_us)
		uv_run(&k->w.loop, UV_RUN_NOWAIT);
	uv_timer_stop(&k->w.deadline);
}

static inline void kit_conductor_begin(void)
{
	const struct http_settings http = { .listen = "127.0.0.1:0", .authorise = kit_authorise };
	char url[80];
	struct conductor_settings settings = { .clock = k->clock, .url = url, .worker = "w1", .worker_url = "http://127.0.0.1:1", .key = k->key,
		.policy = &kit_policy, .wants_prompt = true, .facts = kit_facts, .wants_keys = kit_wants_keys };
	struct err_detail detail;

	assert_int_equal(http_server_open(&k->c.server, &k->w.loop, &http, &detail), ERR_NONE);
	assert_int_equal(http_server_mount(k->c.server, kit_routes, k), ERR_NONE);
	kit_call_new();
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", http_server_port(k->c.server));
	assert_int_equal(conductor_open(&k->conductor, &k->w.loop, &settings, &detail), ERR_NONE);
}

static inline void kit_identity_begin(void)
{
	struct err_detail detail;
	struct buf b;

	assert_int_equal(identity_open(&k->identity, kit_keys, &kit_policy, &kit_identity, (int64_t)time(NULL), &detail), ERR_NONE);
	assert_int_equal(service_key_open(&k->key, kit_keys, "voice", &detail), ERR_NONE);
	assert_int_equal(jwks_new(&k->c.jwks, NULL, NULL), ERR_NONE);
	buf_init(&b, JWKS_MAX_BYTES);
	assert_int_equal(identity_jwks(k->identity, &b), ERR_NONE);
	assert_int_equal(jwks_load(k->c.jwks, b.data, b.len, kit_now(), &detail), ERR_NONE);
	buf_fini(&b);
}

static inline void kit_worker_begin(void)
{
	const struct http_settings http = { .listen = "127.0.0.1:0", .authorise = on_worker_authorise };
	const struct lineups_ears recogniser = { .open = ears_open, .close = ears_close, .arg = &k->ears };
	char model[600], dir[100];
	struct worker_options worker = { .clock = k->clock, .disk = &disk_real, .journal_dir = dir, .model_file = model };
	struct sockets_settings settings = { .clock = k->clock, .conductor = k->conductor, .adapters = kit_adapters, .agents = &counted_agents,
		.origins = "https://other.example.com http://127.0.0.1:8080", .calls_max = 4, .ahead_max = 2 };
	struct err_detail detail = { .message = "" };

	snprintf(model, sizeof(model), "%s/silero_vad.onnx", getenv("CALLFUNNEL_MODELS"));
	snprintf(dir, sizeof(dir), "%s/journal", k->w.dir);
	journal_options_defaults(&worker.journal);
	assert_int_equal(worker_start(&k->worker, &k->w.loop, &worker, &detail), ERR_NONE);
	assert_int_equal(http_server_open(&k->server, &k->w.loop, &http, &detail), ERR_NONE);
	assert_int_equal(config_new(&k->config, settings_tables), ERR_NONE);
	assert_int_equal(live_agents_open(&k->agents, k->config, &k->w.loop, k->clock, &recogniser, NULL), ERR_NONE);
	settings.worker = k->worker;
	settings.agents_arg = k->agents;
	assert_int_equal(sockets_open(&k->sockets, &settings, k->server), ERR_NONE);
}

static inline int kit_begin_at(void **state, bool skips)
{
	k = calloc(1, sizeof(*k));
	world_begin(&k->w);
	*state = k;
	assert_int_equal(clock_open(&k->clock, &k->w.loop, skips), ERR_NONE);
	uv_timer_init(&k->w.loop, &k->phone.tick);
	kit_speech();
	kit_book();
	kit_identity_begin();
	kit_conductor_begin();
	kit_worker_begin();
	return deadline_set(60);
}

static inline int kit_begin(void **state) { return kit_begin_at(state, false); }
static inline int kit_begin_skipping(void **state) { return kit_begin_at(state, true); }

static inline void kit_server_closed(void *arg) { ((struct kit *)arg)->server_closed++; }

static inline int kit_end(void **state)
{
	(void)state;
	websocket_free(&k->phone.ws);
	uv_close((uv_handle_t *)&k->phone.tick, NULL);
	if (k->server)
		http_server_close(&k->server, kit_server_closed, k);
	sockets_close(&k->sockets);
	assert_int_equal(k->ears.opens, k->ears.closes);
	live_agents_close(&k->agents);
	config_free(k->config);
	assert_int_equal(worker_stop(&k->worker), ERR_NONE);
	conductor_close(&k->conductor);
	if (k->c.held_put)
		http_reply(k->c.held_put, 204, NULL, NULL, 0);
	for (size_t i = 0; i < 4; i++)
		if (k->c.held_prepares[i])
			prepare_reply(k->c.held_prepares[i]);
	if (k->c.held_end)
		http_reply(k->c.held_end, 204, NULL, NULL, 0);
	json_decref(k->c.known);
	http_server_close(&k->c.server, kit_server_closed, k);
	clock_close(&k->clock);
	service_key_close(&k->key);
	identity_close(&k->identity);
	jwks_free(&k->c.jwks);
	free(k->c.snapshot);
	world_end(&k->w);
	assert_int_equal(k->server_closed, 2);
	free(k);
	return deadline_set(0);
}

static inline int kit_keys_make(void **state)
{
	struct identity *i;

	(void)state;
	snprintf(kit_keys, sizeof(kit_keys), "/tmp/callfunnel-keys-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(kit_keys) || identity_open(&i, kit_keys, &kit_policy, &kit_identity, (int64_t)time(NULL), NULL) ||
		identity_service(i, "voice", (int64_t)time(NULL), NULL))
		return -1;
	identity_close(&i);
	return 0;
}

static inline int kit_keys_drop(void **state)
{
	(void)state;
	return nftw(kit_keys, world_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Turns the loop until *count is at least `wanted`. */
static inline void kit_wait(const unsigned int *count, unsigned int wanted)
{
	uv_timer_start(&k->w.deadline, world_late, 30000, 0);
	while (*count < wanted)
		uv_run(&k->w.loop, UV_RUN_ONCE);
	uv_timer_stop(&k->w.deadline);
}

/* Until the worker has so many calls. */
static inline void kit_wait_calls(size_t calls)
{
	uv_timer_start(&k->w.deadline, world_late, 30000, 0);
	while (worker_calls(k->worker) != calls)
		uv_run(&k->w.loop, UV_RUN_ONCE);
	uv_timer_stop(&k->w.deadline);
}

#endif
