/* `callfunnel rulebook check F | show NAME | try NAME`: whether a rule-book is fine, and what becomes of it (try: rulebook_try.c).
 *
 * 0 it is fine, 1 it has mistakes, 2 wrong usage, 3 there is no such file. `show` fills in the samples that the book gives for its
 * variables, so that what is printed is what a call would have.
 */
#include "conductor/rulebook.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/wording.h"
#include "cli/book.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/rulebook_try.h"
#include "cli/services.h"

static const char usage[] = "callfunnel rulebook check F.yaml | show NAME [--flow|--prompt|--tools] [--language L] | try NAME";

struct rulebook_flags {
	bool flow, prompt, tools;
	const char *language;
};

/* ---- check ---- */

/* The voice that speaks the language on this machine: flite's English one, else espeak-ng's, which are named as languages are. */
static void voice_here(const char *language, char out[16])
{
	if (language_is(language, "en"))
		snprintf(out, 16, "slt");
	else
		snprintf(out, 16, "%.*s", (int)strcspn(language, "-"), language);
}

/* A name may be one that another vendor knows: nothing is wrong with the book, but no call speaks so here. */
static bool voice_is_elsewhere(const struct rulebook *book, const char *language, const char **voice, char here[16])
{
	struct rulebook_voice v;

	rulebook_voice(book, language, &v);
	voice_here(language, here);
	*voice = v.voice;
	return *v.voice && strcmp(v.voice, here) != 0 && strcmp(v.voice, language) != 0;
}

static void put_warning(struct buf *b, const char *path, const char *found, const char *allowed, const char *why)
{
	json_open(b, '{');
	json_pair_string(b, "path", path);
	json_pair_string(b, "found", found);
	json_pair_string(b, "allowed", allowed);
	json_pair_string(b, "why", why);
	json_close(b, '}');
}

static void voices_json(const struct rulebook *book, struct buf *b)
{
	const char *voice, *language;
	char here[16], path[80];

	for (size_t i = 0; i < rulebook_language_count(book); i++) {
		language = rulebook_language_at(book, i);
		if (!voice_is_elsewhere(book, language, &voice, here))
			continue;
		snprintf(path, sizeof(path), "languages.%s.voice", language);
		put_warning(b, path, voice, here, "no voice of this machine has the name: without a vendor that knows it, calls speak with the one allowed");
	}
}

/* The house that takes the calls may have other settings than this command: a warning. */
static void services_json(const struct rulebook *book, const struct config *config, struct buf *b)
{
	char name[TOOLBOX_SERVICE_NAME_MAX], path[80], allowed[160];
	struct rulebook_tool tool;

	for (size_t i = 0; i < rulebook_tool_count(book); i++) {
		rulebook_tool_at(book, i, &tool);
		if (!services_lack(config, &tool, name))
			continue;
		snprintf(path, sizeof(path), "tools.%.60s.url", tool.name);
		snprintf(allowed, sizeof(allowed), "the setting services.%s, or the address itself", name);
		put_warning(b, path, tool.url, allowed, "this service has no address in the settings given here: where it has none, calls are refused");
	}
}

static void own_json(const struct rulebook *book, struct buf *b)
{
	const struct rulebook_mistake *m;

	for (size_t i = 0; (m = rulebook_warning_at(book, i)); i++)
		put_warning(b, m->path, m->found, m->allowed, m->why);
}

static void own_print(const struct rulebook *book)
{
	const struct rulebook_mistake *m;

	for (size_t i = 0; (m = rulebook_warning_at(book, i)); i++)
		printf("  warning: %s: %s\n", m->path, m->why);
}

static void advice_json(const struct rulebook *book, struct buf *b)
{
	const char *name, *why;
	char path[80];

	for (size_t i = 0; i < rulebook_step_count(book); i++) {
		why = rulebook_step_advice(book, i, &name);
		if (!why)
			continue;
		snprintf(path, sizeof(path), "flow.%.60s.expect", name);
		json_open(b, '{');
		json_pair_string(b, "path", path);
		json_pair_string(b, "why", why);
		json_close(b, '}');
	}
}

static void advice_print(const struct rulebook *book)
{
	const char *name, *why;

	for (size_t i = 0; i < rulebook_step_count(book); i++) {
		why = rulebook_step_advice(book, i, &name);
		if (why)
			printf("  advice: flow.%s.expect: %s\n", name, why);
	}
}

static void warnings_json(const struct rulebook *book, const struct config *config, struct buf *b)
{
	json_put_key(b, "warnings");
	json_open(b, '[');
	voices_json(book, b);
	services_json(book, config, b);
	own_json(book, b);
	json_close(b, ']');
	json_put_key(b, "advice");
	json_open(b, '[');
	advice_json(book, b);
	json_close(b, ']');
}

static void services_print(const struct rulebook *book, const struct config *config)
{
	char name[TOOLBOX_SERVICE_NAME_MAX];
	struct rulebook_tool tool;

	for (size_t i = 0; i < rulebook_tool_count(book); i++) {
		rulebook_tool_at(book, i, &tool);
		if (services_lack(config, &tool, name))
			printf("  warning: tools.%s.url: service:%s has no address in the settings given here: where services.%s is not set, calls are refused\n", tool.name,
				name, name);
	}
}

static void voices_print(const struct rulebook *book)
{
	const char *voice, *language;
	char here[16];

	for (size_t i = 0; i < rulebook_language_count(book); i++) {
		language = rulebook_language_at(book, i);
		if (voice_is_elsewhere(book, language, &voice, here))
			printf("  warning: languages.%s.voice: no voice of this machine is called \"%s\": without a vendor that knows it, calls speak with %s\n", language, voice,
				here);
	}
}

static void fine_json(const struct rulebook *book, const struct config *config, const char *path)
{
	struct buf b;
	size_t i;

	buf_init(&b, RULEBOOK_JSON_MAX);
	json_open(&b, '{');
	json_pair_string(&b, "file", path);
	json_pair_bool(&b, "fine", true);
	json_pair_string(&b, "id", rulebook_id(book));
	json_pair_string(&b, "version", rulebook_version(book));
	json_pair_string(&b, "title", rulebook_title(book));
	json_pair_string(&b, "sha256", rulebook_hash(book));
	json_put_key(&b, "languages");
	json_open(&b, '[');
	for (i = 0; i < rulebook_language_count(book); i++)
		json_put_string(&b, rulebook_language_at(book, i));
	json_close(&b, ']');
	json_pair_u64(&b, "steps", rulebook_step_count(book));
	json_pair_u64(&b, "tools", rulebook_tool_count(book));
	json_pair_u64(&b, "outcomes", rulebook_outcome_count(book));
	warnings_json(book, config, &b);
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

static void fine_print(const struct rulebook *book, const struct config *config, const char *path)
{
	size_t i;

	printf("%s: fine\n", path);
	printf("  %s@%s: %s\n  sha256 %s\n  languages:", rulebook_id(book), rulebook_version(book), rulebook_title(book), rulebook_hash(book));
	for (i = 0; i < rulebook_language_count(book); i++)
		printf(" %s", rulebook_language_at(book, i));
	printf("\n  %zu steps, %zu tools, %zu outcomes\n", rulebook_step_count(book), rulebook_tool_count(book), rulebook_outcome_count(book));
	voices_print(book);
	services_print(book, config);
	own_print(book);
	advice_print(book);
}

/* ---- show ---- */

/* In one piece, as a model reads it. */
static enum err prompt_make(const struct rulebook *book, const char *language, const json_t *samples, struct buf *out, struct err_detail *detail)
{
	struct buf facts;
	enum err err;

	buf_init(&facts, RULEBOOK_JSON_MAX);
	err = rulebook_prompt(book, language, samples, out, &facts, detail);
	buf_byte(out, '\n');
	buf_append(out, facts.data, facts.len);
	buf_fini(&facts);
	return err ? err : out->err;
}

static enum err make(const struct rulebook *book, const struct rulebook_flags *f, const char *language, const json_t *samples, struct buf *out,
	struct err_detail *detail)
{
	if (f->prompt)
		return prompt_make(book, language, samples, out, detail);
	if (f->flow)
		return rulebook_flow_json(book, language, samples, out, detail);
	rulebook_tools_json(book, out);
	return out->err;
}

/* The prompt is text: with --json it is put into a document. */
static void print_made(const struct cli *cli, const struct rulebook_flags *f, struct buf *made)
{
	struct buf b;

	if (!cli->json || !f->prompt) {
		fwrite(made->data, 1, made->len, stdout);
		if (made->len && made->data[made->len - 1] != '\n')
			putchar('\n');
		return;
	}
	buf_init(&b, 8 * RULEBOOK_JSON_MAX);
	json_open(&b, '{');
	json_pair_string(&b, "prompt", buf_str(made));
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

static int show(struct cli *cli, const struct rulebook *book, const char *path, const struct rulebook_flags *f)
{
	const char *language = f->language ? f->language : rulebook_language_at(book, 0);
	struct err_detail detail = { .message = "" };
	json_t *samples = rulebook_samples(book);
	struct buf made;
	int status = CLI_FINE;
	enum err err;

	buf_init(&made, RULEBOOK_JSON_MAX);
	err = samples ? make(book, f, language, samples, &made, &detail) : ERR_NOMEM;
	json_decref(samples);
	if (err == ERR_NOTFOUND)
		status = book_fail_language(cli, book, path, language);
	else if (err)
		status = cli_fail(cli, CLI_MISSING, err, path, detail.hint, "%s", detail.message[0] ? detail.message : err_name(err));
	else
		print_made(cli, f, &made);
	buf_fini(&made);
	return status;
}

static int run(struct cli *cli, const struct rulebook_flags *f, bool is_check, const char *word)
{
	char path[RULEBOOK_PATH_MAX];
	struct rulebook *book = NULL;
	int status = book_load(cli, word, path, &book);

	if (status)
		return status;
	if (!is_check && (f->flow || f->prompt || f->tools))
		status = show(cli, book, path, f);
	else if (cli->json)
		fine_json(book, cli->config, path);
	else
		fine_print(book, cli->config, path);
	rulebook_free(book);
	return status;
}

int cmd_rulebook(struct cli *cli, int argc, char **argv)
{
	struct rulebook_flags f = { .language = NULL };
	const struct flag flags[] = {
		{ .name = "flow", .type = FLAG_BOOL, .value = &f.flow, .help = "show: the flow as JSON, with the samples filled in." },
		{ .name = "prompt", .type = FLAG_BOOL, .value = &f.prompt, .help = "show: the prompt for a model." },
		{ .name = "tools", .type = FLAG_BOOL, .value = &f.tools, .help = "show: the tools for a model." },
		{ .name = "language", .type = FLAG_STRING, .value = &f.language, .arg = "L", .help = "show: in this language (the book's first)." },
		{ .name = NULL },
	};
	bool is_check;
	int status;

	if (argc > 1 && !strcmp(argv[1], "try"))
		return rulebook_try(cli, argc, argv);
	status = cli_flags(cli, flags, &argc, argv);
	if (status)
		return status;
	is_check = argc > 1 && !strcmp(argv[1], "check");
	if (argc != 3 || (!is_check && strcmp(argv[1], "show") != 0))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "rulebook", usage, "check, show or try, and one rule-book");
	if (f.language && !is_check && !f.flow && !f.prompt && !f.tools)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--language", usage, "it belongs to --flow or --prompt");
	if (f.flow + f.prompt + f.tools > 1 || (is_check && (f.flow || f.prompt || f.tools || f.language)))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "rulebook", usage, "one of --flow, --prompt and --tools, with show");
	return run(cli, &f, is_check, argv[2]);
}
