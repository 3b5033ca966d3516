/* A tester's own script: a text file, one line a thing. docs/simulation.md has the format.
 *
 *   # a remark                                   name NAME
 *   agent TEXT                                   what the agent greets with
 *   ask KIND TEXT?                               the next question: open, yes-no, digits, spelled
 *   answer TEXT                                  what the caller says to it; `|` pauses, `~` pauses shortly
 *   tool NAME [changes] MS TEXT                  called once the answer is there; its usual time and its result
 *   at SECONDS say|nod|keys TEXT                 the caller does something by the clock
 *   at SECONDS cough MS · at SECONDS hangup
 *   fault NAME N                                 strikes at that actor's nth chance
 *
 * The script owns a copy of the text, cut up in place. Refuses anything else, by line.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/disk.h"
#include "simulate/fault.h"
#include "simulate/script.h"

enum {
	SCRIPT_FILE_MAX = 16 * SCRIPT_TEXT_MAX, /* so much is read, to tell at which line it is too much */
	NAME_MAX_BYTES = BRIEF_NAME_MAX - 3,
	GREETING_MAX_BYTES = 6 * BRIEF_NAME_MAX - 3
};

struct own_script {
	struct script script; /* first: what callers hold */
	struct script_step steps[SCRIPT_STEPS_MAX];
	struct script_tool tools[SCRIPT_TOOLS_MAX];
	struct script_cue cues[SCRIPT_CUES_MAX];
	struct script_fault faults[SCRIPT_FAULTS_MAX];
	uint32_t line;
	struct err_detail *detail;
	char text[]; /* with a NUL behind it */
};

static enum err mistake(struct own_script *o, const char *hint, const char *fmt, ...) PRINTF_LIKE(3, 4);

static enum err mistake(struct own_script *o, const char *hint, const char *fmt, ...)
{
	va_list args;

	*o->detail = (struct err_detail){ 0 };
	va_start(args, fmt);
	vsnprintf(o->detail->message, sizeof(o->detail->message), fmt, args);
	va_end(args);
	snprintf(o->detail->where, sizeof(o->detail->where), "line %u", o->line ? o->line : 1);
	snprintf(o->detail->hint, sizeof(o->detail->hint), "%s", hint);
	return ERR_FORMAT;
}

/* Cuts the next word off; "" at the end. */
static char *word(char **rest)
{
	char *at = *rest + strspn(*rest, " \t"), *end = at + strcspn(at, " \t");

	*rest = end + strspn(end, " \t");
	if (*end)
		*end = 0;
	return at;
}

static bool number(const char *text, double low, double high, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !*end && *value >= low && *value <= high;
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
		return mistake(o, "open, yes-no, digits or spelled", "\"%s\" is no kind of question", kind);
	if (!len || rest[len - 1] != '?' || strchr(rest, ','))
		return mistake(o, "one sentence without a comma that ends with a question mark", "\"%s\" is no question", rest);
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
	double value;

	if (!step || (step->tool && step->tool2) || o->script.tool_count == SCRIPT_TOOLS_MAX)
		return mistake(o, "below a question, at most two each and eight in all", "a tool that has no place");
	if (!*name || strlen(name) >= BRIEF_NAME_MAX)
		return mistake(o, "tool NAME [changes] MS TEXT", "a tool without a name");
	ms = word(&rest);
	tool->changes = !strcmp(ms, "changes");
	if (tool->changes)
		ms = word(&rest);
	if (!number(ms, 0, 600000, &value) || !*rest || strlen(rest) > 100)
		return mistake(o, "tool NAME [changes] MS TEXT, milliseconds within 0 and 600000, at most 100 bytes of result",
			"\"%s %s\" is no time and result", ms, rest);
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

static enum err take_at(struct own_script *o, char *rest)
{
	static const char *const kinds[] = { "say", "nod", "cough", "keys", "hangup" };
	struct script_cue *cue = &o->cues[o->script.cue_count];
	const char *when = word(&rest), *what = word(&rest);
	double seconds, ms;
	unsigned int i;

	if (o->script.cue_count == SCRIPT_CUES_MAX)
		return mistake(o, "a script has at most 64 cues", "one cue too many");
	for (i = 0; i < 5 && strcmp(what, kinds[i]) != 0; i++)
		;
	if (!number(when, 0, 3600, &seconds) || i == 5)
		return mistake(o, "at SECONDS say|nod|cough|keys|hangup …", "\"at %s %s\" is no cue", when, what);
	cue->kind = (enum cue_kind)i;
	cue->at_us = (uint64_t)(seconds * 1e6);
	cue->text = rest;
	if (o->script.cue_count && cue->at_us < cue[-1].at_us)
		return mistake(o, "cues stand in the order of their times", "\"at %s\" comes before the cue above it", when);
	if (cue->kind == CUE_COUGH && !number(rest, 20, 5000, &ms))
		return mistake(o, "at SECONDS cough MS, within 20 and 5000", "\"%s\" is no length of a cough", rest);
	if (cue->kind == CUE_COUGH)
		cue->length_ms = (uint32_t)ms;
	if ((cue->kind == CUE_SAY || cue->kind == CUE_NOD) && !*rest)
		return mistake(o, "at SECONDS say TEXT", "nothing is said");
	if (cue->kind == CUE_KEYS && !keys_only(rest))
		return mistake(o, "0 to 9, *, #, A to D", "\"%s\" are no keys", rest);
	o->script.cue_count++;
	return ERR_NONE;
}

static enum err take_fault(struct own_script *o, char *rest)
{
	struct script_fault *fault = &o->faults[o->script.fault_count];
	const char *name = word(&rest), *nth = word(&rest);
	double value;

	if (o->script.fault_count == SCRIPT_FAULTS_MAX)
		return mistake(o, "a script has at most 32 faults", "one fault too many");
	if (fault_find(name, strlen(name)) < 0)
		return mistake(o, "see simulate --list-faults", "no fault is called \"%s\"", name);
	if (!number(nth, 1, 255, &value))
		return mistake(o, "fault NAME N, within 1 and 255", "\"%s\" is no count", nth);
	*fault = (struct script_fault){ .name = name, .nth = (uint32_t)value };
	o->script.fault_count++;
	return ERR_NONE;
}

/* What the agent greets with, or the script's name. */
static enum err take_text(struct own_script *o, const char **text, const char *what, const char *rest, size_t max)
{
	if (!*rest)
		return mistake(o, !strcmp(what, "name") ? "name NAME" : "agent TEXT", "\"%s\" and nothing behind it", what);
	if (strlen(rest) > max)
		return mistake(o, "shorten it", "\"%s\" with %zu bytes behind it: at most %zu are allowed", what, strlen(rest), max);
	*text = rest;
	return ERR_NONE;
}

static enum err take_line(struct own_script *o, char *line)
{
	char *rest = line;
	const char *what = word(&rest);

	if (!*what || *what == '#')
		return ERR_NONE;
	if (!strcmp(what, "ask"))
		return take_ask(o, rest);
	if (!strcmp(what, "answer"))
		return take_answer(o, rest);
	if (!strcmp(what, "tool"))
		return take_tool(o, rest);
	if (!strcmp(what, "at"))
		return take_at(o, rest);
	if (!strcmp(what, "fault"))
		return take_fault(o, rest);
	if (!strcmp(what, "agent"))
		return take_text(o, &o->script.greeting, what, rest, GREETING_MAX_BYTES);
	if (!strcmp(what, "name"))
		return take_text(o, &o->script.name, what, rest, NAME_MAX_BYTES);
	return mistake(o, "name, agent, ask, answer, tool, at, fault, or # and a remark", "\"%.60s\" begins no line of a script", what);
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
	if (!err && (!o->script.step_count || !o->script.greeting))
		err = mistake(o, "a line `agent TEXT` and at least one `ask KIND TEXT?`", "a script needs a greeting and a question: it ends without %s",
			o->script.greeting ? "a question" : o->script.step_count ? "a greeting" : "either");
	return err;
}

/* Refuses what is no text or too much of it, at the line where that shows. */
static enum err text_check(const char *text, size_t len, struct err_detail *detail)
{
	size_t some = len < SCRIPT_TEXT_MAX ? len : SCRIPT_TEXT_MAX, i;
	const char *nul = memchr(text, 0, some);
	unsigned int line = 1;

	if (!nul && len <= SCRIPT_TEXT_MAX)
		return ERR_NONE;
	for (i = 0; i < (nul ? (size_t)(nul - text) : some); i++)
		line += text[i] == '\n';
	*detail = (struct err_detail){ .hint = "a script is text of at most 64 KB (65536 bytes)" };
	snprintf(detail->where, sizeof(detail->where), "line %u", line);
	snprintf(detail->message, sizeof(detail->message), nul ? "a byte 0: this is no text" : "the script goes on behind its first 64 KB");
	return nul ? ERR_FORMAT : ERR_LIMIT;
}

enum err script_parse(struct script **sp, const char *text, size_t len, struct err_detail *detail)
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

enum err script_load(struct script **sp, const char *path, struct err_detail *detail)
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
		err = script_parse(sp, b.data ? (const char *)b.data : "", b.len, detail);
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
