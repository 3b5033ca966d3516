/* What the call core costs: recorded calls again, without a disk, a clock or a vendor in the way.
 *
 * usage: bench_core FOLDER PASS [ROUNDS]     FOLDER holds exported call files (*.cfj), as tests/calls does
 *
 * A pass runs over every call ROUNDS times and prints one line of JSON a round: what it did (`count`) and the processor time of
 * the whole round (`ns`). `decode` reads each step's input, `step` also gives it to the core, so that the difference is
 * call_step alone. `save` and `load` go over states taken at every 64th step of every call; `save` loads them as well, `load` loads and
 * frees. Under callgrind the difference of two numbers of rounds leaves out what starting costs. `voice` and `other` are `step`
 * with a clock around each step of that kind. `facts` prints what is counted and not timed: calls, steps, bytes. bench/core.py
 * puts all together. One thread.
 */
#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/disk.h"
#include "voice/call.h"
#include "voice/replay/replay.h"
#include "voice/replay/tape.h"

enum { TAPES_MAX = 1024, STATE_EVERY = 64, STATE_BYTES_MAX = 64 << 20, ROUNDS_MAX = 1000 };
enum { INTERRUPTED_NS = 200000 }; /* no step takes so long: the machine did something else */

enum which { EACH_VOICE = 1, EACH_OTHER };

struct state {
	struct buf bytes;
};

struct bench {
	struct tape tapes[TAPES_MAX];
	size_t tape_count;
	struct state *states;
	size_t state_count;
	uint64_t steps, voice_steps, call_us; /* of one round */
	uint64_t clock_ns;                    /* what looking at the clock costs */
};

static void stop(const char *what, const char *why)
{
	fprintf(stderr, "bench_core: %s: %s\n", what, why);
	exit(3);
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- the recorded calls ---- */

static void tape_take(struct bench *b, const char *folder, const char *name)
{
	struct err_detail detail = { .message = "" };
	struct tape_damage damage;
	char path[DISK_PATH_MAX];
	struct tape *t;

	if (b->tape_count == TAPES_MAX || disk_path(path, folder, name))
		stop(name, "too many calls, or too long a name");
	t = &b->tapes[b->tape_count++];
	tape_init(t);
	if (tape_read_file(t, &disk_real, path, false, &damage, &detail) || damage.count)
		stop(path, detail.message[0] ? detail.message : "damaged");
}

static int is_call(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && !strcmp(entry->d_name + len - 4, ".cfj");
}

static void tapes_take(struct bench *b, const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_call, alphasort), i;

	if (count <= 0)
		stop(folder, "no exported call files (*.cfj) there");
	for (i = 0; i < count; i++) {
		tape_take(b, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* ---- walking over a call ---- */

static void input_at(const struct tape *t, size_t step, struct call_input *in)
{
	if (tape_input_decode(t, &t->steps[step], in))
		stop("a step", "its input cannot be read");
}

static struct call *part_enter(const struct tape *t, const struct tape_part *part)
{
	struct call *call;
	enum err err = replay_enter(&call, t, part);

	if (err)
		stop("a call", err_name(err));
	return call;
}

/* Returns how many steps. `on_step` may be NULL. */
typedef void step_h(struct bench *b, struct call *call, const struct call_input *in);

static uint64_t walk(struct bench *b, step_h *on_step)
{
	static struct call_input in;
	uint64_t steps = 0;
	size_t k, p, i;

	for (k = 0; k < b->tape_count; k++) {
		const struct tape *t = &b->tapes[k];

		for (p = 0; p < t->part_count; p++) {
			const struct tape_part *part = &t->parts[p];
			struct call *call = part_enter(t, part);

			for (i = part->first; i < part->first + part->count; i++, steps++) {
				input_at(t, i, &in);
				if (on_step)
					on_step(b, call, &in);
			}
			call_free(call);
		}
	}
	return steps;
}

static void step_take(struct bench *b, struct call *call, const struct call_input *in)
{
	struct call_outputs out;

	(void)b;
	if (call_step(call, in, &out))
		stop("a step", "no memory");
}

/* ---- states ---- */

static void state_take(struct bench *b, struct call *call, const struct call_input *in)
{
	struct state *s;

	step_take(b, call, in);
	if (b->steps++ % STATE_EVERY)
		return;
	s = realloc(b->states, (b->state_count + 1) * sizeof(*s));
	if (!s)
		stop("states", "no memory");
	b->states = s;
	s += b->state_count++;
	buf_init(&s->bytes, STATE_BYTES_MAX);
	call_save(call, &s->bytes);
	if (s->bytes.err)
		stop("a state", err_name(s->bytes.err));
}

static void states_take(struct bench *b)
{
	b->steps = 0;
	(void)walk(b, state_take);
}

static uint64_t states_load(struct bench *b, bool save)
{
	struct call *call;
	struct buf again;
	size_t i;

	buf_init(&again, STATE_BYTES_MAX);
	for (i = 0; i < b->state_count; i++) {
		if (call_load(&call, b->states[i].bytes.data, b->states[i].bytes.len))
			stop("a state", "does not load");
		buf_reset(&again);
		if (save)
			call_save(call, &again);
		if (again.err)
			stop("a state", err_name(again.err));
		call_free(call);
	}
	buf_fini(&again);
	return b->state_count;
}

/* ---- a clock around each step of one kind ---- */

static uint64_t each_ns, each_count;
static enum which each_which;

static void step_clocked(struct bench *b, struct call *call, const struct call_input *in)
{
	uint64_t began, took;

	if ((in->type == IN_VOICE) != (each_which == EACH_VOICE)) {
		step_take(b, call, in);
		return;
	}
	began = wall_ns();
	step_take(b, call, in);
	took = wall_ns() - began;
	if (took > INTERRUPTED_NS)
		return;
	each_ns += took;
	each_count++;
}

/* The least of several tries: the machine may do something else meanwhile. */
static void clock_judge(struct bench *b)
{
	enum { TRIES = 50, LOOKS = 2000 };
	uint64_t began, took;
	unsigned int k, i;

	b->clock_ns = UINT64_MAX;
	for (k = 0; k < TRIES; k++) {
		began = wall_ns();
		for (i = 0; i < LOOKS; i++)
			(void)wall_ns();
		took = (wall_ns() - began) / LOOKS;
		b->clock_ns = took < b->clock_ns ? took : b->clock_ns;
	}
}

static void each_round(struct bench *b, enum which which)
{
	uint64_t clocks;

	each_which = which;
	each_ns = each_count = 0;
	clock_judge(b);
	(void)walk(b, step_clocked);
	clocks = b->clock_ns * each_count;
	printf("{\"count\":%" PRIu64 ",\"ns\":%" PRIu64 "}\n", each_count, each_ns > clocks ? each_ns - clocks : 0);
}

/* ---- what is counted ---- */

static int by_size(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

static void print_sizes(const char *name, size_t *sizes, size_t count)
{
	qsort(sizes, count, sizeof(*sizes), by_size);
	printf(",\"%s_median\":%zu,\"%s_max\":%zu", name, sizes[count / 2], name, sizes[count - 1]);
}

static void states_sizes(const struct bench *b)
{
	size_t *sizes = calloc(b->state_count + 1, sizeof(*sizes)), i;

	if (!sizes)
		stop("sizes", "no memory");
	for (i = 0; i < b->state_count; i++)
		sizes[i] = b->states[i].bytes.len;
	print_sizes("snapshot_bytes", sizes, b->state_count);
	free(sizes);
}

static size_t heap_now(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* What the heap holds for one call at its end: nothing in the core shrinks before that. */
static size_t call_bytes(struct bench *b, const struct tape *t, size_t *fresh)
{
	const struct tape_part *part = &t->parts[0];
	size_t before = heap_now(), i, bytes;
	struct call *call = part_enter(t, part);
	static struct call_input in;

	*fresh = heap_now() - before;
	for (i = part->first; i < part->first + part->count; i++) {
		input_at(t, i, &in);
		step_take(b, call, &in);
	}
	bytes = heap_now() - before;
	call_free(call);
	return bytes;
}

static void steps_count(struct bench *b, const struct tape *t)
{
	static struct call_input in;
	size_t p, i;

	for (p = 0; p < t->part_count; p++) {
		for (i = t->parts[p].first; i < t->parts[p].first + t->parts[p].count; i++, b->steps++) {
			input_at(t, i, &in);
			b->voice_steps += in.type == IN_VOICE;
		}
	}
	b->call_us += in.at_us;
}

static void facts(struct bench *b)
{
	size_t *sizes = calloc(b->tape_count, sizeof(*sizes)), fresh = 0, i;

	if (!sizes)
		stop("sizes", "no memory");
	b->voice_steps = b->call_us = b->steps = 0;
	for (i = 0; i < b->tape_count; i++) {
		sizes[i] = call_bytes(b, &b->tapes[i], &fresh);
		steps_count(b, &b->tapes[i]);
	}
	printf("{\"calls\":%zu,\"steps\":%" PRIu64 ",\"voice_steps\":%" PRIu64 ",\"call_s\":%.3f,\"states\":%zu,\"call_bytes_new\":%zu",
		b->tape_count, b->steps, b->voice_steps, (double)b->call_us / 1e6, b->state_count, fresh);
	print_sizes("call_bytes", sizes, b->tape_count);
	states_sizes(b);
	printf("}\n");
	free(sizes);
}

/* ---- rounds ---- */

static void timed_round(struct bench *b, const char *pass)
{
	uint64_t began = cpu_ns(), count;

	if (!strcmp(pass, "decode"))
		count = walk(b, NULL);
	else if (!strcmp(pass, "step"))
		count = walk(b, step_take);
	else
		count = states_load(b, !strcmp(pass, "save"));
	printf("{\"count\":%" PRIu64 ",\"ns\":%" PRIu64 "}\n", count, cpu_ns() - began);
}

static void bench_run(struct bench *b, const char *pass, unsigned long rounds)
{
	static const char *const passes[] = { "decode", "step", "save", "load", "voice", "other", "facts" };
	size_t i;

	for (i = 0; i < sizeof(passes) / sizeof(*passes) && strcmp(pass, passes[i]) != 0; i++)
		continue;
	if (i == sizeof(passes) / sizeof(*passes))
		stop(pass, "passes are decode, step, save, load, voice, other, facts");
	if (!strcmp(pass, "save") || !strcmp(pass, "load") || !strcmp(pass, "facts"))
		states_take(b);
	for (; rounds; rounds--) {
		if (!strcmp(pass, "facts"))
			facts(b);
		else if (!strcmp(pass, "voice") || !strcmp(pass, "other"))
			each_round(b, *pass == 'v' ? EACH_VOICE : EACH_OTHER);
		else
			timed_round(b, pass);
	}
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	struct bench *b = calloc(1, sizeof(*b));
	size_t i;

	if (argc < 3 || !rounds || rounds > ROUNDS_MAX || !b)
		stop("usage", "bench_core FOLDER decode|step|save|load|voice|other|facts [ROUNDS]");
	tapes_take(b, argv[1]);
	bench_run(b, argv[2], rounds);
	for (i = 0; i < b->tape_count; i++)
		tape_fini(&b->tapes[i]);
	for (i = 0; i < b->state_count; i++)
		buf_fini(&b->states[i].bytes);
	free(b->states);
	free(b);
	return 0;
}
