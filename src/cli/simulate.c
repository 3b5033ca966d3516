/* `callfunnel simulate`: whole calls in virtual time, and what became of every promise in them.
 *
 * The flags, the words for people and the JSON are here; what happens in a call is src/simulate. Main thread; calls run in
 * child processes unless one is traced or the process itself is to die.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/outfile.h"
#include "simulate/run.h"

enum { OUT_BYTES_MAX = 64 << 20 };

struct simulating {
	struct cli *cli;
	struct scene_options options;
	int64_t calls, seed, jobs, call;
	const char *faults, *script_path, *sabotage, *disk, *ledger, *keep, *vendor_ms;
	struct flag_list crash_at, inject;
	bool trace, save_load, list_faults;
	uint64_t traced; /* the call under way */
	struct script *script;
	struct disk_inject *injected;
	struct disk disk_ops;
	struct err_detail detail; /* why a journal could not be opened */
	char unseen[160];         /* no call shows that a guard is off */
	struct buf out;
};

static void print_out(struct simulating *m)
{
	fwrite(m->out.data, 1, m->out.len, stdout);
	buf_reset(&m->out);
}

/* ---- --list-faults ---- */

static int faults_list(struct simulating *m)
{
	unsigned int i;

	if (m->cli->json)
		json_open(&m->out, '[');
	for (i = 0; i < FAULTS; i++) {
		const struct fault_fact *f = &fault_facts[i];

		if (!m->cli->json) {
			buf_printf(&m->out, "%-14s %3u %%  %s\n", f->name, f->percent, f->help);
			continue;
		}
		json_open(&m->out, '{');
		json_pair_string(&m->out, "name", f->name);
		json_pair_u64(&m->out, "percent", f->percent);
		json_pair_string(&m->out, "help", f->help);
		json_close(&m->out, '}');
	}
	if (m->cli->json) {
		json_close(&m->out, ']');
		buf_text(&m->out, "\n");
	}
	print_out(m);
	return CLI_FINE;
}

/* ---- --trace ---- */

static void trace_people(struct simulating *m, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	size_t i;

	if (step == 1)
		buf_printf(&m->out, "call %" PRIu64 "\n", m->traced);
	buf_printf(&m->out, "%6" PRIu64 " %9.3f  ", step, (double)in->at_us / 1e6);
	input_print(in, &m->out);
	buf_text(&m->out, "\n");
	for (i = 0; i < out->count; i++) {
		buf_text(&m->out, "                  > ");
		output_print(&out->items[i], &m->out);
		buf_text(&m->out, "\n");
	}
}

static void trace_json(struct simulating *m, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	size_t i;

	buf_printf(&m->out, "{\"call\":%" PRIu64 ",\"step\":%" PRIu64 ",\"input\":", m->traced, step);
	input_print(in, &m->out);
	buf_text(&m->out, ",\"outputs\":[");
	for (i = 0; i < out->count; i++) {
		buf_text(&m->out, i ? "," : "");
		output_print(&out->items[i], &m->out);
	}
	buf_text(&m->out, "]}\n");
}

static void on_trace(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct simulating *m = arg;

	m->traced += step == 1; /* calls come in their order */
	if (m->cli->json)
		trace_json(m, step, in, out);
	else
		trace_people(m, step, in, out);
	print_out(m);
	if (m->disk)
		fflush(stdout); /* this process may be killed: what happened must be known outside */
}

/* ---- the summary ---- */

static uint64_t broken_all(const struct run_result *r)
{
	uint64_t broken = 0;
	unsigned int i;

	for (i = 0; i < PROMISES; i++)
		broken += r->verdict.broken[i];
	return broken;
}

/* A word as a POSIX shell gives it back: in quotes when it wants them. */
static void again_word(struct simulating *m, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";

	if (*word && !word[strspn(word, plain)]) {
		buf_text(&m->out, word);
		return;
	}
	buf_text(&m->out, "'");
	for (; *word; word++) {
		if (*word == '\'')
			buf_text(&m->out, "'\\''");
		else
			buf_byte(&m->out, (uint8_t)*word);
	}
	buf_text(&m->out, "'");
}

static void again_flag(struct simulating *m, const char *flag, const char *value)
{
	buf_printf(&m->out, " --%s ", flag);
	again_word(m, value);
}

/* The real journal, and where it fails. */
static void again_disk(struct simulating *m)
{
	size_t i;

	if (m->disk)
		again_flag(m, "disk", m->disk);
	for (i = 0; i < m->crash_at.count; i++)
		again_flag(m, "crash-at", m->crash_at.items[i]);
	for (i = 0; i < m->inject.count; i++)
		again_flag(m, "inject", m->inject.items[i]);
}

/* The command that shows that call again: with the scenario, the guard, the disk and every setting of this run. A point to fail at
 * counts from the run's first call on: then the calls before it are needed, too. */
static void again_put(struct simulating *m, uint64_t seed, uint64_t call)
{
	bool all = m->call < 0 && (m->crash_at.count || m->inject.count);
	char value[512], setting[640];
	size_t i;

	buf_printf(&m->out, "again: simulate --seed %" PRIu64 " --call%s %" PRIu64, seed, all ? "s" : "", all ? call + 1 : call);
	again_flag(m, "faults", m->faults);
	again_disk(m);
	if (m->script_path)
		again_flag(m, "script", m->script_path);
	if (m->vendor_ms)
		again_flag(m, "vendor-ms", m->vendor_ms);
	if (m->sabotage)
		again_flag(m, "sabotage", m->sabotage);
	if (m->save_load)
		buf_text(&m->out, " --save-load");
	for (i = 0; i < config_count(m->cli->config); i++) {
		struct config_setting s = config_at(m->cli->config, i);

		config_print(&s, value, sizeof(value));
		snprintf(setting, sizeof(setting), "%s=%s", s.option->name, value);
		if (s.is_set)
			again_flag(m, "set", setting);
	}
	buf_text(&m->out, " --trace\n");
}

static void people_again(struct simulating *m, const struct failure_report *f)
{
	buf_printf(&m->out, "  at %.3f s, step %" PRIu64 "; ", (double)f->at_us / 1e6, f->step);
	again_put(m, f->seed, f->call);
}

static void people_promises(struct simulating *m, const struct run_result *r)
{
	const struct verdict *v = &r->verdict;
	unsigned int i;

	buf_printf(&m->out, "promise   exercised     broken\n");
	for (i = 0; i < PROMISES; i++)
		buf_printf(&m->out, "%-8s %10" PRIu64 " %10" PRIu64 "  %s\n", promise_facts[i].name, v->exercised[i], v->broken[i], promise_facts[i].text);
	for (i = 0; i < v->failure_count; i++) {
		const struct failure_report *f = &v->failures[i];

		buf_printf(&m->out, "\n%s broken: %s\n", promise_facts[f->promise].name, f->what);
		people_again(m, f);
	}
	for (i = 0; i < r->crash_count && i < RUN_CRASHES; i++) {
		buf_printf(&m->out, "\nthe program died of signal %d in call %" PRIu64 "; ", r->crashes[i].signal, r->crashes[i].call);
		again_put(m, (uint64_t)m->seed, r->crashes[i].call);
	}
	if (r->errors)
		buf_printf(&m->out, "\n%" PRIu64 " calls could not be run; the first, %" PRIu64 ": %s\n", r->errors, r->err_call, err_name(r->err));
}

static double per(uint64_t sum, uint64_t n)
{
	return n ? (double)sum / (double)n : 0;
}

static void people_totals(struct simulating *m, const struct run_result *r)
{
	const struct scene_totals *t = &r->totals;
	uint64_t n = t->calls;

	buf_printf(&m->out, "\n%" PRIu64 " calls, %" PRIu64 " steps, %.0f virtual seconds in %.1f s (%.1f s of processor time): %.0f steps a second\n", n, t->steps,
		(double)t->virtual_us / 1e6, r->seconds, r->cpu_seconds, r->cpu_seconds > 0 ? (double)t->steps / r->cpu_seconds : 0);
	buf_printf(&m->out, "a call: %.1f s, %.1f turns, %.1f tools, %.2f interruptions, %.2f backchannels, %.2f coughs, %.2f faults\n",
		per(t->virtual_us, n) / 1e6, per(t->turns, n), per(t->tools, n), per(t->interruptions, n), per(t->nods, n), per(t->coughs, n),
		per(t->faults, n));
	if (m->sabotage)
		buf_printf(&m->out, "%" PRIu64 " faults more put the guard that is off to the test\n", t->provoked);
	buf_printf(&m->out, "median end of a yes or no %u ms; %" PRIu64 " of %" PRIu64 " spelled answers cut off; %" PRIu64 " workers died; %" PRIu64
		" cores saved and loaded; knowledge came %" PRIu64 " times\n", verdict_median(&r->verdict), r->verdict.early_spelled, r->verdict.spelled,
		t->deaths, t->saved, t->knowledge);
	if (m->vendor_ms)
		buf_printf(&m->out, "%" PRIu64 " whole answers were answered within %u ms (median), %u ms (p95)\n", r->verdict.answer_count, verdict_answer(&r->verdict, 50),
			verdict_answer(&r->verdict, 95));
}

static void json_promises(struct simulating *m, const struct run_result *r)
{
	unsigned int i;

	json_put_key(&m->out, "promises");
	json_open(&m->out, '{');
	for (i = 0; i < PROMISES; i++) {
		json_put_key(&m->out, promise_facts[i].name);
		json_open(&m->out, '{');
		json_pair_u64(&m->out, "exercised", r->verdict.exercised[i]);
		json_pair_u64(&m->out, "broken", r->verdict.broken[i]);
		json_close(&m->out, '}');
	}
	json_close(&m->out, '}');
}

static void json_failures(struct simulating *m, const struct run_result *r)
{
	unsigned int i;

	json_put_key(&m->out, "failures");
	json_open(&m->out, '[');
	for (i = 0; i < r->verdict.failure_count; i++) {
		const struct failure_report *f = &r->verdict.failures[i];

		json_open(&m->out, '{');
		json_pair_string(&m->out, "promise", promise_facts[f->promise].name);
		json_pair_u64(&m->out, "seed", f->seed);
		json_pair_u64(&m->out, "call", f->call);
		json_pair_u64(&m->out, "step", f->step);
		json_pair_u64(&m->out, "at_ms", f->at_us / 1000);
		json_pair_string(&m->out, "what", f->what);
		json_close(&m->out, '}');
	}
	json_close(&m->out, ']');
	json_put_key(&m->out, "crashes");
	json_open(&m->out, '[');
	for (i = 0; i < r->crash_count && i < RUN_CRASHES; i++) {
		json_open(&m->out, '{');
		json_pair_u64(&m->out, "call", r->crashes[i].call);
		json_pair_i64(&m->out, "signal", r->crashes[i].signal);
		json_close(&m->out, '}');
	}
	json_close(&m->out, ']');
}

/* How often each point of --crash-at and --inject was passed. */
static void json_operations(struct simulating *m)
{
	static const char *const kinds[] = { "open", "read", "write", "fsync", "rename", "unlink", "truncate", "preallocate", "list", "dispatch" };
	size_t i;

	json_put_key(&m->out, "operations");
	json_open(&m->out, '{');
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		json_pair_u64(&m->out, kinds[i], disk_inject_counted(m->injected, kinds[i]));
	json_close(&m->out, '}');
}

static void json_totals(struct simulating *m, const struct run_result *r)
{
	const struct scene_totals *t = &r->totals;
	struct buf *b = &m->out;

	json_pair_u64(b, "calls", t->calls);
	json_pair_i64(b, "seed", m->seed);
	json_pair_string(b, "faults_on", m->faults);
	json_pair_u64(b, "steps", t->steps);
	json_put_key(b, "virtual_s");
	json_put_real(b, (double)t->virtual_us / 1e6, 3);
	json_pair_u64(b, "turns", t->turns);
	json_pair_u64(b, "interruptions", t->interruptions);
	json_pair_u64(b, "backchannels", t->nods);
	json_pair_u64(b, "coughs", t->coughs);
	json_pair_u64(b, "silences", t->silences);
	json_pair_u64(b, "keys", t->keys);
	json_pair_u64(b, "tool_calls", t->tools);
	json_pair_u64(b, "changes", t->changes);
	json_pair_u64(b, "knowledge", t->knowledge);
	json_pair_u64(b, "requests", t->model_asks);
	json_pair_u64(b, "requests_short", t->short_asks);
	json_pair_u64(b, "faults", t->faults);
	json_pair_u64(b, "faults_provoked", t->provoked);
	json_pair_u64(b, "worker_deaths", t->deaths);
	json_pair_u64(b, "holds", t->holds);
	json_pair_u64(b, "records", t->records);
	json_pair_u64(b, "saved_and_loaded", t->saved);
	json_pair_u64(b, "yes_no_median_ms", verdict_median(&r->verdict));
	json_pair_u64(b, "answer_median_ms", verdict_answer(&r->verdict, 50));
	json_pair_u64(b, "answer_p95_ms", verdict_answer(&r->verdict, 95));
	json_pair_u64(b, "answers", r->verdict.answer_count);
	json_pair_u64(b, "spelled", r->verdict.spelled);
	json_pair_u64(b, "spelled_cut_off", r->verdict.early_spelled);
	json_put_key(b, "seconds");
	json_put_real(b, r->seconds, 3);
	json_put_key(b, "cpu_seconds");
	json_put_real(b, r->cpu_seconds, 3);
	json_put_key(b, "steps_per_second");
	json_put_real(b, r->cpu_seconds > 0 ? (double)t->steps / r->cpu_seconds : 0, 0);
	json_pair_u64(b, "calls_not_run", r->errors);
	if (m->injected)
		json_operations(m);
}

static void summary(struct simulating *m, const struct run_result *r, const char *missed)
{
	if (!m->cli->json) {
		people_promises(m, r);
		people_totals(m, r);
		if (missed)
			buf_printf(&m->out, "not enough in it: %s\n", missed);
		else if (run_kept(r))
			buf_printf(&m->out, "every promise was kept\n");
		else if (m->sabotage && r->verdict.broken[m->options.sabotage])
			buf_printf(&m->out, "%s was sabotaged, and broken %" PRIu64 " times; what else is broken may follow from it\n",
				promise_facts[m->options.sabotage].name, r->verdict.broken[m->options.sabotage]);
		else
			buf_printf(&m->out, "%" PRIu64 " promises were broken, %" PRIu64 " calls killed the program\n", broken_all(r), r->crash_count);
	} else {
		json_open(&m->out, '{');
		json_totals(m, r);
		json_promises(m, r);
		json_failures(m, r);
		json_pair_string(&m->out, "missed", missed);
		json_pair_bool(&m->out, "kept", run_kept(r) && !missed);
		json_close(&m->out, '}');
		buf_text(&m->out, "\n");
	}
	print_out(m);
}

static void on_progress(void *arg, uint64_t done, uint64_t calls)
{
	(void)arg;
	fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " calls", done, calls);
	if (done >= calls)
		fprintf(stderr, "\r                              \r");
}

/* ---- what was asked for ---- */

static int wrong(struct simulating *m, const char *where, const struct err_detail *d)
{
	return cli_fail(m->cli, CLI_USAGE, ERR_USAGE, *d->where ? d->where : where, *d->hint ? d->hint : NULL, "%s", d->message);
}

static int sabotage_take(struct simulating *m)
{
	m->options.sabotage = -1;
	if (!m->sabotage)
		return CLI_FINE;
	m->options.sabotage = promise_find(m->sabotage);
	if (m->options.sabotage < 0 || m->options.sabotage >= REPLAY)
		return cli_fail(m->cli, CLI_USAGE, ERR_USAGE, "--sabotage",
			"P01, P02, P03, P04, P05, P06, P08, P09, P10, P12, P13, P14, P15, P24, N3, N4, N5, N6, PII", "no guard is called \"%s\"", m->sabotage);
	return CLI_FINE;
}

/* A point kills or fails, and which of them the flag has said already. */
static enum err point_take(struct simulating *m, const char *spec, bool fails, struct err_detail *detail)
{
	if (!strchr(spec, '=') == !fails)
		return disk_inject_add(m->injected, spec, detail);
	snprintf(detail->message, sizeof(detail->message), fails ? "no error to fail with: found \"%.150s\"" : "found \"%.150s\"", spec);
	snprintf(detail->hint, sizeof(detail->hint), "--crash-at KIND:N kills, --inject KIND:N=ERROR fails");
	return ERR_USAGE;
}

static int points_take(struct simulating *m)
{
	struct err_detail detail = { .message = "" };
	size_t i;

	if (!m->disk && (m->crash_at.count || m->inject.count))
		return cli_fail(m->cli, CLI_USAGE, ERR_USAGE, m->crash_at.count ? "--crash-at" : "--inject", "add --disk DIR",
			"a point to fail at needs a real journal");
	if (!m->disk)
		return CLI_FINE;
	if (disk_inject_new(&m->injected, &disk_real))
		return cli_fail(m->cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	for (i = 0; i < m->crash_at.count; i++)
		if (point_take(m, m->crash_at.items[i], false, &detail))
			return wrong(m, "--crash-at", &detail);
	for (i = 0; i < m->inject.count; i++)
		if (point_take(m, m->inject.items[i], true, &detail))
			return wrong(m, "--inject", &detail);
	m->disk_ops = disk_inject_disk(m->injected);
	m->options.inject = m->injected;
	return CLI_FINE;
}

/* The first line of a file that was a ledger before: a call's id, and the first thing that is said of one. */
static bool is_ledger(const char *path)
{
	static const char first[] = " epoch ";
	char head[32 + sizeof(first)] = "";
	FILE *f = fopen(path, "re");
	size_t got = f ? fread(head, 1, sizeof(head) - 1, f) : 0;

	if (f)
		fclose(f);
	return got == sizeof(head) - 1 && strspn(head, "0123456789abcdef") == 32 && !strcmp(head + 32, first);
}

/* Lines are appended, over several lives if need be: to nothing else than a ledger. A pipe is whoever's is at its other end. */
static int ledger_take(struct simulating *m)
{
	char target[DISK_PATH_MAX];
	struct stat st;
	bool is_there = !stat(m->ledger, &st), is_file = !is_there || S_ISREG(st.st_mode);
	int status = is_file ? outfile_find(m->cli, target, m->ledger) : CLI_FINE;

	if (status)
		return status;
	if (is_there && is_file && st.st_size && !is_ledger(m->ledger))
		return cli_fail(m->cli, CLI_USAGE, ERR_EXISTS, m->ledger, "name a new file, or the ledger of an earlier run", "the file is no ledger: nothing is appended to it");
	m->options.ledger = open(m->ledger, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (m->options.ledger < 0)
		return cli_fail(m->cli, CLI_MISSING, ERR_IO, m->ledger, "name a file that can be written", "the ledger cannot be opened");
	return CLI_FINE;
}

static int disk_take(struct simulating *m)
{
	int status = points_take(m);

	m->options.ledger = -1;
	if (status)
		return status;
	if (m->disk) {
		m->options.disk = &m->disk_ops;
		m->options.dir = m->disk;
	}
	status = m->ledger ? ledger_take(m) : CLI_FINE;
	if (status)
		return status;
	if (m->keep && mkdir(m->keep, 0700) && access(m->keep, W_OK))
		return cli_fail(m->cli, CLI_MISSING, ERR_DENIED, m->keep, "name a folder that can be written", "calls cannot be kept there");
	m->options.keep = m->keep;
	return CLI_FINE;
}

/* A trace in its order, a journal and a ledger are of one process. */
static int jobs_take(struct simulating *m)
{
	const char *alone = m->trace ? "--trace" : m->disk ? "--disk" : m->ledger ? "--ledger" : NULL;

	if (m->jobs > 1 && alone)
		return cli_fail(m->cli, CLI_USAGE, ERR_USAGE, "--jobs", "leave one of them out", "%s runs in one process", alone);
	return CLI_FINE;
}

/* "150,250,5,90": recogniser, model, each further word, voice. */
static bool times_take(const char *text, struct fixed_times *out)
{
	uint64_t *const fields[] = { &out->stt_us, &out->llm_us, &out->word_us, &out->tts_us };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t digits = strspn(text, "0123456789");

		if (!digits || digits > 5 || text[digits] != (i < 3 ? ',' : 0))
			return false;
		*fields[i] = strtoull(text, NULL, 10) * 1000;
		text += digits + 1;
	}
	out->is_set = true;
	return true;
}

/* In a scenario of one's own those happen that it names, and no others. */
static int faults_take(struct simulating *m)
{
	struct err_detail detail = { .message = "" };

	if (!m->faults)
		m->faults = m->script_path ? "none" : "all";
	if (fault_set_parse(&m->options.faults, m->faults, &detail))
		return wrong(m, "--faults", &detail);
	if (m->script_path && m->options.faults)
		return cli_fail(m->cli, CLI_USAGE, ERR_USAGE, "--faults", "write a line `fault NAME N` into the script for each", "a script names its faults itself: found \"%.100s\"",
			m->faults);
	return CLI_FINE;
}

static int options_take(struct simulating *m)
{
	struct err_detail detail = { .message = "" };
	enum err err;
	int status;

	m->options.seed = (uint64_t)m->seed;
	m->options.save_load = m->save_load;
	config_bind(m->cli->config, call_options, &m->options.settings);
	status = faults_take(m);
	if (status)
		return status;
	if (m->vendor_ms && !times_take(m->vendor_ms, &m->options.fixed))
		return cli_fail(m->cli, CLI_USAGE, ERR_USAGE, "--vendor-ms", "--vendor-ms STT,LLM,WORD,TTS in whole milliseconds: 150,250,5,90",
			"found \"%.100s\"", m->vendor_ms);
	status = jobs_take(m);
	if (!status)
		status = sabotage_take(m);
	if (!status)
		status = disk_take(m);
	if (status || !m->script_path)
		return status;
	err = script_load(&m->script, m->script_path, m->options.settings.call_max_ms, &detail);
	m->options.script = m->script;
	return err ? cli_fail(m->cli, err == ERR_NOTFOUND ? CLI_MISSING : CLI_USAGE, err, detail.where, detail.hint, "%s", detail.message) : CLI_FINE;
}

/* A guard is off, and what it is there for did not break: this run says nothing of the judge. NULL: it broke. */
static const char *sabotage_missed(struct simulating *m, const struct run_result *r)
{
	int promise = m->options.sabotage;

	if (promise < 0 || r->verdict.broken[promise] || r->crash_count || r->errors)
		return NULL;
	snprintf(m->unseen, sizeof(m->unseen), "%s was sabotaged, but no call of this run shows it (put to the test %" PRIu64 " times, broken 0): use more calls",
		promise_facts[promise].name, r->verdict.exercised[promise]);
	return m->unseen;
}

/* Not one call began: what it needs is not there. */
static int none_ran(struct simulating *m, const struct run_result *r)
{
	if (m->detail.message[0])
		return cli_fail(m->cli, CLI_MISSING, r->err, m->detail.where[0] ? m->detail.where : m->ledger, m->detail.hint, "%s", m->detail.message);
	if (r->err == ERR_FULL)
		return cli_fail(m->cli, CLI_MISSING, r->err, m->disk, "free some space, then start again",
			"the journal's disk has no room to spare: no new call is taken");
	return cli_fail(m->cli, CLI_MISSING, r->err, m->disk, NULL, "call %" PRIu64 " could not be run: %s", r->err_call, err_name(r->err));
}

static int run(struct simulating *m)
{
	struct run_result *r = calloc(1, sizeof(*r));
	uint64_t first = m->call >= 0 ? (uint64_t)m->call : 0;
	uint64_t calls = m->call >= 0 ? 1 : m->script && m->calls < 0 ? 1 : m->calls < 0 ? 100 : (uint64_t)m->calls;
	bool here = m->trace || m->disk || m->options.ledger >= 0;
	run_progress_h *progress = !m->cli->json && isatty(STDERR_FILENO) ? on_progress : NULL;
	const char *missed = NULL;
	enum err err = ERR_NOMEM;
	int status = CLI_FINE;

	if (m->trace) {
		m->options.trace = on_trace;
		m->traced = first - 1;
		m->options.trace_arg = m;
	}
	m->options.detail = here ? &m->detail : NULL;
	if (r)
		err = here ? run_here(&m->options, first, calls, r) : run_calls(&m->options, first, calls, (unsigned int)m->jobs, progress, NULL, r);
	if (err)
		status = cli_fail(m->cli, CLI_MISSING, err, NULL, NULL, "the calls could not be run: %s", err_name(err));
	else if (r->errors && !r->totals.calls && !r->crash_count)
		status = none_ran(m, r);
	else {
		missed = m->sabotage ? sabotage_missed(m, r) : calls >= 1000 && !m->script ? run_missed(r) : NULL;
		if (calls >= 1000 && !m->sabotage && !missed && m->options.faults == FAULT_ALL && !m->script && r->totals.faults * 2 < r->totals.calls)
			missed = "fewer than one call in two has a fault";
		summary(m, r, missed);
		status = *m->unseen ? CLI_MISSING : run_kept(r) && !missed ? CLI_FINE : CLI_NOT_SO;
	}
	free(r);
	return status;
}

static void simulating_fini(struct simulating *m)
{
	if (m->options.ledger >= 0)
		close(m->options.ledger);
	disk_inject_free(&m->injected);
	script_free(m->script);
	buf_fini(&m->out);
}

int cmd_simulate(struct cli *cli, int argc, char **argv)
{
	struct simulating m = { .cli = cli, .calls = -1, .seed = 1, .jobs = 1, .call = -1 };
	const struct flag flags[] = {
		{ .name = "calls", .type = FLAG_INT, .value = &m.calls, .arg = "N", .help = "How many calls (100).", .min = 1, .max = 100000000 },
		{ .name = "seed", .type = FLAG_INT, .value = &m.seed, .arg = "S", .help = "What everything is drawn from (1).", .min = 0, .max = INT64_MAX },
		{ .name = "faults", .type = FLAG_STRING, .value = &m.faults, .arg = "all|none|LIST", .help = "Which faults may happen (all; with --script none but its own)." },
		{ .name = "jobs", .type = FLAG_INT, .value = &m.jobs, .arg = "N", .help = "Processes side by side (1).", .min = 1, .max = RUN_JOBS_MAX },
		{ .name = "list-faults", .type = FLAG_BOOL, .value = &m.list_faults, .help = "Prints the faults there are." },
		{ .name = "call", .type = FLAG_INT, .value = &m.call, .arg = "K", .help = "Runs this call alone.", .min = 0, .max = INT64_MAX },
		{ .name = "trace", .type = FLAG_BOOL, .value = &m.trace, .help = "Prints every step's input and outputs." },
		{ .name = "script", .type = FLAG_STRING, .value = &m.script_path, .arg = "F", .help = "A scenario of one's own (docs/simulation.md)." },
		{ .name = "save-load", .type = FLAG_BOOL, .value = &m.save_load, .help = "Saves the call and goes on with the loaded one, at random steps." },
		{ .name = "vendor-ms", .type = FLAG_STRING, .value = &m.vendor_ms, .arg = "STT,LLM,WORD,TTS",
			.help = "Vendors that always take so long: to a final, to the model's first word and each further one, to the voice." },
		{ .name = "sabotage", .type = FLAG_STRING, .value = &m.sabotage, .arg = "PROMISE", .help = "Switches that promise's guard off: the run must fail." },
		{ .name = "disk", .type = FLAG_STRING, .value = &m.disk, .arg = "DIR", .help = "A real journal in this folder." },
		{ .name = "crash-at", .type = FLAG_LIST, .value = &m.crash_at, .arg = "KIND:N", .help = "Is killed at the nth write, fsync, rename or dispatch (may be repeated)." },
		{ .name = "inject", .type = FLAG_LIST, .value = &m.inject, .arg = "KIND:N=ERR", .help = "Lets that operation fail (EIO, ENOSPC, EROFS, EACCES; N+ from then on; may be repeated)." },
		{ .name = "ledger", .type = FLAG_STRING, .value = &m.ledger, .arg = "F", .help = "Appends a line for each fact the outside world is told." },
		{ .name = "keep", .type = FLAG_STRING, .value = &m.keep, .arg = "DIR", .help = "Writes every call as an exported call file." },
		{ .name = NULL },
	};
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	cli_log_unasked(cli, LOG_LEVEL_NONE);
	if (argc > 1)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, argv[1], "see simulate --help", "simulate takes no operands");
	if (m.call >= 0 && m.calls >= 0)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--call", "--call K runs that one; --calls N runs 0 to N-1", "--call and --calls exclude each other");
	buf_init(&m.out, OUT_BYTES_MAX);
	m.options.ledger = -1;
	status = m.list_faults ? faults_list(&m) : options_take(&m);
	if (!status && !m.list_faults)
		status = run(&m);
	simulating_fini(&m);
	return status;
}
