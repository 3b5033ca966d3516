/* Keys fetched from an issuer's address (F25): down, slow, rotated, answering nonsense; time is what the verifier says it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/http_server.h"
#include "base/jwks_fetch.h"

#define NOW    INT64_C(1800000000)
#define SECOND UINT64_C(1000000)

static const struct jws_policy policy = {
	.issuer = "house", .audience = "callfunnel", .tenant_claim = "tenant", .roles_claims = "realm_access.roles", .skew_s = 30, .lifetime_max_s = 3600
};

static struct jws_key *first, *second;

enum says { SAYS_KEYS, SAYS_500, SAYS_NONSENSE, SAYS_REDIRECT, SAYS_TOO_MUCH, SAYS_NOTHING };

struct world {
	uv_loop_t loop;
	struct http_server *server;
	struct jwks_fetch *fetch;
	uv_timer_t guard;
	unsigned int asked, fetched;
	enum err err;
	enum says says;
	const struct jws_key *key;
	struct http_request *held;
	bool closes, closed;
};

static void on_keys(struct http_request *r, void *arg)
{
	static const struct http_header elsewhere[] = { { "Location", "/keys" }, { NULL, NULL } };
	static char much[JWKS_MAX_BYTES + 2];
	struct world *w = arg;
	struct buf b;

	w->asked++;
	buf_init(&b, JWKS_MAX_BYTES);
	buf_text(&b, "{\"keys\":[");
	assert_int_equal(jws_key_public(w->key, NULL, &b), ERR_NONE);
	buf_text(&b, "]}");
	switch (w->says) {
	case SAYS_KEYS: http_reply_as(r, 200, "application/json", b.data, b.len); break;
	case SAYS_500: http_reply_as(r, 500, "application/json", b.data, b.len); break;
	case SAYS_NONSENSE: http_reply_as(r, 200, "application/json", "<html>", 6); break;
	case SAYS_REDIRECT: http_reply(r, 302, elsewhere, b.data, b.len); break;
	case SAYS_TOO_MUCH:
		memset(much, ' ', sizeof(much));
		memcpy(much, b.data, b.len);
		http_reply_as(r, 200, "application/json", much, sizeof(much));
		break;
	case SAYS_NOTHING: w->held = r; break;
	}
	buf_fini(&b);
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/keys", on_keys, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static void on_fetched(void *arg, enum err err)
{
	struct world *w = arg;

	w->fetched++;
	w->err = err;
	if (w->closes)
		jwks_fetch_close(&w->fetch);
}

static enum err fetch_open(struct world *w, const char *url)
{
	const struct jwks_fetch_settings settings = { .url = url, .ca_file = "" };
	struct err_detail detail;

	return jwks_fetch_open(&w->fetch, &w->loop, "voice", &settings, on_fetched, w, &detail);
}

static void begin(struct world *w)
{
	const struct http_settings settings = { .listen = "127.0.0.1:0" };
	struct err_detail detail;
	char url[64];

	*w = (struct world){ .key = first };
	assert_int_equal(uv_loop_init(&w->loop), 0);
	uv_timer_init(&w->loop, &w->guard);
	assert_int_equal(http_server_open(&w->server, &w->loop, &settings, &detail), ERR_NONE);
	assert_int_equal(http_server_mount(w->server, routes, w), ERR_NONE);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/keys", http_server_port(w->server));
	assert_int_equal(fetch_open(w, url), ERR_NONE);
}

static void server_closed(void *arg)
{
	((struct world *)arg)->closed = true;
}

static void end(struct world *w)
{
	if (w->held)
		http_reply(w->held, 204, NULL, NULL, 0);
	jwks_fetch_close(&w->fetch);
	uv_close((uv_handle_t *)&w->guard, NULL);
	http_server_close(&w->server, server_closed, w);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_true(w->closed);
	assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void guard_due(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happens any more");
}

static void run_until(struct world *w, const unsigned int *count, unsigned int wanted)
{
	uv_timer_start(&w->guard, guard_due, 20000, 0);
	while (*count < wanted)
		uv_run(&w->loop, UV_RUN_ONCE);
	uv_timer_stop(&w->guard);
	assert_int_equal(*count, wanted);
}

/* Whether a token signed with `key` is good, so many seconds from now. */
static enum err verify(struct world *w, const struct jws_key *key, uint64_t later_s)
{
	static const char payload[] = "{\"iss\":\"house\",\"aud\":\"callfunnel\",\"sub\":\"ana\",\"iat\":1799999990,\"exp\":1800000300}";
	const struct jws_now now = { .wall_s = NOW, .mono_us = jwks_fetch_mono_us() + later_s * SECOND };
	struct jws_token *t = NULL;
	struct buf b;
	enum err err;

	buf_init(&b, JWS_MAX_BYTES);
	assert_int_equal(jws_sign(key, payload, strlen(payload), &b), ERR_NONE);
	err = jws_verify(&t, jwks_fetch_keys(w->fetch), &policy, (const char *)b.data, b.len, &now, NULL);
	assert_int_equal(!err, !!t);
	jws_token_free(&t);
	buf_fini(&b);
	return err;
}

static void keys_come_at_the_start(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	assert_int_equal(verify(&w, first, 0), ERR_BUSY); /* on their way */
	run_until(&w, &w.fetched, 1);
	assert_int_equal(w.err, ERR_NONE);
	assert_int_equal(w.asked, 1);
	assert_int_equal(verify(&w, first, 0), ERR_NONE);
	end(&w);
}

static void F25_a_rotated_key_is_fetched_once(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	run_until(&w, &w.fetched, 1);
	w.key = second;
	assert_int_equal(verify(&w, second, 0), ERR_BUSY);
	assert_int_equal(verify(&w, second, 0), ERR_BUSY);
	assert_int_equal(verify(&w, first, 0), ERR_NONE); /* meanwhile */
	run_until(&w, &w.fetched, 2);
	assert_int_equal(w.asked, 2);
	assert_int_equal(verify(&w, second, 0), ERR_NONE);
	assert_int_equal(verify(&w, first, 0), ERR_DENIED); /* it was withdrawn; and no new fetch within the minute */
	assert_int_equal(w.asked, 2);
	end(&w);
}

static void F25_what_is_no_key_set_leaves_the_old_one(void **state)
{
	static const struct {
		enum says says;
		enum err err;
	} rows[] = { { SAYS_500, ERR_UNAVAILABLE }, { SAYS_NONSENSE, ERR_FORMAT }, { SAYS_REDIRECT, ERR_UNAVAILABLE }, { SAYS_TOO_MUCH, ERR_LIMIT } };

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		begin(&w);
		run_until(&w, &w.fetched, 1);
		w.says = rows[i].says;
		w.key = second;
		assert_int_equal(verify(&w, first, 301), ERR_NONE); /* old enough to be asked for anew */
		run_until(&w, &w.fetched, 2);
		assert_int_equal(w.err, rows[i].err);
		assert_int_equal(w.asked, 2);
		assert_int_equal(verify(&w, first, 320), ERR_NONE);
		assert_int_equal(verify(&w, second, 320), ERR_DENIED); /* nothing of that answer was believed */
		assert_int_equal(verify(&w, first, 86390), ERR_NONE); /* asks again */
		run_until(&w, &w.fetched, 3);
		assert_int_equal(verify(&w, first, 86402), ERR_UNAVAILABLE); /* a day */
		end(&w);
	}
}

static void F25_an_issuer_that_is_away_lets_nobody_in(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	run_until(&w, &w.fetched, 1);
	jwks_fetch_close(&w.fetch);
	assert_int_equal(fetch_open(&w, "http://127.0.0.1:1/keys"), ERR_NONE);
	run_until(&w, &w.fetched, 2);
	assert_int_equal(w.err, ERR_UNAVAILABLE);
	assert_int_equal(verify(&w, first, 0), ERR_BUSY); /* asks itself */
	run_until(&w, &w.fetched, 3);
	assert_int_equal(verify(&w, first, 1), ERR_UNAVAILABLE);
	end(&w);
}

static void F25_a_slow_issuer_holds_nothing_up(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	run_until(&w, &w.fetched, 1);
	w.says = SAYS_NOTHING;
	assert_int_equal(verify(&w, first, 301), ERR_NONE);
	run_until(&w, &w.asked, 2);
	assert_int_equal(verify(&w, first, 301), ERR_NONE);
	assert_int_equal(verify(&w, second, 302), ERR_BUSY);
	assert_int_equal(verify(&w, second, 362), ERR_BUSY); /* another minute, but the first answer is still waited for */
	assert_int_equal(w.asked, 2);
	end(&w); /* with the fetch under way */
}

static void a_handler_may_close_it(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	w.closes = true;
	run_until(&w, &w.fetched, 1);
	assert_null(w.fetch);
	end(&w);
}

static void wrong_settings_are_refused(void **state)
{
	const struct jwks_fetch_settings no_ca = { .url = "https://id.example/keys", .ca_file = "/no/such/file.pem" };
	struct err_detail detail;
	struct world w;

	(void)state;
	begin(&w);
	jwks_fetch_close(&w.fetch);
	assert_int_equal(fetch_open(&w, ""), ERR_USAGE);
	assert_null(w.fetch);
	assert_int_equal(fetch_open(&w, "ldap://id.example/keys"), ERR_USAGE);
	assert_int_equal(jwks_fetch_open(&w.fetch, &w.loop, "voice", &no_ca, NULL, NULL, &detail), ERR_UNAVAILABLE);
	assert_null(w.fetch);
	end(&w);
}

static int group_begin(void **state)
{
	(void)state;
	return sodium_init() < 0 || jws_key_make(&first) || jws_key_make(&second) ? -1 : 0;
}

static int group_end(void **state)
{
	(void)state;
	jws_key_free(&first);
	jws_key_free(&second);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_come_at_the_start),
		cmocka_unit_test(F25_a_rotated_key_is_fetched_once),
		cmocka_unit_test(F25_what_is_no_key_set_leaves_the_old_one),
		cmocka_unit_test(F25_an_issuer_that_is_away_lets_nobody_in),
		cmocka_unit_test(F25_a_slow_issuer_holds_nothing_up),
		cmocka_unit_test(a_handler_may_close_it),
		cmocka_unit_test(wrong_settings_are_refused),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}
