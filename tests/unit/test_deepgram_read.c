/* The Deepgram recogniser's reading: wire-exact messages and whole talks as data (tests/vectors/deepgram), ceilings, and its options. */
#include "deepgramkit.h"

#include "base/buf.h"
#include "providers/deepgram/deepgram_state.h"

enum { FILE_MAX_BYTES = 256 * 1024, LINES_MAX = 1000 };

/* ------------------------------------------------------------------ the files */

struct lines {
	char *bytes;
	char *at[LINES_MAX];
	size_t count;
};

static void lines_read(struct lines *l, const char *name)
{
	char path[400];
	size_t len;
	FILE *f;

	*l = (struct lines){ .bytes = calloc(1, FILE_MAX_BYTES) };
	snprintf(path, sizeof(path), "%s/vectors/deepgram/%s", getenv("CALLFUNNEL_TESTS"), name);
	f = fopen(path, "r");
	assert_non_null(f);
	len = fread(l->bytes, 1, FILE_MAX_BYTES - 1, f);
	fclose(f);
	assert_in_range(len, 100, FILE_MAX_BYTES - 2);
	for (char *at = strtok(l->bytes, "\n"); at; at = strtok(NULL, "\n")) {
		assert_in_range(l->count, 0, LINES_MAX - 1);
		l->at[l->count++] = at;
	}
}

/* What is behind the word, or NULL: the line says something else. */
static const char *behind(const char *line, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) != 0 || (line[len] && line[len] != ' '))
		return NULL;
	return line + len + (line[len] == ' ');
}

/* ------------------------------------------------------------------ messages */

static void put_span(struct buf *b, const struct deepgram_event *e)
{
	buf_printf(b, " %llu-%llu", (unsigned long long)e->from_us, (unsigned long long)e->to_us);
	if (e->has_words)
		buf_printf(b, " words %llu-%llu", (unsigned long long)e->first_us, (unsigned long long)e->last_us);
}

static void put_head(struct buf *b, const struct deepgram_event *e)
{
	static const char *const turns[] = { "", "start", "update", "eager", "resumed", "end" };

	switch (e->kind) {
	case DEEPGRAM_OTHER: buf_text(b, "other"); break;
	case DEEPGRAM_CONNECTED: buf_text(b, "connected"); break;
	case DEEPGRAM_WARNING: buf_printf(b, "warning%s%s", e->code[0] ? " " : "", e->code); break;
	case DEEPGRAM_ERROR: buf_printf(b, "error%s%s", e->code[0] ? " " : "", e->code); break;
	case DEEPGRAM_UTTERANCE_END:
		if (e->has_words)
			buf_printf(b, "utterance_end %llu", (unsigned long long)e->last_us);
		else
			buf_text(b, "utterance_end none");
		break;
	case DEEPGRAM_RESULTS:
		buf_printf(b, "results%s%s", e->is_final ? " final" : "", e->is_speech_final ? " speech_final" : "");
		buf_text(b, e->is_from_finalize ? " from_finalize" : "");
		put_span(b, e);
		break;
	case DEEPGRAM_TURN:
		buf_printf(b, "turn %s%s", turns[e->turn], e->is_manual ? " manual" : "");
		put_span(b, e);
		break;
	}
}

static void put_event(struct buf *b, enum err err, const struct deepgram_event *e)
{
	if (err) {
		buf_printf(b, "refused %s", err_name(err));
		return;
	}
	put_head(b, e);
	if (e->request[0])
		buf_printf(b, " request %s", e->request);
	if (e->kind == DEEPGRAM_RESULTS || e->kind == DEEPGRAM_TURN)
		buf_printf(b, " \"%.*s\"", (int)e->len, e->text);
}

/* In memory of its own size, so that a byte read behind it is found. */
static enum err read_copy(const char *text, size_t len, struct deepgram_event *e, char **copy)
{
	*copy = malloc(len ? len : 1);
	assert_non_null(*copy);
	memcpy(*copy, text, len);
	return deepgram_read(*copy, len, e);
}

static void messages_are_what_the_file_says(void **state)
{
	struct lines l;
	const char *name = "", *message = "";
	unsigned int cases = 0;

	(void)state;
	lines_read(&l, "messages.txt");
	for (size_t i = 0; i < l.count; i++) {
		const char *wanted = behind(l.at[i], "<");
		struct deepgram_event e;
		struct buf b;
		char *copy;

		name = behind(l.at[i], "=") ? behind(l.at[i], "=") : name;
		message = behind(l.at[i], ">") ? behind(l.at[i], ">") : message;
		if (!wanted)
			continue;
		buf_init(&b, FILE_MAX_BYTES);
		put_event(&b, read_copy(message, strlen(message), &e, &copy), &e);
		if (strcmp(buf_str(&b), wanted))
			fail_msg("%s:\n  wanted %s\n  got    %s", name, wanted, buf_str(&b));
		buf_fini(&b);
		free(copy);
		cases++;
	}
	assert_int_equal(cases, 47);
	free(l.bytes);
}

/* Every message of the file, cut at every byte: refused, never read beyond. */
static void messages_cut_anywhere_are_refused(void **state)
{
	struct lines l;

	(void)state;
	lines_read(&l, "messages.txt");
	for (size_t i = 0; i < l.count; i++) {
		const char *message = behind(l.at[i], ">");
		size_t whole = message && i + 1 < l.count && !behind(l.at[i + 1], "< refused") ? strlen(message) : 0;

		for (size_t len = 0; len < whole; len++) {
			struct deepgram_event e;
			char *copy;

			assert_int_not_equal(read_copy(message, len, &e, &copy), ERR_NONE);
			free(copy);
		}
	}
	free(l.bytes);
}

static enum err read_long(size_t text_bytes, const char *escape, size_t spaces, struct deepgram_event *e, struct buf *b)
{
	buf_init(b, 2 * DEEPGRAM_MESSAGE_MAX_BYTES);
	buf_text(b, "{\"type\":\"Results\",\"start\":0,\"duration\":1,\"channel\":{\"alternatives\":[{\"transcript\":\"");
	buf_text(b, escape);
	for (size_t i = strlen(escape); i < text_bytes; i++)
		buf_byte(b, 'a');
	buf_text(b, "\"}]}}");
	for (size_t i = 0; i < spaces; i++)
		buf_byte(b, ' ');
	assert_int_equal(b->err, ERR_NONE);
	return deepgram_read(b->data, b->len, e);
}

static void ceilings_hold(void **state)
{
	struct deepgram_event e;
	struct buf b;

	(void)state;
	assert_int_equal(read_long(DEEPGRAM_TEXT_MAX_BYTES, "", 0, &e, &b), ERR_NONE);
	assert_int_equal(e.len, DEEPGRAM_TEXT_MAX_BYTES);
	buf_fini(&b);
	assert_int_equal(read_long(DEEPGRAM_TEXT_MAX_BYTES, "\\u0041", 0, &e, &b), ERR_NONE);
	assert_int_equal(e.len, DEEPGRAM_TEXT_MAX_BYTES - 5);
	buf_fini(&b);
	assert_int_equal(read_long(DEEPGRAM_TEXT_MAX_BYTES + 1, "", 0, &e, &b), ERR_LIMIT);
	buf_fini(&b);
	assert_int_equal(read_long(1, "", DEEPGRAM_MESSAGE_MAX_BYTES, &e, &b), ERR_LIMIT);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ talks */

static void talk_told(struct kit *k, const char *name, const char *wanted, unsigned int *seen)
{
	kit_wait(k, &k->told, *seen + 1);
	if (strcmp(k->lines[*seen], wanted))
		fail_msg("%s:\n  wanted %s\n  got    %s", name, wanted, k->lines[*seen]);
	++*seen;
}

static void talk_closes(struct kit *k, const char *text)
{
	char *reason;
	unsigned long code = strtoul(text, &reason, 10);

	websocket_close(k->v.ws, (uint16_t)code, *reason ? reason + 1 : "");
}

static void talk_line(struct kit *k, const char *name, const char *line, unsigned int *seen)
{
	const char *rest;

	if ((rest = behind(line, "model"))) {
		kit_model(k, rest);
		kit_open(k, "en-IN");
	} else if ((rest = behind(line, "push"))) {
		kit_talk(k, strtoul(rest, NULL, 10));
	} else if ((rest = behind(line, "wait"))) {
		kit_skip(k, strtoull(rest, NULL, 10) * 1000);
	} else if (behind(line, "finalize")) {
		kit_finalize(k);
	} else if ((rest = behind(line, ">"))) {
		vendor_says(k, rest);
	} else if ((rest = behind(line, "<"))) {
		talk_told(k, name, rest, seen);
	} else if ((rest = behind(line, "sent"))) {
		assert_int_not_equal(k->v.text_count, 0);
		assert_string_equal(k->v.texts[k->v.text_count - 1], rest);
	} else if ((rest = behind(line, "close"))) {
		talk_closes(k, rest);
	} else if ((rest = behind(line, "ended"))) {
		kit_wait(k, &k->ended, 1);
		assert_string_equal(err_name(k->why), rest);
	} else {
		fail_msg("%s: what is \"%s\"?", name, line);
	}
}

/* The vendor's last words are told in order: when these have come, all before them have. */
static void talk_over(struct kit *k, const char *name, unsigned int *seen)
{
	if (!k->ended) {
		vendor_says(k, "{\"type\":\"Results\",\"start\":0,\"duration\":0,\"channel\":{\"alternatives\":[{\"transcript\":\"over\"}]}}");
		talk_told(k, name, "partial 0-0 over", seen);
	}
	assert_int_equal(k->told, *seen);
}

static void talks_are_what_the_file_says(void **state)
{
	struct lines l;
	size_t i = 0;
	unsigned int talks = 0;

	(void)state;
	lines_read(&l, "talks.txt");
	while (i < l.count) {
		const char *name = behind(l.at[i++], "=");
		unsigned int seen = 0;
		void *k = NULL;

		assert_non_null(name);
		assert_int_equal(kit_begin(&k), 0);
		for (; i < l.count && !behind(l.at[i], "="); i++)
			talk_line(k, name, l.at[i], &seen);
		talk_over(k, name, &seen);
		assert_int_equal(kit_end(&k), 0);
		talks++;
	}
	assert_int_equal(talks, 21);
	free(l.bytes);
}

/* ------------------------------------------------------------------ options */

static void refused(struct kit *k, enum err why, const char *where)
{
	struct err_detail detail = { .message = "" };

	assert_int_equal(deepgram_open(&k->d, &k->loop, &k->options, &detail), why);
	assert_null(k->d);
	assert_string_equal(detail.where, where);
	assert_non_null(strstr(detail.message, "Deepgram"));
	assert_null(strstr(detail.message, KIT_KEY));
	kit_model(k, "nova-3");
}

static void addresses_and_keys_are_judged(void **state)
{
	struct kit *k = *state;
	static char too_long[DEEPGRAM_KEY_MAX + 1];
	static const char *const urls[] = { "", "api.deepgram.com", "http://api.deepgram.com", "ws://api.deepgram.com", "wss://", "wss://a/v1", "wss://a?x=1",
		"wss://u@a", "ws://127.0.0.1.example.com", "ws://localhost.example.com:80" };

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		k->options.url = urls[i];
		refused(k, ERR_USAGE, "url");
	}
	memset(too_long, 'a', sizeof(too_long));
	k->options.key = "abc\r\nX: y";
	k->options.key_len = 9;
	refused(k, ERR_USAGE, "key");
	k->options.key_len = 0;
	refused(k, ERR_USAGE, "key");
	k->options.key = too_long;
	k->options.key_len = sizeof(too_long);
	refused(k, ERR_USAGE, "key");
}

static void numbers_are_judged(void **state)
{
	struct kit *k = *state;
	const struct {
		const char *name;
		uint32_t *at;
		uint32_t low, high;
	} cases[] = {
		{ "frame_ms", &k->options.frame_ms, 19, 101 },
		{ "pace_percent", &k->options.pace_percent, 100, 1001 },
		{ "connect_ms", &k->options.connect_ms, 0, 30001 },
		{ "alive_ms", &k->options.alive_ms, 499, 60001 },
		{ "endpointing_ms", &k->options.endpointing_ms, 9, 5001 },
		{ "utterance_end_ms", &k->options.utterance_end_ms, 999, 5001 },
		{ "eot_percent", &k->options.eot_percent, 49, 101 },
		{ "eager_percent", &k->options.eager_percent, 29, 71 }, /* 71: over eot_percent */
		{ "eot_timeout_ms", &k->options.eot_timeout_ms, 499, 60001 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		*cases[i].at = cases[i].low;
		refused(k, ERR_USAGE, cases[i].name);
		*cases[i].at = cases[i].high;
		refused(k, ERR_USAGE, cases[i].name);
	}
	k->options.model = "";
	refused(k, ERR_USAGE, "model");
	k->options.tag = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefX";
	refused(k, ERR_USAGE, "tag");
}

static void what_may_be_none_may_be_none(void **state)
{
	struct kit *k = *state;

	k->options.endpointing_ms = k->options.utterance_end_ms = 0;
	k->options.mip_opt_out = false;
	k->options.smart_format = k->options.no_delay = true;
	k->options.alive_ms = 500;
	kit_open(k, "en-IN");
	assert_string_equal(k->v.target, "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true&endpointing=false"
		"&smart_format=true&no_delay=true&language=en-IN");
}

/* The vendor goes silent over its ceiling, so the count must not be below its own: never more than two letters, or one byte of other scripts. */
static void keyterms_are_counted(void **state)
{
	struct kit *k = *state;
	static char half[501], rest[502];
	const char *terms[] = { half, rest, NULL };

	assert_int_equal(deepgram_tokens(""), 0);
	assert_int_equal(deepgram_tokens("EMI"), 2);
	assert_int_equal(deepgram_tokens("EMI 24"), 4);
	assert_int_equal(deepgram_tokens("a-b"), 3);
	assert_int_equal(deepgram_tokens("हा"), 6);
	memset(half, 'a', 500);
	memset(rest, 'b', 501);
	k->options.keyterms = terms;
	refused(k, ERR_LIMIT, "keyterms");
	rest[500] = '\0';
	k->options.keyterms = terms;
	kit_open(k, "en-IN"); /* 500 */
	k->stt->cancel(&k->s);
	deepgram_close(&k->d);
	kit_model(k, "nova-2");
	k->options.keyterms = terms;
	refused(k, ERR_USAGE, "keyterms");
	rest[0] = '\0';
	k->options.keyterms = terms;
	refused(k, ERR_USAGE, "keyterms");
}

/* What was given to open may be gone when a stream starts, but for the key. */
static void options_are_read_before_open_returns(void **state)
{
	struct kit *k = *state;
	char *url = strdup(k->url), *model = strdup("nova-3"), *tag = strdup("t"), *term = strdup("EMI"), *file = strdup("/nowhere.pem");
	const char **terms = calloc(2, sizeof(*terms));
	struct err_detail detail;

	terms[0] = term;
	kit_model(k, model);
	k->options.url = url;
	k->options.tag = tag;
	k->options.keyterms = terms;
	k->options.ca_file = file;
	assert_int_equal(deepgram_open(&k->d, &k->loop, &k->options, &detail), ERR_NONE);
	free(url);
	free(model);
	free(tag);
	free(term);
	free(file);
	free(terms);
	kit_open(k, "en-IN");
	assert_non_null(strstr(k->v.target, "&tag=t&keyterm=EMI&language=en-IN"));
}

static void a_ca_file_that_is_not_there(void **state)
{
	struct kit *k = *state;
	struct err_detail detail;

	k->options.url = "wss://127.0.0.1:1";
	k->options.ca_file = "/nowhere.pem";
	assert_int_equal(deepgram_open(&k->d, &k->loop, &k->options, &detail), ERR_NONE);
	assert_int_equal(deepgram_stt.start(k->d, &k->s, "en-IN", &kit_events, k), ERR_UNAVAILABLE);
	assert_null(k->s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_what_the_file_says),
		cmocka_unit_test(messages_cut_anywhere_are_refused),
		cmocka_unit_test(ceilings_hold),
		cmocka_unit_test(talks_are_what_the_file_says),
		CASE(addresses_and_keys_are_judged),
		CASE(numbers_are_judged),
		CASE(what_may_be_none_may_be_none),
		CASE(keyterms_are_counted),
		CASE(options_are_read_before_open_returns),
		CASE(a_ca_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
