/* PocketSphinx over the measuring half of the recordings (tests/vectors/recogniser.tsv): how much of what is inside the grammar it accepts, how much of
 * what is outside it refuses. A minute of work and no path that test_pocketsphinx.c has not, so `./dev test` runs it without the sanitizers.
 * Recordings of Debian's packages: asterisk-core-sounds-en-wav, pocketsphinx-testdata, alsa-utils. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "providers/pocketsphinx/pocketsphinx.h"

#include "deadline.h"
#include "recordings.h"

enum { FLOW_BYTES = 1 << 16 };

enum kind { OUTSIDE, INSIDE, JOINED, SYNTHETIC_OUTSIDE, SYNTHETIC_INSIDE, KINDS };

struct listener {
	uv_loop_t loop;
	struct pocketsphinx *p;
	struct stt_stream *op;
	bool is_resting, is_understood;
	size_t finals;
};

struct tally {
	unsigned int count, understood;
};

static void on_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	struct listener *l = arg;

	(void)text, (void)from, (void)to;
	if (kind == TRANSCRIPT_PARTIAL)
		return;
	l->is_understood |= len > 0;
	l->finals++;
}

static void on_ended(void *arg, enum err why)
{
	(void)arg;
	fail_msg("ended: %s", err_name(why));
}

static void on_rests(void *arg, bool rests)
{
	((struct listener *)arg)->is_resting = rests;
}

static const struct stt_events events = { .transcript = on_transcript, .ended = on_ended };

static FILE *vector_open(const char *name)
{
	char path[500];
	FILE *in;

	snprintf(path, sizeof(path), "%s/vectors/%s", getenv("CALLFUNNEL_TESTS"), name);
	in = fopen(path, "re");
	assert_non_null(in);
	return in;
}

static void listener_init(struct listener *l)
{
	static char flow[FLOW_BYTES];
	struct pocketsphinx_options options = { .flow = flow, .rests = on_rests, .arg = l };
	FILE *in = vector_open("recogniser.json");

	memset(l, 0, sizeof(*l));
	l->is_resting = true;
	options.flow_len = fread(flow, 1, sizeof(flow), in);
	fclose(in);
	uv_loop_init(&l->loop);
	assert_int_equal(pocketsphinx_open(&l->p, &l->loop, &options, NULL), ERR_NONE);
}

static void listener_fini(struct listener *l)
{
	pocketsphinx_close(&l->p);
	uv_run(&l->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&l->loop), 0);
}

/* Each recording is a caller of its own, who answers its question between two silences. */
static bool is_understood(struct listener *l, const struct recording *r)
{
	struct buf ulaw;

	buf_init(&ulaw, RECORDING_MAX_BYTES);
	if (!recording_load(r, &ulaw))
		fail_msg("missing: %s", r->path);
	l->finals = 0;
	l->is_understood = false;
	assert_int_equal(pocketsphinx_stt.start(l->p, &l->op, "en-US", &events, l), ERR_NONE);
	pocketsphinx_stt.asked(l->op, r->question, strlen(r->question));
	pocketsphinx_stt.push(l->op, NULL, 1600);
	pocketsphinx_stt.push(l->op, ulaw.data, ulaw.len);
	pocketsphinx_stt.push(l->op, NULL, 2400);
	pocketsphinx_stt.finalize(l->op);
	while (!l->finals || !l->is_resting)
		uv_run(&l->loop, UV_RUN_ONCE);
	pocketsphinx_stt.cancel(&l->op);
	buf_fini(&ulaw);
	return l->is_understood;
}

static enum kind kind_of(const struct recording *r)
{
	if (recording_is_synthetic(r->path))
		return r->is_inside ? SYNTHETIC_INSIDE : SYNTHETIC_OUTSIDE;
	if (strchr(r->path, '+'))
		return JOINED;
	return r->is_inside ? INSIDE : OUTSIDE;
}

/* Each an answer to its question: at least 85 in 100 inside the grammar are accepted and nine in ten outside refused. The synthetic voice has goals of
 * its own: it fits the model less. */
static void accepts_inside_refuses_outside(void **state)
{
	static const char *const names[KINDS] = { "outside", "inside", "joined", "synthetic outside", "synthetic inside" };
	struct tally of[KINDS] = { 0 };
	struct listener l;
	struct recording r;
	FILE *in;

	(void)state;
	listener_init(&l);
	in = vector_open("recogniser.tsv");
	while (recording_next(in, &r)) {
		struct tally *t = &of[kind_of(&r)];

		if (r.half != 'B')
			continue;
		t->count++;
		t->understood += is_understood(&l, &r);
	}
	fclose(in);
	for (enum kind k = 0; k < KINDS; k++)
		print_message("%s: %u of %u accepted\n", names[k], of[k].understood, of[k].count);
	assert_true(of[OUTSIDE].count >= 100 && of[INSIDE].count >= 35 && of[JOINED].count >= 35);
	assert_true((of[INSIDE].understood + of[JOINED].understood) * 100 >= (of[INSIDE].count + of[JOINED].count) * 85);
	assert_true((of[OUTSIDE].count - of[OUTSIDE].understood) * 100 >= of[OUTSIDE].count * 90);
	assert_true(of[SYNTHETIC_OUTSIDE].count >= 20 && of[SYNTHETIC_INSIDE].count >= 35);
	assert_true(of[SYNTHETIC_INSIDE].understood * 100 >= of[SYNTHETIC_INSIDE].count * 70);
	assert_true((of[SYNTHETIC_OUTSIDE].count - of[SYNTHETIC_OUTSIDE].understood) * 100 >= of[SYNTHETIC_OUTSIDE].count * 85);
	listener_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_inside_refuses_outside),
	};

	deadline_set(400);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
