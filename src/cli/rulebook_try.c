/* `callfunnel rulebook try NAME|FILE`: the rehearsed engine without a call around it. A line of standard input is what the person says;
 * the agent's words, what was understood, the tools with their results and the outcome are printed. Two lines are no words:
 * "/cut N words" says them after having heard only N words of the agent's, "/hangup" ends the call, as the end of the input does.
 *
 * As in a call, the engine sees personal data masked, and what is printed has the true values.
 * Tools reach nothing: their results come from a file of records (--tools), or from the built-in one that the shipped books find; what the book's `may` adds is
 * done as `serve` does it, but nobody is called.
 * Exit status: 0; 1 when the outcome is a failure or not the one of --expect; 2 wrong usage; 3 something is not there.
 */
#include "cli/rulebook_try.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "base/wording.h"
#include "cli/agreed.h"
#include "cli/book.h"
#include "providers/rehearsed/rehearsed.h"
#include "voice/session/masker.h"

enum { BLOCKS_MAX = 2000, TURN_TOOLS_MAX = 20, TEXT_MAX_BYTES = 1024 * 1024, LINE_MAX_BYTES = 4096 };

/* TOOL → list of what it answers: the first whose `when` fits the arguments. `status`: "error", "unknown"; else `result`. The days in it
 * are printed in: when the appointment is, when a slot is free (twice), when the payment was due. */
#define BUILT_IN \
	"{" \
	"\"find_appointment\": [{\"when\": {\"id\": \"A-1001\"}, \"result\": {\"status\": \"booked\", \"date\": \"%s\", \"time\": \"10:30\", \"doctor\": \"Doctor Adams\"}}]," \
	"\"find_slot\": [{\"when\": {\"time\": \"12:00\"}, \"result\": {\"free\": false, \"near_date\": \"%s\", \"near_time\": \"14:00\"}}," \
	" {\"result\": {\"free\": true, \"near_date\": \"%s\", \"near_time\": \"15:00\"}}]," \
	"\"confirm_appointment\": [{\"result\": {}}], \"move_appointment\": [{\"result\": {}}], \"cancel_appointment\": [{\"result\": {}}]," \
	"\"verify_holder\": [{\"when\": {\"digits\": \"4021\"}, \"result\": {\"matches\": true}}, {\"result\": {\"matches\": false}}]," \
	"\"find_account\": [{\"when\": {\"id\": \"P-3001\"}, \"result\": {\"status\": \"open\", \"amount\": 4500, \"due_date\": \"%s\"}}]," \
	"\"save_promise\": [{\"result\": {}}], \"save_note\": [{\"result\": {}}], \"save_lead\": [{\"result\": {}}]}"

enum { BOOKED, FREE, DUE, DAYS };

struct try_flags {
	const char *language, *tools, *expect;
	bool type;
	struct flag_list variables;
};

struct said { /* a block, and where its texts begin in `texts` */
	struct request_block block;
	size_t name, text;
};

struct trying {
	struct cli *cli;
	struct try_flags flags;
	struct rulebook *book;
	char language[BRIEF_LANGUAGE_MAX]; /* that is spoken now */
	json_t *variables, *tools, *known, *done;
	struct rehearsed *engine;
	struct masker *masker;
	struct said said[BLOCKS_MAX];
	size_t count;
	struct buf texts;
	uint32_t turn, index;
	struct agreed agreed;
	char outcome[BRIEF_NAME_MAX + 1];
};

static void no_wake(void *arg, uint64_t delay_us)
{
	(void)arg;
	(void)delay_us; /* nothing is streamed here */
}

/* ---- the conversation ---- */

static void block_add(struct trying *t, enum block_type type, enum tool_status status, const char *name, const void *text, size_t len)
{
	struct said *s;

	if (t->count == BLOCKS_MAX)
		return;
	s = &t->said[t->count++];
	*s = (struct said){ .block = { .type = type, .turn = t->turn, .index = t->index, .status = status, .name_len = strlen(name), .text_len = len },
		.name = t->texts.len };
	buf_append(&t->texts, name, strlen(name));
	s->text = t->texts.len;
	buf_append(&t->texts, text, len);
}

/* What the agent said last is heard up to its word `words`. */
static void agent_cut(struct trying *t, size_t words)
{
	struct said *s = t->count ? &t->said[t->count - 1] : NULL;
	size_t i;

	if (!s || s->block.type != BLOCK_AGENT)
		return;
	for (i = 0; i < s->block.text_len; i++)
		if (t->texts.data[s->text + i] == ' ' && !words--)
			break;
	if (!words || i < s->block.text_len)
		s->block.text_len = i;
}

/* What the engine made of it, with the values in the place of placeholders: `text` as they are said. */
static enum err values_back(struct trying *t, struct rehearsed_reply *reply)
{
	const struct redact_map *map = masker_map(t->masker);
	struct buf *data[] = { &reply->arguments, &reply->value };
	struct redact_speaker speaker;
	struct buf out;
	size_t i;

	buf_init(&out, TEXT_MAX_BYTES);
	redact_speaker_init(&speaker, t->language);
	redact_speak(&speaker, map, buf_str(&reply->text), reply->text.len, &out);
	redact_speak_end(&speaker, &out);
	buf_reset(&reply->text);
	buf_append(&reply->text, out.data, out.len);
	for (i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		buf_reset(&out);
		redact_restore(map, buf_str(data[i]), data[i]->len, &out);
		buf_reset(data[i]);
		buf_append(data[i], out.data, out.len);
	}
	buf_fini(&out);
	return reply->text.err ? reply->text.err : reply->arguments.err ? reply->arguments.err : reply->value.err;
}

static enum err plan(struct trying *t, struct rehearsed_reply *reply)
{
	static struct request_block blocks[BLOCKS_MAX];
	struct masked_request request;
	size_t i, n = 0;
	enum err err;

	if (t->texts.err)
		return t->texts.err;
	for (i = 0; i < t->count; i++) {
		blocks[n] = t->said[i].block;
		blocks[n].name = (const char *)t->texts.data + t->said[i].name;
		blocks[n].text = (const char *)t->texts.data + t->said[i].text;
		n += blocks[n].type != BLOCK_AGENT || blocks[n].text_len; /* nothing heard is no block */
	}
	err = masker_request(t->masker, blocks, n, &request);
	if (!err)
		err = rehearsed_plan(t->engine, request.blocks, request.count, reply);
	return err ? err : values_back(t, reply);
}

/* ---- what is printed ---- */

static void line_print(struct buf *b)
{
	json_close(b, '}');
	puts(buf_str(b));
	fflush(stdout);
	buf_fini(b);
}

static void line_begin(struct buf *b)
{
	buf_init(b, TEXT_MAX_BYTES);
	json_open(b, '{');
}

static void tell_agent(const struct trying *t, const char *text, size_t len)
{
	struct buf b;

	if (!len)
		return;
	if (!t->cli->json) {
		printf("agent: %.*s\n", (int)len, text);
		fflush(stdout);
		return;
	}
	line_begin(&b);
	json_put_key(&b, "agent");
	json_put_text(&b, text, len);
	line_print(&b);
}

static void tell_heard(const struct trying *t, const char *said, struct rehearsed_reply *reply)
{
	struct buf b;

	if (!t->cli->json) {
		printf("  [%s%s%s%s%s]\n", reply->question ? reply->question : "", reply->question ? ": " : "", rehearsed_heard_name(reply->heard),
			reply->value.len ? " " : "", buf_str(&reply->value));
		return;
	}
	line_begin(&b);
	json_pair_string(&b, "caller", said);
	json_pair_string(&b, "question", reply->question);
	json_pair_string(&b, "heard", rehearsed_heard_name(reply->heard));
	json_pair_string(&b, "value", reply->value.len ? buf_str(&reply->value) : NULL);
	line_print(&b);
}

static void tell_tool(const struct trying *t, struct rehearsed_reply *reply, enum tool_status status, const char *result)
{
	static const char *const names[] = { [TOOL_OK] = "ok", [TOOL_ERROR] = "error", [TOOL_UNKNOWN] = "unknown" };
	struct buf b;

	if (!t->cli->json) {
		printf("  {%s %s: %s %s}\n", reply->tool, buf_str(&reply->arguments), names[status], result);
		return;
	}
	line_begin(&b);
	json_pair_string(&b, "tool", reply->tool);
	json_pair_string(&b, "arguments", buf_str(&reply->arguments));
	json_pair_string(&b, "status", names[status]);
	json_pair_string(&b, "result", result);
	line_print(&b);
}

static int tell_outcome(const struct trying *t)
{
	struct rulebook_outcome outcome = { .name = NULL };
	bool fine;
	struct buf b;

	if (!rulebook_outcome_find(t->book, t->outcome, &outcome))
		outcome.result = "failure";
	fine = t->flags.expect ? !strcmp(t->flags.expect, t->outcome) : strcmp(outcome.result, "failure") != 0;
	if (!t->cli->json) {
		buf_init(&b, TEXT_MAX_BYTES);
		agreed_text(&t->agreed, &b);
		printf("%soutcome: %s (%s)\n", buf_str(&b), t->outcome, outcome.result);
		buf_fini(&b);
		return fine ? CLI_FINE : CLI_NOT_SO;
	}
	line_begin(&b);
	json_pair_string(&b, "outcome", t->outcome);
	json_pair_string(&b, "result", outcome.result);
	json_pair_bool(&b, "escalates", outcome.escalates);
	json_pair_bool(&b, "do_not_call", outcome.do_not_call);
	agreed_json(&t->agreed, &b);
	line_print(&b);
	return fine ? CLI_FINE : CLI_NOT_SO;
}

/* ---- tools ---- */

static bool fits(const json_t *when, const json_t *arguments)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)when, key, value)
		if (!json_equal(value, json_object_get(arguments, key)))
			return false;
	return true;
}

static const json_t *record_find(const struct trying *t, const char *tool, const json_t *arguments)
{
	const json_t *list = json_object_get(t->tools, tool);
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		if (fits(json_object_get(json_array_get(list, i), "when"), arguments))
			return json_array_get(list, i);
	return NULL;
}

static json_t *refused(const char *code, const char *why)
{
	return json_pack("{s:s, s:{s:s, s:s}}", "status", "error", "result", "error", code, "message", why);
}

/* What a tool comes to without a record, as one: arguments that a call would refuse, and what the book's `may` adds. NULL: the records say. */
static json_t *own_do(struct trying *t, const char *name, const json_t *arguments)
{
	struct err_detail detail = { .message = "" };
	struct rulebook_tool tool;
	const char *why;

	if (!rulebook_tool_find(t->book, name, &tool))
		return NULL;
	if (rulebook_tool_check(t->book, name, arguments, &detail))
		return refused("bad_arguments", detail.message);
	if (!rulebook_tool_is_built_in(&tool))
		return NULL;
	why = agreed_do(&t->agreed, t->book, &tool, arguments, book_day(t->variables));
	return why ? refused("not_possible", why) : json_pack("{s:{s:b}}", "result", "done", 1);
}

static void tool_run(struct trying *t, struct rehearsed_reply *reply)
{
	json_t *arguments = json_loads(buf_str(&reply->arguments), 0, NULL), *own = own_do(t, reply->tool, arguments);
	const json_t *record = own ? own : record_find(t, reply->tool, arguments);
	const char *status = json_string_value(json_object_get(record, "status"));
	enum tool_status got = !record || (status && !strcmp(status, "error")) ? TOOL_ERROR : status && !strcmp(status, "unknown") ? TOOL_UNKNOWN : TOOL_OK;
	json_t *result = json_object_get(record, "result");
	char *text = result ? json_dumps(result, JSON_COMPACT) : NULL;
	char told[sizeof(EVENT_LANGUAGE) + BRIEF_LANGUAGE_MAX];
	const char *said = text ? text : record ? "no result" : "no record of this";

	if (got == TOOL_OK && !strcmp(reply->tool, RULEBOOK_LANGUAGE_TOOL)) { /* as the call's core says it */
		snprintf(t->language, sizeof(t->language), "%s", json_string_value(json_object_get(arguments, "language")));
		snprintf(told, sizeof(told), "%s%s", EVENT_LANGUAGE, t->language);
		said = told;
	}

	if (got == TOOL_OK && result)
		json_object_set(t->known, reply->step, result);
	if (got == TOOL_OK)
		json_array_append_new(t->done, json_pack("{s:s, s:O?}", "tool", reply->tool, "arguments", arguments));
	tell_tool(t, reply, got, said);
	block_add(t, BLOCK_TOOL_USE, TOOL_OK, reply->tool, reply->arguments.data, reply->arguments.len);
	block_add(t, BLOCK_TOOL_RESULT, got, "", said, strlen(said));
	t->index++;
	free(text);
	json_decref(own);
	json_decref(arguments);
}

/* ---- turns ---- */

static void answer_keep(struct trying *t, struct rehearsed_reply *reply)
{
	if (reply->question && reply->value.len)
		json_object_set_new(t->known, reply->question, json_string(buf_str(&reply->value)));
}

/* What the agent says and does until it is the person's turn; `said` NULL: nobody has spoken yet. */
static int agent_turn(struct trying *t, const char *said)
{
	struct rehearsed_reply reply;
	unsigned int tools;
	enum err err = ERR_NONE;

	for (tools = 0; tools < TURN_TOOLS_MAX && !*t->outcome && !err; tools++) {
		bool more;

		rehearsed_reply_init(&reply);
		err = plan(t, &reply);
		if (!err && !tools && said) {
			tell_heard(t, said, &reply);
			answer_keep(t, &reply);
		}
		if (!err) {
			tell_agent(t, buf_str(&reply.text), reply.text.len);
			block_add(t, BLOCK_AGENT, TOOL_OK, "", reply.text.data ? reply.text.data : (const uint8_t *)"", reply.text.len);
		}
		more = !err && reply.tool && !reply.outcome;
		if (more)
			tool_run(t, &reply);
		else if (!err && reply.outcome)
			snprintf(t->outcome, sizeof(t->outcome), "%s", reply.outcome);
		rehearsed_reply_fini(&reply);
		if (!more)
			break;
	}
	return err ? cli_fail(t->cli, CLI_MISSING, err, NULL, NULL, "%s", err_name(err)) : CLI_FINE;
}

static const char *words_of(struct trying *t, const char *line)
{
	char *end;
	unsigned long words;

	if (strncmp(line, "/cut ", 5) != 0)
		return line;
	words = strtoul(line + 5, &end, 10);
	agent_cut(t, words);
	while (isspace((unsigned char)*end))
		end++;
	return end;
}

static int turns(struct trying *t)
{
	const char *opening = rehearsed_opening(t->engine);
	char line[LINE_MAX_BYTES];
	int status = CLI_FINE;

	tell_agent(t, opening, strlen(opening));
	if (*opening)
		block_add(t, BLOCK_AGENT, TOOL_OK, "", opening, strlen(opening));
	while (!status && !*t->outcome && fgets(line, sizeof(line), stdin)) {
		const char *said;

		line[strcspn(line, "\r\n")] = 0;
		if (!strcmp(line, "/hangup"))
			break;
		said = words_of(t, line);
		if (!*said)
			continue;
		t->turn++;
		t->index = 0;
		block_add(t, BLOCK_CALLER, TOOL_OK, "", said, strlen(said));
		status = agent_turn(t, said);
	}
	if (status)
		return status;
	if (!*t->outcome && *t->agreed.outcome)
		snprintf(t->outcome, sizeof(t->outcome), "%s", t->agreed.outcome);
	if (!*t->outcome)
		snprintf(t->outcome, sizeof(t->outcome), "%s", rulebook_unfinished(t->book, t->language, t->variables, t->known, t->done, "hangup"));
	return tell_outcome(t);
}

/* ---- what it needs ---- */

/* The built-in records around the call's day, so that what was booked is never in the past. */
static json_t *built_in(const struct trying *t)
{
	static const int32_t aways[DAYS] = { [BOOKED] = 3, [FREE] = 4, [DUE] = -13 };
	const int32_t today = book_day(t->variables);
	char days[DAYS][11];
	json_error_t error;
	struct buf b;
	json_t *all;
	size_t i;

	for (i = 0; i < DAYS; i++)
		day_print(today + aways[i], days[i]);
	buf_init(&b, TEXT_MAX_BYTES);
	buf_printf(&b, BUILT_IN, days[BOOKED], days[FREE], days[FREE], days[DUE]);
	all = json_loads(buf_str(&b), 0, &error);
	buf_fini(&b);
	return all;
}

static int tools_read(struct trying *t)
{
	json_error_t error = { .line = 0 };

	t->tools = t->flags.tools ? json_load_file(t->flags.tools, JSON_REJECT_DUPLICATES, &error) : built_in(t);
	if (json_is_object(t->tools))
		return CLI_FINE;
	return cli_fail(t->cli, t->tools || error.line > 0 ? CLI_USAGE : CLI_MISSING, t->tools || error.line > 0 ? ERR_FORMAT : ERR_NOTFOUND, t->flags.tools,
		"{\"find_slot\": [{\"when\": {\"time\": \"12:00\"}, \"result\": {\"free\": false}}]}", "the records cannot be read: %s",
		t->tools ? "an object is wanted" : error.text);
}

static int engine_make(struct trying *t)
{
	struct err_detail detail = { .message = "" };
	struct buf flow;
	enum err err;

	snprintf(t->language, sizeof(t->language), "%s", t->flags.language ? t->flags.language : rulebook_language_at(t->book, 0));
	buf_init(&flow, RULEBOOK_JSON_MAX);
	err = rulebook_flow_json(t->book, t->language, t->variables, &flow, &detail);
	if (!err)
		err = rehearsed_new(&t->engine, flow.data, flow.len, no_wake, NULL, &detail);
	buf_fini(&flow);
	if (!err)
		err = masker_new(&t->masker);
	if (!err) {
		masker_language(t->masker, t->language);
		masker_clear(t->masker, rulebook_clear(t->book, book_clear_default(t->cli)));
		return CLI_FINE;
	}
	return cli_fail(t->cli, err == ERR_NOMEM ? CLI_MISSING : CLI_USAGE, err, detail.where, detail.hint, "%s", detail.message[0] ? detail.message : err_name(err));
}

static int run(struct trying *t, const char *word)
{
	char path[RULEBOOK_PATH_MAX];
	int status = book_load(t->cli, word, path, &t->book);

	if (!status)
		status = book_variables(t->cli, t->book, &t->flags.variables, &t->variables);
	if (!status)
		status = tools_read(t);
	if (!status)
		status = engine_make(t);
	return status ? status : turns(t);
}

int rulebook_try(struct cli *cli, int argc, char **argv)
{
	struct trying *t = calloc(1, sizeof(*t));
	struct try_flags f = { .language = NULL };
	const struct flag flags[] = {
		{ .name = "type", .type = FLAG_BOOL, .value = &f.type, .help = "The person is typed: a line for each turn. There is no other way yet." },
		{ .name = "language", .type = FLAG_STRING, .value = &f.language, .arg = "L", .help = "One of the rule-book's (its first)." },
		{ .name = "lang", .type = FLAG_STRING, .value = &f.language, .arg = "L", .help = "The same." },
		{ .name = "var", .type = FLAG_LIST, .value = &f.variables, .arg = "NAME=VALUE", .help = "What a call brings; the rule-book's samples, and today's date as today, otherwise." },
		{ .name = "tools", .type = FLAG_STRING, .value = &f.tools, .arg = "F.json", .help = "What tools answer; a built-in file for the shipped books otherwise." },
		{ .name = "expect", .type = FLAG_STRING, .value = &f.expect, .arg = "OUTCOME", .help = "Exit with 1 when it ends otherwise." },
		{ .name = NULL },
	};
	int status;

	if (!t)
		return cli_fail(cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	status = cli_flags(cli, flags, &argc, argv);
	t->cli = cli;
	t->flags = f;
	t->known = json_object();
	t->done = json_array();
	buf_init(&t->texts, TEXT_MAX_BYTES);
	if (!status && argc != 3)
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "rulebook try", "callfunnel rulebook try appointment-reminder", "one rule-book");
	if (!status && (!t->known || !t->done))
		status = cli_fail(cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	if (!status)
		status = run(t, argv[2]);
	rehearsed_free(&t->engine);
	masker_free(&t->masker);
	rulebook_free(t->book);
	json_decref(t->variables);
	json_decref(t->tools);
	json_decref(t->known);
	json_decref(t->done);
	buf_fini(&t->texts);
	free(t);
	return status;
}
