/* Leases of vendors' streams: what is full is passed over and not blamed, and whatever happens to calls, nothing stays taken. */
#include "lineupkit.h"

enum { CALLS = 12, EACH = 3, TURNS = 4000 };

/* ---- one ---- */

static void a_limit_is_kept_and_what_is_given_back_can_be_had(void **state)
{
	struct lease_counts counts = { .held = 0 };
	struct lease_account account = { .limit = 2, .counts = &counts };
	struct lease leases[3] = { { .account = NULL } };

	(void)state;
	assert_int_equal(lease_take(&leases[0], &account), LEASE_GRANTED);
	assert_int_equal(lease_take(&leases[1], &account), LEASE_GRANTED);
	assert_int_equal(lease_take(&leases[2], &account), LEASE_FULL);
	assert_string_equal(lease_reply_name(LEASE_FULL), "full");
	lease_give(&leases[2]); /* holds none */
	assert_int_equal(account.held, 2);
	lease_give(&leases[0]);
	lease_give(&leases[0]);
	assert_int_equal(lease_take(&leases[2], &account), LEASE_GRANTED);
	lease_give(&leases[1]);
	lease_give(&leases[2]);
	assert_int_equal(counts.held + account.held, 0);
	assert_int_equal(counts.taken, 3);
	assert_int_equal(counts.refused, 1);
}

static void without_a_limit_they_are_counted_and_without_an_account_not(void **state)
{
	struct lease_account account = { .limit = 0 };
	struct lease leases[2] = { { .account = NULL } }, none = { .account = NULL };

	(void)state;
	assert_int_equal(lease_take(&leases[0], &account), LEASE_GRANTED);
	assert_int_equal(lease_take(&leases[1], &account), LEASE_GRANTED);
	assert_int_equal(account.held, 2);
	assert_int_equal(lease_take(&none, NULL), LEASE_GRANTED);
	assert_null(none.account);
	lease_give(&leases[0]);
	lease_give(&leases[1]);
}

/* ---- in a lineup ---- */

static void who_is_full_is_passed_over_and_has_not_failed(void **state)
{
	struct world w;
	struct llm_answer *answers[3] = { NULL };

	(void)state;
	begin(&w, &fake_llm);
	w.lineup.count = 2;
	w.accounts[0].limit = w.accounts[1].limit = 1;
	assert_int_equal(lineup_llm.start(&w.lineup, &answers[0], ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_NONE);
	assert_int_equal(lineup_llm.start(&w.lineup, &answers[1], ASK_AHEAD, 1, NULL, 0, &asks, &w), ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 1);
	assert_int_equal(w.vendors[1].starts, 1);
	assert_int_equal(lineup_llm.start(&w.lineup, &answers[2], ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_BUSY);
	assert_null(answers[2]);
	assert_int_equal(w.vendors[0].starts + w.vendors[1].starts, 2);
	assert_int_equal(w.health[0].failures + w.health[1].failures, 0);
	lineup_llm.cancel(&answers[0]);
	assert_int_equal(lineup_llm.start(&w.lineup, &answers[2], ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 2);
	lineup_llm.cancel(&answers[1]);
	lineup_llm.cancel(&answers[2]);
	end(&w);
}

static void a_start_that_fails_keeps_none(void **state)
{
	struct world w;
	struct stt_stream *s = NULL;

	(void)state;
	begin(&w, &fake_stt);
	w.vendors[0].refuses = ERR_DENIED;
	assert_int_equal(lineup_stt.start(&w.lineup, &s, "en-US", &listens, &w), ERR_NONE);
	assert_int_equal(w.accounts[0].held, 0);
	assert_int_equal(w.accounts[1].held, 1);
	stream_dies(&w.vendors[1], ERR_CLOSED);
	end(&w);
}

/* ---- many calls, killed at random ---- */


static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static enum err chaos_start(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt, const struct llm_block *blocks, size_t count,
	const struct llm_events *events, void *arg)
{
	struct vendor *v = vendor;

	(void)kind;
	(void)attempt;
	(void)blocks;
	(void)count;
	*ap = NULL;
	if (v->refuses)
		return v->refuses;
	*ap = malloc(sizeof(**ap));
	assert_non_null(*ap);
	**ap = (struct llm_answer){ .slot = ap, .vendor = v, .events = events, .arg = arg };
	v->starts++;
	v->answer = *ap; /* the latest: the one that something happens to */
	return ERR_NONE;
}

static void chaos_cancel(struct llm_answer **ap)
{
	struct vendor *v = (*ap)->vendor;

	if (v->answer == *ap)
		v->answer = NULL;
	v->cancels++;
	free(*ap);
	*ap = NULL;
}

static const struct llm chaos_llm = { .name = "chaos", .start = chaos_start, .cancel = chaos_cancel };

static void on_any_end(void *arg, uint32_t tokens)
{
	(void)tokens;
	((struct world *)arg)->done++;
}

static const struct llm_events chaos_asks = { .text = on_text, .tool = on_tool, .done = on_any_end, .failed = on_model_failed };

/* Something that a vendor does. */
static void vendor_acts(struct vendor *v, uint32_t what)
{
	if (what % 8 == 7)
		v->refuses = v->refuses ? ERR_NONE : ERR_BUSY;
	if (!v->answer)
		return;
	if (what % 4 == 0)
		v->answer->events->text(v->answer->arg, "x", 1);
	else if (what % 4 == 1)
		answer_fails(v, FAILED_DIED);
	else if (what % 4 == 2)
		answer_ends(v);
}

struct chaos {
	struct world w;
	struct lineup lineups[CALLS];
	struct llm_answer *answers[CALLS][EACH];
	uint32_t seed;
	uint64_t most;
};

static void call_acts(struct chaos *c)
{
	unsigned int call = random_next(&c->seed) % CALLS, i = random_next(&c->seed) % EACH;
	uint32_t what = random_next(&c->seed);

	if (what % 16 == 0) { /* killed */
		for (i = 0; i < EACH; i++)
			lineup_llm.cancel(&c->answers[call][i]);
		return;
	}
	if (c->answers[call][i])
		lineup_llm.cancel(&c->answers[call][i]);
	if (what % 4)
		(void)!lineup_llm.start(&c->lineups[call], &c->answers[call][i], ASK_PLAIN, 1 + what % 3, NULL, 0, &chaos_asks, &c->w);
}

static void N6_calls_that_are_killed_at_random_leave_no_lease(void **state)
{
	static struct chaos c;

	(void)state;
	c.seed = 7;
	begin(&c.w, &chaos_llm);
	c.w.lineup.hedge_ms = 2;
	c.w.accounts[0].limit = 5;
	for (unsigned int i = 0; i < CALLS; i++)
		c.lineups[i] = other_call(&c.w);
	for (unsigned int i = 0; i < TURNS; i++) {
		uint32_t what = random_next(&c.seed);

		call_acts(&c);
		vendor_acts(&c.w.vendors[what % MEMBERS], what / MEMBERS);
		if (what % 16 == 0)
			passes(&c.w, 3000);
		assert_true(c.w.accounts[0].held <= 5);
		c.most = c.w.accounts[1].held > c.most ? c.w.accounts[1].held : c.most;
	}
	assert_true(c.most > 1 && c.w.done > 10 && c.w.failed > 10);
	for (unsigned int i = 0; i < CALLS; i++)
		for (unsigned int j = 0; j < EACH; j++)
			lineup_llm.cancel(&c.answers[i][j]);
	end(&c.w); /* which looks: 0 everywhere */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_is_kept_and_what_is_given_back_can_be_had),
		cmocka_unit_test(without_a_limit_they_are_counted_and_without_an_account_not),
		cmocka_unit_test(who_is_full_is_passed_over_and_has_not_failed),
		cmocka_unit_test(a_start_that_fails_keeps_none),
		cmocka_unit_test(N6_calls_that_are_killed_at_random_leave_no_lease),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}
