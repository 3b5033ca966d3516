/* A worker's provider keys, against a conductor that is a real HTTP server: one request for many calls, the hour, refusals, and nothing left
 * of a key behind its last owner. */
#include "socketkit.h"

#include "base/provider_names.h"
#include "logkit.h"
#include "memorykit.h"
#include "voice/worker/conductor_state.h"
#include "voice/worker/provider_keys.h"

enum { ASKERS = 4 };

/* The conductor's side. */
static struct {
	unsigned int asked, refusals; /* so many are refused still */
	unsigned int status;          /* 0: the keys */
	bool holds;
	struct http_request *held;
	char call[40], body[300];
} desk_keys;

static struct asker {
	unsigned int done;
	enum err err;
	struct provider_keys *keys;
	struct provider_keys_wait *wait;
} askers[ASKERS];

static char *planted;
static struct provider_keys_cache *cache;
static unsigned int dues, attaches;
static struct provider_keys *attached_keys;

/* ------------------------------------------------------------------ the conductor's side */

static void body_write(struct buf *b, const struct id128 *tenant, const char *key)
{
	char name[33];

	id128_print(tenant, name);
	json_open(b, '{');
	json_pair_string(b, "tenant_id", name);
	json_put_key(b, "keys");
	json_open(b, '{');
	json_pair_string(b, PROVIDER_KEY_DEEPGRAM, key);
	json_close(b, '}');
	json_close(b, '}');
}

static struct id128 tenant_of_a(void)
{
	struct id128 tenant;

	tenant_id(k->w.a, tenant.bytes);
	return tenant;
}

static void keys_reply(struct http_request *r)
{
	json_t *o = body_read(r);
	struct id128 tenant;
	struct buf b;

	assert_int_equal(id128_parse(&tenant, json_string_value(json_object_get(o, "tenant_id"))), ERR_NONE);
	json_decref(o);
	buf_init_private(&b, 4096);
	body_write(&b, &tenant, planted);
	http_reply_json(r, 200, &b);
	buf_fini(&b);
}

static void on_keys(struct http_request *r, void *arg)
{
	size_t len;
	const char *body = http_body(r, &len);

	(void)arg;
	desk_keys.asked++;
	snprintf(desk_keys.call, sizeof(desk_keys.call), "%s", http_param(r, "call"));
	snprintf(desk_keys.body, sizeof(desk_keys.body), "%.*s", (int)len, body);
	if (desk_keys.holds) {
		desk_keys.held = r;
	} else if (desk_keys.refusals) {
		desk_keys.refusals--;
		http_reply_error(r, 409, "stale", "no", NULL, NULL);
	} else if (desk_keys.status) {
		http_reply_error(r, desk_keys.status, "no", "no", NULL, NULL);
	} else {
		keys_reply(r);
	}
}

static const struct http_route routes[] = { { HTTP_POST, "/internal/v1/calls/:call/keys", on_keys, 0, 0 }, { .method = HTTP_METHOD_NONE } };

/* ------------------------------------------------------------------ the world */

static int begin_with(void **state, bool wants_keys, bool skips)
{
	kit_wants_keys = wants_keys;
	memset(&desk_keys, 0, sizeof(desk_keys));
	memset(askers, 0, sizeof(askers));
	dues = attaches = 0;
	planted = memory_plant();
	if (kit_begin_at(state, skips))
		return -1;
	assert_int_equal(http_server_mount(k->c.server, routes, NULL), ERR_NONE);
	cache = k->conductor->keys;
	assert_true(!cache == !wants_keys);
	return 0;
}

static int begin(void **state) { return begin_with(state, true, false); }
static int begin_skipping(void **state) { return begin_with(state, true, true); }
static int begin_without(void **state) { return begin_with(state, false, false); }

static int end(void **state)
{
	if (desk_keys.held)
		http_reply(desk_keys.held, 204, NULL, NULL, 0);
	for (int i = 0; i < ASKERS; i++) {
		provider_keys_cancel(&askers[i].wait);
		provider_keys_release(&askers[i].keys);
	}
	kit_wants_keys = false;
	if (kit_end(state))
		return -1;
	sodium_free(planted);
	return 0;
}

static void on_told(void *arg, enum err err, struct provider_keys *keys)
{
	struct asker *a = arg;

	assert_null(a->wait);
	a->done++;
	a->err = err;
	provider_keys_release(&a->keys);
	a->keys = keys;
}

/* Each asks for a call of its own: its number is the call's last byte. */
static void ask_of(unsigned int i, struct id128 tenant)
{
	struct provider_keys_call call = { .tenant = tenant, .epoch = 1 };

	call.call.bytes[15] = (uint8_t)(i + 1);
	askers[i].done = 0;
	assert_int_equal(provider_keys_start(&askers[i].wait, cache, &call, on_told, &askers[i]), ERR_NONE);
	assert_int_equal(askers[i].done, 0);
}

static void ask(unsigned int i) { ask_of(i, tenant_of_a()); }

static bool has_key(const struct provider_keys *keys)
{
	const char *key = provider_key(keys, PROVIDER_KEY_DEEPGRAM);

	return key && !strcmp(key, planted);
}

static void held_wait(void)
{
	uv_timer_start(&k->w.deadline, world_late, 30000, 0);
	while (!desk_keys.held)
		uv_run(&k->w.loop, UV_RUN_ONCE);
	uv_timer_stop(&k->w.deadline);
}

static void held_reply(void)
{
	struct http_request *r = desk_keys.held;

	desk_keys.held = NULL;
	desk_keys.holds = false;
	keys_reply(r);
}

static void on_due(void *arg)
{
	(void)arg;
	dues++;
}

/* On a clock that skips. */
static void pass(uint64_t seconds)
{
	struct clock_timer timer = { .is_set = false };

	clock_timer_set(&timer, k->clock, clock_now_us(k->clock) + seconds * 1000000, on_due, NULL);
	kit_wait(&dues, dues + 1);
}

/* ------------------------------------------------------------------ reading */

static enum err read_text(struct provider_keys **keys, const char *text)
{
	const struct id128 tenant = { .bytes = { 1 } };

	return provider_keys_read(keys, &tenant, text, strlen(text));
}

#define OF_TENANT "\"tenant_id\":\"01000000000000000000000000000000\""

static void test_what_an_answer_may_say(void **state)
{
	struct provider_keys *keys;

	(void)state;
	assert_int_equal(read_text(&keys, "{" OF_TENANT ",\"keys\":{}}"), ERR_NONE);
	assert_null(provider_key(keys, PROVIDER_KEY_OPENAI));
	provider_keys_release(&keys);
	assert_null(keys);
	assert_int_equal(read_text(&keys, "{\"keys\":{\"openai.api_key\":\"a\\\"b\\\\\",\"later.api_key\":\"x\",\"cartesia.api_key\":\"c\"},"
		"\"more\":{\"sarvam.api_key\":\"s\"}," OF_TENANT "}"), ERR_NONE);
	assert_string_equal(provider_key(keys, PROVIDER_KEY_OPENAI), "a\"b\\");
	assert_string_equal(provider_key(keys, PROVIDER_KEY_CARTESIA), "c");
	assert_null(provider_key(keys, "later.api_key")); /* no name of ours */
	assert_null(provider_key(keys, PROVIDER_KEY_SARVAM));
	provider_keys_release(&keys);
	assert_null(provider_key(NULL, PROVIDER_KEY_OPENAI));
	provider_keys_release(&keys);
}

static void test_answers_that_are_none(void **state)
{
	static const char *const texts[] = { "", "x", "null", "[]", "{}", "{\"keys\":{}}", "{" OF_TENANT "}", "{" OF_TENANT ",\"keys\":[]}",
		"{" OF_TENANT ",\"keys\":null}",
		"[{" OF_TENANT ",\"keys\":{}}]", "{\"tenant_id\":\"02000000000000000000000000000000\",\"keys\":{\"openai.api_key\":\"a\"}}",
		"{" OF_TENANT ",\"keys\":{\"openai.api_key\":1}}", "{" OF_TENANT ",\"keys\":{\"openai.api_key\":\"\"}}",
		"{" OF_TENANT ",\"keys\":{\"openai.api_key\":\"a\\nb\"}}",
		"{" OF_TENANT ",\"keys\":{\"openai.api_key\":\"\\u00e9\"}}", "{" OF_TENANT ",\"keys\":{\"openai.api_key\":{}}}", "{" OF_TENANT ",\"keys\":{}}}",
		"{" OF_TENANT ",\"keys\":{\"openai.api_key\":\"\\ud800\"}}" };
	struct provider_keys *keys;
	static char large[2 * SECRET_MAX_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_not_equal(read_text(&keys, texts[i]), ERR_NONE);
		assert_null(keys);
	}
	snprintf(large, sizeof(large), "{" OF_TENANT ",\"keys\":{\"openai.api_key\":\"%0*d\"}}", SECRET_MAX_BYTES, 0);
	assert_int_equal(read_text(&keys, large), ERR_NONE);
	provider_keys_release(&keys);
	snprintf(large, sizeof(large), "{" OF_TENANT ",\"keys\":{\"openai.api_key\":\"%0*d\"}}", SECRET_MAX_BYTES + 1, 0);
	assert_int_not_equal(read_text(&keys, large), ERR_NONE);
}

/* A whole answer, cut anywhere or with a byte changed. */
static void test_a_damaged_answer(void **state)
{
	const char *text = "{" OF_TENANT ",\"keys\":{\"openai.api_key\":\"a\\u0041\",\"cartesia.api_key\":\"c\"}}";
	struct provider_keys *keys;
	char damaged[200];

	(void)state;
	for (size_t i = 0; i < strlen(text); i++) {
		snprintf(damaged, sizeof(damaged), "%s", text);
		damaged[i] = 0;
		assert_int_not_equal(read_text(&keys, damaged), ERR_NONE);
		for (unsigned int bit = 1; bit < 256; bit <<= 1) {
			snprintf(damaged, sizeof(damaged), "%s", text);
			damaged[i] = (char)((unsigned char)damaged[i] ^ bit);
			if (!read_text(&keys, damaged))
				provider_keys_release(&keys);
		}
	}
}

/* ------------------------------------------------------------------ one request for many */

static void test_one_request_for_all_who_wait(void **state)
{
	(void)state;
	desk_keys.holds = true;
	ask(0);
	ask(1);
	held_wait();
	ask(2);
	assert_string_equal(desk_keys.call, "00000000000000000000000000000001");
	assert_non_null(strstr(desk_keys.body, "\"epoch\":1,\"worker\":\"w1\","));
	held_reply();
	kit_wait(&askers[2].done, 1);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(askers[i].done, 1);
		assert_int_equal(askers[i].err, ERR_NONE);
		assert_true(has_key(askers[i].keys));
	}
	assert_int_equal(desk_keys.asked, 1);
	assert_ptr_equal(askers[0].keys, askers[2].keys);
}

static void test_another_tenant_asks_for_itself(void **state)
{
	struct id128 other;

	(void)state;
	tenant_id(k->w.b, other.bytes);
	ask(0);
	ask_of(1, other);
	kit_wait(&askers[0].done, 1);
	kit_wait(&askers[1].done, 1);
	assert_int_equal(desk_keys.asked, 2);
	assert_ptr_not_equal(askers[0].keys, askers[1].keys);
	assert_non_null(attached_keys = provider_keys_fresh(cache, &other));
	assert_ptr_equal(attached_keys, askers[1].keys);
	provider_keys_release(&attached_keys);
}

/* The one whose call is another worker's gets none, whatever the cache has; the others ask for their own calls. */
static void test_a_refusal_is_the_askers_alone(void **state)
{
	(void)state;
	ask(3);
	kit_wait(&askers[3].done, 1);
	desk_keys.holds = true;
	ask(0);
	held_wait();
	ask(1);
	ask(2);
	desk_keys.holds = false;
	http_reply_error(desk_keys.held, 409, "stale", "no", NULL, NULL);
	desk_keys.held = NULL;
	kit_wait(&askers[2].done, 1);
	assert_int_equal(askers[0].err, ERR_CLOSED);
	assert_null(askers[0].keys);
	assert_int_equal(askers[1].err, ERR_NONE);
	assert_true(has_key(askers[1].keys) && has_key(askers[2].keys));
	assert_int_equal(desk_keys.asked, 3);
	assert_string_equal(desk_keys.call, "00000000000000000000000000000002");
	desk_keys.status = 403;
	ask(0);
	kit_wait(&askers[0].done, 1);
	assert_int_equal(askers[0].err, ERR_DENIED);
	assert_null(askers[0].keys);
}

static void test_cancelled_while_others_wait(void **state)
{
	(void)state;
	desk_keys.holds = true;
	ask(0);
	ask(1);
	ask(2);
	held_wait();
	provider_keys_cancel(&askers[0].wait); /* the asker */
	assert_null(askers[0].wait);
	provider_keys_cancel(&askers[1].wait);
	held_reply();
	kit_wait(&askers[2].done, 1);
	assert_true(has_key(askers[2].keys));
	assert_int_equal(askers[0].done + askers[1].done, 0);
	desk_keys.holds = true;
	ask(0);
	held_wait();
	provider_keys_cancel(&askers[0].wait); /* nobody waits any more: the request is given up */
	assert_int_equal(http_client_exchanges(k->conductor->client), k->conductor->report != NULL);
}

/* ------------------------------------------------------------------ time */

static void test_nobody_waits_for_longer(void **state)
{
	uint64_t before = kit_now();

	(void)state;
	desk_keys.holds = true;
	ask(0);
	held_wait();
	kit_wait(&askers[0].done, 1);
	assert_int_equal(askers[0].err, ERR_TIMEOUT);
	assert_null(askers[0].keys);
	assert_true(kit_now() - before >= 1900000 && kit_now() - before < 3000000);
}

static void test_old_ones_for_an_hour(void **state)
{
	struct id128 tenant = tenant_of_a();
	struct provider_keys *keys;

	(void)state;
	ask(0);
	kit_wait(&askers[0].done, 1);
	pass(PROVIDER_KEYS_FRESH_S - 5);
	keys = provider_keys_fresh(cache, &tenant);
	assert_true(has_key(keys));
	provider_keys_release(&keys);
	pass(10);
	assert_null(provider_keys_fresh(cache, &tenant));
	desk_keys.status = 503;
	ask(1);
	kit_wait(&askers[1].done, 1);
	assert_int_equal(askers[1].err, ERR_UNAVAILABLE);
	assert_true(has_key(askers[1].keys));
	pass(PROVIDER_KEYS_OLD_S);
	ask(2);
	kit_wait(&askers[2].done, 1);
	assert_int_equal(askers[2].err, ERR_UNAVAILABLE);
	assert_null(askers[2].keys);
	assert_true(has_key(askers[0].keys)); /* a call has them as long as it is here */
	desk_keys.status = 0;
	ask(2);
	kit_wait(&askers[2].done, 1);
	assert_true(has_key(askers[2].keys));
}

static void test_more_tenants_than_places(void **state)
{
	struct id128 tenant = { .bytes = { 7 } };
	struct provider_keys *keys;

	(void)state;
	for (unsigned int i = 0; i <= PROVIDER_KEYS_TENANTS_MAX; i++) {
		tenant.bytes[1] = (uint8_t)i;
		ask_of(0, tenant);
		kit_wait(&askers[0].done, 1);
		assert_true(has_key(askers[0].keys));
	}
	keys = provider_keys_fresh(cache, &tenant);
	assert_non_null(keys);
	provider_keys_release(&keys);
	tenant.bytes[1] = 0; /* the oldest */
	assert_null(provider_keys_fresh(cache, &tenant));
}

/* ------------------------------------------------------------------ with an attach */

static void on_attached_h(void *arg, enum err err, const struct conductor_attached *a)
{
	(void)arg;
	assert_int_equal(err, ERR_NONE);
	provider_keys_release(&attached_keys);
	attached_keys = provider_keys_share(a->keys);
	attaches++;
}

static void attach(struct conductor_attach **slot)
{
	static const struct conductor_carrier carrier = { "twilio", "AC1", "CA1", "MZ1" };

	assert_int_equal(conductor_attach_start(slot, k->conductor, kit_token_new(), &carrier, on_attached_h, NULL), ERR_NONE);
}

static void test_an_attach_brings_them(void **state)
{
	struct conductor_attach *a;

	(void)state;
	attach(&a);
	kit_wait(&attaches, 1);
	assert_null(a);
	assert_true(has_key(attached_keys));
	assert_string_equal(desk_keys.call, k->c.name);
	attach(&a);
	kit_wait(&attaches, 2);
	assert_true(has_key(attached_keys));
	assert_int_equal(desk_keys.asked, 1); /* they were fresh */
	provider_keys_release(&attached_keys);
}

static void test_none_are_asked_for_where_none_are_wanted(void **state)
{
	struct conductor_attach *a;

	(void)state;
	attach(&a);
	kit_wait(&attaches, 1);
	assert_null(attached_keys);
	assert_int_equal(desk_keys.asked, 0);
}

/* The call goes on, and the log says why. */
static void test_an_attach_without_them(void **state)
{
	static struct logkit log;
	struct conductor_attach *a;
	json_t *line;

	(void)state;
	logkit_begin(&log, LOG_LEVEL_WARN);
	desk_keys.status = 503;
	attach(&a);
	kit_wait(&attaches, 1);
	assert_null(attached_keys);
	assert_int_equal(logkit_count(&log, "doing", "fetching the keys of its providers", &line), 1);
	logkit_expect(line, "level", "error");
	logkit_expect(line, "call", k->c.name);
	logkit_expect(line, "error", err_name(ERR_UNAVAILABLE));
	logkit_end(&log);
}

static void test_an_attach_that_is_cancelled(void **state)
{
	struct conductor_attach *a;

	(void)state;
	desk_keys.holds = true;
	attach(&a);
	held_wait();
	conductor_attach_cancel(&a);
	kit_wait(&k->c.reports, k->c.reports + 1);
	assert_int_equal(attaches, 0);
}

static void test_a_call_has_them_while_it_is_here(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait_calls(1);
	assert_true(k->agent_has_keys);
	assert_int_equal(desk_keys.asked, 1);
	phone_hangup();
	kit_wait_calls(0);
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(desk_keys.asked, 1);
}

/* ------------------------------------------------------------------ what is left */

/* While a call has them they are in locked memory and nowhere else; behind the last owner not even there. */
static void test_nothing_is_left_in_memory(void **state)
{
	struct provider_keys *keys;
	const char *key;
	size_t i;

	(void)state;
	ask(0);
	kit_wait(&askers[0].done, 1);
	keys = askers[0].keys;
	key = provider_key(keys, PROVIDER_KEY_DEEPGRAM);
	assert_true(has_key(keys));
	assert_ptr_not_equal(key, planted);
	for (i = 0; i < 50; i++) /* until handles are closed */
		uv_run(&k->w.loop, UV_RUN_NOWAIT);
	assert_int_equal(memory_holds(planted), 0);
	provider_keys_release(&askers[0].keys);
	assert_int_equal(memory_holds(planted), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_answer_may_say),
		cmocka_unit_test(test_answers_that_are_none),
		cmocka_unit_test(test_a_damaged_answer),
		cmocka_unit_test_setup_teardown(test_one_request_for_all_who_wait, begin, end),
		cmocka_unit_test_setup_teardown(test_another_tenant_asks_for_itself, begin, end),
		cmocka_unit_test_setup_teardown(test_a_refusal_is_the_askers_alone, begin, end),
		cmocka_unit_test_setup_teardown(test_cancelled_while_others_wait, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody_waits_for_longer, begin, end),
		cmocka_unit_test_setup_teardown(test_old_ones_for_an_hour, begin_skipping, end),
		cmocka_unit_test_setup_teardown(test_more_tenants_than_places, begin, end),
		cmocka_unit_test_setup_teardown(test_an_attach_brings_them, begin, end),
		cmocka_unit_test_setup_teardown(test_none_are_asked_for_where_none_are_wanted, begin_without, end),
		cmocka_unit_test_setup_teardown(test_an_attach_without_them, begin, end),
		cmocka_unit_test_setup_teardown(test_an_attach_that_is_cancelled, begin, end),
		cmocka_unit_test_setup_teardown(test_a_call_has_them_while_it_is_here, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_left_in_memory, begin, end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
