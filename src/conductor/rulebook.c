/* Loading a rule-book: parse, read every part, judge it whole, and only then try it on for each language. */
#include "conductor/rulebook.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/rulebook_state.h"

/* ---- trying it on ---- */

static size_t words_count(const char *text)
{
	size_t words = 0;

	while (*(text += strspn(text, " \t\n"))) {
		words++;
		text += strcspn(text, " \t\n");
	}
	return words;
}

static void opening_judge(struct reading *r, struct buf *text, const char *language)
{
	const struct yaml_item *item = r->book->steps[0].text;
	const char *said = buf_str(text);
	char allowed[80];

	snprintf(allowed, sizeof(allowed), "at most %d words and %d bytes, disclosures and first question included", BRIEF_GREETING_WORDS, BRIEF_GREETING_MAX - 1);
	if (strlen(said) >= BRIEF_GREETING_MAX || words_count(said) > BRIEF_GREETING_WORDS)
		mistake_value(r, item, allowed, "what is said first in %s has %zu words and %zu bytes", language, words_count(said), strlen(said));
}

/* The opening and the brief as calls with the samples would have them. */
static void language_try(struct reading *r, const char *language, const json_t *samples)
{
	struct err_detail detail = { .message = "" };
	struct brief *brief = calloc(1, sizeof(*brief));
	struct call_settings settings;
	struct filling f;
	struct buf text;
	bool asked;
	int step;
	enum err err = filling_init(&f, r->book, language, samples, &detail);

	buf_init(&text, RULEBOOK_JSON_MAX);
	if (!err)
		err = opening_make(&f, &text, &step, &asked);
	if (!err)
		opening_judge(r, &text, language);
	call_settings_init(&settings);
	if (!err && brief && !r->report->count)
		err = rulebook_brief(r->book, language, samples, brief, &settings, &detail);
	if (err == ERR_NOMEM || !brief)
		r->no_memory = true;
	else if (err)
		mistake_at(r, (struct yaml_mark){ 1, 1 }, language, detail.hint, detail.message[0] ? detail.message : err_name(err));
	buf_fini(&text);
	free(brief);
}

static void book_try(struct reading *r)
{
	json_t *samples = rulebook_samples(r->book);
	size_t i;

	r->no_memory = r->no_memory || !samples;
	for (i = 0; samples && i < r->book->language_count; i++)
		language_try(r, r->book->languages[i].code, samples);
	json_decref(samples);
}

/* ---- loading ---- */

static void book_read(struct reading *r, const struct yaml_item *root)
{
	head_read(r, root);
	if (root->kind != YAML_KIND_MAP)
		return;
	tools_read(r, root);
	may_read(r, root);
	flow_read(r, root);
	outcomes_read(r, root);
	words_twice(r);
	if (!r->report->count && !r->no_memory) {
		flow_check(r);
		texts_check(r);
	}
	if (!r->report->count && !r->no_memory)
		book_try(r);
}

static void hash_print(const void *data, size_t len, char out[RULEBOOK_HASH_BYTES])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, len ? data : (const unsigned char *)"", len);
	sodium_bin2hex(out, RULEBOOK_HASH_BYTES, hash, sizeof(hash));
}

/* What the YAML reader says, as a mistake: its place is "name:line:column". */
static void yaml_mistake(struct rulebook_report *report, const struct err_detail *detail)
{
	struct rulebook_mistake *m = &report->mistakes[report->count++];
	const char *column = strrchr(detail->where, ':'), *line = column;

	*m = (struct rulebook_mistake){ .line = 1, .column = 1 };
	while (line && line > detail->where && line[-1] != ':')
		line--;
	if (column && line > detail->where) {
		m->line = (unsigned int)strtoul(line, NULL, 10);
		m->column = (unsigned int)strtoul(column + 1, NULL, 10);
	}
	snprintf(m->why, sizeof(m->why), "%.*s", (int)sizeof(m->why) - 1, detail->message);
	snprintf(m->allowed, sizeof(m->allowed), "%.*s", (int)sizeof(m->allowed) - 1, detail->hint);
}

static int mistake_order(const void *a, const void *b)
{
	const struct rulebook_mistake *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

static enum err judged(struct rulebook *b, struct reading *r)
{
	const struct yaml_item *root = yaml_doc_root(b->doc);

	if (root)
		book_read(r, root);
	else
		mistake_at(r, (struct yaml_mark){ 1, 1 }, "nothing", "a map that begins with rulebook: 1", "the file is empty");
	if (r->no_memory)
		return ERR_NOMEM;
	qsort(r->report->mistakes, r->report->count, sizeof(r->report->mistakes[0]), mistake_order);
	return r->report->count ? ERR_FORMAT : ERR_NONE;
}

enum err rulebook_load(struct rulebook **bp, const char *name, const void *data, size_t len, struct rulebook_report *report)
{
	struct err_detail detail = { .message = "" };
	struct rulebook *b = calloc(1, sizeof(*b));
	struct reading r = { .book = b, .report = report };
	enum err err = ERR_NONE;

	*bp = NULL;
	report->count = report->more = 0;
	if (!b)
		return ERR_NOMEM;
	if (len > RULEBOOK_MAX_BYTES) {
		err = ERR_LIMIT;
		snprintf(detail.message, sizeof(detail.message), "the file is too large");
		snprintf(detail.hint, sizeof(detail.hint), "at most %d bytes", RULEBOOK_MAX_BYTES);
	}
	if (!err)
		err = yaml_doc_parse(&b->doc, name, data, len, &detail);
	if (err && err != ERR_NOMEM)
		yaml_mistake(report, &detail);
	if (!err) {
		hash_print(data, len, b->hash);
		err = judged(b, &r);
	}
	if (err)
		rulebook_free(b);
	else
		*bp = b;
	return err;
}

struct rulebook *rulebook_share(const struct rulebook *b)
{
	struct rulebook *shared = (struct rulebook *)b; /* only its count changes */

	atomic_fetch_add(&shared->shares, 1);
	return shared;
}

void rulebook_free(struct rulebook *b)
{
	if (!b || atomic_fetch_sub(&b->shares, 1) > 0)
		return;
	while (b->blocks) {
		struct arena_block *next = b->blocks->next;

		free(b->blocks);
		b->blocks = next;
	}
	yaml_doc_free(b->doc);
	free(b);
}

/* ---- what it is ---- */

const char *rulebook_id(const struct rulebook *b)
{
	return b->id;
}

const char *rulebook_version(const struct rulebook *b)
{
	return b->version;
}

const char *rulebook_title(const struct rulebook *b)
{
	return b->title;
}

const char *rulebook_hash(const struct rulebook *b)
{
	return b->hash;
}

size_t rulebook_step_count(const struct rulebook *b)
{
	return b->step_count;
}

const char *rulebook_step_advice(const struct rulebook *b, size_t index, const char **name)
{
	const struct step *s = &b->steps[index];

	*name = s->name;
	if (s->kind != STEP_ASK)
		return NULL;
	if (s->expect.is_name)
		return "the offline recogniser understands no names: such an answer takes a vendor's recogniser, or typing";
	if (s->expect.type == VALUE_TIME && !s->range.low.is_set && !s->range.high.is_set)
		return "without from and to the agent asks back whether the morning or the afternoon is meant";
	return NULL;
}

const struct rulebook_mistake *rulebook_warning_at(const struct rulebook *b, size_t index)
{
	return index < b->warning_count ? &b->warnings[index] : NULL;
}

size_t rulebook_language_count(const struct rulebook *b)
{
	return b->language_count;
}

const char *rulebook_language_at(const struct rulebook *b, size_t index)
{
	assert(index < b->language_count);
	return b->languages[index].code;
}

static const struct language *language_find(const struct rulebook *b, const char *language)
{
	size_t i;

	for (i = 0; i < b->language_count; i++)
		if (!strcmp(b->languages[i].code, language))
			return &b->languages[i];
	return NULL;
}

bool rulebook_speaks(const struct rulebook *b, const char *language)
{
	return language_find(b, language) != NULL;
}

void rulebook_voice(const struct rulebook *b, const char *language, struct rulebook_voice *out)
{
	const struct language *l = language_find(b, language);

	*out = l ? l->voice : (struct rulebook_voice){ .voice = "", .speed_percent = 100, .recogniser = "" };
}

size_t rulebook_keyterms(const struct rulebook *b, const char *language, const char *terms[RULEBOOK_KEYTERMS_MAX])
{
	const struct yaml_item *agent = text_in(b->agent_name, language);
	size_t count = 0;

	if (b->company && *b->company)
		terms[count++] = b->company;
	if (agent && agent->text && *agent->text)
		terms[count++] = agent->text;
	return count;
}

json_t *rulebook_samples(const struct rulebook *b)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; object && i < b->variable_count; i++)
		if (json_object_set_new(object, b->variables[i].name, json_string(b->variables[i].sample))) {
			json_decref(object);
			return NULL;
		}
	if (object && json_object_set_new(object, "today", json_string("2026-11-23"))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

void rulebook_names_print(json_t *variables, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "it has");
	const char *name;
	json_t *value;

	json_object_foreach (variables, name, value)
		if (used < size)
			used += (size_t)snprintf(out + used, size - used, "%s %s", used > strlen("it has") ? "," : "", name);
}

/* ---- outcomes ---- */

size_t rulebook_outcome_count(const struct rulebook *b)
{
	return b->outcome_count;
}

void rulebook_outcome_at(const struct rulebook *b, size_t index, struct rulebook_outcome *out)
{
	assert(index < b->outcome_count);
	*out = b->outcomes[index];
}

bool rulebook_outcome_find(const struct rulebook *b, const char *name, struct rulebook_outcome *out)
{
	size_t i;

	for (i = 0; i < b->outcome_count; i++)
		if (!strcmp(b->outcomes[i].name, name)) {
			*out = b->outcomes[i];
			return true;
		}
	return false;
}

const char *rulebook_unfinished(const struct rulebook *b, const char *language, const json_t *variables, const json_t *known, const json_t *done,
	const char *end)
{
	struct filling f;
	size_t i;

	/* Variables were judged when the call began; what is missing now is unknown to the conditions. */
	if (filling_init(&f, b, language, variables, NULL) == ERR_NOTFOUND)
		f.language = b->languages[0].code;
	f.known = known;
	f.done = done;
	f.end = end;
	for (i = 0; i + 1 < b->rule_count; i++)
		if (expr_holds(b->rules[i].when, &f))
			return b->rules[i].outcome;
	return b->rules[b->rule_count - 1].outcome;
}

/* In the words of outcome rules. A machine is a machine, whoever hung up: only the agent knows of it. */
static const char *end_word(const char *reason, const json_t *known)
{
	const char *said = json_string_value(json_object_get(known, "end"));
	static const char *const words[][2] = { { "caller", "hangup" }, { "order", "hangup" }, { "quiet", "quiet" }, { "time", "time" }, { "lost", "lost" },
		{ "voicemail", "voicemail" } };

	if (said && !strcmp(said, "voicemail"))
		return "voicemail";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(reason, words[i][0]))
			return words[i][1];
	return "failed";
}

bool rulebook_settles_by_done(const struct rulebook *b, const char *named)
{
	struct rulebook_outcome found;

	return b->asks_done && !(named && rulebook_outcome_find(b, named, &found));
}

void rulebook_settle(const struct rulebook *b, const struct rulebook_end *end, struct rulebook_outcome *out)
{
	if (end->named && rulebook_outcome_find(b, end->named, out))
		return;
	(void)rulebook_outcome_find(b, rulebook_unfinished(b, end->language, end->variables, end->known, end->done, end_word(end->reason, end->known)),
		out); /* the check saw it */
}
