/* A call through the conductor, from the first ring to the last hang-up: webhook, attach, snapshot, tools, a worker's death, the next epoch,
 * the end. Over HTTP, with everything real but the carrier and the worker. */
#include "callskit.h"

/* Base64 of an answer's member, decoded. */
static size_t member_bytes(const struct got *g, const char *name, uint8_t *out, size_t size)
{
	const char *text = got_text(g, name);
	size_t len = 0;

	assert_int_equal(sodium_base642bin(out, size, text, strlen(text), NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
	return len;
}

static void attached_is_whole(const struct got *g, unsigned int epoch)
{
	static uint8_t bytes[BRIEF_BYTES_MAX];
	static struct brief brief;
	struct call_settings settings;
	char tenant[2 * TENANT_ID_BYTES + 1];

	tenant_id_text(k->s.w.a, tenant);
	assert_int_equal(got_number(g, "epoch"), epoch);
	assert_string_equal(got_text(g, "tenant"), "acme");
	assert_string_equal(got_text(g, "tenant_id"), tenant);
	assert_string_equal(got_text(g, "direction"), "inbound");
	assert_string_equal(got_text(g, "language"), "en-US");
	assert_true(json_is_true(json_object_get(g->json, "records_audio")));
	assert_int_equal(brief_decode(&brief, bytes, member_bytes(g, "brief", bytes, sizeof(bytes))), ERR_NONE);
	assert_string_equal(brief.rulebook, "shop@1");
	assert_true(brief_tool_find(&brief, "save", 4) >= 0);
	assert_int_equal(call_settings_decode(&settings, bytes, member_bytes(g, "settings", bytes, sizeof(bytes))), ERR_NONE);
	assert_int_equal(settings.turn_silence_ms, k->defaults.turn_silence_ms);
	assert_true(json_is_object(json_object_get(g->json, "flow")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(g->json, "voice"), "name")), "slt");
	assert_true(json_array_size(json_object_get(json_object_get(g->json, "voice"), "keyterms")) == 2);
	assert_true(!json_object_get(g->json, "prompt") == !k->asks_prompt);
}

/* What a model is told is sent to workers that have one, and to nobody else. */
static void test_a_worker_with_a_model_is_told_the_prompt(void **state)
{
	struct got g = { .done = 0 };
	char token[KIT_TOKEN_MAX];
	const json_t *prompt, *last;

	(void)state;
	k->asks_prompt = true;
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(attach(&g, "w1", token), 200);
	attached_is_whole(&g, 1);
	prompt = json_object_get(g.json, "prompt");
	assert_non_null(strstr(json_string_value(json_object_get(prompt, "fixed")), "# Outcomes"));
	assert_null(strstr(json_string_value(json_object_get(prompt, "fixed")), "# This call"));
	assert_memory_equal(json_string_value(json_object_get(prompt, "facts")), "# This call\n", 12);
	last = json_array_get(json_object_get(prompt, "tools"), json_array_size(json_object_get(prompt, "tools")) - 1);
	assert_string_equal(json_string_value(json_object_get(last, "name")), "end_call");
	got_drop(&g);
}

/* The whole story. */
static void test_a_call_that_loses_its_worker(void **state)
{
	struct got g = { .done = 0 };
	struct hook after = hook_after();
	char token[KIT_TOKEN_MAX], call[CALL_ID_MAX], url[100];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	snprintf(url, sizeof(url), "ws://%s/media/twilio", k->worker_url + strlen("http://"));
	assert_string_equal(offer_url(&g), url);
	assert_non_null(strstr(g.body, "<Redirect method=\"POST\">" PUBLIC_URL "/webhooks/twilio/after?visit=1</Redirect>"));
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(strlen(token), 43);

	clock_pass(700);
	assert_int_equal(attach(&g, "w1", token), 200);
	attached_is_whole(&g, 1);
	assert_true(json_is_null(json_object_get(g.json, "snapshot")));
	assert_int_equal(got_number(&g, "began_ms_ago"), 0); /* the call's clock begins with its first attach */
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	assert_true(call_id_ok(call));
	assert_string_equal(call_state(call), "live ");

	assert_int_equal(snapshot(&g, call, "1", "first"), 204);
	assert_int_equal(snapshot(&g, call, "1", "second"), 204);
	assert_int_equal(tool(&g, call, 1, 3, "save", "77"), 200);
	assert_string_equal(got_text(&g, "status"), "ok");
	assert_string_equal(got_text(&g, "text"), "{\"reference\":\"R-1\"}");
	assert_int_equal(k->s.effects, 1);
	assert_string_equal(k->s.authorization, "Bearer the-token-of-a");

	clock_pass(6500); /* w1 is heard of no more */
	worker_has_none("w2");
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(strlen(token), 43);
	assert_int_equal(attach(&g, "w2", token), 200);
	attached_is_whole(&g, 2);
	assert_string_equal(got_text(&g, "call"), call);
	assert_int_equal(got_number(&g, "began_ms_ago"), 6500);
	{
		uint8_t bytes[100];

		assert_int_equal(member_bytes(&g, "snapshot", bytes, sizeof(bytes)), 6);
		assert_memory_equal(bytes, "second", 6);
	}

	/* The first worker lives after all. */
	assert_int_equal(snapshot(&g, call, "1", "late"), 409);
	assert_int_equal(tool(&g, call, 1, 4, "save", "78"), 409);
	assert_int_equal(tool(&g, call, 1, 4, "look", "78"), 409);
	assert_int_equal(ended(&g, call, 1, "caller", ""), 409);
	assert_string_equal(call_state(call), "live ");
	assert_int_equal(k->s.effects, 1);
	assert_int_equal(k->s.looks, 0);

	/* The second asks again for what the first one had done. */
	assert_int_equal(tool(&g, call, 2, 3, "save", "77"), 200);
	assert_string_equal(got_text(&g, "text"), "{\"reference\":\"R-1\"}");
	assert_int_equal(k->s.effects, 1);
	assert_int_equal(snapshot(&g, call, "2", "third"), 204);

	assert_int_equal(ended(&g, call, 2, "agent", "done"), 204);
	assert_int_equal(ended(&g, call, 2, "agent", "done"), 204);
	assert_int_equal(hook(&g, &after), 200);
	assert_non_null(strstr(g.body, "<Hangup/>"));
	assert_null(strstr(g.body, "Connect"));
	assert_int_equal(call_get(&g, call), 200);
	assert_string_equal(got_text(&g, "state"), "ended");
	assert_string_equal(got_text(&g, "reason"), "agent");
	assert_string_equal(got_text(&g, "outcome"), "done");
	assert_string_equal(got_text(&g, "worker"), "w2");
	assert_int_equal(got_number(&g, "connected_ms"), 61000);
	assert_int_equal(got_number(&g, "turns"), 7);
	assert_int_equal(got_number(&g, "epoch"), 2);
	got_drop(&g);
}

/* ------------------------------------------------------------------ tokens (P25) */

static void test_P25_tokens_that_are_not_good(void **state)
{
	struct got g = { .done = 0 };
	struct hook after = hook_after();
	char token[KIT_TOKEN_MAX], second[KIT_TOKEN_MAX], call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(attach(&g, "w1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 403);
	assert_int_equal(attach(&g, "w1", "short"), 403);
	assert_int_equal(attach(&g, "w1", ""), 403);
	assert_int_equal(attach_of(&g, "w1", token, "twilio", ACCOUNT, OTHER_SID), 403); /* of another carrier's call */
	assert_int_equal(attach_of(&g, "w1", token, "twilio", "AC00000000000000000000000000000009", CALL_SID), 403);
	assert_int_equal(attach_of(&g, "w1", token, "browser", ACCOUNT, CALL_SID), 403);
	assert_int_equal(attach(&g, "w1", token), 200); /* none of these used it up */
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	assert_int_equal(attach(&g, "w1", token), 403); /* replayed */
	assert_int_equal(attach(&g, "w2", token), 403);

	assert_int_equal(hook(&g, &after), 200);
	snprintf(second, sizeof(second), "%s", offer_token(&g));
	clock_pass(CALLS_TOKEN_MS);
	assert_int_equal(attach(&g, "w1", second), 403); /* expired */
	worker_has_none("w1");
	assert_int_equal(hook(&g, &after), 200);
	snprintf(second, sizeof(second), "%s", offer_token(&g));
	assert_int_equal(ended(&g, call, 1, "caller", ""), 204);
	assert_int_equal(attach(&g, "w1", second), 409); /* the call has ended */
	assert_string_equal(got_error(&g), "ended");
	assert_int_equal(attach(&g, "w1", token), 403);
	got_drop(&g);
}

/* Where it is not remembered what was answered, each answer of a repeated webhook has a token of its own; one attach ends all. */
static void test_one_attach_ends_all_tokens(void **state)
{
	struct got g = { .done = 0 };
	char tokens[6][KIT_TOKEN_MAX];

	(void)state;
	worker_has_none("w1");
	for (size_t i = 0; i < 6; i++) {
		clock_pass(1);
		sights_purge(k->calls, 0);
		assert_int_equal(hook(&g, &hook_voice), 200);
		snprintf(tokens[i], sizeof(tokens[i]), "%s", offer_token(&g));
	}
	assert_int_equal(attach(&g, "w1", tokens[4]), 403); /* four are good at a time, and repeats take nothing from the first */
	assert_int_equal(attach(&g, "w1", tokens[0]), 200);
	for (size_t i = 1; i < 6; i++)
		assert_int_equal(attach(&g, "w1", tokens[i]), 403);
	got_drop(&g);
}

/* Two workers with the same token at once: one has the call. */
static void test_two_attach_at_once(void **state)
{
	struct got one = { .done = 0 }, other = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&one, &hook_voice), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&one));
	attach_start(&one, "w1", token, "twilio", ACCOUNT, CALL_SID);
	attach_start(&other, "w2", token, "twilio", ACCOUNT, CALL_SID);
	kit_wait(&one);
	kit_wait(&other);
	assert_int_equal(one.status + other.status, 200 + 403);
	got_drop(&one);
	got_drop(&other);
}

/* ------------------------------------------------------------------ races with an older epoch */

/* Between the look at the epoch and the tool, another worker attaches: the tool is not done. */
static void test_a_tool_that_comes_too_late(void **state)
{
	struct got g = { .done = 0 }, late = { .done = 0 };
	struct hook after = hook_after();
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX];

	(void)state;
	worker_has_none("w1");
	worker_has_none("w2");
	kit_live("w1", call);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	k->gate.hold = "call/";
	tool_start_as(&late, call, 1, 5, "save", "77");
	kit_until(k->gate.is_held);
	assert_int_equal(attach(&g, "w2", token), 200);
	gate_release(&k->gate);
	kit_wait(&late);
	assert_int_equal(late.status, 409);
	assert_string_equal(got_error(&late), "stale");
	assert_int_equal(k->s.effects, 0);
	assert_int_equal(documents_of(k->s.w.a, "tools/"), 0);
	got_drop(&late);
	got_drop(&g);
}

/* The old worker's snapshot was judged before the attach and is stored behind it: refused, not only lost. */
static void test_a_snapshot_that_comes_too_late(void **state)
{
	struct got g = { .done = 0 }, late = { .done = 0 };
	struct hook after = hook_after();
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX];
	uint8_t bytes[100];

	(void)state;
	worker_has_none("w1");
	worker_has_none("w2");
	kit_live("w1", call);
	assert_int_equal(snapshot(&g, call, "1", "first"), 204);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	k->gate.hold = "snapshot/";
	snapshot_start(&late, call, "1", "late");
	kit_until(k->gate.is_held);
	assert_int_equal(attach(&g, "w2", token), 200);
	assert_int_equal(member_bytes(&g, "snapshot", bytes, sizeof(bytes)), 5);
	gate_release(&k->gate);
	kit_wait(&late);
	assert_int_equal(late.status, 409);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(attach(&g, "w1", token), 200);
	assert_int_equal(member_bytes(&g, "snapshot", bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "first", 5);
	got_drop(&late);
	got_drop(&g);
}

/* Also when there was no snapshot yet. */
static void test_a_first_snapshot_that_comes_too_late(void **state)
{
	struct got g = { .done = 0 }, late = { .done = 0 };
	struct hook after = hook_after();
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	k->gate.hold = "snapshot/";
	snapshot_start(&late, call, "1", "late");
	kit_until(k->gate.is_held);
	assert_int_equal(attach(&g, "w1", token), 200);
	assert_true(json_is_null(json_object_get(g.json, "snapshot")));
	gate_release(&k->gate);
	kit_wait(&late);
	assert_int_equal(late.status, 409);
	assert_int_equal(snapshot(&g, call, "2", "second"), 204);
	got_drop(&late);
	got_drop(&g);
}

/* A snapshot that was taken while the attach was under way is the one that is handed over. */
static void test_a_snapshot_just_before_the_attach(void **state)
{
	struct got g = { .done = 0 }, attaching = { .done = 0 };
	struct hook after = hook_after();
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX];
	uint8_t bytes[100];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	k->gate.hold = "call/";
	attach_start(&attaching, "w2", token, "twilio", ACCOUNT, CALL_SID);
	kit_until(k->gate.is_held);
	assert_int_equal(snapshot(&g, call, "1", "newest"), 204);
	gate_release(&k->gate);
	kit_wait(&attaching);
	assert_int_equal(attaching.status, 200);
	assert_int_equal(member_bytes(&attaching, "snapshot", bytes, sizeof(bytes)), 6);
	assert_memory_equal(bytes, "newest", 6);
	got_drop(&attaching);
	got_drop(&g);
}

/* A long call's snapshot goes up and comes down whole; a larger one is refused, and the one before stays. */
static void test_a_snapshot_of_the_largest_size(void **state)
{
	const size_t len = CALLS_SNAPSHOT_MAX_BYTES;
	char *large = malloc(len + 2), call[CALL_ID_MAX];
	uint8_t *back = malloc(len + 2);
	struct hook after = hook_after();
	struct got g = { .done = 0 };

	(void)state;
	assert_true(large && back);
	memset(large, 's', len + 1);
	large[len + 1] = 0;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(snapshot(&g, call, "1", large + 1), 204);
	assert_int_equal(snapshot(&g, call, "1", large), 413);
	assert_int_equal(hook(&g, &after), 200);
	assert_int_equal(attach(&g, "w2", offer_token(&g)), 200);
	assert_int_equal(member_bytes(&g, "snapshot", back, len + 2), len);
	assert_memory_equal(back, large, len);
	got_drop(&g);
	free(large);
	free(back);
}

/* An attach that is overtaken by a later one does not give the call away twice. */
static void test_an_attach_that_is_overtaken(void **state)
{
	struct got g = { .done = 0 }, slow = { .done = 0 };
	struct hook after = hook_after();
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX];

	(void)state;
	worker_has_none("w1");
	worker_has_none("w2");
	kit_live("w1", call);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	k->gate.hold = "snapshot/";
	attach_start(&slow, "w2", token, "twilio", ACCOUNT, CALL_SID);
	kit_until(k->gate.is_held);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(attach(&g, "w3", token), 200);
	assert_int_equal(got_number(&g, "epoch"), 3);
	gate_release(&k->gate);
	kit_wait(&slow);
	assert_int_equal(slow.status, 409);
	assert_string_equal(got_error(&slow), "stale");
	got_drop(&slow);
	got_drop(&g);
}

/* ------------------------------------------------------------------ what workers ask */

static void test_tools_once(void **state)
{
	struct got one = { .done = 0 }, two = { .done = 0 }, g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	tool_start_as(&one, call, 1, 1, "save", "5");
	tool_start_as(&two, call, 1, 1, "save", "5");
	kit_wait(&one);
	kit_wait(&two);
	assert_int_equal(one.status, 200);
	assert_int_equal(two.status, 200);
	assert_string_equal(got_text(&one, "text"), "{\"reference\":\"R-1\"}");
	assert_string_equal(got_text(&two, "text"), "{\"reference\":\"R-1\"}");
	assert_int_equal(k->s.effects, 1);
	assert_int_equal(tool(&g, call, 1, 1, "save", "6"), 200); /* something else under the same key */
	assert_string_equal(got_text(&g, "status"), "error");
	assert_non_null(strstr(got_text(&g, "text"), "already_done"));
	assert_int_equal(tool(&g, call, 1, 2, "nonesuch", "6"), 200);
	assert_string_equal(got_text(&g, "status"), "error");
	assert_int_equal(k->s.effects, 1);
	assert_int_equal(ended(&g, call, 1, "caller", ""), 204);
	assert_int_equal(tool(&g, call, 1, 3, "save", "7"), 409);
	assert_int_equal(k->s.effects, 1);
	got_drop(&one);
	got_drop(&two);
	got_drop(&g);
}

/* What was recorded under a key stays: the same key with something else, and a request that comes again behind a later one, change nothing. */
static void test_an_outcome_is_recorded_once_under_a_key(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(tool_built_in(&g, call, 1, "record_outcome", "{\"outcome\":\"gone\"}"), 200);
	assert_int_equal(tool_built_in(&g, call, 2, "record_outcome", "{\"outcome\":\"told\"}"), 200);
	kit_restart();
	worker_has("w1", call, 1);
	assert_int_equal(tool_built_in(&g, call, 2, "record_outcome", "{\"outcome\":\"gone\"}"), 200);
	assert_string_equal(got_text(&g, "status"), "error");
	assert_non_null(strstr(got_text(&g, "text"), "already_done"));
	assert_int_equal(tool_built_in(&g, call, 1, "record_outcome", "{\"outcome\":\"gone\"}"), 200);
	assert_string_equal(got_text(&g, "status"), "ok");
	assert_int_equal(ended(&g, call, 1, "caller", ""), 204);
	assert_string_equal(call_outcome(call), "told neutral");
	got_drop(&g);
}

/* Written down in the call: it stands where the end names none, whoever ends the call. */
static void test_an_outcome_is_recorded_without_ending(void **state)
{
	static const struct { const char *reason, *named, *outcome; } ends[] = { { "caller", "", "told neutral" }, { "caller", "done", "done success" } };
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(tool_built_in(&g, call, 1, "record_outcome", "{\"outcome\":\"gone\"}"), 200);
	assert_string_equal(got_text(&g, "status"), "ok");
	assert_int_equal(tool_built_in(&g, call, 2, "record_outcome", "{\"outcome\":\"told\"}"), 200);
	assert_int_equal(tool_built_in(&g, call, 2, "record_outcome", "{\"outcome\":\"told\"}"), 200);
	assert_string_equal(got_text(&g, "status"), "ok");
	assert_int_equal(tool_built_in(&g, call, 3, "record_outcome", "{\"outcome\":\"nonesuch\"}"), 200);
	assert_string_equal(got_text(&g, "status"), "error");
	assert_string_equal(call_state(call), "live ");
	kit_restart();
	worker_has("w1", call, 1);
	for (unsigned int i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		assert_int_equal(ended(&g, call, 1, ends[i].reason, ends[i].named), 204);
		assert_string_equal(call_outcome(call), ends[i].outcome);
	}
	assert_int_equal(k->s.effects, 0);
	got_drop(&g);
}

/* Outside bytes. */
static void test_what_is_no_request(void **state)
{
	static const char *const tools[] = { "{}", "[]", "", "{\"epoch\":1}", "{\"epoch\":0,\"turn\":1,\"index\":0,\"tool\":\"save\",\"arguments\":\"{}\"}",
		"{\"epoch\":1,\"index\":0,\"tool\":\"save\",\"arguments\":\"{}\"}", "{\"epoch\":1,\"turn\":-1,\"index\":0,\"tool\":\"save\",\"arguments\":\"{}\"}",
		"{\"epoch\":1,\"turn\":1,\"index\":0,\"tool\":7,\"arguments\":\"{}\"}", "{\"epoch\":1,\"turn\":1,\"index\":0,\"tool\":\"save\",\"arguments\":{}}",
		"{\"epoch\":1,\"epoch\":1,\"turn\":1,\"index\":0,\"tool\":\"save\",\"arguments\":\"{}\"}" };
	static const char *const attaches[] = { "{}", "7", "{\"worker\":\"w1\",\"token\":\"x\"}", "{\"worker\":\"W 1\",\"token\":\"x\",\"carrier\":{}}",
		"{\"worker\":\"\",\"token\":\"x\",\"carrier\":{}}", "{\"worker\":\"w1\",\"token\":5,\"carrier\":{}}" };
	static const char *const epochs[] = { "", "0", "-1", "x", "1x", "99999999999999999999", "+1" };
	char call[CALL_ID_MAX], path[100];
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/tools", call);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		assert_int_equal(ask_as_worker(&g, HTTP_POST, path, tools[i]), 400);
	for (size_t i = 0; i < sizeof(attaches) / sizeof(attaches[0]); i++)
		assert_int_equal(ask_as_worker(&g, HTTP_POST, "/internal/v1/attach", attaches[i]), 400);
	for (size_t i = 0; i < sizeof(epochs) / sizeof(epochs[0]); i++)
		assert_int_equal(snapshot(&g, call, epochs[i], "x"), 400);
	assert_int_equal(snapshot(&g, call, "1", ""), 400);
	snprintf(path, sizeof(path), "/internal/v1/calls/%sff/tools", call); /* not the call that it begins with */
	assert_int_equal(ask_as_worker(&g, HTTP_POST, path, "{\"epoch\":1,\"turn\":1,\"index\":0,\"tool\":\"save\",\"arguments\":\"{}\"}"), 404);
	assert_int_equal(snapshot(&g, "00000000000000000000000000000001", "1", "x"), 404);
	assert_int_equal(k->s.effects, 0);
	got_drop(&g);
}

/* Nobody has it yet, so nobody can speak for it. */
static void test_a_call_that_waits_has_no_worker(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], path[100];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/calls", NULL), 200);
	snprintf(call, sizeof(call), "%s", json_string_value(json_object_get(json_array_get(json_object_get(g.json, "calls"), 0), "call")));
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/ended", call);
	assert_int_equal(ask_as_worker(&g, HTTP_POST, path, "{\"epoch\":0,\"reason\":\"caller\"}"), 400);
	assert_int_equal(ask_as_worker(&g, HTTP_POST, path, "{\"reason\":\"caller\"}"), 400);
	assert_int_equal(ended(&g, call, 1, "caller", ""), 409);
	assert_int_equal(snapshot(&g, call, "1", "x"), 409);
	assert_string_equal(call_state(call), "waiting ");
	got_drop(&g);
}

/* Only voice workers: not people, not other services, not nobody. */
static void test_who_may_ask_as_a_worker(void **state)
{
	static const char *const paths[] = { "/internal/v1/workers", "/internal/v1/attach", "/internal/v1/calls/00000000000000000000000000000001/tools",
		"/internal/v1/calls/00000000000000000000000000000001/ended" };
	struct got g = { .done = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(ask_as(&g, "X-Nothing: 1", HTTP_POST, paths[i], "{}"), 401);
		assert_int_equal(ask_as_person(&g, "admin", HTTP_POST, paths[i], "{}"), 401); /* of another audience */
		assert_int_equal(ask_as(&g, bearer_service(k->conductor_key, &kit_inside), HTTP_POST, paths[i], "{}"), 403);
	}
	got_drop(&g);
}

/* Nobody named an outcome: the book says what such a call came to, by how it ended and by what was known then. */
static void test_a_call_that_nobody_finished(void **state)
{
	static const char *const known[] = { "{\"you\":\"yes\"}", "{\"you\":{\"of\":[1,null]}}", "{}", "[\"you\"]", "\"you\"", "null",
		"{\"end\":\"voicemail\"}", "{\"end\":\"voicemail\",\"you\":\"yes\"}", "{\"end\":\"hangup\"}", "{\"end\":[\"voicemail\"]}" };
	static const char *const wanted[] = { "told neutral", "gone failure", "gone failure", "gone failure", "gone failure", "gone failure",
		"machine neutral", "told neutral", "gone failure", "gone failure" };
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], path[100], body[200];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/ended", call);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		snprintf(body, sizeof(body), "{\"epoch\":1,\"reason\":\"lost\",\"known\":%s}", known[i]);
		assert_int_equal(ask_as_worker(&g, HTTP_POST, path, body), 204);
		assert_string_equal(call_outcome(call), wanted[i]);
	}
	assert_int_equal(ask_as_worker(&g, HTTP_POST, path, "{\"epoch\":1,\"reason\":\"lost\",\"outcome\":\"done\",\"known\":{\"you\":\"yes\"}}"), 204);
	assert_string_equal(call_outcome(call), "done success"); /* the agent named it */
	got_drop(&g);
}

/* The conductor is started again, and the book it pinned is none any more. */
static void book_spoil(const char *call)
{
	unsigned int done = 0;
	struct got g = { .done = 0 };
	char key[DOCUMENT_KEY_MAX];

	assert_int_equal(call_get(&g, call), 200);
	book_key(got_text(&g, "hash"), key);
	kit_put_start(k->s.w.a, key, "nothing", 7, &done);
	kit_until(done);
	kit_calls_close();
	kit_calls_open();
	got_drop(&g);
}

/* A book that cannot be had any more is no reason to keep a call open. */
static void test_the_end_without_a_book(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	book_spoil(call);
	worker_has("w1", call, 1);
	assert_int_equal(ended(&g, call, 1, "caller", "told"), 204);
	assert_string_equal(call_outcome(call), "told ");
	assert_string_equal(call_state(call), "ended caller");
	got_drop(&g);
}

#define HA7 "\\u0939\\u0939\\u0939\\u0939\\u0939\\u0939\\u0939"

/* The worker knows more a moment later, and knows better than who ended the call without it. */
static void test_the_end_is_told_again_with_more(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(ended(&g, call, 1, "caller", ""), 204);
	assert_string_equal(call_outcome(call), "done success"); /* what the book says of it */
	clock_pass(1000);
	assert_int_equal(ended(&g, call, 1, "caller", "told"), 204);
	assert_string_equal(call_outcome(call), "told neutral");
	assert_int_equal(call_get(&g, call), 200);
	assert_int_equal((uint64_t)got_number(&g, "ended_ms"), k->now_ms - 1000);
	assert_int_equal(ended(&g, call, 1, "caller", "x" HA7 HA7 HA7), 204);
	assert_string_equal(call_outcome(call), "done success"); /* the book has no such outcome */
	assert_int_equal(snapshot(&g, call, "1", "x"), 204); /* taken note of, kept by nobody */
	assert_int_equal(documents_of(k->s.w.a, "snapshot/"), 0);
	got_drop(&g);
}

/* ------------------------------------------------------------------ a store that fails */

/* Nothing is acknowledged that is not stored; when the store is back, all goes on. */
static void store_fails(enum err err, bool answers)
{
	struct got g = { .done = 0 };
	struct hook after = hook_after();
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX];

	k->gate.answers = answers;
	worker_has_none("w1");
	k->gate.refuse_puts = err;
	assert_int_equal(hook(&g, &hook_voice), 503);
	k->gate.refuse_puts = ERR_NONE;
	kit_live("w1", call);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	k->gate.refuse_puts = err;
	assert_int_equal(attach(&g, "w1", token), 503);
	assert_int_equal(snapshot(&g, call, "1", "x"), 503);
	assert_int_equal(tool(&g, call, 1, 1, "save", "5"), 503);
	assert_int_equal(k->s.effects, 0);
	assert_int_equal(ended(&g, call, 1, "caller", ""), 503);
	k->gate.refuse_gets = err;
	assert_int_equal(call_get(&g, call), 503);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/calls", NULL), 503);
	assert_int_equal(hook(&g, &hook_voice), 503);
	assert_int_equal(attach(&g, "w1", token), 503);
	k->gate.refuse_puts = k->gate.refuse_gets = ERR_NONE;
	assert_string_equal(call_state(call), "live ");
	assert_int_equal(attach(&g, "w1", token), 200);
	assert_int_equal(got_number(&g, "epoch"), 2);
	assert_int_equal(documents_of(k->s.w.a, "call/"), 1);
	got_drop(&g);
}

static void test_a_full_disk(void **state)
{
	(void)state;
	store_fails(ERR_FULL, true);
}

/* A tool that cannot be written down was not asked for, and that is said; unless an earlier request under its key was. */
static void test_a_tool_that_cannot_be_written_down(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	for (int answers = 0; answers < 2; answers++) {
		k->gate.answers = answers;
		k->gate.refuse_puts = ERR_FULL;
		assert_int_equal(tool(&g, call, 1, 1 + (unsigned int)answers, "save", "5"), 503);
		assert_string_equal(got_error(&g), "not_dispatched");
		assert_int_equal(k->s.effects, (unsigned int)answers);
		k->gate.refuse_puts = ERR_NONE;
		assert_int_equal(tool(&g, call, 1, 1 + (unsigned int)answers, "save", "5"), 200);
		k->gate.refuse_puts = ERR_FULL;
		assert_int_equal(tool(&g, call, 1, 1 + (unsigned int)answers, "save", "5"), 503);
		assert_string_equal(got_error(&g), "unavailable");
		k->gate.refuse_puts = ERR_NONE;
	}
	k->gate.refuse_gets = ERR_IO; /* nobody knows what there is */
	assert_int_equal(tool(&g, call, 1, 9, "save", "5"), 503);
	assert_string_equal(got_error(&g), "unavailable");
	k->gate.refuse_gets = ERR_NONE;
	assert_int_equal(k->s.effects, 2);
	got_drop(&g);
}

static void test_a_store_that_takes_nothing(void **state)
{
	(void)state;
	store_fails(ERR_BUSY, false);
}

/* Refused after any number of changes (book, index, open entry, token, call): the webhook is repeated and finds one whole call. */
static void test_a_store_that_fails_at_any_change(void **state)
{
	struct hook h = hook_voice;
	struct got g = { .done = 0 };
	char sid[CARRIER_ID_MAX];

	(void)state;
	worker_has_none("w1");
	k->gate.answers = true;
	h.sid = sid;
	for (unsigned int spares = 0; spares <= 5; spares++) {
		snprintf(sid, sizeof(sid), "CA%032u", spares);
		k->gate.refuse_puts = ERR_IO;
		k->gate.spares = spares;
		assert_int_equal(hook(&g, &h), spares < 5 ? 503 : 200);
		k->gate.refuse_puts = ERR_NONE;
		assert_int_equal(hook(&g, &h), 200);
		assert_int_equal(documents_of(k->s.w.a, "call/"), spares + 1);
		assert_int_equal(documents_of(tenant_house(), "call/"), spares + 1);
		assert_int_equal(documents_of(tenant_house(), "open/"), spares + 1);
		assert_int_equal(attach_of(&g, "w1", offer_token(&g), "twilio", ACCOUNT, sid), 200);
		assert_int_equal(got_number(&g, "epoch"), 1);
	}
	got_drop(&g);
}

/* Who asks while the conductor closes is answered; who is on the line asks again. */
static void test_closing_with_requests_under_way(void **state)
{
	struct got one = { .done = 0 }, two = { .done = 0 };
	struct hook after = hook_after();
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	k->gate.hold = "call/";
	hook_start(&one, &after);
	kit_until(k->gate.is_held);
	snapshot_start(&two, call, "1", "x");
	calls_close(&k->calls);
	tenant_drop(&k->gate.tenant);
	free(k->gate.value);
	k->gate.is_held = false;
	kit_wait(&one);
	assert_int_equal(one.status, 200);
	assert_non_null(strstr(one.body, "<Redirect method=\"POST\">" PUBLIC_URL "/webhooks/twilio/after?visit=1&amp;attempt=1</Redirect>"));
	http_server_close(&k->server, kit_server_closed, k);
	http_exchange_cancel(&two.exchange);
	world_wait(&k->s.w, &k->closed, 1);
	kit_calls_open();
	got_drop(&one);
	got_drop(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_call_that_loses_its_worker, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_worker_with_a_model_is_told_the_prompt, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_P25_tokens_that_are_not_good, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_one_attach_ends_all_tokens, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_two_attach_at_once, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_tool_that_comes_too_late, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_snapshot_that_comes_too_late, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_first_snapshot_that_comes_too_late, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_snapshot_just_before_the_attach, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_snapshot_of_the_largest_size, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_attach_that_is_overtaken, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_tools_once, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_outcome_is_recorded_once_under_a_key, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_outcome_is_recorded_without_ending, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_what_is_no_request, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_waits_has_no_worker, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_who_may_ask_as_a_worker, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_nobody_finished, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_end_without_a_book, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_end_is_told_again_with_more, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_full_disk, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_store_that_takes_nothing, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_tool_that_cannot_be_written_down, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_store_that_fails_at_any_change, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_closing_with_requests_under_way, kit_begin, kit_end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
