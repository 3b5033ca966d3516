/* The conductor's timeline by itself: lines taken once, read from the beginning on and live, masked, by whom they may be; recordings in and out. */
#include "timelinekit.h"

#include <sodium.h>

static struct got one, two;

static int begin(void **state)
{
	int done = kit_begin(state);

	got_begin(&one);
	got_begin(&two);
	kit_call_put(k->w.a, CALL_A, 1, CALL_LIVE);
	return done;
}

static int end(void **state)
{
	got_end(&one);
	got_end(&two);
	return kit_end(state);
}

/* ------------------------------------------------------------------ a worker */

static char batch[1 << 20];
static size_t batch_len;

static const char *tenant_of(const struct tenant *t)
{
	static char id[2 * TENANT_ID_BYTES + 1];

	tenant_id_text(t, id);
	return id;
}

static void raw_add(const char *text)
{
	batch_len += (size_t)snprintf(batch + batch_len, sizeof(batch) - batch_len, "%s\n", text);
	assert_true(batch_len < sizeof(batch));
}

static void line_add(const char *call, const struct tenant *t, unsigned int epoch, unsigned int sequence, unsigned int part, const char *rest)
{
	char text[4000];

	snprintf(text, sizeof(text), "{\"call\":\"%s\",\"tenant_id\":\"%s\",\"epoch\":%u,\"sequence\":%u,\"part\":%u,\"at_ms\":%u.25,%s}", call, tenant_of(t), epoch,
		sequence, part, sequence * 10, rest);
	raw_add(text);
}

static void say(unsigned int epoch, unsigned int sequence, unsigned int part)
{
	line_add(CALL_A, k->w.a, epoch, sequence, part, "\"type\":\"partial\",\"text\":\"hello\"");
}

/* "200 3 0": status, taken, refused. */
static const char *post(struct got *g)
{
	static char told[60];
	json_t *o;

	kit_worker(g, HTTP_POST, "/internal/v1/journal?worker=w1", batch, batch_len);
	batch_len = 0;
	o = json_loadb((const char *)g->body.data, g->body.len, 0, NULL);
	snprintf(told, sizeof(told), "%u %lld %lld", g->status, json_integer_value(json_object_get(o, "records")),
		json_integer_value(json_object_get(o, "refused")));
	json_decref(o);
	return told;
}

/* All that one may read now: the call is ended by a line. */
static const char *read_all(const char *role, const char *after)
{
	char path[200];

	snprintf(path, sizeof(path), "/v1/calls/" CALL_A "/events%s%s", after ? "?after=" : "", after ? after : "");
	assert_int_equal(kit_person(&one, role, path, NULL), 200);
	assert_int_equal(one.err, ERR_NONE);
	return places_of(&one);
}

static void end_call(unsigned int epoch, unsigned int sequence)
{
	line_add(CALL_A, k->w.a, epoch, sequence, 0, "\"type\":\"end\",\"reason\":\"caller\"");
	assert_string_equal(post(&two), "200 1 0");
}

/* ------------------------------------------------------------------ taking lines */

static void lines_are_kept_and_read(void **state)
{
	json_t *line;

	(void)state;
	say(1, 1, 0);
	say(1, 1, 1);
	say(1, 4, 0);
	assert_string_equal(post(&one), "200 3 0");
	end_call(1, 9);
	assert_string_equal(read_all("reveal", NULL), "1.1.0 1.1.1 1.4.0 1.9.0");
	assert_string_equal(one.type, "application/x-ndjson");
	line = line_at(&one, 2);
	assert_null(json_object_get(line, "tenant_id"));
	assert_string_equal(json_string_value(json_object_get(line, "text")), "hello");
	assert_true(json_real_value(json_object_get(line, "at_ms")) == 40.25);
	json_decref(line);
	assert_int_equal(documents_of(k->w.a, "timeline/" CALL_A "/"), 2); /* one a batch */
	assert_string_equal(read_all("reveal", "1.1.0"), "1.1.1 1.4.0 1.9.0");
	assert_string_equal(read_all("reveal", "1.1.1"), "1.4.0 1.9.0");
	assert_string_equal(read_all("reveal", "1.3.7"), "1.4.0 1.9.0"); /* a place between two lines */
	assert_string_equal(read_all("reveal", "1.4.0"), "1.9.0");
	assert_string_equal(read_all("reveal", "1.9.0"), "");
}

static void what_comes_again_is_dropped(void **state)
{
	(void)state;
	say(1, 1, 0);
	say(1, 2, 0);
	assert_string_equal(post(&one), "200 2 0");
	say(1, 1, 0);
	say(1, 2, 0);
	assert_string_equal(post(&one), "200 2 0"); /* answered as if it were new: it is durable */
	assert_int_equal(documents_of(k->w.a, "timeline/"), 1);
	say(1, 2, 0);
	say(1, 2, 1);
	say(1, 3, 0);
	say(1, 3, 0);
	assert_string_equal(post(&one), "200 4 0");
	kit_restart();
	say(1, 3, 0);
	say(1, 4, 0);
	assert_string_equal(post(&one), "200 2 0");
	end_call(1, 5);
	assert_string_equal(read_all("reveal", NULL), "1.1.0 1.2.0 1.2.1 1.3.0 1.4.0 1.5.0");
}

/* A dead worker's last lines come when its successor is at it already. They come behind, once, also to whoever was reading and comes back. */
static void two_epochs_at_once(void **state)
{
	(void)state;
	say(2, 1, 0);
	assert_string_equal(post(&one), "200 1 0");
	say(1, 1, 0);
	assert_string_equal(post(&one), "200 1 0");
	say(2, 2, 0);
	assert_string_equal(post(&one), "200 1 0");
	say(1, 1, 0);
	say(1, 2, 0);
	assert_string_equal(post(&one), "200 2 0");
	kit_restart();
	say(1, 2, 0);
	say(2, 2, 0);
	say(2, 3, 0);
	assert_string_equal(post(&one), "200 3 0");
	end_call(2, 4);
	assert_string_equal(read_all("reveal", NULL), "2.1.0 1.1.0 2.2.0 1.2.0 2.3.0 2.4.0");
	assert_string_equal(read_all("reveal", "2.2.0"), "1.2.0 2.3.0 2.4.0");
	assert_string_equal(read_all("reveal", "1.2.0"), "2.3.0 2.4.0");
}

static void many_batches_are_found_again(void **state)
{
	char expected[4000] = "";

	(void)state;
	for (unsigned int i = 1; i <= 75; i++) {
		say(1, i, 0);
		assert_string_equal(post(&one), "200 1 0");
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "1.%u.0 ", i);
		if (i == 1 || i == 2 || i == 3 || i == 6 || i == 17 || i == 63)
			kit_restart(); /* the last document is looked for */
	}
	end_call(1, 76);
	snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "1.76.0");
	assert_string_equal(read_all("reveal", NULL), expected);
	assert_int_equal(documents_of(k->w.a, "timeline/"), 76);
	assert_string_equal(read_all("reveal", "1.74.0"), "1.75.0 1.76.0");
}

/* N8, and: one bad line holds up nothing. */
static void N8_lines_of_nobody_are_refused(void **state)
{
	(void)state;
	kit_call_put(k->w.b, CALL_B, 1, CALL_LIVE);
	say(1, 1, 0);
	line_add(CALL_A, k->w.b, 1, 2, 0, "\"type\":\"partial\",\"text\":\"of globex\"");                                  /* a call of acme's */
	line_add(CALL_B, k->w.a, 1, 1, 0, "\"type\":\"partial\",\"text\":\"of acme\"");
	line_add("ffffffffffffffffffffffffffffffff", k->w.a, 1, 1, 0, "\"type\":\"partial\"");                               /* nobody's */
	raw_add("nonsense");
	raw_add("{}");
	say(1, 3, 0);
	assert_string_equal(post(&one), "200 2 5");
	end_call(1, 4);
	assert_string_equal(read_all("reveal", NULL), "1.1.0 1.3.0 1.4.0");
	assert_int_equal(documents_of(k->w.b, "timeline/"), 0);
	assert_int_equal(documents_of(tenant_house(), "timeline/"), 0);
}

static void only_workers_may_tell(void **state)
{
	(void)state;
	say(1, 1, 0);
	kit_ask(&one, bearer_person("acme", "admin"), HTTP_POST, "/internal/v1/journal?worker=w1", NULL, batch, batch_len);
	kit_until(one.done);
	assert_true(one.status == 401 || one.status == 403);
	assert_int_equal(kit_worker(&one, HTTP_POST, "/internal/v1/journal", batch, batch_len), 400);
	assert_int_equal(documents_of(k->w.a, "timeline/"), 0);
	batch_len = 0;
}

/* N1: nothing is answered for that is not stored; what was stored of a failed request is not stored twice. */
static void N1_a_store_that_refuses(void **state)
{
	(void)state;
	say(1, 1, 0);
	assert_string_equal(post(&one), "200 1 0");
	k->gate.refuse_puts = ERR_FULL;
	say(1, 2, 0);
	assert_string_equal(post(&one), "503 0 0");
	k->gate.refuse_puts = ERR_NONE;
	say(1, 2, 0);
	say(1, 3, 0);
	assert_string_equal(post(&one), "200 2 0");
	k->gate.fail_puts = ERR_IO;
	k->gate.drops = true;
	say(1, 4, 0);
	assert_string_equal(post(&one), "503 0 0");
	k->gate.fail_puts = ERR_TIMEOUT; /* and yet it was stored */
	k->gate.drops = false;
	say(1, 4, 0);
	assert_string_equal(post(&one), "503 0 0");
	say(1, 4, 0);
	say(1, 5, 0);
	assert_string_equal(post(&one), "200 2 0");
	end_call(1, 6);
	assert_string_equal(read_all("reveal", NULL), "1.1.0 1.2.0 1.3.0 1.4.0 1.5.0 1.6.0");
}

/* Of a call with more epochs than are kept, the oldest ones' lines are taken for known. */
static void very_many_epochs(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < LINE_EPOCHS_MAX; i++)
		say(2 + i, 1, 0);
	say(1 + LINE_EPOCHS_MAX + 1, 1, 0);
	say(2, 2, 0);
	say(1, 1, 0);
	say(3, 2, 0);
	assert_string_equal(post(&one), "200 68 0");
	end_call(80, 1);
	read_all("reveal", NULL);
	assert_int_equal(line_count(&one), LINE_EPOCHS_MAX + 3);
	assert_non_null(strstr(places_of(&one), " 66.1.0 3.2.0 80.1.0"));
}

static void a_large_batch_is_several_documents(void **state)
{
	char rest[1200];
	unsigned int i;

	(void)state;
	memset(rest, 'x', sizeof(rest));
	memcpy(rest, "\"type\":\"final\",\"text\":\"", 23);
	snprintf(rest + 1000, 3, "\"");
	for (i = 1; i <= 700; i++)
		line_add(CALL_A, k->w.a, 1, i, 0, rest);
	assert_string_equal(post(&one), "200 700 0");
	assert_true(documents_of(k->w.a, "timeline/") > 4);
	end_call(1, i);
	read_all("reveal", NULL);
	assert_int_equal(line_count(&one), 701);
	read_all("viewer", "1.350.0");
	assert_int_equal(line_count(&one), 351);
}

/* ------------------------------------------------------------------ live */

static void live_start(struct got *g, const char *after)
{
	char path[200];

	snprintf(path, sizeof(path), "/v1/calls/" CALL_A "/events%s%s", after ? "?after=" : "", after ? after : "");
	kit_ask(g, bearer_person("acme", "reveal"), HTTP_GET, path, NULL, NULL, 0);
}

static void what_comes_is_read_live(void **state)
{
	struct got sent;

	(void)state;
	got_begin(&sent);
	live_start(&one, NULL); /* before there is anything */
	kit_until(one.status == 200);
	say(1, 1, 0);
	assert_string_equal(post(&sent), "200 1 0");
	kit_until(line_count(&one) == 1);
	live_start(&two, NULL);
	say(1, 2, 0);
	say(1, 3, 0);
	assert_string_equal(post(&sent), "200 2 0");
	kit_until(line_count(&one) == 3 && line_count(&two) == 3);
	assert_false(one.done);
	line_add(CALL_A, k->w.a, 1, 4, 0, "\"type\":\"end\",\"reason\":\"caller\"");
	assert_string_equal(post(&sent), "200 1 0");
	kit_until(one.done && two.done);
	assert_int_equal(one.err, ERR_NONE);
	assert_string_equal(places_of(&one), "1.1.0 1.2.0 1.3.0 1.4.0");
	assert_string_equal(places_of(&two), "1.1.0 1.2.0 1.3.0 1.4.0");
	got_end(&sent);
}

/* The conductor goes in the middle; the page comes back behind its last line. */
static void a_reader_comes_back(void **state)
{
	struct got sent;

	(void)state;
	got_begin(&sent);
	say(1, 1, 0);
	say(1, 2, 0);
	assert_string_equal(post(&sent), "200 2 0");
	live_start(&one, NULL);
	kit_until(line_count(&one) == 2);
	kit_restart();
	kit_until(one.done);
	assert_true(one.err); /* it is seen to be cut off */
	live_start(&two, "1.2.0");
	kit_until(two.status == 200);
	say(1, 2, 0);
	say(1, 3, 0);
	assert_string_equal(post(&sent), "200 2 0");
	line_add(CALL_A, k->w.a, 1, 4, 0, "\"type\":\"end\",\"reason\":\"caller\"");
	assert_string_equal(post(&sent), "200 1 0");
	kit_until(two.done);
	assert_string_equal(places_of(&two), "1.3.0 1.4.0");
	got_end(&sent);
}

static void silence_says_so(void **state)
{
	(void)state;
	k->idle_ms = 60;
	kit_restart();
	live_start(&one, NULL);
	kit_until(line_count(&one) >= 2);
	assert_memory_equal(one.body.data, "{\"type\":\"idle\"}\n{\"type\":\"idle\"}\n", 32);
}

/* The worker died, nobody came: the line `end` is made of what the conductor knows. */
static void an_end_that_nobody_wrote(void **state)
{
	json_t *line;

	(void)state;
	say(1, 1, 0);
	assert_string_equal(post(&two), "200 1 0");
	kit_call_put(k->w.a, CALL_A, 1, CALL_ENDED);
	k->now_ms = 1700000061000 + 29000;
	k->idle_ms = 60;
	kit_restart();
	live_start(&one, NULL);
	kit_until(line_count(&one) >= 2);
	assert_false(one.done); /* it may still come */
	k->now_ms += 2000;
	kit_until(one.done);
	assert_int_equal(one.err, ERR_NONE);
	line = line_at(&one, line_count(&one) - 1);
	assert_string_equal(json_string_value(json_object_get(line, "type")), "end");
	assert_string_equal(json_string_value(json_object_get(line, "reason")), "lost");
	assert_int_equal(json_integer_value(json_object_get(line, "turns")), 3);
	assert_int_equal(json_integer_value(json_object_get(line, "at_ms")), 61000);
	json_decref(line);
	live_start(&two, NULL); /* later, it is there at once */
	kit_until(two.done);
	assert_int_equal(line_count(&two), 2);
}

/* The last lines come while the reader's look at the call's document is under way: nothing comes behind them to wake it. */
static void an_end_during_a_look(void **state)
{
	struct got sent;

	(void)state;
	got_begin(&sent);
	say(1, 1, 0);
	assert_string_equal(post(&sent), "200 1 0");
	k->gate.hold = "call/ffff"; /* the call's document, not its index */
	live_start(&one, NULL);
	kit_until(k->gate.is_held && line_count(&one) == 1);
	line_add(CALL_A, k->w.a, 1, 2, 0, "\"type\":\"end\",\"reason\":\"caller\"");
	assert_string_equal(post(&sent), "200 1 0");
	assert_true(k->gate.is_held);
	k->gate.hold = NULL;
	kit_until(one.done);
	assert_int_equal(one.err, ERR_NONE);
	assert_string_equal(places_of(&one), "1.1.0 1.2.0");
	got_end(&sent);
}

/* A reader that takes nothing: lines wait in the store, not in memory, and none is lost. */
static void a_slow_reader(void **state)
{
	char rest[3200];
	unsigned int i;

	(void)state;
	k->stream_max = 400000;
	kit_restart();
	memset(rest, 'y', sizeof(rest));
	memcpy(rest, "\"type\":\"final\",\"text\":\"", 23);
	snprintf(rest + 3000, 3, "\"");
	for (i = 1; i <= 1200; i++) {
		line_add(CALL_A, k->w.a, 1, i, 0, rest);
		if (i % 200 == 0)
			assert_int_equal(strncmp(post(&two), "200 200 0", 9), 0);
	}
	live_start(&one, NULL);
	kit_until(one.status == 200);
	http_exchange_pause(one.exchange, true);
	end_call(1, i);
	for (i = 0; i < 3; i++) { /* others are served meanwhile */
		live_start(&two, "1.1200.0");
		kit_until(two.done);
		assert_string_equal(places_of(&two), "1.1201.0");
	}
	assert_true(line_count(&one) < 1200);
	http_exchange_pause(one.exchange, false);
	kit_until(one.done);
	assert_int_equal(one.err, ERR_NONE);
	assert_int_equal(line_count(&one), 1201);
	for (i = 0; i < 1201; i += 100) {
		json_t *line = line_at(&one, i);

		assert_int_equal(json_integer_value(json_object_get(line, "sequence")), i + 1);
		json_decref(line);
	}
}

/* ------------------------------------------------------------------ who may see what */

static const char *shown(const struct got *g, size_t line, const char *member)
{
	static char text[400];
	json_t *o = line_at(g, line);
	const char *value = json_string_value(json_object_get(o, member));

	snprintf(text, sizeof(text), "%s", value ? value : "");
	json_decref(o);
	return text;
}

static void words_are_masked(void **state)
{
	(void)state;
	line_add(CALL_A, k->w.a, 1, 1, 0, "\"type\":\"final\",\"text\":\"my number is +91 98765 43210\"");
	line_add(CALL_A, k->w.a, 1, 2, 0, "\"type\":\"speak\",\"text\":\"So it is 98765 43210, \\u00e9h?\"");
	line_add(CALL_A, k->w.a, 1, 3, 0, "\"type\":\"digit\",\"digit\":\"7\"");
	line_add(CALL_A, k->w.a, 1, 4, 0, "\"type\":\"tool\",\"name\":\"find\",\"arguments\":\"{\\\"account\\\":\\\"40071234\\\",\\\"n\\\":12}\"");
	line_add(CALL_A, k->w.a, 1, 5, 0, "\"type\":\"final\",\"text\":\"write to asha@example.com or +91 98765 43210\"");
	line_add(CALL_A, k->w.a, 1, 6, 0, "\"type\":\"note\",\"code\":\"turn\",\"words\":\"my number is +91 98765 43210\"");
	assert_string_equal(post(&two), "200 6 0");
	end_call(1, 7);
	read_all("viewer", NULL);
	assert_null(strstr(buf_str(&one.body), "98765"));
	assert_null(strstr(buf_str(&one.body), "40071234"));
	assert_null(strstr(buf_str(&one.body), "asha@"));
	assert_string_equal(shown(&one, 0, "call"), CALL_A); /* and is no phone number */
	assert_string_equal(shown(&one, 0, "text"), "my number is [PHONE_1]");
	assert_string_equal(shown(&one, 1, "text"), "So it is [PHONE_1], \xc3\xa9h?");
	assert_string_equal(shown(&one, 2, "digit"), "\xe2\x80\xa2");
	assert_string_equal(shown(&one, 3, "arguments"), "{\"account\":\"[NUMBER]\",\"n\":12}");
	assert_string_equal(shown(&one, 4, "text"), "write to [EMAIL_1] or [PHONE_1]");
	assert_string_equal(shown(&one, 5, "words"), "my number is [PHONE_1]");
	read_all("viewer", "1.4.0"); /* the same placeholders for who comes back */
	assert_string_equal(shown(&one, 0, "text"), "write to [EMAIL_1] or [PHONE_1]");
	assert_string_equal(places_of(&one), "1.5.0 1.6.0 1.7.0");
	read_all("reveal", NULL);
	assert_string_equal(shown(&one, 0, "text"), "my number is +91 98765 43210");
	assert_string_equal(shown(&one, 2, "digit"), "7");
}

static void keys_add(const char *keys, uint32_t *line)
{
	char text[60];

	for (; *keys; keys++) {
		snprintf(text, sizeof(text), "\"type\":\"digit\",\"digit\":\"%c\"", *keys);
		line_add(CALL_A, k->w.a, 1, ++*line, 0, text);
	}
}

/* Who sees keys as dots sees them as dots wherever they come again. */
static void what_was_keyed_is_dots_everywhere(void **state)
{
	static const struct {
		const char *line, *member, *shown;
	} lines[] = {
		{ "\"type\":\"tool\",\"name\":\"verify\",\"arguments\":\"{\\\"digits\\\":\\\"4021\\\",\\\"n\\\":12}\"", "arguments", "{\"digits\":\"••••\",\"n\":12}" },
		{ "\"type\":\"tool_result\",\"text\":\"{\\\"last\\\":4021,\\\"year\\\":2026,\\\"end\\\":\\\"021\\\"}\"", "text", "{\"last\":••••,\"year\":2026,\"end\":\"•••\"}" },
		{ "\"type\":\"speak\",\"text\":\"I have 4 0 2 1, or 40-21. You owe 4500, by the 1st\"", "text", "I have • • • •, or ••-••. You owe 4500, by the 1st" },
		{ "\"type\":\"note\",\"code\":\"turn\",\"words\":\"4021\"", "words", "••••" },
		{ "\"type\":\"outcome\",\"arguments\":\"{\\\"choice\\\":\\\"7\\\",\\\"sum\\\":70}\"", "arguments", "{\"choice\":\"•\",\"sum\":70}" },
		{ "\"type\":\"tool\",\"name\":\"a\",\"arguments\":\"{\\\"to\\\":\\\"9876543210\\\"}\"", "arguments", "{\"to\":\"[PHONE_1]\"}" },
		{ "\"type\":\"speak\",\"text\":\"Press 7 or 4\"", "text", "Press 7 or 4" },
	};
	uint32_t line = 0, from, i;

	(void)state;
	keys_add("4021", &line);
	line_add(CALL_A, k->w.a, 1, ++line, 0, "\"type\":\"note\",\"code\":\"keys\",\"digits\":4");
	keys_add("7#", &line);
	from = line;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		line_add(CALL_A, k->w.a, 1, ++line, 0, lines[i].line);
	assert_int_equal(strncmp(post(&two), "200 ", 4), 0);
	end_call(1, line + 1);
	read_all("viewer", NULL);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_string_equal(shown(&one, from + i, lines[i].member), lines[i].shown);
	read_all("reveal", NULL);
	assert_string_equal(shown(&one, from, "arguments"), "{\"digits\":\"4021\",\"n\":12}");
}

static void others_see_nothing(void **state)
{
	static const char *const paths[] = { "events", "recording", "waveform" };
	char path[200];

	(void)state;
	end_call(1, 1);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/v1/calls/" CALL_A "/%s", paths[i]);
		kit_ask(&one, bearer_person("globex", "reveal"), HTTP_GET, path, NULL, NULL, 0);
		kit_until(one.done);
		assert_int_equal(one.status, 404);
		assert_int_equal(kit_person(&one, "house", path, NULL), 403);
		kit_ask(&one, NULL, HTTP_GET, path, NULL, NULL, 0);
		kit_until(one.done);
		assert_int_equal(one.status, 401);
		snprintf(path, sizeof(path), "/v1/calls/" CALL_B "/%s", paths[i]);
		assert_int_equal(kit_person(&one, "reveal", path, NULL), 404);
		snprintf(path, sizeof(path), "/v1/calls/..%%2f..%%2fetc/%s", paths[i]);
		assert_int_equal(kit_person(&one, "reveal", path, NULL), 404);
	}
	assert_int_equal(kit_person(&one, "viewer", "/v1/calls/" CALL_A "/recording", NULL), 403);
	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/events?after=1.2", NULL), 400);
	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/events?after=1.-2.3", NULL), 400);
}

/* ------------------------------------------------------------------ recordings */

enum { SOUND = 700000 };

static uint8_t sound[SOUND + 64];

static void sound_make(void)
{
	for (size_t i = 0; i < SOUND; i++)
		sound[i] = (uint8_t)(i * 31 + i / 1000);
}

static void hash_of(const void *data, size_t len, char out[65])
{
	uint8_t hash[32];

	crypto_hash_sha256(hash, data, len);
	sodium_bin2hex(out, 65, hash, sizeof(hash));
}

/* "200 1000 false": status, have, done. */
static const char *put_as(const char *call, unsigned int epoch, const char *part, const char *hash, size_t offset, size_t len, size_t total)
{
	static char told[60];
	char path[400];
	json_t *o;

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/recording?epoch=%u&part=%s&offset=%zu&total=%zu&sha256=%s", call, epoch, part, offset, total, hash);
	kit_worker(&two, HTTP_PUT, path, sound + (offset < SOUND ? offset : 0), len);
	o = json_loadb((const char *)two.body.data, two.body.len, 0, NULL);
	snprintf(told, sizeof(told), "%u %lld %s", two.status, json_integer_value(json_object_get(o, "have")),
		json_is_true(json_object_get(o, "done")) ? "true" : "false");
	json_decref(o);
	return told;
}

static const char *put(size_t offset, size_t len)
{
	char hash[65];

	hash_of(sound, SOUND, hash);
	return put_as(CALL_A, 1, "tracks", hash, offset, len, SOUND);
}

static void sound_put(void)
{
	sound_make();
	assert_string_equal(put(0, 400000), "200 400000 false");
	assert_string_equal(put(400000, 300000), "200 700000 true");
}

static void pieces_become_a_recording(void **state)
{
	(void)state;
	sound_make();
	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/recording", NULL), 404);
	assert_string_equal(put(0, 300000), "200 300000 false");
	assert_string_equal(put(0, 300000), "200 300000 false");      /* again */
	assert_string_equal(put(500000, 100000), "409 300000 false"); /* there is a hole */
	assert_string_equal(put(200000, 200000), "200 400000 false"); /* what overlaps is fine */
	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/recording", NULL), 404); /* not before it is whole */
	assert_string_equal(put(400000, 300000), "200 700000 true");
	assert_string_equal(put(400000, 300000), "200 700000 true");
	assert_string_equal(put(0, 1000), "200 700000 true");
	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/recording", NULL), 200);
	assert_string_equal(one.type, "audio/flac");
	assert_int_equal(one.body.len, SOUND);
	assert_memory_equal(one.body.data, sound, SOUND);
	assert_int_equal(one.err, ERR_NONE);
}

static void a_conductor_that_dies_between_pieces(void **state)
{
	(void)state;
	sound_make();
	assert_string_equal(put(0, 300000), "200 300000 false");
	kit_restart();
	assert_string_equal(put(300000, 300000), "409 0 false"); /* the worker begins again */
	assert_string_equal(put(0, 700000), "200 700000 true");
}

static void pieces_that_are_refused(void **state)
{
	char hash[65], other[65];

	(void)state;
	sound_make();
	hash_of(sound, SOUND, hash);
	hash_of(sound, 5, other);
	kit_call_put(k->w.a, CALL_A, 2, CALL_LIVE);
	assert_int_equal(atoi(put(0, 1000)), 409); /* a later epoch has the call */
	assert_int_equal(atoi(put_as(CALL_B, 2, "tracks", hash, 0, 1000, SOUND)), 404);
	assert_int_equal(atoi(put_as("nothing", 2, "tracks", hash, 0, 1000, SOUND)), 404);
	assert_int_equal(atoi(put_as(CALL_A, 2, "mix", hash, 0, 1000, SOUND)), 400);
	assert_int_equal(atoi(put_as(CALL_A, 2, "tracks", "abc", 0, 1000, SOUND)), 400);
	assert_int_equal(atoi(put_as(CALL_A, 2, "tracks", hash, SOUND, 1, SOUND)), 400);
	assert_int_equal(atoi(put_as(CALL_A, 2, "tracks", hash, SOUND - 10, 11, SOUND)), 400);
	assert_int_equal(atoi(put_as(CALL_A, 2, "tracks", hash, 0, 0, SOUND)), 400);
	assert_int_equal(atoi(put_as(CALL_A, 0, "tracks", hash, 0, 1000, SOUND)), 400);
	assert_string_equal(put_as(CALL_A, 2, "tracks", other, 0, SOUND, SOUND), "409 0 false"); /* not what was announced */
	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/recording", NULL), 404);
	assert_string_equal(put_as(CALL_A, 2, "tracks", hash, 0, SOUND, SOUND), "200 700000 true");
}

static void range(const char *wanted, unsigned int status, const char *said, size_t from, size_t len)
{
	char header[80];

	snprintf(header, sizeof(header), "Range: %s", wanted);
	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/recording", header), status);
	assert_string_equal(one.range, said);
	assert_int_equal(one.body.len, len);
	if (len)
		assert_memory_equal(one.body.data, sound + from, len);
}

static void ranges(void **state)
{
	(void)state;
	sound_put();
	range("bytes=0-99", 206, "bytes 0-99/700000", 0, 100);
	range("bytes=699990-", 206, "bytes 699990-699999/700000", 699990, 10);
	range("bytes=699990-800000", 206, "bytes 699990-699999/700000", 699990, 10);
	range("bytes=-5", 206, "bytes 699995-699999/700000", 699995, 5);
	range("bytes=-800000", 206, "bytes 0-699999/700000", 0, SOUND);
	range("bytes=700000-", 416, "bytes */700000", 0, 0);
	range("bytes=-0", 416, "bytes */700000", 0, 0);
	range("bytes=9-3", 200, "", 0, SOUND);
	range("bytes=0-1,5-6", 200, "", 0, SOUND);
	range("lines=0-1", 200, "", 0, SOUND);
}

static void the_waveform(void **state)
{
	static const char picture[] = "{\"samples\":80,\"rate\":8000}";
	char hash[65];

	(void)state;
	assert_int_equal(kit_person(&one, "viewer", "/v1/calls/" CALL_A "/waveform", NULL), 404);
	memcpy(sound, picture, sizeof(picture) - 1);
	hash_of(picture, sizeof(picture) - 1, hash);
	assert_string_equal(put_as(CALL_A, 1, "waveform", hash, 0, sizeof(picture) - 1, sizeof(picture) - 1), "200 26 true");
	assert_int_equal(kit_person(&one, "viewer", "/v1/calls/" CALL_A "/waveform", NULL), 200);
	assert_memory_equal(one.body.data, picture, sizeof(picture) - 1);
	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/recording", NULL), 404);
}

static void a_worker_asks_what_is_wanted(void **state)
{
	static const char path[] = "/internal/v1/calls/" CALL_A "/recording?epoch=1";

	(void)state;
	assert_int_equal(kit_worker(&one, HTTP_GET, path, NULL, 0), 200);
	assert_memory_equal(one.body.data, "{\"state\":\"live\",\"stale\":false,\"recording\":false,\"waveform\":false}", one.body.len);
	sound_put();
	kit_call_put(k->w.a, CALL_A, 2, CALL_ENDED);
	assert_int_equal(kit_worker(&one, HTTP_GET, path, NULL, 0), 200);
	assert_memory_equal(one.body.data, "{\"state\":\"ended\",\"stale\":true,\"recording\":true,\"waveform\":false}", one.body.len);
	assert_int_equal(kit_worker(&one, HTTP_GET, "/internal/v1/calls/" CALL_B "/recording?epoch=1", NULL, 0), 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_kept_and_read, begin, end),
		cmocka_unit_test_setup_teardown(what_comes_again_is_dropped, begin, end),
		cmocka_unit_test_setup_teardown(two_epochs_at_once, begin, end),
		cmocka_unit_test_setup_teardown(many_batches_are_found_again, begin, end),
		cmocka_unit_test_setup_teardown(N8_lines_of_nobody_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(only_workers_may_tell, begin, end),
		cmocka_unit_test_setup_teardown(N1_a_store_that_refuses, begin, end),
		cmocka_unit_test_setup_teardown(very_many_epochs, begin, end),
		cmocka_unit_test_setup_teardown(a_large_batch_is_several_documents, begin, end),
		cmocka_unit_test_setup_teardown(what_comes_is_read_live, begin, end),
		cmocka_unit_test_setup_teardown(a_reader_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(silence_says_so, begin, end),
		cmocka_unit_test_setup_teardown(an_end_that_nobody_wrote, begin, end),
		cmocka_unit_test_setup_teardown(an_end_during_a_look, begin, end),
		cmocka_unit_test_setup_teardown(a_slow_reader, begin, end),
		cmocka_unit_test_setup_teardown(words_are_masked, begin, end),
		cmocka_unit_test_setup_teardown(what_was_keyed_is_dots_everywhere, begin, end),
		cmocka_unit_test_setup_teardown(others_see_nothing, begin, end),
		cmocka_unit_test_setup_teardown(pieces_become_a_recording, begin, end),
		cmocka_unit_test_setup_teardown(a_conductor_that_dies_between_pieces, begin, end),
		cmocka_unit_test_setup_teardown(pieces_that_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(ranges, begin, end),
		cmocka_unit_test_setup_teardown(the_waveform, begin, end),
		cmocka_unit_test_setup_teardown(a_worker_asks_what_is_wanted, begin, end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_remove);
}
