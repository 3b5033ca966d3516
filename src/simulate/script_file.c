/* A tester's own script: a text file, one line a thing. docs/simulation.md has the format.
 *
 *   # a remark                                   name NAME
 *   agent TEXT                                   what the agent greets with; the first question stands in it
 *   ask KIND TEXT?                               the next question: open, yes-no, digits, spelled
 *   answer TEXT                                  what the caller says to it; `|` pauses, `~` pauses shortly
 *   tool NAME [changes] MS TEXT                  called once the answer is there; its usual time and its result
 *   at SECONDS say|nod|keys TEXT                 the caller does something by the clock
 *   at SECONDS cough MS · at SECONDS hangup
 *   fault NAME N                                 strikes at that actor's nth chance
 *
 * The script owns a copy of the text, cut up in place. Refuses anything else: by line and key, with what was found and what is allowed.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/disk.h"
#include "base/json.h"
#include "base/settings.h"
#include "simulate/fault.h"
#include "simulate/script.h"

enum {
	SCRIPT_FILE_MAX = 16 * SCRIPT_TEXT_MAX, /* so much is read, to tell at which line it is too much */
	NAME_MAX_BYTES = BRIEF_NAME_MAX - 3,
	GREETING_MAX_BYTES = 6 * BRIEF_NAME_MAX - 3,
	SHOWN_MAX_BYTES = 60,
	SECOND_PLACES = 3 /* a time is whole milliseconds */
};

struct own_script {
	struct script script; /* first: what callers hold */
	struct script_step steps[SCRIPT_STEPS_MAX];
	struct script_tool tools[SCRIPT_TOOLS_MAX];
	struct script_cue cues[SCRIPT_CUES_MAX];
	struct script_fault faults[SCRIPT_FAULTS_MAX];
	uint32_t ask_lines[SCRIPT_STEPS_MAX];
	uint32_t line;
	const char *key;  /* of that line, or NULL */
	int64_t max_ms;   /* of a call */
	struct err_detail *detail;
	char text[]; /* with a NUL behind it */
};

static enum err mistake(struct own_script *o, const char *hint, const char *fmt, ...) PRINTF_LIKE(3, 4);

static enum err mistake(struct own_script *o, const char *hint, const char *fmt, ...)
{
	struct err_detail *d = o->detail;
	size_t n = 0;
	va_list args;

	*d = (struct err_detail){ 0 };
	if (o->key)
		n = (size_t)snprintf(d->message, sizeof(d->message), "%s: ", o->key);
	va_start(args, fmt);
	vsnprintf(d->message + n, sizeof(d->message) - n, fmt, args);
	va_end(args);
	snprintf(d->where, sizeof(d->where), "line %u", o->line ? o->line : 1);
	snprintf(d->hint, sizeof(d->hint), "%s", hint);
	return ERR_FORMAT;
}

/* How many bytes of it a message shows: whole characters. */
static int shown(const char *text)
{
	size_t len = strlen(text), n = 0, more = len ? utf8_length((const uint8_t *)text, len) : 0;

	while (more && n + more <= SHOWN_MAX_BYTES) {
		n += more;
		more = n < len ? utf8_length((const uint8_t *)text + n, len - n) : 0;
	}
	return (int)n;
}

#define SHOWN(text) shown(text), (text)

/* Cuts the next word off; "" at the end. */
static char *word(char **rest)
{
	char *at = *rest + strspn(*rest, " \t"), *end = at + strcspn(at, " \t");

	*rest = end + strspn(end, " \t");
	if (*end)
		*end = 0;
	return at;
}

/* Digits, with at most so many behind a point: times 10^places. No sign, no exponent, nothing behind them. */
static bool number(const char *text, unsigned int places, uint64_t low, uint64_t high, uint64_t *value)
{
	unsigned int digits = 0, behind = 0;
	bool point = false;

	for (*value = 0; *text; text++) {
		if (*text == '.' && digits && !point && places) {
			point = true;
			continue;
		}
		if (!isdigit((unsigned char)*text) || *value > high || (point && behind == places))
			return false;
		*value = *value * 10 + (uint64_t)(*text - '0');
		behind += point;
		digits++;
	}
	if (!digits || (point && !behind))
		return false;
	for (; behind < places && *value <= high; behind++)
		*value *= 10;
	return *value >= low && *value <= high;
}

static enum err take_ask(struct own_script *o, char *rest)
{
	static const char *const kinds[] = { "open", "yes-no", "digits", "spelled" };
	struct script_step *step = &o->steps[o->script.step_count];
	const char *kind = word(&rest);
	size_t len = strlen(rest);
	unsigned int i;

	if (o->script.step_count == SCRIPT_STEPS_MAX)
		return mistake(o, "a script has at most 24 questions", "one question too many");
	for (i = 0; i < 4 && strcmp(kind, kinds[i]) != 0; i++)
		;
	if (i == 4)
		return mistake(o, "open, yes-no, digits or spelled", "\"%.*s\" is no kind of question", SHOWN(kind));
	if (!len || rest[len - 1] != '?' || strchr(rest, ','))
		return mistake(o, "one sentence without a comma that ends with a question mark", "\"%.*s\" is no question", SHOWN(rest));
	o->ask_lines[o->script.step_count] = o->line;
	step->kind = (enum answer_kind)i;
	step->ask = rest;
	o->script.step_count++;
	return ERR_NONE;
}

static struct script_step *step_now(struct own_script *o)
{
	return o->script.step_count ? &o->steps[o->script.step_count - 1] : NULL;
}

static enum err take_answer(struct own_script *o, char *rest)
{
	struct script_step *step = step_now(o);
	unsigned int n = 0;

	if (!step || !*rest)
		return mistake(o, "answer TEXT, below the question it belongs to", step ? "an answer without words" : "an answer to nothing");
	while (n < STEP_ANSWERS_MAX && step->answers[n])
		n++;
	if (n == STEP_ANSWERS_MAX)
		return mistake(o, "a question has at most 4 answers to draw from", "one answer too many");
	step->answers[n] = rest;
	return ERR_NONE;
}

static enum err take_tool(struct own_script *o, char *rest)
{
	struct script_tool *tool = &o->tools[o->script.tool_count];
	struct script_step *step = step_now(o);
	char *name = word(&rest), *ms;
	uint64_t value;

	if (!step || (step->tool && step->tool2) || o->script.tool_count == SCRIPT_TOOLS_MAX)
		return mistake(o, "below a question, at most two each and eight in all", "a tool that has no place");
	if (!*name || strlen(name) >= BRIEF_NAME_MAX)
		return mistake(o, "tool NAME [changes] MS TEXT", "a tool without a name");
	ms = word(&rest);
	tool->changes = !strcmp(ms, "changes");
	if (tool->changes)
		ms = word(&rest);
	if (!number(ms, 0, 0, 600000, &value) || !*rest || strlen(rest) > 100)
		return mistake(o, "tool NAME [changes] MS TEXT, whole milliseconds within 0 and 600000, at most 100 bytes of result",
			"\"%.*s %.*s\" is no time and result", SHOWN(ms), SHOWN(rest));
	tool->name = name;
	tool->slow_ms = (uint32_t)value;
	tool->result = rest;
	*(step->tool ? &step->tool2 : &step->tool) = name;
	o->script.tool_count++;
	return ERR_NONE;
}

static bool keys_only(const char *text)
{
	return *text && strspn(text, "0123456789*#ABCD") == strlen(text);
}

/* When: seconds, in whole milliseconds, within the longest call. */
static enum err take_time(struct own_script *o, struct script_cue *cue, const char *when)
{
	char hint[200];
	uint64_t ms;

	snprintf(hint, sizeof(hint), "allowed: seconds from 0 to the longest call (call.max_ms: %" PRId64 " ms), with at most three places behind the point",
		o->max_ms);
	if (!number(when, SECOND_PLACES, 0, (uint64_t)o->max_ms, &ms))
		return mistake(o, hint, "found \"%.*s\"", SHOWN(when));
	cue->at_us = ms * 1000;
	if (o->script.cue_count && cue->at_us < cue[-1].at_us)
		return mistake(o, "cues stand in the order of their times", "\"%.*s\" comes before the cue above it", SHOWN(when));
	return ERR_NONE;
}

static enum err take_what(struct own_script *o, struct script_cue *cue, const char *rest)
{
	uint64_t ms;

	cue->text = rest;
	if (cue->kind == CUE_COUGH && !number(rest, 0, 20, 5000, &ms))
		return mistake(o, "at SECONDS cough MS, a whole number within 20 and 5000", "\"%.*s\" is no length of a cough", SHOWN(rest));
	if (cue->kind == CUE_COUGH)
		cue->length_ms = (uint32_t)ms;
	if ((cue->kind == CUE_SAY || cue->kind == CUE_NOD) && !*rest)
		return mistake(o, "at SECONDS say TEXT", "nothing is said");
	if (cue->kind == CUE_KEYS && !keys_only(rest))
		return mistake(o, "0 to 9, *, #, A to D", "\"%.*s\" are no keys", SHOWN(rest));
	return ERR_NONE;
}

static enum err take_at(struct own_script *o, char *rest)
{
	static const char *const kinds[] = { "say", "nod", "cough", "keys", "hangup" };
	struct script_cue *cue = &o->cues[o->script.cue_count];
	const char *when = word(&rest), *what = word(&rest);
	unsigned int i;
	enum err err;

	if (o->script.cue_count == SCRIPT_CUES_MAX)
		return mistake(o, "a script has at most 64 cues", "one cue too many");
	err = take_time(o, cue, when);
	if (err)
		return err;
	for (i = 0; i < 5 && strcmp(what, kinds[i]) != 0; i++)
		;
	if (i == 5)
		return mistake(o, "at SECONDS say|nod|cough|keys|hangup …", "\"%.*s\" is nothing a caller does", SHOWN(what));
	cue->kind = (enum cue_kind)i;
	err = take_what(o, cue, rest);
	o->script.cue_count += !err;
	return err;
}

static enum err take_fault(struct own_script *o, char *rest)
{
	struct script_fault *fault = &o->faults[o->script.fault_count];
	const char *name = word(&rest), *nth = word(&rest);
	uint64_t value;

	if (o->script.fault_count == SCRIPT_FAULTS_MAX)
		return mistake(o, "a script has at most 32 faults", "one fault too many");
	if (fault_find(name, strlen(name)) < 0)
		return mistake(o, "see simulate --list-faults", "no fault is called \"%.*s\"", SHOWN(name));
	if (!number(nth, 0, 1, 255, &value))
		return mistake(o, "fault NAME N, a whole number within 1 and 255", "\"%.*s\" is no count", SHOWN(nth));
	*fault = (struct script_fault){ .name = name, .nth = (uint32_t)value };
	o->script.fault_count++;
	return ERR_NONE;
}

static enum err take_text(struct own_script *o, const char **text, const char *hint, const char *rest, size_t max)
{
	if (!*rest)
		return mistake(o, hint, "found nothing behind it");
	if (strlen(rest) > max)
		return mistake(o, "shorten it", "%zu bytes behind it: at most %zu are allowed", strlen(rest), max);
	*text = rest;
	return ERR_NONE;
}

static enum err take_agent(struct own_script *o, char *rest)
{
	return take_text(o, &o->script.greeting, "agent TEXT", rest, GREETING_MAX_BYTES);
}

static enum err take_name(struct own_script *o, char *rest)
{
	return take_text(o, &o->script.name, "name NAME", rest, NAME_MAX_BYTES);
}

static const struct line_kind {
	const char *key;
	enum err (*take)(struct own_script *o, char *rest);
} line_kinds[] = {
	{ "name", take_name }, { "agent", take_agent }, { "ask", take_ask }, { "answer", take_answer },
	{ "tool", take_tool }, { "at", take_at }, { "fault", take_fault }, { NULL, NULL },
};

static const struct line_kind *line_kind_find(const char *word, size_t len)
{
	const struct line_kind *k;

	for (k = line_kinds; k->key; k++)
		if (strlen(k->key) == len && !memcmp(k->key, word, len))
			return k;
	return NULL;
}

static enum err take_line(struct own_script *o, char *line)
{
	char *rest = line;
	const char *what = word(&rest);
	const struct line_kind *kind = line_kind_find(what, strlen(what));

	if (!*what || *what == '#')
		return ERR_NONE;
	o->key = kind ? kind->key : NULL;
	if (kind)
		return kind->take(o, rest);
	return mistake(o, "name, agent, ask, answer, tool, at, fault, or # and a remark", "\"%.*s\" begins no line of a script", SHOWN(what));
}

/* Ends a line at its end, without the spaces before it. */
static char *line_end(char *line)
{
	char *end = line + strcspn(line, "\n"), *next = *end ? end + 1 : end;

	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	return next;
}

/* The question of that step is wrong. */
static enum err ask_mistake(struct own_script *o, uint32_t step, const char *hint, const char *what)
{
	o->line = o->ask_lines[step];
	return mistake(o, hint, "\"%.*s\" %s", SHOWN(o->steps[step].ask), what);
}

/* What only the whole script shows. */
static enum err whole_check(struct own_script *o)
{
	char hint[160];
	uint32_t i;

	o->key = NULL;
	if (!o->script.step_count || !o->script.greeting)
		return mistake(o, "a line `agent TEXT` and at least one `ask KIND TEXT?`", "a script needs a greeting and a question: it ends without %s",
			o->script.greeting ? "a question" : o->script.step_count ? "a greeting" : "either");
	o->key = "ask";
	snprintf(hint, sizeof(hint), "allowed: words of the agent's line, where the first question is asked: \"%.*s\"", SHOWN(o->script.greeting));
	if (!strstr(o->script.greeting, o->steps[0].ask))
		return ask_mistake(o, 0, hint, "is the first question and does not stand in the agent's line");
	for (i = 0; i < o->script.step_count; i++)
		if (!o->steps[i].answers[0])
			return ask_mistake(o, i, "allowed: one to four lines `answer TEXT` below each question", "has no answer");
	return ERR_NONE;
}

static enum err take_all(struct own_script *o, size_t len)
{
	char *at = o->text, *end = o->text + len;
	enum err err = ERR_NONE;

	while (!err && at < end) {
		char *next = line_end(at);

		o->line++;
		err = take_line(o, at);
		at = next;
	}
	return err ? err : whole_check(o);
}

/* Where the first byte stands that is 0 or no UTF-8; `len`: there is none. */
static size_t text_end(const char *text, size_t len)
{
	size_t at = 0, n;

	while (at < len && text[at]) {
		n = utf8_length((const uint8_t *)text + at, len - at);
		if (!n)
			return at;
		at += n;
	}
	return at;
}

/* Refuses what is no text or too much of it, at the line where that shows. */
static enum err text_check(const char *text, size_t len, struct err_detail *detail)
{
	size_t end = text_end(text, len), bad = end < len && end < SCRIPT_TEXT_MAX ? end : SCRIPT_TEXT_MAX, from = 0, i;
	const struct line_kind *kind;
	unsigned int line = 1;

	if (end == len && len <= SCRIPT_TEXT_MAX)
		return ERR_NONE;
	for (i = 0; i < bad; i++)
		if (text[i] == '\n') {
			line++;
			from = i + 1;
		}
	*detail = (struct err_detail){ .hint = "allowed: text in UTF-8, at most 64 KB (65536 bytes)" };
	snprintf(detail->where, sizeof(detail->where), "line %u", line);
	if (bad == SCRIPT_TEXT_MAX) {
		snprintf(detail->message, sizeof(detail->message), "the script goes on behind its first 64 KB");
		return ERR_LIMIT;
	}
	for (i = from; i < bad && text[i] != ' ' && text[i] != '\t'; i++)
		;
	kind = line_kind_find(text + from, i - from);
	if (text[bad])
		snprintf(detail->message, sizeof(detail->message), "%s%sfound byte 0x%02x at byte %zu of the line: this is no UTF-8", kind ? kind->key : "",
			kind ? ": " : "", (unsigned char)text[bad], bad - from + 1);
	else
		snprintf(detail->message, sizeof(detail->message), "%s%sfound a byte 0: this is no text", kind ? kind->key : "", kind ? ": " : "");
	return ERR_FORMAT;
}

static enum err parse(struct script **sp, const char *text, size_t len, int64_t max_ms, struct err_detail *detail)
{
	struct own_script *o;
	enum err err = text_check(text, len, detail);

	*sp = NULL;
	if (err)
		return err;
	o = calloc(1, sizeof(*o) + len + 2);
	if (!o)
		return ERR_NOMEM;
	memcpy(o->text, text, len);
	o->max_ms = max_ms;
	o->detail = detail;
	o->script = (struct script){ .name = "own", .steps = o->steps, .tools = o->tools, .own = true, .cues = o->cues, .faults = o->faults };
	err = take_all(o, len);
	if (err) {
		free(o);
		return err;
	}
	o->detail = NULL;
	*sp = &o->script;
	return ERR_NONE;
}

enum err script_parse(struct script **sp, const char *text, size_t len, struct err_detail *detail)
{
	struct call_settings usual;

	call_settings_init(&usual);
	return parse(sp, text, len, usual.call_max_ms, detail);
}

enum err script_load(struct script **sp, const char *path, int64_t max_ms, struct err_detail *detail)
{
	struct buf b;
	enum err err;
	char place[sizeof(detail->where)];

	*sp = NULL;
	*detail = (struct err_detail){ 0 };
	buf_init(&b, SCRIPT_FILE_MAX);
	err = disk_load(&disk_real, path, &b);
	if (err) {
		*detail = (struct err_detail){ .hint = "name a text file of at most 64 KB (docs/simulation.md has the format)" };
		snprintf(detail->message, sizeof(detail->message), "the script cannot be read: %s", err_name(err));
		snprintf(detail->where, sizeof(detail->where), "%s", path);
	} else {
		err = parse(sp, b.data ? (const char *)b.data : "", b.len, max_ms, detail);
		if (err && detail->where[0]) {
			memcpy(place, detail->where, sizeof(place));
			snprintf(detail->where, sizeof(detail->where), "%.100s, %.40s", path, place);
		} else if (err) {
			snprintf(detail->where, sizeof(detail->where), "%.150s", path);
			snprintf(detail->message, sizeof(detail->message), "the script cannot be read: %s", err_name(err));
		}
	}
	buf_fini(&b);
	return err;
}

void script_free(struct script *s)
{
	free(s);
}
