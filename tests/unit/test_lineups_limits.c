/* What a worker's calls may have at a vendor at once, by the settings, and the numbers of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/lineups_limits.h"
#include "cli/settings.h"
#include "deadline.h"

static const struct id128 acme = { { 1 } }, other = { { 2 } };

struct world {
	struct config *config;
	struct lineups_limits limits;
	struct lineup_accounts accounts;
};

static void begin(struct world *w, const char *assignment)
{
	struct err_detail detail;

	*w = (struct world){ .config = NULL };
	assert_int_equal(config_new(&w->config, settings_tables), ERR_NONE);
	if (assignment)
		assert_int_equal(config_set(w->config, assignment, "--set", &detail), ERR_NONE);
	lineups_limits_init(&w->limits, w->config, NULL);
}

static void end(struct world *w)
{
	lineup_accounts_fini(&w->accounts);
	lineups_limits_fini(&w->limits);
	config_free(w->config);
}

static struct lineup_account *take(struct world *w, const struct id128 *tenant, const char *key_name)
{
	struct lineup_account *a = lineups_limits_take(&w->limits, &w->accounts, tenant, key_name);

	assert_non_null(a);
	return a;
}

static void an_account_is_a_tenant_at_a_vendor(void **state)
{
	struct world w;
	struct lineup_account *ears, *flux, *others, *model;

	(void)state;
	begin(&w, "providers.deepgram.max_streams=3");
	ears = take(&w, &acme, PROVIDER_KEY_DEEPGRAM);
	flux = take(&w, &acme, PROVIDER_KEY_DEEPGRAM); /* another model, the same account */
	others = take(&w, &other, PROVIDER_KEY_DEEPGRAM);
	model = take(&w, &acme, PROVIDER_KEY_OPENAI);
	assert_ptr_equal(ears, flux);
	assert_ptr_not_equal(ears, others);
	assert_int_equal(ears->leases.limit, 3);
	assert_int_equal(others->leases.limit, 3);
	assert_int_equal(model->leases.limit, 0);
	assert_ptr_equal(ears->leases.counts, others->leases.counts);
	assert_ptr_not_equal(ears->leases.counts, model->leases.counts);
	lineup_account_leave(&w.accounts, &ears);
	lineup_account_leave(&w.accounts, &flux);
	lineup_account_leave(&w.accounts, &others);
	lineup_account_leave(&w.accounts, &model);
	end(&w);
}

/* Whoever left an account may not take what is held there along. */
static void an_account_with_a_stream_is_not_forgotten(void **state)
{
	struct world w;
	struct lineup_account *a, *idle;
	struct lease lease = { .account = NULL };

	(void)state;
	begin(&w, NULL);
	a = take(&w, &acme, PROVIDER_KEY_SARVAM);
	assert_int_equal(lease_take(&lease, &a->leases), LEASE_GRANTED);
	lineup_account_leave(&w.accounts, &a);
	for (uint8_t i = 10; i < 10 + 2 * LINEUP_ACCOUNTS_IDLE; i++) {
		idle = take(&w, &(struct id128){ { i } }, PROVIDER_KEY_SARVAM);
		lineup_account_leave(&w.accounts, &idle);
	}
	a = take(&w, &acme, PROVIDER_KEY_SARVAM);
	assert_int_equal(a->leases.held, 1);
	lease_give(&lease);
	lineup_account_leave(&w.accounts, &a);
	end(&w);
}

/* Two workers of one data folder; a third one whose folder is not there counts for itself. */
static void a_limit_is_that_of_all_who_have_the_folder(void **state)
{
	char folder[] = "/tmp/callfunnel-limits-XXXXXX", path[100];
	struct world w[3];
	struct lineup_account *a[3];
	struct lease leases[3] = { { .account = NULL } };
	unsigned int i;

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (i = 0; i < 3; i++) {
		begin(&w[i], "providers.deepgram.max_streams=1");
		lineups_limits_fini(&w[i].limits);
		lineups_limits_init(&w[i].limits, w[i].config, i < 2 ? folder : "/proc/no/such/folder");
		a[i] = take(&w[i], &acme, PROVIDER_KEY_DEEPGRAM);
	}
	assert_int_equal(lease_take(&leases[0], &a[0]->leases), LEASE_GRANTED);
	assert_int_equal(lease_take(&leases[1], &a[1]->leases), LEASE_FULL);
	assert_int_equal(lease_take(&leases[2], &a[2]->leases), LEASE_GRANTED);
	lease_give(&leases[0]);
	assert_int_equal(lease_take(&leases[1], &a[1]->leases), LEASE_GRANTED);
	for (i = 0; i < 3; i++) {
		lease_give(&leases[i]);
		lineup_account_leave(&w[i].accounts, &a[i]);
		end(&w[i]);
	}
	snprintf(path, sizeof(path), "%s/leases", folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void the_numbers_name_the_vendor_and_no_tenant(void **state)
{
	struct world w;
	struct lineup_account *a, *b;
	struct lease leases[3] = { { .account = NULL } };
	struct buf text;

	(void)state;
	begin(&w, "providers.cartesia.max_streams=1");
	a = take(&w, &acme, PROVIDER_KEY_CARTESIA);
	b = take(&w, &other, PROVIDER_KEY_CARTESIA);
	assert_int_equal(lease_take(&leases[0], &a->leases), LEASE_GRANTED);
	assert_int_equal(lease_take(&leases[1], &a->leases), LEASE_FULL);
	assert_int_equal(lease_take(&leases[2], &b->leases), LEASE_GRANTED);
	w.limits.hedges[PROVIDER_LLM] = (struct lineup_hedge_counts){ .begun = 5, .won = 4 };
	buf_init(&text, 1 << 16);
	lineups_limits_metrics(&w.limits, &text);
	assert_non_null(strstr(buf_str(&text), "callfunnel_voice_streams{vendor=\"cartesia\"} 2\n"));
	assert_non_null(strstr(buf_str(&text), "callfunnel_voice_streams_opened_total{vendor=\"cartesia\"} 2\n"));
	assert_non_null(strstr(buf_str(&text), "callfunnel_voice_streams_refused_total{vendor=\"cartesia\"} 1\n"));
	assert_non_null(strstr(buf_str(&text), "callfunnel_voice_streams{vendor=\"deepgram\"} 0\n"));
	assert_non_null(strstr(buf_str(&text), "callfunnel_voice_hedges_total{role=\"llm\"} 5\n"));
	assert_non_null(strstr(buf_str(&text), "callfunnel_voice_hedges_won_total{role=\"llm\"} 4\n"));
	buf_fini(&text);
	for (unsigned int i = 0; i < 3; i++)
		lease_give(&leases[i]);
	lineup_account_leave(&w.accounts, &a);
	lineup_account_leave(&w.accounts, &b);
	end(&w);
}

static void models_are_hedged_by_their_pace_and_voices_not_unless_it_is_said(void **state)
{
	struct world w;
	struct lineup lineup = { .count = 0 };

	(void)state;
	begin(&w, NULL);
	lineups_limits_hedge(&w.limits, PROVIDER_LLM, &lineup);
	assert_int_equal(lineup.hedge_ms, -1);
	lineup.hedge_ms = 0;
	lineups_limits_hedge(&w.limits, PROVIDER_STT, &lineup);
	assert_int_equal(lineup.hedge_ms, 0);
	lineups_limits_hedge(&w.limits, PROVIDER_TTS, &lineup);
	assert_int_equal(lineup.hedge_ms, 0);
	end(&w);
	begin(&w, "tts.hedge_ms=350");
	lineups_limits_hedge(&w.limits, PROVIDER_TTS, &lineup);
	assert_int_equal(lineup.hedge_ms, 350);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_account_is_a_tenant_at_a_vendor),
		cmocka_unit_test(an_account_with_a_stream_is_not_forgotten),
		cmocka_unit_test(a_limit_is_that_of_all_who_have_the_folder),
		cmocka_unit_test(the_numbers_name_the_vendor_and_no_tenant),
		cmocka_unit_test(models_are_hedged_by_their_pace_and_voices_not_unless_it_is_said),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}
