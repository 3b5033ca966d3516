/* Any bytes as a text: entities lie inside it, in order; the masked text can be restored; the saved map is canonical, and
 * any bytes are a map or are refused. Any bytes as JSON, and as a model's words: where they are cut makes no difference, and what was said of
 * a value is masked again. A first byte that is odd means a partial; the rest of it says where the words are cut and what was asked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "redact/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check_found(const struct redact_found *found, size_t len)
{
	size_t i, at = 0;

	must(found->count <= REDACT_ENTITIES);
	for (i = 0; i < found->count; i++) {
		const struct redact_entity *e = &found->entities[i];

		must(e->start >= at && e->end > e->start && e->end <= len);
		must(strlen(e->value) < REDACT_VALUE_BYTES);
		at = e->end;
	}
}

static void check_map(const struct redact_map *m)
{
	struct redact_map *again;
	struct buf a, b;

	buf_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	redact_map_encode(m, &a);
	must(!a.err && !redact_map_decode(&again, a.data, a.len));
	redact_map_encode(again, &b);
	must(!b.err && a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len)));
	redact_map_free(&again);
	buf_fini(&a);
	buf_fini(&b);
}

static void check_restored(const struct redact_map *m, const struct redacted *r)
{
	struct buf out;

	buf_init(&out, 1 << 24);
	redact_restore(m, redacted_text(r), redacted_len(r), &out);
	must(!out.err);
	buf_fini(&out);
}

static void check_text(const uint8_t *data, size_t size, bool partial, size_t cut)
{
	static const char *const questions[] = { "", "Your PAN, please?", "What is your date of birth?", "May I have your name?", "What is your address?",
		"The OTP we sent?",
		"When does the card expire?", "And your account number?" };
	const char *question = questions[cut % (sizeof(questions) / sizeof(questions[0]))];
	struct redact_context context = { .language = partial ? "en-US" : "en-GB", .partial = partial, .question = question, .question_len = strlen(question),
		.caller = cut & 8, .earlier = (const char *)data, .earlier_len = cut & 16 ? size / 2 : 0 };
	struct redact_found found;
	struct redact_map *m;
	struct redacted *r;
	enum err err = redact_find((const char *)data, size, &context, &found);

	must(!err || err == ERR_LIMIT);
	must(!redact_map_new(&m));
	if (!err) {
		check_found(&found, size);
		must(!redact_apply(m, (const char *)data, size, &found, &r));
		must(redact_map_count(m) <= found.count && redacted_text(r)[redacted_len(r)] == 0);
		check_map(m);
		check_restored(m, r);
		redacted_free(&r);
	}
	redact_map_free(&m);
}

static void speak(const struct redact_map *m, const char *text, size_t len, size_t cut, struct buf *out)
{
	struct redact_speaker s;

	redact_speaker_init(&s, "en");
	redact_speak(&s, m, text, cut, out);
	redact_speak(&s, m, text + cut, len - cut, out);
	redact_speak_end(&s, out);
	must(!out->err && !s.held_len);
}

/* The agent's words with a number and an address in them. */
static void check_spoken(const uint8_t *data, size_t size, size_t cut)
{
	static const char values[] = "9876543210 or a.b@example.com", after[] = ". [PHONE_1]. [EMAIL_1]";
	const struct redact_context ours = { .ours = true };
	struct redact_map *m;
	struct redacted *r;
	struct buf words, whole, pieces;

	buf_init(&words, 1 << 20);
	buf_init(&whole, 1 << 24);
	buf_init(&pieces, 1 << 24);
	must(!redact_map_new(&m) && !redact_text(m, values, sizeof(values) - 1, NULL, &r));
	redacted_free(&r);
	buf_append(&words, data, size);
	buf_text(&words, after);
	speak(m, (const char *)words.data, words.len, 0, &whole);
	speak(m, (const char *)words.data, words.len, cut % words.len, &pieces);
	must(whole.len == pieces.len && !memcmp(whole.data, pieces.data, whole.len));
	if (!redact_text(m, (const char *)whole.data, whole.len, &ours, &r)) {
		must(!strstr(redacted_text(r) + redacted_len(r) - 22, "9 8 7 6") && redacted_len(r) >= 22);
		redacted_free(&r);
	}
	redact_map_free(&m);
	buf_fini(&words);
	buf_fini(&whole);
	buf_fini(&pieces);
}

static void check_data(const uint8_t *data, size_t size)
{
	struct redact_map *m;
	struct redacted *r;
	enum err err;

	must(!redact_map_new(&m));
	err = redact_data(m, (const char *)data, size, &(const struct redact_context){ .language = "en-IN" }, &r);
	must(!err || err == ERR_LIMIT);
	if (!err) {
		must(redacted_text(r)[redacted_len(r)] == 0);
		check_map(m);
		redacted_free(&r);
	}
	redact_map_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redact_map *m;

	if (!size)
		return 0;
	check_text(data + 1, size - 1, data[0] & 1, data[0] / 2);
	check_spoken(data + 1, size - 1, data[0] / 2);
	check_data(data + 1, size - 1);
	if (!redact_map_decode(&m, data + 1, size - 1)) {
		check_map(m);
		redact_map_free(&m);
	}
	return 0;
}
