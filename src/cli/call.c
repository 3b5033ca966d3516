/* `callfunnel call --rulebook R (--speak a.wav [--at MS] … | --type)`: a whole call from the terminal, in one process, nothing listening
 * but the built-in record service on loopback.
 *
 * The real worker, session, journal, voice detection, voices and tools; only the telephone is missing. Waits are left out (base/clock.h),
 * so a call of a minute takes as long as its work. Exit status: 0, 1 when the outcome is a failure or not the one that --expect names,
 * 2 wrong usage, 3 something is not there. Main thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/config.h"
#include "base/json.h"
#include "base/wording.h"
#include "cli/agent.h"
#include "cli/book.h"
#include "cli/speaker.h"
#include "cli/commands.h"
#include "cli/line.h"
#include "cli/services.h"
#include "cli/shown.h"
#include "cli/stores.h"
#include "voice/worker/conductor.h"
#include "voice/journal/journal_settings.h"
#include "voice/worker/worker.h"

enum { RING_MS = 400, OUT_BYTES_MAX = 64 << 20, FOLDER_MAX = STORES_PATH_MAX + 64 };

struct call_flags {
	const char *rulebook, *language, *tenant, *data, *expect, *echo;
	unsigned int echo_ms;
	double echo_db;
	bool type, placed;
	struct flag_list speak, at, variables;
	int64_t at_ms[FLAG_LIST_MAX]; /* of each --speak; -1: in its turn */
};

struct calling {
	struct cli *cli;
	struct call_flags flags;
	char path[RULEBOOK_PATH_MAX], language[16];
	struct rulebook *book;
	json_t *variables;
	struct stores stores;
	struct tenant *tenant;
	struct clock *clock;
	struct worker *worker;
	char folder[FOLDER_MAX];
	struct id128 id;
	char name[33];
	struct agent agent;
	struct speaker speaker;
	struct typed *typed;
	struct line line;
	struct clock_timer ring;
	struct worker_call *call;
	struct call_settings settings;
	struct brief brief;
	struct shown live;
	bool is_over;
	enum end_reason reason;
};

static int fail(struct calling *c, enum err err, const struct err_detail *detail, const char *what)
{
	bool usage = err == ERR_USAGE;

	return cli_fail(c->cli, usage ? CLI_USAGE : CLI_MISSING, err, detail->where[0] ? detail->where : NULL, detail->hint[0] ? detail->hint : NULL,
		"%s: %s", what, detail->message[0] ? detail->message : err_name(err));
}

/* ------------------------------------------------------------------ flags */

/* Which --speak each --at belongs to: the one before it. The table of flags does not keep their order. */
static int times_read(struct calling *c, int argc, char **argv)
{
	size_t speaks = 0;
	int i;

	for (i = 0; i < FLAG_LIST_MAX; i++)
		c->flags.at_ms[i] = -1;
	for (i = 1; i < argc; i++) {
		bool at = !strncmp(argv[i], "--at", 4) && (!argv[i][4] || argv[i][4] == '=');
		const char *value = argv[i][at ? 4 : 0] == '=' ? argv[i] + 5 : i + 1 < argc ? argv[i + 1] : "";
		char *end;

		speaks += !strcmp(argv[i], "--speak") || !strncmp(argv[i], "--speak=", 8);
		if (!at)
			continue;
		if (!speaks || speaks > FLAG_LIST_MAX || c->flags.at_ms[speaks - 1] >= 0)
			return cli_fail(c->cli, CLI_USAGE, ERR_USAGE, "--at", "--speak F.wav --at 3000", "it belongs behind the --speak that is to begin then");
		c->flags.at_ms[speaks - 1] = strtoll(value, &end, 10);
		if (!*value || *end || c->flags.at_ms[speaks - 1] < 0 || c->flags.at_ms[speaks - 1] > 3600000)
			return cli_fail(c->cli, CLI_USAGE, ERR_USAGE, "--at", "--speak F.wav --at 3000", "milliseconds from 0 to 3600000 are wanted, not \"%s\"", value);
	}
	return CLI_FINE;
}

/* They are said in the order they are given in: one that is to begin before the one before it would come late, and nobody said so. */
static int times_check(struct calling *c)
{
	int64_t last_ms = 0;

	for (size_t i = 0; i < c->flags.speak.count; i++) {
		int64_t at_ms = c->flags.at_ms[i];

		if (at_ms >= 0 && at_ms < last_ms)
			return cli_fail(c->cli, CLI_USAGE, ERR_USAGE, "--at", "give the recordings in the order of their times", "%s is to begin at %" PRId64
				" ms, before the one at %" PRId64 " ms", c->flags.speak.items[i], at_ms, last_ms);
		last_ms = at_ms >= 0 ? at_ms : last_ms;
	}
	return CLI_FINE;
}

/* MS:DB. */
static int echo_read(struct calling *c)
{
	struct call_flags *f = &c->flags;
	char more;

	if (f->echo && (sscanf(f->echo, "%u:%lf%c", &f->echo_ms, &f->echo_db, &more) != 2 || !f->echo_ms || f->echo_ms > LINE_ECHO_MAX_MS ||
		!(f->echo_db >= -60 && f->echo_db <= 0)))
		return cli_fail(c->cli, CLI_USAGE, ERR_USAGE, "--echo", "--echo 150:-10", "1 to %d milliseconds and -60 to 0 decibels are wanted, not \"%.40s\"",
			LINE_ECHO_MAX_MS, f->echo);
	return CLI_FINE;
}

static int flags_check(struct calling *c)
{
	const struct call_flags *f = &c->flags;

	if (!f->rulebook)
		return cli_fail(c->cli, CLI_USAGE, ERR_USAGE, "--rulebook", "callfunnel call --rulebook appointment-reminder --type", "which rule-book?");
	if (f->type == (f->speak.count != 0))
		return cli_fail(c->cli, CLI_USAGE, ERR_USAGE, "call", "callfunnel call --rulebook appointment-reminder --type",
			f->type ? "either --type or --speak" : "how does the caller speak? --type, or --speak with a recording");
	return times_check(c);
}

/* Nobody but the recogniser of this machine hears the caller. */
static bool hears_english(const struct config *config)
{
	int chosen[PROVIDERS_MAX];

	return providers_chosen(config, PROVIDER_STT, chosen) == 1 && chosen[0] == STT_POCKETSPHINX;
}

static int book_read(struct calling *c)
{
	struct err_detail detail = { .message = "" };
	int status = book_load(c->cli, c->flags.rulebook, c->path, &c->book);
	enum err err;

	if (!status)
		status = services_judge(c->cli, c->book);
	if (!status)
		status = book_variables(c->cli, c->book, &c->flags.variables, &c->variables);
	if (status)
		return status;
	snprintf(c->language, sizeof(c->language), "%s", c->flags.language ? c->flags.language : rulebook_language_at(c->book, 0));
	config_bind(c->cli->config, call_options, &c->settings);
	err = rulebook_brief(c->book, c->language, c->variables, &c->brief, &c->settings, &detail);
	c->brief.placed = c->flags.placed;
	c->brief.clear = rulebook_clear(c->book, book_clear_default(c->cli));
	if (err == ERR_NOTFOUND)
		return book_fail_language(c->cli, c->book, c->path, c->language);
	if (err)
		return fail(c, err, &detail, "the rule-book cannot be used for this call");
	if (!c->flags.type && !language_is(c->language, "en") && hears_english(c->cli->config))
		return cli_fail(c->cli, CLI_USAGE, ERR_UNAVAILABLE, "--speak", "--type holds the same call", "there is no offline recogniser for %s", c->language);
	return CLI_FINE;
}

/* ------------------------------------------------------------------ what is told while it runs */

static void event_h(void *arg, const struct record_event *event)
{
	char outcome[RECORD_OUTCOME_MAX];
	struct calling *c = arg;
	struct buf b;
	size_t before = c->live.count;

	if (record_event_outcome(event, outcome, sizeof(outcome)) && !outcome[0])
		agent_met(&c->agent);
	if (shown_add(&c->live, event) || c->cli->json)
		return;
	buf_init(&b, OUT_BYTES_MAX);
	shown_event_text(&b, &c->live, &c->live.events[before]);
	if (b.len && !b.err)
		fwrite(b.data, 1, b.len, stdout);
	fflush(stdout);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ the call */

static void played_h(void *arg, const struct mark *mark)
{
	struct calling *c = arg;

	if (c->call)
		session_played(worker_call_session(c->call), mark);
}

static void ended_h(void *arg, enum end_reason reason, const struct session_usage *usage)
{
	struct calling *c = arg;

	(void)usage;
	c->call = NULL;
	c->reason = reason;
	c->is_over = true;
	speaker_end(&c->speaker);
	line_close(&c->line);
	uv_stop(&c->stores.loop);
}

static void answered(void *arg)
{
	struct calling *c = arg;

	session_start(worker_call_session(c->call));
	speaker_begin(&c->speaker, c->call, &c->line);
}

static int speaker_make(struct calling *c)
{
	struct err_detail detail = { .message = "" };
	size_t i;
	enum err err = ERR_NONE;

	speaker_init(&c->speaker, c->clock);
	if (c->flags.type) {
		err = typed_open(&c->typed);
		c->speaker.typed = c->typed;
		c->speaker.lines = stdin;
		c->speaker.prompts = !c->cli->json && isatty(0) && isatty(1);
	}
	for (i = 0; !err && i < c->flags.speak.count; i++)
		err = speaker_add(&c->speaker, c->flags.speak.items[i], c->flags.at_ms[i], &detail);
	if (err && !detail.hint[0])
		snprintf(detail.hint, sizeof(detail.hint), "name a WAV file that can be read");
	return err ? fail(c, err, &detail, "the caller's recording") : CLI_FINE;
}

static int worker_make(struct calling *c)
{
	struct err_detail detail = { .message = "" };
	struct worker_options options = { .clock = c->clock, .disk = &disk_real, .journal_dir = c->folder,
		.model_file = config_text(c->cli->config, "vad.model_file"), .echo_guard = config_bool(c->cli->config, "echo.guard") };
	struct journal_sizes sizes;
	enum err err;

	randombytes_buf(c->id.bytes, sizeof(c->id.bytes));
	id128_print(&c->id, c->name);
	snprintf(c->folder, sizeof(c->folder), "%s/journal", c->stores.dir);
	(void)mkdir(c->folder, 0700);
	snprintf(c->folder, sizeof(c->folder), "%s/journal/%s", c->stores.dir, c->name);
	journal_options_defaults(&options.journal);
	config_bind(c->cli->config, journal_settings, &sizes);
	journal_sizes_apply_one_call(&options.journal, &sizes);
	err = worker_start(&c->worker, &c->stores.loop, &options, &detail);
	return err ? fail(c, err, &detail, "the worker cannot start") : CLI_FINE;
}

static int call_make(struct calling *c)
{
	struct worker_call_options o = { .call = c->id, .epoch = 1, .settings = &c->settings, .brief = &c->brief,
		.started_us = clock_now_us(c->clock), .direction = c->flags.placed ? CALL_OUTBOUND : CALL_INBOUND, .record_audio = true, .levels_from_owner = c->flags.type,
		.media = &line_media, .socket = &c->line, .arg = c, .event = event_h, .ended = ended_h };
	enum err err;

	tenant_id(c->tenant, o.tenant.bytes);
	agent_serves(&c->agent, &o);
	if (c->typed) {
		o.stt = &typed_stt;
		o.stt_vendor = c->typed;
	}
	line_init(&c->line, c->clock, played_h, c);
	if (c->flags.echo)
		line_echo(&c->line, c->flags.echo_ms, c->flags.echo_db);
	err = worker_call_open(c->worker, &c->call, &o);
	if (err)
		return cli_fail(c->cli, CLI_MISSING, err, NULL, NULL, "the call cannot begin: %s", err_name(err));
	session_prepare(worker_call_session(c->call));
	clock_timer_set(&c->ring, c->clock, clock_now_us(c->clock) + RING_MS * 1000, answered, c);
	return CLI_FINE;
}

static int hold_call(struct calling *c)
{
	struct agent_options options = { .cli = c->cli, .stores = &c->stores, .clock = c->clock, .book = c->book, .language = c->language,
		.variables = c->variables, .tenant = c->tenant, .listens = !c->flags.type };
	int status = speaker_make(c);

	if (!status)
		status = worker_make(c);
	options.call = c->id;
	if (!status)
		status = agent_open(&c->agent, &options);
	if (!status)
		status = call_make(c);
	while (!status && !c->is_over)
		(void)uv_run(&c->stores.loop, UV_RUN_DEFAULT);
	if (!status && c->speaker.refused_line)
		status = cli_fail(c->cli, CLI_USAGE, ERR_LIMIT, "standard input", "say it in several lines, one a turn", "line %" PRIu64 " has more than %d bytes",
			c->speaker.refused_line, TYPED_LINE_MAX_BYTES);
	return status;
}

/* ------------------------------------------------------------------ its outcome */

static const char *outcome_said(const struct shown *s, json_t **parsed)
{
	size_t len;
	const char *arguments = shown_outcome(s, &len);

	*parsed = arguments ? json_loadb(arguments, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	return json_string_value(json_object_get(*parsed, "outcome"));
}

/* The one that the agent ended the call with, else the last that it noted. */
static const char *outcome_named(const struct calling *c, const struct shown *s, json_t **parsed)
{
	const char *said = outcome_said(s, parsed);

	return said && *said ? said : c->agent.agreed.outcome;
}

static int outcome_tell(struct calling *c, const struct shown *s, struct buf *b, const json_t *done)
{
	json_t *said_json;
	const struct rulebook_end end = { .reason = conductor_end_name(c->reason), .named = outcome_named(c, s, &said_json), .language = c->language,
		.variables = c->variables, .known = agent_known(&c->agent), .done = done };
	struct rulebook_outcome outcome;
	const char *name;
	int status;

	rulebook_settle(c->book, &end, &outcome);
	name = outcome.name;
	status = c->flags.expect ? (strcmp(name, c->flags.expect) ? CLI_NOT_SO : CLI_FINE) :
		outcome.result && !strcmp(outcome.result, "failure") ? CLI_NOT_SO : CLI_FINE;
	if (c->cli->json) {
		json_pair_string(b, "outcome", name);
		json_pair_string(b, "result", outcome.result);
		json_pair_bool(b, "escalates", outcome.escalates);
		json_pair_string(b, "journal", c->folder);
		agreed_json(&c->agent.agreed, b);
	} else {
		agreed_text(&c->agent.agreed, b);
		buf_printf(b, "outcome: %s (%s): %s\n", name, outcome.result ? outcome.result : "", outcome.about ? outcome.about : "");
		buf_printf(b, "again:   callfunnel show %s --dir %s\n         callfunnel replay %s --dir %s\n         callfunnel recording %s --dir %s -o call.wav\n",
			c->name, c->folder, c->name, c->folder, c->name, c->folder);
		if (status && c->flags.expect)
			buf_printf(b, "expected: %s\n", c->flags.expect);
	}
	json_decref(said_json);
	return status;
}

/* Only what the outcome hangs on is waited for. */
static int done_find(struct calling *c, const struct shown *s, json_t **done)
{
	json_t *said_json;
	const char *named = outcome_named(c, s, &said_json);
	bool is_needed = rulebook_settles_by_done(c->book, named);

	json_decref(said_json);
	*done = is_needed ? agent_done(&c->agent) : NULL;
	return is_needed && !*done ? CLI_MISSING : CLI_FINE;
}

static void recordings_json(const struct speaker *s, struct buf *b)
{
	json_put_key(b, "recordings");
	json_open(b, '[');
	for (size_t i = 0; i < s->count; i++) {
		const struct saying *one = &s->sayings[i];

		json_open(b, '{');
		json_pair_string(b, "file", one->path);
		json_put_key(b, "began_ms");
		if (one->began_ms < 0)
			json_put_null(b);
		else
			json_put_i64(b, one->began_ms);
		json_pair_u64(b, "late_ms", one->late_ms);
		json_pair_bool(b, "truncated", one->is_cut);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static int result_tell(struct calling *c, const struct shown *s, struct buf *b, const json_t *done)
{
	int status;

	if (c->cli->json)
		json_open(b, '{');
	status = outcome_tell(c, s, b, done);
	if (c->cli->json) {
		if (!c->flags.type)
			recordings_json(&c->speaker, b);
		shown_json(b, s, c->name);
		json_close(b, '}');
		buf_text(b, "\n");
	}
	if (!b->err)
		fwrite(b->data, 1, b->len, stdout);
	return status;
}

/* From the journal, as everybody else will see it. */
static int tell(struct calling *c)
{
	struct err_detail detail = { .message = "" };
	struct call_source source;
	struct shown s;
	struct buf b;
	int status = call_source_open(c->cli, &source, c->name, c->folder, NULL);
	json_t *done = NULL;
	enum err err;

	if (status)
		return status;
	shown_init(&s);
	buf_init(&b, OUT_BYTES_MAX);
	err = shown_read(&s, &source, &detail);
	status = err ? call_source_fail(c->cli, &source, err, &detail) : done_find(c, &s, &done);
	if (!status)
		status = result_tell(c, &s, &b, done);
	buf_fini(&b);
	shown_fini(&s);
	call_source_close(&source);
	json_decref(done);
	return status;
}

static int run(struct calling *c)
{
	int status = stores_open(c->cli, &c->stores, c->flags.data, STORES_DOCUMENTS | STORES_SECRETS);
	enum err err = ERR_NONE;

	if (status)
		return status;
	status = stores_tenant_made(&c->stores, c->flags.tenant ? c->flags.tenant : "local", &c->tenant);
	if (!status && clock_open(&c->clock, &c->stores.loop, true))
		status = cli_fail(c->cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	if (!status)
		status = hold_call(c);
	speaker_end(&c->speaker);
	line_close(&c->line);
	if (c->ring.is_set)
		clock_timer_stop(&c->ring);
	err = worker_stop(&c->worker);
	if (!status && err)
		status = cli_fail(c->cli, CLI_MISSING, err, c->folder, NULL, "the end of the call could not be written: %s", err_name(err));
	if (!status)
		status = tell(c);
	speaker_fini(&c->speaker);
	agent_close(&c->agent);
	typed_close(&c->typed);
	clock_close(&c->clock);
	tenant_drop(&c->tenant);
	stores_close(&c->stores);
	return status;
}

int cmd_call(struct cli *cli, int argc, char **argv)
{
	static struct calling c;
	struct call_flags *f = &c.flags;
	const struct flag flags[] = {
		{ .name = "rulebook", .type = FLAG_STRING, .value = &f->rulebook, .arg = "R", .help = "What the agent is for: a name, or a file." },
		{ .name = "speak", .type = FLAG_LIST, .value = &f->speak, .arg = "F.wav",
			.help = "The caller says this recording, or presses its keypad tones, when it is their turn; may be repeated." },
		{ .name = "at", .type = FLAG_LIST, .value = &f->at, .arg = "MS", .help = "… or so many milliseconds into the call: behind its --speak." },
		{ .name = "type", .type = FLAG_BOOL, .value = &f->type, .help = "The caller is typed: a line for each turn; an empty one is silence; /press 12#, /hangup." },
		{ .name = "placed", .type = FLAG_BOOL, .value = &f->placed, .help = "The call is one of ours: the agent listens first for who answers, a person or a machine." },
		{ .name = "echo", .type = FLAG_STRING, .value = &f->echo, .arg = "MS:DB",
			.help = "The caller's telephone gives back what it plays, so many milliseconds later and decibels softer: 150:-10." },
		{ .name = "language", .type = FLAG_STRING, .value = &f->language, .arg = "L", .help = "One of the rule-book's (its first)." },
		{ .name = "var", .type = FLAG_LIST, .value = &f->variables, .arg = "NAME=VALUE", .help = "What this call brings; the rule-book's samples, and today's date as today, otherwise." },
		{ .name = "expect", .type = FLAG_STRING, .value = &f->expect, .arg = "OUTCOME", .help = "Exit with 1 when the call ends otherwise." },
		{ .name = "tenant", .type = FLAG_STRING, .value = &f->tenant, .arg = "T", .help = "Whose call it is; made when it is not there (local)." },
		STORES_FLAG(&f->data),
		{ .name = NULL },
	};
	int status;

	memset(&c, 0, sizeof(c));
	c.cli = cli;
	shown_init(&c.live);
	status = times_read(&c, argc, argv);
	if (!status)
		status = cli_flags(cli, flags, &argc, argv);
	if (!status && argc != 1)
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "call", "it takes flags only", "found \"%s\"", argv[1]);
	if (!status)
		cli_log_unasked(cli, LOG_LEVEL_WARN);
	if (!status)
		status = flags_check(&c);
	if (!status)
		status = echo_read(&c);
	if (!status)
		status = book_read(&c);
	if (!status)
		status = run(&c);
	json_decref(c.variables);
	rulebook_free(c.book);
	shown_fini(&c.live);
	return status;
}
