/* `callfunnel sandbox`: every vendor as a server on loopback (src/sandbox), with the offline agent of a rule-book behind the vendors' wire, so that
 * one can talk to it. Prints where they are and runs until it is told to stop; with --print-config it prints the product's settings and
 * ends. One loop, the main thread; recogniser and voice have threads of their own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/wording.h"
#include "cli/book.h"
#include "cli/commands.h"
#include "cli/plane.h"
#include "providers/espeak.h"
#include "providers/flite.h"
#include "providers/pocketsphinx/pocketsphinx.h"
#include "providers/rehearsed/rehearsed.h"
#include "sandbox/sandbox.h"
#include "sandbox/tone_voice.h"

enum { PORT_DEFAULT = 8600, LATENCY_MS_MAX = 60000, TEXT_MAX_BYTES = 16384, SIGNALS = 2, PORT_MAX = 65535 - SANDBOX_VENDORS_MAX };

struct sandbox_flags {
	const char *rulebook, *language, *tls, *address;
	int64_t port, stt_ms, llm_ms, word_ms, tts_ms;
	bool print, tones;
	struct flag_list variables;
};

struct sandbox_process {
	struct cli *cli;
	struct sandbox_flags flags;
	uv_loop_t loop;
	struct clock *clock;
	struct sandbox *sandbox;
	uv_signal_t signals[SIGNALS];
	bool has_signals, is_closed, is_english;
	/* the agent */
	struct buf flow;
	struct rehearsed *rehearsed;
	struct clock_timer step;
	struct pocketsphinx *ears;
	struct flite *voice;
	struct espeak *other_voice;
	struct tone_voice *tones;
};

/* ------------------------------------------------------------------ the agent */

static void model_due(void *arg)
{
	struct sandbox_process *p = arg;

	rehearsed_step(p->rehearsed);
}

static void model_wake(void *arg, uint64_t delay_us)
{
	struct sandbox_process *p = arg;

	clock_timer_set(&p->step, p->clock, clock_now_us(p->clock) + delay_us, model_due, p);
}

static int flow_make(struct sandbox_process *p, const struct rulebook *book, const json_t *variables)
{
	const char *language = p->flags.language ? p->flags.language : rulebook_language_at(book, 0);
	struct err_detail detail = { .message = "" };
	enum err err = rulebook_flow_json(book, language, variables, &p->flow, &detail);

	p->is_english = language_is(language, "en");
	return err ? plane_fail(p->cli, err, &detail, "the rule-book") : CLI_FINE;
}

static int flow_read(struct sandbox_process *p)
{
	char path[RULEBOOK_PATH_MAX];
	struct rulebook *book = NULL;
	json_t *variables = NULL;
	int status = book_load(p->cli, p->flags.rulebook, path, &book);

	if (!status)
		status = book_variables(p->cli, book, &p->flags.variables, &variables);
	if (!status)
		status = flow_make(p, book, variables);
	json_decref(variables);
	rulebook_free(book);
	return status;
}

/* espeak-ng may be missing: then English alone is spoken. */
static int voices_open(struct sandbox_process *p, struct sandbox_agent *agent)
{
	struct err_detail detail = { .message = "" };
	enum err err = flite_open(&p->voice, &p->loop);

	if (err)
		return plane_fail(p->cli, err, &detail, "the voice");
	*agent = (struct sandbox_agent){ .tts = &flite_tts, .tts_vendor = p->voice };
	if (espeak_open(&p->other_voice, &p->loop, NULL, &detail))
		return CLI_FINE;
	agent->other_tts = &espeak_tts;
	agent->other_tts_vendor = p->other_voice;
	return CLI_FINE;
}

/* Of other languages than English only what is scripted is heard. */
static enum err ears_open(struct sandbox_process *p, struct sandbox_agent *agent, struct err_detail *detail)
{
	const struct pocketsphinx_options options = { .flow = buf_str(&p->flow), .flow_len = p->flow.len };
	enum err err = p->is_english ? pocketsphinx_open(&p->ears, &p->loop, &options, detail) : ERR_NONE;

	if (err || !p->is_english)
		return err;
	agent->stt = &pocketsphinx_stt;
	agent->stt_vendor = p->ears;
	return ERR_NONE;
}

static int tones_open(struct sandbox_process *p, struct sandbox_agent *agent)
{
	struct err_detail detail = { .message = "" };
	enum err err = tone_voice_open(&p->tones, p->clock);

	*agent = (struct sandbox_agent){ .tts = &tone_tts, .tts_vendor = p->tones, .other_tts = &tone_tts, .other_tts_vendor = p->tones };
	return err ? plane_fail(p->cli, err, &detail, "the voice") : CLI_FINE;
}

static int agent_open(struct sandbox_process *p, struct sandbox_agent *agent)
{
	struct err_detail detail = { .message = "" };
	int status = p->flags.tones ? tones_open(p, agent) : voices_open(p, agent);
	enum err err;

	if (status || !p->flags.rulebook)
		return status;
	status = flow_read(p);
	if (status)
		return status;
	err = rehearsed_new(&p->rehearsed, p->flow.data, p->flow.len, model_wake, p, &detail);
	if (!err && !p->flags.tones)
		err = ears_open(p, agent, &detail);
	if (err)
		return plane_fail(p->cli, err, &detail, "the agent of the rule-book");
	agent->llm = &rehearsed_llm;
	agent->llm_vendor = p->rehearsed;
	return CLI_FINE;
}

/* Behind the sandbox: nobody asks any more. */
static void agent_close(struct sandbox_process *p)
{
	clock_timer_stop(&p->step);
	rehearsed_free(&p->rehearsed);
	tone_voice_close(&p->tones);
	pocketsphinx_close(&p->ears);
	flite_close(&p->voice);
	espeak_close(&p->other_voice);
}

/* ------------------------------------------------------------------ life */

static void on_closed(void *arg)
{
	struct sandbox_process *p = arg;

	p->is_closed = true;
	uv_stop(&p->loop);
}

static void stop(struct sandbox_process *p)
{
	sandbox_close(&p->sandbox, on_closed, p);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct sandbox_process *p = handle->data;

	(void)number;
	if (p->sandbox)
		stop(p);
}

static void signals_begin(struct sandbox_process *p)
{
	static const int asked_by[SIGNALS] = { SIGTERM, SIGINT };

	signal(SIGPIPE, SIG_IGN); /* whoever reads our line may be gone */
	for (size_t i = 0; i < SIGNALS; i++) {
		uv_signal_init(&p->loop, &p->signals[i]);
		p->signals[i].data = p;
		uv_signal_start(&p->signals[i], on_signal, asked_by[i]);
	}
	p->has_signals = true;
}

static void tell(const struct sandbox_process *p)
{
	struct buf b;

	buf_init(&b, TEXT_MAX_BYTES);
	if (p->cli->json) {
		sandbox_tell(p->sandbox, &b);
		json_pair_i64(&b, "pid", getpid());
		json_close(&b, '}');
		puts(buf_str(&b));
	} else {
		sandbox_settings(p->sandbox, &b);
		printf("%s\n%s", sandbox_url(p->sandbox), buf_str(&b));
	}
	fflush(stdout);
	buf_fini(&b);
}

static int sandbox_begin(struct sandbox_process *p)
{
	const struct sandbox_flags *f = &p->flags;
	struct sandbox_options options = { .address = f->address, .port = (unsigned int)f->port, .tls_dir = f->tls, .stt_us = (uint64_t)f->stt_ms * 1000,
		.llm_us = (uint64_t)f->llm_ms * 1000,
		.word_us = (uint64_t)f->word_ms * 1000, .tts_us = (uint64_t)f->tts_ms * 1000, .clock = p->clock };
	struct err_detail detail = { .message = "" };
	int status = agent_open(p, &options.agent);
	enum err err;

	if (status)
		return status;
	err = sandbox_open(&p->sandbox, &p->loop, &options, &detail);
	return err ? plane_fail(p->cli, err, &detail, "the sandbox cannot start") : CLI_FINE;
}

static void loop_end(struct sandbox_process *p)
{
	agent_close(p);
	for (size_t i = 0; p->has_signals && i < SIGNALS; i++)
		uv_close((uv_handle_t *)&p->signals[i], NULL);
	clock_close(&p->clock);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&p->loop);
	buf_fini(&p->flow);
}

static int run(struct sandbox_process *p)
{
	int status;

	if (uv_loop_init(&p->loop))
		return cli_fail(p->cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no loop");
	buf_init(&p->flow, RULEBOOK_JSON_MAX);
	if (clock_open(&p->clock, &p->loop, false)) {
		(void)uv_loop_close(&p->loop);
		return cli_fail(p->cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no clock");
	}
	status = sandbox_begin(p);
	if (!status) {
		signals_begin(p);
		tell(p);
		while (!p->is_closed)
			uv_run(&p->loop, UV_RUN_DEFAULT);
	}
	loop_end(p);
	return status;
}

/* ------------------------------------------------------------------ --print-config */

static void print_settings(const struct cli *cli, struct buf *yaml)
{
	struct buf b;

	if (!cli->json) {
		fputs(buf_str(yaml), stdout);
		return;
	}
	buf_init(&b, 2 * TEXT_MAX_BYTES);
	json_open(&b, '{');
	json_pair_string(&b, "settings", buf_str(yaml));
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

static int print_config(struct cli *cli, const struct sandbox_flags *f)
{
	struct err_detail detail = { .message = "" };
	const struct sandbox_options options = { .address = f->address, .port = (unsigned int)f->port, .tls_dir = f->tls };
	struct buf yaml;
	enum err err;

	if (!f->port)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--port", "GET /settings of a sandbox that runs", "ports that are free are known only while it runs");
	buf_init(&yaml, TEXT_MAX_BYTES);
	err = sandbox_settings_for(&options, &yaml, &detail);
	if (!err)
		print_settings(cli, &yaml);
	buf_fini(&yaml);
	return err ? plane_fail(cli, err, &detail, "the settings") : CLI_FINE;
}

int cmd_sandbox(struct cli *cli, int argc, char **argv)
{
	struct sandbox_process p = { .cli = cli, .flags = { .address = "127.0.0.1", .port = PORT_DEFAULT } };
	struct sandbox_flags *f = &p.flags;
	const struct flag flags[] = {
		{ .name = "print-config", .type = FLAG_BOOL, .value = &f->print, .help = "Print the settings that point the product at it, and end." },
		{ .name = "rulebook", .type = FLAG_STRING, .value = &f->rulebook, .arg = "R", .help = "The vendors hear and answer as this rule-book's agent." },
		{ .name = "language", .type = FLAG_STRING, .value = &f->language, .arg = "L", .help = "One of the rule-book's (its first)." },
		{ .name = "var", .type = FLAG_LIST, .value = &f->variables, .arg = "NAME=VALUE", .help = "What a call would bring; may be given several times." },
		{ .name = "port", .type = FLAG_INT, .value = &f->port, .arg = "N", .help = "Of the page; the vendors' ports follow (8600); 0: any.", .min = 0, .max = PORT_MAX },
		{ .name = "address", .type = FLAG_STRING, .value = &f->address, .arg = "ADDR", .help = "Where they listen (127.0.0.1)." },
		{ .name = "tls", .type = FLAG_STRING, .value = &f->tls, .arg = "DIR", .help = "Speak TLS; ca.pem, to be trusted, and its key lie there." },
		{ .name = "stt-ms", .type = FLAG_INT, .value = &f->stt_ms, .arg = "MS", .help = "Words come so much later (0).", .min = 0, .max = LATENCY_MS_MAX },
		{ .name = "llm-ms", .type = FLAG_INT, .value = &f->llm_ms, .arg = "MS", .help = "A model's first word comes so late (0).", .min = 0, .max = LATENCY_MS_MAX },
		{ .name = "word-ms", .type = FLAG_INT, .value = &f->word_ms, .arg = "MS", .help = "Each further word takes so long (0).", .min = 0, .max = LATENCY_MS_MAX },
		{ .name = "tts-ms", .type = FLAG_INT, .value = &f->tts_ms, .arg = "MS", .help = "A voice's first sound comes so late (0).", .min = 0, .max = LATENCY_MS_MAX },
		{ .name = "tones", .type = FLAG_BOOL, .value = &f->tones, .help = "Voices are tones, at no cost, and nothing is heard that is not scripted: for load." },
		{ .name = NULL },
	};
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	if (argc != 1)
		return cli_fail_words(cli, "sandbox", "it takes flags only");
	return f->print ? print_config(cli, f) : run(&p);
}
